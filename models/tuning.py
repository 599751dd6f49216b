"""Random search of the learner's parameters, with the one-standard-error rule in favour of the default."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import loguniform, randint
from sklearn.metrics import average_precision_score
from sklearn.model_selection import ParameterSampler, cross_val_score

from models.learner import Learner
from models.training_data import FOLDS, TrainingSet, folds

# Ranges around values that held up on few outcomes and on many (`benchmarks/tuning.py`).
SEARCH_SPACE: dict[str, Any] = {
    "C": loguniform(1e-3, 1.0),
    "num_leaves": randint(2, 32),
    "n_estimators": randint(50, 400),
    "learning_rate": loguniform(0.02, 0.1),
    "min_child_samples": randint(3, 40),
    "colsample_bytree": [0.2, 0.5, 0.8],
    "reg_lambda": loguniform(1.0, 50.0),
}


@dataclass(frozen=True)
class TuningResult:
    """Result of a search.

    Attributes:
        learner: with the parameters to train with.
        gain: how much its average precision exceeds the default's, mean over the folds; 0 where the default
            stays.
        error: standard error of that gain over the folds.
    """

    learner: Learner
    gain: float = 0.0
    error: float = 0.0


def tune(data: TrainingSet, budget: int, seed: int = 0) -> TuningResult:
    """Random search (Bergstra, Bengio 2012) by average precision out of fold.

    The best candidate has to beat the default, on the same folds, by more than one standard error (Breiman et
    al. 1984), because the best of many is partly the luckiest.

    Args:
        budget: number of candidates in addition to the default; 0 keeps the default.
    """
    default = Learner(seed)
    if not budget:
        return TuningResult(default)
    sampled = ParameterSampler(SEARCH_SPACE, budget, random_state=seed)
    candidates = [default, *(Learner(seed, **parameters) for parameters in sampled)]
    precision = np.array([_precision_by_fold(data, candidate, seed) for candidate in candidates])
    best = int(precision.mean(axis=1).argmax())
    gain = precision[best] - precision[0]
    error = float(gain.std(ddof=1) / np.sqrt(FOLDS))
    if gain.mean() <= error:
        return TuningResult(default)
    return TuningResult(candidates[best], float(gain.mean()), error)


def _precision_by_fold(data: TrainingSet, candidate: Learner, seed: int) -> npt.NDArray[np.float64]:
    """Weighted average precision of a candidate on each held-out fold."""

    def precision(learner: Learner, features: pd.DataFrame, target: pd.Series) -> float:
        weight = data.weight.loc[target.index]
        return float(average_precision_score(target, learner.raw(features), sample_weight=weight))

    scores: npt.NDArray[np.float64] = cross_val_score(
        candidate,
        data.features,
        data.target,
        scoring=precision,
        cv=list(folds(data, seed)),
        params={"sample_weight": data.weight},
    )
    return scores
