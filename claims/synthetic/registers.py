"""Registers kept outside the claims: accidents, deaths, long-term care."""

import numpy as np
import pandas as pd

from claims.synthetic import diagnoses, drafts, stays
from claims.synthetic import visits as contents
from claims.synthetic.clock import DAY, HOUR
from claims.synthetic.drafts import Drafts
from claims.synthetic.honest_care import draw_nights
from claims.synthetic.timeline import is_stay
from claims.synthetic.world import City

ACCIDENTS_PER_PERSON = 0.006  # a year, on record with police, court or the work-injury office
UNDECLARED_SHARE = 0.06  # of third-party injuries that the visit does not declare (M27), at usual guilt
CARE_VISITS_PER_WEEK = 2  # long-term care at home; plans allow 3-7 (magnitudes 4)
CARE_PAY = 58.5  # yuan of the fund a visit: 65 yuan, 90 % (magnitudes 4)


def accidents(city: City, guilt: float) -> tuple[Drafts, pd.DataFrame]:
    """The visits after an accident, and the accident register."""
    rng = city.rng("accidents")
    size = max(4, round(len(city.people) * ACCIDENTS_PER_PERSON * city.clock.years))
    person = rng.choice(len(city.people), size, replace=False)
    time = city.clock.draw(rng, size, "care", "emergency")
    kind = rng.choice(["1", "2", "3", "4"], size, p=[0.52, 0.10, 0.20, 0.18])
    third_party = (kind != "4") & (rng.random(size) < 0.75)
    register = pd.DataFrame({"person": person, "time": time, "kind": kind, "third_party": third_party})
    declared = third_party & (rng.random(size) < 1 - UNDECLARED_SHARE * guilt)
    place = city.people.hospital.to_numpy()[person]
    admitted = rng.random(size) < 0.25
    visits = drafts.visits(
        person=person,
        place=place,
        doctor=city.places.doctor_at(place, rng.random(size)),
        med=np.where(admitted, 22, 13),
        begin=time + rng.integers(HOUR // 2, 4 * HOUR, size),
        injury=True,
        third_party=declared,
        diagnosis=rng.choice(diagnoses.of_kind("injury"), size),
    )
    none = np.zeros(admitted.sum(), dtype=int)
    beds, chairs = visits[admitted].reset_index(drop=True), visits[~admitted].reset_index(drop=True)
    admissions = stays.stay(city, rng, beds, draw_nights(city, rng, beds.place.to_numpy(), none), none)
    emergencies = contents.outpatient(city, rng, chairs, weight=1.6)
    return drafts.together([admissions, emergencies]), register.sort_values("time", ignore_index=True)


def undeclared(visits: pd.DataFrame, register: pd.DataFrame, gone: np.ndarray) -> pd.DataFrame:
    """M27: who was injured by a third party, and the stays that do not declare it; columns of the truth.

    Args:
        visits: of the books; `register` has at most one accident a person.
        gone: visits that were refunded.
    """
    by_others = register.person[register.third_party]
    hidden = visits.injury & is_stay(visits.med) & ~visits.third_party & visits.person.isin(by_others)
    found = visits[hidden & ~gone & ~visits.open]
    subjects = {"patient": found.person.unique(), "visit": found.index}
    rows = [pd.DataFrame({"subject_type": kind, "subject": ids}) for kind, ids in subjects.items()]
    return pd.concat(rows, ignore_index=True).assign(scheme="M27", strength=1.0, plant=0)


def deaths(city: City) -> pd.DataFrame:
    """Death records of one or two of the four offices; the second may be a day or two off."""
    rng = city.rng("deaths")
    person = np.flatnonzero(city.people.death >= 0)
    time = city.people.death.to_numpy()[person]
    first = rng.integers(1, 5, len(person))
    twice = rng.random(len(person)) < 0.45
    second = (first[twice] + rng.integers(0, 3, twice.sum())) % 4 + 1
    records = pd.DataFrame(
        {
            "person": np.r_[person, person[twice]],
            "time": np.r_[time, time[twice] + rng.choice([0, 0, 0, 1, 2], twice.sum()) * DAY],
            "source": np.r_[first, second],
        }
    )
    return records.sort_values(["time", "person", "source"], ignore_index=True)


def long_term_care(city: City, visits: pd.DataFrame) -> pd.DataFrame:
    """Benefit periods (no service time) and care visits; none while in hospital, none after death."""
    rng = city.rng("long-term care")
    person = np.flatnonzero(city.people.care)
    death = city.people.death.to_numpy()[person]
    last = np.where(death >= 0, death, city.clock.horizon)
    place = city.people.clinic.to_numpy()[person]
    periods = pd.DataFrame(
        {
            "person": person,
            "place": place,
            "from": -rng.integers(0, 400, len(person)) * DAY,
            "to": np.where(death >= 0, death, -1),
            "time": -1,
        }
    )
    weeks = int(np.ceil(city.clock.days / 7))
    row = np.repeat(np.arange(len(person)), weeks * CARE_VISITS_PER_WEEK)
    slot = np.tile(np.arange(weeks * CARE_VISITS_PER_WEEK), len(person))
    day = slot // CARE_VISITS_PER_WEEK * 7 + slot % CARE_VISITS_PER_WEEK * 3 + row % 3
    time = day * DAY + rng.integers(8 * HOUR, 18 * HOUR, len(row))
    row, time = row[time < last[row]], time[time < last[row]]
    services = periods.iloc[row].assign(time=time).reset_index(drop=True)
    return pd.concat([periods, services[~_in_hospital(visits, services)]], ignore_index=True)


def _in_hospital(visits: pd.DataFrame, services: pd.DataFrame) -> np.ndarray:
    stays = visits.loc[is_stay(visits.med) & visits.person.isin(services.person), ["person", "begin", "end"]]
    pairs = services.reset_index().merge(stays, on="person")
    inside = pairs[(pairs.time // DAY >= pairs.begin // DAY) & (pairs.time // DAY <= pairs.end // DAY)]
    return services.index.isin(inside["index"])
