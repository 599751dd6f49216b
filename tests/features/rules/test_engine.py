"""The engine: which rules run, which are skipped and why, and what a failing one leaves behind."""

import logging

import ibis
import pytest

from features.rules.declaration import CLEAR, SUSPECT, Parameter, Rule
from features.rules.engine import run_rules, unfused_selects
from features.rules.findings_table import HITS
from features.rules.rule_settings import RuleSettings


def a_rule(rule_id: str, find, needs="", filled="", severity=SUSPECT, **parameters) -> Rule:
    return Rule(
        rule_id, f"规则{rule_id}", rule_id, "place", severity, "38(一)", None, (), tuple(needs.split()),
        tuple(filled.split()), parameters, find,
    )  # fmt: skip


def naming(visit: str, amount: float = 10.0, **columns):
    """A rule's function that finds one visit."""

    def find(context, **_parameters):
        row = context.facts.filter(context.facts.mdtrt_id == visit)
        made = {name: ibis.literal(value) for name, value in columns.items()}
        return row.select(
            "mdtrt_id", amount_in_question=ibis.literal(amount), message=ibis.literal("为何"), **made
        )

    return find


def run(context, *rules: Rule, settings=None):
    return run_rules(context, settings, {entry.rule_id: entry for entry in rules})


def test_findings_of_all_rules_stand_in_one_table(rule_context):
    outcome = run(rule_context, a_rule("R902", naming("v2")), a_rule("R901", naming("v1"), severity=CLEAR))
    hits = outcome.hits.order_by("rule_id").to_pandas()
    assert outcome.run == ["R901", "R902"], "in the order of their ids"
    assert hits[["rule_id", "mdtrt_id", "sev_deg", "subject_type"]].values.tolist() == [
        ["R901", "v1", CLEAR, "hospital"], ["R902", "v2", SUSPECT, "pharmacy"],
    ]  # fmt: skip
    assert list(hits.columns) == list(HITS) and outcome.hits.get_name().endswith("rule_hits")
    assert outcome.skipped == {} and outcome.failed == {}


def test_a_finding_may_name_settlement_and_line_or_neither(rule_context):
    outcome = run(
        rule_context,
        a_rule("R901", naming("v1", setl_id="s1", bkkp_sn="l1")),
        a_rule("R902", naming("v1", setl_id="s2")),
        a_rule("R903", naming("v1")),
    )
    rows = outcome.hits.order_by("rule_id").to_pandas()[["setl_id", "bkkp_sn"]].astype(object)
    assert rows.where(rows.notna(), None).values.tolist() == [["s1", "l1"], ["s2", None], [None, None]]


def test_no_rules_give_an_empty_table(rule_context):
    outcome = run(rule_context)
    assert outcome.hits.count().execute() == 0 and outcome.run == []


def test_a_second_run_starts_afresh(rule_context):
    run(rule_context, a_rule("R901", naming("v1")))
    outcome = run(rule_context, a_rule("R902", naming("v2")))
    assert outcome.hits.rule_id.to_pandas().tolist() == ["R902"]


@pytest.mark.parametrize(
    ("needs", "filled", "why"),
    [
        ("given_d", "", None),
        ("given_d gone_d", "", "no table gone_d"),
        ("gone_d lost_d", "", "no table gone_d, lost_d"),
        ("hollow_d", "", None),  # a table without rows is there: nothing is found in it
        ("", "given_d.text", None),
        ("", "hollow_d.text", "no values in hollow_d.text"),
        ("", "gone_d.text", "no table gone_d"),
        ("", "given_d.kind=1", None),
        ("", "given_d.kind=3", "no values in given_d.kind=3"),
        ("", "given_d.text=x", None),
        ("", "hollow_d.text|given_d.text", None),  # one of several is enough
        ("", "hollow_d.text|hollow_d.kind", "no values in hollow_d.text or hollow_d.kind"),
        ("", "gone_d.text|given_d.text", None),
        ("", "gone_d.text|hollow_d.text", "no values in gone_d.text or hollow_d.text"),
        ("", "gone_d.text|lost_d.text", "no table gone_d, lost_d"),
        ("", "given_d.text hollow_d.text", "no values in hollow_d.text"),  # all are asked for
        ("gone_d", "hollow_d.text", "no table gone_d"),
    ],
)
def test_a_rule_without_its_data_is_skipped_by_name(rule_context, needs, filled, why):
    outcome = run(rule_context, a_rule("R901", naming("v1"), needs, filled), a_rule("R902", naming("v2")))
    assert outcome.skipped == ({"R901": why} if why else {})
    assert outcome.run == (["R902"] if why else ["R901", "R902"]), "the next rule runs"
    assert outcome.failed == {}


def failing(_context):
    raise ValueError("psn_no 'anna-77' is no number")


def test_a_failing_rule_leaves_the_others_alone_and_is_logged(rule_context, caplog):
    caplog.set_level(logging.DEBUG, logger="fundguard.rules")
    outcome = run(rule_context, a_rule("R901", failing), a_rule("R902", naming("v2")))
    assert outcome.failed == {"R901": "ValueError"} and outcome.run == ["R902"] and outcome.skipped == {}
    assert outcome.hits.rule_id.to_pandas().tolist() == ["R902"]
    error, debug = (record.getMessage() for record in caplog.records)
    assert error.startswith("rule R901 failed: ValueError at ") and error.endswith(" failing")
    assert "features/rules/engine.py" in error, "the frames lead from the engine to the rule"
    assert debug.endswith("psn_no ? is no number") and "anna" not in caplog.text


def test_a_rule_that_fails_in_the_database_leaves_no_part_of_its_findings(rule_context, caplog):
    def breaks_on_the_second(context):
        texts = ibis.cases((context.facts.mdtrt_id == "v1", "1"), else_="anna")
        return context.facts.select("mdtrt_id", amount_in_question=texts.cast("float64"), message=texts)

    outcome = run(rule_context, a_rule("R901", breaks_on_the_second))
    assert outcome.failed == {"R901": "ConversionException"}
    assert outcome.hits.count().execute() == 0
    assert "anna" not in caplog.text


def test_a_rule_that_lacks_a_column_fails(rule_context):
    outcome = run(rule_context, a_rule("R901", lambda context: context.facts.select("mdtrt_id")))
    assert list(outcome.failed) == ["R901"]


def test_parameters_reach_the_rule_set_or_default(rule_context):
    seen = {}

    def find(context, days, since):
        seen.update(days=days, since=since)
        return naming("v1")(context)

    entry = a_rule("R901", find, days=Parameter(3, "days", "own"), since=Parameter(7, "days", "own"))
    run(rule_context, entry)
    assert seen == {"days": 3, "since": 7}


def test_settings_reach_the_rule_of_their_id(rule_context):
    seen = {}

    def find(context, maximum_gap_days, course_stays):
        seen.update(maximum_gap_days=maximum_gap_days, course_stays=course_stays)
        return naming("v1")(context)

    days, stays = Parameter(15, "days", "own"), Parameter(3, "stays", "own")
    entry = a_rule("R084", find, maximum_gap_days=days, course_stays=stays)
    run(rule_context, entry, settings=RuleSettings({"R084": {"maximum_gap_days": 9}}))
    assert seen == {"maximum_gap_days": 9, "course_stays": 3}


def test_a_column_is_looked_into_once_for_all_rules(rule_context, monkeypatch):
    asked = []
    get = type(rule_context.claims).__getitem__

    def counting(claims, name):
        asked.append(name)
        return get(claims, name)

    monkeypatch.setattr(type(rule_context.claims), "__getitem__", counting)
    entries = [a_rule(f"R90{n}", naming("v1"), filled="given_d.text given_d.kind=1") for n in range(5)]
    assert len(run(rule_context, *entries).run) == 5
    # The findings name items and institutions; the rules themselves look into their table twice.
    assert [name for name in asked if name not in ("hilist_b", "fixmedins_b")] == ["given_d", "given_d"]


def test_selects_are_merged_again_after_the_run_even_if_it_breaks():
    before = ibis.options.sql.fuse_selects
    with unfused_selects():
        assert ibis.options.sql.fuse_selects is False
    assert ibis.options.sql.fuse_selects is before
    with pytest.raises(KeyError), unfused_selects():
        raise KeyError
    assert ibis.options.sql.fuse_selects is before


def test_rules_compile_unfused(rule_context):
    seen = []

    def find(context):
        seen.append(ibis.options.sql.fuse_selects)
        return naming("v1")(context)

    run(rule_context, a_rule("R901", find))
    assert seen == [False]


def test_without_rules_given_all_declared_ones_are_run(rule_context, monkeypatch):
    monkeypatch.setattr("features.rules.engine.RULES", {"R901": a_rule("R901", naming("v1"))})
    assert run_rules(rule_context).run == ["R901"]
