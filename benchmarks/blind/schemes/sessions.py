"""Schemes of sessions and services that need somebody to be there."""

import numpy as np

from benchmarks.blind import calendar
from benchmarks.blind.catalogue import number
from benchmarks.blind.city import City
from benchmarks.blind.courses import course, sessions
from benchmarks.blind.diseases import stay, visit
from benchmarks.blind.life import add_stays
from benchmarks.blind.plan import DAY
from benchmarks.blind.schemes.wards import from_villages


def phantom_dialysis(city: City) -> None:
    """M28: a centre adds sessions on free days, and dialyses lent cards; nobody signs in for them."""
    rng, people = city.rng, city.people
    load = np.bincount(people.centre[people.centre >= 0], minlength=len(city.places))
    for h in city.pick_places(1, city.places.dialysis, load):
        own = np.flatnonzero(people.centre == h)
        lenders = city.pick_people(city.count(3, 8, 3), ~people.kidney & (people.age > 40))
        rate = city.dose((0.9, 1.7), (0.45, 0.7))
        extra = np.repeat(own, rng.poisson(rate * city.plan.days / 7, len(own)))
        lent = np.repeat(
            lenders,
            rng.integers(20, 45, len(lenders)) if city.plan.hard else rng.integers(45, 100, len(lenders)),
        )
        psn = np.r_[extra, lent]
        time = calendar.moments(rng, city.plan, len(psn), "clinic")
        signed = rng.random(len(psn)) < city.dose((0.0, 0.1), (0.3, 0.5))
        sessions(city, psn, h, time, signed=signed, free=True)
        city.leave_out("patient", own)
        city.blame("hospital", h, "M28")
        city.blame("patient", lenders, "M28")


def phantom_therapy(city: City) -> None:
    """M45: one therapist's needles and massages for more people than his day has hours; few of them sign."""
    rng, place = city.rng, city.places
    able = (place.spec.isin(["rehab", "tcm"]) | place.hosp_lv.eq("08")) & place.kind.eq("H")
    for h in city.pick_places(city.few(1, 2), able):
        therapist = city.pick_doctors(1, city.doctors.inst == h)
        psn = city.pick_people(
            city.count(16, 34, 10), from_villages(city, np.flatnonzero(city.km[:, h] < 20), 25, 85)
        )
        times = rng.integers(8, 15, len(psn)) if city.plan.hard else rng.integers(18, 36, len(psn))
        low, high = (2, 5) if city.plan.hard else (4, 9)
        before = len(city.visits)
        course(
            city,
            psn,
            h,
            times,
            rng.integers(0, city.plan.days - 30, len(psn)),
            doctor=therapist[0],
            free=True,
        )
        added = np.arange(before, len(city.visits))
        city.visits.loc[added, "units"] = rng.integers(low, high, len(added)).astype(float)
        city.visits.loc[added, "signed"] = rng.random(len(added)) < city.dose((0.05, 0.25), (0.45, 0.65))
        city.leave_out("patient", psn)
        city.blame("hospital", h, "M45")
        city.blame("prescriber", therapist, "M45")


def care_in_ward(city: City) -> None:
    """M08: care at home goes on being paid while the person lies in a ward."""
    rng = city.rng
    psn = city.pick_people(city.count(7, 14), city.people.cared)
    turn = np.repeat(psn, rng.integers(1, 3, len(psn)))
    begin = calendar.moments(rng, city.plan, len(turn), "ward", margin=30)
    los = rng.integers(10, 20, len(turn))
    why = rng.choice([stay("I63"), stay("J44"), stay("I50"), stay("I69")], len(turn))
    add_stays(city, turn, city.wards_near(city.villages_of(turn)), begin, why, los=los, free=True)
    row = np.repeat(np.arange(len(turn)), los)
    inner = np.arange(len(row)) - np.repeat(np.cumsum(los) - los, los)
    billed = (inner > 0) & (rng.random(len(row)) < city.dose((0.4, 0.7), (0.1, 0.2)))
    billed |= inner == los[row] // 2
    row, inner = row[billed], inner[billed]
    city.add(
        "care",
        psn=turn[row],
        inst=city.people.provider.to_numpy()[turn[row]],
        free=True,
        time=calendar.on_day(rng, begin[row] + inner * DAY, "clinic"),
    )
    city.blame("patient", psn, "M08")


def brought_together(city: City) -> None:
    """M26: an agent walks the same cards through a clinic one after the other, every other week."""
    rng, place = city.rng, city.places
    for h in city.pick_places(city.few(2, 3), place.hosp_lv.eq("11") & ~place.beds):
        members = city.pick_people(
            int(rng.integers(5, 10)), from_villages(city, np.flatnonzero(city.km[:, h] < 25), 35, 85)
        )
        doctor = city.pick_doctors(1, city.doctors.inst == h)
        n = int(rng.integers(6, 11) if city.plan.hard else rng.integers(12, 24))
        day = city.plan.start + rng.choice(city.plan.days - 5, n, replace=False) * DAY
        start = calendar.on_day(rng, day, "clinic")
        row, who = np.nonzero(rng.random((n, len(members))) < city.dose((0.85, 1.0), (0.65, 0.8)))
        spread = 1500 if city.plan.hard else 480
        time = start[row] + rng.integers(0, spread, len(row)).astype("timedelta64[s]")
        city.add(
            "visits",
            psn=members[who],
            inst=int(h),
            time=time,
            doctor=int(doctor[0]),
            why=visit("M54"),
            free=True,
            drug=number(rng.choice(["shenqi", "xuesaitong", "bozhi"])),
            drug_cnt=rng.integers(1, 4, len(row)).astype(float),
        )
        city.ring(members)
        city.blame("patient", members, "M26")
        city.blame("hospital", h, "M26")
        city.blame("prescriber", doctor, "M26")
