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
        """How many times as frequent a scheme or look-alike is as in an even city: two thirds of them 0.4 to 2.7 times."""
        return float(np.exp(self.rng(f"frequency {name}").normal())) if self.uneven else 1.0

    def caty(self, doctor: np.ndarray) -> np.ndarray:
        """Department of each doctor, "" where there is none."""
        caty = self.places.doctors.caty.to_numpy()[np.maximum(doctor, 0)]
        return np.where(np.asarray(doctor) >= 0, caty, "")

    def grade(self, place: np.ndarray) -> np.ndarray:
        return self.places.table.grade.to_numpy()[place]


def stream(seed: int, name: str) -> Generator:
    return np.random.default_rng([seed, crc32(name.encode())])


def build(clock: Clock, persons: int, seed: int, uneven: bool = False) -> City:
    items = catalogue.build(stream(seed, "catalogue"))
    sites = places.build(stream(seed, "places"), persons, items)
    crowd = people.build(stream(seed, "people"), persons, clock, sites)
    return City(clock, seed, items, sites, crowd, uneven)
