"""What chance brings: how surprising counts are, corrected for how many were tried."""

import numpy as np
import pandas as pd
from scipy.stats import nbinom, poisson

# Share of false edges among all.
FALSE_EDGES = 0.01
# An expectation below one in a thousand is a model's guess, not knowledge: never better than that.
_LEAST_EXPECTED = 1e-3


def neg_log10_fdr(observed: pd.Series, expected: pd.Series, tried: int, dispersion: float = 1.0) -> pd.Series:
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


def dispersion(observed: pd.Series, expected: pd.Series) -> float:
    """Variance over mean of counts around what is expected of them, from their middle half; the guilty are at the end.

    With Poisson counts the root of a count has a standard deviation of a half whatever its mean (Anscombe 1948,
    doi 10.1093/biomet/35.3-4.246).
    """
    told = expected >= 1
    if told.sum() < 8:
        return 1.0
    away = 2 * (np.sqrt(observed[told] + 3 / 8) - np.sqrt(expected[told] + 3 / 8))
    low, high = np.quantile(away, [0.25, 0.75])
    return max(1.0, ((high - low) / 1.349) ** 2)


def significant(found: pd.DataFrame) -> pd.DataFrame:
    """The rows whose ``neg_log10_fdr`` leaves no more than FALSE_EDGES of them to chance."""
    return found[found["neg_log10_fdr"] > -np.log10(FALSE_EDGES)]
