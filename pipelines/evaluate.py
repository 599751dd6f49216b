"""The steps that evaluate: how good the lists of past runs were, and the page that says so."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from claims.store import Store, scratch
from claims.versions import replaced
from features.measures.catalogue import SUBJECTS, spec
from models.evaluation import leaks, reliability, with_intervals
from models.training_data import training_set
from pipelines.backtest import Past, backtest, covers_two_windows
from pipelines.champions import registry
from pipelines.measure import measure
from pipelines.recall_estimate import RECALL_ESTIMATE, closed_cases, recall_estimate
from pipelines.settings import Settings
from pipelines.step_log import Figure, logged_step
from pipelines.train import decided, fitted_rows, labels
from pipelines.typed_frames import tuples
from reports.evaluation_page import page

# Days of outcomes that a window tests on, at least (more where outcomes take longer to become known); most
# windows.
WINDOW, MOST_WINDOWS = 90, 4
# Depths of a list at which precision and recall are stated, in addition to the capacity.
DEPTHS = (50, 100, 500)
COLUMNS = ["subject_type", "population", "metric", "value", "low", "high", "tested", "confirmed"]


@dataclass(frozen=True)
class Evaluation:
    """How good the lists of past runs were.

    Attributes:
        how: kind of subject → ``prequential`` or ``cross-validated``.
        figures: subject_type, population (all, or new: not decided before), metric, value, low, high, tested,
            confirmed.
        curves: kind of subject → `models.evaluation.reliability` of all its tested subjects.
        suspicious: kind of subject → measures that separate the confirmed too well to be true, with their
            AUC.
        recall_estimate: share of the guilty the list reaches (`pipelines.recall_estimate.recall_estimate`).
    """

    how: dict[str, str]
    figures: pd.DataFrame
    curves: dict[str, pd.DataFrame]
    suspicious: dict[str, dict[str, float]]
    recall_estimate: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=RECALL_ESTIMATE))

    def counts(self) -> Mapping[str, Figure]:
        """Kinds of subject tested, and figures."""
        return {"kinds": len(self.how), "figures": len(self.figures)}


@dataclass(frozen=True)
class EvaluationFolder:
    """A written evaluation: ``STORE/evaluations/AS_OF``."""

    folder: Path
    metrics: int

    def counts(self) -> Mapping[str, Figure]:
        """Metrics logged."""
        return {"metrics": self.metrics}


@logged_step("evaluate")
def evaluate(store: Store, settings: Settings, as_of: date) -> Evaluation:
    """Evaluate the lists of every kind of subject that has outcomes.

    Windows go back from the date. A model trained on one snapshot scores the next; it is tested on the
    outcomes that became known in the window after that, of subjects it was not trained on. Snapshots lie at
    least as far apart as outcomes usually take to become known. Where outcomes cover less than two windows,
    subjects are cross-validated on the last snapshot.

    Raises:
        StoreError: nothing was loaded yet, or nothing was settled before the date.
    """
    last, first, closed = _past(store, settings, as_of)
    past, window = [last], _window(last.cases)
    # Measuring is what costs: where no kind of subject can be tested on windows, the last snapshot is enough.
    rolling = any(covers_two_windows(cases, timedelta(days=window)) for cases in last.cases.values())
    for number in range(1, MOST_WINDOWS + 1 if rolling else 1):
        earlier = as_of - timedelta(days=number * window)
        # A snapshot needs a window of claims to look back on.
        if first > earlier - timedelta(days=window):
            break
        past.append(_past(store, settings, earlier)[0])
    recall = recall_estimate(store.runs_before(as_of), closed, as_of, window)
    return replace(evaluate_past(past[::-1], settings), recall_estimate=recall)


def evaluate_past(past: list[Past], settings: Settings) -> Evaluation:
    """`evaluate` on snapshots already measured, oldest first; the cases of the last are all that is known."""
    tests = {subject: backtest(past, subject, settings) for subject in SUBJECTS}
    tests = {subject: test for subject, test in tests.items() if len(test[1])}
    figures = [
        _figures(rows, length, settings).assign(subject_type=subject)
        for subject, (_how, rows, length) in tests.items()
    ]
    return Evaluation(
        {subject: how for subject, (how, _rows, _length) in tests.items()},
        pd.concat(figures, ignore_index=True)[COLUMNS] if figures else pd.DataFrame(columns=COLUMNS),
        {subject: reliability(rows) for subject, (_how, rows, _length) in tests.items()},
        {subject: _suspicious(past[-1], subject, settings) for subject in tests},
    )


@logged_step("report")
def write_evaluation(found: Evaluation, store: Store, settings: Settings, as_of: date) -> EvaluationFolder:
    """Write `evaluation.parquet`, `recall_estimate.parquet` and `evaluation.html` to STORE/evaluations/AS_OF,
    whole or not at all, and log the figures to MLflow."""
    target = store.path / "evaluations" / as_of.isoformat()
    text = page(
        found.how,
        found.figures,
        found.curves,
        found.suspicious,
        found.recall_estimate,
        as_of,
        settings.language,
    )
    with replaced(store.path, target) as building:
        found.figures.to_parquet(building / "evaluation.parquet", index=False)
        found.recall_estimate.to_parquet(building / "recall_estimate.parquet", index=False)
        (building / "evaluation.html").write_text(text, encoding="utf-8")
    metrics = _metrics(found)
    registry(store, settings).log_evaluation(as_of.isoformat(), metrics, text)
    return EvaluationFolder(target, len(metrics))


def _metrics(found: Evaluation) -> dict[str, float]:
    """The figures by the names under which MLflow keeps them."""
    known = found.figures[found.figures.value.notna()]
    metrics = {f"{row.subject_type}.{row.population}.{row.metric}": row.value for row in tuples(known)}
    for row in tuples(found.recall_estimate):
        values = {"decided": row.decided, "share": row.share, "recall": row.recall}
        metrics |= {f"{row.subject_type}.sampled.{k}": float(v) for k, v in values.items() if pd.notna(v)}
    return metrics


def _figures(rows: pd.DataFrame, length: int, settings: Settings) -> pd.DataFrame:
    depths = tuple(sorted({*DEPTHS, settings.capacity}))
    found = []
    for population, chosen in (("all", rows), ("new", rows[rows.new])):
        if len(chosen):
            figures = with_intervals(chosen, length, depths, settings.seed).reset_index(names="metric")
            confirmed = int(chosen.target.sum())
            found.append(figures.assign(population=population, tested=len(chosen), confirmed=confirmed))
    return pd.concat(found)


def _suspicious(last: Past, subject: str, settings: Settings) -> dict[str, float]:
    """Measures that separate the confirmed too well to be true, with their AUC."""
    known = labels(last.cases[subject])
    features = fitted_rows(last.subjects[subject].z_scores, known)[spec(subject).index]
    data = training_set(features, known, settings.seed)
    return {} if data is None else cast(dict[str, float], leaks(data).to_dict())


def _past(store: Store, settings: Settings, as_of: date) -> tuple[Past, date, pd.DataFrame]:
    """A snapshot without its claims, the day of its first settlement, and every decided case known by
    then."""
    with (
        scratch(store.path) as work,
        closing(measure(store, as_of, work, settings.rules, settings.cluster)) as snapshot,
    ):
        cases = {subject: decided(snapshot.claims, subject) for subject in snapshot.subjects}
        first, closed = snapshot.claims.visits.setl_time.min().execute(), closed_cases(snapshot.claims)
        return Past(as_of, snapshot.subjects, cases), first.date(), closed


def _window(cases: dict[str, pd.DataFrame]) -> int:
    """Days between snapshots: WINDOW, or the median time from the end of the conduct to the close of the
    case."""
    every = pd.concat(list(cases.values()))
    delay = (pd.to_datetime(every.close_date) - pd.to_datetime(every.enddate)).dt.days.median()
    return max(WINDOW, 0 if np.isnan(delay) else int(delay))
