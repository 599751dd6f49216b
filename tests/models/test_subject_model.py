"""One model a kind of subject: exact to explain, rising with every part, the same alone, in a batch and on
disk."""

import pickle

import numpy as np
import pandas as pd
import pytest

from features.measures.catalogue import FAMILIES
from models.learner import Learner
from models.subject_model import LEARNT_ONLY, SubjectModel
from models.training_data import MIN_CONFIRMED, training_set

SPEC = pd.DataFrame(
    [
        ("stays", "idle_days", "stay", 1.5, ("M10",), ("M10",)),
        ("elsewhere", "seen_elsewhere", "identity", 1.5, ("M10",), ("M10",)),
        ("surplus", "surplus", "supply", 1.5, ("M05", "M19"), ("M05",)),
        ("shops", "pharmacies", "concentration", 0.7, ("M05", "M19"), ()),
        ("visits", "visits", "frequency", 0.2, ("M05", "M10"), ()),
        ("night", "night_visits", "card_timing", 0.7, ("M16",), ("M16",)),
    ],
    columns=["column", "measure", "family", "evidence_weight", "schemes", "signature"],
).set_index("column")
PHANTOM_BEDS = [f"guilty-{n}" for n in range(30)]
FARMERS = [f"farmer-{n}" for n in range(30)]


@pytest.fixture(scope="module")
def people() -> tuple[pd.DataFrame, pd.Series]:
    """z-scores and graph part of honest people, of phantom beds and of drug farmers."""
    random = np.random.default_rng(5)
    names = [f"honest-{n}" for n in range(740)] + PHANTOM_BEDS + FARMERS
    frame = pd.DataFrame(random.normal(size=(800, len(SPEC))), names, SPEC.index)
    frame.loc[PHANTOM_BEDS, ["stays", "elsewhere"]] += random.uniform(1, 5, (30, 2))
    frame.loc[FARMERS, ["surplus", "shops"]] += random.uniform(2, 5, (30, 2))
    frame = frame.mask(random.random(frame.shape) < 0.05)
    graph = pd.Series(random.uniform(0, 1, 800), names).where(random.random(800) < 0.3)
    return frame, graph


@pytest.fixture(scope="module")
def unlabelled(people) -> SubjectModel:
    frame, graph = people
    return SubjectModel("patient", SPEC).fit(frame, pd.Series(dtype=int), graph)


KNOWN = pd.Series([1] * 20 + [0] * 15, PHANTOM_BEDS[:20] + [f"honest-{n}" for n in range(15)])


@pytest.fixture(scope="module")
def learnt(people) -> SubjectModel:
    frame, graph = people
    return SubjectModel("patient", SPEC).fit(frame, KNOWN, graph)


@pytest.fixture(scope="module")
def tuned(people) -> SubjectModel:
    frame, graph = people
    return SubjectModel("patient", SPEC, tuning_budget=2).fit(frame, KNOWN, graph)


@pytest.fixture(params=["unlabelled", "learnt", "tuned"])
def model(request) -> SubjectModel:
    return request.getfixturevalue(request.param)


def test_outcomes_decide_whether_anything_is_learnt(people, unlabelled, learnt):
    assert unlabelled.learner is None and unlabelled.metrics == {}
    assert learnt.learner is not None and learnt.metrics["auc"] > 0.75
    assert learnt.outcomes == {"confirmed": 20, "cleared": 15}
    frame, graph = people
    few = pd.Series(1, PHANTOM_BEDS[: MIN_CONFIRMED - 1])
    assert SubjectModel("patient", SPEC).fit(frame, few, graph).learner is None


def test_what_tuning_gained_is_told_where_it_was_asked_for(unlabelled, learnt, tuned):
    assert unlabelled.tuning == learnt.tuning == {}
    assert tuned.tuning["gain"] >= tuned.tuning["error"] >= 0
    assert (tuned.tuning["gain"] > 0) == (tuned.learner.get_params() != learnt.learner.get_params())


def test_contributions_add_up_to_the_raw_score(people, model):
    frame, graph = people
    rules = pd.Series(np.linspace(0, 1, len(frame)), frame.index)
    parts = model.parts(frame, graph, rules)
    listed = [*PHANTOM_BEDS, *FARMERS, *frame.index[:60]]
    found = model.contributions(frame.loc[listed], parts.loc[listed])
    assert list(found.columns) == [*SPEC.index, "graph", "rule", "base"]
    assert np.allclose(found.sum(axis=1), model.fusion.raw(parts).loc[listed], rtol=0, atol=1e-6)


def test_a_part_that_does_not_apply_contributes_nothing(people, unlabelled):
    """A subject whom nobody is linked to and no rule looks at has no graph and no rule part."""
    z_scores = people[0].head(20)
    bare = unlabelled.parts(z_scores)
    contributions, _deterministic = unlabelled.explain(z_scores, bare)
    assert bare.graph.isna().all() and bare.rule.isna().all()
    assert (contributions[["graph", "rule"]] == 0).all(axis=None)
    linked, _deterministic = unlabelled.explain(z_scores, bare.assign(graph=0.5, rule=0.5))
    assert (linked[["graph", "rule"]] > 0).all(axis=None)


def test_guilty_stand_above_honest_with_labels_and_without(people, model):
    frame, graph = people
    rank = model.score(model.parts(frame)).score.rank(ascending=False)
    for planted in (PHANTOM_BEDS, FARMERS):
        assert rank[planted].median() <= 0.1 * len(frame)
    assert rank[rank.index.str.startswith("honest")].median() > 0.5 * len(frame)


def test_outcomes_lift_those_nobody_has_named_yet(people, unlabelled, learnt):
    frame, _graph = people
    without, with_labels = (m.score(m.parts(frame)).score.rank(ascending=False) for m in (unlabelled, learnt))
    unnamed = PHANTOM_BEDS[20:]
    assert with_labels[unnamed].mean() <= without[unnamed].mean()


@pytest.mark.parametrize("part", ["graph", "rules"])
def test_more_against_a_subject_never_lowers_the_score(people, model, part):
    frame, _graph = people
    steps = [None, *(pd.Series(value, frame.index) for value in (0.0, 0.3, 0.7, 1.0))]
    scores = [model.score(model.parts(frame, **{part: step})).score for step in steps]
    # That nothing is known counts as nothing known against him.
    pd.testing.assert_series_equal(scores[0], scores[1], check_exact=True)
    for lower, higher in zip(scores[1:], scores[2:], strict=False):
        assert (higher > lower).all()


def test_published_parts_lie_between_nought_and_one_and_are_null_where_they_do_not_apply(people, model):
    frame, graph = people
    found = model.score(model.parts(frame, graph))
    numbers = found.drop(columns=["scheme", "nearest_schemes"]).astype(float)
    assert ((numbers >= 0) & (numbers <= 1) | numbers.isna()).all(axis=None)
    assert found.score.notna().all() and found.anomaly_score.notna().all() and found.rule_score.isna().all()
    assert found.model_score.notna().all() == (model.learner is not None)
    pd.testing.assert_series_equal(found.graph_score, graph, check_names=False)


def test_the_scheme_is_the_one_whose_signature_stands_or_none(people, model):
    frame, _graph = people
    parts = model.parts(frame)
    assert parts.scheme[PHANTOM_BEDS].mode()[0] == "M10" and parts.scheme[FARMERS].mode()[0] == "M05"
    quiet = frame.index[(frame.fillna(0) < 0.3).all(axis=1)]
    assert len(quiet) > 20 and parts.scheme[quiet].isna().all()
    # Shops are evidence of M05 and M19, but no signature of either: the two nearest are named instead.
    shops = pd.DataFrame([{"shops": 6.0, "surplus": 1.0, "night": 0.5}], ["shopper"], SPEC.index)
    (shopper,) = model.parts(shops).itertuples()
    assert shopper.evidence > 5 and pd.isna(shopper.scheme) and shopper.nearest_schemes == "M05 M16"


def test_alone_and_in_a_batch_the_score_is_exactly_the_same(people, model):
    frame, graph = people
    together = model.score(model.parts(frame, graph))
    for name in (PHANTOM_BEDS[0], FARMERS[0], "honest-3"):
        alone = model.score(model.parts(frame.loc[[name]], graph))
        pd.testing.assert_frame_equal(alone, together.loc[[name]], check_exact=True)


def test_fitted_twice_or_kept_on_disk_it_is_the_same_model(people, model):
    frame, graph = people
    expected = model.score(model.parts(frame, graph))
    kept = pickle.loads(pickle.dumps(model))
    pd.testing.assert_frame_equal(kept.score(kept.parts(frame, graph)), expected, check_exact=True)
    if model.learner is None:
        again = SubjectModel("patient", SPEC).fit(frame, pd.Series(dtype=int), graph)
        pd.testing.assert_frame_equal(again.score(again.parts(frame, graph)), expected, check_exact=True)


def test_what_only_the_learner_looks_at_changes_nothing_without_outcomes(people, unlabelled):
    """A column that tells the guilty apart: no part of the score sees it until outcomes have."""
    frame, graph = people
    assert LEARNT_ONLY in FAMILIES
    row = pd.DataFrame([("tail", LEARNT_ONLY, 0.0, ("M10",), ())], ["tail"], SPEC.columns)
    spec, wider = pd.concat([row, SPEC]), frame.assign(tail=[0.0] * 740 + [5.0] * 60)
    without = SubjectModel("patient", spec).fit(wider, pd.Series(dtype=int), graph)
    pd.testing.assert_frame_equal(without.parts(wider, graph), unlabelled.parts(frame, graph))
    learnt = SubjectModel("patient", spec).fit(wider, KNOWN, graph)
    parts = learnt.parts(wider, graph)
    contributions = learnt.contributions(wider, parts)
    assert list(contributions) == [*spec.index, "graph", "rule", "base"]
    assert contributions.loc[PHANTOM_BEDS, "tail"].min() > 0 > contributions.loc["honest-99", "tail"]
    assert contributions.sum(axis=1).to_numpy() == pytest.approx(learnt.fusion.raw(parts).to_numpy())


def test_isolation_is_counted_in_standard_deviations(people, model):
    isolation = model.parts(*people)["isolation"]
    assert isolation.mean() == pytest.approx(0, abs=1e-9) and isolation.std() == pytest.approx(1)


def test_the_published_learnt_part_is_the_probability_of_the_learner(people, learnt, unlabelled):
    parts = learnt.parts(*people)
    log_odds = parts["model"] + learnt.learner.base
    assert learnt.score(parts)["model_score"].to_numpy() == pytest.approx(1 / (1 + np.exp(-log_odds)))
    assert unlabelled.score(unlabelled.parts(*people))["model_score"].isna().all()


def test_the_learner_weighs_its_rows(people, learnt):
    frame, _graph = people
    data = training_set(frame, KNOWN)
    weighted = Learner(0).fit(data.features, data.target, data.weight)
    alike = Learner(0).fit(data.features, data.target)
    pd.testing.assert_series_equal(learnt.learner.raw(frame), weighted.raw(frame))
    assert not np.allclose(weighted.raw(frame), alike.raw(frame))


@pytest.mark.parametrize("part", ["graph", "rule"])
def test_a_part_that_tells_the_confirmed_from_the_cleared_gains_weight(people, part):
    frame, _graph = people
    tells = pd.Series(0.0, frame.index)
    tells[PHANTOM_BEDS] = 1.0
    given = {"graph": "graph", "rule": "rules"}[part]
    told = SubjectModel("patient", SPEC).fit(frame, KNOWN, **{given: tells})
    misled = SubjectModel("patient", SPEC).fit(frame, KNOWN, **{given: 1.0 - tells})
    assert told.fusion.weight(part) > misled.fusion.weight(part)
