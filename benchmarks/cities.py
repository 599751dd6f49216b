"""Synthetic cities measured once and kept, outcomes revealed in several ways, and rankings compared
with intervals.

The benchmarks of the learnt part share it. Measuring a city takes minutes and comparing seconds, so what
was measured is kept with the store, in a file whose name changes with the sources that measure.
"""

import pickle
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone

from claims.store import Store, scratch
from features.measures.catalogue import SUBJECTS, spec
from models.fusion import Fusion, fit_weights, spreads
from models.learner import Learner, out_of_fold
from models.subject_model import SubjectModel
from models.training_data import TrainingSet
from pipelines.measure import measure
from pipelines.snapshot import Measured, Snapshot
from pipelines.train import outcomes

ROOT = Path(__file__).parents[1]
# Sources on which a measured city depends.
MEASURING = ("claims/*.py", "features/**/*.py", "pipelines/*.py")
KINDS = ("patient", "visit", "prescriber", "pharmacy", "hospital")
BOOTSTRAP_ROUNDS, INTERVAL = 300, 0.95
# Subjects of a kind that are compared; with the many visits of a city each comparison would take minutes.
MOST = 10_000


@contextmanager
def snapshot_of(city: Path, store: Path, as_of: date) -> Iterator[Snapshot]:
    """A city measured as of a date; its claims are loaded into the store where that is empty."""
    claims = Store(store)
    if claims.generation is None:
        claims.ingest(city / "input")
    with scratch(store) as work, closing(measure(claims, as_of, work)) as snapshot:
        yield snapshot


@dataclass(frozen=True, eq=False)
class City:
    """A city as of a date: what was measured, who was inspected, who is guilty.

    Attributes:
        outcomes: by kind, 1 confirmed or partly, 0 cleared, by subject_id: what the simulator's inspectors
            found.
        truth: subject_type, subject_id, scheme, strength.
        innocent: look-alikes: subject_type, subject_id, kind.
        unjudged: visits of guilty patients that the truth does not list; neither hits nor misses.
    """

    name: str
    subjects: dict[str, Measured]
    outcomes: dict[str, pd.Series]
    truth: pd.DataFrame
    innocent: pd.DataFrame
    unjudged: frozenset[str]

    @classmethod
    def read(cls, city: Path, store: Path, as_of: date) -> "City":
        """From CITY, what `fundguard simulate` wrote, by way of STORE, which is filled where it holds
        nothing yet."""
        kept = store / f"measured-{as_of}-{sources():08x}.pickle"
        if not kept.exists():
            found = cls._measured(city, store, as_of)
            kept.touch(mode=0o600)
            kept.write_bytes(pickle.dumps(found))
        return pickle.loads(kept.read_bytes()).sampled(MOST)

    @classmethod
    def _measured(cls, city: Path, store: Path, as_of: date) -> "City":
        with snapshot_of(city, store, as_of) as snapshot:
            known = {kind: outcomes(snapshot.claims, kind) for kind in SUBJECTS}
            visits = snapshot.claims.visits.select("mdtrt_id", "psn_no").to_pandas()
        truth, innocent = (pd.read_parquet(city / f"{name}.parquet") for name in ("truth", "innocent"))
        guilty = truth[truth.subject_type == "patient"].subject_id
        listed = truth[truth.subject_type == "visit"].subject_id
        unjudged = frozenset(visits[visits.psn_no.isin(guilty)].mdtrt_id) - set(listed)
        return cls(city.name, snapshot.subjects, known, truth, innocent, unjudged)

    def sampled(self, most: int) -> "City":
        """At most so many subjects of a kind: the inspected, and a random sample of the others."""
        found = {}
        for kind, measured in self.subjects.items():
            ids = measured.z_scores.index
            inspected = ids[ids.isin(self.outcomes[kind].index)]
            others = ids.difference(inspected).to_series()
            others = others.sample(min(len(others), most - len(inspected)), random_state=0)
            rows = ids[ids.isin(inspected.union(others.index))]
            found[kind] = Measured(
                measured.values.loc[rows],
                measured.peers.loc[rows],
                measured.reference,
                measured.z_scores.loc[rows],
                measured.graph.loc[rows],
                measured.rules.loc[rows],
            )
        return replace(self, subjects=found)

    def guilty(self, kind: str) -> pd.Series:
        """1 guilty, 0 not, by subject_id of all that can be judged."""
        ids = self.subjects[kind].z_scores.index
        if kind == "visit":
            ids = ids[~ids.isin(self.unjudged)]
        named = self.truth[self.truth.subject_type == kind].subject_id
        return pd.Series(ids.isin(named).astype(int), ids)

    def schemes(self, kind: str) -> dict[str, set[str]]:
        """Scheme → its guilty of a kind."""
        rows = self.truth[self.truth.subject_type == kind]
        return {scheme: set(ids) for scheme, ids in rows.groupby("scheme").subject_id}

    def features(self, kind: str) -> pd.DataFrame:
        """Differences in the columns that are learnt from."""
        return self.subjects[kind].z_scores[spec(kind).index]


@cache
def parts_without_outcomes(city: City, kind: str) -> pd.DataFrame:
    """The parts of all subjects that a model without any outcome gives."""
    seen, nothing = city.subjects[kind], pd.Series(dtype=int)
    model = SubjectModel(kind, spec(kind)).fit(seen.z_scores, nothing, seen.graph, seen.rules)
    return model.parts(seen.z_scores, seen.graph, seen.rules)


def cities(arguments: list[str]) -> list[City]:
    """Read ``CITY STORE AS_OF [CITY STORE AS_OF …]``."""
    triples = zip(arguments[::3], arguments[1::3], arguments[2::3], strict=True)
    return [City.read(Path(city), Path(store), date.fromisoformat(as_of)) for city, store, as_of in triples]


def random_sample(city: City, kind: str, number: int, seed: int = 0) -> pd.Series:
    """Outcomes of so many subjects drawn at random."""
    guilty = city.guilty(kind)
    return guilty.sample(min(number, len(guilty) // 2), random_state=seed)


def learnt(
    city: City, kind: str, data: TrainingSet | None, learner: Learner | None = None
) -> tuple[Fusion, pd.DataFrame, pd.Series]:
    """What a model makes of a training set, as `SubjectModel.fit` does it.

    Args:
        learner: with the parameters to learn with; the default's where there is none.

    Returns:
        The fusion with its weights (not calibrated: that changes no order); the parts of all subjects; the
        learnt part of the inspected by a model that has not seen them (empty without a training set).
    """
    parts = parts_without_outcomes(city, kind)
    if data is None:
        return Fusion(), parts, pd.Series(dtype=float)
    learner = clone(learner or Learner()).fit(data.features, data.target, data.weight)
    everybody = parts.assign(model=learner.raw(city.features(kind)))
    inspected = data.inspected.to_numpy()
    held, target = out_of_fold(data, learner)[inspected], data.target[inspected]
    rows = everybody.loc[held.index].assign(model=held)
    return fit_weights(rows, target, spreads(everybody), data.random_sample), everybody, held


def figures(guilty: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """Average precision, and precision at k, the number of guilty.

    Args:
        guilty: 1 or 0, most suspect first.
        counts: how often each subject counts.
    """
    hits, rank = np.cumsum(counts * guilty), np.cumsum(counts)
    if not hits[-1]:
        return np.nan, np.nan
    first = hits[np.maximum(np.searchsorted(rank, hits[-1], "right") - 1, 0)]
    return float((counts * guilty) @ (hits / np.maximum(rank, 1)) / hits[-1]), float(first / hits[-1])


def compared(
    targets: list[pd.Series], scores: list[dict[str, pd.Series]], baseline: str, seed: int = 0
) -> pd.DataFrame:
    """Rankings of several cities, and how much better each is than one of them.

    Args:
        targets: by city, 1 guilty or 0, of the subjects that are judged.
        scores: by city, way of ranking → score of at least these subjects.
        baseline: the way to compare with.

    Returns:
        By way: AP and precision at k (means over the cities), and the interval of how much they exceed
        those of `baseline` (AP_low, AP_high, P_low, P_high), by paired bootstrap over the subjects of each
        city.
    """
    ways, rounds = list(scores[0]), []
    places = [
        {way: np.argsort(-score[way][target.index].to_numpy(), kind="stable") for way in ways}
        for target, score in zip(targets, scores, strict=True)
    ]
    guilty = [target.to_numpy() for target in targets]
    random = np.random.default_rng(seed)
    for number in range(BOOTSTRAP_ROUNDS + 1):
        each = []
        for y, order in zip(guilty, places, strict=True):
            counts = np.ones(len(y)) if number == 0 else random.poisson(1.0, len(y)).astype(float)
            each.append([figures(y[order[way]], counts[order[way]]) for way in ways])
        rounds.append(np.nanmean(each, axis=0))
    value, rest = rounds[0], np.array(rounds[1:])
    gain = rest - rest[:, [ways.index(baseline)]]
    low, high = np.quantile(gain, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2], axis=0)
    columns = np.c_[value, low[:, 0], high[:, 0], low[:, 1], high[:, 1]]
    return pd.DataFrame(columns, ways, ["AP", "P@k", "AP_low", "AP_high", "P_low", "P_high"])


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print rows as Markdown."""
    heads = list(heads)
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


def cells(row: pd.Series, baseline: bool) -> list[str]:
    """A row of `compared` as cells: AP, its gain, P@k, its gain."""
    gains = (
        ["", ""] if baseline else [f"{row[f'{m}_low']:+.3f} to {row[f'{m}_high']:+.3f}" for m in ("AP", "P")]
    )
    return [f"{row['AP']:.3f}", gains[0], f"{row['P@k']:.3f}", gains[1]]


def sources() -> int:
    """A checksum of the sources that measure."""
    files = sorted(file for pattern in MEASURING for file in ROOT.glob(pattern))
    return zlib.crc32(b"".join(file.read_bytes() for file in files))
