"""Rounding gives one result whatever the order of the sum before it."""

import ibis
import numpy as np
import pytest

from features.rounding import rounded

# Means of whole cents that lie half-way between two results, and one that does not.
HALF_WAY = {6: (101.1515625, 0.5000005, -3.4285715), 2: (1371.125, 88.005, -12.345)}


def rounded_float(value: float, decimals: int) -> float:
    return float(rounded(ibis.literal(value), decimals).execute())


@pytest.mark.parametrize(("decimals", "value"), [(d, v) for d, values in HALF_WAY.items() for v in values])
def test_the_last_bits_of_a_sum_do_not_decide_a_half_way_case(decimals: int, value: float) -> None:
    bits = 8 * np.spacing(value)
    results = {rounded_float(value + error, decimals) for error in (-bits, 0.0, bits)}
    assert len(results) == 1
    assert abs(results.pop() - value) <= 0.5000001 * 10.0**-decimals


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [(0.25, 2, 0.25), (7.0, 6, 7.0), (0.1234564, 6, 0.123456), (0.1234566, 6, 0.123457), (-0.004, 2, 0.0)],
)
def test_other_values_are_rounded_to_the_nearest(value: float, decimals: int, expected: float) -> None:
    assert rounded_float(value, decimals) == expected


def test_sums_of_the_same_cents_in_any_order_are_one_mean() -> None:
    cents = np.array([334.8, 0.05, 1371.11, 66200.79, 3789.58, 41759.77, 26082.41, 8641.26])
    means = {float(np.cumsum(np.random.default_rng(seed).permutation(cents))[-1]) / 8 for seed in range(40)}
    assert len(means) > 1
    assert len({rounded_float(mean, 6) for mean in means}) == 1
