"""Honest care: who goes where, when, for what. About 5.2 visits a person a year (magnitudes 6)."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator

from claims.synthetic import diagnoses, drafts
from claims.synthetic import stays as beds
from claims.synthetic import visits as contents
from claims.synthetic.clock import DAY, HOUR, time_of_day
from claims.synthetic.drafts import Drafts
from claims.synthetic.world import City

# Visits a person a year; refills, dialysis and the look-alikes come on top.
OUTPATIENT_RATE = 1.72
EMERGENCY_RATE = 0.16
SHOPPING_RATE = 1.85
STAY_RATE = 0.19  # employees 0.216, residents 0.16 (magnitudes 8), less the stays of the look-alikes
MATERNITY_RATE = 0.012
DAY_SURGERY_RATE = 0.01
SPECIAL_DRUG_RATE = 0.02  # med_type 15
AWAY_SHARE = 0.15  # out of one's own county (magnitudes 8)
POOLED_SHARE = 0.16  # purchases that the pooled fund shares in
QUIET_SHARE = 0.07  # of stays with several days of little care
REFILL_DAYS = 28
REFILLS_AT_HOSPITAL = 0.26  # the others at a pharmacy


def honest(city: City) -> list[Drafts]:
    """Every kind of honest care except the look-alikes, which live in `innocents`."""
    kinds = (
        outpatients,
        emergencies,
        shopping,
        refills,
        special_drugs,
        stays,
        day_surgery,
        maternity,
        last_stays,
    )
    return [kind(city, city.rng(f"care {kind.__name__}")) for kind in kinds]


def _visitors(city: City, rng: Generator, rate: float, weight: np.ndarray | None = None) -> np.ndarray:
    """Persons of a Poisson number of visits, `rate` a person-year on average, by frailty."""
    weight = city.people.frailty.to_numpy() if weight is None else weight
    return np.repeat(np.arange(len(weight)), rng.poisson(rate * city.clock.years * weight / weight.mean()))


def _where(
    city: City, rng: Generator, person: np.ndarray, habit: str, kinds: tuple[str, ...], faithful: float
) -> np.ndarray:
    """The usual place of each person, or another one near by, or one in another county."""
    people = city.people
    luck = rng.random(len(person))
    place = people[habit].to_numpy()[person].copy()
    near = luck > faithful
    place[near] = city.places.choose(rng, people.county.to_numpy()[person[near]], kinds)
    away = luck > 1 - AWAY_SHARE / 2
    place[away] = city.places.choose(rng, rng.integers(0, city.places.counties, away.sum()), kinds)
    return np.asarray(place)


def _doctor(city: City, rng: Generator, person: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The person's usual doctor where he has one, otherwise whoever is on duty, some far more than others."""
    known = (city.people.usual.to_numpy()[person] == place) & (rng.random(len(person)) < 0.6)
    duty = city.places.doctor_at(place, rng.random(len(person)))
    return np.where(known, city.people.doctor.to_numpy()[person], duty)


def _seen(
    city: City,
    rng: Generator,
    person: np.ndarray,
    place: np.ndarray,
    med: int | np.ndarray,
    begin: np.ndarray,
    **more: Any,
) -> pd.DataFrame:
    doctor = _doctor(city, rng, person, place)
    return drafts.visits(person=person, place=place, doctor=doctor, med=med, begin=begin, **more)


def outpatients(city: City, rng: Generator) -> Drafts:
    """Ordinary outpatient visits."""
    person = _visitors(city, rng, OUTPATIENT_RATE)
    at_clinic = rng.random(len(person)) < 0.42
    place = np.where(
        at_clinic,
        _where(city, rng, person, "clinic", ("clinic", "village"), 0.7),
        _where(city, rng, person, "hospital", ("hospital",), 0.6),
    )
    med = rng.choice([11, 11, 11, 11, 11, 11, 11, 11, 11, 12, 16], len(person))
    begin = city.clock.draw(rng, len(person), "care", "clinic")
    return contents.outpatient(city, rng, _seen(city, rng, person, place, med, begin))


def emergencies(city: City, rng: Generator) -> Drafts:
    """Emergency visits (med_type 13), at any hour."""
    person = _visitors(city, rng, EMERGENCY_RATE)
    place = _where(city, rng, person, "hospital", ("hospital",), 0.7)
    begin = city.clock.draw(rng, len(person), "care", "emergency")
    return contents.outpatient(city, rng, _seen(city, rng, person, place, 13, begin), weight=1.6)


def shopping(city: City, rng: Generator) -> Drafts:
    """Purchases over the counter; now and then a second pharmacy on the same day."""
    person = _visitors(city, rng, SHOPPING_RATE)
    begin = city.clock.draw(rng, len(person), "shop", "shop")
    again = np.flatnonzero(rng.random(len(person)) < 0.012)
    place = _where(city, rng, person, "shop", ("pharmacy",), 0.62)
    elsewhere = city.people.other_shop.to_numpy()[person[again]]
    later = np.minimum(
        begin[again] + rng.integers(HOUR // 3, 3 * HOUR, len(again)), begin[again] // DAY * DAY + 22 * HOUR
    )
    person, place = np.r_[person, person[again]], np.r_[place, elsewhere]
    begin = np.r_[begin, later]
    prescribed = rng.random(len(person)) < 0.42
    doctor = np.where(prescribed, _prescriber(city, rng, person), -1)
    pooled = prescribed & (rng.random(len(person)) < POOLED_SHARE / 0.42)
    visits = drafts.visits(
        person=person,
        place=place,
        doctor=doctor,
        med=41,
        begin=begin,
        pooled=pooled,
        prescribed=np.where(prescribed & (rng.random(len(person)) < 0.5), 3, 0),
    )
    return contents.purchase(city, rng, visits)


def _prescriber(city: City, rng: Generator, person: np.ndarray) -> np.ndarray:
    """Mostly the usual doctor, now and then another of the same place."""
    other = city.places.doctor_at(city.people.usual.to_numpy()[person], rng.random(len(person)))
    return np.where(rng.random(len(person)) < 0.7, city.people.doctor.to_numpy()[person], other)


def refills(city: City, rng: Generator) -> Drafts:
    """Chronic patients fetch their drugs about every four weeks, some of them less faithfully."""
    people = city.people
    ill = np.flatnonzero((people.chronic >= 0) & ~people.long_rx)
    times = int(np.ceil(city.clock.days / REFILL_DAYS)) + 1
    person = np.repeat(ill, times)
    rhythm = np.repeat(rng.choice([28, 28, 30, 30, 33, 40], len(ill)), times)
    day = np.repeat(rng.integers(0, 28, len(ill)), times) + np.tile(np.arange(times), len(ill)) * rhythm
    day = day + rng.normal(0, 2.2, len(day)).round().astype(int)
    kept = (day >= 0) & (day < city.clock.days) & (rng.random(len(day)) < 0.88)
    return chronic_visits(city, rng, person[kept], day[kept], REFILL_DAYS)


def chronic_visits(city: City, rng: Generator, person: np.ndarray, day: np.ndarray, supply: int) -> Drafts:
    """Refills of `supply` days on these days, at the usual doctor's or at the usual pharmacy."""
    at_doctor = rng.random(len(person)) < REFILLS_AT_HOSPITAL
    shop = _where(city, rng, person, "shop", ("pharmacy",), 0.85)
    place = np.where(at_doctor, city.people.usual.to_numpy()[person], shop)
    hours = np.where(at_doctor, time_of_day(rng, len(day), "clinic"), time_of_day(rng, len(day), "shop"))
    doctor = np.where(at_doctor, _doctor(city, rng, person, place), _prescriber(city, rng, person))
    doctor = np.where(~at_doctor & (rng.random(len(day)) < 0.08), -1, doctor)
    visits = drafts.visits(
        person=person,
        place=place,
        doctor=doctor,
        med=np.where(at_doctor, 14, 41),
        begin=day * DAY + hours,
        pooled=True,
        prescribed=np.where(doctor >= 0, supply, 0),
    )
    disease = city.people.chronic.to_numpy()[person]
    takes_dear = (person % 11) == 0
    dear = np.where(takes_dear, 0.9, 0.0)
    return contents.refill(city, rng, visits, supply, disease, dear=dear)


def special_drugs(city: City, rng: Generator) -> Drafts:
    """Expensive drugs under special management at a hospital (med_type 15)."""
    person = _visitors(city, rng, SPECIAL_DRUG_RATE)
    begin = city.clock.draw(rng, len(person), "care", "clinic")
    place = city.people.hospital.to_numpy()[person]
    return contents.outpatient(city, rng, _seen(city, rng, person, place, 15, begin), weight=2.5)


def draw_nights(city: City, rng: Generator, place: np.ndarray, severity: np.ndarray) -> np.ndarray:
    """Nights of a stay by the level of the hospital (magnitudes 5), longer for severe cases."""
    mean = beds.NIGHTS[city.grade(place)] * np.array([0.9, 1.1, 1.35])[severity]
    return np.asarray(np.maximum(1, rng.gamma(3.2, mean / 3.2).round()).astype(np.int64))


def draw_severity(rng: Generator, size: int) -> np.ndarray:
    """Complications of each stay: 0 none, 1 CC, 2 MCC."""
    return rng.choice([0, 1, 2], size, p=[0.66, 0.24, 0.10])


def stays(city: City, rng: Generator) -> Drafts:
    """Ordinary inpatient stays."""
    weight = city.people.frailty.to_numpy() * np.where(city.people.insutype == "310", 1.3, 1.0)
    person = _visitors(city, rng, STAY_RATE, weight)
    place = _where(city, rng, person, "hospital", ("hospital",), 0.5)
    begin = city.clock.draw_days(rng, len(person), "care") * DAY + time_of_day(rng, len(person), "clinic")
    severity = draw_severity(rng, len(person))
    med = rng.choice([21, 21, 21, 21, 21, 21, 21, 21, 24, 25], len(person))
    visits = _seen(city, rng, person, place, med, begin)
    # Some patients only rest, wait for a bed elsewhere or a result: quiet days are not fraud by themselves.
    active = np.where(rng.random(len(person)) < QUIET_SHARE, rng.uniform(0.45, 0.9, len(person)), 1.0)
    nights = draw_nights(city, rng, place, severity)
    return beds.stay(city, rng, visits, nights, severity, active=active)


def day_surgery(city: City, rng: Generator) -> Drafts:
    """Day surgery (med_type 28): at most one night."""
    person = _visitors(city, rng, DAY_SURGERY_RATE)
    begin = city.clock.draw_days(rng, len(person), "care") * DAY + rng.integers(
        7 * HOUR, 9 * HOUR, len(person)
    )
    visits = _seen(city, rng, person, city.people.hospital.to_numpy()[person], 28, begin)
    content = beds.Content(labs=4, exams=1, scans=0.1, drugs=1.5, treatments=0.5, surgery=0.9, rehab=0)
    none = np.zeros(len(person), dtype=int)
    return beds.stay(city, rng, visits, rng.integers(0, 2, len(person)), none, content)


def maternity(city: City, rng: Generator) -> Drafts:
    """Births (52) with check-ups (51) in the months before."""
    people = city.people
    fertile = np.flatnonzero((people.sex == "2") & people.age.between(21, 38))
    mother = rng.choice(
        fertile, min(len(fertile), round(len(people) * MATERNITY_RATE * city.clock.years)), replace=False
    )
    place = people.hospital.to_numpy()[mother]
    birth = rng.integers(0, city.clock.horizon, len(mother))
    born = beds.stay(
        city,
        rng,
        _seen(city, rng, mother, place, 52, birth, diagnosis=diagnoses.of_kind("birth")[0]),
        rng.integers(3, 7, len(mother)),
        np.zeros(len(mother), dtype=int),
        beds.Content(surgery=0.35, rehab=0),
    )
    row = np.repeat(np.arange(len(mother)), 5)
    when = (
        birth[row] // DAY * DAY - rng.integers(10, 200, len(row)) * DAY + time_of_day(rng, len(row), "clinic")
    )
    row, when = row[when > 0], when[when > 0]
    pregnant = diagnoses.of_kind("pregnancy")[0]
    checks = contents.outpatient(
        city, rng, _seen(city, rng, mother[row], place[row], 51, when, diagnosis=pregnant)
    )
    return drafts.together([born, checks])


def last_stays(city: City, rng: Generator) -> Drafts:
    """The stay in which three of five of the dying die; settled in the days after death, which is honest."""
    people = city.people
    person = np.flatnonzero((people.death > 2 * DAY) & (rng.random(len(people)) < 0.6))
    death = people.death.to_numpy()[person]
    nights = np.minimum(
        draw_nights(city, rng, people.hospital.to_numpy()[person], np.full(len(person), 2)), death // DAY
    )
    begin = np.maximum((death // DAY - nights) * DAY + rng.integers(8 * HOUR, 12 * HOUR, len(person)), 0)
    begin = np.minimum(begin, death - HOUR)
    visits = _seen(city, rng, person, people.hospital.to_numpy()[person], 21, begin, fixed=True)
    draft = beds.stay(city, rng, visits, np.maximum(nights, 1), np.full(len(person), 2), weight=1.2)
    settle = np.maximum(death, death + rng.integers(-HOUR, 3 * DAY, len(person)))
    ended = draft.visits.assign(end=death, settle=settle)
    time = np.minimum(draft.lines.time.to_numpy(), death[draft.lines.visit.to_numpy()])
    return Drafts(ended, draft.lines.assign(time=time))
