"""Insured people: households, work, frailty and chronic diseases."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from benchmarks.blind.geography import Geography

# Chronic disease: ICD-10, prevalence at 25, 50 and 75 years, sex (0 both).
CHRONIC: Mapping[str, tuple[str, float, float, float, int]] = {
    "hypertension": ("I10", 0.01, 0.15, 0.42, 0),
    "diabetes": ("E11", 0.004, 0.07, 0.17, 0),
    "coronary": ("I25", 0.001, 0.03, 0.16, 0),
    "stroke": ("I69", 0.0005, 0.012, 0.08, 0),
    "copd": ("J44", 0.001, 0.012, 0.07, 0),
    "kidney": ("N18", 0.0008, 0.003, 0.006, 0),
    "cancer": ("C34", 0.0006, 0.006, 0.016, 0),
    "psychosis": ("F20", 0.004, 0.006, 0.005, 0),
    "arthritis": ("M06", 0.001, 0.006, 0.011, 0),
    "hepatitis": ("B18", 0.006, 0.016, 0.010, 0),
    "prostate": ("N40", 0.0, 0.01, 0.12, 1),
    "thyroid": ("E03", 0.004, 0.012, 0.012, 2),
    "transplant": ("Z94", 0.0002, 0.0009, 0.0004, 0),
}
DISEASES = list(CHRONIC)
YEARS = np.array([0, 12, 25, 50, 75, 100])
# Stays by age relative to the city's rate.
FRAILTY_BY_AGE = np.array([1.2, 0.35, 0.45, 0.9, 2.5, 3.2])


def _households(rng: np.random.Generator, n: int, geo: Geography) -> tuple[np.ndarray, np.ndarray]:
    """Household and village of each person: households of one to five, living together."""
    sizes = rng.choice([1, 2, 3, 4, 5], n, p=[0.16, 0.32, 0.26, 0.17, 0.09])
    house = np.repeat(np.arange(n), sizes)[:n]
    weight = geo.villages.weight.to_numpy()
    return house, rng.choice(len(weight), n, p=weight / weight.sum())[house]


def _ages(rng: np.random.Generator, n: int) -> np.ndarray:
    low = rng.choice([0, 15, 35, 60, 80], n, p=[0.15, 0.25, 0.34, 0.21, 0.05])
    width = {0: 15, 15: 20, 35: 25, 60: 20, 80: 17}
    return low + rng.random(n) * np.vectorize(width.get)(low)


def _insurance(rng: np.random.Generator, people: pd.DataFrame) -> None:
    """Employees and residents, type of person, employer: 28.6 % employees, more of them in towns."""
    n, age = len(people), people.age
    employee = (age > 19) & (rng.random(n) < np.where(people.seat, 0.58, 0.19))
    retired = employee & (age > np.where(people.gend == "1", 60, 54))
    people["insutype"] = np.where(employee, "310", "390")
    kind = np.select([retired, employee, age < 18, age < 60], ["1201", "1101", "1403", "1501"], "1601")
    people["psn_type"] = kind
    firms = max(8, n // 60)
    share = 1 / np.arange(1, firms + 1) ** 0.8
    firm = rng.choice(firms, n, p=share / share.sum())
    people["emp_no"] = np.where(employee & ~retired, pd.Series(firm).map("E{:07d}".format), None)
    poor = rng.random(n) < np.where(employee, 0.002, 0.035)
    people["psn_idet_type"] = np.where(poor, rng.choice(["2303", "2304", "2302", "2307"], n), None)


def populate(rng: np.random.Generator, n: int, geo: Geography, illness: float) -> pd.DataFrame:
    """People in rows; a boolean column for each chronic disease, `frailty` for rates of stays and visits."""
    house, village = _households(rng, n, geo)
    people = pd.DataFrame({"house": house, "village": village, "age": _ages(rng, n)})
    people["gend"] = rng.choice(["1", "2"], n, p=[0.505, 0.495])
    people["seat"] = geo.villages.seat.to_numpy()[village]
    _insurance(rng, people)
    vigour = rng.lognormal(-0.18, 0.6, n)
    people["frailty"] = np.interp(people.age, YEARS, FRAILTY_BY_AGE) * vigour
    for name, (_icd, young, middle, old, sex) in CHRONIC.items():
        rate = np.interp(people.age, [15, 25, 50, 75], [0, young, middle, old]) * illness * vigour**0.4
        has = rng.random(n) < rate
        people[name] = has & (people.gend == str(sex)) if sex else has
    people.loc[people.kidney | people.cancer, "frailty"] *= 1.6
    # Some take more than the pack's leaflet says, by their doctor's order.
    people["need"] = rng.lognormal(0, 0.22, n)
    people["psn_no"] = [f"4291{number:014d}" for number in rng.permutation(n) + 10_000_000]
    people["insured_from"] = geo.villages.code.to_numpy()[village]
    return people
