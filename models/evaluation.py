"""Evaluation of a ranking: metrics at the depth inspectors reach, intervals, and leakage checks."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from models.learner import Learner, out_of_fold
from models.training_data import MIN_CONFIRMED, TrainingSet

# A single measure with this AUC was most likely derived from the outcome (target leakage). Own starting
# value.
LEAK_AUC = 0.99
# Bootstrap samples, and coverage of the percentile interval (Efron 1979).
BOOTSTRAP_SAMPLES, INTERVAL = 300, 0.95
# Groups of equal size of a reliability curve.
_BINS = 5
# With fewer inspected subjects no metric is reported. Own starting value.
MIN_INSPECTED = 20


def ranking_metrics(
    target: pd.Series, score: pd.Series, depths: tuple[int, ...] = (50, 100, 500)
) -> dict[str, float]:
    """AUC, average precision, precision and recall at depths.

    Args:
        target: 1 guilty, 0 not; both must occur.
        score: higher is more suspicious, by subject.
    """
    score = score.loc[target.index]
    order = target.loc[score.sort_values(ascending=False, kind="stable").index]
    found = {"auc": roc_auc_score(target, score), "average_precision": average_precision_score(target, score)}
    for depth in depths:
        hits = float(order.head(depth).sum())
        found[f"precision_at_{depth}"] = hits / min(depth, len(order))
        found[f"recall_at_{depth}"] = hits / float(target.sum())
    return {name: float(value) for name, value in found.items()}


def inspection_metrics(inspected: pd.DataFrame, length: int, depths: tuple[int, ...]) -> dict[str, float]:
    """Quality of a list, judged by the outcomes that came after it.

    Only inspected subjects have an outcome, so precision is that of the inspected among the first k.

    Args:
        inspected: subjects with an outcome: target (1 confirmed, 0 cleared), score (0 to 1), rank (in the
            whole list), amount (yuan confirmed).
        length: of the whole list.
        depths: the k of precision and recall.

    Returns:
        auc, average_precision (both missing unless there are confirmed and cleared), brier, lift_at_1pct,
        precision_at_k, recall_at_k, recall_of_money_at_k; missing where undefined.
    """
    target, rank = inspected["target"], inspected["rank"]
    confirmed, money = target.sum(), inspected["amount"] * target
    found = _score_metrics(target, inspected["score"])
    percent = max(length // 100, 1)
    found["lift_at_1pct"] = _ratio(target[rank <= percent].sum(), confirmed) * length / percent
    for depth in depths:
        first = rank <= depth
        found[f"precision_at_{depth}"] = _ratio(target[first].sum(), first.sum())
        found[f"recall_at_{depth}"] = _ratio(target[first].sum(), confirmed)
        found[f"recall_of_money_at_{depth}"] = _ratio(money[first].sum(), money.sum())
    return {name: float(value) for name, value in found.items()}


def _score_metrics(target: pd.Series, score: pd.Series) -> dict[str, float]:
    """auc, average_precision and brier; missing where undefined."""
    found = {"auc": np.nan, "average_precision": np.nan, "brier": np.nan}
    if len(target):
        found["brier"] = brier_score_loss(target, score, pos_label=1)
    if 0 < target.sum() < len(target):
        found["auc"] = roc_auc_score(target, score)
        found["average_precision"] = average_precision_score(target, score)
    return found


def with_intervals(
    inspected: pd.DataFrame, length: int, depths: tuple[int, ...], seed: int = 0
) -> pd.DataFrame:
    """`inspection_metrics` with percentile intervals of a bootstrap over subjects: index metric; value, low,
    high."""
    value = pd.Series(inspection_metrics(inspected, length, depths))
    random, n = np.random.default_rng(seed), len(inspected)
    samples = pd.DataFrame(
        [
            inspection_metrics(inspected.iloc[random.integers(0, n, n)], length, depths)
            for _sample in range(BOOTSTRAP_SAMPLES)
        ]
    )
    tail = (1 - INTERVAL) / 2
    return pd.DataFrame({"value": value, "low": samples.quantile(tail), "high": samples.quantile(1 - tail)})


def reliability(inspected: pd.DataFrame) -> pd.DataFrame:
    """Reliability curve: mean predicted probability, share confirmed and n, in groups of equal size."""
    order = inspected.sort_values("score", kind="stable")
    group = np.arange(len(order)) * _BINS // max(len(order), 1)
    return order.groupby(group).agg(
        predicted=("score", "mean"), confirmed=("target", "mean"), n=("target", "size")
    )


def probability_better(target: pd.Series, challenger: pd.Series, champion: pd.Series, seed: int = 0) -> float:
    """Probability that a challenger ranks better: share of paired bootstrap samples of subjects in which its
    average precision is higher; a tie counts one half.

    Args:
        target: 1 confirmed, 0 cleared; both must occur.
        challenger, champion: scores of the same subjects, on whom neither model was trained.
    """
    y, a, b = (column.to_numpy() for column in (target, challenger[target.index], champion[target.index]))
    random = np.random.default_rng(seed)
    wins: list[float] = []
    while len(wins) < BOOTSTRAP_SAMPLES:
        sample = random.integers(0, len(y), len(y))
        if 0 < y[sample].sum() < len(y):
            gain = average_precision_score(y[sample], a[sample]) - average_precision_score(
                y[sample], b[sample]
            )
            wins.append((np.sign(gain) + 1) / 2)
    return float(np.mean(wins))


def leaks(data: TrainingSet) -> pd.Series:
    """Measures that alone separate the confirmed from the others too well: AUC (either direction) by column,
    highest first; empty where there are too few confirmed to say."""
    if data.target.sum() < MIN_CONFIRMED or data.target.all():
        return pd.Series(dtype=float)
    # Missing counts as lowest: that a value exists at all may be what leaks.
    ranks = data.features.rank().fillna(0).rank()
    guilty = data.target == 1
    n, m = guilty.sum(), (~guilty).sum()
    # AUC from the rank sum (Mann-Whitney).
    auc = (ranks[guilty].sum() - n * (n + 1) / 2) / (n * m)
    separation = auc.where(auc > 0.5, 1 - auc)
    return separation[separation >= LEAK_AUC].sort_values(ascending=False, kind="stable")


def shuffled_auc(data: TrainingSet, shuffles: int, seed: int = 0) -> npt.NDArray[np.float64]:
    """AUC out of fold when outcomes are permuted among the subjects: one half on average, unless something
    leaks."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(shuffles):
        target = pd.Series(random.permutation(data.target.to_numpy()), data.target.index)
        ones = pd.Series(1.0, target.index)
        shuffled = TrainingSet(data.features, target, ones, ones.astype(bool))
        found.append(roc_auc_score(target, out_of_fold(shuffled, Learner(seed + number))))
    return np.array(found)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else np.nan
