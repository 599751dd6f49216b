"""Peer comparison: how far each measure of a subject lies from the same measure of its peers.

Shares, of a thousand too, are compared as they are, amounts, counts and ratios on a log scale, events by
exposure as rates. The difference is a z-value, signed so that more is more suspicious: it carries the
sampling variance of the subject's own rows and the peers' true spread
(`features.comparison.null_distribution`). Where a measure is adjusted for case mix
(`features.comparison.case_mix`), its distance from the expected value is compared, not the value.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from features.comparison.null_distribution import NullDistribution, Sample, fit_null
from features.measures.catalogue import HIGH, Measure, expected_column, measures_of

# Units of ratios.
RATIOS = ("ratio", "multiple")
# Units compared as they are, and how many of them make a whole; ratios are compared as log(x), all others,
# being skewed, as log(1 + x / materiality).
LINEAR = {"share": 1.0, "per_thousand": 1000.0, "years": 1.0}
# Smallest spread on the log scale: a factor of e^0.5, about 1.65, counts as one unit at least.
LOG_SPREAD = 0.5
# A ratio below this is compared as this, for its logarithm has no lower end.
SMALLEST_RATIO = 0.01
_QUANTILES = np.linspace(0, 1, 401)
# A subject that holds less than so many peers' share of the quantiles shares its value with nobody.
UNIQUE_PEERS = 1.5
# A subject without rows of its own is compared as if it had so many.
_MIN_ROWS = 0.5
# From a shape to a float64 matrix of it.
MatrixMaker = Callable[[tuple[int, int]], np.ndarray]


@dataclass(frozen=True)
class PeerReference:
    """What is usual among the peers of one kind of subject as of a date.

    Attributes:
        subject: kind of subject.
        groups: the peer groups, in the order of the null distributions.
        null: measure → where honest peers stand.
        median: in the measure's own unit, per (peer group × measure).
        quantiles: (peer group, measure) → 401 quantiles of the values.
        beyond: the same of how far the values lie from what each subject's mix leads one to expect
            (`surplus`).
        known: (peer group, measure) → number of peers of whom the value is known.
        size: number of peers by peer group.
    """

    subject: str
    groups: pd.Index
    null: dict[str, NullDistribution]
    median: pd.DataFrame
    quantiles: dict[tuple[str, str], np.ndarray]
    beyond: dict[tuple[str, str], np.ndarray]
    known: dict[tuple[str, str], int]
    size: pd.Series

    def z_scores(self, values: pd.DataFrame, peers: pd.Series, out: MatrixMaker = np.empty) -> pd.DataFrame:
        """Differences from the peers as z-values, one column a measure; missing values stay missing.

        Args:
            values: subjects × measures of the catalogue, and expected values (`expected_column`).
            peers: peer group of each subject.
            out: gives the matrix (measures × subjects) that receives them, in memory or in a file.

        Returns:
            z-values, positive on the suspicious side.
        """
        found = out((len(self.null), len(values)))
        for row, (name, sample) in zip(found, self.samples(values, peers), strict=True):
            row[:] = self.null[name].z(sample)
        return pd.DataFrame(found.T, values.index, list(self.null), copy=False)

    def samples(self, values: pd.DataFrame, peers: pd.Series) -> Iterator[tuple[str, Sample]]:
        """The measures on the comparing scale, by column (arguments as of `z_scores`), one at a time."""
        return _samples(self.subject, values, self.groups.get_indexer(pd.Index(peers)))

    def percentile_rank(
        self, column: str, value: float, group: str, expected: float | None = None
    ) -> "PercentileRank":
        """Where a value stands among those of the peers.

        Args:
            column: of the measure.
            value: of the subject, in the measure's unit.
            group: peer group of the subject.
            expected: what the subject's mix leads one to expect; its distance from that is compared then.
        """
        grids = self.quantiles
        if expected is not None:
            entry, _days = measures_of(self.subject)[column]
            grids, value = self.beyond, surplus(value, expected, entry)
        grid, n = grids.get((group, column)), self.known.get((group, column), 0)
        if grid is None or np.isnan(value):
            return PercentileRank(None, n)
        low, high = np.searchsorted(grid, value, "left"), np.searchsorted(grid, value, "right")
        # Ties take the middle of their ranks. A subject is one of its own peers, so it is never above all of
        # them: the first of five is above four fifths.
        edge = 1 / n
        share = float(np.clip((low + high) / 2 / len(grid), min(edge, 0.5), max(1 - edge, 0.5)))
        # Unique at an end: the value holds no more of the quantiles than one of the peers makes.
        unique = (high - low) / len(grid) < UNIQUE_PEERS / n
        return PercentileRank(share, n, bool(unique and high == len(grid)), bool(unique and low == 0))


@dataclass(frozen=True)
class PercentileRank:
    """Where a value stands among those of the peers.

    Attributes:
        share: of the peers at or below; None where it is unknown.
        of: number of peers of whom the value is known, the subject among them.
        highest, lowest: no other peer has as much, or as little.
    """

    share: float | None
    of: int
    highest: bool = False
    lowest: bool = False


def fit_peers(subject: str, values: pd.DataFrame, peers: pd.Series) -> PeerReference:
    """Measure what is usual in each peer group.

    Args:
        subject: kind of subject.
        values: subjects × measures of the catalogue, and expected values (`expected_column`).
        peers: peer group of each subject.
    """
    columns = measures_of(subject)
    groups = pd.Index(sorted(peers.dropna().unique()), name=peers.name)
    codes = groups.get_indexer(pd.Index(peers))
    # One measure at a time: all measures of all visits of a city at once would not fit in memory.
    null = {
        name: fit_null(columns[name][0].statistic, _min_effect(columns[name][0]), sample, len(groups))
        for name, sample in _samples(subject, values, codes)
    }
    median: dict[str, list[float]] = {}
    grids: dict[tuple[str, str], np.ndarray] = {}
    beyond: dict[tuple[str, str], np.ndarray] = {}
    counts: dict[tuple[str, str], int] = {}
    for name, (entry, _days) in columns.items():
        known = _sorted_by_group(values[name], codes, len(groups))
        median[name] = [float(np.median(rows)) if len(rows) else float("nan") for rows in known]
        grids |= _grids(name, known, groups)
        counts |= {(str(group), name): len(rows) for group, rows in zip(groups, known, strict=True)}
        if entry.case_mix:
            distance = surplus(values[name], values[expected_column(name)], entry)
            beyond |= _grids(name, _sorted_by_group(distance, codes, len(groups)), groups)
    return PeerReference(
        subject, groups, null, pd.DataFrame(median, groups), grids, beyond, counts, peers.value_counts()
    )


def _min_effect(entry: Measure) -> float:
    """Smallest spread between peers on the comparing scale."""
    return entry.materiality / LINEAR[entry.unit] if entry.unit in LINEAR else LOG_SPREAD


def _samples(subject: str, values: pd.DataFrame, group: np.ndarray) -> Iterator[tuple[str, Sample]]:
    """The measures on the comparing scale, more being more suspicious."""
    return ((name, _sample(subject, name, values, group)) for name in measures_of(subject))


def _sample(subject: str, name: str, values: pd.DataFrame, group: np.ndarray) -> Sample:
    entry, days = measures_of(subject)[name]
    counted = entry.support_column(days)
    support = values[counted] if counted else None
    n = np.ones(len(values)) if support is None else support.fillna(0).clip(lower=_MIN_ROWS).to_numpy(float)
    if entry.statistic == "count":
        # The first event is no habit where only several matter (minimum-effect test, as for shares).
        tolerated = np.full(len(values), max(entry.materiality - 1, 0.0))
        return Sample(values[name].to_numpy(float), tolerated, n, group)
    value = _scaled(values[name], entry).to_numpy(float)
    expected = np.zeros(len(values))
    if entry.case_mix:
        expected = _scaled(values[expected_column(name)], entry).to_numpy(float)
    if entry.direction != HIGH:
        value, expected = -value, -expected
        if entry.statistic == "proportion":
            # The complement of a share is a share.
            value, expected = 1 + value, expected + (1 if entry.case_mix else 0)
    return Sample(value, expected, n, group)


def _sorted_by_group(values: pd.Series, codes: np.ndarray, groups: int) -> list[np.ndarray]:
    """The known values of each peer group, ascending."""
    column = values.to_numpy(float)
    known = ~np.isnan(column)
    return [np.sort(column[known & (codes == group)]) for group in range(groups)]


def _grids(name: str, known: list[np.ndarray], groups: pd.Index) -> dict[tuple[str, str], np.ndarray]:
    """The quantiles of a measure by (peer group, measure)."""
    return {
        (str(group), name): rows[np.round(_QUANTILES * (len(rows) - 1)).astype(int)]
        for group, rows in zip(groups, known, strict=True)
        if len(rows)
    }


Quantity = TypeVar("Quantity", float, pd.Series)


def surplus(value: Quantity, expected: Quantity, entry: Measure) -> Quantity:
    """How far a value, or each of a column, lies from what the mix leads one to expect.

    Returns:
        The difference for units compared as they are (LINEAR), the quotient for all others.
    """
    return value - expected if entry.unit in LINEAR else value / expected


def _scaled(values: pd.Series, entry: Measure) -> pd.Series:
    """A measure on the scale on which it is compared."""
    if entry.unit in LINEAR:
        return values / LINEAR[entry.unit]
    scaled: pd.Series
    if entry.unit in RATIOS:
        scaled = np.log(values.clip(lower=SMALLEST_RATIO))
    else:
        scaled = np.sign(values) * np.log1p(values.abs() / entry.materiality)
    return scaled
