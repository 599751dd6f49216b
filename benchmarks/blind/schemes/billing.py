"""Schemes in the bill of real stays, and in who is sent where."""

import numpy as np

from benchmarks.blind import calendar
from benchmarks.blind.city import City
from benchmarks.blind.diseases import STAYS, stay
from benchmarks.blind.life import add_stays
from benchmarks.blind.plan import DAY
from benchmarks.blind.schemes.wards import busy_wards, small_wards, volume

IMPLANTS = [stay("S82"), stay("S72"), stay("M48")]


def upcoding(city: City) -> None:
    """M24: grades of the disease group one or two steps above what was done."""
    rng = city.rng
    for h in city.pick_places(city.few(1, 2), busy_wards(city, 45), volume(city)):
        stays = city.stays
        chosen = (stays.inst == h) & (rng.random(len(stays)) < city.dose((0.55, 0.85), (0.22, 0.38)))
        city.stays.loc[chosen, "coded"] = np.minimum(
            2, stays.sev[chosen] + rng.choice([1, 2], chosen.sum(), p=[0.6, 0.4])
        )
        city.blame("hospital", h, "M24")


def padded_implants(city: City) -> None:
    """M29: one surgeon's plates and screws are dearer and more than a bone has room for."""
    rng = city.rng
    operations = np.bincount(city.stays.inst[city.stays.why.isin(IMPLANTS)], minlength=len(city.places))
    for h in city.pick_places(1, city.places.hosp_lv.isin(["05", "08"]) & city.places.beds, operations):
        n = city.count(16, 34, 12)
        psn = rng.choice(np.flatnonzero(city.people.age > 25), n, replace=False)
        begin = calendar.moments(rng, city.plan, n, "ward")
        add_stays(city, psn, np.full(n, h), begin, rng.choice(IMPLANTS, n, p=[0.5, 0.3, 0.2]))
        here = city.doctors.inst == h
        ortho = here & city.doctors.dept.eq("ortho")
        surgeon = city.pick_doctors(1, ortho if ortho.any() else here)
        stays = city.stays
        his = (stays.inst == h) & stays.why.isin(IMPLANTS) & (rng.random(len(stays)) < 0.8)
        padded = his & (rng.random(len(stays)) < city.dose((0.8, 1.0), (0.5, 0.65)))
        city.stays.loc[his, "doctor"] = surgeon[0]
        city.stays.loc[padded, "implants"] = city.dose((1.6, 2.3), (1.35, 1.6))
        city.stays.loc[padded, "dear"] = True
        city.blame("hospital", h, "M29")
        city.blame("prescriber", surgeon, "M29")


def blanket_examinations(city: City) -> None:
    """M33: everybody who is admitted gets the package, whatever the disease."""
    for h in city.pick_places(city.few(1, 2), busy_wards(city, 45), volume(city)):
        chosen = (city.stays.inst == h) & (
            city.rng.random(len(city.stays)) < city.dose((0.85, 1.0), (0.4, 0.6))
        )
        city.stays.loc[chosen, "panel"] = True
        city.blame("hospital", h, "M33")


def found_home(city: City, h: int, size: int) -> np.ndarray:
    """A nursing home in the neighbourhood of a hospital: its residents live at one address."""
    near = city.km[city.people.village.to_numpy(), h] < 30
    residents = city.pick_people(size, near & city.people.age.gt(70).to_numpy())
    code = city.geo.villages.code.to_numpy()[int(city.places.village.iloc[h])]
    home = code[:9] + f"9{h % 100:02d}"
    city.people.loc[residents, "insured_from"] = home
    city.people.loc[residents, "village"] = int(city.places.village.iloc[h])
    return residents


def supplied_by_home(city: City) -> None:
    """M34: a nursing home's residents take turns in the ward, ill or not, until the paid days are used up."""
    rng = city.rng
    for h in city.pick_places(1, small_wards(city)):
        residents = found_home(city, h, city.count(26, 46, 10))
        gap = city.dose((38, 60), (75, 105))
        who, day = calendar.chain(rng, city.plan, np.full(len(residents), gap), 8)
        psn = residents[who]
        why = rng.choice([stay(icd) for icd in ("I67", "I10", "J20", "E11", "I25")], len(psn))
        add_stays(
            city,
            psn,
            h,
            calendar.on_day(rng, day, "ward"),
            why,
            sev=0,
            coded=0,
            los=rng.integers(8, 13, len(psn)),
        )
        city.blame("hospital", h, "M34")
        city.leave_out("patient", residents)


def sold_patients(city: City) -> None:
    """M31: doctors of public hospitals send whom they have just seen to a ward that pays for heads."""
    rng = city.rng
    seen = np.bincount(city.visits.doctor[city.visits.doctor >= 0], minlength=len(city.doctors))
    public = city.places.hosp_lv.isin(["02", "05"]).to_numpy()[city.doctors.inst]
    for h in city.pick_places(1, small_wards(city)):
        senders = city.pick_doctors(city.few(2, 3), public & (seen > np.quantile(seen[public], 0.5)), seen)
        for doctor in senders:
            visits = city.visits[city.visits.doctor == doctor]
            wanted = max(8, round(len(visits) * city.dose((0.25, 0.45), (0.1, 0.18))))
            sent = visits.sample(min(wanted, len(visits)), random_state=rng)
            day = sent.time.to_numpy() + rng.integers(1, 4, len(sent)) * DAY
            why = rng.choice(
                [i for i, r in enumerate(STAYS) if r.minor or r.icd in ("I69", "I25", "E11")], len(sent)
            )
            add_stays(city, sent.psn.to_numpy(), h, calendar.on_day(rng, day, "ward"), why, free=True)
            city.leave_out("patient", sent.psn.unique())
        city.blame("hospital", h, "M31")
        city.blame("prescriber", senders, "M31")
