"""Where care happens: counties and villages, hospitals, clinics, pharmacies, doctors and their posts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator

from claims.synthetic.catalogue import Catalogue

PERSONS_PER_INSTITUTION = 50_000 / 120  # magnitudes 8
MEDICAL_SHARE = 1 / 3  # the rest are pharmacies (magnitudes 8)
HOSPITAL_SHARE = 0.42  # of the medical institutions; the others are clinics
PERSONS_PER_VILLAGE = 400
PERSONS_PER_COUNTY = 6_000
STAYS_PER_PERSON = 0.22  # a year, with 9.3 days each: the census that beds are planned for
DAYS_PER_STAY = 9.3
BED_USE = 0.72
HOME_COUNTY_PULL = 8.0  # an institution of one's own county draws this many times more
DEPARTMENTS = (
    "03",
    "04",
    "10",
    "11",
    "13",
    "19",
    "20",
    "21",
    "50",
)  # national data dictionary caty of the practice
GENERAL_PRACTICE = "02"

# Level by hosp_lv, number and pull of admissions; the first three make sure every city has all levels.
LEVELS = ("02", "06", "09", "05", "08", "03", "06", "09", "07", "10", "05", "01", "08", "06", "09", "04")
GRADE = {**dict.fromkeys(("01", "02", "03", "04"), 3), **dict.fromkeys(("05", "06", "07"), 2)}
NAMES = {"hospital": "医院", "clinic": "诊所", "village": "村卫生室", "pharmacy": "大药房"}
PULL = {3: 6.0, 2: 3.2, 1: 1.6}


@dataclass(frozen=True)
class Places:
    """Institutions and villages by number, and what an item costs where.

    `table`: code, name, kind (hospital, clinic, village, pharmacy), grade (3, 2, 1; clinics 1), level,
    biznet, county, beds, chain, pull. `posts` are sorted by place: doctor, place, home (first post).
    """

    table: pd.DataFrame
    villages: pd.DataFrame
    doctors: pd.DataFrame
    posts: pd.DataFrame
    prices: np.ndarray
    counties: int

    def of(self, *kinds: str) -> np.ndarray:
        """Numbers of the institutions of these kinds."""
        return np.flatnonzero(self.table.kind.isin(kinds))

    def choose(self, rng: Generator, county: np.ndarray, kinds: tuple[str, ...]) -> np.ndarray:
        """One institution a person, mostly in the person's own county, by its pull."""
        numbers = self.of(*kinds)
        pull, home = self.table.pull.to_numpy()[numbers], self.table.county.to_numpy()[numbers]
        chosen = np.empty(len(county), dtype=np.int32)
        for here in range(self.counties):
            rows = np.flatnonzero(county == here)
            weights = np.cumsum(pull * np.where(home == here, HOME_COUNTY_PULL, 1.0))
            chosen[rows] = numbers[
                np.searchsorted(weights, rng.random(len(rows)) * weights[-1], side="right")
            ]
        return chosen

    def doctor_at(self, place: np.ndarray, rank: np.ndarray) -> np.ndarray:
        """The doctor of each place at `rank` (0 to 1) of its list; low ranks are the busy ones."""
        first = np.searchsorted(self.posts.place.to_numpy(), place, side="left")
        count = np.searchsorted(self.posts.place.to_numpy(), place, side="right") - first
        pick = first + np.minimum((count * np.asarray(rank) ** 1.5).astype(np.int64), count - 1)
        doctors = self.posts.doctor.to_numpy()[np.clip(pick, 0, len(self.posts) - 1)]
        return np.where(count > 0, doctors, -1).astype(np.int32)


def build(rng: Generator, persons: int, catalogue: Catalogue) -> Places:
    """Counties, villages, institutions, doctors and prices for a city of so many persons."""
    counties = max(2, round(persons / PERSONS_PER_COUNTY))
    villages = _villages(rng, persons, counties)
    table = _institutions(rng, persons, counties, villages)
    doctors, posts = _doctors(rng, table)
    return Places(table, villages, doctors, posts, _prices(rng, table, catalogue), counties)


def _villages(rng: Generator, persons: int, counties: int) -> pd.DataFrame:
    size = max(6, round(persons / PERSONS_PER_VILLAGE))
    county = np.sort(np.arange(size) % counties)
    code = [f"{420801 + c:06d}{100 + n // 12:03d}{200 + n % 12:03d}" for n, c in enumerate(county)]
    return pd.DataFrame({"code": code, "county": county, "weight": rng.lognormal(0, 0.5, size)})


def _institutions(rng: Generator, persons: int, counties: int, villages: pd.DataFrame) -> pd.DataFrame:
    medical = max(6, round(persons / PERSONS_PER_INSTITUTION * MEDICAL_SHARE))
    hospitals = max(3, round(medical * HOSPITAL_SHARE))
    clinics = max(3, medical - hospitals)
    village_clinics = max(1, clinics // 2)
    pharmacies = max(6, round(persons / PERSONS_PER_INSTITUTION * (1 - MEDICAL_SHARE)))
    kind = np.repeat(
        ["hospital", "clinic", "village", "pharmacy"],
        [hospitals, clinics - village_clinics, village_clinics, pharmacies],
    )
    size = len(kind)
    hospital, pharmacy = kind == "hospital", kind == "pharmacy"
    level = np.full(size, "11", dtype=object)
    level[hospital] = [LEVELS[n % len(LEVELS)] for n in range(hospitals)]
    level[pharmacy] = None
    grade = np.array([GRADE.get(text, 1) for text in level])
    pull = rng.lognormal(0, 0.45, size) * np.where(hospital, np.vectorize(PULL.get)(grade), 1.0)
    table = pd.DataFrame({"kind": kind, "grade": grade, "level": level, "pull": pull})
    table["county"] = rng.permutation(np.arange(size) % counties)
    table["village"] = -1
    homes = rng.choice(len(villages), village_clinics, replace=False)
    table.loc[kind == "village", ["village", "county"]] = np.c_[homes, villages.county[homes]]
    table["biznet"] = _ownership(rng, table)
    table["beds"] = _beds(table, persons)
    table["code"] = _institution_codes(rng, table)
    table["chain"] = _chains(rng, table)
    table["name"] = [f"{NAMES[kind]}{code[-5:]}" for kind, code in zip(table.kind, table.code, strict=True)]
    return table


def _ownership(rng: Generator, table: pd.DataFrame) -> np.ndarray:
    """1 for-profit, 2 private non-profit, 3 public (national data dictionary)."""
    private = np.where(rng.random(len(table)) < 0.7, "1", "2")
    public = (table.grade >= 2) & (rng.random(len(table)) < 0.85) | (table.kind == "village")
    return np.where(table.kind == "pharmacy", "1", np.where(public, "3", private))


def _beds(table: pd.DataFrame, persons: int) -> np.ndarray:
    """Approved beds: the census a hospital can expect from its pull, at 72 % use and with slack."""
    wards = np.where(table.kind == "hospital", table.pull, 0.0)
    census = persons * STAYS_PER_PERSON * DAYS_PER_STAY / 365 * wards / wards.sum()
    beds = np.maximum(24, np.ceil(census / BED_USE + 4 * np.sqrt(census)))
    return np.where(table.kind == "hospital", beds, np.nan)


def _institution_codes(rng: Generator, table: pd.DataFrame) -> list[str]:
    serial = rng.permutation(90_000)[: len(table)] + 10_000
    letter = np.where(table.kind == "pharmacy", "P", "H")
    return [f"{a}{420801 + c:06d}{n:05d}" for a, c, n in zip(letter, table.county, serial, strict=True)]


def _chains(rng: Generator, table: pd.DataFrame) -> np.ndarray:
    """Number of the head shop of a chain; -1 for shops that stand alone. Chains have about six shops."""
    shops = rng.permutation(np.flatnonzero(table.kind == "pharmacy"))
    chain = np.full(len(table), -1)
    for first in range(0, len(shops) // 2, 6):
        members = shops[first : min(first + 6, len(shops) // 2)]
        chain[members[1:]] = members[0]
    return chain


def _doctors(rng: Generator, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Doctors by number and their posts; 8 % work in a second place too."""
    staff = np.select(
        [table.kind == "hospital", table.kind == "clinic", table.kind == "village"],
        [np.ceil(table.beds.fillna(0) * 0.28).clip(6), 3, 2],
        0,
    ).astype(int)
    home = np.repeat(np.arange(len(table)), staff)
    size = len(home)
    caty = np.where(
        table.kind.to_numpy()[home] == "hospital", rng.choice(DEPARTMENTS, size), GENERAL_PRACTICE
    )
    serial = rng.permutation(900_000)[:size] + 100_000
    practice = rng.choice(["1", "2", "3"], size, p=[0.9, 0.06, 0.04])
    doctors = pd.DataFrame(
        {"code": [f"D4208{n:06d}" for n in serial], "home": home, "caty": caty, "practice": practice}
    )
    second = np.flatnonzero(rng.random(size) < 0.08)
    elsewhere = rng.choice(np.flatnonzero(table.kind != "pharmacy"), len(second))
    moved = elsewhere != home[second]
    posts = pd.DataFrame(
        {
            "doctor": np.r_[np.arange(size), second[moved]],
            "place": np.r_[home, elsewhere[moved]],
        }
    )
    posts["order"] = rng.random(len(posts))
    posts = posts.sort_values(["place", "order"], ignore_index=True).drop(columns="order")
    return doctors, posts


def _prices(rng: Generator, table: pd.DataFrame, catalogue: Catalogue) -> np.ndarray:
    """Price in yuan by place and item: list price by level of care, and every place a little its own."""
    by_level = table.grade.map({3: 1.18, 2: 1.0, 1: 0.86}).where(table.kind != "pharmacy", 1.0).to_numpy()
    own = rng.normal(1.0, 0.05, (len(table), len(catalogue.items))).clip(0.85, 1.15)
    return np.asarray((catalogue.items.price.to_numpy() * by_level[:, None] * own).round(2))
