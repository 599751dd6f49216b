"""Probabilities as z-values and powers of ten."""

import numpy as np
import pytest
from scipy import stats

from significance.normal_tail import MIN_PROBABILITY, neg_log10_p, z_of


def test_probabilities_are_told_apart_down_to_one_in_a_quadrillion():
    found = z_of(np.array([1e-14, MIN_PROBABILITY, 1e-300, 0.0]))
    assert MIN_PROBABILITY == 1e-15 and found[0] < found[1] == found[2] == found[3]


def test_a_z_value_is_the_normal_quantile_of_the_upper_tail():
    probability = np.array([0.5, 0.975, 0.01, 1e-9])
    assert z_of(probability)[:2] == pytest.approx([0, -1.959964], abs=1e-6)
    assert stats.norm.sf(z_of(probability)) == pytest.approx(probability, rel=1e-9)


def test_significance_is_stated_in_powers_of_ten():
    z = np.array([0.0, stats.norm.isf(0.01), stats.norm.isf(1e-8), np.nan])
    assert neg_log10_p(z).tolist() == pytest.approx([np.log10(2), 2, 8, 0])
    # Far beyond where a probability is still a float.
    assert neg_log10_p(np.array([50.0]))[0] == pytest.approx(544.966, abs=0.001)
