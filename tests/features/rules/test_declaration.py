"""Declaring a rule, and deriving the rules of a scheme from the declarations."""

import pytest

from features.rules import declaration
from features.rules.declaration import CLEAR, RULES, SUSPECT, Parameter, rule, rules_of_scheme
from reports.scheme_texts import SCHEMES


@pytest.fixture
def rules(monkeypatch) -> dict:
    """An empty register in place of the product's."""
    monkeypatch.setattr(declaration, "RULES", {})
    return declaration.RULES


def declare(rule_id: str, **more):
    @rule(rule_id, "规则", "Rule", "place", SUSPECT, "38(一)", **more)
    def find(context):
        return context

    return find


def test_a_declaration_holds_what_was_said(rules):
    days = Parameter(3, "days", "own starting value")
    find = declare(
        "R900", official="GZ1", schemes="M01 M10", needs="setl_d fee_list_d", filled="a.b c.d|e.f", days=days
    )
    entry = rules["R900"]
    assert (entry.rule_id, entry.zh, entry.en, entry.subject) == ("R900", "规则", "Rule", "place")
    assert (entry.severity, entry.article, entry.official) == (SUSPECT, "38(一)", "GZ1")
    assert entry.schemes == ("M01", "M10") and entry.needs == ("setl_d", "fee_list_d")
    assert entry.filled == ("a.b", "c.d|e.f") and entry.parameters == {"days": days} and entry.find is find


def test_what_is_not_said_is_empty(rules):
    declare("R900")
    entry = rules["R900"]
    assert entry.official is None
    assert (entry.schemes, entry.needs, entry.filled, entry.parameters) == ((), (), (), {})


def test_the_decorated_function_stays_what_it_was(rules):
    assert declare("R900")("context") == "context"


def test_an_id_is_declared_once(rules):
    declare("R900")
    with pytest.raises(ValueError, match="rule R900 is declared twice"):
        declare("R900")
    assert list(rules) == ["R900"]


def test_rules_of_a_scheme_stand_in_order_whatever_the_order_of_declaration(rules):
    declare("R902", schemes="M01")
    declare("R901", schemes="M02 M01")
    declare("R900", schemes="M02")
    assert rules_of_scheme("M01") == ("R901", "R902")
    assert rules_of_scheme("M02") == ("R900", "R901")
    assert rules_of_scheme("M03") == () and rules_of_scheme("M0") == ()


# The mapping as a domain expert reads it: scheme → rules whose findings are evidence of it.
EXPECTED = {
    "M01": "R049 R050 R052 R054 R065 R091 R092 R093", "M03": "R084 R085 R090", "M04": "R078 R094",
    "M05": "R030 R031 R070 R109", "M06": "R086 R087", "M07": "R024 R032 R071", "M08": "R095 R098",
    "M09": "R001 R002 R003", "M10": "R050 R089 R091 R092 R093", "M12": "R088 R094", "M13": "R089",
    "M15": "R112 R113 R129 R130", "M16": "R061 R108 R113 R114 R115", "M18": "R061 R064",
    "M19": "R031 R105 R106", "M20": "R105 R106 R107 R108", "M21": "R109", "M22": "R110 R111", "M27": "R128",
    "M28": "R099 R100 R101 R102", "M29": "R015 R058 R059 R060 R063", "M33": "R075 R078", "M36": "R005",
    "M37": "R006", "M40": "R109 R118", "M44": "R091", "M45": "R104", "M48": "R118 R119",
}  # fmt: skip


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_rules_of_the_schemes(scheme):
    assert rules_of_scheme(scheme) == tuple(EXPECTED.get(scheme, "").split())


def test_every_scheme_of_a_rule_is_known():
    assert {scheme for entry in RULES.values() for scheme in entry.schemes} <= set(SCHEMES)
    assert {entry.severity for entry in RULES.values()} == {CLEAR, SUSPECT}
