"""Planted instances of schemes and look-alikes with their subjects, and who is still free for another."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator

from claims.synthetic.clock import DAY
from claims.synthetic.disguise import Disguise
from claims.synthetic.drafts import Drafts
from claims.synthetic.stays import Content
from claims.synthetic.world import City

BAD_SHARE = (
    0.04  # of hospitals and of pharmacies, at least one or two of each (magnitudes 8 has 0.5-1 % of all)
)
FULL_SIZE = 12_000  # persons from which groups have their full size
LEAST_MEMBERS = 5


@dataclass(frozen=True)
class Plant:
    """One instance: its visits and the persons, places and doctors who stand behind them.

    `subjects` has subject_type, subject (a number), label (scheme id or kind of look-alike); `label` is
    what its listed visits are called.
    """

    draft: Drafts
    label: str
    subjects: pd.DataFrame


def subjects(label: str, **numbers: Any) -> pd.DataFrame:
    """Rows of Plant.subjects, e.g. subjects("M05", patient=members, pharmacy=[7])."""
    parts = [
        pd.DataFrame({"subject_type": kind, "subject": np.unique(np.atleast_1d(list(who))), "label": label})
        for kind, who in numbers.items()
    ]
    return pd.concat(parts, ignore_index=True)


@dataclass
class Assignments:
    """Persons and places with a part already; the bad places commit most of the fraud."""

    city: City
    innocent: np.ndarray
    guilty: np.ndarray
    bad_hospitals: np.ndarray
    bad_pharmacies: np.ndarray

    @classmethod
    def of(cls, city: City) -> "Assignments":
        """Nobody has a part yet; the bad hospitals and pharmacies are drawn."""
        rng, size = city.rng("assignments"), len(city.people)
        hospitals, shops = city.places.of("hospital"), city.places.of("pharmacy")
        # The large public houses are not where invented stays happen: schemes M01-M04, M10 (magnitudes 4).
        small = hospitals[city.grade(hospitals) < 3]
        bad = rng.choice(small, min(len(small) - 1, max(2, round(BAD_SHARE * len(hospitals)))), replace=False)
        bad_shops = rng.choice(shops, max(2, round(BAD_SHARE * len(shops))), replace=False)
        return cls(city, np.zeros(size, dtype=bool), np.zeros(size, dtype=bool), bad, bad_shops)

    def free(self) -> np.ndarray:
        """Whether each person has no part and lives through the period."""
        return np.asarray(~self.innocent & ~self.guilty & (self.city.people.death.to_numpy() < 0))

    def mixable(self) -> np.ndarray:
        """Like `free`, with the look-alikes whose own days leave room for another part."""
        tied = (self.city.people.dialysis | self.city.people.oncology).to_numpy()
        return np.asarray(
            self.free() | (self.innocent & ~self.guilty & ~tied & (self.city.people.death.to_numpy() < 0))
        )

    def good_hospitals(self, grade: int = 1) -> np.ndarray:
        """Hospitals of at least this level without fraud of their own."""
        hospitals = self.city.places.of("hospital")
        return hospitals[(self.city.grade(hospitals) >= grade) & ~np.isin(hospitals, self.bad_hospitals)]


@dataclass(frozen=True)
class SchemeContext:
    """What one scheme needs for one instance. `strength` runs from faint (0.15) to blatant (1).

    The pieces that hide (`together` and what follows it) draw from `hiding`, a stream of its own, so that the
    open city does not depend on them; there each gives back what it was given.
    """

    number: int  # of the instance, unlike any other
    city: City
    rng: Generator
    hiding: Generator
    assigned: Assignments
    strength: float
    disguise: Disguise

    def blend(self, faint: float, blatant: float) -> float:
        """A setting between its faint and its blatant value."""
        return faint + (blatant - faint) * self.strength

    def members(self, low: int, high: int) -> int:
        """A group size, smaller in a small city."""
        scale = min(1.0, len(self.city.people) / FULL_SIZE)
        return max(LEAST_MEMBERS, round(self.rng.integers(low, high + 1) * scale))

    def persons(self, size: int, among: np.ndarray | None = None, villages: int | None = None) -> np.ndarray:
        """Persons without another part, guilty from now on; from a few villages if asked.

        A disguise multiplies the villages. Where the city is too small the villages are widened and the group
        shrinks.
        """
        free = self.assigned.mixable() if self.disguise.mixed else self.assigned.free()
        free = free if among is None else free & among
        numbers = np.flatnonzero(free)
        if villages:
            numbers = self._from_villages(numbers, size, villages * self.disguise.villages)
        chosen = self.rng.choice(numbers, min(size, len(numbers)), replace=False)
        self.assigned.guilty[chosen] = True
        return chosen

    def _from_villages(self, numbers: np.ndarray, size: int, villages: int) -> np.ndarray:
        home = self.city.people.village.to_numpy()[numbers]
        living = np.bincount(home)
        order = self.rng.permutation(np.flatnonzero(living))
        enough = int(np.searchsorted(np.cumsum(living[order]), size)) + 1
        return numbers[np.isin(home, order[: max(villages, enough)])]

    def hospital(self) -> int:
        """One of the bad hospitals, in turn."""
        bad = self.assigned.bad_hospitals
        return int(bad[self.number % len(bad)])

    def pharmacies(self, size: int) -> np.ndarray:
        """Some of the bad pharmacies."""
        bad = self.assigned.bad_pharmacies
        return self.rng.choice(bad, min(size, len(bad)), replace=False)

    def doctor(self, place: int) -> int:
        """A doctor of an institution."""
        return int(self.city.places.doctor_at(np.array([place]), self.rng.random(1))[0])

    def together(self, share: float) -> float:
        """Share of the members who come to a round."""
        return share * (1 - self.disguise.absent)

    def late(self, size: int) -> np.ndarray:
        """Seconds by which each comes on a later day than the round."""
        if not self.disguise.late:
            return np.zeros(size, dtype=np.int64)
        return self.hiding.integers(0, self.disguise.late + 1, size) * DAY

    def spread(self, shop: np.ndarray, own: int) -> np.ndarray:
        """The shop of each purchase of a ring with `own` shops; some go to other shops of the city."""
        more = self.disguise.shops
        if not more:
            return shop
        others = self.hiding.choice(self.city.places.of("pharmacy"), more)
        moved = self.hiding.random(len(shop)) < more / (own + more)
        return np.where(moved, self.hiding.choice(others, len(shop)), shop)

    def usual_shop(self, person: np.ndarray) -> np.ndarray:
        """Where each person shops; who hides goes to either of two."""
        people = self.city.people
        if not self.disguise.shops:
            return np.asarray(people["shop"].to_numpy()[person])
        other = self.hiding.random(len(person)) < 0.5
        return np.asarray(
            np.where(other, people.other_shop.to_numpy()[person], people["shop"].to_numpy()[person])
        )

    def varied(self, values: np.ndarray, options: np.ndarray) -> np.ndarray:
        """Values that ought to be alike; where that would reveal the scheme, some are other options."""
        changed = self.hiding.random(len(values)) >= self.disguise.marks
        return np.where(changed, self.hiding.choice(options, len(values)), values)

    def content(self, content: Content) -> Content:
        """What is done in a stay, with bills that differ as much as the disguise asks."""
        return replace(content, spread=max(content.spread, self.disguise.bill))


def stage(number: int, plant: Plant) -> Drafts:
    """The visits of a plant, marked with its number and safe from giving way."""
    return plant.draft.marked(plant=number, fixed=True)


def table(
    city: City, visits: pd.DataFrame, plants: dict[int, tuple[Plant, float]], gone: np.ndarray, column: str
) -> pd.DataFrame:
    """Subjects whose conduct really is in the books: at least one visit that is neither refunded nor open."""
    live = visits[(visits.plant > 0) & ~gone & ~visits.open]
    by_plant = dict(list(live.groupby("plant")))
    parts = []
    for number, (plant, strength) in plants.items():
        mine = by_plant.get(number, live.head(0))
        listed = mine.index[mine.listed].to_numpy()
        seen = plant.subjects[_appear(plant.subjects, mine)]
        own = pd.DataFrame({"subject_type": "visit", "subject": listed, "label": plant.label})
        parts.append(pd.concat([seen, own]).assign(strength=round(strength, 3), plant=number))
    columns = ["subject_type", "subject", "label", "strength", "plant"]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    rows = rows.sort_values("strength", ascending=False).drop_duplicates(["subject_type", "subject", "label"])
    return rows.sort_values(["subject_type", "label", "subject"], ignore_index=True).rename(
        columns={"label": column}
    )


def _appear(subjects: pd.DataFrame, visits: pd.DataFrame) -> np.ndarray:
    """Whether each subject has one of these visits."""
    person = (subjects.subject_type == "patient") & subjects.subject.isin(visits.person)
    doctor = (subjects.subject_type == "prescriber") & subjects.subject.isin(visits.doctor)
    place = subjects.subject_type.isin(["hospital", "pharmacy"]) & subjects.subject.isin(visits.place)
    return (person | doctor | place).to_numpy()
