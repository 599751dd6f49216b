"""How well earlier lists would have done: models trained on the past, tested on outcomes that came later.

Prequential where outcomes cover at least two windows (Dawid 1984, doi 10.2307/2981683), cross-validated
otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from models.evaluation import MIN_INSPECTED
from models.subject_model import SubjectModel
from models.training_data import FOLDS
from pipelines.settings import Settings
from pipelines.snapshot import Measured
from pipelines.train import fit_model, labels, measured_parts

# Tested subjects of one list (columns of `_tested`), and the length of the list.
Test = tuple[pd.DataFrame, int]


@dataclass(frozen=True)
class Past:
    """A snapshot without its claims: every kind of subject measured, and its last decided cases."""

    as_of: date
    subjects: dict[str, Measured]
    cases: dict[str, pd.DataFrame]


def backtest(past: list[Past], subject: str, settings: Settings) -> tuple[str, pd.DataFrame, int]:
    """Test the lists of one kind of subject.

    Args:
        past: snapshots, oldest first; the cases of the last are all that is known.

    Returns:
        How it was tested (``prequential`` or ``cross-validated``), the tested subjects (none where outcomes
        are too few): target, score, rank, amount (yuan confirmed), new (no case decided before the list); and
        the mean length of the lists.
    """
    for how, tests in (
        ("prequential", _prequential(past, subject, settings)),
        ("cross-validated", _cross_validated(past[-1], subject, settings)),
    ):
        tested = [(rows, length) for rows, length in tests if len(rows)]
        if sum(len(rows) for rows, _length in tested) >= MIN_INSPECTED:
            length = int(np.mean([length for _rows, length in tested]))
            return how, pd.concat([rows for rows, _length in tested]), length
    return "", pd.DataFrame(), 0


def covers_two_windows(cases: pd.DataFrame, window: timedelta) -> bool:
    """Do outcomes cover two windows, one to learn from and one to test on?"""
    closed = pd.to_datetime(cases.close_date)
    return len(closed) > 0 and bool(closed.max() - closed.min() >= 2 * window)


def _prequential(past: list[Past], subject: str, settings: Settings) -> Iterator[Test]:
    """Tested subjects of each window; none where outcomes cover less than two windows."""
    if len(past) < 3 or subject not in past[-1].cases:
        return
    if not covers_two_windows(past[-1].cases[subject], past[-1].as_of - past[-2].as_of):
        return
    for before, now, later in zip(past, past[1:], past[2:], strict=False):
        if all(subject in seen.subjects for seen in (before, now)) and subject in later.cases:
            yield _window_test(before, now, later, subject, settings)


def _window_test(before: Past, now: Past, later: Past, subject: str, settings: Settings) -> Test:
    """A model of the snapshot before scores the next; outcomes since judge it, of subjects it was not trained
    on."""
    known = labels(before.cases[subject])
    model = fit_model(subject, before.subjects[subject], known, settings)
    cases = later.cases[subject]
    fresh = pd.to_datetime(cases.close_date).dt.date >= now.as_of
    cases = cases[fresh & ~cases.index.isin(known.index)]
    listed = _scores(model, now.subjects[subject])
    tested = _tested(cases, listed.drop(known.index, errors="ignore"), now.cases[subject].index)
    return tested, len(listed)


def _cross_validated(last: Past, subject: str, settings: Settings) -> Iterator[Test]:
    if subject not in last.subjects:
        return
    measured, cases = last.subjects[subject], last.cases[subject]
    cases = cases[cases.index.isin(measured.z_scores.index)]
    target = labels(cases)
    if len(target) < MIN_INSPECTED or target.value_counts().min() < FOLDS or target.nunique() < 2:
        return
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=settings.seed)
    for seen, held in folds.split(target, target):
        listed = _scores(fit_model(subject, measured, target.iloc[seen], settings), measured)
        # Subjects the fold was trained on leave the list, so that the held-out stand among the never
        # inspected.
        listed = listed.drop(target.index[seen])
        yield _tested(cases.iloc[held], listed, pd.Index([])), len(listed)


def _scores(model: SubjectModel, measured: Measured) -> pd.Series:
    return model.score(measured_parts(model, measured))["score"].sort_values(ascending=False, kind="stable")


def _tested(cases: pd.DataFrame, listed: pd.Series, before: pd.Index) -> pd.DataFrame:
    """The decided subjects of a list: target, score, rank, amount (yuan confirmed), new (no case before the
    list)."""
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
