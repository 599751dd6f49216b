"""Evidence and isolation on peers made by hand: guilty above innocent, exact values, and the signature of a
scheme."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.ensemble import IsolationForest

from models.anomaly import CAP, Isolation, PeerEvidence, _mean_path_length

SPEC = pd.DataFrame(
    [
        ("idle_days", "stay", 1.5, ("M10",), ("M10",)),
        ("idle_days_long", "stay", 1.5, ("M10",), ("M10",)),
        ("seen_elsewhere", "identity", 1.5, ("M10",), ()),
        ("surplus", "supply", 1.5, ("M05", "M19"), ("M05",)),
        ("pharmacies", "concentration", 0.7, ("M05", "M19"), ()),
        ("days_since_death", "identity", 3.0, ("M09",), ("M09",)),
        ("visits", "frequency", 0.2, ("M05", "M10"), ()),
    ],
    columns=["column", "family", "evidence_weight", "schemes", "signature"],
).set_index("column")


def people(size: int = 2_000, seed: int = 0) -> pd.DataFrame:
    """Honest people: standard normal z-scores, some missing."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(0, 1, (size, len(SPEC))), columns=SPEC.index).clip(lower=-3)
    frame = frame.mask(random.random(frame.shape) < 0.1)
    frame.index = [f"p{number}" for number in range(size)]
    return frame


# What each planted person does, as z-values. The innocent are unusual in one family only, in measures
# of small weight only, or in the direction that is no evidence.
GUILTY = {
    "phantom bed stay": {"idle_days": 6, "seen_elsewhere": 7},
    "drug farmer": {"surplus": 8, "pharmacies": 6, "visits": 4},
    "dead": {"days_since_death": 9},
}
INNOCENT = {
    "often ill": {"visits": 9},
    "one long idle stay": {"idle_days": 5, "idle_days_long": 5},
    "several pharmacies": {"pharmacies": 7},
    "less than anybody": dict.fromkeys(SPEC.index, -6),
}


@pytest.fixture(scope="module")
def planted():
    rows = {name: {c: 0.0 for c in SPEC.index} | conduct for name, conduct in (GUILTY | INNOCENT).items()}
    return pd.concat([people(), pd.DataFrame.from_dict(rows, orient="index")[SPEC.index]])


MODEL = PeerEvidence(SPEC)


def scores(frame: pd.DataFrame) -> pd.Series:
    return MODEL.score(MODEL.by_scheme(MODEL.by_column(frame)))


def test_planted_guilty_stand_above_planted_innocents_and_everybody(planted):
    score = scores(planted)
    assert score[list(GUILTY)].min() > score[list(INNOCENT)].max()
    assert (score.rank(ascending=False)[list(GUILTY)] <= 3).all()
    assert score["less than anybody"] == 0 < score.median()


def test_the_scheme_with_most_evidence_is_the_one_planted(planted):
    by_scheme = MODEL.by_scheme(MODEL.by_column(planted)).loc[list(GUILTY)]
    assert by_scheme.idxmax(axis=1).to_dict() == {
        "phantom bed stay": "M10",
        "drug farmer": "M05",
        "dead": "M09",
    }


def test_the_signature_is_the_most_significant_of_its_own_measures_before_weights(planted):
    found = MODEL.signatures(planted)
    assert list(found) == ["M05", "M09", "M10"]
    assert found.loc["dead", "M09"] == CAP
    # Idle days are a signature of M10; being seen elsewhere and many pharmacies are of none.
    assert found.loc["one long idle stay", "M10"] == pytest.approx(slow_significance(5))
    assert found.loc["several pharmacies"].to_list() == [0, 0, 0]
    row = pd.DataFrame([{"idle_days": 1.0, "idle_days_long": 4.0}], ["s"], SPEC.index)
    assert MODEL.signatures(row).loc["s"].to_list() == [0, 0, pytest.approx(slow_significance(4))]


def test_of_one_family_only_the_strongest_measure_counts():
    given = pd.DataFrame(0.0, ["once", "twice", "two families"], SPEC.index)
    given.loc[:, "idle_days"] = 3.0
    given.loc["twice", "idle_days_long"] = 3.0
    given.loc["two families", "seen_elsewhere"] = 3.0
    m10 = MODEL.by_scheme(given).M10
    assert m10["once"] == m10["twice"] == 3 and m10["two families"] == 6


def test_alone_and_among_all_a_subject_scores_exactly_the_same(planted):
    isolation = Isolation(list(SPEC.index)).fit(planted)
    together, odd = scores(planted), isolation.raw(planted)
    for name in [*GUILTY, *INNOCENT, "p0", "p1999"]:
        alone = planted.loc[[name]]
        assert scores(alone)[name] == together[name]
        assert isolation.raw(alone)[name] == odd[name]
    pd.testing.assert_series_equal(scores(planted.iloc[::-1])[::-1], together, check_exact=True)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(-5, 12), min_size=len(SPEC), max_size=len(SPEC)),
    st.integers(0, len(SPEC) - 1),
    st.floats(0, 10),
)
def test_more_evidence_never_lowers_the_score(row, column, more):
    frame = pd.DataFrame([row, row], ["as it was", "with more"], SPEC.index)
    frame.iat[1, column] += more
    score = scores(frame)
    assert score["with more"] >= score["as it was"] - 1e-12


def test_unknown_values_are_no_evidence():
    nobody = pd.DataFrame([[np.nan] * len(SPEC)], ["nobody"], SPEC.index)
    assert scores(nobody)["nobody"] == 0 and (MODEL.signatures(nobody) == 0).all(axis=None)


def test_columns_attribute_the_whole_score_and_nothing_else(planted):
    found = MODEL.attribute(planted)
    assert np.allclose(found.sum(axis=1), scores(planted), rtol=0, atol=1e-9)
    assert (found >= 0).all(axis=None)
    assert set(found.columns[found.loc["phantom bed stay"] > 1]) == {"idle_days", "seen_elsewhere"}


def test_isolation_finds_unusual_combinations_and_explains_them_exactly(planted):
    frame = planted
    model = Isolation(list(SPEC.index)).fit(frame)
    raw = model.raw(frame)
    assert raw[["phantom bed stay", "drug farmer"]].min() > raw.quantile(0.95) > raw["dead"] > raw.median()
    listed = frame.loc[raw.sort_values(ascending=False).index[:50].union(["dead", "p0", "p1"])]
    columns, base = model.attribute(listed)
    assert np.allclose(columns.sum(axis=1) + base, raw[listed.index], rtol=0, atol=1e-6)
    assert columns.loc["dead"].idxmax() == "days_since_death"


def test_a_handful_of_subjects_is_enough_to_run():
    frame = people(7)
    model = Isolation(list(SPEC.index)).fit(frame)
    columns, base = model.attribute(frame)
    assert np.allclose(columns.sum(axis=1) + base, model.raw(frame), rtol=0, atol=1e-6)
    assert np.allclose(MODEL.attribute(frame).sum(axis=1), scores(frame), atol=1e-9)


def evidence(z: float, weight: float = 1.0) -> float:
    """Evidence of one measure of one subject."""
    spec = {"family": ["f"], "evidence_weight": [weight], "schemes": [("M01",)], "signature": [()]}
    model = PeerEvidence(pd.DataFrame(spec, ["x"]))
    return float(model.by_column(pd.DataFrame({"x": [z]}, ["s"])).loc["s", "x"])


def slow_significance(z: float) -> float:
    """The definition in words: powers of ten of the probability that an honest peer stands as far out, beyond
    an even chance, and never above ten."""
    return min(max(-math.log10(stats.norm.sf(z)) - math.log10(2), 0.0), 10.0)


@pytest.mark.parametrize("z", [-3.0, -0.1, 0.0, 0.1, 1.3, 2.33, 3.1, 5.6, 6.3, 6.5, 9.0])
def test_evidence_equals_the_slow_twin(z):
    assert evidence(z) == pytest.approx(slow_significance(z), abs=1e-9)


def test_evidence_still_grows_at_one_in_a_hundred_million_and_ends_at_the_cap():
    one_in = {power: evidence(float(stats.norm.isf(10.0**-power))) for power in (2, 4, 8, 9, 11, 14)}
    assert one_in[2] < one_in[4] < one_in[8] < one_in[9] < CAP == one_in[11] == one_in[14]


@pytest.mark.parametrize("weight", [0.0, 0.7, 3.0])
def test_evidence_is_in_proportion_to_its_weight(weight):
    assert evidence(2.0, weight) == pytest.approx(weight * evidence(2.0))
    assert evidence(1e6, weight) == CAP * weight


def test_the_other_schemes_add_fifteen_hundredths_of_their_mean():
    by_scheme = pd.DataFrame({"A": [4.0, 0.0], "B": [2.0, 0.0], "C": [1.0, 3.0]})
    assert MODEL.score(by_scheme).tolist() == pytest.approx([4 + 0.15 * 1.5, 3.0])
    assert MODEL.score(by_scheme[["A"]]).tolist() == [4.0, 0.0]


def test_evidence_of_schemes_and_contributions_by_hand():
    model = PeerEvidence(SPEC)
    row = dict(
        idle_days=3.0,
        idle_days_long=1.0,
        seen_elsewhere=2.0,
        surplus=1.0,
        pharmacies=0.5,
        days_since_death=0.7,
        visits=0.1,
    )
    found = model.by_scheme(pd.DataFrame([row], ["s"]))
    assert found.loc["s"].to_dict() == pytest.approx({"M05": 1.6, "M09": 0.7, "M10": 5.1, "M19": 1.5})
    object.__setattr__(model, "by_column", lambda z_scores: z_scores)
    parts = model.attribute(pd.DataFrame([row], ["s"])).loc["s"]
    share = 0.15 / 3
    assert parts.to_dict() == pytest.approx(
        {
            "idle_days": 3.0, "idle_days_long": 0.0, "seen_elsewhere": 2.0, "surplus": 2 * share,
            "pharmacies": share, "days_since_death": 0.7 * share, "visits": 0.1 + 0.1 * share,
        }
    )  # fmt: skip


def test_the_forest_is_that_of_scikit_learn_on_bounded_differences():
    frame = people(400)
    frame.iloc[0, 0] = 1e6
    model = Isolation(list(SPEC.index), seed=3).fit(frame)
    rows = frame.fillna(0).clip(-8, 8).to_numpy()
    slow = IsolationForest(n_estimators=200, max_samples=256, random_state=3).fit(rows)
    # Score 2^(−E(h)/c(n)), with c(n) as in the paper.
    c = 2 * (math.log(255) + np.euler_gamma) - 2 * 255 / 256
    assert model.raw(frame).to_numpy() == pytest.approx(c * np.log2(-slow.score_samples(rows)))
    assert Isolation(list(SPEC.index)).seed == 0
    assert model.raw(frame.assign(idle_days=frame.idle_days.clip(upper=8))).equals(model.raw(frame))


@pytest.mark.parametrize("n, length", [(1, 0.0), (2, 1.0), (3, 2 * (math.log(2) + np.euler_gamma) - 4 / 3)])
def test_the_mean_path_length_of_an_unsuccessful_search(n, length):
    assert _mean_path_length(n) == pytest.approx(length)


def test_a_kind_of_two_schemes_adds_its_other_scheme_by_the_whole_share():
    """With one other scheme the mean of the others is that one."""
    model = PeerEvidence(SPEC[SPEC.index.isin(["idle_days", "days_since_death"])])
    found = model.score(pd.DataFrame({"M09": [9.0, 2.0], "M10": [4.0, 6.0]}, ["dead", "idle"]))
    assert found.to_dict() == pytest.approx({"dead": 9 + 0.15 * 4, "idle": 6 + 0.15 * 2})
    alone = PeerEvidence(SPEC[SPEC.index == "days_since_death"])
    assert alone.score(pd.DataFrame({"M09": [9.0]}, ["dead"]))["dead"] == 9.0


def test_the_total_of_differences_is_the_score_of_their_evidence(planted):
    total = MODEL.total(planted)
    assert total.equals(MODEL.score(MODEL.by_scheme(MODEL.by_column(planted))))
    assert total["dead"] > total["often ill"] and total.index.equals(planted.index)
    assert MODEL.signatures(planted).index.equals(planted.index)


def test_a_kind_whose_schemes_have_no_signature_has_none_of_anybody():
    model = PeerEvidence(SPEC[SPEC.index.isin(["pharmacies", "visits"])])
    found = model.signatures(people(3))
    assert found.shape == (3, 0) and found.index.to_list() == ["p0", "p1", "p2"]
