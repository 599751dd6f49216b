"""Each against its own kind: robust differences worked out by hand, and what is shown of the peers."""

import math
from itertools import pairwise

import ibis
import numpy as np
import pandas as pd
import pytest

from features.comparison.peers import MAD_TO_SD, PRIOR_COUNT, fit_peers, peer_groups
from features.measures.catalogue import CATALOGUE, LOW, measure

PROBE = "probe"


@pytest.fixture(scope="module", autouse=True)
def probe():
    """A kind of subject with one measure of each sort."""

    def entered(name: str, unit: str, least: float, **more):
        def take(v, w):
            raise NotImplementedError

        take.__name__ = name
        measure(PROBE, name, name, unit, "M01", materiality=least, family="money", windows=(), **more)(take)

    entered("count", "visits", 10)
    entered("part", "share", 0.05)
    entered("low_part", "share", 0.05, direction=LOW)
    entered("money", "yuan", 100)
    entered("times_usual", "ratio", 0.2)
    entered("mean_part", "share", 0.05, support="count")
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
    unit = MAD_TO_SD * 0.1
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
    assert found.standing("money", float("nan"), "all").share is None
    assert found.standing("money", 3, "others").share is None
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
