"""How much a list misses, told from a few inspections drawn at random."""

import numpy as np
from scipy.stats import beta

# Share of intervals that hold the truth.
CONFIDENCE = 0.95


def share(
    target: np.ndarray, weight: np.ndarray, confidence: float = CONFIDENCE
) -> tuple[float, float, float]:
    """Weighted share of ones and its interval.

    The share is Hájek's (1971): sum of weight × target over sum of weights. The interval is that of Clopper and Pearson
    (1934) at Kish's effective number of draws (Korn and Graubard 1998): exact where weights are equal, and right for a
    handful of draws and for none that hit.

    Args:
        target: 1 or 0.
        weight: of each, more than 0; one over the probability of its draw.

    Returns:
        Share, lower and upper end; missing, 0 and 1 of nothing.
    """
    if not len(target):
        return np.nan, 0.0, 1.0
    found = float(np.average(target, weights=weight))
    effective_n = weight.sum() ** 2 / (weight**2).sum()
    hits, outside = found * effective_n, (1 - confidence) / 2
    # Beta has no zero parameter: of no hits the lower end is 0, of hits alone the upper end 1.
    low = beta.ppf(outside, hits, effective_n - hits + 1) if found > 0 else 0.0
    high = beta.ppf(1 - outside, hits + 1, effective_n - hits) if found < 1 else 1.0
    return found, float(low), float(high)


def list_recall(
    confirmed: np.ndarray, cleared: np.ndarray, unknown: int, unlisted: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Share of the guilty that stood in the list, and an interval that holds it at least as often as CONFIDENCE says.

    Args:
        confirmed, cleared: of each listed subject with that outcome, on how many nights it was listed.
        unknown: places of the list, added up over the nights, whose outcome is not known; the guilty among them are
            taken to be as many as among the others.
        unlisted: guilty subjects outside the list, added up over the nights, and the ends of their interval, each of
            which is wrong in at most half as many cases as (1 − CONFIDENCE) (Bonferroni).

    Returns:
        Recall, lower and upper end.
    """
    target = np.repeat([1, 0], [len(confirmed), len(cleared)])
    precision = share(target, np.concatenate([confirmed, cleared]).astype(float), 1 - (1 - CONFIDENCE) / 2)
    listed = [confirmed.sum() + unknown * part for part in precision] if unknown else 3 * [confirmed.sum()]
    (value, low, high), (out, least, most) = listed, unlisted
    return _of(value, out), _of(low, most), _of(high, least)


def _of(part: float, rest: float) -> float:
    return float(part / (part + rest)) if part + rest else np.nan
