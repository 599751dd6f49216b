"""Honest bills and referrals that look like M24, M29, M31, M33 and M34."""

import numpy as np

from benchmarks.blind import calendar
from benchmarks.blind.city import City
from benchmarks.blind.diseases import STAYS, stay
from benchmarks.blind.life import add_stays
from benchmarks.blind.plan import DAY
from benchmarks.blind.schemes.billing import found_home
from benchmarks.blind.schemes.wards import busy_wards, volume

OPERATIONS = [i for i, reason in enumerate(STAYS) if reason.operation]


def referral_centre(city: City) -> None:
    """M24: really has the severe cases, and their costs."""
    for h in city.pick_places(1, busy_wards(city, 45), volume(city)):
        severe = (city.stays.inst == h) & (city.rng.random(len(city.stays)) < 0.6)
        worse = np.minimum(2, city.stays.sev[severe] + 1)
        city.stays.loc[severe, "los"] = np.round(
            city.stays.los[severe] * np.where(worse > city.stays.sev[severe], 1.3, 1)
        ).astype(int)
        city.stays.loc[severe, "sev"] = worse
        city.stays.loc[severe, "coded"] = worse
        city.excuse("hospital", h, "M24: referral centre")


def spine_centre(city: City) -> None:
    """M29: many backs of several segments, a few more screws each, imported plates on demand."""
    rng, place = city.rng, city.places
    h = city.pick_places(1, place.beds & place.hosp_lv.isin(["02", "05"]))[0]
    psn = rng.choice(np.flatnonzero(city.people.age > 45), city.count(24, 45, 10))
    begin = calendar.moments(rng, city.plan, len(psn), "ward")
    why = rng.choice([stay("M48"), stay("S82")], len(psn), p=[0.75, 0.25])
    here = np.flatnonzero(city.doctors.inst == h)
    ortho = here[city.doctors.dept.to_numpy()[here] == "ortho"]
    surgeon = int((ortho if len(ortho) else here)[0])
    add_stays(city, psn, h, begin, why, implants=rng.choice([1.0, 1.25], len(psn)), doctor=surgeon)
    city.excuse("hospital", h, "M29: spine centre")
    city.excuse("prescriber", surgeon, "M29: spine surgeon")


def tests_before_operations(city: City) -> None:
    """M33: whoever is operated is tested for everything first; nobody else is."""
    for h in city.pick_places(1, busy_wards(city, 45), volume(city)):
        before = (city.stays.inst == h) & city.stays.why.isin(OPERATIONS)
        city.stays.loc[before, "panel"] = True
        city.excuse("hospital", h, "M33: tests before operations")


def hospital_beside_a_home(city: City) -> None:
    """M34: the old of a nursing home, as often ill as the old are, and as long as they take."""
    rng, place = city.rng, city.places
    h = city.pick_places(1, place.beds & place.hosp_lv.eq("08"))[0]
    residents = found_home(city, h, city.count(26, 46, 10))
    psn = np.repeat(residents, rng.poisson(0.9, len(residents)))
    why = rng.choice([stay(icd) for icd in ("J18", "I63", "I50", "J44", "S72", "E11")], len(psn))
    add_stays(city, psn, h, calendar.moments(rng, city.plan, len(psn), "ward"), why)
    city.excuse("hospital", h, "M34: beside a nursing home")
    city.excuse("patient", residents, "M34: residents of a nursing home")


def alliance(city: City) -> None:
    """M31: a medical alliance: after a stroke, from the city's neurologist to the rehabilitation ward."""
    rng, place = city.rng, city.places
    h = city.pick_places(1, place.beds & place.hosp_lv.eq("08"))[0]
    seen = np.bincount(city.visits.doctor[city.visits.doctor >= 0], minlength=len(city.doctors))
    public = place.hosp_lv.isin(["02", "05"]).to_numpy()[city.doctors.inst]
    for doctor in city.pick_doctors(2, public & (seen > np.quantile(seen[public], 0.5)), seen):
        his = city.visits[(city.visits.doctor == doctor)]
        old = his[(city.people.age.to_numpy()[his.psn] > 55)]
        sent = old.sample(frac=0.12, random_state=city.plan.seed)
        begin = calendar.on_day(rng, sent.time.to_numpy() + rng.integers(1, 6, len(sent)) * DAY, "ward")
        add_stays(city, sent.psn.to_numpy(), h, begin, np.full(len(sent), stay("I69")))
        city.excuse("prescriber", doctor, "M31: medical alliance")
    city.excuse("hospital", h, "M31: medical alliance")


ALL = (referral_centre, spine_centre, tests_before_operations, hospital_beside_a_home, alliance)
