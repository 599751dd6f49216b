"""Prices, their ceilings and the arithmetic of a line: breaches and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R046", "R047", "R049", "R116"]


def a_day(number: int) -> str:
    return f"2024-03-{number:02} 20:00"


def prices(p: Planted) -> None:
    p.item("op-1", "06", pric_uplmt_amt=1000)
    p.item("op-2", "06", pric_uplmt_amt=800)
    p.seen(("pill", 2, 60.0), guilty="R046")
    p.seen(("pill", 2, 50.0))
    p.seen(("op-1", 1, 1000.0), ("op-2", 1, 800.0), guilty="R047")
    p.seen(("op-1", 1, 1000.0), ("op-2", 1, 600.0))
    p.seen(("op-1", 1, 1000.0), ("op-2", 1, 800.0, a_day(3)))
    for said, rule in [(300.0, "R049"), (100.04, ""), (90.0, "R049"), (-200.0, "R049"), (-100.0, "")]:
        sign = 1 if said > 0 else -1
        p.seen(("lab", 9, 100.0), ("treat", sign, 100.0), guilty=rule)
        p.world.rows["fee_list_d"][-1]["det_item_fee_sumamt"] = said
    p.seen(("lab", 100, 0.33))
    p.world.rows["fee_list_d"][-1]["det_item_fee_sumamt"] = 33.4  # 0.334 yuan each, rounded


# Limits with dates and levels. H1 is of level 2, H3 of level 3: item, kind, value, level, from, to.
DATED = [
    ("stent", "pric_uplmt_amt", "120", "3", "2024-03-01", "2024-03-31"),
    ("stent", "pric_uplmt_amt", "90", None, "2024-03-10", None),
    ("stent", "pric_uplmt_amt", "80", None, "2024-03-20", None),
]
# What is charged, where and when, and the rule that it breaks.
CHARGED = [
    ("stent", 1, 100.0, "H1", "2024-03-09", ""),  # the catalogue's own
    ("stent", 1, 101.0, "H1", "2024-03-09", "R046"),
    ("stent", 1, 95.0, "H1", "2024-03-10", "R046"),  # the first day of the lower one
    ("stent", 1, 85.0, "H1", "2024-03-19", ""),
    ("stent", 1, 85.0, "H1", "2024-03-20", "R046"),  # the one begun last counts
    ("stent", 1, 101.0, "H3", "2024-02-29", "R046"),  # not yet: the catalogue's own
    ("stent", 1, 120.0, "H3", "2024-03-01", ""),
    ("stent", 1, 120.0, "H1", "2024-03-01", "R046"),  # allowed at level 3 alone
    ("stent", 1, 121.0, "H3", "2024-03-31", "R046"),
    ("stent", 1, 120.0, "H3", "2024-03-31", ""),  # the level goes before what holds for all
    ("stent", 1, 120.0, "H3", "2024-04-01", "R046"),  # and has ended
]


def dated(p: Planted) -> None:
    """Limits that hold for a time or a level."""
    p.world.hospital("H3", hosp_lv="02")
    for code, charge, more in [("stent", "08", {"pric_uplmt_amt": 100})]:
        p.item(code, charge, **more)
    p.charged_under(DATED, CHARGED)


def operations(p: Planted) -> None:
    """A ceiling of an operation that holds from the second of March on, at level 2."""
    p.item("op-3", "06", ("pric_uplmt_amt", "800", {"medinslv": "2", "begndate": "2024-03-02"}))
    for where, day, guilty in [("H1", 1, ""), ("H1", 2, "R047"), ("H3", 2, "")]:
        done = [(code, 1, price, a_day(day)) for code, price in [("surgery", 900.0), ("op-3", 700.0)]]
        who = p.world.person(f"z-op-{where}-{day}")
        p.seen(*done, who=who, where=where, guilty=guilty)


def cash_prices(p: Planted) -> None:
    for n, (where, paid, rules) in enumerate([("P8", 10.6, ["R116"]), ("P8", 10.5, []), ("P9", 12.0, [])]):
        for k, price in enumerate([9.0, 10.0, 10.0] if where == "P8" else []):
            p.sell(f"2024-08-0{k + 1} 10:00:00", f"c{n}{k}", item="pill", where=where,
                   sale={"setl_id": None, "finl_trns_pric": price})  # fmt: skip
        more = {"sale": {"finl_trns_pric": paid}, "where": where}
        p.sell("2024-08-20 10:00:00", f"d{n}", *rules, item="pill", **more)


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1", "P8 P9")
    for plant in (
        prices,
        dated,
        operations,
        cash_prices,
    ):
        plant(p)
    return p


@pytest.fixture(scope="module")
def hits(town) -> pd.DataFrame:
    return findings(town.world, RULES)


@pytest.mark.parametrize("rule", RULES)
def test_finds_what_was_planted_and_nothing_else(town, hits, rule):
    assert rule in hits.attrs["run"] and not hits.attrs["failed"]
    assert town.guilty[rule] and found_by(hits, rule) == town.guilty[rule]


def test_sentences_are_whole(hits):
    assert_told_in_both_languages(hits)


@pytest.mark.parametrize(
    ("rule", "amounts"), [("R046", [20.0]), ("R047", [200.0]), ("R049", [0.0, 0.0, 200.0]), ("R116", [0.6])]
)
def test_the_amount_is_the_excess(hits, rule, amounts):
    found = hits[(hits.rule_id == rule) & ~hits.psn_no.str.startswith("z")].vola_amt
    assert sorted(found) == [pytest.approx(0.7 * amount, abs=0.02) for amount in amounts]


def test_the_excess_is_measured_from_the_limit_in_force(hits):
    found = hits[(hits.rule_id == "R046") & hits.psn_no.str.startswith("z")]
    # One stent each, of which the fund pays seven tenths: above 100, 90, 80, 100, 100, 120 and 80 yuan.
    assert sorted(found.vola_amt / 0.7) == pytest.approx(sorted([1, 5, 5, 1, 20, 1, 40]), abs=0.02)
