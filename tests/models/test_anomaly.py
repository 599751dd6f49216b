"""Evidence and isolation on peers made by hand: guilty above innocent, exact values in small and large
groups."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import IsolationForest

from models.anomaly import CAP, Isolation, PeerEvidence, _mean_path_length

SPEC = pd.DataFrame(
    [
        ("idle_days", "stay", 1.5, ("M10",)),
        ("idle_days_long", "stay", 1.5, ("M10",)),
        ("seen_elsewhere", "identity", 1.5, ("M10",)),
        ("surplus", "supply", 1.5, ("M05", "M19")),
        ("pharmacies", "concentration", 0.7, ("M05", "M19")),
        ("days_dead", "identity", 3.0, ("M09",)),
        ("visits", "frequency", 0.2, ("M05", "M10")),
    ],
    columns=["column", "family", "evidence_weight", "schemes"],
).set_index("column")


def people(size: int = 2_000, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Honest people: standard normal differences, some missing, in a small and two large peer groups."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(0, 1, (size, len(SPEC))), columns=SPEC.index).clip(lower=-3)
    frame = frame.mask(random.random(frame.shape) < 0.1)
    frame.index = [f"p{number}" for number in range(size)]
    peers = pd.Series(
        np.where(np.arange(size) < 20, "few", np.where(np.arange(size) % 3, "old", "young")), frame.index
    )
    return frame, peers


# What each planted person does, in robust units. The innocent are unusual in one family only, in measures
# of small weight only, or in the direction that is no evidence.
GUILTY = {
    "phantom bed stay": {"idle_days": 6, "seen_elsewhere": 7},
    "drug farmer": {"surplus": 8, "pharmacies": 6, "visits": 4},
    "dead": {"days_dead": 9},
}
INNOCENT = {
    "often ill": {"visits": 9},
    "one long idle stay": {"idle_days": 5, "idle_days_long": 5},
    "several pharmacies": {"pharmacies": 7},
    "less than anybody": dict.fromkeys(SPEC.index, -6),
}


@pytest.fixture(scope="module")
def planted():
    frame, peers = people()
    rows = {name: {c: 0.0 for c in SPEC.index} | conduct for name, conduct in (GUILTY | INNOCENT).items()}
    frame = pd.concat([frame, pd.DataFrame.from_dict(rows, orient="index")[SPEC.index]])
    peers = pd.concat([peers, pd.Series("old", list(rows))])
    return frame, peers, PeerEvidence(SPEC).fit(frame, peers)


def scores(model: PeerEvidence, frame: pd.DataFrame, peers: pd.Series) -> pd.Series:
    return model.score(model.by_scheme(model.by_column(frame, peers)))


def test_planted_guilty_stand_above_planted_innocents_and_everybody(planted):
    frame, peers, model = planted
    score = scores(model, frame, peers)
    assert score[list(GUILTY)].min() > score[list(INNOCENT)].max()
    assert (score.rank(ascending=False)[list(GUILTY)] <= 30).all()
    assert score["less than anybody"] < 1e-3 < score.median()


def test_the_scheme_is_named(planted):
    frame, peers, model = planted
    by_scheme = model.by_scheme(model.by_column(frame, peers)).loc[list(GUILTY)]
    assert by_scheme.idxmax(axis=1).to_dict() == {
        "phantom bed stay": "M10",
        "drug farmer": "M05",
        "dead": "M09",
    }


def test_of_one_family_only_the_strongest_measure_counts(planted):
    _frame, _peers, model = planted
    given = pd.DataFrame(0.0, ["once", "twice", "two families"], SPEC.index)
    given.loc[:, "idle_days"] = 3.0
    given.loc["twice", "idle_days_long"] = 3.0
    given.loc["two families", "seen_elsewhere"] = 3.0
    m10 = model.by_scheme(given).M10
    assert m10["once"] == m10["twice"] == 3 and m10["two families"] == 6


def test_alone_and_among_all_a_subject_scores_exactly_the_same(planted):
    frame, peers, model = planted
    isolation = Isolation(list(SPEC.index)).fit(frame)
    together, odd = scores(model, frame, peers), isolation.raw(frame)
    for name in [*GUILTY, *INNOCENT, "p0", "p1999"]:
        alone = frame.loc[[name]]
        assert scores(model, alone, peers.loc[[name]])[name] == together[name]
        assert isolation.raw(alone)[name] == odd[name]
    backwards = frame.iloc[::-1]
    pd.testing.assert_series_equal(
        scores(model, backwards, peers.loc[backwards.index])[::-1], together, check_exact=True
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(-5, 12), min_size=len(SPEC), max_size=len(SPEC)),
    st.integers(0, len(SPEC) - 1),
    st.floats(0, 10),
    st.sampled_from(["few", "old", "young"]),
)
def test_more_evidence_never_lowers_the_score(planted, row, column, more, group):
    _frame, _peers, model = planted
    frame = pd.DataFrame([row, row], ["as it was", "with more"], SPEC.index)
    frame.iat[1, column] += more
    score = scores(model, frame, pd.Series(group, frame.index))
    assert score["with more"] >= score["as it was"] - 1e-12


def test_unknown_values_are_no_evidence(planted):
    _frame, _peers, model = planted
    frame = pd.DataFrame([[np.nan] * len(SPEC)], ["nobody"], SPEC.index)
    assert scores(model, frame, pd.Series("old", frame.index))["nobody"] == 0


def test_a_measure_adds_no_more_than_the_cap_times_its_weight(planted):
    frame, peers, model = planted
    evidence = model.by_column(frame.assign(**dict.fromkeys(SPEC.index, 1e6)), peers)
    assert evidence.days_dead["dead"] > 0.75 * CAP * 3.0
    assert (evidence <= CAP * SPEC.evidence_weight + 1e-12).all(axis=None)


def test_columns_attribute_the_whole_score_and_nothing_else(planted):
    frame, peers, model = planted
    found = model.attribute(frame, peers)
    assert np.allclose(found.sum(axis=1), scores(model, frame, peers), rtol=0, atol=1e-9)
    assert (found >= 0).all(axis=None)
    assert set(found.columns[found.loc["phantom bed stay"] > 1]) == {"idle_days", "seen_elsewhere"}


def test_isolation_finds_unusual_combinations_and_explains_them_exactly(planted):
    frame, _peers, _model = planted
    model = Isolation(list(SPEC.index)).fit(frame)
    raw = model.raw(frame)
    assert raw[["phantom bed stay", "drug farmer"]].min() > raw.quantile(0.95) > raw["dead"] > raw.median()
    listed = frame.loc[raw.sort_values(ascending=False).index[:50].union(["dead", "p0", "p1"])]
    columns, base = model.attribute(listed)
    assert np.allclose(columns.sum(axis=1) + base, raw[listed.index], rtol=0, atol=1e-6)
    assert columns.loc["dead"].idxmax() == "days_dead"


def test_a_handful_of_peers_is_enough_to_run():
    frame, peers = people(7)
    model = Isolation(list(SPEC.index)).fit(frame)
    columns, base = model.attribute(frame)
    assert np.allclose(columns.sum(axis=1) + base, model.raw(frame), rtol=0, atol=1e-6)
    evidence = PeerEvidence(SPEC).fit(frame, peers)
    assert np.allclose(
        evidence.attribute(frame, peers).sum(axis=1), scores(evidence, frame, peers), atol=1e-9
    )


ONE = pd.DataFrame({"family": ["f"], "evidence_weight": [1.0], "schemes": [("M01",)]}, index=["x"])


def evidence_among(peers: list[float], value: float, weight: float = 1.0) -> float:
    """Evidence of a value among peers with these values."""
    frame = pd.DataFrame({"x": peers}, [f"p{number}" for number in range(len(peers))], dtype=float)
    model = PeerEvidence(ONE.assign(evidence_weight=weight)).fit(frame, pd.Series("g", frame.index))
    found = model.by_column(pd.DataFrame({"x": [value]}, ["s"]), pd.Series("g", ["s"]))
    return float(found.loc["s", "x"])


def slow_evidence(peers: list[float], value: float) -> float:
    """The definition in words: the rarest level whose quantile lies below the value, at most one in n + 1,
    plus the allowance for small groups; not above half the softplus of three times the value, and never
    above 4."""
    n, order, rarity = len(peers), sorted(peers), 0.0
    for step in range(81):
        level = step / 20
        quantile = order[min(max(math.ceil((1 - 10**-level) * n), 0), n - 1)]
        if quantile < value - 1e-9:
            rarity = max(rarity, level)
    allowance = 2 * 50 / (n + 50)
    return min(0.5 * math.log(1 + math.exp(3 * value)), min(rarity, math.log10(n + 1)) + allowance, 4.0)


@pytest.mark.parametrize("size", [1, 2, 5, 20, 50, 51, 200, 2000])
@pytest.mark.parametrize("value", [-2.0, 0.0, 0.4, 1.0, 2.0, 2.9, 8.0])
def test_evidence_equals_the_slow_twin_in_groups_of_any_size(size, value):
    peers = list(np.random.default_rng(size).normal(size=size))
    assert evidence_among(peers, value) == pytest.approx(slow_evidence(peers, value), abs=1e-12)


def test_in_a_small_group_the_distance_decides_and_in_a_large_one_the_rarity():
    """Two values beyond all peers: among nine both count by distance up to the bound of rarity of a group
    of nine."""
    few, many = [0.0] * 9, [0.0] * 100_000
    bound = math.log10(10) + 100 / 59
    assert evidence_among(few, 1.0) == pytest.approx(0.5 * math.log(1 + math.exp(3)))
    assert evidence_among(few, 9.0) == pytest.approx(bound) and bound < CAP
    assert evidence_among(many, 9.0) == CAP
    # A tenth of a large group is as far out: their rarity is one decade, whatever the distance.
    tenth = [0.0] * 8_900 + [9.0] * 1_100
    assert evidence_among(tenth, 9.0) == pytest.approx(0.95 + 100 / 10_050)


def test_a_value_equal_to_a_quantile_is_not_rarer_than_it():
    peers = [float(number) for number in range(1000)]
    assert evidence_among(peers, 900.0) < evidence_among(peers, 900.5) <= evidence_among(peers, 901.5)
    assert evidence_among(peers, 900.0 + 1e-12) == evidence_among(peers, 900.0)


def test_evidence_is_in_proportion_to_its_weight():
    assert evidence_among([0.0] * 60, 2.0, weight=0.2) == pytest.approx(0.2 * evidence_among([0.0] * 60, 2.0))


def test_missing_peers_count_as_lowest():
    assert evidence_among([np.nan] * 30 + [1.0] * 30, 0.9) == evidence_among([-9.0] * 30 + [1.0] * 30, 0.9)


def test_an_unknown_peer_group_has_no_evidence():
    frame = pd.DataFrame({"x": [0.0, 9.0]}, ["p", "q"])
    model = PeerEvidence(ONE).fit(frame, pd.Series("g", frame.index))
    assert (model.by_column(frame, pd.Series("other", frame.index)) == 0).all(axis=None)


def test_the_other_schemes_add_fifteen_hundredths_of_their_mean():
    model = PeerEvidence(SPEC)
    by_scheme = pd.DataFrame({"A": [4.0, 0.0], "B": [2.0, 0.0], "C": [1.0, 3.0]})
    assert model.score(by_scheme).tolist() == pytest.approx([4 + 0.15 * 1.5, 3.0])
    assert model.score(by_scheme[["A"]]).tolist() == [4.0, 0.0]


def test_evidence_of_schemes_and_contributions_by_hand():
    model = PeerEvidence(SPEC)
    row = dict(
        idle_days=3.0,
        idle_days_long=1.0,
        seen_elsewhere=2.0,
        surplus=1.0,
        pharmacies=0.5,
        days_dead=0.7,
        visits=0.1,
    )
    found = model.by_scheme(pd.DataFrame([row], ["s"]))
    assert found.loc["s"].to_dict() == pytest.approx({"M05": 1.6, "M09": 0.7, "M10": 5.1, "M19": 1.5})
    model.by_column = lambda differences, peers: differences
    parts = model.attribute(pd.DataFrame([row], ["s"]), pd.Series("g", ["s"])).loc["s"]
    share = 0.15 / 3
    assert parts.to_dict() == pytest.approx(
        {
            "idle_days": 3.0, "idle_days_long": 0.0, "seen_elsewhere": 2.0, "surplus": 2 * share,
            "pharmacies": share, "days_dead": 0.7 * share, "visits": 0.1 + 0.1 * share,
        }
    )  # fmt: skip


def test_the_forest_is_that_of_scikit_learn_on_bounded_differences():
    frame, _peers = people(400)
    frame.iloc[0, 0] = 1e6
    model = Isolation(list(SPEC.index), seed=3).fit(frame)
    rows = frame.fillna(0).clip(-8, 8).to_numpy()
    slow = IsolationForest(n_estimators=200, max_samples=256, random_state=3).fit(rows)
    # Score 2^(−E(h)/c(n)), with c(n) as in the paper.
    c = 2 * (math.log(255) + np.euler_gamma) - 2 * 255 / 256
    assert model.raw(frame).to_numpy() == pytest.approx(c * np.log2(-slow.score_samples(rows)))
    assert Isolation(list(SPEC.index)).seed == 0
    assert model.raw(frame.assign(idle_days=frame.idle_days.clip(upper=8))).equals(model.raw(frame))


@pytest.mark.parametrize(
    "n, length", [(1, 0.0), (2, 2 * np.euler_gamma - 1), (3, 2 * (math.log(2) + np.euler_gamma) - 4 / 3)]
)
def test_the_mean_path_length_of_an_unsuccessful_search(n, length):
    assert _mean_path_length(n) == pytest.approx(length)
