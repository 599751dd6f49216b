"""Evidence and isolation on peers made by hand: guilty above innocent, each judged by its own row alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.anomaly import CAP, Isolation, PeerEvidence

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
    """Honest people: most at nought, as differences from peers are, some without a value, in three peer groups."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(0, 1, (size, len(SPEC))), columns=SPEC.index).clip(lower=-3)
    frame = frame.mask(random.random(frame.shape) < 0.1)
    frame.index = [f"p{number}" for number in range(size)]
    peers = pd.Series(
        np.where(np.arange(size) < 20, "few", np.where(np.arange(size) % 3, "old", "young")), frame.index
    )
    return frame, peers


# What each planted person does, in robust units. The innocent are remarkable in one telling way only, in small things
# only, or in ways that go together with nothing.
GUILTY = {
    "hanging bed": {"idle_days": 6, "seen_elsewhere": 7},
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
    assert by_scheme.idxmax(axis=1).to_dict() == {"hanging bed": "M10", "drug farmer": "M05", "dead": "M09"}


def test_measures_of_one_family_tell_one_story(planted):
    _frame, _peers, model = planted
    said = pd.DataFrame(0.0, ["once", "twice", "two families"], SPEC.index)
    said.loc[:, "idle_days"] = 3.0
    said.loc["twice", "idle_days_long"] = 3.0
    said.loc["two families", "seen_elsewhere"] = 3.0
    m10 = model.by_scheme(said).M10
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


def test_a_measure_says_no_more_than_the_cap_times_how_telling_it_is(planted):
    frame, peers, model = planted
    evidence = model.by_column(frame.assign(**dict.fromkeys(SPEC.index, 1e6)), peers)
    assert evidence.days_dead["dead"] > 0.75 * CAP * 3.0
    assert (evidence <= CAP * SPEC.evidence_weight + 1e-12).all(axis=None)


def test_columns_attribute_the_whole_score_and_nothing_else(planted):
    frame, peers, model = planted
    found = model.attribute(frame, peers)
    assert np.allclose(found.sum(axis=1), scores(model, frame, peers), rtol=0, atol=1e-9)
    assert (found >= 0).all(axis=None)
    assert set(found.columns[found.loc["hanging bed"] > 1]) == {"idle_days", "seen_elsewhere"}


def test_isolation_finds_odd_company_of_values_and_explains_it_exactly(planted):
    frame, _peers, _model = planted
    model = Isolation(list(SPEC.index)).fit(frame)
    raw = model.raw(frame)
    assert raw[["hanging bed", "drug farmer"]].min() > raw.quantile(0.95) > raw["dead"] > raw.median()
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
