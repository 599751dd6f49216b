"""The linear half of the learner: regularised logistic regression on bounded, standardised z-scores."""

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

# Inverse strength of the L2 penalty on standardised z-scores: held up on few outcomes and on many
# (`benchmarks/learning.py`).
C_DEFAULT = 0.01
# Differences beyond so many robust standard deviations count as the bound, so that no single subject
# dominates.
BOUND = 6.0
_MAX_ITERATIONS = 3000


def logistic_regression(C: float = C_DEFAULT) -> Pipeline:
    """An unfitted pipeline: standardise, then logistic regression with inverse penalty strength C."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=_MAX_ITERATIONS))


def bounded(features: pd.DataFrame) -> pd.DataFrame:
    """Differences as the linear model takes them: missing counts as the peers' median, outliers as the
    bound."""
    return features.fillna(0.0).clip(-BOUND, BOUND)
