"""Shares and recall from random samples, against tables and against a known truth."""

import numpy as np
import pytest
from scipy.stats import beta

from models.sampling_estimators import list_recall, share


def test_a_sampled_subject_stands_for_one_over_its_probability():
    target, probability = np.array([1, 0]), np.array([0.1, 0.5])
    assert share(target, 1 / probability)[0] == pytest.approx(10 / 12)
    assert share(target, np.ones(2))[0] == 0.5


def test_the_interval_is_exact_for_a_few_equal_draws():
    """Three in ten of Clopper and Pearson's tables: 6.7 % to 65.2 %."""
    _value, low, high = share(np.repeat([1, 0], [3, 7]), np.ones(10))
    assert (low, high) == (pytest.approx(0.0667, abs=1e-4), pytest.approx(0.6525, abs=1e-4))


@pytest.mark.parametrize("hits, ends", [(0, (0.0, 0.3085)), (10, (0.6915, 1.0))])
def test_none_or_all_of_ten_is_no_certainty(hits, ends):
    found = share(np.repeat([1, 0], [hits, 10 - hits]), np.ones(10))
    assert found == (hits / 10, pytest.approx(ends[0], abs=1e-4), pytest.approx(ends[1], abs=1e-4))


def test_of_nothing_nothing_is_known():
    value, low, high = share(np.array([]), np.array([]))
    assert np.isnan(value) and (low, high) == (0.0, 1.0)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Two strata drawn at different rates, the one with more guilty the more often: weights put it right."""
    random = np.random.default_rng(0)
    size, guilty, random_sample = np.array([900, 100]), np.array([0.03, 0.4]), np.array([30, 20])
    truth = float(size @ guilty / size.sum())
    listed, outside = 50, truth * size.sum()
    held, recalled, unweighted = 0, 0, 0
    for _number in range(400):
        target = np.concatenate(
            [random.random(n) < p for n, p in zip(random_sample, guilty, strict=True)]
        ).astype(int)
        weight = np.repeat(size / random_sample, random_sample)
        _value, low, high = share(target, weight)
        held += low <= truth <= high
        _value, low, high = share(target, np.ones(len(target)))
        unweighted += low <= truth <= high
        wider = tuple(part * size.sum() for part in share(target, weight, 0.975))
        _value, low, high = list_recall(np.ones(listed), np.ones(30), 0, wider)
        recalled += low <= listed / (listed + outside) <= high
    assert held >= 0.95 * 400 and recalled >= 0.95 * 400
    assert unweighted < 0.6 * 400


def test_places_of_the_list_without_an_outcome_widen_the_interval():
    known = list_recall(np.ones(10), np.ones(10), 0, (20.0, 20.0, 20.0))
    partly = list_recall(np.ones(10), np.ones(10), 20, (20.0, 20.0, 20.0))
    assert known == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert partly[0] == pytest.approx(0.5) and partly[1] < 0.45 and partly[2] > 0.55


def test_unequal_weights_count_as_fewer_draws():
    """Weights 1 and 3 are 16/10 effective draws (Kish); ends are those of the beta distribution at that
    size."""
    value, low, high = share(np.array([1, 0]), np.array([1.0, 3.0]))
    assert value == 0.25
    assert low == pytest.approx(beta.ppf(0.025, 0.4, 2.2)) and high == pytest.approx(
        beta.ppf(0.975, 1.4, 1.2)
    )


def test_a_higher_confidence_gives_a_wider_interval():
    sample = np.repeat([1, 0], [3, 7]), np.ones(10)
    assert share(*sample) == share(*sample, 0.95)
    _value, low, high = share(*sample, 0.99)
    assert low < share(*sample)[1] and high > share(*sample)[2]


def test_recall_of_a_list_by_hand():
    """Of ten inspected three were confirmed, one of them in two runs; five places are unknown; two to eight
    missed."""
    confirmed, cleared = np.array([2.0, 1.0, 1.0]), np.ones(7)
    known = share(np.repeat([1, 0], [3, 7]), np.concatenate([confirmed, cleared]), 0.975)
    value, low, high = list_recall(confirmed, cleared, 5, (4.0, 2.0, 8.0))
    found = [4 + 5 * part for part in known]
    assert value == pytest.approx(found[0] / (found[0] + 4))
    assert low == pytest.approx(found[1] / (found[1] + 8)) and high == pytest.approx(
        found[2] / (found[2] + 2)
    )


def test_without_anybody_guilty_recall_is_missing():
    assert np.isnan(list_recall(np.array([]), np.ones(3), 0, (0.0, 0.0, 5.0))[0])
    assert list_recall(np.array([]), np.ones(3), 0, (0.0, 0.0, 5.0))[1] == 0.0
    assert list_recall(np.ones(2), np.ones(3), 0, (0.0, 0.0, 0.0)) == (1.0, 1.0, 1.0)


def test_a_list_without_outcomes_knows_nothing_of_its_unknown_places():
    value, low, high = list_recall(np.array([]), np.array([]), 5, (5.0, 5.0, 5.0))
    assert np.isnan(value) and low == 0.0 and high == 0.5
