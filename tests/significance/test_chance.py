"""Counts against chance: exact values, a slow twin of Benjamini and Hochberg, planted counts among honest
ones."""

from math import exp, log10

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson

from significance.chance import FDR, dispersion, neg_log10_fdr, significant
from tests.significance.slow_chance import slow_fdr


def test_one_count_is_its_p_value_times_the_number_tested():
    found = neg_log10_fdr(pd.Series([1]), pd.Series([0.5]), tested=10)
    assert found[0] == pytest.approx(-log10((1 - exp(-0.5)) * 10))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.floats(0.01, 10)), min_size=1, max_size=12),
    st.integers(12, 500),
    st.sampled_from([1.0, 1.5, 2.5]),
)
def test_rates_equal_the_slow_twin(rows, tested, spread):
    observed, expected = (pd.Series(column) for column in zip(*rows, strict=True))
    if spread == 1.0:
        p = poisson.sf(observed - 1, expected)
    else:
        p = nbinom.sf(observed - 1, expected / (spread - 1), 1 / spread)
    found = neg_log10_fdr(observed, expected, tested, spread)
    assert found.to_numpy() == pytest.approx(-np.log10(slow_fdr(list(p), tested)), rel=1e-6, abs=1e-9)


def test_rates_keep_the_index_of_the_counts():
    observed = pd.Series([2, 9, 4], index=["x", "y", "z"])
    found = neg_log10_fdr(observed, pd.Series(1.0, observed.index), 3)
    assert list(found.index) == ["x", "y", "z"] and found.idxmax() == "y" and found.idxmin() == "x"


def test_an_expectation_counts_as_one_in_a_thousand_at_least():
    few, missing, bound, more = (
        neg_log10_fdr(pd.Series([3]), pd.Series([expected]), 4)[0]
        for expected in (1e-9, np.nan, 1e-3, 1.1e-3)
    )
    assert few == missing == bound > more
    assert neg_log10_fdr(pd.Series([1]), pd.Series([0.0]), 1)[0] == pytest.approx(-log10(1 - exp(-1e-3)))


def test_nothing_tested_counts_as_one():
    one = pd.Series([2]), pd.Series([1.0])
    assert neg_log10_fdr(*one, 0)[0] == neg_log10_fdr(*one, 1)[0] > neg_log10_fdr(*one, 2)[0]


def test_of_counts_by_chance_hardly_any_is_significant():
    rng = np.random.default_rng(0)
    expected = pd.Series(rng.gamma(1.0, 0.5, 20_000))
    observed = pd.Series(rng.poisson(expected))
    guilty = pd.Series(rng.poisson(expected[:50]) + 12)
    counts = pd.concat([guilty, observed[50:]])
    named = significant(pd.DataFrame({"neg_log10_fdr": neg_log10_fdr(counts, expected, 20_000)}))
    assert (named.index < 50).sum() >= 45 and (named.index >= 50).sum() <= 3


def test_significance_needs_a_rate_below_one_in_a_hundred():
    assert FDR == 0.01
    found = significant(pd.DataFrame({"neg_log10_fdr": [1.99, 2.0, 2.01]}))
    assert found.neg_log10_fdr.tolist() == [2.01]


def test_dispersion_makes_the_same_count_less_significant():
    observed, expected = pd.Series([30, 10]), pd.Series([10.0, 10.0])
    without = neg_log10_fdr(observed, expected, 100)
    much = neg_log10_fdr(observed, expected, 100, dispersion=4.0)
    assert without[0] > much[0] > much[1]


def test_dispersion_by_hand():
    """Anscombe's roots 2·√(x + 3/8) of eight counts, quartiles by interpolation, over 1.349, squared."""
    observed, expected = pd.Series([1, 2, 3, 5, 8, 13, 21, 34]), pd.Series([9.0] * 8)
    roots = 2 * np.sqrt(np.array([1, 2, 3, 5, 8, 13, 21, 34]) + 0.375)
    low, high = roots[1] + 0.75 * (roots[2] - roots[1]), roots[5] + 0.25 * (roots[6] - roots[5])
    assert dispersion(observed, expected) == pytest.approx(((high - low) / 1.349) ** 2)
    # The expectation matters, too: around expectations that follow them the same counts vary less.
    assert dispersion(observed, observed.astype(float)) == 1.0


def test_the_roots_of_expectations_are_shifted_as_those_of_counts():
    """Anscombe's roots of 15.625 and 35.625 are 4 and 6, of 1.875 it is 1.5: half deviate by 0, half by 4."""
    observed, expected = pd.Series([1.875] * 4 + [35.625] * 4), pd.Series([1.875] * 4 + [15.625] * 4)
    assert dispersion(observed, expected) == pytest.approx((4 / 1.349) ** 2)


def test_seven_counts_and_counts_expected_below_one_say_nothing_about_dispersion():
    observed = pd.Series([1, 2, 3, 5, 8, 13, 21, 34])
    assert dispersion(observed[:7], pd.Series([9.0] * 7)) == 1.0
    assert dispersion(observed, pd.Series([1.0] * 8)) > 5
    assert dispersion(observed, pd.Series([1.0] * 7 + [0.99])) == 1.0
    # Those below one take no part where there are enough others.
    more = pd.concat([observed, pd.Series([0, 100, 0, 100])], ignore_index=True)
    few = pd.concat([pd.Series([9.0] * 8), pd.Series([0.5] * 4)], ignore_index=True)
    assert dispersion(more, few) == dispersion(observed, pd.Series([9.0] * 8))


def test_dispersion_is_found_and_the_guilty_do_not_raise_it():
    rng = np.random.default_rng(1)
    expected = pd.Series(rng.uniform(5, 30, 2_000))
    honest = pd.Series(rng.negative_binomial(expected / 2, 1 / 3))
    assert dispersion(pd.Series(rng.poisson(expected)), expected) == pytest.approx(1.0, abs=0.15)
    assert dispersion(honest, expected) == pytest.approx(3.0, rel=0.2)
    assert dispersion(honest.where(honest.index >= 100, 500), expected) == pytest.approx(3.0, rel=0.35)
