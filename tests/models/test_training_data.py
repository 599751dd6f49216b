"""Which subjects are learnt from, with what weight, and in which fold."""

import numpy as np
import pandas as pd
import pytest

from models.training_data import (
    FOLDS,
    MIN_CONFIRMED,
    UNINSPECTED_ROWS,
    UNINSPECTED_WEIGHT,
    folds,
    training_set,
)
from tests.models.subjects import subjects


def test_too_few_confirmed_teach_nothing():
    features = subjects()
    known = pd.Series([1] * MIN_CONFIRMED + [0] * 30, features.index[: MIN_CONFIRMED + 30])
    assert training_set(features, known.iloc[1:]) is None
    assert training_set(features, known) is not None
    # Confirmed subjects that were not measured on the night do not count.
    assert training_set(features.iloc[1:], known) is None


def test_inspected_stand_beside_a_light_sample_of_the_others():
    features = subjects(200)
    known = pd.Series([1] * 15 + [0] * 5, features.index[:20])
    data = training_set(features, known)
    assert set(data.target.index) == set(features.index)
    assert data.target.sum() == 15 and data.inspected.sum() == 20
    assert (data.weight[data.inspected] == 1).all()
    assert data.weight[~data.inspected].sum() == pytest.approx(15 * UNINSPECTED_WEIGHT)
    many = subjects(UNINSPECTED_ROWS + 500)
    assert len(training_set(many, known).target) == UNINSPECTED_ROWS + 20


def test_a_fair_draw_is_learnt_from_alone_and_chosen_cases_are_not():
    features = subjects(1000)
    guilty = (features.m2 > 0.5).astype(int)
    random_sample = training_set(features, guilty.iloc[:300])
    assert random_sample.random_sample and len(random_sample.target) == 300 and random_sample.inspected.all()
    assert random_sample.weight.eq(1.0).all() and random_sample.inspected.dtype == bool
    chosen = guilty[features.m1 > 0.6]
    mixed = training_set(features, chosen)
    assert not mixed.random_sample and len(mixed.target) == 1000
    # On few inspected a random draw and a choice look the same.
    assert not training_set(features, guilty.iloc[:39]).random_sample
    assert training_set(features.iloc[:300], guilty.iloc[:300]).random_sample


def test_rows_are_taken_with_all_that_belongs_to_them():
    features = subjects(60)
    data = training_set(features, pd.Series([1] * 10 + [0] * 3, features.index[:13]))
    some = data.take(np.array([0, 20, 12]))
    names = data.target.index[[0, 20, 12]]
    assert some.features.equals(features.loc[names]) and some.random_sample == data.random_sample
    assert some.target.tolist() == [1, 0, 0] and some.inspected.tolist() == [True, False, True]
    assert some.weight.tolist() == [1.0, data.weight.iloc[20], 1.0]
    everybody = training_set(features, pd.Series([1] * 10 + [0] * 50, features.index))
    assert everybody.random_sample and everybody.take(np.array([1])).random_sample


def test_nobody_but_confirmed_subjects_teaches_nothing():
    features = subjects(30)
    assert training_set(features, pd.Series(1, features.index)) is None
    assert training_set(features, pd.Series([1] * 29, features.index[:29])) is not None


def test_the_sample_of_the_uninspected_follows_the_seed_and_keeps_their_order():
    many = subjects(UNINSPECTED_ROWS + 500)
    known = pd.Series([1] * 15 + [0] * 5, many.index[:20])
    one, same, other = (training_set(many, known, seed) for seed in (0, 0, 1))
    assert one.target.index.equals(same.target.index) and not one.target.index.equals(other.target.index)
    assert one.target.index[20:].is_monotonic_increasing and len(one.target) == 20 + UNINSPECTED_ROWS
    assert training_set(many, known).target.index.equals(one.target.index)
    assert (one.target.iloc[20:] == 0).all() and one.target.dtype == int


@pytest.mark.parametrize("cleared, random_sample", [(MIN_CONFIRMED - 1, False), (MIN_CONFIRMED, True)])
def test_with_few_cleared_the_inspected_do_not_stand_alone(cleared, random_sample):
    features = subjects(60 + cleared)
    known = pd.Series([1] * 60 + [0] * cleared, features.index)
    assert training_set(features, known).random_sample == random_sample


@pytest.mark.parametrize("inspected, uninspected, found", [(40, 40, True), (39, 41, False), (41, 39, False)])
def test_a_random_sample_shows_only_on_forty_of_both(inspected, uninspected, found):
    """Both halves have the same z-scores, so nothing can separate them."""
    half = subjects(max(inspected, uninspected))
    features = pd.concat(
        [half.head(inspected).add_prefix("", axis=1), half.head(uninspected).add_prefix("u", axis=0)]
    )
    known = pd.Series([1] * 10 + [0] * (inspected - 10), half.index[:inspected])
    assert training_set(features, known).random_sample == found


def test_how_well_the_inspected_may_be_separated():
    """One measure shifted among the inspected: at a shift of 0.2 the AUC is about 0.55, at 0.6 about 0.66."""
    for shift, found in ((0.2, True), (0.6, False)):
        features = subjects(2000, seed=3)
        known = pd.Series([1] * 400 + [0] * 600, features.index[:1000])
        features.loc[known.index, "m0"] += shift
        assert training_set(features, known).random_sample == found


def test_a_few_chosen_among_many_are_seen_as_chosen():
    """Forty chosen of four thousand: without balanced classes and bounds the separation would hide."""
    features = subjects(4000)
    features.loc["s0", "m0"] = -1e6
    known = pd.Series([1] * 20 + [0] * 30, features.m0.sort_values().index[-50:])
    assert not training_set(features, known).random_sample


def test_folds_spread_confirmed_cleared_and_uninspected_evenly():
    features = subjects(100)
    known = pd.Series([1] * 10 + [0] * 15, features.index[:25])
    data = training_set(features, known)
    held = [data.take(rows) for _training, rows in folds(data, 0)]
    assert len(held) == FOLDS and sum(len(part.target) for part in held) == 100
    assert all(part.target.sum() == 2 and part.inspected.sum() == 5 for part in held)
    for training, rows in folds(data, 0):
        assert set(training) | set(rows) == set(range(100)) and not set(training) & set(rows)


def test_folds_follow_the_seed():
    data = training_set(subjects(100), pd.Series([1] * 10 + [0] * 15, subjects(100).index[:25]))
    first, same, other = ([list(rows) for _t, rows in folds(data, seed)] for seed in (1, 1, 2))
    assert first == same != other and max(map(max, first)) == 99
    # Shuffled: neighbours are in different folds.
    assert all(list(rows) != sorted(range(min(rows), min(rows) + len(rows))) for rows in first)


@pytest.mark.parametrize("cleared, spread", [(4, False), (5, True)])
def test_with_fewer_cleared_than_folds_only_the_target_is_spread(cleared, spread):
    features = subjects(200)
    data = training_set(features, pd.Series([1] * 10 + [0] * cleared, features.index[: 10 + cleared]))
    inspected = [int(data.inspected.iloc[rows].sum()) for _training, rows in folds(data, 0)]
    assert (set(inspected) == {3}) == spread
    assert all(data.target.iloc[rows].sum() == 2 for _training, rows in folds(data, 0))
