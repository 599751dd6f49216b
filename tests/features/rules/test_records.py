"""The records of the rules: complete, readable, and the page made from them up to date."""

import re
import runpy
from datetime import date
from pathlib import Path

import pytest

from claims.errors import StoreError
from claims.tables import TABLES
from features.rules.declaration import CLEAR, RULES, SUSPECT
from features.rules.legal_basis import basis
from features.rules.rule_settings import RuleSettings

DOCS = Path(__file__).parents[3] / "docs"
CHINESE = re.compile("[\u4e00-\u9fff]")
ENTRIES = [pytest.param(entry, id=rule_id) for rule_id, entry in sorted(RULES.items())]
# Every rule that a published notice or problem list of the five sources names.
NAMED = [
    "R001", "R002", "R003", "R024", "R032", "R031", "R040", "R043", "R045", "R046", "R049", "R050", "R052",
    "R053", "R057", "R058", "R061", "R064", "R078", "R084", "R087", "R088", "R089", "R090", "R091", "R095",
    "R099", "R100", "R101", "R103", "R104", "R105", "R109", "R110", "R111", "R112", "R113", "R128",
]  # fmt: skip


@pytest.fixture(scope="module")
def generator() -> dict:
    return runpy.run_path(str(DOCS / "generate_rules.py"))


@pytest.fixture(scope="module")
def filled(generator) -> set[str]:
    return generator["simulated"]()


def test_the_page_is_up_to_date(generator, filled):
    assert (DOCS / "rules.md").read_text(encoding="utf-8") == generator["page"](filled), "run `make docs`"


def test_every_rule_of_the_catalogue_has_one_row(generator, filled):
    rows = re.findall(
        r"^\| (R\d{3}) \|.*\| (works|needs data|not built yet) \|", generator["page"](filled), re.MULTILINE
    )
    national, own = rows[:130], rows[130:]
    assert [rule_id for rule_id, _state in national] == [f"R{number:03}" for number in range(1, 131)]
    assert all("R901" <= rule_id <= "R999" for rule_id, _state in own), "own rules begin at R901"
    assert {rule_id for rule_id, state in rows if state != "not built yet"} == set(RULES)
    assert not set(generator["UNWRITTEN"]) & set(RULES), "a rule that is written now: take it off the list"


def test_a_rule_works_where_its_data_is(generator):
    page = generator["page"]({"psn_die_regn_d", "setl_d.acct_pay"})
    states = dict(re.findall(r"^\| (R\d{3}) \|.*?\| (works|needs data|not built yet) \|", page, re.MULTILINE))
    assert (states["R001"], states["R002"], states["R043"]) == ("works", "works", "needs data")


def test_enough_rules_and_those_that_sources_name():
    assert len(RULES) >= 60
    assert set(NAMED) <= set(RULES)


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_record_is_complete(entry):
    number = re.fullmatch(r"R(\d{3})", entry.rule_id)
    assert number, "an id is R and three digits"
    assert 1 <= int(number[1]) <= 130 or int(number[1]) > 900, (
        "R001-R130 are national, own rules begin at R901"
    )
    assert CHINESE.search(entry.zh)
    assert entry.en.strip() and not CHINESE.search(entry.en)
    assert entry.severity in (CLEAR, SUSPECT)
    assert entry.subject in ("patient", "prescriber", "pharmacy", "hospital", "place")
    assert entry.official is None or re.fullmatch(r"(GZ|ZB)\d{14}(,(GZ|ZB)\d{14})*", entry.official)
    for name, parameter in entry.parameters.items():
        assert isinstance(parameter.default, int | float | date), name
        assert parameter.unit.strip() and parameter.source.strip(), name


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_record_names_tables_and_columns_of_the_contract(entry):
    for table in entry.needs:
        assert table in TABLES
    for place in "|".join(entry.filled).split("|") if entry.filled else ():
        table, column = place.partition("=")[0].split(".")
        assert column in TABLES[table].columns


@pytest.mark.parametrize("article", sorted({entry.article for entry in RULES.values()}))
def test_an_article_is_quoted_in_words(article):
    one = r"第[三四]十[一六七八]?条(第一款)?(第\([一二三四五六七]\)项)?"
    assert re.fullmatch(f"《医疗保障基金使用监督管理条例》{one}(、{one})*|协议", basis(article)[0])


def test_unknown_rules_and_parameters_are_refused():
    with pytest.raises(StoreError, match="unknown rule R999"):
        RuleSettings({"R999": {"days": 1}})
    with pytest.raises(StoreError, match="R084 has no parameter colour"):
        RuleSettings({"R084": {"colour": 1}})


def test_what_is_set_goes_before_the_default():
    entry = next(entry for entry in RULES.values() if len(entry.parameters) > 1)
    name, other = list(entry.parameters)[:2]
    given = RuleSettings({entry.rule_id: {name: 99}}).of(entry)
    assert given[name] == 99 and given[other] == entry.parameters[other].default
