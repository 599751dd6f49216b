"""What is learnt from outcomes: from enough of them only, judged on subjects it has not seen, and chance is chance."""

import numpy as np
import pandas as pd
import pytest

from models.evaluation import ranking_metrics, shuffled_auc
from models.learner import MIN_CONFIRMED_FOR_TREES, Learner, out_of_fold
from models.training_data import (
    FOLDS,
    MIN_CONFIRMED,
    UNINSPECTED_ROWS,
    UNINSPECTED_WEIGHT,
    TrainingSet,
    training_set,
)
from models.tuning import tune
from pipelines.train import outcomes


def subjects(size: int = 400, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        random.normal(size=(size, 6)), [f"s{n}" for n in range(size)], [f"m{n}" for n in range(6)]
    )


def opposites() -> tuple[pd.DataFrame, pd.Series]:
    """Subjects of whom half are inspected by lot, guilty where two measures point in opposite directions."""
    features = subjects(600)
    return features, ((features.m1 > 0) ^ (features.m2 > 0)).astype(int).iloc[:300]


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
    chosen = guilty[features.m1 > 0.6]
    beside = training_set(features, chosen)
    assert not beside.random_sample and len(beside.target) == 1000
    # On few inspected a draw cannot be told from a choice.
    assert not training_set(features, guilty.iloc[:39]).random_sample
    assert training_set(features.iloc[:300], guilty.iloc[:300]).random_sample


@pytest.mark.parametrize("confirmed", [MIN_CONFIRMED_FOR_TREES - 1, MIN_CONFIRMED_FOR_TREES])
def test_contributions_add_up_with_trees_and_without(confirmed):
    features = subjects().mask(np.random.default_rng(2).random((400, 6)) < 0.05)
    known = pd.Series([1] * confirmed + [0] * 20, features.index[: confirmed + 20])
    data = training_set(features, known)
    learner = Learner().fit(data.features, data.target, data.weight)
    assert (learner.booster is None) == (confirmed < MIN_CONFIRMED_FOR_TREES)
    sums = learner.attribute(features).sum(axis=1)
    assert np.allclose(sums, learner.raw(features), rtol=0, atol=1e-9)


def test_it_learns_what_outcomes_show():
    features = subjects(600)
    guilty = features.m2 > 1.2
    held_out = out_of_fold(training_set(features, guilty.astype(int)))
    assert ranking_metrics(guilty.astype(int), held_out)["auc"] > 0.97


def test_nobody_is_scored_by_a_model_that_has_seen_him():
    """Each subject carries a mark that only he has; whoever has seen him knows him by it, nobody else can."""
    random = np.random.default_rng(1)
    names = [f"s{n}" for n in range(300)]
    target = pd.Series(random.permutation([1] * 100 + [0] * 200), names)
    features = pd.DataFrame({"mark": random.permutation(300).astype(float)}, names)
    data = TrainingSet(features, target, pd.Series(1.0, names), pd.Series(True, names))
    seen = Learner().fit(features, target).raw(features)
    assert ranking_metrics(target, seen)["auc"] > 0.75
    assert 0.4 < ranking_metrics(target, out_of_fold(data))["auc"] < 0.6


def test_everybody_is_scored_once_and_the_same_seed_gives_the_same():
    features = subjects()
    data = training_set(features, pd.Series([1] * 20 + [0] * 7, features.index[:27]))
    first = out_of_fold(data, Learner(3))
    assert first.notna().all() and first.index.equals(data.target.index)
    pd.testing.assert_series_equal(first, out_of_fold(data, Learner(3)), check_exact=True)


def test_without_a_budget_the_default_is_kept_and_nothing_is_searched():
    found = tune(training_set(*opposites()), budget=0, seed=4)
    assert found.learner.get_params() == Learner(4).get_params()
    assert (found.gain, found.error) == (0.0, 0.0)


def test_tuning_finds_what_the_default_misses():
    """Neither measure tells anything alone, so the stiff default sees little."""
    data = training_set(*opposites())
    found = tune(data, budget=5)
    assert found.learner.get_params() != Learner().get_params() and found.gain > found.error
    default, better = (
        ranking_metrics(data.target, out_of_fold(data, learner))["average_precision"]
        for learner in (Learner(), found.learner)
    )
    assert better > default


def test_a_tuned_learner_is_explained_exactly():
    features, known = opposites()
    data = training_set(features, known)
    learner = Learner(C=0.5, num_leaves=20, n_estimators=60, learning_rate=0.1)
    learner.fit(data.features, data.target, data.weight)
    assert learner.booster.num_trees() == 60
    assert np.allclose(learner.attribute(features).sum(axis=1), learner.raw(features), rtol=0, atol=1e-9)
    assert not np.allclose(learner.raw(features), Learner().fit(data.features, data.target).raw(features))


def test_hardly_any_cleared_is_no_trouble(recwarn):
    features = subjects()
    data = training_set(features, pd.Series([1] * 20 + [0] * (FOLDS - 3), features.index[: 20 + FOLDS - 3]))
    assert out_of_fold(data).notna().all()
    assert [str(w.message) for w in recwarn] == []


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


def test_shuffled_outcomes_of_real_measures_give_chance(city_snapshot):
    """The mean over fifty shuffles, on what was measured of the shared city; true outcomes beat it."""
    differences = city_snapshot.subjects["patient"].differences
    known = outcomes(city_snapshot.claims, "patient")
    inspected = differences.index[differences.index.isin(known.index)]
    others = differences.index.difference(inspected)[:: max(len(differences) // 250, 1)]
    sample = differences.loc[inspected.union(others)]
    target = pd.Series(np.arange(len(sample)) % 3 == 0, sample.index).astype(int)
    data = TrainingSet(sample, target, pd.Series(1.0, sample.index), target.astype(bool))
    found = shuffled_auc(data, shuffles=50)
    assert len(found) == 50 and found.std() > 0.01
    assert found.mean() == pytest.approx(0.5, abs=0.03)
