"""Where honest peers stand: the guilty far out, the innocent not, of every kind of statistic."""

import numpy as np
import pytest
from scipy import stats

from features.comparison.funnel import MIN_DISPERSION
from features.comparison.null_distribution import PRIOR_PEERS, NullDistribution, Sample, by_group, fit_null

PEERS = 200
# Evidence begins beyond this: one in a thousand.
SIGNIFICANT = 3.1


def sample(value, n=None, expected=None, group=None) -> Sample:
    """Subjects with one row each, of one group, nothing expected, unless said otherwise."""
    size = len(value)
    return Sample(
        np.array(value, dtype=float),
        np.zeros(size) if expected is None else np.array(expected, dtype=float),
        np.ones(size) if n is None else np.array(n, dtype=float),
        np.zeros(size, dtype=np.intp) if group is None else np.array(group, dtype=np.intp),
    )


def arisen(statistic: str, seed: int = 0) -> tuple[Sample, float]:
    """Honest peers of a measure of such a statistic, over 20 to 400 rows, who differ truly; and its floor."""
    random = np.random.default_rng(seed)
    n = random.integers(20, 400, PEERS)
    if statistic == "proportion":
        return sample(random.binomial(n, random.beta(20, 80, PEERS)) / n, n), 0.02
    if statistic == "count":
        return sample(random.poisson(0.05 * n * random.gamma(5, 1 / 5, PEERS)), n), 0.5
    if statistic == "mean":
        return sample(random.normal(2, np.sqrt(0.3**2 + 1 / n)), n), 0.1
    return sample(random.normal(2, 0.3, PEERS)), 0.1


# Kind of statistic → (value, rows) of a guilty subject and of innocents: as usual, far out over few rows,
# less than anybody.
PLANTED = {
    "proportion": ((0.45, 300), [(0.21, 300), (0.5, 2), (0.0, 400)]),
    "count": ((60, 200), [(11, 200), (20, 400), (1, 1), (0, 400)]),
    "mean": ((4.0, 200), [(2.1, 200), (3.5, 1), (0.2, 300)]),
    "plain": ((4.0, 1), [(2.3, 1), (2.6, 1), (-1, 1)]),
}


@pytest.mark.parametrize("statistic", PLANTED)
def test_the_guilty_are_significant_and_the_innocent_are_not(statistic):
    peers, floor = arisen(statistic)
    null = fit_null(statistic, floor, peers, 1)
    guilty, innocents = PLANTED[statistic]
    (found,) = null.z(sample([guilty[0]], [guilty[1]]))
    honest = null.z(sample(*zip(*innocents, strict=True)))
    assert found > SIGNIFICANT > 2.2 > honest.max()
    # Fewer than anybody is a distance on the other side.
    assert honest[-1] < -1.5


@pytest.mark.parametrize("statistic", PLANTED)
def test_ten_guilty_of_a_hundred_are_still_far_out(statistic):
    peers, floor = arisen(statistic)
    guilty, _innocents = PLANTED[statistic]
    value, n = peers.value[:100].copy(), peers.n[:100].copy()
    value[:10], n[:10] = guilty
    together = sample(value, n)
    found = fit_null(statistic, floor, together, 1).z(together)
    assert found[:10].min() > 2.5 and np.quantile(found[:10], 0.5) > np.quantile(found[10:], 0.99)


@pytest.mark.parametrize("statistic", PLANTED)
def test_z_values_of_honest_peers_are_those_of_a_normal_distribution(statistic):
    found = []
    for seed in range(10):
        peers, floor = arisen(statistic, seed)
        found.extend(fit_null(statistic, floor, peers, 1).z(peers))
    above = [np.mean(np.array(found) > stats.norm.isf(level)) for level in (0.1, 0.01)]
    assert 0.03 < above[0] < 0.15 and above[1] < 0.02


@pytest.mark.parametrize("statistic", ["plain", "proportion", "mean"])
def test_a_difference_of_no_consequence_is_not_significant_where_all_agree(statistic):
    agreed = sample([0.2] * 60, [10_000] * 60)
    null = fit_null(statistic, 0.05, agreed, 1)
    material, immaterial = null.z(sample([0.6, 0.24], [10_000] * 2))
    assert immaterial < 1 < SIGNIFICANT < material
    assert fit_null(statistic, 0.001, agreed, 1).z(sample([0.24], [10_000]))[0] > SIGNIFICANT


def test_a_share_beyond_what_counts_is_the_more_significant_the_more_rows_show_it():
    """Empty swipes: a tenth of a shop's purchases without a box, where honest shops have one in a hundred and
    half of a twentieth is the smallest spread."""
    random = np.random.default_rng(5)
    n = random.integers(100, 1_000, PEERS)
    null = fit_null("proportion", 0.05, sample(random.binomial(n, 0.01) / n, n), 1)
    few, many, everything = null.z(sample([0.1, 0.1, 0.3], [20, 1_000, 1_000]))
    assert few < 1.2 < 1.3 < many < SIGNIFICANT < everything
    # What is of no consequence is tolerated, however many rows show it.
    assert null.z(sample([0.034], [10**9]))[0] == 0 < null.z(sample([0.05], [10**9]))[0]


def test_where_honest_peers_differ_by_more_than_what_counts_their_spread_alone_decides():
    shares = np.random.default_rng(6).normal(0.3, 0.08, PEERS)
    peers = sample(shares, [10_000] * PEERS)
    found = [fit_null("proportion", floor, peers, 1).z(sample([0.5], [10_000]))[0] for floor in (0.001, 0.06)]
    assert found[0] == found[1] > 2


def test_of_a_rare_event_one_is_not_significant_and_five_are():
    """One event where three in a hundred peers have one."""
    random = np.random.default_rng(2)
    peers = sample((random.random(3_000) < 0.03).astype(float))
    none, one, two, five = fit_null("count", 0.5, peers, 1).z(sample([0, 1, 2, 5]))
    assert none < 0.1 and one < 2 < two < five and five > 4


def test_events_that_nobody_has_are_significant_and_stay_finite():
    null = fit_null("count", 0.5, sample(np.zeros(500)), 1)
    none, one, three = null.z(sample([0, 1, 3]))
    assert -0.5 < none < 0.5 and 2.5 < one < three < 8


def test_of_counts_the_dispersion_of_honest_peers_is_recovered():
    random = np.random.default_rng(3)
    mean = random.uniform(20, 200, 4_000)
    even = fit_null("count", 0.1, sample(random.poisson(0.1 * mean), mean), 1)
    uneven = fit_null("count", 0.1, sample(random.poisson(0.1 * mean * random.gamma(2, 0.5, 4_000)), mean), 1)
    assert even.between_variance[0] < MIN_DISPERSION < 0.3 < uneven.between_variance[0] < 0.6
    assert even.centre[0] == pytest.approx(0.1, rel=0.05) == uneven.centre[0]


def test_what_is_not_known_stays_so_and_has_no_part_in_the_fit():
    for statistic in PLANTED:
        peers, floor = arisen(statistic)
        holes = sample(np.r_[peers.value, np.nan], np.r_[peers.n, 7])
        null, without = fit_null(statistic, floor, holes, 1), fit_null(statistic, floor, peers, 1)
        assert np.isnan(null.z(holes)[-1]) and not np.isnan(null.z(holes)[:-1]).any()
        fitted = null.centre[0], null.between_variance[0]
        assert fitted == pytest.approx((without.centre[0], without.between_variance[0]))


def test_of_a_measure_that_nobody_has_everything_is_unknown():
    nobody = sample([np.nan] * 5)
    for statistic in PLANTED:
        null = fit_null(statistic, 0.1, nobody, 1)
        assert np.isnan(null.z(nobody)).all()
        assert np.isfinite([*null.centre, *null.between_variance]).all()


def test_small_groups_take_centre_and_spread_from_all_subjects():
    random = np.random.default_rng(4)
    group = np.r_[np.zeros(2_000), np.ones(PRIOR_PEERS), np.full(1, 2)].astype(np.intp)
    value = np.r_[random.normal(0, 1, 2_000), np.full(PRIOR_PEERS, 4.0), 9.0]
    null = fit_null("plain", 0.1, sample(value, group=group), 4)
    # As many peers as the prior weigh as much as all; one hardly; none not at all.
    assert null.centre == pytest.approx([0, 2, 9 / 21, 0], abs=0.1)
    assert null.between_variance[2] == null.between_variance[3] > null.between_variance[1] > 0
    assert null.z(sample([9.0], group=[2]))[0] > SIGNIFICANT


def test_the_weight_of_a_group_rises_with_its_size():
    means = by_group(np.mean, np.array([0.0] * 60 + [6.0] * 20), np.array([0] * 60 + [1] * 20), 2)
    assert means.tolist() == pytest.approx([1.5 * 0.25, 0.5 * 1.5 + 0.5 * 6])


@pytest.mark.parametrize("statistic", PLANTED)
def test_alone_and_among_all_the_z_value_is_the_same(statistic):
    peers, floor = arisen(statistic)
    null = fit_null(statistic, floor, peers, 1)
    together = null.z(peers)
    for row in (0, 17, PEERS - 1):
        assert null.z(sample(peers.value[[row]], peers.n[[row]]))[0] == together[row]


def test_from_nothing_expected_to_everything_a_share_stays_possible():
    null = NullDistribution("proportion", 0.05, np.array([0.3]), np.array([0.0]), 0.0)
    found = null.z(sample([1.0, 0.0], [10, 10], expected=[0.9, -0.5]))
    assert np.isfinite(found).all() and found[0] < 1 and found[1] < 0.1


@pytest.mark.parametrize("statistic", ["plain", "proportion", "mean"])
def test_where_nothing_is_known_to_be_expected_there_is_no_z_value(statistic):
    null = NullDistribution(statistic, 0.05, np.array([0.1]), np.array([0.0]), 0.1)
    found = null.z(sample([0.9, 0.9], [10, 10], expected=[np.nan, 0.1]))
    assert np.isnan(found[0]) and found[1] > 0
