"""Each against its own kind: z-values worked out by hand, and what is shown of the peers."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from features.comparison.funnel import DEGREES_OF_FREEDOM
from features.comparison.peers import LOG_SPREAD, SMALLEST_RATIO, PercentileRank, fit_peers, surplus
from features.measures.catalogue import CATALOGUE, LOW, expected_column, measure

PROBE = "probe"


@pytest.fixture(scope="module", autouse=True)
def probe():
    """A kind of subject with one measure of each sort."""

    def entered(name: str, unit: str, least: float, **more):
        def take(v, w):
            raise NotImplementedError

        take.__name__ = name
        measure(PROBE, name, name, unit, "money", "M01", materiality=least, windows=(), **more)(take)

    entered("count", "visits", 10)
    entered("part", "share", 0.05)
    entered("low_part", "share", 0.05, direction=LOW)
    entered("money", "yuan", 100)
    entered("times_usual", "ratio", 0.2)
    entered("share_of", "share", 0.05, support="count")
    entered("low_share_of", "share", 0.05, support="count", direction=LOW)
    entered("of_a_thousand", "per_thousand", 50, support="count")
    entered("mean_days", "days", 2, support="count")
    entered("events", "times", 1, support="count", statistic="count")
    entered("age", "years", 10)
    yield
    for key in [key for key in CATALOGUE if key[0] == PROBE]:
        del CATALOGUE[key]


def values(size: int, **columns) -> pd.DataFrame:
    names = [name for subject, name in CATALOGUE if subject == PROBE]
    index = [f"s{number}" for number in range(size)]
    return pd.DataFrame({name: columns.get(name, np.nan) for name in names}, index=index, dtype=float)


def z_scores(frame: pd.DataFrame, peers: pd.Series | str = "all", kind: str = PROBE) -> pd.DataFrame:
    """z-values of subjects who are the peers themselves."""
    groups = peers if isinstance(peers, pd.Series) else pd.Series(peers, frame.index)
    return fit_peers(kind, frame, groups).z_scores(frame, groups)


def z(standard_deviations: float) -> float:
    """The z-value of a distance in standard deviations of peers with heavy tails."""
    return float(stats.norm.isf(stats.t.sf(standard_deviations, DEGREES_OF_FREEDOM)))


def test_differences_as_worked_out_by_hand():
    # Medians 0.2 and 0.6, of all 0.4; twenty peers weigh as much as everybody, so 0.3 and 0.5. Half of each
    # group stands 0.2 away from that and half on it, so the MAD is 0.1; a quarter of all stand 0.2 above
    # their middle, so that is their upper scale.
    part = [0.1] * 10 + [0.3] * 10 + [0.5] * 10 + [0.7] * 10
    frame = values(40, part=part, low_part=part)
    peers = pd.Series(["a"] * 20 + ["b"] * 20, frame.index)
    own, overall = (1.4826 * 0.1) ** 2, (0.2 / stats.norm.isf(0.15)) ** 2
    unit = math.sqrt((own + overall) / 2)
    expected = [z(-0.2 / unit)] * 10 + [0.0] * 20 + [z(0.2 / unit)] * 10
    away = z_scores(frame, peers)
    assert np.allclose(away.part, expected)
    # Where less is suspicious the sign turns.
    assert np.allclose(away.low_part, -np.array(expected))
    median = fit_peers(PROBE, frame, peers).median
    assert median.part.round(12).to_dict() == {"a": 0.2, "b": 0.6}


def test_amounts_and_ratios_are_compared_by_how_many_times():
    frame = values(41, money=[100.0] * 40 + [700], times_usual=[1.0] * 40 + [8])
    away = z_scores(frame)
    # A doubling or so counts as one unit at least, or nearly equal peers would make a stranger of everybody
    # else.
    assert away.money.iloc[-1] == pytest.approx(z((math.log(8) - math.log(2)) / LOG_SPREAD))
    assert away.times_usual.iloc[-1] == pytest.approx(z(math.log(8) / LOG_SPREAD))
    assert (away.money.iloc[:-1] == 0).all() and (away.times_usual.iloc[:-1] == 0).all()


def test_a_ratio_below_a_hundredth_is_compared_as_one():
    away = z_scores(values(21, times_usual=[1.0] * 19 + [SMALLEST_RATIO, 0.0])).times_usual
    assert away.iloc[-1] == away.iloc[-2] == pytest.approx(z(math.log(0.01) / LOG_SPREAD))


def test_years_are_compared_as_they_are_and_refunds_have_their_sign():
    away = z_scores(values(41, age=[50.0] * 40 + [80], money=[0.0] * 40 + [-300])).iloc[-1]
    assert away.age == pytest.approx(z(30 / 10)) and away.money == pytest.approx(z(-math.log(4) / LOG_SPREAD))


def test_the_z_value_of_a_share_grows_with_its_rows():
    """Six in ten of whom two are expected; of the 5 points that matter half is the peers' spread and half
    is tolerated."""
    shares = [0.2] * 40 + [0.6] * 3
    frame = values(
        43,
        share_of=shares,
        low_share_of=[1 - s for s in shares],
        of_a_thousand=[1000 * s for s in shares],
        count=[50.0] * 40 + [5, 50, 1e9],
    )
    away = z_scores(frame)
    five, fifty, many = away.share_of.iloc[-3:]
    assert 0 < five < 2.5 < fifty < many
    # Where less is suspicious, the complement of the share is compared.
    assert np.allclose(away.low_share_of, away.share_of, atol=1e-9)
    assert np.allclose(away.of_a_thousand, away.share_of, atol=1e-9)
    binomial = 0.225 * 0.775
    effective = binomial / (binomial / 50 + 0.025**2)
    twin = stats.beta.cdf(0.225, 0.6 * effective, 0.4 * effective + 1)
    assert fifty == pytest.approx(stats.norm.isf(twin), abs=1e-6)


def test_the_z_value_of_an_average_grows_with_its_rows():
    random = np.random.default_rng(0)
    rows = random.integers(2, 200, 300).astype(float)
    days = np.r_[np.maximum(random.normal(8, 4 / np.sqrt(rows)), 0), 40, 40, 40]
    frame = values(303, mean_days=days, count=np.r_[rows, 1, 5, 150])
    one, five, many = z_scores(frame).mean_days.iloc[-3:]
    assert one < 2 < five < many


def test_events_are_compared_by_their_exposure():
    """Twenty events: of a place with two thousand visits nothing unusual, of one with two hundred
    something."""
    frame = values(42, events=[10.0] * 40 + [20, 20], count=[1_000.0] * 40 + [2_000, 200])
    large, small = z_scores(frame).events.iloc[-2:]
    assert large < 0.5 and small > 3


def test_what_arises_from_no_rows_says_nothing_as_long_as_it_is_possible():
    frame = values(42, share_of=[0.2] * 40 + [0.6] * 2, count=[50.0] * 40 + [np.nan, 0])
    away = z_scores(frame).share_of.iloc[-2:]
    assert away.iloc[0] == away.iloc[1] < 1


@pytest.mark.parametrize("direction", [1, LOW])
@pytest.mark.parametrize("support", [None, "rows"])
def test_by_mix_the_distance_from_the_expected_value_is_compared(direction, support):
    """A specialist who is as expected, and one of the usual share of whom less (or more) is expected."""

    def by_mix(v, w):
        raise NotImplementedError

    def rows(v, w):
        raise NotImplementedError

    subject = "probe by mix"
    more = {"materiality": 0.05, "windows": (), "case_mix": True, "direction": direction, "support": support}
    measure(subject, "比", "share", "share", "money", "M01", **more)(by_mix)
    measure(subject, "数", "rows", "visits", "money", "M01", materiality=9, windows=())(rows)
    expected = expected_column("by_mix")
    share, usual = np.array([0.2] * 40 + [0.9, 0.2]), np.array([0.2] * 40 + [0.9, 0.05])
    if direction == LOW:
        share, usual = 1 - share, 1 - usual
    frame = pd.DataFrame({"by_mix": share, expected: usual, "rows": 400.0})
    peers = pd.Series("all", frame.index)
    found = fit_peers(subject, frame, peers)
    away = found.z_scores(frame, peers).by_mix
    assert away.iloc[40] == pytest.approx(0, abs=1e-6) and away.iloc[41] > 2
    if support is None:
        assert away.iloc[41] == pytest.approx(z(0.15 / 0.05))
    beyond = found.percentile_rank("by_mix", share[41], "all", usual[41])
    assert (beyond.highest, beyond.lowest) == (direction != LOW, direction == LOW)
    assert not found.percentile_rank("by_mix", share[40], "all", usual[40]).highest
    for name in ("by_mix", "rows"):
        del CATALOGUE[subject, name]


def test_one_alone_in_a_group_is_judged_by_all():
    """His own median would excuse him."""
    frame = values(61, part=[0.1] * 60 + [0.9])
    away = z_scores(frame, pd.Series(["many"] * 60 + ["alone"], frame.index)).part
    assert away["s60"] > 5 > 0.5 > away.iloc[:60].max()


def test_a_z_value_depends_on_nobody_else_who_is_scored():
    random = np.random.default_rng(1)
    columns = {
        "part": random.random(50), "share_of": random.random(50), "mean_days": random.gamma(2, 4, 50),
        "events": random.poisson(2, 50), "count": random.integers(1, 90, 50), "money": random.gamma(1, 9, 50),
    }  # fmt: skip
    frame = values(50, **columns)
    peers = pd.Series(np.where(np.arange(50) % 3, "a", "b"), frame.index)
    found = fit_peers(PROBE, frame, peers)
    together = found.z_scores(frame, peers)
    for name in ("s0", "s7", "s49"):
        alone = found.z_scores(frame.loc[[name]], peers.loc[[name]])
        pd.testing.assert_frame_equal(alone, together.loc[[name]], check_exact=True)


def test_support_is_counted_in_the_same_window_where_there_is_one(probe_of_windows):
    columns = ["visits_30d", "visits_365d", "ever", "rate_30d", "rate_365d", "rate_of_all_365d"]
    frame = pd.DataFrame(0.2, index=[f"s{n}" for n in range(41)], columns=columns)
    frame.loc["s40"] = [1e9, 10.0, 0.0, 0.7, 0.7, 0.7]
    away = z_scores(frame, kind=probe_of_windows).loc["s40"]
    assert away.rate_30d > 2 * away.rate_365d > 0
    # Supported by a count without a window, of which there is nothing.
    assert away.rate_of_all_365d < 1


def test_what_nobody_knows_stays_unknown():
    frame = values(4, part=[0.1, np.nan, 0.3, 0.2], money=[5, 6, 7, 8])
    peers = pd.Series("all", frame.index)
    away = fit_peers(PROBE, frame, peers).z_scores(frame, peers)
    assert away.part.isna().tolist() == [False, True, False, False]
    assert away.money.notna().all() and away.times_usual.isna().all()


def test_percentiles_rise_with_the_value_and_never_reach_all():
    frame = values(1000, money=np.arange(1000.0) ** 2)
    found = fit_peers(PROBE, frame, pd.Series("all", frame.index))
    shares = [found.percentile_rank("money", value, "all").share for value in np.linspace(-10, 1.2e6, 300)]
    assert all(low <= high for low, high in pairwise(shares))
    assert 0 < shares[0] < 0.01 and 0.99 < shares[-1] < 1
    assert found.percentile_rank("money", 500.0**2, "all").share == pytest.approx(0.5, abs=0.005)


def test_the_first_of_five_lies_above_four():
    frame = values(6, money=[1, 2, 3, 4, 5, 7])
    found = fit_peers(PROBE, frame, pd.Series(["few"] * 5 + ["alone"], frame.index))
    assert (
        found.percentile_rank("money", 5, "few").share == 0.8
        and found.percentile_rank("money", 1e9, "few").share == 0.8
    )
    assert found.percentile_rank("money", 1, "few").share == 0.2
    assert found.percentile_rank("money", 7, "alone").share == 0.5


def test_whose_value_is_not_known_is_no_peer_in_it():
    """Of eleven institutions two have stays: the one with the larger share is above one other, not ten."""
    frame = values(11, part=[0.24, 0.27, *[np.nan] * 9], money=range(11))
    found = fit_peers(PROBE, frame, pd.Series("all", frame.index))
    assert found.percentile_rank("part", 0.27, "all") == PercentileRank(0.5, 2, highest=True, lowest=False)
    assert found.percentile_rank("money", 10, "all").of == 11


def test_who_shares_a_value_with_most_stands_in_their_middle():
    frame = values(100, money=[0.0] * 90 + [50.0] * 10)
    found = fit_peers(PROBE, frame, pd.Series("all", frame.index))
    assert found.percentile_rank("money", 0, "all").share == pytest.approx(0.45, abs=0.01)
    assert found.percentile_rank("money", 50, "all").share == pytest.approx(0.95, abs=0.01)


def test_there_is_no_percentile_of_the_unknown():
    frame = values(30, money=range(30))
    found = fit_peers(PROBE, frame, pd.Series("all", frame.index))
    assert found.percentile_rank("money", float("nan"), "all") == PercentileRank(
        None, 30, highest=False, lowest=False
    )
    assert found.percentile_rank("money", 3, "others") == PercentileRank(None, 0)
    assert found.percentile_rank("part", 0.3, "all").share is None


@pytest.fixture
def probe_of_windows():
    """A kind of subject with averages over counts of the same window, and over a count without one."""
    subject = "probe of windows"

    def entered(name: str, unit: str, **more):
        def take(v, w):
            raise NotImplementedError

        take.__name__ = name
        measure(subject, name, name, unit, "money", "M01", materiality=0.05, **more)(take)

    entered("visits", "visits", windows=(30, 365))
    entered("ever", "visits", windows=())
    entered("rate", "share", windows=(30, 365), support="visits")
    entered("rate_of_all", "share", windows=(365,), support="ever")
    yield subject
    for key in [key for key in CATALOGUE if key[0] == subject]:
        del CATALOGUE[key]


@pytest.mark.parametrize(
    "others,value,share,highest,lowest",
    [
        # One of a kind stands in the middle of himself; of two the larger is above a half.
        ((), 7, 0.5, True, True),
        ((3,), 7, 0.5, True, False),
        ((9,), 7, 0.5, False, True),
        ((1, 2), 7, 2 / 3, True, False),
        ((8, 9), 7, 1 / 3, False, True),
        # Two who share the highest value, neither of them alone at the end.
        ((1, 2, 7), 7, 0.75, False, False),
        ((1, 2, 3, 7), 7, 0.8, False, False),
        ((1, 2, 3, 4), 7, 0.8, True, False),
        ((8, 8, 9, 9), 7, 0.2, False, True),
        ((7, 7, 7, 7), 7, 0.5, False, False),
        ((1, 9), 7, 0.5, False, False),
    ],
)
def test_who_is_rare_in_a_group_of_few(others, value, share, highest, lowest):
    frame = values(len(others) + 1, age=[*others, value])
    found = fit_peers(PROBE, frame, pd.Series("few", frame.index)).percentile_rank("age", value, "few")
    assert found.share == pytest.approx(share, abs=0.006)
    assert (found.of, found.highest, found.lowest) == (len(others) + 1, highest, lowest)


@pytest.mark.parametrize("size", [2, 3, 5, 20, 100, 266, 400])
def test_the_one_at_each_end_is_alone_there_and_a_pair_is_not(size):
    frame = values(size, age=range(size))
    found = fit_peers(PROBE, frame, pd.Series("all", frame.index))
    last = found.percentile_rank("age", size - 1, "all")
    assert last.highest and not last.lowest and last.share <= 1 - 1 / size
    assert found.percentile_rank("age", 0, "all").lowest
    if size > 2:
        assert (
            not found.percentile_rank("age", 1, "all").lowest
            and not found.percentile_rank("age", 1, "all").highest
        )
        paired = values(size, age=[*range(size - 1), size - 2])
        found = fit_peers(PROBE, paired, pd.Series("all", paired.index))
        assert not found.percentile_rank("age", size - 2, "all").highest


def test_beyond_all_peers_one_is_alone_at_the_end():
    frame = values(30, age=range(30))
    found = fit_peers(PROBE, frame, pd.Series("all", frame.index))
    above, below = found.percentile_rank("age", 99, "all"), found.percentile_rank("age", -1, "all")
    assert (above.highest, above.lowest, below.highest, below.lowest) == (True, False, False, True)
    assert above.share == pytest.approx(29 / 30) and below.share == pytest.approx(1 / 30)


def test_the_distance_from_the_expected_value_is_a_difference_of_shares_and_a_quotient_of_all_else():
    share, ratio = CATALOGUE[PROBE, "part"], CATALOGUE[PROBE, "money"]
    assert surplus(0.5, 0.2, share) == pytest.approx(0.3)
    assert surplus(500.0, 200.0, ratio) == pytest.approx(2.5)


def test_of_several_measures_by_mix_each_has_its_own_distances():
    subject, more = "probe by mixes", {"materiality": 0.05, "windows": (), "case_mix": True}

    def first(v, w):
        raise NotImplementedError

    def second(v, w):
        raise NotImplementedError

    for take in (first, second):
        measure(subject, "比", take.__name__, "share", "money", "M01", **more)(take)
    usual = {expected_column("first"): [0.2] * 5, expected_column("second"): [0.1, 0.1, 0.1, 0.1, 0.6]}
    frame = pd.DataFrame({"first": [0.1, 0.2, 0.3, 0.4, 0.9], "second": [0.3, 0.4, 0.5, 0.6, 0.7]} | usual)
    found = fit_peers(subject, frame, pd.Series("all", frame.index))
    assert found.percentile_rank("first", 0.9, "all", 0.2).highest
    assert found.percentile_rank("second", 0.7, "all", 0.6).lowest, (
        "its mix leads one to expect nearly as much"
    )
    assert found.percentile_rank("second", 0.7, "all").highest
    for name in ("first", "second"):
        del CATALOGUE[subject, name]


def test_a_subject_without_rows_is_compared_as_if_it_had_half_of_one():
    rows = [50.0] * 40 + [np.nan, 0.0, 0.5, 1.0]
    away = z_scores(values(44, mean_days=[8.0] * 40 + [30] * 4, events=[10.0] * 40 + [3] * 4, count=rows))
    unknown, none, half, one = away.mean_days.iloc[-4:]
    assert unknown == none == half < one
    # Three events of more visits are less of a surprise.
    unknown, none, half, one = away.events.iloc[-4:]
    assert unknown == none == half > one
