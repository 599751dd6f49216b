"""How good a ranking is: at the depth inspectors reach, in count and money, against chance, and whether it leaks."""

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from models.learner import MIN_CONFIRMED, Learner, TrainingSet, out_of_fold

# A single measure that tells the confirmed from the others this well was most likely made from the outcome.
LEAK_AUC = 0.99
# Draws of the bootstrap over subjects, and the share of them that an interval holds.
BOOTSTRAP_SAMPLES, INTERVAL = 300, 0.95
# Groups of equal size into which predicted probabilities are put beside what came true.
_BINS = 5
# Fewer tested subjects say nothing.
LEAST_TESTED = 20


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


def inspection_metrics(tested: pd.DataFrame, length: int, depths: tuple[int, ...]) -> dict[str, float]:
    """How good a list was, judged by the outcomes that came after it.

    Only inspected subjects have an outcome, so precision is that of the inspected among the first k.

    Args:
        tested: inspected subjects: target (1 confirmed, 0 cleared), score (0 to 1), rank (in the whole list), amount
            (yuan confirmed).
        length: of the whole list.
        depths: the k of precision and recall.

    Returns:
        auc, average_precision (both missing unless there are confirmed and cleared), brier, lift_at_1pct,
        precision_at_k, recall_at_k, recall_of_money_at_k; missing where nothing can be said.
    """
    target, score = tested["target"], tested["score"]
    confirmed, money = target.sum(), tested["amount"] * target
    found = {"auc": np.nan, "average_precision": np.nan, "brier": np.nan}
    if len(tested):
        found["brier"] = brier_score_loss(target, score, pos_label=1)
    if 0 < confirmed < len(tested):
        found |= {
            "auc": roc_auc_score(target, score),
            "average_precision": average_precision_score(target, score),
        }
    percent = max(length // 100, 1)
    found["lift_at_1pct"] = _over(target[tested["rank"] <= percent].sum(), confirmed) * length / percent
    for depth in depths:
        first = tested["rank"] <= depth
        found[f"precision_at_{depth}"] = _over(target[first].sum(), first.sum())
        found[f"recall_at_{depth}"] = _over(target[first].sum(), confirmed)
        found[f"recall_of_money_at_{depth}"] = _over(money[first].sum(), money.sum())
    return {name: float(value) for name, value in found.items()}


def with_intervals(tested: pd.DataFrame, length: int, depths: tuple[int, ...], seed: int = 0) -> pd.DataFrame:
    """`inspection_metrics` with intervals by bootstrap over subjects (Efron 1979): index metric; value, low, high."""
    value = pd.Series(inspection_metrics(tested, length, depths))
    random = np.random.default_rng(seed)
    samples = pd.DataFrame(
        [
            inspection_metrics(tested.iloc[random.integers(0, len(tested), len(tested))], length, depths)
            for _sample in range(BOOTSTRAP_SAMPLES)
        ]
    )
    outside = (1 - INTERVAL) / 2
    return pd.DataFrame(
        {"value": value, "low": samples.quantile(outside), "high": samples.quantile(1 - outside)}
    )


def reliability(tested: pd.DataFrame) -> pd.DataFrame:
    """Predicted probability beside what came true, in groups of equal size: predicted, confirmed (shares), n."""
    order = tested.sort_values("score", kind="stable")
    group = np.arange(len(order)) * _BINS // max(len(order), 1)
    return order.groupby(group).agg(
        predicted=("score", "mean"), confirmed=("target", "mean"), n=("target", "size")
    )


def better(target: pd.Series, challenger: pd.Series, champion: pd.Series, seed: int = 0) -> float:
    """How sure it is that a challenger ranks better: share of paired bootstrap draws over subjects in which its average
    precision is the higher, equal ones counting half.

    Args:
        target: 1 confirmed, 0 cleared; both must occur.
        challenger, champion: scores of the same subjects, none of whom either model has seen.
    """
    y, a, b = (column.to_numpy() for column in (target, challenger[target.index], champion[target.index]))
    random, won = np.random.default_rng(seed), []
    while len(won) < BOOTSTRAP_SAMPLES:
        draw = random.integers(0, len(y), len(y))
        if 0 < y[draw].sum() < len(y):
            gain = average_precision_score(y[draw], a[draw]) - average_precision_score(y[draw], b[draw])
            won.append((np.sign(gain) + 1) / 2)
    return float(np.mean(won))


def leaks(data: TrainingSet) -> pd.Series:
    """Measures that alone tell the confirmed from the others too well to be true: AUC (either direction) by column,
    worst first; empty where there are too few confirmed to say."""
    if data.target.sum() < MIN_CONFIRMED or data.target.all():
        return pd.Series(dtype=float)
    # Missing counts as lowest: that a value is there at all may be what leaks.
    ranks = data.features.rank().fillna(0)
    guilty = data.target == 1
    n, m = guilty.sum(), (~guilty).sum()
    ranks = ranks.rank()
    auc = (ranks[guilty].sum() - n * (n + 1) / 2) / (n * m)
    told = np.maximum(auc, 1 - auc)
    return told[told >= LEAK_AUC].sort_values(ascending=False, kind="stable")


def shuffled_auc(data: TrainingSet, shuffles: int, seed: int = 0) -> np.ndarray:
    """AUC of the same machinery when outcomes are shuffled among the subjects: chance, if nothing leaks."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(shuffles):
        target = pd.Series(random.permutation(data.target.to_numpy()), data.target.index)
        everybody = pd.Series(True, target.index)
        shuffled = TrainingSet(data.features, target, pd.Series(1.0, target.index), everybody)
        found.append(roc_auc_score(target, out_of_fold(shuffled, Learner(seed + number))))
    return np.array(found)


def _over(part: float, whole: float) -> float:
    return part / whole if whole else np.nan
