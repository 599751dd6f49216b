"""What a stay contains, day by day.

Means aimed at (yuan, magnitudes 5): 13,840 / 8,327 / 6,105 by level for employees, 7,950 in the whole city.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.random import Generator

from claims.synthetic import diagnoses
from claims.synthetic.clock import DAY, HOUR, MINUTE
from claims.synthetic.drafts import Drafts, ragged
from claims.synthetic.lines import daily_lines, poisson_lines, price_lines, with_lines
from claims.synthetic.world import City


@dataclass(frozen=True)
class Content:
    """What is done in a stay: mean numbers of lines; drugs and treatments a day, the others in all."""

    labs: float = 8.0
    exams: float = 2.0
    scans: float = 0.6
    drugs: float = 3.6
    treatments: float = 1.6
    surgery: float = 0.28
    spread: float = 0.5  # log standard deviation between stays
    rehab: float = 0.06  # share of stays with daily training
    drug_use: str = "ward_drug"


WARD = Content()
CHEMOTHERAPY = replace(WARD, labs=6, exams=1, scans=0.2, drugs=1.3, surgery=0, rehab=0, drug_use="chemo_drug")
CHECKUP = Content(labs=14, exams=5, scans=1.6, drugs=0.15, treatments=0.15, surgery=0, spread=0.15, rehab=0)
EMPTY = Content(labs=5, exams=1.2, scans=0.1, drugs=2.6, treatments=1.6, surgery=0, spread=0.15, rehab=0)

# Level of care: amount of everything relative to level 2, and mean nights (magnitudes 5, level 3 / 2 / 1).
INTENSITY = np.array([0.0, 0.6, 1.0, 1.75])
NIGHTS = np.array([0.0, 12.6, 9.6, 7.7])
SEVERITY_WEIGHT = np.array([0.85, 1.15, 1.6])  # none, CC, MCC


def stay(
    city: City,
    rng: Generator,
    visits: pd.DataFrame,
    nights: np.ndarray,
    severity: np.ndarray,
    content: Content = WARD,
    weight: np.ndarray | float = 1.0,
    active: np.ndarray | float = 1.0,
) -> Drafts:
    """A stay of `nights`; `weight` scales the bill, `active` is the share of days on which care is given."""
    size, begin = len(visits), visits.begin.to_numpy()
    nights = np.asarray(nights, dtype=np.int64)
    out = np.maximum(
        (begin // DAY + nights) * DAY + rng.integers(8 * HOUR, 16 * HOUR, size), begin + 3 * HOUR
    )
    delay = np.where(
        rng.random(size) < 0.9, rng.integers(0, 3 * HOUR, size), rng.integers(DAY, 3 * DAY, size)
    )
    caty = city.caty(visits.doctor.to_numpy())
    drawn = diagnoses.by_department(rng, caty, ("ill", "light"))
    diagnosis = np.where(visits.diagnosis >= 0, visits.diagnosis, drawn)
    group = np.where(visits.group >= 0, visits.group, diagnoses.stay_group(diagnosis, severity))
    visits = visits.assign(
        end=out, settle=out + delay, diagnosis=diagnosis, group=group, department=pd.Categorical(caty)
    )
    level = INTENSITY[city.grade(visits.place.to_numpy())]
    much = (
        weight
        * level
        * SEVERITY_WEIGHT[severity]
        * rng.lognormal(-(content.spread**2) / 2, content.spread, size)
    )
    days = np.maximum(nights, 1)
    cared = np.maximum(1, np.ceil(days * active))

    def early(row: np.ndarray) -> np.ndarray:
        return np.asarray(begin[row] + rng.integers(20 * MINUTE, 30 * HOUR, len(row)))

    def any_day(row: np.ndarray) -> np.ndarray:
        day = begin[row] // DAY + (rng.random(len(row)) * cared[row]).astype(int)
        return np.asarray(day * DAY + rng.integers(7 * HOUR, 18 * HOUR, len(row)))

    def doses(row: np.ndarray) -> np.ndarray:
        return np.asarray(1 + rng.poisson(0.9 * np.minimum(much[row], 4)))

    parts = [
        *_daily(city, rng, visits, days, severity),
        poisson_lines(city, rng, visits, content.labs * much**0.5, ("lab",), early),
        poisson_lines(city, rng, visits, content.exams * much**0.5, ("exam",), early),
        poisson_lines(city, rng, visits, content.scans * much**0.5, ("scan",), early),
        daily_lines(
            city, rng, visits, content.drugs * cared * much**0.3, (content.drug_use,), any_day, doses
        ),
        daily_lines(
            city, rng, visits, content.treatments * cared * much**0.3, ("treatment", "hourly"), any_day
        ),
        *_operation(city, rng, visits, np.minimum(content.surgery * much, 0.8), much, cared),
        _training(city, rng, visits, content.rehab, caty, cared),
    ]
    return with_lines(visits, parts)


def _daily(
    city: City, rng: Generator, visits: pd.DataFrame, days: np.ndarray, severity: np.ndarray
) -> list[pd.DataFrame]:
    """Bed, nursing and the doctor's round for each day, the day of discharge not counted."""
    row, day = ragged(days)
    midnight = (visits.begin.to_numpy()[row] // DAY + day) * DAY
    nursing = np.array([city.catalogue.one(f"nursing_{grade}") for grade in (3, 2, 1)])
    frames = []
    for item in (city.catalogue.one("bed"), city.catalogue.one("round"), nursing[severity[row]]):
        time = midnight + rng.integers(18 * HOUR, 23 * HOUR, len(row))
        frames.append(price_lines(city, visits, row, np.broadcast_to(item, len(row)), time))
    return frames


def _operation(
    city: City, rng: Generator, visits: pd.DataFrame, chance: np.ndarray, much: np.ndarray, cared: np.ndarray
) -> list[pd.DataFrame]:
    done = rng.random(len(visits)) < chance
    row = np.flatnonzero(done)
    day = np.minimum(rng.integers(0, 3, len(row)), cared[row] - 1)
    when = (visits.begin.to_numpy()[row] // DAY + day) * DAY + rng.integers(9 * HOUR, 17 * HOUR, len(row))
    surgery = rng.choice(city.catalogue.of("surgery"), len(row))
    at = np.zeros(len(visits), dtype=np.int64)
    at[row] = when

    def during(rows: np.ndarray) -> np.ndarray:
        return np.asarray(at[rows])

    return [
        price_lines(city, visits, row, surgery, when),
        poisson_lines(city, rng, visits, np.where(done, 3.0, 0.0), ("consumable",), during),
        poisson_lines(
            city, rng, visits, np.where(done, 0.6 * np.minimum(much, 3), 0.0), ("implant",), during
        ),
    ]


def _training(
    city: City, rng: Generator, visits: pd.DataFrame, share: float, caty: np.ndarray, cared: np.ndarray
) -> pd.DataFrame:
    """Daily rehabilitation, mostly in the departments for it (caty 21)."""
    trained = rng.random(len(visits)) < np.where(caty == "21", 10 * share, share / 3)
    row, day = ragged(np.where(trained, cared, 0))
    time = (visits.begin.to_numpy()[row] // DAY + day) * DAY + rng.integers(9 * HOUR, 17 * HOUR, len(row))
    training = city.catalogue.of("rehab")[:2]
    return price_lines(city, visits, row, training[row % 2], time)
