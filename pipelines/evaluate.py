"""The step that judges: train on the past, test on the outcomes that came later, roll on (Dawid 1984, prequential)."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from claims.store import Store, replaced, scratch
from features.measures.catalogue import SUBJECTS, spec
from models.evaluation import MIN_INSPECTED, leaks, reliability, with_intervals
from models.subject_model import SubjectModel
from models.training_data import FOLDS, training_set
from pipelines.measure import Measured, measure
from pipelines.recall_estimate import RECALL_ESTIMATE, closed_cases, recall_estimate
from pipelines.settings import Settings
from pipelines.train import decided, fit_model, labels, registry
from reports.evaluation import page

# Days of outcomes that a window tests on, at least; more where outcomes take longer to become known.
WINDOW, MOST_WINDOWS = 90, 4
DEPTHS = (50, 100, 500)
COLUMNS = ["subject_type", "population", "metric", "value", "low", "high", "tested", "confirmed"]


@dataclass(frozen=True)
class Evaluation:
    """How good the lists of past nights were.

    Attributes:
        how: kind of subject → ``prequential`` or ``cross-validated``.
        figures: subject_type, population (all, or new: not decided before), metric, value, low, high, tested, confirmed.
        curves: kind of subject → `models.evaluation.reliability` of all its tested subjects.
        suspicious: kind of subject → measures that tell the confirmed too well to be true, with their AUC.
        missed: what the list misses, from those drawn at random (`pipelines.recall_estimate.recall_estimate`).
    """

    how: dict[str, str]
    figures: pd.DataFrame
    curves: dict[str, pd.DataFrame]
    suspicious: dict[str, dict[str, float]]
    recall_estimate: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=RECALL_ESTIMATE))


@dataclass(frozen=True)
class Past:
    """What is looked at of a night: every kind of subject measured, and its last decided cases."""

    as_of: date
    subjects: dict[str, Measured]
    cases: dict[str, pd.DataFrame]


def evaluate(store: Store, settings: Settings, as_of: date) -> Evaluation:
    """Judge every kind of subject that has outcomes.

    Windows go back from the night. A model trained on one night scores the next; it is judged by the outcomes that
    became known in the window after that night, of subjects it was not trained on. Nights lie at least as far apart
    as outcomes usually take to become known. Where outcomes cover less than two windows, subjects are
    cross-validated on the last night.

    Raises:
        StoreError: nothing was loaded yet, or nothing was settled before the night.
    """
    last, first, closed = _night(store, settings, as_of)
    past_runs, window = [last], _window(last.cases)
    # Measuring is what costs: where no kind of subject can be tested on windows, the last night is enough.
    rolling = any(_rolls(cases, timedelta(days=window)) for cases in last.cases.values())
    for number in range(1, MOST_WINDOWS + 1 if rolling else 1):
        earlier = as_of - timedelta(days=number * window)
        # A night needs a window of claims to look back on.
        if first > earlier - timedelta(days=window):
            break
        past_runs.append(_night(store, settings, earlier)[0])
    lost = recall_estimate(store.runs_before(as_of), closed, as_of, window)
    return replace(judge(past_runs[::-1], settings), recall_estimate=lost)


def judge(past_runs: list[Past], settings: Settings) -> Evaluation:
    """`evaluate` on nights already measured, oldest first; the last one's cases are all that is known."""
    found = {subject: _test(past_runs, subject, settings) for subject in SUBJECTS}
    found = {subject: (how, rows, length) for subject, (how, rows, length) in found.items() if len(rows)}
    figures = [
        _figures(rows, length, settings).assign(subject_type=subject)
        for subject, (_how, rows, length) in found.items()
    ]
    return Evaluation(
        {subject: how for subject, (how, _rows, _length) in found.items()},
        pd.concat(figures, ignore_index=True)[COLUMNS] if figures else pd.DataFrame(columns=COLUMNS),
        {subject: reliability(rows) for subject, (_how, rows, _length) in found.items()},
        {subject: _suspicious(past_runs[-1], subject, settings) for subject in found},
    )


def write_evaluation(found: Evaluation, store: Store, settings: Settings, as_of: date) -> Path:
    """Write `evaluation.parquet`, `recall_estimate.parquet` and `evaluation.html` to STORE/evaluations/AS_OF, whole or not at
    all, and log the figures to MLflow; returns the folder."""
    target = store.path / "evaluations" / as_of.isoformat()
    target.parent.mkdir(mode=0o700, exist_ok=True)
    text = page(
        found.how,
        found.figures,
        found.curves,
        found.suspicious,
        found.recall_estimate,
        as_of,
        settings.language,
    )
    with replaced(target) as building:
        found.figures.to_parquet(building / "evaluation.parquet", index=False)
        found.recall_estimate.to_parquet(building / "recall_estimate.parquet", index=False)
        (building / "evaluation.html").write_text(text, encoding="utf-8")
    told = found.figures[found.figures.value.notna()]
    metrics = {f"{row.subject_type}.{row.population}.{row.metric}": row.value for row in told.itertuples()}
    random_sample = (
        found.recall_estimate.set_index("subject_type")[["decided", "share", "recall"]].stack().dropna()
    )
    metrics |= {f"{subject}.drawn.{name}": float(value) for (subject, name), value in random_sample.items()}
    registry(store, settings).log_evaluation(as_of.isoformat(), metrics, text)
    return target


def _test(past_runs: list[Past], subject: str, settings: Settings) -> tuple[str, pd.DataFrame, int]:
    """How a kind of subject was tested, its tested subjects (none where too few), and how long their lists were."""
    for how, tests in (
        ("prequential", _prequential(past_runs, subject, settings)),
        ("cross-validated", _cross_validated(past_runs[-1], subject, settings)),
    ):
        tested = [(rows, length) for rows, length in tests if len(rows)]
        if sum(len(rows) for rows, _length in tested) >= MIN_INSPECTED:
            length = int(np.mean([length for _rows, length in tested]))
            return how, pd.concat([rows for rows, _length in tested]), length
    return "", pd.DataFrame(), 0


def _figures(rows: pd.DataFrame, length: int, settings: Settings) -> pd.DataFrame:
    depths = tuple(sorted({*DEPTHS, settings.capacity}))
    found = []
    for population, chosen in (("all", rows), ("new", rows[rows.new])):
        if len(chosen):
            counts = {"population": population, "tested": len(chosen), "confirmed": int(chosen.target.sum())}
            figures = with_intervals(chosen, length, depths, settings.seed).reset_index(names="metric")
            found.append(figures.assign(**counts))
    return pd.concat(found)


def _suspicious(snapshot: Past, subject: str, settings: Settings) -> dict[str, float]:
    """Measures that tell the confirmed too well to be true, with their AUC."""
    features = snapshot.subjects[subject].differences[spec(subject).index]
    data = training_set(features, labels(snapshot.cases[subject]), settings.seed)
    return {} if data is None else leaks(data).to_dict()


def _night(store: Store, settings: Settings, as_of: date) -> tuple[Past, date, pd.DataFrame]:
    """A night as it is looked at, the day of its first settlement, and every decided case known on it."""
    with scratch(store.path) as work:
        snapshot = measure(store, as_of, work, settings.rules)
        cases = {subject: decided(snapshot.claims, subject) for subject in snapshot.subjects}
        first, closed = snapshot.claims.visits.setl_time.min().execute(), closed_cases(snapshot.claims)
        snapshot.claims.con.disconnect()
    return Past(as_of, snapshot.subjects, cases), first.date(), closed


def _window(cases: dict[str, pd.DataFrame]) -> int:
    """Days between nights: a quarter, or the median time from the end of the conduct to the close of the case."""
    every = pd.concat(list(cases.values()))
    delay = (pd.to_datetime(every.close_date) - pd.to_datetime(every.enddate)).dt.days.median()
    return max(WINDOW, 0 if np.isnan(delay) else int(delay))


def _rolls(cases: pd.DataFrame, window: timedelta) -> bool:
    """Do outcomes cover two windows, one to learn from and one to test on?"""
    closed = pd.to_datetime(cases.close_date)
    return len(closed) > 0 and closed.max() - closed.min() >= 2 * window


def _prequential(
    past_runs: list[Past], subject: str, settings: Settings
) -> Iterator[tuple[pd.DataFrame, int]]:
    """Tested subjects of each window and the length of the list they stood in; none where outcomes cover less than
    two windows, for then the past has nothing to teach."""
    if len(past_runs) < 3 or subject not in past_runs[-1].cases:
        return
    if not _rolls(past_runs[-1].cases[subject], past_runs[-1].as_of - past_runs[-2].as_of):
        return
    for past, now, later in zip(past_runs, past_runs[1:], past_runs[2:], strict=False):
        if not all(subject in snapshot.subjects for snapshot in (past, now)) or subject not in later.cases:
            continue
        known = labels(past.cases[subject])
        model = fit_model(subject, past.subjects[subject], known, settings)
        cases = later.cases[subject]
        fresh = pd.to_datetime(cases.close_date).dt.date >= now.as_of
        cases = cases[fresh & ~cases.index.isin(known.index)]
        listed = _scores(model, now.subjects[subject])
        yield _judged(cases, listed.drop(known.index, errors="ignore"), now.cases[subject].index), len(listed)


def _cross_validated(snapshot: Past, subject: str, settings: Settings) -> Iterator[tuple[pd.DataFrame, int]]:
    if subject not in snapshot.subjects:
        return
    measured, cases = snapshot.subjects[subject], snapshot.cases[subject]
    cases = cases[cases.index.isin(measured.differences.index)]
    target = labels(cases)
    if len(target) < MIN_INSPECTED or target.value_counts().min() < FOLDS or target.nunique() < 2:
        return
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=settings.seed)
    for seen, held in folds.split(target, target):
        listed = _scores(fit_model(subject, measured, target.iloc[seen], settings), measured)
        # A fold stands among those whom nobody inspected; ranks are those of the list without the trained.
        listed = listed.drop(target.index[seen])
        yield _judged(cases.iloc[held], listed, pd.Index([])), len(listed)


def _scores(model: SubjectModel, measured: Measured) -> pd.Series:
    parts = model.parts(measured.differences, measured.peers, measured.graph, measured.rules)
    return model.score(parts)["score"].sort_values(ascending=False, kind="stable")


def _judged(cases: pd.DataFrame, listed: pd.Series, before: pd.Index) -> pd.DataFrame:
    """Tested subjects: target, score, rank, amount (yuan confirmed), new (no case decided before the list)."""
    cases = cases[cases.index.isin(listed.index)]
    rank = pd.Series(np.arange(1, len(listed) + 1), listed.index)
    return pd.DataFrame(
        {
            "target": labels(cases),
            "score": listed.reindex(cases.index),
            "rank": rank.reindex(cases.index),
            "amount": pd.to_numeric(cases.cfm_amt).fillna(0.0).astype(float),
            "new": ~cases.index.isin(before),
        }
    )
