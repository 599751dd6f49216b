"""The city while it is being planned: who lives there, what is going to happen, and who is guilty of what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.blind.geography import Geography, choose, gravity, settle
from benchmarks.blind.people import populate
from benchmarks.blind.places import doctors, hospitals, join, pharmacies
from benchmarks.blind.plan import AS_OF, DAY, Plan

# What is planned, with its defaults. `free` events happen whether or not the person is in a ward or has died;
# whoever is `absent` from a stay lives on as usual.
STAY: Mapping[str, Any] = {
    "psn": 0,
    "inst": 0,
    "begin": AS_OF,
    "los": 7,
    "why": 0,
    "sev": 0,
    "coded": -1,
    "doctor": -1,
    "med_type": "21",
    "effort": 1.0,
    "noise": 1.0,
    "idle": 0.0,
    "panel": False,
    "exams_only": False,
    "implants": 1.0,
    "dear": False,
    "waived": False,
    "trum": None,
    "ttp": None,
    "course": False,
    "free": False,
    "absent": False,
}
VISIT: Mapping[str, Any] = {
    "psn": 0,
    "inst": 0,
    "time": AS_OF,
    "med_type": "11",
    "why": 0,
    "icd": None,
    "doctor": -1,
    "form": "acute",
    "units": 1.0,
    "drug": -1,
    "drug_cnt": 0.0,
    "signed": True,
    "minutes": 25.0,
    "cert": None,
    "free": False,
}
BUY: Mapping[str, Any] = {
    "basket": 0,
    "psn": 0,
    "inst": 0,
    "time": AS_OF,
    "item": 0,
    "cnt": 1.0,
    "factor": 1.0,
    "doctor": -1,
    "lead": np.nan,
    "rx": -1,
    "valid": 3,
    "repeats": 0,
    "pooled": False,
    "scan": 1,
    "trace": -1,
    "split": False,
    "recorded": True,
    "cert": None,
    "free": False,
}
SIGN: Mapping[str, Any] = {"psn": 0, "inst": 0, "time": AS_OF, "serv": "1", "minutes": 25.0}
CARE: Mapping[str, Any] = {"psn": 0, "inst": 0, "time": AS_OF, "free": False}
ACCIDENT: Mapping[str, Any] = {"psn": 0, "time": AS_OF, "kind": "1", "ttp": "1"}
DEFAULTS = {"stays": STAY, "visits": VISIT, "buys": BUY, "signs": SIGN, "care": CARE, "accidents": ACCIDENT}
FIRST_TRACE = 3_000_000_000


def rows(defaults: Mapping[str, Any], columns: Mapping[str, Any]) -> pd.DataFrame:
    """A frame of `columns` (scalars are repeated) with the defaults of what is not given."""
    unknown = set(columns) - set(defaults)
    if unknown:
        raise KeyError(f"no such columns: {sorted(unknown)}")
    size = max((len(v) for v in columns.values() if np.ndim(v)), default=1)
    frame = pd.DataFrame(
        {name: columns.get(name, value) for name, value in defaults.items()}, index=range(size)
    )
    for name in ("time", "begin"):
        if name in frame:
            frame[name] = frame[name].astype("datetime64[s]")
    return frame


@dataclass
class City:
    """One city; `add` plans events, the `blame` methods keep the truth beside them."""

    plan: Plan
    rng: np.random.Generator
    geo: Geography
    people: pd.DataFrame
    places: pd.DataFrame
    doctors: pd.DataFrame
    stays: pd.DataFrame = field(default_factory=lambda: rows(STAY, {}).head(0))
    visits: pd.DataFrame = field(default_factory=lambda: rows(VISIT, {}).head(0))
    buys: pd.DataFrame = field(default_factory=lambda: rows(BUY, {}).head(0))
    signs: pd.DataFrame = field(default_factory=lambda: rows(SIGN, {}).head(0))
    care: pd.DataFrame = field(default_factory=lambda: rows(CARE, {}).head(0))
    accidents: pd.DataFrame = field(default_factory=lambda: rows(ACCIDENT, {}).head(0))
    drugs: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"psn": [], "item": []}))
    truth: list[tuple[str, str, str]] = field(default_factory=list)
    alike: list[tuple[str, str, str]] = field(default_factory=list)
    neutral: list[tuple[str, str]] = field(default_factory=list)
    rings: list[tuple[str, str]] = field(default_factory=list)
    baskets: int = 0
    prescriptions: int = 0
    traces: int = FIRST_TRACE

    def __post_init__(self) -> None:
        self.taken = {
            "patient": np.zeros(len(self.people), bool),
            "place": np.zeros(len(self.places), bool),
            "prescriber": np.zeros(len(self.doctors), bool),
        }
        hospital, shop = self.places[self.places.kind == "H"], self.places[self.places.kind == "P"]
        far = self.geo.distance
        self.first_shop = len(hospital)
        self.km = far(self.places.x.to_numpy(), self.places.y.to_numpy())
        pull, reach = hospital.pull.to_numpy(), hospital.reach.to_numpy()
        away = self.km[:, : len(hospital)]
        self.to_clinic = gravity(away, pull**0.6, reach * 0.6)
        self.to_ward = gravity(away, np.where(hospital.beds, pull, 0) + 1e-9, reach)
        self.to_shop = gravity(self.km[:, len(hospital) :], shop.pull.to_numpy(), shop.reach.to_numpy())

    def add(self, what: str, **columns: Any) -> pd.DataFrame:
        """Plan rows of `stays`, `visits`, `buys`, `signs`, `care` or `accidents`; `DEFAULTS` has the rest."""
        frame = rows(DEFAULTS[what], columns)
        setattr(self, what, pd.concat([getattr(self, what), frame], ignore_index=True))
        return frame

    def new_baskets(self, n: int) -> np.ndarray:
        """Numbers of n new purchases; lines with one number are one settlement."""
        self.baskets += n
        return np.arange(self.baskets - n, self.baskets)

    def new_prescriptions(self, n: int) -> np.ndarray:
        """Numbers of n prescriptions that several purchases may share."""
        self.prescriptions += n
        return np.arange(self.prescriptions - n, self.prescriptions)

    def new_traces(self, n: int) -> np.ndarray:
        """n trace codes of packs that only their owner knows."""
        self.traces += n
        return np.arange(self.traces - n, self.traces)

    # Doses and numbers.

    def dose(self, easy: tuple[float, float], hard: tuple[float, float]) -> float:
        """A proportion between the bounds of an easy or of a hard city."""
        return float(self.rng.uniform(*(hard if self.plan.hard else easy)))

    def count(self, low: int, high: int, least: int = 4) -> int:
        """A number of guilty people, growing with the city."""
        return max(least, round(self.rng.integers(low, high + 1) * self.plan.scale))

    def few(self, low: int, high: int) -> int:
        """A number of guilty institutions or doctors."""
        return int(self.rng.integers(low, high + 1))

    # Who.

    def pick_people(self, n: int, where: np.ndarray | pd.Series | None = None) -> np.ndarray:
        """Up to n people nobody has yet taken, among those of the mask."""
        free = ~self.taken["patient"] & self.people.dies.isna().to_numpy()
        found = np.flatnonzero(free & (True if where is None else np.asarray(where)))
        chosen = self.rng.permutation(found)[:n]
        self.taken["patient"][chosen] = True
        return chosen

    def pick_places(
        self, n: int, where: np.ndarray | pd.Series, weight: np.ndarray | None = None
    ) -> np.ndarray:
        """Up to n institutions nobody has yet taken; the likelier the heavier their weight."""
        free, place = ~self.taken["place"], self.places
        found = np.flatnonzero(np.asarray(where) & free)
        if not len(found):
            # In a small city the kind wanted may be used up: another ward or another pharmacy does as well.
            shop = bool(np.asarray(where)[self.first_shop :].any())
            found = np.flatnonzero(
                free & (place.kind.eq("P") if shop else place.beds & place.hosp_lv.ge("05"))
            )
        w = np.ones(len(found)) if weight is None else weight[found] + 1e-9
        chosen = self.rng.choice(found, min(n, len(found)), replace=False, p=w / w.sum())
        self.taken["place"][chosen] = True
        return chosen

    def pick_doctors(
        self, n: int, where: np.ndarray | pd.Series, weight: np.ndarray | None = None
    ) -> np.ndarray:
        """Up to n doctors nobody has yet taken."""
        found = np.flatnonzero(np.asarray(where) & ~self.taken["prescriber"])
        w = np.ones(len(found)) if weight is None else weight[found] + 1e-9
        chosen = self.rng.choice(found, min(n, len(found)), replace=False, p=w / w.sum())
        self.taken["prescriber"][chosen] = True
        return chosen

    def doctor_at(self, inst: np.ndarray, dept: np.ndarray | str | None = None) -> np.ndarray:
        """A doctor of each institution, of the department where it has one, the popular more often."""
        wanted = pd.DataFrame({"inst": inst, "dept": "" if dept is None else dept})
        key, names, out = (
            self.doctors.popular.to_numpy(),
            self.doctors.dept.to_numpy(),
            np.full(len(inst), -1),
        )
        here = self.doctors.groupby("inst").indices
        for at in wanted.groupby(["inst", "dept"]).indices.values():
            place, department = wanted.iloc[at[0]]
            fit = here[place][names[here[place]] == department]
            pool = fit if len(fit) else here[place]
            out[at] = self.rng.choice(pool, len(at), p=key[pool] / key[pool].sum())
        return out

    def shops_near(self, village: np.ndarray) -> np.ndarray:
        """A pharmacy for each village given, near ones more often."""
        return self.first_shop + choose(self.rng, self.to_shop, village)

    def wards_near(self, village: np.ndarray) -> np.ndarray:
        """A hospital with beds for each village given."""
        return choose(self.rng, self.to_ward, village)

    def clinics_near(self, village: np.ndarray) -> np.ndarray:
        """A hospital or clinic for each village given."""
        return choose(self.rng, self.to_clinic, village)

    def villages_of(self, psn: np.ndarray) -> np.ndarray:
        """Village numbers of people."""
        return self.people.village.to_numpy()[psn]

    # Truth.

    def name(self, kind: str, at: np.ndarray | int) -> list[str]:
        """Ids of subjects by their number."""
        frame, column = {"patient": (self.people, "psn_no"), "prescriber": (self.doctors, "code")}.get(
            kind, (self.places, "code")
        )
        return list(frame[column].to_numpy()[np.atleast_1d(at)])

    def blame(self, kind: str, at: np.ndarray | int, scheme: str) -> None:
        """These subjects are guilty of the scheme."""
        self.truth += [(kind, name, scheme) for name in self.name(kind, at)]

    def excuse(self, kind: str, at: np.ndarray | int, why: str) -> None:
        """These subjects look guilty of a scheme and are not."""
        self.alike += [(kind, name, why) for name in self.name(kind, at)]

    def leave_out(self, kind: str, at: np.ndarray | int) -> None:
        """These subjects are neither guilty nor innocent."""
        self.neutral += [(kind, name) for name in self.name(kind, at)]

    def ring(self, psn: np.ndarray) -> None:
        """These people act together."""
        label = f"ring{len({r for r, _ in self.rings}) + 1:02d}"
        self.rings += [(label, name) for name in self.name("patient", psn)]


def found_city(plan: Plan) -> City:
    """Place, people, institutions and doctors; nothing has happened yet."""
    rng = np.random.default_rng([plan.seed, 2])
    geo = settle(rng, plan.districts)
    people = populate(rng, plan.persons, geo, plan.illness)
    hospital = hospitals(rng, geo, plan.hospitals)
    place = join(rng, hospital, pharmacies(rng, geo, plan.pharmacies, hospital))
    chance = 0.0075 * np.minimum(people.frailty**1.6, 25) * plan.days / 365
    chance *= 0.0075 * plan.days / 365 / max(chance.mean(), 1e-9)
    days = rng.integers(20, plan.days - 2, len(people))
    at = plan.start + days * DAY + rng.integers(0, 86_400, len(people)).astype("timedelta64[s]")
    people["dies"] = pd.Series(at).where(rng.random(len(people)) < chance).astype("datetime64[s]")
    # What the registers will say; nearly always the truth.
    people["registered"] = people.dies
    return City(plan, rng, geo, people, place, doctors(rng, place))
