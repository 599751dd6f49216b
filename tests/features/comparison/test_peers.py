"""Each against its own kind: robust differences worked out by hand, and what is shown of the peers."""

import math
from itertools import pairwise

import ibis
import numpy as np
import pandas as pd
import pytest

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.comparison.peers import PEER_WORDS, PRIOR_COUNT, Standing, fit_peers, peer_groups, surplus
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
    entered("mean_part", "share", 0.05, support="count")
    entered("age", "years", 10)
    yield
    for key in [key for key in CATALOGUE if key[0] == PROBE]:
        del CATALOGUE[key]


def values(size: int, **columns) -> pd.DataFrame:
    names = [name for subject, name in CATALOGUE if subject == PROBE]
    index = [f"s{number}" for number in range(size)]
    return pd.DataFrame({name: columns.get(name, np.nan) for name in names}, index=index, dtype=float)


def test_differences_as_worked_out_by_hand():
    # Medians 0.2 and 0.6, of all 0.4; twenty peers weigh as much as everybody, so 0.3 and 0.5. Half of each
    # group stands 0.2 away from that and half on it: the spread is 0.1.
    part = [0.1] * 10 + [0.3] * 10 + [0.5] * 10 + [0.7] * 10
    frame = values(40, part=part, low_part=part)
    peers = pd.Series(["a"] * 20 + ["b"] * 20, frame.index)
    found = fit_peers(PROBE, frame, peers)
    assert found.middle.part.round(12).to_dict() == {"a": 0.3, "b": 0.5}
    assert found.usual.part.round(12).to_dict() == {"a": 0.2, "b": 0.6}
    unit = 1.4826 * 0.1
    expected = [-0.2 / unit] * 10 + [0.0] * 20 + [0.2 / unit] * 10
    away = found.differences(frame, peers)
    assert np.allclose(away.part, expected)
    # Where less is suspicious the sign turns.
    assert np.allclose(away.low_part, -np.array(expected))


def test_amounts_and_ratios_are_compared_by_how_many_times():
    frame = values(41, money=[100.0] * 40 + [700], times_usual=[1.0] * 40 + [8])
    peers = pd.Series("all", frame.index)
    away = fit_peers(PROBE, frame, peers).differences(frame, peers)
    # A doubling or so counts as one unit at least, or nearly equal peers would make a stranger of everybody
    # else.
    assert away.money.iloc[-1] == pytest.approx((math.log(8) - math.log(2)) / 0.5)
    assert away.times_usual.iloc[-1] == pytest.approx(math.log(8) / 0.5)
    assert (away.money.iloc[:-1] == 0).all() and (away.times_usual.iloc[:-1] == 0).all()


def test_what_nobody_knows_stays_unknown():
    frame = values(4, part=[0.1, np.nan, 0.3, 0.2], money=[5, 6, 7, 8])
    peers = pd.Series("all", frame.index)
    away = fit_peers(PROBE, frame, peers).differences(frame, peers)
    assert away.part.isna().tolist() == [False, True, False, False]
    assert away.money.notna().all() and away.times_usual.isna().all()


def test_an_average_over_few_is_drawn_to_the_middle():
    frame = values(43, mean_part=[0.2] * 40 + [0.6] * 3, count=[50.0] * 40 + [1, PRIOR_COUNT, 1e9])
    peers = pd.Series("all", frame.index)
    few, ten, many = fit_peers(PROBE, frame, peers).differences(frame, peers).mean_part.iloc[-3:]
    assert many == pytest.approx(0.4 / 0.05, rel=1e-6)
    assert ten == pytest.approx(many / 2, rel=1e-6)
    assert few == pytest.approx(many / 11, rel=1e-6)


def test_an_average_over_nobody_knows_how_many_says_nothing():
    frame = values(42, mean_part=[0.2] * 40 + [0.6] * 2, count=[50.0] * 40 + [np.nan, 0])
    peers = pd.Series("all", frame.index)
    assert fit_peers(PROBE, frame, peers).differences(frame, peers).mean_part.iloc[-2:].tolist() == [0, 0]


def test_by_mix_the_distance_from_the_expected_value_is_compared():
    """A specialist who is as expected, and one of the usual share of whom less is expected."""

    def by_mix(v, w):
        raise NotImplementedError

    subject = "probe by mix"
    more = {"materiality": 0.05, "windows": (), "mix": True}
    measure(subject, "比", "share", "share", "money", "M01", **more)(by_mix)
    expected = expected_column("by_mix")
    frame = pd.DataFrame({"by_mix": [0.2] * 40 + [0.9, 0.2], expected: [0.2] * 40 + [0.9, 0.05]})
    peers = pd.Series("all", frame.index)
    found = fit_peers(subject, frame, peers)
    away = found.differences(frame, peers).by_mix
    assert away.iloc[40] == pytest.approx(0) and away.iloc[41] == pytest.approx(0.15 / 0.05)
    assert found.standing("by_mix", 0.2, "all", 0.05).highest
    assert not found.standing("by_mix", 0.9, "all", 0.9).highest
    del CATALOGUE[subject, "by_mix"]


def test_a_group_of_few_is_judged_by_all_and_a_large_group_by_itself():
    part = [0.1] * 60 + [0.9] + [0.9] * 60
    frame = values(121, part=part)
    alone = pd.Series(["many"] * 60 + ["alone"] + ["like him"] * 60, frame.index)
    away = fit_peers(PROBE, frame, alone).differences(frame, alone).part
    # His own median would excuse him; the sixty that are all alike are drawn to all others by a quarter only.
    only_low = frame.iloc[:61]
    lone = fit_peers(PROBE, only_low, alone.iloc[:61]).differences(only_low, alone.iloc[:61]).part
    assert lone["s60"] > 10 > 2 > lone.iloc[:60].max()
    assert away.iloc[61:].max() < lone["s60"] / 3


def test_percentiles_rise_with_the_value_and_never_reach_all():
    frame = values(1000, money=np.arange(1000.0) ** 2)
    found = fit_peers(PROBE, frame, pd.Series("all", frame.index))
    shares = [found.standing("money", value, "all").share for value in np.linspace(-10, 1.2e6, 300)]
    assert all(low <= high for low, high in pairwise(shares))
    assert 0 < shares[0] < 0.01 and 0.99 < shares[-1] < 1
    assert found.standing("money", 500.0**2, "all").share == pytest.approx(0.5, abs=0.005)


def test_the_first_of_five_lies_above_four():
    frame = values(6, money=[1, 2, 3, 4, 5, 7])
    found = fit_peers(PROBE, frame, pd.Series(["few"] * 5 + ["alone"], frame.index))
    assert found.standing("money", 5, "few").share == 0.8 and found.standing("money", 1e9, "few").share == 0.8
    assert found.standing("money", 1, "few").share == 0.2
    assert found.standing("money", 7, "alone").share == 0.5


def test_who_shares_a_value_with_most_stands_in_their_middle():
    frame = values(100, money=[0.0] * 90 + [50.0] * 10)
    found = fit_peers(PROBE, frame, pd.Series("all", frame.index))
    assert found.standing("money", 0, "all").share == pytest.approx(0.45, abs=0.01)
    assert found.standing("money", 50, "all").share == pytest.approx(0.95, abs=0.01)


def test_there_is_no_percentile_of_the_unknown():
    frame = values(30, money=range(30))
    found = fit_peers(PROBE, frame, pd.Series("all", frame.index))
    assert found.standing("money", float("nan"), "all") == Standing(None, 30, highest=False, lowest=False)
    assert found.standing("money", 3, "others") == Standing(None, 0)
    assert found.standing("part", 0.3, "all").share is None


def test_whose_peers_patients_are():
    rows = [(who, day, course, kind, age) for who, course, kind, age in [
        ("on dialysis", True, "11", 50), ("diabetic", False, "1403", 50), ("grandmother", False, "11", 80),
        ("student", False, "11", 20),
    ] for day in range(4)]  # fmt: skip
    rows.append(("student", 5, True, "1403", 20))
    names = ["psn_no", "days_ago", "course", "med_type", "age"]
    con = ibis.duckdb.connect()
    facts = con.create_table(
        "facts", pd.DataFrame(rows, columns=names).astype({"days_ago": float, "age": float})
    )
    assert peer_groups(facts, "patient", "psn_no").to_dict() == {
        "on dialysis": "course", "diabetic": "chronic", "grandmother": "older", "student": "younger",
    }  # fmt: skip


def test_a_ratio_below_a_hundredth_is_compared_as_one():
    frame = values(21, times_usual=[1.0] * 19 + [0.01, 0.0])
    peers = pd.Series("all", frame.index)
    away = fit_peers(PROBE, frame, peers).differences(frame, peers).times_usual
    assert away.iloc[-1] == away.iloc[-2] == pytest.approx(math.log(0.01) / 0.5)


def test_years_are_compared_as_they_are_and_refunds_have_their_sign():
    frame = values(41, age=[50.0] * 40 + [80], money=[0.0] * 40 + [-300])
    peers = pd.Series("all", frame.index)
    away = fit_peers(PROBE, frame, peers).differences(frame, peers).iloc[-1]
    assert away.age == pytest.approx(30 / 10) and away.money == pytest.approx(-math.log(4) / 0.5)


def test_the_spread_of_a_group_of_few_is_that_of_all():
    # Forty that lie around 0 by 1, ten that agree: a third of the ten's spread is their own, which is none.
    frame = values(50, age=[-100.0, 100.0] * 20 + [0.0] * 10)
    peers = pd.Series(["wide"] * 40 + ["even"] * 10, frame.index)
    found = fit_peers(PROBE, frame, peers)
    assert found.spread.age["wide"] == pytest.approx(148.26)
    assert found.spread.age["even"] == pytest.approx(148.26 * 20 / 30)


def test_support_is_counted_in_the_same_window_where_there_is_one(probe_of_windows):
    columns = ["visits_30d", "visits_365d", "ever", "rate_30d", "rate_365d", "rate_of_all_365d"]
    frame = pd.DataFrame(0.2, index=[f"s{n}" for n in range(41)], columns=columns)
    frame.loc["s40"] = [1e9, 10.0, 0.0, 0.7, 0.7, 0.7]
    peers = pd.Series("all", frame.index)
    away = fit_peers(probe_of_windows, frame, peers).differences(frame, peers).loc["s40"]
    assert away.rate_30d == pytest.approx(10) and away.rate_365d == pytest.approx(5)
    # Supported by a count without a window, of which there is nothing.
    assert away.rate_of_all_365d == 0


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
    found = fit_peers(PROBE, frame, pd.Series("few", frame.index)).standing("age", value, "few")
    assert found.share == pytest.approx(share, abs=0.006)
    assert (found.of, found.highest, found.lowest) == (len(others) + 1, highest, lowest)


@pytest.mark.parametrize("size", [2, 3, 5, 20, 100, 266, 400])
def test_the_one_at_each_end_is_alone_there_and_a_pair_is_not(size):
    frame = values(size, age=range(size))
    found = fit_peers(PROBE, frame, pd.Series("all", frame.index))
    last = found.standing("age", size - 1, "all")
    assert last.highest and not last.lowest and last.share <= 1 - 1 / size
    assert found.standing("age", 0, "all").lowest
    if size > 2:
        assert not found.standing("age", 1, "all").lowest and not found.standing("age", 1, "all").highest
        paired = values(size, age=[*range(size - 1), size - 2])
        found = fit_peers(PROBE, paired, pd.Series("all", paired.index))
        assert not found.standing("age", size - 2, "all").highest


def test_beyond_all_peers_one_is_alone_at_the_end():
    frame = values(30, age=range(30))
    found = fit_peers(PROBE, frame, pd.Series("all", frame.index))
    above, below = found.standing("age", 99, "all"), found.standing("age", -1, "all")
    assert (above.highest, above.lowest, below.highest, below.lowest) == (True, False, False, True)
    assert above.share == pytest.approx(29 / 30) and below.share == pytest.approx(1 / 30)


def test_the_distance_from_the_expected_value_is_a_difference_of_shares_and_a_quotient_of_all_else():
    share, ratio = CATALOGUE[PROBE, "part"], CATALOGUE[PROBE, "money"]
    assert surplus(0.5, 0.2, share) == pytest.approx(0.3)
    assert surplus(500.0, 200.0, ratio) == pytest.approx(2.5)


FACTS = {
    "psn_no": "string", "days_ago": "float64", "course": "boolean", "med_type": "string", "age": "float64",
    "kind": "string", "level": "string", "mdtrt_id": "string",
}  # fmt: skip


def facts(*rows: dict) -> ibis.Table:
    usual = {
        "days_ago": 5.0,
        "course": False,
        "med_type": "11",
        "age": 40.0,
        "kind": OUTPATIENT,
        "level": None,
    }
    full = [usual | {"mdtrt_id": f"M{n}", "psn_no": "who"} | row for n, row in enumerate(rows)]
    frame = pd.DataFrame(full)[list(FACTS)]
    return ibis.duckdb.connect().create_table("facts", ibis.memtable(frame, schema=ibis.schema(FACTS)))


@pytest.mark.parametrize(
    "subject,rows,expected",
    [
        ("patient", [{"course": True}] * 3, "course"),
        ("patient", [{"course": True}] * 2, "younger"),
        ("patient", [{"course": True}] * 2 + [{"course": True, "days_ago": 1095.5}, {}], "younger"),
        ("patient", [{"course": True}] * 2 + [{"course": True, "days_ago": 1095.0}, {}], "course"),
        ("patient", [{"med_type": "1403"}] * 3, "chronic"),
        ("patient", [{"med_type": "1403"}] * 2 + [{"med_type": "13"}], "younger"),
        ("patient", [{"med_type": "1403", "course": True}] * 3, "course"),
        ("patient", [{"age": 59.9}, {"age": 60.0}], "older"),
        ("patient", [{"age": 59.9}], "younger"),
        ("prescriber", [{"kind": STAY}] * 5, "ward"),
        ("prescriber", [{"kind": STAY}] * 4 + [{}] * 9, "clinic"),
        ("hospital", [{"level": "3"}, {}], "level3"),
        ("hospital", [{"level": "2"}], "level2"),
        ("hospital", [{"level": "1"}], "primary"),
        ("hospital", [{}], "primary"),
        ("group", [{}], "groups"),
        ("visit", [{"course": True, "kind": STAY, "level": "3"}], "course_visit"),
        ("visit", [{"kind": STAY, "level": "3"}], "stay3"),
        ("visit", [{"kind": STAY, "level": "2"}], "stay2"),
        ("visit", [{"kind": STAY, "level": "1"}], "stay1"),
        ("visit", [{"kind": STAY}], "stay1"),
        ("visit", [{"kind": PHARMACY}], "purchase"),
        ("visit", [{"med_type": "1403"}], "chronic_visit"),
        ("visit", [{"days_ago": 2000.0}], "outpatient"),
    ],
)
def test_whose_peers_one_is(subject, rows, expected):
    found = peer_groups(facts(*rows), subject, "psn_no").to_dict()
    assert found == {"M0" if subject == "visit" else "who": expected}
    assert set(found.values()) <= set(PEER_WORDS)


def test_the_larger_half_of_pharmacies_are_the_large_ones():
    rows = [{"psn_no": name} for name, n in (("a", 1), ("b", 2), ("c", 3)) for _visit in range(n)]
    found = peer_groups(facts(*rows), "pharmacy", "psn_no").to_dict()
    assert found == {"a": "small", "b": "large", "c": "large"}
