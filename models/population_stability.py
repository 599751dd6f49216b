"""Population stability index (PSI): how far the distribution of a measure moved from a reference.

PSI = Σ (p − q) ln(p / q) over the bins of the reference's deciles. Below 0.1 nothing moved, above 0.25 much
did (Siddiqi 2006, Credit Risk Scorecards, ch. 9). Without any drift PSI is about (1/n + 1/m) times a
chi-squared variable of (bins − 1) degrees of freedom (Yurdakul 2018, Statistical Properties of Population
Stability Index), so among few subjects it also has to exceed what chance gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2

FloatArray = npt.NDArray[np.float64]

PSI_ALERT = 0.25
# Probability that one measure without drift exceeds what chance gives.
FALSE_ALARM = 0.001
_DECILES = np.linspace(0.1, 0.9, 9)


@dataclass(frozen=True)
class Profile:
    """How many subjects stand in each bin of a measure; the last bin holds those without a value.

    Attributes:
        edges: of the bins, ascending; a value that equals an edge stands below it.
    """

    edges: list[float]
    counts: list[int]


def profiles(values: pd.DataFrame, reference: Mapping[str, Profile] | None = None) -> dict[str, Profile]:
    """The profile of each column, on the bins of the reference where it has them, else on its own deciles."""
    found = {}
    for column in map(str, values.columns):
        numbers = values[column].to_numpy(dtype=float)
        edges = np.asarray(reference[column].edges) if reference and column in reference else _edges(numbers)
        found[column] = Profile(edges.tolist(), _counts(numbers, edges).tolist())
    return found


def stability(profile: Profile, reference: Profile) -> tuple[float, bool]:
    """PSI of a profile, and whether it is both much and more than chance gives."""
    now, then = np.asarray(profile.counts, float), np.asarray(reference.counts, float)
    n, m = now.sum(), then.sum()
    if not n or not m:
        return 0.0, False
    # Half a subject more in each bin, so that an empty one has a logarithm.
    p, q = ((counts + 0.5) / (counts + 0.5).sum() for counts in (now, then))
    index = float(((p - q) * np.log(p / q)).sum())
    by_chance = chi2.ppf(1 - FALSE_ALARM, len(now) - 1) * (1 / n + 1 / m)
    return index, bool(index > max(PSI_ALERT, by_chance))


def _edges(numbers: FloatArray) -> FloatArray:
    known = numbers[np.isfinite(numbers)]
    return np.unique(np.quantile(known, _DECILES)) if len(known) else np.array([])


def _counts(numbers: FloatArray, edges: FloatArray) -> npt.NDArray[np.int64]:
    missing = np.isnan(numbers)
    bins = np.where(missing, len(edges) + 1, np.searchsorted(edges, numbers, "left"))
    return np.bincount(bins, minlength=len(edges) + 2)
