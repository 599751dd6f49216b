"""Estimators from inspections of a random sample: a weighted share, and the recall of a list."""

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

FloatArray = npt.NDArray[np.float64]

# Coverage of the intervals.
CONFIDENCE = 0.95


def share(
    target: npt.NDArray[np.generic], weight: FloatArray, confidence: float = CONFIDENCE
) -> tuple[float, float, float]:
    """Weighted share of ones and its confidence interval.

    The share is Hájek's (1971): sum of weight × target over sum of weights. The interval is that of Clopper
    and Pearson (1934) at Kish's effective sample size (Korn and Graubard 1998): exact where weights are
    equal, and valid for small samples and for samples without a hit.

    Args:
        target: 1 or 0.
        weight: of each, more than 0; one over its sampling probability.

    Returns:
        Share, lower and upper end; of an empty sample missing, 0 and 1.
    """
    if not len(target):
        return np.nan, 0.0, 1.0
    value = float(np.average(target.astype(float), weights=weight))
    effective_n = weight.sum() ** 2 / (weight**2).sum()
    hits, tail = value * effective_n, (1 - confidence) / 2
    # Beta has no zero parameter: without a hit the lower end is 0, with hits only the upper end is 1.
    low = beta.ppf(tail, hits, effective_n - hits + 1) if value > 0 else 0.0
    high = beta.ppf(1 - tail, hits + 1, effective_n - hits) if value < 1 else 1.0
    return value, float(low), float(high)


def list_recall(
    confirmed: FloatArray, cleared: FloatArray, unknown: int, unlisted: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Share of the guilty that were on the list, with an interval of at least the coverage CONFIDENCE.

    Args:
        confirmed, cleared: of each listed subject with that outcome, in how many runs it was listed.
        unknown: list places, summed over the runs, whose outcome is not known; the share of guilty among them
            is taken to be that of the others.
        unlisted: guilty subjects outside the list, summed over the runs, and the ends of their interval, each
            of which is wrong in at most half as many cases as (1 − CONFIDENCE) (Bonferroni).

    Returns:
        Recall, lower and upper end; missing where there is no guilty subject.
    """
    target = np.repeat([1, 0], [len(confirmed), len(cleared)])
    weight = np.concatenate([confirmed, cleared]).astype(float)
    precision = share(target, weight, 1 - (1 - CONFIDENCE) / 2)
    known = float(confirmed.sum())
    value, low, high = (known + unknown * part if unknown else known for part in precision)
    outside, outside_low, outside_high = unlisted
    return _ratio(value, outside), _ratio(low, outside_high), _ratio(high, outside_low)


def _ratio(part: float, rest: float) -> float:
    return float(part / (part + rest)) if part + rest else np.nan
