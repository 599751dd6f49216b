"""Probabilities as z-values and powers of ten; features and models use them alike."""

from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Array = NDArray[np.float64]

# Smallest probability distinguished from zero: one in 10**15, a z-value of 7.9.
MIN_PROBABILITY = 1e-15


def z_of(probability: NDArray[np.floating]) -> Array:
    """The normal quantile that leaves so much above it; probabilities below MIN_PROBABILITY count as
    that much."""
    return cast(Array, norm.isf(np.maximum(probability, MIN_PROBABILITY)))


def neg_log10_p(z: Array) -> Array:
    """-log10 of the probability of a z-value at least as high; 0 where it is missing."""
    return cast(Array, np.nan_to_num(-norm.logsf(z) / np.log(10)))
