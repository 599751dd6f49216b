"""What chance brings: how surprising counts are, corrected for how many were tried."""

import numpy as np
import pandas as pd
from scipy.stats import nbinom, poisson

# Share of false edges among all.
FALSE_EDGES = 0.01
# An expectation below one in a thousand is a model's guess, not knowledge: never better than that.
_LEAST_EXPECTED = 1e-3


def surprise(observed: pd.Series, expected: pd.Series, tried: int, dispersion: float = 1.0) -> pd.Series:
    """-log10 of the share of false edges among those at least as surprising (Benjamini and Hochberg 1995).

    Args:
        observed: counts.
        expected: what chance alone would bring, above nothing.
        tried: how many counts were looked at to find these.
        dispersion: variance over mean of what chance brings; above one where people have habits.
    """
    expected = expected.fillna(0).clip(lower=_LEAST_EXPECTED)
    if dispersion > 1:
        log_p = nbinom.logsf(observed - 1, expected / (dispersion - 1), 1 / dispersion)
    else:
        log_p = poisson.logsf(observed - 1, expected)
    log_p = pd.Series(log_p / np.log(10), observed.index).sort_values(ascending=False)
    place = np.arange(len(log_p), 0, -1)
    return -(log_p + np.log10(max(tried, 1)) - np.log10(place)).cummin().reindex(observed.index)


def significant(found: pd.DataFrame) -> pd.DataFrame:
    """The rows whose ``surprise`` leaves no more than FALSE_EDGES of them to chance."""
    return found[found["surprise"] > -np.log10(FALSE_EDGES)]
