"""Where honest peers stand in one measure: centre, sampling variance and true spread, by peer group.

Groups borrow from each other: centre and spread of a group are shrunk toward those of all subjects of the
kind, the more so the smaller the group. Fitted once, it states the z-value of any subject from its own row
(`features.comparison.funnel`), whoever else is scored.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.comparison.funnel import (
    StatisticKind,
    between_variance,
    contamination,
    count_z,
    distance_z,
    robust_proportion_z,
    within_variance,
)
from significance.normal_tail import Array

# Shrinkage: a group of so many peers has as much weight as all subjects together.
PRIOR_PEERS = 20
# A share is expected to be at least, and at most, what half a row of so many and one would make.
HALF_ROW = 0.5
# Of a share, this part of the smallest difference that counts is the smallest spread between peers; the rest
# is tolerated, so that many rows settle the matter (`_tolerated`). Own starting value: z-values of honest
# institutions under the whole as a spread never reached one in a hundred.
SPREAD_PART = 0.5


@dataclass(frozen=True)
class Sample:
    """One measure of some subjects, more being more suspicious.

    Attributes:
        value: on the comparing scale; missing where it was not taken.
        expected: by the subject's own case mix, on that scale; 0 where the measure has no mix, and missing
            where the value is. Of counts, events beyond the expected number that are of no consequence.
        n: rows or exposure that the value arises from; 1 where it has no support.
        group: position of the subject's peer group in `NullDistribution.groups`.
    """

    value: Array
    expected: Array
    n: Array
    group: NDArray[np.intp]


@dataclass(frozen=True)
class NullDistribution:
    """The honest peers of one measure.

    Attributes:
        statistic: of what kind the measure is (`features.comparison.funnel`).
        min_effect: smallest difference that counts, on the comparing scale, so that one of no consequence is
            not significant where nearly all agree. It is the smallest standard deviation between peers; of
            shares a part of it is, and the rest is tolerated.
        centre: of each group: middle of the distances from the expected value; of counts, events by exposure.
        between_variance: between honest peers of each group; of counts, the squared coefficient of variation.
        within: variance of one row around its subject; of means only.
    """

    statistic: StatisticKind
    min_effect: float
    centre: Array
    between_variance: Array
    within: float

    def z(self, sample: Sample, centre: Array | None = None) -> Array:
        """z-value of each subject, positive on the suspicious side; missing where the value is.

        Args:
            centre: of each subject; that of its peer group where there is none.
        """
        centre = self.centre[sample.group] if centre is None else centre
        least = self.min_effect * (SPREAD_PART if self.statistic == "proportion" else 1.0)
        between = np.maximum(self.between_variance[sample.group], least**2)
        if self.statistic == "count":
            expected = centre * sample.n + sample.expected
            # Below the expectation the distance is stated on the same variance.
            below = distance_z(sample.value - expected, expected + between * expected**2)
            z = np.where(sample.value > expected, count_z(sample.value, expected, between), below)
        elif self.statistic == "proportion":
            expected = _possible(sample.expected + centre, sample.n)
            below = distance_z(sample.value - expected, _binomial(expected, sample.n) + between)
            tolerated = _possible(expected + self._tolerated(between), sample.n)
            above = robust_proportion_z(sample.value, sample.n, tolerated, between)
            z = np.where(sample.value > expected, above, below)
        else:
            sampling = max(self.within, self.min_effect**2) / sample.n if self.statistic == "mean" else 0.0
            z = distance_z(sample.value - sample.expected - centre, sampling + between)
        return z

    def _tolerated(self, between: Array) -> Array:
        """How far a share may lie above the expected one and be of no consequence: what the spread of honest
        peers leaves of the smallest difference that counts. An interval instead of a point is the null
        hypothesis (minimum-effect test, Murphy & Myors 1999, doi 10.1037/0021-9010.84.2.234)."""
        return np.maximum(self.min_effect - np.sqrt(between), 0.0)


def fit_null(statistic: StatisticKind, min_effect: float, sample: Sample, groups: int) -> NullDistribution:
    """Fit the null distribution of one measure to all subjects of a kind.

    Args:
        min_effect: see `NullDistribution`.
        groups: number of peer groups.
    """
    if statistic == "count":
        return _fit_counts(min_effect, sample, groups)
    distance = sample.value - sample.expected
    centre = by_group(_median, distance, sample.group, groups)
    residual = distance - centre[sample.group]
    row = within_variance(residual, sample.n) if statistic == "mean" else 0.0
    if statistic == "proportion":
        usual = _possible(sample.expected + centre[sample.group], sample.n)
        sampling = _binomial(usual, sample.n)
    else:
        sampling = max(row, min_effect**2) / sample.n if statistic == "mean" else np.zeros(len(distance))
    between = by_group(between_variance, np.c_[residual, sampling], sample.group, groups)
    return NullDistribution(statistic, min_effect, centre, between, row)


def _fit_counts(min_effect: float, sample: Sample, groups: int) -> NullDistribution:
    """Events by exposure of the middle peers, and the dispersion of honest counts beyond Poisson."""
    rows = np.c_[sample.value, sample.n]
    rate = by_group(_winsorized_rate, rows, sample.group, groups)
    expected = rate[sample.group] * sample.n
    between = by_group(_dispersion, np.c_[sample.value, expected], sample.group, groups)
    return NullDistribution("count", min_effect, rate, between, 0.0)


def by_group(statistic: Callable[..., float], rows: Array, group: NDArray[np.intp], groups: int) -> Array:
    """A statistic of each group, shrunk toward that of all subjects; of a group without rows, theirs.

    Args:
        statistic: function of the columns of ``rows``; missing where a group says nothing.
    """
    columns = rows.reshape(len(rows), -1)
    overall = float(np.nan_to_num(statistic(*columns.T)))
    own = np.array([statistic(*columns[group == g].T) for g in range(groups)], dtype=float)
    size = np.array([np.count_nonzero(group == g) for g in range(groups)])
    weight = size / (size + PRIOR_PEERS)
    shrunk: Array = np.where(np.isnan(own), overall, weight * own + (1 - weight) * overall)
    return shrunk


def _median(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _winsorized_rate(count: Array, exposure: Array) -> float:
    """Events by exposure of winsorized counts; above 0 where there are none."""
    known = ~np.isnan(count) & (exposure > 0)
    if not known.any():
        return float("nan")
    cut = _winsorized(count[known], exposure[known])
    return float((cut.sum() + 0.5) / (exposure[known].sum() + 1.0))


def _dispersion(count: Array, expected: Array) -> float:
    """Squared coefficient of variation of honest expectations beyond Poisson, by moments."""
    known = ~np.isnan(count) & (expected > 0)
    if not known.any():
        return float("nan")
    expected = expected[known]
    excess = ((_winsorized(count[known], expected) - expected) ** 2 - expected).sum()
    return float(max(excess / max((expected**2).sum(), 1e-12), 0.0))


def _winsorized(count: Array, exposure: Array) -> Array:
    """Counts capped at the 1 − `contamination` quantile of the rate, or at one event where that is less."""
    most = np.quantile(count / exposure, 1 - contamination(len(count)))
    return np.minimum(count, np.maximum(most * exposure, 1.0))


def _possible(share: Array, n: Array) -> Array:
    """An expected share that n rows could show: neither nothing nor everything."""
    least = HALF_ROW / (n + 1)
    return np.clip(share, least, 1 - least)


def _binomial(share: Array, n: Array) -> Array:
    return share * (1 - share) / np.maximum(n, HALF_ROW)
