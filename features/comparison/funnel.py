"""Funnel plots with over-dispersion: how surprising a proportion, a count or a mean is, given the peers.

A subject's distance from its peers has two sources of spread: sampling, which shrinks with the number of
rows, and the peers' own true differences, which do not (additive over-dispersion, Spiegelhalter 2005, doi
10.1136/qshc.2005.013755 and 10.1002/sim.1970). Centre and spread are taken where the guilty are not: from
the middle of the peers (empirical null, Efron 2004, doi 10.1198/016214504000000089), so that many guilty do
not hide each other. The result is -log10 of the probability that an honest peer stands as far out; it keeps
growing at one in 10⁸, where a rank among a hundred peers ends at one in a hundred.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc
from scipy.stats import norm, t

Array = NDArray[np.float64]

# Share of a peer group that may be guilty without moving its centre and spread: of few subjects
# (institutions, doctors) up to one in seven, of many (persons, visits) up to three in a hundred. Own
# starting values; national campaigns found problems in most institutions inspected, and far fewer that were
# fraud.
FEW, CONTAMINATION_OF_FEW, CONTAMINATION_OF_MANY = 1_000, 0.15, 0.03
# 1.4826 MAD is the standard deviation of a normal distribution.
MAD_TO_SD = 1.4826
# Amounts have heavier tails than a normal distribution: Student's t with so many degrees of freedom.
DEGREES_OF_FREEDOM = 8
# Counts of honest subjects vary at least by this squared coefficient of variation around their expectation.
LEAST_DISPERSION = 0.05
# More rows than this do not change a quantile that matters; fitting takes an even sample of them.
FITTED_ROWS = 20_000
_STEPS = 30
_TINY = 1e-300


def contamination(n: int) -> float:
    """Share of a group of n peers that may be guilty."""
    return CONTAMINATION_OF_FEW if n < FEW else CONTAMINATION_OF_MANY


def upper_scale(residuals: Array, share: float) -> float:
    """Standard deviation of residuals around their median, from the quantile that leaves ``share`` above
    it, or from the MAD where that is larger; 0 for fewer than three."""
    if len(residuals) < 3:
        return 0.0
    middle = np.median(residuals)
    upper = (np.quantile(residuals, 1 - share) - middle) / norm.isf(share)
    return float(max(upper, MAD_TO_SD * np.median(np.abs(residuals - middle)), 0.0))


def between_variance(residuals: Array, sampling: Array) -> float:
    """Variance between honest peers beyond sampling: with it, the upper scale of the standardised residuals
    is one.

    Args:
        residuals: distances from the centre, missing allowed.
        sampling: sampling variance of each.

    Returns:
        The additive over-dispersion τ²; 0 where sampling explains the spread, and missing for fewer than
        three.
    """
    known = ~np.isnan(residuals) & ~np.isnan(sampling)
    d, v = _sampled(residuals[known]), _sampled(sampling[known])
    if len(d) < 3:
        return float("nan")
    share = contamination(int(known.sum()))

    def scale(variance: float) -> float:
        return upper_scale(d / np.sqrt(v + variance + 1e-12), share)

    if scale(0.0) <= 1:
        return 0.0
    low, high = 0.0, 4 * upper_scale(d, share) ** 2 + 1e-9
    for _step in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if scale(middle) > 1 else (low, middle)
    return high


def row_variance(residuals: Array, n: Array) -> float:
    """Variance of one row, for means over n rows: from how much farther the means over few rows spread than
    those over many; 0 where they do not."""
    known = ~np.isnan(residuals) & (n > 0)
    d, n = residuals[known], n[known]
    if len(d) < 10:
        return 0.0
    few = n <= np.median(n)
    if (~few).sum() < 5:
        return 0.0
    share = contamination(len(d))
    wide, narrow = upper_scale(d[few], share) ** 2, upper_scale(d[~few], share) ** 2
    gap = float(np.mean(1 / n[few]) - np.mean(1 / n[~few]))
    return max(0.0, (wide - narrow) / max(gap, 1e-9))


def middle_rate(values: Array, exposure: Array) -> float:
    """Events by exposure among those peers whose rate is not among the highest; never nothing.

    Args:
        values: counts, or proportions times exposure.
        exposure: what they arise from, above 0.
    """
    rate = values / exposure
    honest = rate <= np.quantile(rate, 1 - contamination(len(rate)))
    return float((values[honest].sum() + 0.5) / (exposure[honest].sum() + 1.0))


def proportion_surprise(share: Array, n: Array, expected: Array, between: Array) -> Array:
    """-log10 P(at least this share of n | expected), for a beta-binomial variable.

    Over-dispersion makes n rows worth as many independent ones as have the same variance; the tail of that
    binomial variable is an incomplete beta function, which needs no whole numbers.

    Args:
        share: observed, 0 to 1; missing gives 0.
        n: rows.
        expected: share expected of each, within (0, 1).
        between: variance between honest peers.
    """
    out = np.zeros(len(share))
    high = np.nan_to_num(share, nan=-1.0) > expected
    x, p, rows = share[high], expected[high], np.maximum(n[high], 0.5)
    spread = p * (1 - p)
    effective = np.clip(spread / np.maximum(spread / rows + between[high], 1e-12), 0.5, rows)
    k = np.clip(x, 0, 1) * effective
    out[high] = -np.log10(np.maximum(betainc(k, effective - k + 1, p), _TINY))
    return out


def count_surprise(count: Array, expected: Array, dispersion: Array) -> Array:
    """-log10 P(at least this count | expected), for a negative binomial variable of variance μ + dispersion
    · μ².

    Args:
        count: observed; missing gives 0.
        expected: mean of each, above 0.
        dispersion: squared coefficient of variation of honest expectations.
    """
    out = np.zeros(len(count))
    high = np.nan_to_num(count, nan=-1.0) > expected
    k, mean = count[high], expected[high]
    size = 1 / np.maximum(dispersion[high], LEAST_DISPERSION)
    out[high] = -np.log10(np.maximum(betainc(k, size, mean / (mean + size)), _TINY))
    return out


def count_dispersion(count: Array, expected: Array) -> float:
    """Squared coefficient of variation of honest expectations beyond Poisson, by moments; the highest
    counts are cut back to the quantile that guilt does not reach."""
    ratio = count / expected
    cut = np.minimum(count, np.quantile(ratio, 1 - contamination(len(ratio))) * expected)
    excess = ((cut - expected) ** 2 - expected).sum()
    return float(max(excess / max((expected**2).sum(), 1e-12), 0.0))


def distance_surprise(distance: Array, variance: Array) -> Array:
    """-log10 of the upper tail of Student's t at a distance of so many standard deviations; missing gives
    0."""
    z = distance / np.sqrt(np.maximum(variance, 1e-12))
    known = ~np.isnan(z) & (z > 0)
    out = np.zeros(len(z))
    out[known] = -t.logsf(z[known], DEGREES_OF_FREEDOM) / np.log(10)
    return out


def _sampled(values: Array) -> Array:
    return values[:: max(1, len(values) // FITTED_ROWS)]
