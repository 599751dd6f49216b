"""Funnel plots with over-dispersion: how far a proportion, a count or a mean lies from the peers.

A subject's distance from its peers has two sources of spread: sampling, which shrinks with the number of
rows, and the peers' own true differences, which do not (additive over-dispersion, Spiegelhalter 2005, doi
10.1136/qshc.2005.013755 and 10.1002/sim.1970). Centre and spread are taken where the guilty are not: from
the middle of the peers (empirical null, Efron 2004, doi 10.1198/016214504000000089), so that many guilty do
not hide each other. Every distance is stated as a z-value: the normal quantile of the probability that an
honest peer stands as far out. It keeps growing where a rank among a hundred peers ends at one in a hundred.
"""

import functools
from typing import Literal, cast

import numpy as np
from scipy.special import betainc
from scipy.stats import norm, t

from significance.normal_tail import Array, z_of

# Kind of statistic a measure is: a share of n rows, events by exposure, a mean or ratio over n rows, or a
# number that has no sampling variance of its own.
StatisticKind = Literal["proportion", "count", "mean", "plain"]

# Share of a peer group that may be guilty without moving its centre and spread: of few subjects
# (institutions, doctors) up to one in seven, of many (persons, visits) up to three in a hundred. Own
# starting values; national campaigns found problems in most institutions inspected, and far fewer that were
# fraud.
FEW, CONTAMINATION_OF_FEW, CONTAMINATION_OF_MANY = 1_000, 0.15, 0.03
# 1.4826 MAD is the standard deviation of a normal distribution.
MAD_TO_SD = 1.4826
# Measured values have heavier tails than a normal distribution: Student's t with so many degrees of freedom.
DEGREES_OF_FREEDOM = 8
# Counts of honest subjects vary at least by this squared coefficient of variation around their expectation.
MIN_DISPERSION = 0.05
# More rows than this do not change a quantile that matters; fitting takes an even sample of them.
FITTED_ROWS = 20_000
# Groups smaller than this have no variance of their own.
MIN_PEERS = 3
# Rows of two kinds (few, many) that are needed to estimate the variance of one row.
MIN_FEW, MIN_MANY = 10, 5
# Halvings of the interval in which the variance between peers is sought.
_STEPS = 30


def contamination(n: int) -> float:
    """Share of a group of n peers that may be guilty."""
    return CONTAMINATION_OF_FEW if n < FEW else CONTAMINATION_OF_MANY


def upper_scale(residuals: Array, share: float) -> float:
    """Standard deviation of residuals around their median, from the quantile that leaves ``share`` above
    it, or from the MAD where that is larger; 0 for fewer than MIN_PEERS."""
    if len(residuals) < MIN_PEERS:
        return 0.0
    ascending = np.sort(residuals)
    middle, high = _quantile(ascending, 0.5), _quantile(ascending, 1 - share)
    apart = np.sort(np.abs(ascending - middle))
    return max((high - middle) / _normal_quantile(share), MAD_TO_SD * _quantile(apart, 0.5))


def between_variance(residuals: Array, sampling: Array) -> float:
    """Variance between honest peers beyond sampling: with it, the upper scale of the standardised residuals
    is one.

    Args:
        residuals: distances from the centre, missing allowed.
        sampling: sampling variance of each.

    Returns:
        The additive over-dispersion τ²; 0 where sampling explains the spread, and missing for fewer than
        MIN_PEERS.
    """
    known = ~np.isnan(residuals) & ~np.isnan(sampling)
    share = contamination(int(known.sum()))
    d, v = _sampled(residuals[known]), _sampled(sampling[known])
    if len(d) < MIN_PEERS:
        return float("nan")
    if not v.any():
        return upper_scale(d, share) ** 2

    def scale(variance: float) -> float:
        return upper_scale(d / np.sqrt(v + variance + 1e-12), share)

    if scale(0.0) <= 1:
        return 0.0
    low, high = 0.0, 4 * upper_scale(d, share) ** 2 + 1e-9
    for _step in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if scale(middle) > 1 else (low, middle)
    return high


def within_variance(residuals: Array, n: Array) -> float:
    """Variance of one row, for means over n rows: from how much farther the means over few rows spread than
    those over many; 0 where they do not, or there are too few of either."""
    known = ~np.isnan(residuals) & (n > 0)
    # All the guilty may be in one half.
    share = 2 * contamination(int(known.sum()))
    d, n = _sampled(residuals[known]), _sampled(n[known])
    few = n <= np.median(n) if len(n) else np.array([], dtype=bool)
    if few.sum() < MIN_FEW or (~few).sum() < MIN_MANY:
        return 0.0
    wide, narrow = upper_scale(d[few], share) ** 2, upper_scale(d[~few], share) ** 2
    gap = float(np.mean(1 / n[few]) - np.mean(1 / n[~few]))
    return max(0.0, (wide - narrow) / max(gap, 1e-9))


def proportion_z(share: Array, n: Array, expected: Array, between: Array) -> Array:
    """z-value of a share of n rows that exceeds the expected one: upper tail of a beta-binomial variable.

    Over-dispersion makes n rows worth as many independent ones as have the same variance; the tail of that
    binomial variable is an incomplete beta function, which needs no whole numbers.

    Args:
        share: observed, 0 to 1; where it does not exceed the expected one, or is missing, the result is 0.
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
    out[high] = z_of(betainc(k, effective - k + 1, p))
    return np.maximum(out, 0.0)


def robust_proportion_z(share: Array, n: Array, expected: Array, between: Array) -> Array:
    """z-value of a share of n rows that exceeds the expected one where the spread between peers is larger
    than the expected share itself.

    The beta distribution is U-shaped then, and its upper tail never smaller than its mean, however far the
    share. So the z-value of a heavy-tailed distance (`distance_z`) is taken where it is larger, at most that
    of sampling alone (`proportion_z` without spread between peers).

    Args:
        share, n, expected, between: as of `proportion_z`.
    """
    apart = distance_z(share - expected, expected * (1 - expected) / np.maximum(n, 0.5) + between)
    sampled = proportion_z(share, n, expected, np.zeros(len(share)))
    heavy = np.minimum(sampled, np.nan_to_num(apart))
    return cast(Array, np.maximum(proportion_z(share, n, expected, between), heavy))


def count_z(count: Array, expected: Array, dispersion: Array) -> Array:
    """z-value of a count that exceeds the expected one: upper tail of a negative binomial variable of
    variance μ + dispersion · μ².

    Args:
        count: observed; where it does not exceed the expected one, or is missing, the result is 0.
        expected: mean of each, above 0.
        dispersion: squared coefficient of variation of honest expectations.
    """
    out = np.zeros(len(count))
    high = np.nan_to_num(count, nan=-1.0) > expected
    k, mean = count[high], expected[high]
    size = 1 / np.maximum(dispersion[high], MIN_DISPERSION)
    out[high] = z_of(betainc(k, size, mean / (mean + size)))
    return np.maximum(out, 0.0)


def distance_z(distance: Array, variance: Array) -> Array:
    """z-value of a distance, by Student's t with DEGREES_OF_FREEDOM; missing stays missing, and distances
    below zero have negative z-values.

    Args:
        distance: from the centre.
        variance: of honest peers at that distance, sampling and between, above 0.
    """
    standardised = distance / np.sqrt(np.maximum(variance, 1e-12))
    side = np.sign(standardised)
    return cast(Array, side * z_of(t.sf(np.abs(standardised), DEGREES_OF_FREEDOM)))


@functools.cache
def _normal_quantile(upper: float) -> float:
    """The quantile of the normal distribution with this much above it."""
    return float(norm.isf(upper))


def _quantile(ascending: Array, share: float) -> float:
    """A quantile of sorted values, interpolated; `np.quantile` costs ten times as much on a few hundred."""
    at = share * (len(ascending) - 1)
    below = int(at)
    low, high = ascending[below], ascending[min(below + 1, len(ascending) - 1)]
    return float(low + (high - low) * (at - below))


def _sampled(values: Array) -> Array:
    return values[:: max(1, len(values) // FITTED_ROWS)]
