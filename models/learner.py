"""The learnt part: what inspections' outcomes, few and biased, teach about the measures.

Two models speak with one voice: a strongly regularised logistic regression, which holds up on a handful of outcomes,
and LightGBM, which sees thresholds and combinations once there are enough; the mean of their log-odds ranks better
than either alone on few and on many outcomes (`benchmarks/learning.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np
import pandas as pd
from scipy.stats import loguniform, randint
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import ParameterSampler, StratifiedKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# Fewer confirmed subjects of a kind teach nothing that a model could hold; below the second number trees only
# memorise them, and the linear model speaks alone.
MIN_CONFIRMED, MIN_CONFIRMED_FOR_TREES = 8, 20
FOLDS = 5
# Subjects nobody inspected are taken as honest, with so much weight in all per confirmed one; most of them are.
UNINSPECTED_WEIGHT = 3.0
UNINSPECTED_ROWS = 20_000
# Whom inspectors chose is a draw at random where the measures tell the inspected from the others no better than this
# (AUC out of fold). On fewer inspected that cannot be seen.
RANDOM_SAMPLE_AUC, RANDOM_SAMPLE_MIN_INSPECTED = 0.6, 40
_PARAMETERS = {
    "objective": "binary",
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    # Small data: more threads only wait for each other.
    "num_threads": 1,
    "verbosity": -1,
}
# Inverse strength of the penalty on standardised differences; differences beyond the bound count as the bound.
_C, _BOUND = 0.01, 6.0
# Where tuning looks: from stiff to supple, around values that have held up on few outcomes and on many.
SEARCHED = {
    "C": loguniform(1e-3, 1.0),
    "num_leaves": randint(2, 32),
    "n_estimators": randint(50, 400),
    "learning_rate": loguniform(0.02, 0.1),
    "min_child_samples": randint(3, 40),
    "colsample_bytree": [0.2, 0.5, 0.8],
    "reg_lambda": loguniform(1.0, 50.0),
}


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
    random_sample: bool = False

    def take(self, rows: np.ndarray) -> "TrainingSet":
        """The rows at these positions."""
        columns = (self.features, self.target, self.weight, self.inspected)
        return TrainingSet(*(column.iloc[rows] for column in columns), self.random_sample)


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
    uninspected = features.index.difference(known.index)
    if confirmed < MIN_CONFIRMED or confirmed == len(features):
        return None
    uninspected = uninspected[
        np.sort(np.random.default_rng(seed).permutation(len(uninspected))[:UNINSPECTED_ROWS])
    ]
    if _is_random_sample(features, known, uninspected, seed):
        ones = pd.Series(1.0, known.index)
        return TrainingSet(features.loc[known.index], known, ones, ones.astype(bool), random_sample=True)
    weight = pd.Series(1.0, known.index)
    uninspected_weight = pd.Series(UNINSPECTED_WEIGHT * confirmed / max(len(uninspected), 1), uninspected)
    target = pd.concat([known, pd.Series(0, uninspected, dtype=int)])
    rows = target.index
    return TrainingSet(
        features.loc[rows],
        target,
        pd.concat([weight, uninspected_weight]),
        rows.to_series().isin(known.index),
    )


def _is_random_sample(features: pd.DataFrame, known: pd.Series, uninspected: pd.Index, seed: int) -> bool:
    """Do the measures fail to tell who was inspected? Then the cleared stand for all honest subjects."""
    if (1 - known).sum() < MIN_CONFIRMED:
        return False
    if uninspected.empty:
        return True
    if len(known) < RANDOM_SAMPLE_MIN_INSPECTED or len(uninspected) < RANDOM_SAMPLE_MIN_INSPECTED:
        return False
    rows = known.index.append(uninspected)
    inspected = rows.isin(known.index).astype(int)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    linear = _linear().set_params(logisticregression__class_weight="balanced")
    told = cross_val_predict(
        linear, _bounded(features.loc[rows]), inspected, cv=folds, method="decision_function"
    )
    return roc_auc_score(inspected, told) < RANDOM_SAMPLE_AUC


@dataclass
class Learner(BaseEstimator):
    """Log-odds of being confirmed, as the mean of a linear model and of boosted trees.

    Args:
        seed: of everything random.
        C: inverse strength of the linear model's penalty, on standardised differences.
        num_leaves, n_estimators, learning_rate, min_child_samples, colsample_bytree, reg_lambda: of the trees, under
            the names of LightGBM's own scikit-learn interface.

    Attributes:
        base: what it says of a subject before it looks; `attribute` adds up to `raw` less this.
        booster: None where there are too few confirmed for trees.
        coefficients, middle, linear_base: linear log-odds = linear_base + coefficients · (features − middle).
    """

    seed: int = 0
    C: float = _C
    num_leaves: int = 7
    n_estimators: int = 150
    learning_rate: float = 0.05
    min_child_samples: int = 5
    colsample_bytree: float = 0.5
    reg_lambda: float = 5.0
    booster: lgb.Booster | None = field(default=None, init=False)
    coefficients: pd.Series = field(default_factory=lambda: pd.Series(dtype=float), init=False)
    middle: pd.Series = field(default_factory=lambda: pd.Series(dtype=float), init=False)
    linear_base: float = field(default=0.0, init=False)
    base: float = field(default=0.0, init=False)

    def fit(
        self, features: pd.DataFrame, target: pd.Series, sample_weight: pd.Series | None = None
    ) -> "Learner":
        """Train on all rows.

        Args:
            features: subjects × columns; missing allowed.
            target: 1 confirmed, 0 not.
            sample_weight: of each row; all alike where there is none.
        """
        weight = np.ones(len(target)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        rows = _bounded(features)
        linear = _linear(self.C).fit(rows, target, logisticregression__sample_weight=weight)
        scaler, regression = linear[0], linear[1]
        self.coefficients = pd.Series(regression.coef_[0] / scaler.scale_, rows.columns)
        self.middle = pd.Series(np.average(rows, axis=0, weights=weight), rows.columns)
        centred = self.middle - scaler.mean_
        self.base = self.linear_base = float(regression.intercept_[0] + self.coefficients @ centred)
        self.booster = None
        if target.sum() >= MIN_CONFIRMED_FOR_TREES:
            table = lgb.Dataset(features, target, weight=weight, free_raw_data=True)
            self.booster = lgb.train(self._trees(), table, num_boost_round=self.n_estimators)
            # What the trees say before they look: the last column of their Shapley values.
            trees = float(self.booster.predict(features.head(1), pred_contrib=True)[0, -1])
            self.base = (self.linear_base + trees) / 2
        return self

    def _trees(self) -> dict[str, object]:
        return _PARAMETERS | {
            "seed": self.seed,
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": self.min_child_samples,
            "feature_fraction": self.colsample_bytree,
            "lambda_l2": self.reg_lambda,
        }

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


def out_of_fold(data: TrainingSet, learner: Learner | None = None) -> pd.Series:
    """Raw scores (log-odds against the base) of each subject by a learner that has not seen it; a subject is in one
    fold only.

    Args:
        learner: whose parameters are taken; the default's where there is none.
    """
    learner = learner or Learner()
    raw = pd.Series(np.nan, data.target.index)
    for seen, held in _folds(data, learner.seed):
        known = data.take(seen)
        fitted = clone(learner).fit(known.features, known.target, known.weight)
        raw.iloc[held] = fitted.raw(data.features.iloc[held])
    return raw


@dataclass(frozen=True)
class Tuned:
    """What a search of parameters found.

    Attributes:
        learner: with the parameters to train with.
        gain: how much its average precision exceeds the default's, mean over the folds; 0 where the default stays.
        error: standard error of that gain over the folds.
    """

    learner: Learner
    gain: float = 0.0
    error: float = 0.0


def tuned(data: TrainingSet, budget: int, seed: int = 0) -> Tuned:
    """Search so many candidates at random beside the default (Bergstra, Bengio 2012), by average precision out of fold.

    The best candidate has to beat the default, on the same folds, by more than one standard error (Breiman et al. 1984):
    the best of many is partly the luckiest.
    """
    default = Learner(seed)
    if not budget:
        return Tuned(default)

    def precision(learner: Learner, features: pd.DataFrame, target: pd.Series) -> float:
        weight = data.weight.loc[target.index]
        return average_precision_score(target, learner.raw(features), sample_weight=weight)

    sampled = ParameterSampler(SEARCHED, budget, random_state=seed)
    candidates = [default, *(Learner(seed, **parameters) for parameters in sampled)]
    folds, weight = list(_folds(data, seed)), {"sample_weight": data.weight}
    found = np.array(
        [
            cross_val_score(candidate, data.features, data.target, scoring=precision, cv=folds, params=weight)
            for candidate in candidates
        ]
    )
    best = int(found.mean(axis=1).argmax())
    ahead = found[best] - found[0]
    error = float(ahead.std(ddof=1) / np.sqrt(FOLDS))
    if ahead.mean() <= error:
        return Tuned(default)
    return Tuned(candidates[best], float(ahead.mean()), error)


def _folds(data: TrainingSet, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Positions of the rows seen and held out, fold by fold."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    # Confirmed, cleared and unseen subjects are spread evenly over the folds, where there are enough of each.
    strata = data.target + 2 * data.inspected
    if strata.value_counts().min() < FOLDS:
        strata = data.target
    return folds.split(data.features, strata)


def _linear(C: float = _C):
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=3000))


def _bounded(features: pd.DataFrame) -> pd.DataFrame:
    """Differences as the linear model takes them: missing is as usual, the far out no farther than the bound."""
    return features.fillna(0.0).clip(-_BOUND, _BOUND)
