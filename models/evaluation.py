"""How good a ranking is: precision at the depth that inspectors reach, and whether it beats chance."""

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score

from models.learner import TrainingSet, out_of_fold


def ranking_metrics(
    target: pd.Series, score: pd.Series, depths: tuple[int, ...] = (50, 100, 500)
) -> dict[str, float]:
    """AUC, average precision, precision and recall at depths.

    Args:
        target: 1 guilty, 0 not; both must occur.
        score: higher is more suspect, by subject.
    """
    score = score.loc[target.index]
    order = target.loc[score.sort_values(ascending=False, kind="stable").index]
    found = {"auc": roc_auc_score(target, score), "average_precision": average_precision_score(target, score)}
    for depth in depths:
        hits = float(order.head(depth).sum())
        found[f"precision_at_{depth}"] = hits / min(depth, len(order))
        found[f"recall_at_{depth}"] = hits / float(target.sum())
    return {name: float(value) for name, value in found.items()}


def shuffled_auc(data: TrainingSet, shuffles: int, seed: int = 0) -> np.ndarray:
    """AUC of the same machinery when outcomes are shuffled among the subjects: chance, if nothing leaks."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(shuffles):
        target = pd.Series(random.permutation(data.target.to_numpy()), data.target.index)
        shuffled = TrainingSet(
            data.features, target, pd.Series(1.0, target.index), pd.Series(True, target.index)
        )
        found.append(roc_auc_score(target, out_of_fold(shuffled, seed + number)))
    return np.array(found)
