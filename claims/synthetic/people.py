"""Who lives in the city: persons, families, villages, employers, the chronically ill, the dying."""

import numpy as np
import pandas as pd
from numpy.random import Generator

from claims.synthetic.catalogue import CHRONIC
from claims.synthetic.clock import Clock
from claims.synthetic.places import Places

EMPLOYEE_SHARE = 0.286  # insutype 310; the others are residents, 390 (magnitudes 8)
RETIRED_SHARE = 0.276  # of the employees (magnitudes 8)
DEATHS_PER_YEAR = 0.007  # magnitudes 8
DIALYSIS_SHARE = 0.0007  # persons on maintenance dialysis; about 700 in a million
ONCOLOGY_SHARE = 0.0025  # persons in a chemotherapy course during the year
LONG_TERM_CARE_SHARE = 0.0071  # magnitudes 5: beneficiaries of the insured
LONG_PRESCRIPTION_SHARE = 0.14  # of chronic patients: 84 days at once
AGE_BANDS = ((0, 14, 0.16), (15, 29, 0.16), (30, 44, 0.24), (45, 59, 0.24), (60, 74, 0.15), (75, 96, 0.05))


def build(rng: Generator, persons: int, clock: Clock, places: Places) -> pd.DataFrame:
    """Persons by number.

    Beside the published columns: age (years), county, village, family, poor, frailty (visits relative to
    the mean), chronic (row of CHRONIC or -1), long_rx, dialysis, oncology, care (long-term care), death
    (seconds since the start, or -1), home places (hospital, clinic, shop, other_shop) and the usual doctor.
    """
    people = pd.DataFrame(
        {"age": _ages(rng, persons), "sex": rng.choice(["1", "2"], persons, p=[0.508, 0.492])}
    )
    born = np.datetime64(clock.start, "D") - (people.age * 365 + rng.integers(0, 365, persons)).to_numpy()
    people["born"] = born.astype("datetime64[s]")
    # Numbers in random order, so that neighbours and families do not stand side by side.
    people["number"] = 42_080_000_000_000_000 + rng.permutation(persons * 7)[:persons]
    people["cert"] = [f"{n:016x}" for n in rng.integers(0, 2**63, persons)]
    _households(rng, people, places)
    _insurance(rng, people)
    _health(rng, people, clock)
    _habits(rng, people, places)
    return people


def _ages(rng: Generator, size: int) -> np.ndarray:
    low, high, share = (np.array(column) for column in zip(*AGE_BANDS, strict=True))
    band = rng.choice(len(share), size, p=share)
    return rng.integers(low[band], high[band] + 1)


def _households(rng: Generator, people: pd.DataFrame, places: Places) -> None:
    size = len(people)
    members = rng.choice([1, 2, 3, 4, 5], size, p=[0.15, 0.28, 0.29, 0.18, 0.10])
    family = np.repeat(np.arange(size), members)[:size]
    weights = places.villages.weight / places.villages.weight.sum()
    village = rng.choice(len(weights), size, p=weights)[family]
    people["family"], people["village"] = family, village
    people["county"] = places.villages.county.to_numpy()[village]


def _insurance(rng: Generator, people: pd.DataFrame) -> None:
    """insutype, psn_type, psn_idet_type and employer (national data dictionary)."""
    size, age = len(people), people.age
    adult = age >= 20
    employee = adult & (rng.random(size) < EMPLOYEE_SHARE / adult.mean())
    # Retirement ages are chosen so that about 28 % of the employees are retired.
    retired = employee & (age >= np.where(people.sex == "1", 60, 55))
    people["insutype"] = np.where(employee, "310", "390")
    people["retired"] = retired
    minor = np.select([age < 1, age < 6, age < 16], ["1401", "1405", "1403"], "1404")
    resident = np.select([age < 20, age < 60], [minor, "1501"], "1601")
    flexible = np.where(rng.random(size) < 0.2, "1103", "1101")
    people["psn_type"] = np.where(retired, "1201", np.where(employee, flexible, resident))
    poor = ~employee & (rng.random(size) < 0.065)
    people["poor"] = poor
    people["identity"] = pd.Series(
        rng.choice(["2302", "2303", "2303", "2304", "2307"], size), dtype=object
    ).where(poor, None)
    employers = max(4, size // 60)
    popularity = rng.pareto(1.2, employers) + 0.2
    people["employer"] = np.where(
        employee & ~retired, rng.choice(employers, size, p=popularity / popularity.sum()), -1
    )


def _health(rng: Generator, people: pd.DataFrame, clock: Clock) -> None:
    size, age = len(people), people.age.to_numpy()
    need = np.interp(age, [0, 5, 18, 40, 60, 80], [1.1, 0.9, 0.5, 0.8, 1.5, 2.0])
    frailty = need * rng.gamma(1.6, 1 / 1.6, size)
    people["frailty"] = frailty / frailty.mean()
    ill = rng.random(size) < np.interp(age, [0, 30, 40, 60, 75], [0.0, 0.005, 0.03, 0.19, 0.30])
    people["chronic"] = np.where(ill, rng.choice(len(CHRONIC), size, p=CHRONIC.share), -1)
    people["long_rx"] = ill & (rng.random(size) < LONG_PRESCRIPTION_SHARE)
    people["dialysis"] = _some(rng, people, DIALYSIS_SHARE, 4, age >= 30)
    people["oncology"] = _some(rng, people, ONCOLOGY_SHARE, 4, (age >= 35) & ~people.dialysis)
    people["care"] = _some(rng, people, LONG_TERM_CARE_SHARE, 3, age >= 60)
    people.loc[people.dialysis | people.oncology, ["chronic", "long_rx"]] = [-1, False]
    risk = np.exp(age / 13.0) * np.where(people.oncology, 3.0, 1.0)
    deaths = max(4, round(size * DEATHS_PER_YEAR * clock.years))
    dying = rng.choice(size, deaths, replace=False, p=risk / risk.sum())
    people["death"] = -1
    people.loc[dying, "death"] = rng.integers(1, clock.horizon, deaths)


def _some(rng: Generator, people: pd.DataFrame, share: float, least: int, possible: np.ndarray) -> np.ndarray:
    """A random choice among the possible persons: a share of all, but at least a few."""
    chosen = np.zeros(len(people), dtype=bool)
    numbers = np.flatnonzero(possible)
    chosen[rng.choice(numbers, min(len(numbers), max(least, round(len(people) * share))), replace=False)] = (
        True
    )
    return chosen


def _habits(rng: Generator, people: pd.DataFrame, places: Places) -> None:
    county = people.county.to_numpy()
    people["hospital"] = places.choose(rng, county, ("hospital",))
    people["clinic"] = places.choose(rng, county, ("clinic", "village"))
    people["shop"] = places.choose(rng, county, ("pharmacy",))
    people["other_shop"] = places.choose(rng, county, ("pharmacy",))
    usual = np.where(rng.random(len(people)) < 0.55, people.hospital, people.clinic)
    people["usual"] = usual
    people["doctor"] = places.doctor_at(usual, rng.random(len(people)))
