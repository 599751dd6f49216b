"""Spreads of honest peers against slow twins: quantiles by hand, the additive variance by a root finder."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from features.comparison.funnel import (
    CONTAMINATION_OF_FEW,
    CONTAMINATION_OF_MANY,
    FEW,
    between_variance,
    proportion_z,
    upper_scale,
    within_variance,
)
from tests.features.comparison.test_funnel import one

SEEDS = range(6)


def slow_quantile(values: list[float], share: float) -> float:
    """Linear interpolation between the neighbours in order."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def slow_upper_scale(values: list[float], share: float) -> float:
    """The larger of the upper quantile's distance from the median, in normal quantiles, and 1.4826 MAD."""
    middle = slow_quantile(values, 0.5)
    upper = (slow_quantile(values, 1 - share) - middle) / norm.isf(share)
    deviation = 1.4826 * slow_quantile([abs(value - middle) for value in values], 0.5)
    return max(upper, deviation)


def slow_contamination(n: int) -> float:
    return CONTAMINATION_OF_FEW if n < FEW else CONTAMINATION_OF_MANY


def slow_between(residuals: list[float], sampling: list[float]) -> float:
    """The variance that, added to sampling, makes the upper scale of standardised residuals one."""
    share = slow_contamination(len(residuals))

    def excess(variance: float) -> float:
        rows = zip(residuals, sampling, strict=True)
        return slow_upper_scale([d / (v + variance) ** 0.5 for d, v in rows], share) - 1

    return 0.0 if excess(0.0) <= 0 else float(brentq(excess, 0.0, 1e12, xtol=1e-15))


def slow_row_variance(residuals: list[float], n: list[float]) -> float:
    """Excess of the spread of means over few rows, per excess of their mean 1/n."""
    middle, share = slow_quantile(n, 0.5), 2 * slow_contamination(len(n))
    few = [(d, rows) for d, rows in zip(residuals, n, strict=True) if rows <= middle]
    many = [(d, rows) for d, rows in zip(residuals, n, strict=True) if rows > middle]
    wide, narrow = (slow_upper_scale([d for d, _rows in half], share) ** 2 for half in (few, many))
    gap = sum(1 / rows for _d, rows in few) / len(few) - sum(1 / rows for _d, rows in many) / len(many)
    return max(0.0, (wide - narrow) / gap)


def skewed(seed: int, size: int = 151) -> tuple[np.ndarray, np.ndarray]:
    """Residuals with a tail on either side by turns, and their rows."""
    random = np.random.default_rng(seed)
    n = random.integers(2, 60, size).astype(float)
    tail = random.gamma(2, 1, size) * (1 if seed % 2 else -1)
    return (tail - np.median(tail)) * 10.0 ** (seed - 2), n


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("share", [0.03, 0.15, 0.3])
def test_the_upper_scale_equals_its_twin(seed, share):
    residuals, _n = skewed(seed)
    assert upper_scale(residuals, share) == pytest.approx(slow_upper_scale(residuals.tolist(), share))


def test_where_the_tail_is_on_the_innocent_side_the_scale_is_that_of_the_middle():
    """Two fifths agree at the top: the quantile above says nothing, the middle half says how far."""
    below = np.r_[np.linspace(-10, 0, 60), np.zeros(40)]
    middle = np.median(below)
    deviation = 1.4826 * np.median(np.abs(below - middle))
    assert upper_scale(below, 0.15) == pytest.approx(deviation)
    assert (np.quantile(below, 0.85) - middle) / norm.isf(0.15) < 0.7 * deviation


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("size", [40, FEW - 1, FEW])
def test_the_variance_between_peers_equals_its_twin(seed, size):
    residuals, n = skewed(seed, size)
    sampling = np.var(residuals) * 0.3 / n
    found = between_variance(residuals, sampling)
    assert found == pytest.approx(slow_between(residuals.tolist(), sampling.tolist()), rel=1e-5)
    assert found > 0


@pytest.mark.parametrize("scale", [1e-4, 0.5, 30.0])
def test_without_sampling_the_variance_is_the_square_of_the_scale(scale):
    residuals = scale * skewed(1)[0]
    expected = slow_upper_scale(residuals.tolist(), CONTAMINATION_OF_FEW) ** 2
    assert between_variance(residuals, np.zeros(len(residuals))) == pytest.approx(expected)


def test_where_sampling_explains_exactly_the_spread_nothing_is_left():
    residuals, n = skewed(1)
    scale = slow_upper_scale((residuals * np.sqrt(n)).tolist(), CONTAMINATION_OF_FEW)
    assert between_variance(residuals, 1.0001 * scale**2 / n) == 0
    assert between_variance(residuals, 0.9 * scale**2 / n) > 0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("size", [61, FEW])
def test_the_variance_of_a_row_equals_its_twin(seed, size):
    random = np.random.default_rng(seed)
    n = random.integers(1, 90, size).astype(float)
    residuals = random.standard_t(4, size) * np.sqrt(0.2 + 3 / n)
    found = within_variance(residuals, n)
    assert found == pytest.approx(slow_row_variance(residuals.tolist(), n.tolist())) and found > 0


def test_means_that_are_missing_or_over_no_row_have_no_part():
    random = np.random.default_rng(1)
    n = random.integers(1, 90, 80).astype(float)
    residuals = random.normal(0, np.sqrt(0.2 + 90 / n))
    holes = within_variance(np.r_[residuals, np.nan, 1e6], np.r_[n, 3.0, 0.0])
    assert holes == within_variance(residuals, n) > 0
    # One row is a row.
    single = np.where(n < 20, 1.0, n)
    assert within_variance(residuals, single) == pytest.approx(
        slow_row_variance(residuals.tolist(), single.tolist())
    )


def test_a_share_of_hardly_a_row_is_worth_half_a_row():
    assert one(proportion_z, 1.0, 0.0, 0.2, 0.0) == one(proportion_z, 1.0, 0.5, 0.2, 0.0) > 0
    assert one(proportion_z, 1.0, 0.7, 0.2, 0.0) > one(proportion_z, 1.0, 0.5, 0.2, 0.0)
    # Peers who differ by more than a share can leave half a row's worth.
    assert one(proportion_z, 1.0, 50, 0.2, 9.0) == one(proportion_z, 1.0, 0.5, 0.2, 0.0)
    # A share above one, from a ratio of sums, counts as one.
    assert one(proportion_z, 1.4, 30, 0.2, 0.01) == one(proportion_z, 1.0, 30, 0.2, 0.01)
