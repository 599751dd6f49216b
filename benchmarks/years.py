"""Lists of past runs of cities of several years, judged by the outcomes that came after them, compared
with plain baselines.

    python benchmarks/years.py CITY STORE AS_OF [CITY STORE AS_OF …]

CITY = what `fundguard simulate` wrote, STORE = a folder that is filled from it where it holds nothing yet.
On each of several dates, as in `fundguard evaluate`, the product and the baselines of `planted.py` (the
learner on simple totals, the order by fund payment, an isolation forest on totals) are trained with the
outcomes known then, score the next date, and are judged by the outcomes of the window after it, of
subjects they were not trained on. Prints a table a city, with 95 % intervals by bootstrap over subjects,
the time of the last training and the peak of memory.
"""

import pickle
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from cities import snapshot_of, sources, table
from planted import FOREST, FUND, FUNDGUARD, INSTITUTIONS, KEYS, LEARNER, MONEY
from scipy.special import expit
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import StratifiedKFold

from features.measures.catalogue import SUBJECTS
from models.evaluation import reliability, with_intervals
from models.learner import Learner
from models.training_data import FOLDS, training_set
from pipelines.backtest import Past
from pipelines.evaluate import DEPTHS, evaluate_past
from pipelines.settings import Settings
from pipelines.train import decided, fit_model, labels

# As-of dates, and days between them: half a year, for in a small city few cases are closed in a quarter.
AS_OF_DATES, WINDOW = 4, 180
KINDS = ("patient", "visit", "prescriber", "pharmacy", "hospital")
SHOWN = (
    "precision_at_50",
    "precision_at_100",
    "recall_at_50",
    "recall_at_100",
    "average_precision",
    "auc",
    "lift_at_1pct",
)


@dataclass(frozen=True)
class Snapshot:
    """Claims as of a date, as they are judged, and by kind the logarithms of what a bureau can add up:
    subjects × totals."""

    past: Past
    totals: dict[str, pd.DataFrame]


def read(city: Path, store: Path, as_of: date) -> Snapshot:
    """Measure the claims as of a date, or take what was kept."""
    kept = store / f"past-{as_of}-{sources():08x}.pickle"
    if not kept.exists():
        with snapshot_of(city, store, as_of) as snapshot:
            columns = [
                *dict.fromkeys(["mdtrt_id", *KEYS.values(), "fixmedins_code", "begntime", "endtime", *MONEY])
            ]
            visits = snapshot.claims.visits
            visits = visits.select(*(name for name in columns if name in visits.columns)).to_pandas()
            past = Past(as_of, snapshot.subjects, {kind: decided(snapshot.claims, kind) for kind in SUBJECTS})
        kept.touch(mode=0o600)
        kept.write_bytes(pickle.dumps(Snapshot(past, {kind: totals(visits, kind) for kind in KINDS})))
    return pickle.loads(kept.read_bytes())


def totals(visits: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Logarithms of counts, days, people, places and sums of money: subjects × totals."""
    if kind in INSTITUTIONS:
        visits = visits[visits.fixmedins_code.str.startswith(INSTITUTIONS[kind])]
    days = ((visits.endtime - visits.begntime).dt.total_seconds() / 86_400).fillna(0).clip(lower=0)
    subjects = visits.assign(days=days).groupby(KEYS.get(kind, "fixmedins_code"))
    counts = subjects.agg(
        visits=("mdtrt_id", "size"),
        people=("psn_no", "nunique"),
        places=("fixmedins_code", "nunique"),
        days=("days", "sum"),
    )
    money = subjects[[name for name in MONEY if name in visits]].sum()
    return np.log1p(counts.join(money).clip(lower=0))


def baselines(old: pd.DataFrame, new: pd.DataFrame, known: pd.Series) -> Iterator[tuple[str, pd.Series]]:
    """Way → score (0 to 1) of the new totals by what was trained on the old ones with the outcomes known
    then."""
    yield FUND, new.fund_pay_sumamt.rank(pct=True)
    forest = IsolationForest(n_estimators=200, random_state=0).fit(old)
    yield FOREST, pd.Series(-forest.score_samples(new), new.index).rank(pct=True)
    data = training_set(old, known)
    if data is not None:
        learner = Learner().fit(data.features, data.target, data.weight)
        yield LEARNER, pd.Series(expit(learner.raw(new) + learner.base), new.index)


def tests(
    past_runs: list[Snapshot], kind: str, how: str
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame, pd.Series, pd.DataFrame]]:
    """Old totals, new totals, outcomes to train with and cases to test by, split as `pipelines.evaluate`
    splits them."""
    if how == "prequential":
        for before, now, later in zip(past_runs, past_runs[1:], past_runs[2:], strict=False):
            known, cases = labels(before.past.cases[kind]), later.past.cases[kind]
            fresh = pd.to_datetime(cases.close_date).dt.date >= now.past.as_of
            yield before.totals[kind], now.totals[kind], known, cases[fresh & ~cases.index.isin(known.index)]
        return
    last = past_runs[-1]
    cases = last.past.cases[kind]
    cases = cases[cases.index.isin(last.past.subjects[kind].z_scores.index)]
    target = labels(cases)
    for seen, held in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(target, target):
        yield last.totals[kind], last.totals[kind], target.iloc[seen], cases.iloc[held]


def tested(past_runs: list[Snapshot], kind: str, how: str) -> dict[str, tuple[pd.DataFrame, int]]:
    """Way → tested subjects (as `models.evaluation.inspection_metrics` takes them), length of the list."""
    found = {}
    for old, new, known, cases in tests(past_runs, kind, how):
        for way, score in baselines(old, new, known):
            listed = score.drop(known.index, errors="ignore").sort_values(ascending=False, kind="stable")
            rank = pd.Series(np.arange(1, len(listed) + 1), listed.index)
            mine = cases[cases.index.isin(listed.index)]
            amount = pd.to_numeric(mine.cfm_amt).fillna(0.0).astype(float)
            rows = {"target": labels(mine), "score": listed.loc[mine.index], "rank": rank.loc[mine.index]}
            found.setdefault(way, []).append((pd.DataFrame(rows | {"amount": amount}), len(listed)))
    return {
        way: (pd.concat([rows for rows, _length in parts]), int(np.mean([length for _rows, length in parts])))
        for way, parts in found.items()
    }


def calibration(curve: pd.DataFrame) -> float:
    """Expected calibration error: how far predicted probabilities are from what came true, weighed by
    subjects."""
    return float((curve.n * (curve.predicted - curve.confirmed).abs()).sum() / curve.n.sum())


def row(kind: str, way: str, figures: pd.DataFrame, tested: int, confirmed: int, error: str) -> list[str]:
    """A line of the table; index of the figures: metric."""
    shown = [
        "–"
        if np.isnan(figures.value[name])
        else f"{figures.value[name]:.2f} ({figures.low[name]:.2f}–{figures.high[name]:.2f})"
        for name in SHOWN
    ]
    brier = f"{figures.value['brier']:.3f}" if error else "–"
    return [kind, way, f"{tested}", f"{confirmed}", *shown, brier, error or "–"]


def compare(city: Path, store: Path, as_of: date) -> None:
    """Print the table of a city."""
    past_runs = [read(city, store, as_of - timedelta(days=WINDOW * n)) for n in reversed(range(AS_OF_DATES))]
    settings = Settings()
    found = evaluate_past([snapshot.past for snapshot in past_runs], settings)
    print(f"\n### {city.name}, {as_of}, windows of {WINDOW} days\n")
    rows = []
    for kind, how in found.how.items():
        figures = found.figures[(found.figures.subject_type == kind) & (found.figures.population == "all")]
        ours = figures.set_index("metric")
        error = f"{calibration(found.curves[kind]):.3f}"
        rows.append(
            row(kind, f"{FUNDGUARD}, {how}", ours, ours.tested.iloc[0], ours.confirmed.iloc[0], error)
        )
        for way, (judged, length) in tested(past_runs, kind, how).items():
            error = f"{calibration(reliability(judged)):.3f}" if way == LEARNER else ""
            plain = with_intervals(judged, length, DEPTHS)
            rows.append(row(kind, way, plain, len(judged), int(judged.target.sum()), error))
    table(["kind", "list", "tested", "confirmed", *SHOWN, "Brier", "calibration error"], rows)
    last, seconds = past_runs[-1].past, {}
    for kind, measured in last.subjects.items():
        begun = time.perf_counter()
        fit_model(kind, measured, labels(last.cases[kind]), settings)
        seconds[kind] = time.perf_counter() - begun
    each = ", ".join(
        f"{kind} {taken:.1f} s of {len(last.subjects[kind].values)}" for kind, taken in seconds.items()
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"\nLast training: {each}; peak of memory {peak:.1f} GB")


def main(arguments: list[str]) -> None:
    """Print the tables."""
    for city, store, as_of in zip(arguments[::3], arguments[1::3], arguments[2::3], strict=True):
        compare(Path(city), Path(store), date.fromisoformat(as_of))


if __name__ == "__main__":
    main(sys.argv[1:])
