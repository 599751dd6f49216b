"""Hand-made tables for tests of the rule engine: no files, no store."""

from datetime import date
from types import SimpleNamespace

import ibis
import pandas as pd
import pytest

from features.rules.rule_context import RuleContext
from tests.in_memory import engine

FACTS = [
    # visit, person, institution, doctor, pharmacy?, fund, fee
    ("v1", "anna", "H1", "d1", False, 700.0, 1000.0),
    ("v2", "bert", "P1", None, True, 80.0, 100.0),
    ("v3", "carl", "H2", None, False, 0.0, 0.0),
    ("v4", "dora", "H2", "d2", False, 500.0, 400.0),  # more paid than charged: a correction
    ("v5", "emil", "H2", "d2", False, -50.0, 100.0),
]
FACT_COLUMNS = [
    "mdtrt_id",
    "psn_no",
    "fixmedins_code",
    "dr_code",
    "is_pharmacy",
    "fund_pay_sumamt",
    "medfee_sumamt",
]
SETTLEMENTS = [("s1", "v1", 300.0, 600.0), ("s2", "v1", 400.0, 400.0), ("s3", "v2", 80.0, 0.0)]

# Columns of the catalogue and of its limits, for `table`; NONE is an item that has none.
ITEM = (
    "hilist_code hilist_name lmt_gend lmt_age_low:float64 lmt_age_high:float64 pric_uplmt_amt:float64 "
    "max_day_cnt:float64 cycl_max_cnt:float64 cycl_days:float64 year_uplmt_amt:float64"
)
LIMIT = "hilist_code lmt_type lmt_value medinslv begndate:timestamp enddate:timestamp"
NONE = (None,) * 8


class Claims(dict):
    """The part of `ClaimsAsOf` that rules read: tables by name, and attributes."""


@pytest.fixture
def rule_context() -> RuleContext:
    """A context with five visits, three settlements and two tables that rules may ask for."""
    con = engine()
    facts = con.create_table("facts", pd.DataFrame(FACTS, columns=FACT_COLUMNS))
    names = ["setl_id", "mdtrt_id", "fund_pay_sumamt", "medfee_sumamt"]
    settlements = con.create_table("settlements", pd.DataFrame(SETTLEMENTS, columns=names))
    tables = {
        "given_d": con.create_table("given_d", {"kind": ["1", "2"], "text": ["x", None]}),
        "hilist_b": con.create_table(
            "hilist_b", {"hilist_code": ["I1", "I2"], "hilist_name": ["阿司匹林", None]}
        ),
        "fixmedins_b": con.create_table(
            "fixmedins_b", {"fixmedins_code": ["H9"], "fixmedins_name": ["县医院"]}
        ),
        "hollow_d": con.create_table("hollow_d", schema=ibis.schema({"kind": "string", "text": "string"})),
    }

    claims = Claims(tables)
    claims.con, claims.present, claims.settlements = con, {"given_d", "hollow_d", "setl_d"}, settlements
    claims.as_of = date(2025, 1, 1)
    return RuleContext(claims, facts, facts)


def found(*rows: tuple) -> ibis.Table:
    """Findings in memory: rule, visit, settlement, line, amount in question, message."""
    names = ["rule_id", "mdtrt_id", "setl_id", "bkkp_sn", "amount_in_question", "message"]
    schema = dict.fromkeys(names, "string") | {"amount_in_question": "float64"}
    return ibis.memtable(list(rows), schema=ibis.schema(schema))


@pytest.fixture
def make() -> SimpleNamespace:
    """Builders of findings."""
    return SimpleNamespace(found=found)


def table(columns: str, *rows: tuple) -> ibis.Table:
    """A table in memory; columns are names with types: `mdtrt_id day:date cnt:float64` (text without one)."""
    parts = [name.partition(":") for name in columns.split()]
    schema = {name: kind or "string" for name, _sep, kind in parts}
    return ibis.memtable([dict(zip(schema, row, strict=True)) for row in rows], schema=ibis.schema(schema))


@pytest.fixture
def hand_made():
    """Build a context of hand-made tables: facts, lines, and tables of the claims by name."""

    def build(facts: ibis.Table, item_days: ibis.Table, **tables: ibis.Table) -> RuleContext:
        claims = Claims(tables)
        claims.con, claims.present, claims.as_of = engine(), set(tables), date(2025, 1, 1)
        for name in ("sales", "settlements"):
            setattr(claims, name, tables.get(name))
        return RuleContext(claims, facts, item_days)

    return build
