"""What every producer of visits needs to know about the city."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.random import Generator

from claims.synthetic import catalogue, people, places
from claims.synthetic.catalogue import Catalogue
from claims.synthetic.clock import Clock
from claims.synthetic.places import Places


@dataclass(frozen=True)
class City:
    """Calendar, catalogue, institutions and people of a city; `seed` decides every draw."""

    clock: Clock
    seed: int
    catalogue: Catalogue
    places: Places
    people: pd.DataFrame
    uneven: bool = False

    def rng(self, name: str) -> Generator:
        """A stream of its own for each part, so that a change in one leaves the others as they were."""
        return stream(self.seed, name)

    def frequency(self, name: str) -> float:
        """Frequency of a scheme or look-alike over that of an even city: 0.4 to 2.7 for two thirds."""
        return float(np.exp(self.rng(f"frequency {name}").normal())) if self.uneven else 1.0

    def caty(self, doctor: np.ndarray) -> np.ndarray:
        """Department of each doctor, "" where there is none."""
        caty = self.places.doctors.caty.to_numpy()[np.maximum(doctor, 0)]
        return np.where(np.asarray(doctor) >= 0, caty, "")

    def grade(self, place: np.ndarray) -> np.ndarray:
        """Level of care (3, 2, 1) of each institution."""
        return np.asarray(self.places.table.grade.to_numpy()[place])


def stream(seed: int, name: str) -> Generator:
    """Random numbers for one part of the city."""
    return np.random.default_rng([seed, crc32(name.encode())])


def build(clock: Clock, persons: int, seed: int, uneven: bool = False) -> City:
    """The city before any visit."""
    items = catalogue.build(stream(seed, "catalogue"))
    sites = places.build(stream(seed, "places"), persons, items)
    crowd = people.build(stream(seed, "people"), persons, clock, sites)
    return City(clock, seed, items, sites, crowd, uneven)
