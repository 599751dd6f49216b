"""Look-alikes: honest care that resembles a scheme (docs/schemes.md). One function a kind.

They are visits like any other; `innocent.parquet` names the persons, places and visits, so that a test can
ask how far down the lists they stay.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator

from claims.synthetic import diagnoses, drafts, honest_care, stays, visits
from claims.synthetic.clock import DAY, HOUR, MINUTE, time_of_day
from claims.synthetic.planting import Assignments, Plant, subjects
from claims.synthetic.stays import CHEMOTHERAPY
from claims.synthetic.world import City

PERSONS_PER_CENTRE = 60_000  # one dialysis centre each
REFERRALS = 0.003  # of persons a year, from a small hospital up to a large one
PERSONS_PER_NURSING_HOME = 15_000
PERSONS_PER_FAMILY = 700  # one family that goes to the doctor together
PERSONS_PER_CHECKUP = 8_000  # one company check-up
MARKET_DAYS = 5  # days from one market day to the next
LONG_SUPPLY = 84  # days, the longest prescription allowed (docs/schemes.md)


def plant(city: City, assigned: Assignments) -> list[tuple[Plant, float]]:
    """One plant for each kind; strength is how much of a look-alike it is, here always in full."""
    kinds = (
        dialysis,
        chemotherapy,
        long_prescription,
        nursing_home,
        village_clinic,
        company_checkup,
        referral,
        family,
    )
    plants = []
    for kind in kinds:
        plants.append((kind(city, city.rng(f"innocent {kind.__name__}"), assigned), 1.0))
        chosen = plants[-1][0].subjects
        assigned.innocent[chosen.subject[chosen.subject_type == "patient"].astype(int)] = True
    return plants


def _number(city: City, kind: str, persons: int) -> int:
    """How many of a kind there are, one for so many persons where the city is even."""
    return int(len(city.people) / persons * city.frequency(kind))


def dialysis(city: City, rng: Generator, assigned: Assignments) -> Plant:
    """Three sessions a week in fixed shifts: the same people meet in the same chairs all year (M28, M26)."""
    members = np.flatnonzero(city.people.dialysis)
    centres = _busiest(city, assigned.good_hospitals(2), 1 + len(city.people) // PERSONS_PER_CENTRE)
    centre = rng.choice(centres, len(members))
    evening, odd = rng.integers(0, 2, len(members)), rng.integers(0, 2, len(members))
    weeks = city.clock.days // 7 + 1
    who = np.repeat(np.arange(len(members)), weeks * 3)
    slot = np.tile(np.arange(weeks * 3), len(members))
    day = slot // 3 * 7 + slot % 3 * 2 + odd[who]
    begin = day * DAY + 7 * HOUR + evening[who] * 5 * HOUR + rng.integers(0, 40 * MINUTE, len(who))
    came = (rng.random(len(who)) < 0.97) & (begin < city.clock.horizon)
    came &= _alive(city, members[who], begin + 6 * HOUR)
    who, begin = who[came], begin[came]
    doctor = city.places.doctor_at(centre, evening * 0.3)[who]
    frame = drafts.visits(person=members[who], place=centre[who], doctor=doctor, med=14, begin=begin)
    draft = visits.session(city, rng, frame)
    return Plant(draft, "dialysis", subjects("dialysis", patient=members, hospital=centres))


def _busiest(city: City, numbers: np.ndarray, size: int) -> np.ndarray:
    return numbers[np.argsort(-city.places.table.pull.to_numpy()[numbers])][:size]


def _alive(city: City, person: np.ndarray, time: np.ndarray) -> np.ndarray:
    death = city.people.death.to_numpy()[person]
    return np.asarray((death < 0) | (time < death))


def chemotherapy(city: City, rng: Generator, assigned: Assignments) -> Plant:
    """Short stays every two to three weeks at one hospital (looks like M03)."""
    members = np.flatnonzero(city.people.oncology)
    hospitals = assigned.good_hospitals(3) if len(assigned.good_hospitals(3)) else assigned.good_hospitals()
    hospital = rng.choice(hospitals, len(members))
    who, cycle = drafts.ragged(rng.integers(4, 9, len(members)))
    every = rng.choice([14, 21, 21], len(members))
    first = rng.integers(0, city.clock.days, len(members))
    day = first[who] + cycle * every[who] + rng.integers(-1, 2, len(who))
    begin = np.maximum(day, 0) * DAY + rng.integers(8 * HOUR, 11 * HOUR, len(who))
    nights = rng.integers(2, 5, len(who))
    kept = (begin < city.clock.horizon) & _alive(city, members[who], begin + (nights + 3) * DAY)
    who, cycle, begin, nights = who[kept], cycle[kept], begin[kept], nights[kept]
    frame = drafts.visits(
        person=members[who],
        place=hospital[who],
        med=21,
        begin=begin,
        listed=cycle > 0,
        doctor=city.places.doctor_at(hospital, rng.random(len(members)))[who],
        diagnosis=diagnoses.of_kind("chemotherapy")[0],
    )
    draft = stays.stay(city, rng, frame, nights, np.zeros(len(who), dtype=int), CHEMOTHERAPY)
    return Plant(draft, "chemotherapy", subjects("chemotherapy", patient=np.unique(members[who])))


def long_prescription(city: City, rng: Generator, assigned: Assignments) -> Plant:
    """Twelve weeks of drugs at once on a long prescription (looks like M05)."""
    members = np.flatnonzero(city.people.long_rx & ~city.people.oncology & ~city.people.dialysis)
    times = city.clock.days // LONG_SUPPLY + 1
    person = np.repeat(members, times)
    day = (
        np.repeat(rng.integers(0, LONG_SUPPLY, len(members)), times)
        + np.tile(np.arange(times), len(members)) * LONG_SUPPLY
    )
    day += rng.integers(-3, 4, len(day))
    kept = (day >= 0) & (day < city.clock.days) & _alive(city, person, (day + 1) * DAY)
    draft = honest_care.chronic_visits(city, rng, person[kept], day[kept], LONG_SUPPLY)
    return Plant(draft, "long_prescription", subjects("long_prescription", patient=np.unique(person[kept])))


def nursing_home(city: City, rng: Generator, assigned: Assignments) -> Plant:
    """Residents seen together by the clinic next door, in hospital together in the flu season (M02)."""
    clinics, parts = city.places.of("clinic"), []
    homes = min(len(clinics), 1 + _number(city, "nursing_home", PERSONS_PER_NURSING_HOME))
    old = np.flatnonzero(assigned.free() & (city.people.age >= 68).to_numpy())
    residents = rng.permutation(old)[: homes * min(24, max(6, len(old) // (3 * homes)))]
    named = []
    for number, members in enumerate(np.array_split(residents, homes)):
        clinic = int(clinics[number])
        round_day = np.arange(rng.integers(0, 14), city.clock.days, 14)
        round_, member = np.nonzero(rng.random((len(round_day), len(members))) < 0.55)
        queue = rng.integers(0, 150 * MINUTE, len(member))
        doctor = city.places.doctor_at(np.array([clinic]), np.array([0.2]))[0]
        frame = drafts.visits(
            person=members[member],
            place=clinic,
            doctor=doctor,
            med=11,
            begin=round_day[round_] * DAY + 9 * HOUR + queue,
        )
        parts += [visits.outpatient(city, rng, frame, weight=0.8), _flu(city, rng, assigned, members)]
        named.append(subjects("nursing_home", patient=members, hospital=[clinic]))
    return Plant(drafts.together(parts), "nursing_home", pd.concat(named))


def _flu(city: City, rng: Generator, assigned: Assignments, members: np.ndarray) -> drafts.Drafts:
    """A third of the residents in the same ward within three days, once a year."""
    sick = rng.choice(members, max(2, len(members) // 3), replace=False)
    hospital = int(rng.choice(assigned.good_hospitals()))
    day = int(city.clock.days * rng.uniform(0.05, 0.9))
    begin = (day + rng.integers(0, 3, len(sick))) * DAY + time_of_day(rng, len(sick), "clinic")
    none = np.zeros(len(sick), dtype=int)
    doctor = city.places.doctor_at(np.full(len(sick), hospital), rng.random(len(sick)) * 0.5)
    frame = drafts.visits(person=sick, place=hospital, doctor=doctor, med=21, begin=begin, diagnosis=0)
    nights = honest_care.draw_nights(city, rng, np.full(len(sick), hospital), none)
    return stays.stay(city, rng, frame, nights, none)


def village_clinic(city: City, rng: Generator, assigned: Assignments) -> Plant:
    """On market days half the queue at a village clinic comes from one village (M26, M02)."""
    parts, named = [], []
    for clinic in city.places.of("village"):
        villagers = np.flatnonzero(
            (city.people.village == city.places.table.village[clinic]).to_numpy() & assigned.free()
        )
        if not len(villagers):
            continue
        villagers = rng.choice(villagers, min(len(villagers), 90), replace=False)
        market = np.arange(rng.integers(0, MARKET_DAYS), city.clock.days, MARKET_DAYS)
        likely = 0.05 * city.people.frailty.to_numpy()[villagers].clip(0.2, 4)
        day, who = np.nonzero(rng.random((len(market), len(villagers))) < likely)
        begin = market[day] * DAY + 8 * HOUR + rng.integers(0, 3 * HOUR, len(day))
        doctor = city.places.doctor_at(np.full(len(day), clinic), rng.random(len(day)))
        frame = drafts.visits(person=villagers[who], place=clinic, doctor=doctor, med=11, begin=begin)
        parts.append(visits.outpatient(city, rng, frame, weight=0.7))
        often, times = np.unique(villagers[who], return_counts=True)
        named.append(subjects("village_clinic", patient=often[times >= 6], hospital=[clinic]))
    return Plant(drafts.together(parts), "village_clinic", pd.concat(named))


def company_checkup(city: City, rng: Generator, assigned: Assignments) -> Plant:
    """Colleagues on one or two mornings at one hospital, all with the same tests (M04, M26)."""
    working = np.flatnonzero((city.people.employer >= 0).to_numpy() & assigned.free())
    staff = city.people.employer.to_numpy()[working]
    employers, sizes = np.unique(staff, return_counts=True)
    wanted = employers[np.argsort(-sizes)][: 1 + _number(city, "company_checkup", PERSONS_PER_CHECKUP)]
    parts, named = [], []
    for employer in wanted:
        members = working[staff == employer][:60]
        hospital = int(rng.choice(assigned.good_hospitals()))
        day = int(city.clock.draw_days(rng, 1, "care")[0])
        begin = (
            (day + rng.integers(0, 2, len(members))) * DAY
            + 7 * HOUR
            + rng.integers(0, 3 * HOUR, len(members))
        )
        doctor = city.places.doctor_at(np.full(len(members), hospital), np.full(len(members), 0.1))
        frame = drafts.visits(
            person=members,
            place=hospital,
            doctor=doctor,
            med=11,
            begin=begin,
            diagnosis=diagnoses.of_kind("checkup")[0],
        )
        parts.append(visits.checkup(city, rng, frame, labs=9, exams=3))
        named.append(subjects("company_checkup", patient=members, hospital=[hospital]))
    return Plant(drafts.together(parts), "company_checkup", pd.concat(named))


def referral(city: City, rng: Generator, assigned: Assignments) -> Plant:
    """Out of a small hospital and into a larger one the same or the next day (looks like M03)."""
    size = max(4, round(len(city.people) * REFERRALS * city.clock.years * city.frequency("referral")))
    members = rng.choice(np.flatnonzero(assigned.free()), size, replace=False)
    hospitals = assigned.good_hospitals()
    grades = city.grade(hospitals)
    small, large = hospitals[grades < grades.max()], hospitals[grades == grades.max()]
    small = small if len(small) else city.places.of("hospital")[city.grade(city.places.of("hospital")) < 3]
    days = rng.integers(0, max(1, city.clock.days - 15), size)
    illness = rng.choice(diagnoses.of_kind("ill"), size)
    here, there = rng.choice(small, size), rng.choice(large, size)
    none = np.zeros(size, dtype=int)
    first = stays.stay(
        city,
        rng,
        drafts.visits(
            person=members,
            place=here,
            doctor=city.places.doctor_at(here, rng.random(size)),
            med=21,
            diagnosis=illness,
            begin=days * DAY + time_of_day(rng, size, "clinic"),
        ),
        rng.integers(1, 5, size),
        none,
    )
    second = stays.stay(
        city,
        rng,
        drafts.visits(
            person=members,
            place=there,
            doctor=city.places.doctor_at(there, rng.random(size)),
            med=23,
            diagnosis=illness,
            listed=True,
            begin=first.visits.end.to_numpy() + rng.integers(HOUR, 22 * HOUR, size),
        ),
        honest_care.draw_nights(city, rng, there, none + 1),
        none + 1,
    )
    return Plant(drafts.together([first, second]), "referral", subjects("referral", patient=members))


def family(city: City, rng: Generator, assigned: Assignments) -> Plant:
    """Families that go to the doctor together several times a year (M02, M26)."""
    free = assigned.free()
    household, sizes = np.unique(city.people.family.to_numpy()[free], return_counts=True)
    chosen = rng.permutation(household[sizes >= 3])[: max(3, _number(city, "family", PERSONS_PER_FAMILY))]
    members = np.flatnonzero(free & city.people.family.isin(chosen).to_numpy())
    house = np.searchsorted(np.sort(chosen), city.people.family.to_numpy()[members])
    outings = rng.integers(4, 9, len(chosen))
    who, turn = drafts.ragged(outings[house])
    together = np.cumsum(outings) - outings
    outing = together[house[who]] + turn
    start = city.clock.draw(rng, int(outings.sum()), "care", "clinic")[outing]
    comes = rng.random(len(who)) < 0.9
    who, start = who[comes], start[comes]
    head = np.full(len(chosen), 0)
    head[house[::-1]] = members[::-1]
    place = city.people.usual.to_numpy()[head][house[who]]
    doctor = city.people.doctor.to_numpy()[head][house[who]]
    frame = drafts.visits(
        person=members[who],
        place=place,
        doctor=doctor,
        med=11,
        begin=start + rng.integers(0, 20 * MINUTE, len(who)),
    )
    return Plant(
        visits.outpatient(city, rng, frame, weight=0.8), "family", subjects("family", patient=members)
    )
