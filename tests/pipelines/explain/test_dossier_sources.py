"""Honest explanations of a dossier: which are asked, and of how many visits."""

from types import SimpleNamespace

import ibis
import pandas as pd
import pytest

from features.measures.catalogue import CATALOGUE
from pipelines.explain.dossier_sources import (
    COURSE,
    DISPUTES,
    LEGITIMATE_EXPLANATIONS,
    MEDICAL_ASSISTANCE,
    DossierSources,
    honest_explanations,
    posts_of,
)
from tests.in_memory import engine

COUNTED = {"of": 9} | {f"fits_{n}": n for n in range(len(LEGITIMATE_EXPLANATIONS))}


@pytest.mark.parametrize("scheme, asked", [("M28", False), ("M10", True), (None, True)])
def test_a_course_explains_nothing_where_dialysis_itself_is_in_doubt(scheme, asked):
    found = honest_explanations(COUNTED, scheme)
    assert ((*COURSE, 0, 9) in found) is asked
    # Of who has no scheme, the one with most in dispute counts.
    sources = object.__new__(DossierSources)
    sources.innocent, sources.schemes = pd.DataFrame([COUNTED], ["anna"]), {"anna": None}
    assert sources.explanations("anna", scheme) == found and sources.explanations("bert") == []
    assert ("急诊", "an emergency", 3, 9) in found


@pytest.mark.parametrize("scheme, asked", [("M01", True), ("M03", False), ("M28", False), (None, True)])
def test_who_need_not_pay_is_explained_only_where_paying_nothing_is_a_sign(scheme, asked):
    found = honest_explanations(COUNTED, scheme)
    signs = {name for entry in CATALOGUE.values() if entry.unpaid for name in entry.schemes}
    assert asked is (scheme is None or scheme in signs)
    assert ((*MEDICAL_ASSISTANCE, 4, 9) in found) is asked and ("急诊", "an emergency", 3, 9) in found


@pytest.mark.parametrize("subject", ["hospital", "patient"])
def test_the_doctors_of_an_institution_are_those_of_its_disputed_visits(subject):
    con = engine()
    seen = [("a", "D1"), ("b", "D1"), ("c", "D2"), ("d", None), ("e", "D3")]
    facts = con.create_table("facts", ibis.memtable(pd.DataFrame(seen, columns=["mdtrt_id", "dr_code"])))
    sources = object.__new__(DossierSources)
    sources.subject = subject
    sources.snapshot = SimpleNamespace(claims=SimpleNamespace(con=con), facts=facts)
    rows = [("H1", "a", 10.0), ("H1", "b", 5.0), ("H1", "c", 20.0), ("H1", "d", 99.0), ("H2", "a", 1.0)]
    sources.disputed = con.create_table("d", ibis.memtable(pd.DataFrame(rows, columns=list(DISPUTES.names))))
    found = sources.doctors()
    told = {"H1": [("D2", 1, 20.0), ("D1", 2, 15.0)], "H2": [("D1", 1, 1.0)]}
    assert found == (told if subject == "hospital" else {})


def test_the_weeks_of_an_institution_mark_every_visit_in_dispute():
    """The evidence has the dearest only, so that months of small sums would look clean."""
    con = engine()
    weeks = [("a", "H1", "2024-01-01"), ("b", "H1", "2024-01-01"), ("c", "H1", "2024-06-03")]
    sources = object.__new__(DossierSources)
    sources.visits = ibis.memtable(pd.DataFrame(weeks, columns=["mdtrt_id", "subject_id", "week"]))
    rows = pd.DataFrame([("H1", "a", 0.0), ("H2", "c", 9.0)], columns=list(DISPUTES.names))
    sources.disputed = con.create_table("disputed", ibis.memtable(rows))
    found = sources._weeks()["H1"]
    assert found[["week", "total", "marked"]].values.tolist() == [["2024-01-01", 2, 1], ["2024-06-03", 1, 0]]


def test_the_post_where_a_doctor_works_is_told_before_his_others():
    rows = [("D1", "H1", "1", "12"), ("D1", "H2", "1", None), ("D2", "H1", None, "03")]
    posts = pd.DataFrame(rows, columns=["dr_code", "fixmedins_code", "dr_prac_type", "caty"])
    assert posts_of(posts, pd.Series({"D1": "H2"})) == {
        "D1": {"registered_at": ["H2", "H1"], "dr_prac_type": ["1"], "caty": ["12"]},
        "D2": {"registered_at": ["H1"], "dr_prac_type": [], "caty": ["03"]},
    }


@pytest.mark.parametrize("scheme", ["M09", "M27"])
def test_no_kind_of_visit_explains_what_a_record_proves(scheme):
    """An emergency excuses nobody who hides that a third party is liable, or who buys for the dead."""
    assert honest_explanations(COUNTED, scheme) == []
