"""Amounts close to a cap: breaches and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R114", "R115"]


def near_the_cap(p: Planted) -> None:
    """Five pharmacies; in one of them most purchases stay just under the limit."""
    for shop in range(10, 15):  # five shops; in one of them most purchases stay just under the limit
        for n in range(20):
            near = n < (12 if shop == 10 else 1)
            fee = [190.0, 200.0][n % 2] if near else [189.0, 201.0][n % 2]
            rules = ["R114"] if near and shop == 10 else []
            p.buy(f"2024-09-{n + 1:02} 10:00:00", *rules, where=f"P{shop}", lines=[("dear", 1, fee)])


def cap(p: Planted) -> None:
    employee = ("310", [440_000.0, 9_000.0, 1_000.0, 5_000.0], 2)
    for insutype, fund, fires in [employee, ("390", [269_999.0], -1), ("390", [270_000.0], 0)]:
        who = p.someone()
        for n, paid in enumerate(fund):
            visit = p.world.stay(who, "H2", f"2024-0{n + 1}-01", 5, fee=paid * 1.25, fund=paid)
            p.world.rows["mdtrt_d"][-1]["insutype"] = insutype
            if n == fires:
                p.guilty["R115"].add(visit)


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H2", "P10 P11 P12 P13 P14")
    for plant in (
        near_the_cap,
        cap,
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
