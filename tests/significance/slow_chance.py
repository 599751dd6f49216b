"""Significance against chance as loops, for the slow twins of the edges."""

from math import log10

import numpy as np
from scipy.stats import nbinom, poisson


def slow_fdr(p: list[float], tested: int) -> list[float]:
    """Benjamini and Hochberg (1995): the smallest p·m/rank among the p-values at least as large."""
    order = sorted(p)
    return [min(order[k] * tested / (k + 1) for k in range(len(order)) if order[k] >= value) for value in p]


def slow_neg_log10_fdr(
    observed: list[int], expected: list[float], tested: int, spread: float = 1.0
) -> list[float]:
    """-log10 of the rates of counts with at least 0.001 expected and a variance of `spread` times the
    mean."""
    p = []
    for count, mean in zip(observed, expected, strict=True):
        mean = max(mean, 0.001)
        if spread > 1:
            p.append(float(nbinom.sf(count - 1, mean / (spread - 1), 1 / spread)))
        else:
            p.append(float(poisson.sf(count - 1, mean)))
    return [-log10(rate) for rate in slow_fdr(p, tested)]


def slow_dispersion(observed: list[int], expected: list[float]) -> float:
    """Variance over mean by the interquartile range of Anscombe's roots; 1 of fewer than eight counts."""
    pairs = [(count, mean) for count, mean in zip(observed, expected, strict=True) if mean >= 1]
    if len(pairs) < 8:
        return 1.0
    deviation = [2 * ((count + 0.375) ** 0.5 - (mean + 0.375) ** 0.5) for count, mean in pairs]
    low, high = np.quantile(deviation, [0.25, 0.75])
    return max(1.0, float(((high - low) / 1.349) ** 2))
