"""Schemes with beds: stays that were none, were split, or were not needed."""

import numpy as np
import pandas as pd

from benchmarks.blind import calendar
from benchmarks.blind.city import City
from benchmarks.blind.diseases import MINOR, stay
from benchmarks.blind.life import add_stays, counter_sales
from benchmarks.blind.plan import DAY


def volume(city: City) -> np.ndarray:
    """Planned stays of each institution."""
    return np.bincount(city.stays.inst, minlength=len(city.places))


def small_wards(city: City) -> pd.Series:
    """Private hospitals of the lower levels with beds."""
    place = city.places
    return (
        place.beds
        & place.hosp_lv.isin(["08", "11"])
        & place.biznet.ne("3")
        & place.spec.isin(["general", "tcm"])
    )


def busy_wards(city: City, least: int = 30) -> np.ndarray:
    """Hospitals below the top level with enough stays for a habit to show."""
    many = volume(city) >= least * min(1.0, city.plan.scale)
    found = (
        many & city.places.hosp_lv.isin(["05", "08"]).to_numpy() & city.places.spec.eq("general").to_numpy()
    )
    return found if (found & ~city.taken["place"]).any() else city.places.beds.to_numpy() & (volume(city) > 0)


def from_villages(city: City, villages: np.ndarray, low: float = 30, high: float = 82) -> np.ndarray:
    """Who lives in one of the villages and is of that age."""
    return city.people.village.isin(villages).to_numpy() & city.people.age.between(low, high).to_numpy()


def days(city: City, n: int) -> np.ndarray:
    """n different days of the data, as a ward is entered."""
    chosen = city.rng.choice(city.plan.days - 30, n, replace=False, p=None)
    return city.plan.start + np.sort(chosen) * DAY


def phantom_stays(city: City) -> None:
    """M01: lent cards are admitted in blocks on an agent's days, with one bill for all and nothing to pay."""
    rng = city.rng
    for h in city.pick_places(city.few(1, 2), small_wards(city)):
        villages = rng.choice(len(city.geo.villages), city.few(4, 8), replace=False)
        lenders = city.pick_people(city.count(14, 32), from_villages(city, villages))
        doctor = city.pick_doctors(1, city.doctors.inst == h)
        times = rng.integers(1, 3, len(lenders)) if city.plan.hard else rng.integers(2, 5, len(lenders))
        psn = rng.permutation(np.repeat(lenders, times))
        block = days(city, max(3, len(psn) // rng.integers(4, 8)))
        day = (
            block[rng.integers(0, len(block), len(psn))]
            + rng.integers(0, 3 if city.plan.hard else 1, len(psn)) * DAY
        )
        kinds = rng.choice([stay(icd) for icd in ("I67", "M51", "J20", "M54")], 2, replace=False)
        los = rng.integers(6, 9, len(psn)) if not city.plan.hard else rng.integers(5, 11, len(psn))
        paid = rng.random(len(psn)) < city.dose((0.85, 1.0), (0.3, 0.6))
        add_stays(
            city,
            psn,
            h,
            calendar.on_day(rng, day, "ward"),
            rng.choice(kinds, len(psn)),
            los=los,
            doctor=doctor[0],
            noise=city.dose((0.03, 0.12), (0.4, 0.7)),
            waived=paid,
            free=True,
            absent=True,
            sev=0,
            coded=0,
        )
        city.blame("hospital", h, "M01")
        city.blame("patient", lenders, "M01")
        city.blame("prescriber", doctor, "M01")


def companions(city: City) -> None:
    """M02: rings that a broker brings to a ward together, several times a year."""
    rng, usual = city.rng, city.pick_places(city.few(2, 3), small_wards(city))
    city.leave_out("hospital", usual)
    for _ in range(city.few(3, 6)):
        villages = rng.choice(len(city.geo.villages), city.few(2, 4), replace=False)
        members = city.pick_people(int(rng.integers(4, 10)), from_villages(city, villages, 45, 85))
        wards = rng.choice(usual, 2)
        for day in days(city, int(rng.integers(3, 5) if city.plan.hard else rng.integers(3, 7))):
            come = members[rng.random(len(members)) < city.dose((0.85, 1.0), (0.65, 0.85))]
            when = day + rng.integers(0, 3 if city.plan.hard else 2, len(come)) * DAY
            ward = np.full(len(come), rng.choice(wards))
            add_stays(
                city, come, ward, calendar.on_day(rng, when, "ward"), rng.choice(MINOR, len(come)), free=True
            )
        city.blame("patient", members, "M02")
        city.ring(members)


def split_stays(city: City) -> None:
    """M03: long stays are cut in two at the day their payment ends."""
    rng = city.rng
    for h in city.pick_places(city.few(1, 2), busy_wards(city, 60), volume(city)):
        stays = city.stays
        chosen = (stays.inst == h) & (stays.los >= 7) & ~stays.course.astype(bool)
        chosen &= rng.random(len(stays)) < city.dose((0.5, 0.8), (0.22, 0.38))
        second = stays[chosen].copy()
        first = np.round(second.los * rng.uniform(0.4, 0.6, len(second))).astype(int)
        gap = rng.integers(1, 7, len(second)) if city.plan.hard else rng.integers(0, 3, len(second))
        day = (second.begin + pd.to_timedelta(first + gap, unit="D")).to_numpy()
        second = second.assign(begin=calendar.on_day(rng, day, "ward"), los=second.los - first)
        if city.plan.hard:
            other = rng.random(len(second)) < 0.3
            second["why"] = np.where(other, rng.choice(MINOR, len(second)), second.why)
        city.stays.loc[chosen, "los"] = first
        city.stays = pd.concat([city.stays, second], ignore_index=True)
        city.blame("hospital", h, "M03")
        city.leave_out("patient", second.psn.unique())


def checkup_stays(city: City) -> None:
    """M04: the healthy are taken in for a few days of examinations, whole villages at a time."""
    rng = city.rng
    for h in city.pick_places(1, small_wards(city)):
        villages = rng.choice(len(city.geo.villages), city.few(6, 12), replace=False)
        guests = city.pick_people(city.count(35, 75, 12), from_villages(city, villages, 30, 78))
        regular = guests[: max(3, len(guests) // 4)]
        psn = np.concatenate([guests, regular, regular])
        wave = days(city, city.few(4, 9))
        day = wave[rng.integers(0, len(wave), len(psn))] + rng.integers(0, 4, len(psn)) * DAY
        why = np.where(
            rng.random(len(psn)) < 0.5,
            stay("R53"),
            rng.choice([stay("R42"), stay("I67"), stay("I10")], len(psn)),
        )
        only = rng.random(len(psn)) < city.dose((0.9, 1.0), (0.45, 0.65))
        add_stays(
            city,
            psn,
            h,
            calendar.on_day(rng, day, "ward"),
            why,
            los=rng.integers(2, 5, len(psn)),
            exams_only=only,
            sev=0,
            coded=0,
            effort=0.7,
            free=True,
        )
        city.blame("hospital", h, "M04")
        city.blame("patient", regular, "M04")
        city.leave_out("patient", guests)


def hanging_beds(city: City) -> None:
    """M10: registered in a ward with too few beds for all, and at home, at the doctor's, at the pharmacy."""
    rng = city.rng
    for h in city.pick_places(city.few(1, 2), small_wards(city)):
        patients = city.pick_people(
            city.count(12, 28), from_villages(city, np.flatnonzero(city.km[:, h] < 15))
        )
        psn = np.repeat(patients, rng.integers(1, 4, len(patients)))
        begin = calendar.moments(rng, city.plan, len(psn), "ward", margin=25)
        why = rng.choice([*MINOR, stay("I69"), stay("E11")], len(psn))
        planned = add_stays(
            city,
            psn,
            h,
            begin,
            why,
            los=rng.integers(9, 17, len(psn)),
            sev=0,
            coded=0,
            idle=city.dose((0.55, 0.85), (0.3, 0.45)),
            free=True,
            absent=True,
        )
        out = planned.sample(frac=city.dose((0.7, 1.0), (0.25, 0.45)), random_state=rng)
        day = out.begin.to_numpy() + rng.integers(2, 8, len(out)) * DAY
        shop = city.shops_near(city.villages_of(out.psn.to_numpy()))
        counter_sales(city, out.psn.to_numpy(), shop, calendar.on_day(rng, day, "shop"), free=True)
        city.places.loc[h, "bed_share"] = city.dose((0.35, 0.6), (0.6, 0.8))
        city.blame("hospital", h, "M10")
        city.blame("patient", patients, "M10")


def fetched_patients(city: City) -> None:
    """M11: a bus brings people from far villages for little, and they pay nothing."""
    rng = city.rng
    for h in city.pick_places(1, small_wards(city)):
        far = np.argsort(np.abs(city.km[:, h] - rng.uniform(25, 40)))[:25]
        villages = rng.choice(far, city.few(4, 8), replace=False)
        psn = city.pick_people(city.count(45, 90, 14), from_villages(city, villages, 50, 88))
        tour = days(city, city.few(10, 20))
        day = tour[rng.integers(0, len(tour), len(psn))]
        paid = rng.random(len(psn)) < city.dose((0.8, 1.0), (0.35, 0.6))
        add_stays(
            city,
            psn,
            h,
            calendar.on_day(rng, day, "ward"),
            rng.choice(MINOR, len(psn)),
            waived=paid,
            free=True,
        )
        city.blame("hospital", h, "M11")
        city.leave_out("patient", psn)
