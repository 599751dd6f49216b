"""Outcomes permuted among the subjects of the shared city: the learner finds nothing in them."""

import numpy as np
import pandas as pd
import pytest

from models.evaluation import shuffled_auc
from models.training_data import TrainingSet
from pipelines.train import outcomes


def test_shuffled_outcomes_of_real_measures_give_chance(city_snapshot):
    """The mean over twenty shuffles, on what was measured of the shared city; true outcomes beat it."""
    z_scores = city_snapshot.subjects["patient"].z_scores
    known = outcomes(city_snapshot.claims, "patient")
    inspected = z_scores.index[z_scores.index.isin(known.index)]
    others = z_scores.index.difference(inspected)[:: max(len(z_scores) // 250, 1)]
    sample = z_scores.loc[inspected.union(others)]
    target = pd.Series(np.arange(len(sample)) % 3 == 0, sample.index).astype(int)
    data = TrainingSet(sample, target, pd.Series(1.0, sample.index), target.astype(bool))
    found = shuffled_auc(data, shuffles=20)
    assert len(found) == 20 and found.std() > 0.01
    assert found.mean() == pytest.approx(0.5, abs=0.03)
