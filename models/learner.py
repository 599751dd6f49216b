"""Supervised learning from inspection outcomes, which are few and biased.

The learner is an averaged ensemble of two models: a strongly regularised logistic regression, which holds up
on a handful of outcomes, and LightGBM, which finds thresholds and interactions once there are enough. The
mean of their log-odds ranks better than either alone on few and on many outcomes (`benchmarks/learning.py`).
"""

from dataclasses import dataclass, field
from typing import Any, cast

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, clone

from models.linear_model import C_DEFAULT, bounded, logistic_regression
from models.training_data import TrainingSet, folds

# With fewer confirmed subjects trees only memorise them, so the linear model is used alone. Own starting
# value.
MIN_CONFIRMED_FOR_TREES = 20
_PARAMETERS: dict[str, object] = {
    "objective": "binary",
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    # Small data: more threads only wait for each other.
    "num_threads": 1,
    "verbosity": -1,
}


@dataclass
class Learner(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Log-odds of being confirmed, as the mean of a linear model and of boosted trees.

    Args:
        seed: of everything random.
        C: inverse strength of the linear model's penalty, on standardised features.
        num_leaves, n_estimators, learning_rate, min_child_samples, colsample_bytree, reg_lambda: of the
            trees, under the names of LightGBM's own scikit-learn interface.

    Attributes:
        base: mean prediction (log-odds); `attribute` adds up to `raw`, which is relative to it.
        booster: None where there are too few confirmed for trees.
        coefficients, means, linear_base: linear log-odds = linear_base + coefficients · (features − means).
    """

    seed: int = 0
    C: float = C_DEFAULT
    num_leaves: int = 7
    n_estimators: int = 150
    learning_rate: float = 0.05
    min_child_samples: int = 5
    colsample_bytree: float = 0.5
    reg_lambda: float = 5.0
    booster: lgb.Booster | None = field(default=None, init=False)
    coefficients: pd.Series = field(default_factory=lambda: pd.Series(dtype=float), init=False)
    means: pd.Series = field(default_factory=lambda: pd.Series(dtype=float), init=False)
    linear_base: float = field(default=0.0, init=False)
    base: float = field(default=0.0, init=False)

    def fit(
        self, features: pd.DataFrame, target: pd.Series, sample_weight: pd.Series | None = None
    ) -> "Learner":
        """Train on all rows.

        Args:
            features: subjects × columns; missing allowed.
            target: 1 confirmed, 0 not.
            sample_weight: of each row; equal where there is none.
        """
        weight = np.ones(len(target)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        self._fit_linear(features, target, weight)
        self.base, self.booster = self.linear_base, None
        if target.sum() >= MIN_CONFIRMED_FOR_TREES:
            table = lgb.Dataset(features, target, weight=weight, free_raw_data=True)
            self.booster = lgb.train(self._tree_parameters(), table, num_boost_round=self.n_estimators)
            # The expected value of the trees is the last column of their Shapley values.
            expected = _shapley_values(self.booster, features.head(1))[0, -1]
            self.base = (self.linear_base + float(expected)) / 2
        return self

    def _fit_linear(self, features: pd.DataFrame, target: pd.Series, weight: npt.NDArray[np.float64]) -> None:
        rows = bounded(features)
        linear = logistic_regression(self.C).fit(rows, target, logisticregression__sample_weight=weight)
        scaler, regression = linear[0], linear[1]
        self.coefficients = pd.Series(regression.coef_[0] / scaler.scale_, rows.columns)
        self.means = pd.Series(np.average(rows, axis=0, weights=weight), rows.columns)
        centred = self.means - scaler.mean_
        self.linear_base = float(regression.intercept_[0] + self.coefficients @ centred)

    def _tree_parameters(self) -> dict[str, object]:
        return _PARAMETERS | {
            "seed": self.seed,
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": self.min_child_samples,
            "feature_fraction": self.colsample_bytree,
            "lambda_l2": self.reg_lambda,
        }

    def raw(self, features: pd.DataFrame) -> pd.Series:
        """Log-odds relative to the base, by subject."""
        linear = ((bounded(features) - self.means) * self.coefficients).sum(axis=1) + self.linear_base
        if self.booster is None:
            return linear - self.base
        trees = cast(npt.NDArray[np.float64], self.booster.predict(features, raw_score=True))
        return (linear + trees) / 2 - self.base

    def attribute(self, features: pd.DataFrame) -> pd.DataFrame:
        """Contribution of each column to `raw`: subjects × columns; mean of the Shapley values of both
        models."""
        linear = (bounded(features) - self.means) * self.coefficients
        if self.booster is None:
            return linear
        return (linear + _shapley_values(self.booster, features)[:, :-1]) / 2


def _shapley_values(booster: lgb.Booster, features: pd.DataFrame) -> npt.NDArray[Any]:
    """Shapley values of the trees: subjects × (columns, expected value)."""
    return cast(npt.NDArray[Any], booster.predict(features, pred_contrib=True))


def out_of_fold(data: TrainingSet, learner: Learner | None = None) -> pd.Series:
    """Raw scores of each subject by a learner trained without it (cross-fitting); a subject is in one fold
    only.

    Args:
        learner: whose parameters are taken; the default's where there is none.
    """
    learner = learner or Learner()
    raw = pd.Series(np.nan, data.target.index)
    for training, out_of_fold_scores in folds(data, learner.seed):
        rows = data.take(training)
        fitted = clone(learner).fit(rows.features, rows.target, rows.weight)
        raw.iloc[out_of_fold_scores] = fitted.raw(data.features.iloc[out_of_fold_scores])
    return raw
