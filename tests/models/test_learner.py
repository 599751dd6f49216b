"""The learner: exact contributions, cross-fitting that no subject leaks through, and a memory of its seed."""

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from models.evaluation import ranking_metrics
from models.learner import MIN_CONFIRMED_FOR_TREES, Learner, out_of_fold
from models.training_data import FOLDS, TrainingSet, folds, training_set
from tests.models.subjects import opposites, subjects


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
    out_of_fold_scores = out_of_fold(training_set(features, guilty.astype(int)))
    assert ranking_metrics(guilty.astype(int), out_of_fold_scores)["auc"] > 0.97


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


def trained(confirmed: int) -> tuple[Learner, TrainingSet]:
    features = subjects()
    data = training_set(features, pd.Series([1] * confirmed + [0] * 20, features.index[: confirmed + 20]))
    return Learner().fit(data.features, data.target, data.weight), data


def test_the_linear_half_is_the_logistic_regression_written_out():
    """On so few confirmed there are no trees: log-odds = intercept + coefficients · standardised
    z-scores."""
    learner, data = trained(10)
    rows = data.features
    mean, sd = rows.mean(), rows.std(ddof=0)
    slow = LogisticRegression(C=0.01, max_iter=3000).fit(
        (rows - mean) / sd, data.target, sample_weight=data.weight
    )
    assert (learner.raw(rows) + learner.base).to_numpy() == pytest.approx(
        slow.decision_function((rows - mean) / sd)
    )
    # The base is the mean prediction of the weighted rows.
    assert np.average(learner.raw(rows), weights=data.weight) == pytest.approx(0, abs=1e-9)
    assert learner.base == learner.linear_base


def test_with_trees_the_log_odds_are_the_mean_of_both_halves():
    learner, data = trained(30)
    rows = data.features
    linear = learner.linear_base + (rows - learner.means) @ learner.coefficients
    trees = learner.booster.predict(rows, raw_score=True)
    assert (learner.raw(rows) + learner.base).to_numpy() == pytest.approx(((linear + trees) / 2).to_numpy())
    shapley = learner.booster.predict(rows, pred_contrib=True)
    assert learner.base == pytest.approx((learner.linear_base + shapley[0, -1]) / 2)
    expected = ((rows - learner.means) * learner.coefficients + shapley[:, :-1]) / 2
    pd.testing.assert_frame_equal(learner.attribute(rows), expected)


def test_the_trees_are_those_of_lightgbm_with_the_stated_parameters():
    data = trained(30)[1]
    learner = Learner(5, 0.01, 9, 33, 0.08, 7, 0.6, 3.0).fit(data.features, data.target, data.weight)
    parameters = {
        "objective": "binary", "bagging_fraction": 0.8, "bagging_freq": 1, "deterministic": True,
        "force_row_wise": True, "num_threads": 1, "verbosity": -1, "seed": 5, "learning_rate": 0.08,
        "num_leaves": 9, "min_data_in_leaf": 7, "feature_fraction": 0.6, "lambda_l2": 3.0,
    }  # fmt: skip
    table = lgb.Dataset(data.features, data.target, weight=data.weight.to_numpy())
    slow = lgb.train(parameters, table, num_boost_round=33)
    assert (learner.booster.predict(data.features) == slow.predict(data.features)).all()


def test_fitting_again_forgets_the_trees():
    learner, data = trained(30)
    few = data.target.copy()
    few[few[few == 1].index[10:]] = 0
    again = learner.fit(data.features, few, data.weight)
    assert again is learner and again.booster is None and again.base == again.linear_base


def test_weights_count_and_without_any_all_rows_are_equal():
    _learner, data = trained(30)
    equal, ones, weighted = (
        Learner().fit(data.features, data.target, weight).raw(data.features)
        for weight in (None, pd.Series(1.0, data.target.index), data.weight)
    )
    pd.testing.assert_series_equal(equal, ones, check_exact=True)
    assert not np.allclose(equal, weighted)


def test_out_of_fold_is_a_loop_over_the_folds():
    _learner, data = trained(30)
    slow = pd.Series(np.nan, data.target.index)
    for training, out_of_fold_scores in folds(data, 2):
        rows = data.take(training)
        fitted = Learner(2, C=0.1).fit(rows.features, rows.target, rows.weight)
        slow.iloc[out_of_fold_scores] = fitted.raw(data.features.iloc[out_of_fold_scores])
    learner = Learner(2, C=0.1)
    pd.testing.assert_series_equal(out_of_fold(data, learner), slow, check_exact=True)
    # The learner itself is not fitted on the way, and without one the default is taken.
    assert learner.booster is None
    pd.testing.assert_series_equal(out_of_fold(data), out_of_fold(data, Learner()), check_exact=True)
