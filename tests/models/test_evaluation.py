"""Evaluation of lists: metrics by hand, bootstrap intervals, leaking measures, and rankings compared."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from models import evaluation
from models.evaluation import (
    BOOTSTRAP_SAMPLES,
    LEAK_AUC,
    inspection_metrics,
    leaks,
    probability_better,
    ranking_metrics,
    reliability,
    shuffled_auc,
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


def test_one_confirmed_of_several_has_an_order():
    found = inspection_metrics(five().assign(target=[0, 1, 0, 0, 0]), 200, (2,))
    assert found["auc"] == pytest.approx(3 / 4) and found["average_precision"] == pytest.approx(1 / 2)


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


def test_intervals_hold_the_value_and_narrow_with_subjects(monkeypatch):
    monkeypatch.setattr(evaluation, "BOOTSTRAP_SAMPLES", 60)
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
        leaking=-target + 0.01 * random.normal(size=300), only_the_confirmed=target.where(target == 1, np.nan)
    )
    found = leaks(TrainingSet(planted, target, ones, everybody))
    assert set(found.index) == {"leaking", "only_the_confirmed"} and (found >= LEAK_AUC).all()
    few = target.index[target == 1][: MIN_CONFIRMED - 1].union(target.index[target == 0])
    assert leaks(TrainingSet(planted.loc[few], target[few], ones[few], everybody[few])).empty


def test_metrics_as_worked_out_by_hand():
    score = pd.Series({"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6, "e": 0.5})
    target = pd.Series({"e": 0, "d": 1, "c": 0, "b": 0, "a": 1})
    found = ranking_metrics(target, score, depths=(1, 2, 4, 100))
    # Of six pairs of a guilty and an honest one, four are in order: a before b, c, e and d before e.
    assert found["auc"] == pytest.approx(4 / 6)
    assert found["average_precision"] == pytest.approx((1 / 1 + 2 / 4) / 2)
    assert [found[f"precision_at_{k}"] for k in (1, 2, 4, 100)] == [1, 0.5, 0.5, 0.4]
    assert [found[f"recall_at_{k}"] for k in (1, 2, 4, 100)] == [0.5, 0.5, 1, 1]


def test_metrics_go_by_name_not_by_position():
    random = np.random.default_rng(0)
    target = pd.Series(random.integers(0, 2, 50), [f"s{n}" for n in range(50)])
    score = pd.Series(random.random(50), target.index)
    assert ranking_metrics(target, score) == ranking_metrics(target, score.sort_values())


def test_undefined_metrics_are_missing_and_the_others_are_not():
    cleared = inspection_metrics(five().assign(target=0), 200, (2,))
    assert cleared["brier"] == pytest.approx((0.81 + 0.64 + 0.36 + 0.09 + 0.04) / 5)
    assert np.isnan([cleared["lift_at_1pct"], cleared["average_precision"]]).all()
    confirmed = inspection_metrics(five().assign(target=1), 200, (2,))
    assert np.isnan([confirmed["auc"], confirmed["average_precision"]]).all()
    assert confirmed["precision_at_2"] == 1 and confirmed["recall_at_2"] == pytest.approx(2 / 5)
    nobody = inspection_metrics(five().head(0), 200, (2,))
    assert set(nobody) == set(cleared) and np.isnan(list(nobody.values())).all()


def test_average_precision_of_the_list_and_lift_of_a_short_one():
    found = inspection_metrics(five(), 200, (2,))
    # Confirmed stand first, third and fourth of the five.
    assert found["average_precision"] == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 3)
    # The first per cent of 99 is one subject, of 299 two.
    assert inspection_metrics(five(), 99, ())["lift_at_1pct"] == pytest.approx(1 / 3 * 99)
    assert inspection_metrics(five(), 299, ())["lift_at_1pct"] == pytest.approx(1 / 3 * 299 / 2)


def test_money_of_cleared_subjects_is_not_recalled():
    rows = five().assign(amount=[100.0, 1000.0, 300.0, 600.0, 50.0])
    assert inspection_metrics(rows, 200, (4,))["recall_of_money_at_4"] == pytest.approx(0.4)


def test_the_interval_is_the_percentiles_of_the_bootstrap(monkeypatch):
    """The same draws by hand: 2.5 % and 97.5 % of 40 samples of the five."""
    monkeypatch.setattr(evaluation, "BOOTSTRAP_SAMPLES", 40)
    found = with_intervals(five(), 200, (2,), seed=3)
    random = np.random.default_rng(3)
    samples = []
    for _sample in range(40):
        rows = five().iloc[random.integers(0, 5, 5)]
        samples.append(rows.target[rows["rank"] <= 2].mean() if (rows["rank"] <= 2).any() else np.nan)
    low, high = np.nanquantile(samples, [0.025, 0.975])
    row = found.loc["precision_at_2"]
    assert (row.low, row.high) == pytest.approx((low, high)) and row.value == 0.5
    draws = np.random.default_rng(3)
    errors = ((five().score - five().target) ** 2).to_numpy()
    scores = [errors[draws.integers(0, 5, 5)].mean() for _sample in range(40)]
    assert found.loc["brier", ["low", "high"]].to_list() == pytest.approx(np.quantile(scores, [0.025, 0.975]))
    assert with_intervals(five(), 200, (2,)).equals(with_intervals(five(), 200, (2,), seed=0))
    assert set(found.index) == set(inspection_metrics(five(), 200, (2,)))


def test_reliability_by_hand():
    scores = np.array([0.9, 0.1, 0.5, 0.3, 0.8, 0.2, 0.7, 0.4, 0.6, 0.0])
    rows = pd.DataFrame({"score": scores, "target": (scores > 0.55).astype(int)})
    found = reliability(rows)
    assert list(found.columns) == ["predicted", "confirmed", "n"] and found.n.tolist() == [2] * 5
    assert found.predicted.tolist() == pytest.approx([0.05, 0.25, 0.45, 0.65, 0.85])
    assert found.confirmed.tolist() == [0, 0, 0, 1, 1]
    assert reliability(rows.head(0)).empty and len(reliability(rows.head(1))) == 1


def test_probability_better_counts_paired_draws_and_half_of_the_ties(monkeypatch):
    monkeypatch.setattr(evaluation, "BOOTSTRAP_SAMPLES", 40)
    random = np.random.default_rng(5)
    target = pd.Series(random.integers(0, 2, 30), [f"s{n}" for n in range(30)])
    one, other = (pd.Series(random.normal(size=30) + target.to_numpy(), target.index) for _n in range(2))
    draws, wins = np.random.default_rng(2), []
    while len(wins) < 40:
        rows = draws.integers(0, 30, 30)
        y = target.to_numpy()[rows]
        if len(set(y)) == 2:
            a, b = (average_precision_score(y, score.to_numpy()[rows]) for score in (one, other))
            wins.append(1.0 if a > b else 0.5 if a == b else 0.0)
    assert probability_better(target, one, other, seed=2) == np.mean(wins)
    # Scores are found by name, and without a seed the seed is 0.
    assert probability_better(target, one[::-1], other.sample(frac=1, random_state=1), seed=2) == np.mean(
        wins
    )
    assert probability_better(target, one, other) == probability_better(target, one, other, seed=0)


def test_three_hundred_samples_are_drawn():
    assert BOOTSTRAP_SAMPLES == 300


def test_draws_without_both_outcomes_are_drawn_again():
    target = pd.Series([1, 0])
    assert probability_better(target, pd.Series([0.9, 0.1]), pd.Series([0.1, 0.9])) == 1.0


def data_of(features: pd.DataFrame, target: pd.Series) -> TrainingSet:
    ones = pd.Series(1.0, target.index)
    return TrainingSet(features, target, ones, ones.astype(bool))


def test_the_boundary_of_a_leak():
    """Ten confirmed and ten cleared: exchanging the middle two gives an AUC of 0.99, one step more 0.98."""
    target = pd.Series([0] * 10 + [1] * 10)
    order = pd.Series(range(20), dtype=float)
    swapped = order.copy()
    swapped[[9, 10]] = [10.0, 9.0]
    further = order.copy()
    further[[8, 9, 10]] = [9.0, 10.0, 8.0]
    features = pd.DataFrame({"all": order, "edge": swapped, "less": further, "down": -swapped})
    found = leaks(data_of(features, target))
    assert found.index.tolist() == ["all", "edge", "down"]
    assert found.tolist() == pytest.approx([1.0, 0.99, 0.99])
    assert leaks(data_of(features, pd.Series(1, target.index))).empty


@pytest.mark.parametrize("confirmed, found", [(MIN_CONFIRMED - 1, []), (MIN_CONFIRMED, ["m"])])
def test_leaks_need_enough_confirmed(confirmed, found):
    target = pd.Series([1] * confirmed + [0] * 20)
    assert leaks(data_of(pd.DataFrame({"m": -target.astype(float)}), target)).index.tolist() == found


def test_that_a_value_is_missing_leaks_as_a_value_below_all_others_does():
    """Of the cleared half have the lowest value there is, of the confirmed nobody has any."""
    target = pd.Series([1] * 20 + [0] * 20)
    values = pd.Series([np.nan] * 20 + [1.0, 2.0] * 10)
    assert leaks(data_of(pd.DataFrame({"m": values}), target)).to_dict() == {"m": 1.0}


def test_ties_count_half_in_the_auc_of_a_measure():
    """Of confirmed and cleared with one value each the AUC is one half, so nothing leaks."""
    target = pd.Series([1] * 20 + [0] * 20)
    assert leaks(data_of(pd.DataFrame({"m": np.ones(40)}), target)).empty


def test_shuffled_outcomes_give_chance_and_follow_the_seed():
    random = np.random.default_rng(0)
    target = pd.Series(random.permutation([1] * 15 + [0] * 45))
    features = pd.DataFrame({"good": target + 0.1 * random.normal(size=60), "noise": random.normal(size=60)})
    found = shuffled_auc(data_of(features, target), 6)
    assert len(found) == 6 and found.mean() == pytest.approx(0.5, abs=0.2) and found.std() > 0
    assert (found == shuffled_auc(data_of(features, target), 6, seed=0)).all()
    assert (found != shuffled_auc(data_of(features, target), 6, seed=1)).any()
