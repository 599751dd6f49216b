"""The linear model's input, and how strongly it is held back."""

import numpy as np
import pandas as pd
import pytest

from models.linear_model import bounded, logistic_regression


def test_missing_counts_as_the_median_and_outliers_as_the_bound():
    frame = pd.DataFrame({"x": [np.nan, 6.0, 6.1, -6.0, -7.0, 0.5]})
    assert bounded(frame).x.tolist() == [0.0, 6.0, 6.0, -6.0, -6.0, 0.5]


def test_the_penalty_acts_on_standardised_differences():
    """The same measure in other units gives the same prediction, and a weaker penalty a steeper one."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=300)})
    target = (frame.x + rng.normal(size=300) > 0).astype(int)
    first = logistic_regression().fit(frame, target).decision_function(frame)
    scaled = logistic_regression().fit(100 * frame, target).decision_function(100 * frame)
    assert scaled == pytest.approx(first)
    weaker = logistic_regression(C=1.0).fit(frame, target).decision_function(frame)
    assert weaker.std() > 1.3 * first.std()
    assert logistic_regression().get_params()["logisticregression__C"] == 0.01
