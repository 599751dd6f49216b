"""Which subjects a model learns from: the inspected, and where needed a sample of the others.

Inspected subjects were chosen by somebody, so the cleared among them do not represent honest subjects
(selective labels). Where they are as good as a random sample, they alone are learnt from; otherwise a sample
of the subjects never inspected stands for the honest, with a small weight.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from models.linear_model import bounded, logistic_regression

Positions = npt.NDArray[np.intp]

# With fewer confirmed subjects of a kind no model is fitted. Own starting value.
MIN_CONFIRMED = 8
FOLDS = 5
# Total weight of the subjects never inspected, per confirmed one; they are taken as honest, as most of them
# are. Own starting value.
UNINSPECTED_WEIGHT = 3.0
# At most so many of them are sampled.
UNINSPECTED_ROWS = 20_000
# The inspected count as a random sample where the measures separate them from the others no better than this
# (AUC out of fold), and where there are enough of both to see it. Own starting values.
RANDOM_SAMPLE_AUC, RANDOM_SAMPLE_MIN_INSPECTED = 0.6, 40


@dataclass(frozen=True)
class TrainingSet:
    """Subjects to learn from.

    Attributes:
        features: subjects × columns; missing allowed.
        target: 1 confirmed, 0 cleared or never inspected.
        weight: of each row.
        inspected: whose outcome is known.
        random_sample: the inspected are as good as a random sample of all subjects, so they alone are learnt
            from.
    """

    features: pd.DataFrame
    target: pd.Series
    weight: pd.Series
    inspected: pd.Series
    random_sample: bool = False

    def take(self, rows: Positions) -> "TrainingSet":
        """The rows at these positions."""
        return TrainingSet(
            self.features.iloc[rows],
            self.target.iloc[rows],
            self.weight.iloc[rows],
            self.inspected.iloc[rows],
            self.random_sample,
        )


def training_set(features: pd.DataFrame, outcomes: pd.Series, seed: int = 0) -> TrainingSet | None:
    """Inspected subjects with a sample of those never inspected, or alone where they are a random sample.

    Args:
        features: all subjects × columns.
        outcomes: 1 confirmed or partly confirmed, 0 cleared, by subject_id; only inspected ones.

    Returns:
        None where there are too few confirmed subjects to learn from, or nobody else.
    """
    known = outcomes[outcomes.index.isin(features.index)].astype(int)
    confirmed = int(known.sum())
    if confirmed < MIN_CONFIRMED or confirmed == len(features):
        return None
    uninspected = _sampled(features.index.difference(known.index), seed)
    if _is_random_sample(features, known, uninspected, seed):
        ones = pd.Series(1.0, known.index)
        return TrainingSet(features.loc[known.index], known, ones, ones.astype(bool), random_sample=True)
    each = UNINSPECTED_WEIGHT * confirmed / max(len(uninspected), 1)
    target = pd.concat([known, pd.Series(0, uninspected, dtype=int)])
    weight = pd.concat([pd.Series(1.0, known.index), pd.Series(each, uninspected)])
    inspected = target.index.to_series().isin(known.index)
    return TrainingSet(features.loc[target.index], target, weight, inspected)


def _sampled(uninspected: pd.Index, seed: int) -> pd.Index:
    """At most UNINSPECTED_ROWS of the subjects never inspected, in their order."""
    chosen = np.random.default_rng(seed).permutation(len(uninspected))[:UNINSPECTED_ROWS]
    return uninspected[np.sort(chosen)]


def _is_random_sample(features: pd.DataFrame, known: pd.Series, uninspected: pd.Index, seed: int) -> bool:
    """Whether the measures cannot separate the inspected from the others, so that the cleared represent the
    honest."""
    if (1 - known).sum() < MIN_CONFIRMED:
        return False
    if uninspected.empty:
        return True
    if min(len(known), len(uninspected)) < RANDOM_SAMPLE_MIN_INSPECTED:
        return False
    rows = known.index.append(uninspected)
    inspected = rows.isin(known.index).astype(int)
    cv = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    linear = logistic_regression().set_params(logisticregression__class_weight="balanced")
    log_odds = cross_val_predict(
        linear, bounded(features.loc[rows]), inspected, cv=cv, method="decision_function"
    )
    return bool(roc_auc_score(inspected, log_odds) < RANDOM_SAMPLE_AUC)


def folds(data: TrainingSet, seed: int) -> Iterator[tuple[Positions, Positions]]:
    """Positions of the training and the held-out rows, fold by fold.

    Confirmed, cleared and uninspected subjects are spread evenly over the folds where there are enough of
    each.
    """
    strata = data.target + 2 * data.inspected
    if strata.value_counts().min() < FOLDS:
        strata = data.target
    yield from StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(data.features, strata)
