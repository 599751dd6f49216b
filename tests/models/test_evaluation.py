"""Judging lists: figures as worked out by hand, intervals that hold them, leaks and better rankings told from chance."""

import numpy as np
import pandas as pd
import pytest

from models.evaluation import (
    LEAK_AUC,
    inspection_metrics,
    leaks,
    probability_better,
    reliability,
    with_intervals,
)
from models.training_data import MIN_CONFIRMED, TrainingSet


def five() -> pd.DataFrame:
    """Five inspected subjects of a list of 200: three confirmed."""
    return pd.DataFrame(
        {
            "target": [1, 0, 1, 1, 0],
            "score": [0.9, 0.8, 0.6, 0.3, 0.2],
            "rank": [1, 2, 4, 50, 120],
            "amount": [100.0, 0.0, 300.0, 600.0, 0.0],
        }
    )


def test_figures_as_worked_out_by_hand():
    found = inspection_metrics(five(), 200, (2, 10))
    # Of six pairs of a confirmed and a cleared, four are in order.
    assert found["auc"] == pytest.approx(4 / 6)
    assert found["brier"] == pytest.approx((0.01 + 0.64 + 0.16 + 0.49 + 0.04) / 5)
    # The first of a hundred are two; they hold one of three confirmed.
    assert found["lift_at_1pct"] == pytest.approx(1 / 3 / 0.01)
    assert (found["precision_at_2"], found["recall_at_2"]) == (0.5, pytest.approx(1 / 3))
    assert (found["precision_at_10"], found["recall_at_10"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert found["recall_of_money_at_10"] == pytest.approx(0.4)


def test_where_nothing_can_be_said_nothing_is():
    nobody = five().assign(target=0)
    found = inspection_metrics(nobody, 200, (2,))
    assert np.isnan([found["auc"], found["recall_at_2"], found["recall_of_money_at_2"]]).all()
    assert found["precision_at_2"] == 0


def test_intervals_hold_the_value_and_narrow_with_subjects():
    many = pd.concat([five()] * 40, ignore_index=True)
    few, wide = (
        with_intervals(rows, 200, (2, 10)).loc["auc"] for rows in (many, five().iloc[[0, 1, 2, 3, 4]])
    )
    assert few.low <= few.value <= few.high and few.high - few.low < wide.high - wide.low


def test_reliability_counts_everybody_once():
    found = reliability(five())
    assert found.n.sum() == 5 and (found.n * found.confirmed).sum() == 3


def test_a_better_ranking_is_told_from_an_equal_one():
    random = np.random.default_rng(0)
    target = pd.Series(random.integers(0, 2, 200))
    noise = pd.Series(random.normal(size=200))
    assert probability_better(target, target + 0.5 * noise, noise) > 0.99
    assert probability_better(target, noise, target + 0.5 * noise) < 0.01
    assert probability_better(target, noise, noise) == 0.5


def test_a_measure_made_from_the_outcome_is_caught_and_a_good_one_is_not():
    random = np.random.default_rng(0)
    target = pd.Series(random.permutation([1] * 40 + [0] * 260))
    honest = pd.DataFrame(random.normal(size=(300, 5)), columns=list("abcde"))
    honest["good"] = target + 0.5 * random.normal(size=300)
    everybody = pd.Series(True, target.index)
    ones = pd.Series(1.0, target.index)
    assert leaks(TrainingSet(honest, target, ones, everybody)).empty
    planted = honest.assign(
        told=-target + 0.01 * random.normal(size=300), only_the_confirmed=target.where(target == 1, np.nan)
    )
    found = leaks(TrainingSet(planted, target, ones, everybody))
    assert set(found.index) == {"told", "only_the_confirmed"} and (found >= LEAK_AUC).all()
    few = target.index[target == 1][: MIN_CONFIRMED - 1].union(target.index[target == 0])
    assert leaks(TrainingSet(planted.loc[few], target[few], ones[few], everybody[few])).empty
