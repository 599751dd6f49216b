"""The learnt part: what inspections' outcomes, few and biased, teach about the measures.

Two models speak with one voice: a strongly regularised logistic regression, which holds up on a handful of outcomes,
and LightGBM, which sees thresholds and combinations once there are enough; the mean of their log-odds ranks better
than either alone on few and on many outcomes (`benchmarks/learning.py`).
"""

from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# Fewer confirmed subjects of a kind teach nothing that a model could hold; below the second number trees only
# memorise them, and the linear model speaks alone.
LEAST_CONFIRMED, LEAST_FOR_TREES = 8, 20
FOLDS = 5
# Subjects nobody inspected are taken as honest, with so much weight in all per confirmed one; most of them are.
UNSEEN_WEIGHT = 3.0
UNSEEN_ROWS = 20_000
# Whom inspectors chose is a draw at random where the measures tell the inspected from the others no better than this
# (AUC out of fold). On fewer inspected that cannot be seen.
DRAWN_AUC, DRAWN_LEAST = 0.6, 40
_TREES = 150
_PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 7,
    "min_data_in_leaf": 5,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    # Small data: more threads only wait for each other.
    "num_threads": 1,
    "verbosity": -1,
}
# Inverse strength of the penalty on standardised differences; differences beyond the bound count as the bound.
_C, _BOUND = 0.01, 6.0


@dataclass(frozen=True)
class TrainingSet:
    """Subjects to learn from.

    Attributes:
        features: subjects × columns; missing allowed.
        target: 1 confirmed, 0 cleared or never inspected.
        weight: of each row.
        inspected: whose outcome is known.
        drawn: the inspected are as good as a random draw of all subjects, so they alone are learnt from.
    """

    features: pd.DataFrame
    target: pd.Series
    weight: pd.Series
    inspected: pd.Series
    drawn: bool = False

    def take(self, rows: np.ndarray) -> "TrainingSet":
        """The rows at these positions."""
        columns = (self.features, self.target, self.weight, self.inspected)
        return TrainingSet(*(column.iloc[rows] for column in columns), self.drawn)


def training_set(features: pd.DataFrame, outcomes: pd.Series, seed: int = 0) -> TrainingSet | None:
    """Put inspected subjects beside a sample of those never inspected, unless the inspected are a fair sample
    themselves.

    Args:
        features: all subjects × columns.
        outcomes: 1 confirmed or partly confirmed, 0 cleared, by subject_id; only inspected ones.

    Returns:
        None where there are too few confirmed subjects to learn from, or nobody who is not.
    """
    known = outcomes[outcomes.index.isin(features.index)].astype(int)
    confirmed = int(known.sum())
    unseen = features.index.difference(known.index)
    if confirmed < LEAST_CONFIRMED or confirmed == len(features):
        return None
    unseen = unseen[np.sort(np.random.default_rng(seed).permutation(len(unseen))[:UNSEEN_ROWS])]
    if _drawn_at_random(features, known, unseen, seed):
        ones = pd.Series(1.0, known.index)
        return TrainingSet(features.loc[known.index], known, ones, ones.astype(bool), drawn=True)
    weight = pd.Series(1.0, known.index)
    light = pd.Series(UNSEEN_WEIGHT * confirmed / max(len(unseen), 1), unseen)
    target = pd.concat([known, pd.Series(0, unseen, dtype=int)])
    rows = target.index
    return TrainingSet(
        features.loc[rows], target, pd.concat([weight, light]), rows.to_series().isin(known.index)
    )


def _drawn_at_random(features: pd.DataFrame, known: pd.Series, unseen: pd.Index, seed: int) -> bool:
    """Do the measures fail to tell who was inspected? Then the cleared stand for all honest subjects."""
    if (1 - known).sum() < LEAST_CONFIRMED:
        return False
    if unseen.empty:
        return True
    if len(known) < DRAWN_LEAST or len(unseen) < DRAWN_LEAST:
        return False
    rows = known.index.append(unseen)
    inspected = rows.isin(known.index).astype(int)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    linear = _linear().set_params(logisticregression__class_weight="balanced")
    told = cross_val_predict(
        linear, _bounded(features.loc[rows]), inspected, cv=folds, method="decision_function"
    )
    return roc_auc_score(inspected, told) < DRAWN_AUC


@dataclass
class Learner:
    """Log-odds of being confirmed, as the mean of a linear model and of boosted trees.

    Attributes:
        base: what it says of a subject before it looks; `attribute` adds up to `raw` less this.
        booster: None where there are too few confirmed for trees.
        coefficients, middle, linear_base: linear log-odds = linear_base + coefficients · (features − middle).
    """

    seed: int = 0
    booster: lgb.Booster | None = None
    coefficients: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    middle: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    linear_base: float = 0.0
    base: float = 0.0

    def fit(self, data: TrainingSet) -> "Learner":
        """Train on all rows."""
        rows = _bounded(data.features)
        linear = _linear().fit(rows, data.target, logisticregression__sample_weight=data.weight.to_numpy())
        scaler, regression = linear[0], linear[1]
        self.coefficients = pd.Series(regression.coef_[0] / scaler.scale_, rows.columns)
        self.middle = pd.Series(np.average(rows, axis=0, weights=data.weight), rows.columns)
        centred = self.middle - scaler.mean_
        self.base = self.linear_base = float(regression.intercept_[0] + self.coefficients @ centred)
        if data.target.sum() >= LEAST_FOR_TREES:
            table = lgb.Dataset(data.features, data.target, weight=data.weight, free_raw_data=True)
            self.booster = lgb.train(_PARAMETERS | {"seed": self.seed}, table, num_boost_round=_TREES)
            # What the trees say before they look: the last column of their Shapley values.
            trees = float(self.booster.predict(data.features.head(1), pred_contrib=True)[0, -1])
            self.base = (self.linear_base + trees) / 2
        return self

    def raw(self, features: pd.DataFrame) -> pd.Series:
        """Log-odds against the base, by subject."""
        linear = ((_bounded(features) - self.middle) * self.coefficients).sum(axis=1) + self.linear_base
        if self.booster is None:
            return linear - self.base
        return (linear + self.booster.predict(features, raw_score=True)) / 2 - self.base

    def attribute(self, features: pd.DataFrame) -> pd.DataFrame:
        """What each column adds to `raw`: subjects × columns; Shapley values of both models."""
        linear = (_bounded(features) - self.middle) * self.coefficients
        if self.booster is None:
            return linear
        return (linear + self.booster.predict(features, pred_contrib=True)[:, :-1]) / 2


def out_of_fold(data: TrainingSet, seed: int = 0) -> pd.Series:
    """Raw scores (log-odds against the base) of each subject by a model that has not seen it; a subject is in one
    fold only."""
    raw = pd.Series(np.nan, data.target.index)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    # Confirmed, cleared and unseen subjects are spread evenly over the folds, where there are enough of each.
    strata = data.target + 2 * data.inspected
    if strata.value_counts().min() < FOLDS:
        strata = data.target
    for seen, held in folds.split(data.features, strata):
        raw.iloc[held] = Learner(seed).fit(data.take(seen)).raw(data.features.iloc[held])
    return raw


def _linear():
    return make_pipeline(StandardScaler(), LogisticRegression(C=_C, max_iter=3000))


def _bounded(features: pd.DataFrame) -> pd.DataFrame:
    """Differences as the linear model takes them: missing is as usual, the far out no farther than the bound."""
    return features.fillna(0.0).clip(-_BOUND, _BOUND)
