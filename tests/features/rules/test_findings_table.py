"""Findings in the national spelling: who answers, the fund's share, lasting ids and the legal basis."""

import hashlib

import ibis
import pandas as pd
import pytest

from features.rules.declaration import CLEAR, SUSPECT, Rule
from features.rules.finding_text import BETWEEN
from features.rules.findings_table import FINDING, FOUND, HITS, rule_hits


def a_rule(rule_id: str, subject: str = "place", severity: str = SUSPECT, article: str = "38(一)") -> Rule:
    return Rule(
        rule_id, f"规则{rule_id}", rule_id, subject, severity, article, None, (), (), (), {}, lambda _: _
    )


def hits(context, make, *rows: tuple, rules=()) -> pd.DataFrame:
    """Findings of hand-made rows (rule, visit, settlement, line, amount, message)."""
    entries = {entry.rule_id: entry for entry in rules or [a_rule("R901")]}
    return rule_hits(context, make.found(*rows), entries).order_by("rule_id", "mdtrt_id").to_pandas()


@pytest.mark.parametrize(
    ("subject", "visit", "kind", "who"),
    [
        ("patient", "v1", "patient", "anna"),
        ("patient", "v2", "patient", "bert"),
        ("prescriber", "v1", "prescriber", "d1"),
        ("prescriber", "v2", "pharmacy", "P1"),  # no doctor on record: the institution answers
        ("prescriber", "v3", "hospital", "H2"),
        ("place", "v1", "hospital", "H1"),
        ("place", "v2", "pharmacy", "P1"),
        ("hospital", "v1", "hospital", "H1"),
        ("pharmacy", "v2", "pharmacy", "P1"),
    ],
)
def test_who_answers(rule_context, make, subject, visit, kind, who):
    found = hits(rule_context, make, ("R901", visit, None, None, 1.0, "因"), rules=[a_rule("R901", subject)])
    assert found[["subject_type", "subject_id"]].values.tolist() == [[kind, who]]


@pytest.mark.parametrize(
    ("visit", "settlement", "amount", "share"),
    [
        ("v1", None, 100.0, 70.0),  # of the visit: 700 of 1,000
        ("v1", "s1", 100.0, 50.0),  # of the settlement: 300 of 600
        ("v1", "s2", 100.0, 100.0),
        ("v1", "unknown", 100.0, 70.0),
        ("v2", "s3", 100.0, 80.0),  # a settlement without a fee says nothing: the visit's share
        ("v3", None, 100.0, 0.0),  # nothing charged, nothing paid
        ("v4", None, 100.0, 100.0),  # never more than all
        ("v5", None, 100.0, 0.0),  # and never less than nothing
        ("v1", None, 33.333, 23.33),  # to the cent
    ],
)
def test_the_funds_share_of_the_amount_in_question(rule_context, make, visit, settlement, amount, share):
    found = hits(rule_context, make, ("R901", visit, settlement, None, amount, "因"))
    assert found.vola_amt.tolist() == [share]


def test_a_row_carries_what_the_contract_says(rule_context, make):
    rules = [a_rule("R901", "patient", CLEAR, "40(一)/41")]
    found = hits(rule_context, make, ("R901", "v1", "s1", "l1", 10.0, f"某事{BETWEEN}something"), rules=rules)
    assert list(found.columns) == list(HITS)
    assert found.drop(columns="jr_id").iloc[0].to_dict() == {
        "rule_id": "R901", "rule_name": "规则R901", "sev_deg": CLEAR, "subject_type": "patient",
        "subject_id": "anna",
        "psn_no": "anna", "fixmedins_code": "H1", "dr_code": "d1", "mdtrt_id": "v1", "setl_id": "s1",
        "bkkp_sn": "l1", "vola_amt": 5.0, "vola_cont": "某事",
        "vola_evid": "《医疗保障基金使用监督管理条例》第四十条第一款第(一)项、第四十一条",
        "vola_cont_en": "something",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (("v1", "s1", "l1"), "R901|v1|s1|l1"),
        (("v1", "s1", None), "R901|v1|s1|"),
        (("v1", None, "l1"), "R901|v1||l1"),
        (("v1", None, None), "R901|v1||"),
    ],
)
def test_an_id_lasts_because_it_is_made_of_rule_and_place(rule_context, make, place, text):
    found = hits(rule_context, make, ("R901", *place, 1.0, "因"))
    assert found.jr_id.tolist() == [hashlib.md5(text.encode()).hexdigest()]


def test_columns_have_the_types_of_the_contract(rule_context, make):
    """What is found goes in, and what is published comes out, as declared."""
    found = make.found(("R901", "v1", "s1", "l1", 1.0, "因"))
    assert found.schema() == ibis.schema(FOUND) and set(FINDING) == set(FOUND) - {"rule_id"}
    assert rule_hits(rule_context, found, {"R901": a_rule("R901")}).schema() == ibis.schema(HITS)


def test_of_one_place_the_largest_finding_counts(rule_context, make):
    rows = [
        ("R901", "v1", "s1", "l1", amount, text) for amount, text in [(5.0, "甲"), (9.0, "乙"), (7.0, "丙")]
    ]
    found = hits(rule_context, make, *rows)
    assert found[["vola_amt", "vola_cont"]].values.tolist() == [[4.5, "乙"]]


def test_ties_are_broken_by_the_words(rule_context, make):
    for rows in (["b", "a", "c"], ["c", "b", "a"]):
        found = hits(rule_context, make, *[("R901", "v1", None, None, 5.0, text) for text in rows])
        assert found.vola_cont.tolist() == ["a"]


def test_other_places_and_rules_keep_their_own(rule_context, make):
    rows = [
        ("R901", "v1", None, None, 1.0, "因"), ("R901", "v1", "s1", None, 1.0, "因"),
        ("R901", "v1", "s1", "l1", 1.0, "因"), ("R901", "v1", "s1", "l2", 1.0, "因"),
        ("R901", "v2", None, None, 1.0, "因"), ("R902", "v1", None, None, 1.0, "因"),
    ]  # fmt: skip
    found = hits(rule_context, make, *rows, rules=[a_rule("R901"), a_rule("R902")])
    assert len(found) == 6 and found.jr_id.is_unique


def test_a_visit_that_is_not_known_is_no_finding(rule_context, make):
    assert hits(rule_context, make, ("R901", "v9", None, None, 1.0, "因")).empty
