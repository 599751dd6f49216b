"""Findings summed to visits: counts, out-of-scope lines and the amount."""

import ibis
import pytest

from features.rules.declaration import CLEAR, SUSPECT
from features.rules.visit_findings import by_visit


def hits(*rows: tuple) -> ibis.Table:
    """Rule, visit, settlement, line, severity, the fund's yuan."""
    names = ["rule_id", "mdtrt_id", "setl_id", "bkkp_sn", "sev_deg", "vola_amt"]
    schema = dict.fromkeys(names, "string") | {"vola_amt": "float64"}
    return ibis.memtable(list(rows), schema=ibis.schema(schema))


def visits(*paid: float) -> ibis.Table:
    return ibis.memtable({"mdtrt_id": [f"v{n}" for n in range(len(paid))], "fund_pay_sumamt": list(paid)})


def summed(found: ibis.Table, facts: ibis.Table) -> dict[str, dict]:
    return by_visit(found, facts).to_pandas().set_index("mdtrt_id").to_dict("index")


def test_findings_are_counted_and_a_line_costs_once():
    found = hits(
        ("R046", "v0", "s", "l1", CLEAR, 30.0), ("R040", "v0", "s", "l1", CLEAR, 50.0),
        ("R065", "v0", "s", "l1", SUSPECT, 40.0), ("R046", "v0", "s", "l2", CLEAR, 7.0),
        ("R089", "v1", None, None, SUSPECT, 20.0), ("R090", "v1", None, None, SUSPECT, 10.0),
    )  # fmt: skip
    assert summed(found, visits(100.0, 100.0, 100.0)) == {
        "v0": {"findings": 4, "clear_findings": 3, "out_of_scope": 0, "findings_amount": 57.0},
        "v1": {"findings": 2, "clear_findings": 0, "out_of_scope": 0, "findings_amount": 20.0},
    }


@pytest.mark.parametrize(
    ("paid", "amount"), [(100.0, 60.0), (60.0, 60.0), (59.99, 59.99), (0.0, 0.0), (-5.0, 0.0)]
)
def test_a_visit_costs_no_more_than_was_paid_for_it(paid, amount):
    found = hits(("R046", "v0", "s", "l1", CLEAR, 30.0), ("R046", "v0", "s", "l2", CLEAR, 30.0))
    assert summed(found, visits(paid))["v0"]["findings_amount"] == amount


def test_cents_are_rounded():
    found = hits(("R046", "v0", "s", "l1", CLEAR, 0.333), ("R046", "v0", "s", "l2", CLEAR, 0.333))
    assert summed(found, visits(9.0))["v0"]["findings_amount"] == 0.67


def test_out_of_scope_lines_are_those_of_the_rules_of_m07():
    found = hits(
        ("R032", "v0", "s", "l1", SUSPECT, 1.0), ("R024", "v0", "s", "l1", SUSPECT, 1.0),  # of one line
        ("R071", "v0", "s", "l2", SUSPECT, 1.0), ("R046", "v0", "s", "l3", CLEAR, 1.0),
    )  # fmt: skip
    assert summed(found, visits(9.0))["v0"]["out_of_scope"] == 2
