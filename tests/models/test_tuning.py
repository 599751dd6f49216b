"""The search of parameters: nothing without a budget, only what beats the default clearly."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score
from sklearn.model_selection import ParameterSampler

from models.evaluation import ranking_metrics
from models.learner import Learner, out_of_fold
from models.training_data import TrainingSet, folds, training_set
from models.tuning import SEARCH_SPACE, tune
from tests.models.subjects import opposites, subjects


def test_without_a_budget_the_default_is_kept_and_nothing_is_searched():
    found = tune(training_set(*opposites()), budget=0, seed=4)
    assert found.learner.get_params() == Learner(4).get_params()
    assert (found.gain, found.error) == (0.0, 0.0)


def test_tuning_finds_what_the_default_misses():
    """Neither measure predicts anything alone, so the stiff default sees little."""
    data = training_set(*opposites())
    found = tune(data, budget=5)
    assert found.learner.get_params() != Learner().get_params() and found.gain > found.error
    default, better = (
        ranking_metrics(data.target, out_of_fold(data, learner))["average_precision"]
        for learner in (Learner(), found.learner)
    )
    assert better > default


def slow_precision(data: TrainingSet, learner: Learner, seed: int) -> list[float]:
    """Weighted average precision of a learner on each held-out fold."""
    found = []
    for training, out_of_fold_scores in folds(data, seed):
        rows, held = data.take(training), data.take(out_of_fold_scores)
        fitted = Learner(**learner.get_params()).fit(rows.features, rows.target, rows.weight)
        raw = fitted.raw(held.features)
        found.append(average_precision_score(held.target, raw, sample_weight=held.weight))
    return found


def slow_tune(data: TrainingSet, budget: int, seed: int) -> tuple[dict, float, float]:
    """Parameters, gain and standard error, written out; the default stays within one standard error."""
    sampled = ParameterSampler(SEARCH_SPACE, budget, random_state=seed)
    candidates = [Learner(seed), *(Learner(seed, **one) for one in sampled)]
    precision = [slow_precision(data, candidate, seed) for candidate in candidates]
    best = int(np.argmax([np.mean(one) for one in precision]))
    gain = np.array(precision[best]) - np.array(precision[0])
    error = np.std(gain, ddof=1) / 5**0.5
    if gain.mean() > error:
        return candidates[best].get_params(), gain.mean(), error
    return Learner(seed).get_params(), 0.0, 0.0


@pytest.mark.parametrize("seed, budget", [(0, 2), (2, 2)])
def test_the_search_equals_the_slow_twin_on_weighted_subjects(seed, budget):
    features, known = opposites()
    chosen = known[features.loc[known.index, "m0"] > 0.3]
    data = training_set(features, chosen, seed)
    assert data.weight.nunique() == 2
    found = tune(data, budget, seed)
    parameters, gain, error = slow_tune(data, budget, seed)
    assert found.learner.get_params() == parameters and (found.gain, found.error) == pytest.approx(
        (gain, error)
    )


def test_the_default_stays_where_it_does_as_well():
    """What the default already learns perfectly leaves nothing to gain."""
    features = subjects(200)
    target = (features.m1 > 0).astype(int)
    ones = pd.Series(1.0, target.index)
    data = TrainingSet(pd.DataFrame({"m1": features.m1}), target, ones, ones.astype(bool))
    found = tune(data, 2, seed=1)
    assert found.learner.get_params() == Learner(1).get_params() and (found.gain, found.error) == (0.0, 0.0)


def test_candidates_come_from_the_stated_ranges_and_carry_the_seed():
    data = training_set(*opposites())
    found = tune(data, 2, seed=0).learner.get_params()
    assert found["seed"] == 0 and 1e-3 <= found["C"] <= 1 and 2 <= found["num_leaves"] < 32
    assert set(SEARCH_SPACE) < set(found)
    assert tune(data, 2).learner.get_params() == found
