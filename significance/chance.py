"""Significance of counts against chance, corrected for the number of hypotheses tested."""

from typing import cast

import numpy as np
import pandas as pd
from scipy.stats import chi2, nbinom, poisson

# False discovery rate of the edges.
FDR = 0.01
# Lower bound of an expected count: below one in a thousand it depends on the model more than on the data. Own
# starting value.
_MIN_EXPECTED = 1e-3
# Counts with a smaller expectation, and fewer counts than these, say nothing about dispersion. Own starting
# values.
_MIN_EXPECTED_FOR_DISPERSION, _MIN_COUNTS = 1, 8
# Interquartile range of the standard normal distribution.
_NORMAL_IQR = 1.349


def neg_log10_fdr(
    observed: pd.Series, expected: pd.Series, tested: int, dispersion: float = 1.0
) -> pd.Series:
    """-log10 of the false discovery rate of the counts at least as significant as each (Benjamini and
    Hochberg 1995).

    Args:
        observed: counts.
        expected: their means by chance alone; missing counts as zero.
        tested: number of hypotheses tested, of which these are some.
        dispersion: variance over mean by chance alone; above one (negative binomial) where people have
            habits.
    """
    expected = expected.fillna(0).clip(lower=_MIN_EXPECTED)
    if dispersion > 1:
        log_p = nbinom.logsf(observed - 1, expected / (dispersion - 1), 1 / dispersion)
    else:
        log_p = poisson.logsf(observed - 1, expected)
    return benjamini_hochberg_neg_log10(pd.Series(np.asarray(log_p) / np.log(10), observed.index), tested)


def fisher_neg_log10_fdr(neg_log10_p: pd.Series, tests: pd.Series, tested: int) -> pd.Series:
    """-log10 of the false discovery rate of sets of independent tests (Fisher 1932): minus twice the sum of
    the logarithms of n probabilities by chance has a chi-squared distribution of 2n degrees of freedom.

    Args:
        neg_log10_p: sum of -log10 of the probabilities of a set.
        tests: number of them.
        tested: number of sets tested, of which these are some.
    """
    log_p = chi2.logsf(2 * np.log(10) * neg_log10_p, 2 * tests)
    return benjamini_hochberg_neg_log10(pd.Series(np.asarray(log_p) / np.log(10), neg_log10_p.index), tested)


def benjamini_hochberg_neg_log10(log10_p: pd.Series, tested: int) -> pd.Series:
    """-log10 of the false discovery rate from log10 of the probabilities by chance."""
    falling = log10_p.sort_values(ascending=False)
    rank = np.arange(len(falling), 0, -1)
    log10_fdr: pd.Series = (falling + np.log10(max(tested, 1)) - np.log10(rank)).cummin()
    return -log10_fdr.reindex(log10_p.index)


def dispersion(observed: pd.Series, expected: pd.Series) -> float:
    """Variance over mean of counts around their expectation, at least 1; robust, because the guilty are in
    the tail.

    The square root of a Poisson count has a standard deviation of one half whatever its mean (Anscombe 1948,
    doi 10.1093/biomet/35.3-4.246); the standard deviation is taken from the interquartile range.
    """
    enough = expected >= _MIN_EXPECTED_FOR_DISPERSION
    if enough.sum() < _MIN_COUNTS:
        return 1.0
    deviation = 2 * (np.sqrt(observed[enough] + 3 / 8) - np.sqrt(expected[enough] + 3 / 8))
    low, high = np.quantile(deviation, [0.25, 0.75])
    return max(1.0, float(((high - low) / _NORMAL_IQR) ** 2))


def significant(found: pd.DataFrame) -> pd.DataFrame:
    """The rows whose ``neg_log10_fdr`` is above that of the false discovery rate FDR."""
    return cast(pd.DataFrame, found[found["neg_log10_fdr"] > -np.log10(FDR)])
