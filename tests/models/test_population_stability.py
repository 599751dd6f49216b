"""PSI: zero for the same subjects, small by chance, large where the distribution moved."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from models.population_stability import FALSE_ALARM, PSI_ALERT, Profile, profiles, stability


def drawn(seed: int, count: int, shift: float = 0.0) -> pd.DataFrame:
    return pd.DataFrame({"fee": np.random.default_rng(seed).normal(shift, 1, count)})


def compared(now: pd.DataFrame, then: pd.DataFrame) -> tuple[float, bool]:
    reference = profiles(then)
    return stability(profiles(now, reference)["fee"], reference["fee"])


def test_the_index_is_that_of_the_definition():
    """Two bins of 30 and 10 against 20 and 20, with half a subject more in each."""
    index, much = stability(Profile([0.0], [30, 10]), Profile([0.0], [20, 20]))
    p, q = np.array([30.5, 10.5]) / 41, np.array([20.5, 20.5]) / 41
    assert index == pytest.approx(((p - q) * np.log(p / q)).sum()) and index > PSI_ALERT and not much


def test_the_same_subjects_do_not_drift_and_others_of_the_same_kind_only_by_chance():
    assert compared(drawn(0, 5_000), drawn(0, 5_000)) == (0.0, False)
    index, much = compared(drawn(1, 5_000), drawn(0, 5_000))
    assert 0 < index < 0.02 and not much


def test_a_shift_of_one_standard_deviation_is_drift_half_of_a_tenth_is_not():
    assert compared(drawn(1, 5_000, 1.0), drawn(0, 5_000))[1]
    assert not compared(drawn(1, 5_000, 0.05), drawn(0, 5_000))[1]


def test_among_few_subjects_chance_alone_is_no_drift():
    found = [compared(drawn(seed, 20), drawn(1_000 + seed, 20)) for seed in range(200)]
    assert sum(index > PSI_ALERT for index, _much in found) > 100 and sum(much for _index, much in found) < 4


def test_missing_values_are_a_bin_of_their_own():
    then = drawn(0, 1_000)
    now = then.where(np.arange(1_000)[:, None] % 2 == 0)
    assert compared(now, then)[1] and compared(now, now)[0] == 0


def test_bins_are_those_of_the_reference_and_hold_everybody():
    reference = profiles(drawn(0, 1_000))
    found = profiles(drawn(1, 500, 9.0), reference)["fee"]
    assert found.edges == reference["fee"].edges and sum(found.counts) == 500 and found.counts[9] > 490


def test_a_measure_of_nothing_but_zeros_or_nothing_at_all_has_no_drift():
    zeros, none = pd.DataFrame({"fee": [0.0] * 50}), pd.DataFrame({"fee": [np.nan] * 50})
    assert compared(zeros, zeros) == (0.0, False) and compared(none, none) == (0.0, False)
    assert compared(zeros.head(0), zeros) == (0.0, False)


@pytest.mark.parametrize("seed", range(3))
def test_drift_is_more_than_the_distribution_of_the_index_by_chance(seed):
    """Yurdakul (2018): by chance the index is chi-squared of bins less one, times 1/n + 1/m."""
    random = np.random.default_rng(seed)
    drifts = []
    for _pair in range(200):
        bins = int(random.integers(2, 6))
        now, then = (random.integers(1, size, bins).tolist() for size in random.integers(20, 200, 2))
        index, much = stability(Profile([], now), Profile([], then))
        by_chance = chi2.ppf(1 - FALSE_ALARM, bins - 1) * (1 / sum(now) + 1 / sum(then))
        assert much == (index > max(PSI_ALERT, by_chance))
        drifts.append(much)
    assert 20 < sum(drifts) < 180
