"""The null distribution against a slow twin: one subject at a time, sums and medians by hand."""

import math
from statistics import median

import numpy as np
import pytest

from features.comparison.funnel import count_z, distance_z, robust_proportion_z
from features.comparison.null_distribution import NullDistribution, Sample, fit_null
from tests.features.comparison.test_funnel import one
from tests.features.comparison.test_spread_twins import (
    slow_between,
    slow_contamination,
    slow_quantile,
    slow_row_variance,
)

GROUPS = 3
FLOOR = {"proportion": 0.02, "count": 0.3, "mean": 0.4, "plain": 0.1}


def subjects(statistic: str, seed: int, size: int = 120) -> Sample:
    """Subjects of two groups (a third is empty) with something expected of each, some never measured."""
    random = np.random.default_rng(seed)
    n, group = random.integers(1, 80, size).astype(float), random.integers(0, 2, size)
    expected = random.uniform(0, 0.3, size)
    if statistic == "count":
        value, expected = random.poisson(0.2 * n * random.gamma(3, 1 / 3, size)).astype(float), 0 * expected
    elif statistic == "proportion":
        value = random.binomial(n.astype(int), np.clip(expected + 0.1 * group + 0.1, 0, 1)) / n
    else:
        value = expected + group + random.normal(0, 4 / np.sqrt(n)) + random.normal(0, 0.4, size)
    value[random.random(size) < 0.05] = np.nan
    return Sample(value, expected, n, group.astype(np.intp))


def rows_of(sample: Sample) -> list[tuple[float, float, float, int]]:
    """value, expected, n, group."""
    columns = (sample.value, sample.expected, sample.n, sample.group)
    return [(float(v), float(e), float(n), int(g)) for v, e, n, g in zip(*columns, strict=True)]


def within(share: float, n: float) -> float:
    """A share that n rows could show."""
    return min(max(share, 0.5 / (n + 1)), 1 - 0.5 / (n + 1))


def shrunk(statistic, rows: list, of_group) -> list[float]:
    """A statistic by group, shrunk toward that of all as if twenty subjects of them had joined."""
    overall, out = statistic(rows), []
    for g in range(GROUPS):
        own = [row for row in rows if of_group(row) == g]
        weight = len(own) / (len(own) + 20)
        out.append(weight * statistic(own) + (1 - weight) * overall if own else overall)
    return out


def slow_counts(rows: list) -> tuple[list[float], list[float]]:
    """Centre and dispersion of counts: counts above the quantile that guilt reaches are cut back to it."""

    def cut(pairs: list[tuple[float, float]]) -> list[float]:
        most = slow_quantile([k / e for k, e in pairs], 1 - slow_contamination(len(pairs)))
        return [min(k, max(most * e, 1.0)) for k, e in pairs]

    def rate(some: list) -> float:
        pairs = [(v, n) for v, _e, n, _g in some if v == v]
        return (sum(cut(pairs)) + 0.5) / (sum(n for _v, n in pairs) + 1)

    centre = shrunk(rate, rows, lambda row: row[3])

    def dispersion(some: list) -> float:
        pairs = [(v, centre[g] * n) for v, _e, n, g in some if v == v]
        excess = sum((k - mean) ** 2 - mean for k, (_v, mean) in zip(cut(pairs), pairs, strict=True))
        return max(excess / sum(mean**2 for _v, mean in pairs), 0.0)

    return centre, shrunk(dispersion, rows, lambda row: row[3])


def slow_fit(statistic: str, floor: float, sample: Sample) -> tuple[list[float], list[float], float]:
    """centre, between, row."""
    rows = rows_of(sample)
    if statistic == "count":
        return *slow_counts(rows), 0.0
    centre = shrunk(lambda some: median(v - e for v, e, _n, _g in some if v == v), rows, lambda row: row[3])
    known = [row for row in rows if row[0] == row[0]]
    residual = [v - e - centre[g] for v, e, _n, g in known]
    row = slow_row_variance(residual, [n for _v, _e, n, _g in known]) if statistic == "mean" else 0.0

    def sampling(e: float, n: float, g: int) -> float:
        if statistic == "proportion":
            usual = within(e + centre[g], n)
            return usual * (1 - usual) / n
        return max(row, floor**2) / n if statistic == "mean" else 1e-12

    def between(some: list) -> float:
        some = [one_row for one_row in some if one_row[0] == one_row[0]]
        distances = [v - e - centre[g] for v, e, _n, g in some]
        return slow_between(distances, [sampling(e, n, g) for _v, e, n, g in some])

    # The weight of a group counts its subjects, measured or not.
    overall, spreads = between(rows), []
    for g in range(GROUPS):
        own = [one_row for one_row in rows if one_row[3] == g]
        weight = len(own) / (len(own) + 20)
        spreads.append(weight * between(own) + (1 - weight) * overall if own else overall)
    return centre, spreads, row


def slow_z(null: NullDistribution, row: tuple[float, float, float, int], centre: float | None) -> float:
    value, expected, n, group = row
    middle = float(null.centre[group]) if centre is None else centre
    least = null.min_effect / 2 if null.statistic == "proportion" else null.min_effect
    between = max(float(null.between_variance[group]), least**2)
    if null.statistic == "count":
        mean = middle * n
        return (
            one(count_z, value, mean, between)
            if value > mean
            else one(distance_z, value - mean, mean + between * mean**2)
        )
    if null.statistic == "proportion":
        usual = within(expected + middle, n)
        tolerated = within(usual + max(null.min_effect - math.sqrt(between), 0.0), n)
        return (
            one(robust_proportion_z, value, n, tolerated, between)
            if value > usual
            else one(distance_z, value - usual, usual * (1 - usual) / n + between)
        )
    sampling = max(null.within, null.min_effect**2) / n if null.statistic == "mean" else 0.0
    return one(distance_z, value - expected - middle, sampling + between)


@pytest.mark.parametrize("statistic", FLOOR)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_fit_equals_its_twin(statistic, seed):
    sample = subjects(statistic, seed)
    null = fit_null(statistic, FLOOR[statistic], sample, GROUPS)
    centre, between, row = slow_fit(statistic, FLOOR[statistic], sample)
    assert null.centre == pytest.approx(centre, rel=1e-9)
    assert null.between_variance == pytest.approx(between, rel=1e-4, abs=1e-9)
    assert null.within == pytest.approx(row) and (statistic == "mean") == (null.within > 0)


@pytest.mark.parametrize("statistic", FLOOR)
@pytest.mark.parametrize("own_centre", [False, True])
def test_z_values_equal_their_twin_on_either_side(statistic, own_centre):
    sample = subjects(statistic, 3)
    null = fit_null(statistic, FLOOR[statistic], sample, GROUPS)
    centres = np.random.default_rng(4).uniform(0.05, 0.3, len(sample.value)) if own_centre else None
    found = null.z(sample, centres)
    for number, row in enumerate(rows_of(sample)):
        if np.isnan(row[0]):
            assert np.isnan(found[number])
        else:
            centre = None if centres is None else float(centres[number])
            assert found[number] == pytest.approx(slow_z(null, row, centre), abs=1e-9)
    assert np.nanmin(found) < -1 < 1 < np.nanmax(found)


@pytest.mark.parametrize("row, floor", [(4.0, 0.5), (0.01, 0.5)])
def test_the_variance_of_a_row_is_at_least_the_square_of_the_floor(row, floor):
    null = NullDistribution("mean", floor, np.array([1.0]), np.array([0.0]), row)
    found = null.z(Sample(np.array([2.5]), np.array([0.5]), np.array([4.0]), np.array([0])))
    assert found[0] == one(distance_z, 1.0, max(row, floor**2) / 4 + floor**2)
    plain = NullDistribution("plain", floor, np.array([1.0]), np.array([0.0]), row)
    found = plain.z(Sample(np.array([2.5]), np.array([0.5]), np.array([4.0]), np.array([0])))
    assert found[0] == one(distance_z, 1.0, floor**2)


@pytest.mark.parametrize(
    "expected, n, usual",
    [(0.0, 9.0, 0.05), (-3.0, 9.0, 0.05), (1.0, 9.0, 0.95), (2.0, 1.0, 0.75), (0.0, 0.0, 0.5)],
)
def test_an_expected_share_is_one_that_the_rows_could_show(expected, n, usual):
    """Half a row of n and one: 0.05 and 0.95 of nine rows, a quarter and three quarters of one."""
    null = NullDistribution("proportion", 0.1, np.array([0.0]), np.array([0.0]), 0.0)
    found = null.z(Sample(np.array([0.0]), np.array([expected]), np.array([n]), np.array([0])))
    variance = usual * (1 - usual) / max(n, 0.5) + 0.05**2
    assert found[0] == pytest.approx(one(distance_z, -usual, variance))


def test_a_count_that_few_peers_have_is_honest_once_and_not_twice():
    """Two in a hundred have events: of one event all are honest, of three the rest is cut back to one."""
    quiet, n = np.zeros(400), np.ones(400)
    group = np.zeros(400, dtype=np.intp)
    for events in (1.0, 3.0):
        value = np.r_[quiet[:-8], np.full(8, events)]
        null = fit_null("count", 0.1, Sample(value, quiet, n, group), 1)
        assert null.centre[0] == pytest.approx((8 * 1 + 0.5) / 401)


def test_of_means_the_sampling_variance_is_at_least_that_of_rows_that_vary_by_the_floor():
    sample = subjects("mean", 5)
    null, (_centre, between, row) = fit_null("mean", 5.0, sample, GROUPS), slow_fit("mean", 5.0, sample)
    assert null.within == pytest.approx(row) and 5**2 > row > 5 * 2
    assert null.between_variance == pytest.approx(between, rel=1e-4, abs=1e-9)
    # Where all have as many rows nothing tells how much one of them varies.
    value, nothing = np.random.default_rng(1).normal(0, 1, 200), np.zeros(200)
    null = fit_null("mean", 0.5, Sample(value, nothing, nothing + 2, nothing.astype(np.intp)), 1)
    spread = slow_between([float(v - null.centre[0]) for v in value], [0.5**2 / 2] * 200)
    assert null.within == 0 and null.between_variance[0] == pytest.approx(spread, rel=1e-4) and spread > 0.5


def test_the_dispersion_of_counts_so_rare_that_less_than_one_is_expected_of_all_together():
    """Three of a small group have an event each, forty others none."""
    group = np.r_[np.zeros(40), np.ones(3)].astype(np.intp)
    sample = Sample(group.astype(float), np.zeros(43), np.ones(43), group)
    null, (centre, between) = fit_null("count", 0.1, sample, GROUPS), slow_counts(rows_of(sample))
    assert sum(centre[g] ** 2 for g in group) < 0.2
    assert null.centre == pytest.approx(centre) and null.between_variance == pytest.approx(between)
    assert null.between_variance[1] > null.between_variance[2] > 0.5 > null.between_variance[0] > 0


def test_of_counts_who_had_no_exposure_has_no_part_in_the_fit():
    some = subjects("count", 6)
    idle = (np.r_[column, np.zeros(5)] for column in (some.value, some.expected, some.n))
    with_idle = Sample(*idle, np.r_[some.group, np.full(5, 2)].astype(np.intp))
    null, without = (fit_null("count", 0.1, sample, GROUPS) for sample in (with_idle, some))
    assert null.centre == pytest.approx(without.centre) and null.between_variance == pytest.approx(
        without.between_variance
    )
    assert np.isfinite(null.centre).all()
