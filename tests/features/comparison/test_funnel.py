"""Funnel plots against the distributions of scipy; spreads recovered from peers of whom some are guilty."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from features.comparison.funnel import (
    CONTAMINATION_OF_FEW,
    CONTAMINATION_OF_MANY,
    DEGREES_OF_FREEDOM,
    FEW,
    FITTED_ROWS,
    MAD_TO_SD,
    MIN_DISPERSION,
    MIN_FEW,
    MIN_MANY,
    MIN_PEERS,
    between_variance,
    contamination,
    count_z,
    distance_z,
    proportion_z,
    robust_proportion_z,
    upper_scale,
    within_variance,
)
from significance.normal_tail import MIN_PROBABILITY


def one(function, *numbers: float) -> float:
    """A function of columns, of one row."""
    return float(function(*(np.array([number], dtype=float) for number in numbers))[0])


def z_value(probability: float) -> float:
    """The z-value that leaves a probability above it; none below the middle."""
    return max(float(stats.norm.isf(probability)), 0.0)


@pytest.mark.parametrize("n, events", [(1, 1), (10, 2), (10, 10), (65, 28), (4_000, 90)])
@pytest.mark.parametrize("expected", [0.02, 0.15, 0.6])
def test_without_true_spread_a_share_is_as_expected_z_as_a_binomial_count(n, events, expected):
    found = one(proportion_z, events / n, n, expected, 0.0)
    tail = stats.binom.sf(events - 1, n, expected)
    assert found == pytest.approx(0.0 if events / n <= expected else z_value(max(tail, 1e-15)), abs=1e-6)


@pytest.mark.parametrize("n, p, spread", [(20, 0.2, 0.05), (100, 0.1, 0.03), (500, 0.3, 0.1), (40, 0.5, 0.1)])
@pytest.mark.parametrize("away", [1.5, 2.5, 3.5])
def test_with_true_spread_it_is_nearly_as_expected_z_as_a_beta_binomial_count(n, p, spread, away):
    size = p * (1 - p) / spread**2 - 1
    events = np.ceil(n * (p + away * np.sqrt(p * (1 - p) / n + spread**2)))
    twin = stats.betabinom.sf(events - 1, n, p * size, (1 - p) * size)
    assert one(proportion_z, events / n, n, p, spread**2) == pytest.approx(z_value(twin), rel=0.15)


@pytest.mark.parametrize("share", [0.0, 0.2, np.nan])
def test_a_share_that_does_not_exceed_the_expected_one_is_no_z_value(share):
    assert one(proportion_z, share, 50, 0.2, 0.01) == 0


def test_many_rows_do_not_make_significant_what_peers_differ_by():
    """Three in ten where two are usual: of ten rows chance, of ten thousand a proof, unless honest peers
    differ by as much."""
    few, many = (one(proportion_z, 0.3, n, 0.2, 0.0) for n in (10, 10_000))
    assert few < 1 < 7 < many
    assert one(proportion_z, 0.3, 10_000, 0.2, 0.1**2) < 1.3


@pytest.mark.parametrize("count", [1, 3, 12, 40])
@pytest.mark.parametrize("expected", [0.01, 0.8, 9.5])
@pytest.mark.parametrize("dispersion", [0.05, 0.5, 4.0])
def test_a_count_is_as_expected_z_as_a_negative_binomial_one(count, expected, dispersion):
    size = 1 / dispersion
    tail = stats.nbinom.sf(count - 1, size, size / (size + expected))
    expected_z = z_value(max(tail, MIN_PROBABILITY)) if count > expected else 0.0
    assert one(count_z, count, expected, dispersion) == pytest.approx(expected_z, abs=1e-6)


def test_counts_of_honest_peers_vary_by_a_least_dispersion():
    assert one(count_z, 30, 10, 0.0) == one(count_z, 30, 10, MIN_DISPERSION)
    assert one(count_z, 30, 10, 1.01 * MIN_DISPERSION) < one(count_z, 30, 10, MIN_DISPERSION)
    assert one(count_z, np.nan, 10, 0.1) == one(count_z, 10, 10, 0.1) == 0


@pytest.mark.parametrize("distance", [0.0, 0.3, 2.0, 5.5])
def test_a_distance_is_as_expected_z_as_students_t(distance):
    found = one(distance_z, distance, 0.25)
    assert found == pytest.approx(z_value(stats.t.sf(distance / 0.5, DEGREES_OF_FREEDOM)), abs=1e-9)
    assert one(distance_z, -distance, 0.25) == -found
    assert np.isnan(one(distance_z, np.nan, 0.25))


def test_where_honest_peers_are_at_nothing_a_large_share_is_a_long_way():
    """Two thirds of 200 visits in company where nearly nobody has any: the beta distribution of so small a
    mean and so wide a spread would call it chance."""
    beta = one(proportion_z, 0.67, 200, 0.0025, 0.05**2)
    found = one(robust_proportion_z, 0.67, 200, 0.0025, 0.05**2)
    assert beta < 2 and found > 4.5
    assert found == pytest.approx(one(distance_z, 0.67 - 0.0025, 0.05**2 + 0.0025 / 200), abs=0.01)
    # One row of one proves nothing, whatever the distance.
    assert one(robust_proportion_z, 1.0, 1, 0.0025, 0.0) == pytest.approx(
        one(proportion_z, 1.0, 1, 0.0025, 0.0)
    )
    assert one(robust_proportion_z, 0.002, 200, 0.0025, 0.05**2) == 0


def test_a_share_in_the_middle_is_judged_as_a_beta_binomial_variable():
    for spread in (0.0, 0.05**2):
        assert one(robust_proportion_z, 0.45, 100, 0.3, spread) == pytest.approx(
            one(proportion_z, 0.45, 100, 0.3, spread), rel=0.1
        )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.floats(0, 1), st.floats(0, 1), st.floats(0.001, 0.999), st.floats(0, 0.2), st.floats(0.5, 1e6)
)  # fmt: skip
def test_more_is_never_less_expected_z(first, second, expected, spread, n):
    low, high = sorted([first, second])
    assert one(proportion_z, low, n, expected, spread) <= one(proportion_z, high, n, expected, spread) + 1e-9
    assert (
        one(robust_proportion_z, low, n, expected, spread)
        <= one(robust_proportion_z, high, n, expected, spread) + 1e-9
    )
    given = expected * n, max(spread, 0.001)
    assert one(count_z, low * n, *given) <= one(count_z, high * n, *given) + 1e-9


def test_of_few_peers_more_may_be_guilty_than_of_many():
    assert contamination(FEW - 1) == contamination(3) == CONTAMINATION_OF_FEW == 0.15
    assert contamination(FEW) == contamination(10**6) == CONTAMINATION_OF_MANY == 0.03


def test_the_upper_scale_is_that_of_a_normal_distribution():
    quantiles = stats.norm.ppf(np.linspace(0.0005, 0.9995, 1000))
    for share in (0.03, 0.15):
        assert upper_scale(2.5 * quantiles, share) == pytest.approx(2.5, rel=0.01)


def test_the_upper_scale_looks_at_the_suspicious_side_and_never_below_the_middle_half():
    right = np.r_[np.zeros(51), np.linspace(0, 4, 50)]
    # Guilt on the other side, or beyond the share, moves nothing.
    assert upper_scale(right, 0.15) > 1
    assert upper_scale(np.r_[right[:-10], np.full(10, 1e6)], 0.15) == pytest.approx(upper_scale(right, 0.15))
    assert upper_scale(-np.abs(right), 0.15) == pytest.approx(MAD_TO_SD * np.median(np.abs(right)), abs=1e-9)
    assert upper_scale(np.r_[np.zeros(90), np.full(10, 9.0)], 0.15) == 0


@pytest.mark.parametrize("function", [lambda d: upper_scale(d, 0.15), lambda d: between_variance(d, 0 * d)])
def test_three_peers_have_a_spread_and_two_have_none(function):
    three = function(np.linspace(0, 1, MIN_PEERS))
    two = function(np.linspace(0, 1, MIN_PEERS - 1))
    assert three > 0 and (two == 0 or np.isnan(two))


def peers(size: int, spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Distances of honest peers that differ truly by a standard deviation, and the sampling variance of
    each."""
    random = np.random.default_rng(seed)
    sampling = 0.2 / random.integers(5, 400, size)
    return random.normal(0, np.sqrt(sampling + spread**2)), sampling


@pytest.mark.parametrize("size", [300, 5_000])
@pytest.mark.parametrize("spread", [0.05, 0.3])
def test_the_true_spread_of_honest_peers_is_recovered(size, spread):
    found = [between_variance(*peers(size, spread, seed)) for seed in range(8)]
    assert np.sqrt(np.mean(found)) == pytest.approx(spread, rel=0.12)


def test_sampling_alone_leaves_no_true_spread():
    found = [between_variance(*peers(5_000, 0.0, seed)) for seed in range(8)]
    # A tenth of the smallest sampling variance.
    assert np.mean(found) < 0.1 * 0.2 / 400
    residuals, sampling = peers(5_000, 0.0)
    assert between_variance(0.9 * residuals, sampling) == 0


def test_ten_guilty_of_a_hundred_do_not_hide_each_other():
    honest, guilty = np.arange(90), np.arange(90, 100)
    ratios, plain = [], []
    for seed in range(20):
        residuals, sampling = peers(100, 0.1, seed)
        residuals[guilty] = 1.0
        found = between_variance(residuals, sampling)
        ratios.append(found / between_variance(residuals[honest], sampling[honest]))
        plain.append(residuals.var() / residuals[honest].var())
        assert distance_z(residuals, sampling + found)[guilty].min() > 2.5
    # Ten of a hundred take two thirds of what contamination allows for: the spread grows, not by the guilt.
    assert np.median(ratios) < 2.5 < 5 < np.median(plain)


def test_missing_peers_have_no_part_in_the_spread():
    residuals, sampling = peers(200, 0.1)
    holes = np.r_[residuals, np.nan, 5.0], np.r_[sampling, 0.1, np.nan]
    assert between_variance(*holes) == between_variance(residuals, sampling)
    assert np.isnan(between_variance(np.full(9, np.nan), np.ones(9)))


def test_of_very_many_peers_an_even_sample_is_fitted():
    residuals, sampling = peers(3 * FITTED_ROWS, 0.1)
    assert between_variance(residuals, sampling) == between_variance(residuals[::3], sampling[::3])
    assert between_variance(residuals, sampling) != between_variance(residuals[1::3], sampling[1::3])


def means(few: int, many: int, variance: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Distances of means over 4 rows and over 400, and their rows."""
    n = np.r_[np.full(few, 4.0), np.full(many, 400.0)]
    return np.random.default_rng(seed).normal(0, np.sqrt(0.05**2 + variance / n)), n


@pytest.mark.parametrize("variance", [0.5, 3.0])
def test_the_variance_of_one_row_is_recovered(variance):
    found = [within_variance(*means(600, 400, variance, seed)) for seed in range(8)]
    assert np.mean(found) == pytest.approx(variance, rel=0.1)


def test_the_variance_of_one_row_needs_means_over_few_and_over_many():
    enough = within_variance(*means(MIN_FEW, MIN_MANY, 3.0))
    assert enough > 0
    assert within_variance(*means(MIN_FEW, MIN_MANY - 1, 3.0)) == 0
    assert within_variance(*means(MIN_FEW - 1, MIN_MANY, 3.0)) == 0
    # All means over as many rows; means that differ truly and not by sampling; none at all.
    distances, n = means(50, 50, 3.0)
    assert within_variance(distances, np.full(100, 7.0)) == 0
    assert within_variance(distances, n[::-1]) == 0
    assert within_variance(np.array([]), np.array([])) == 0
