"""Billed beyond the stock: breaches and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R060", "R061"]


def stock(p: Planted) -> None:
    def move(where, item, kind, count, day):
        number = f"V{len(p.world.rows['inv_chg_d'])}"
        p.world.add("inv_chg_d", inv_chg_sn=number, fixmedins_code=where, hilist_code=item, inv_chg_type=kind,
                    cnt=count, inv_chg_time=f"2024-{day} 08:00:00")  # fmt: skip

    p.drug("kept")
    p.drug("stent", "08")
    for rule, item, where in [("R061", "kept", "P3"), ("R060", "stent", "H2")]:
        move(where, item, "3501", 10, "02-01")
        move(where, item, "3503", 10, "03-01")
        move(where, item, "3504", 4, "03-02")
        move(where, item, "3501", 16, "03-03")  # a later stock-take is nothing new
        p.buy("2024-01-15 10:00:00", where=where, lines=[(item, 90, 5.0)])  # before stock was reported
        p.buy("2024-03-01 10:00:00", where=where, lines=[(item, 23, 5.0)])
        p.buy("2024-03-05 10:00:00", where=where, lines=[(item, 1, 5.0)])  # one and a half times sixteen
        p.buy("2024-03-06 10:00:00", rule, where=where, lines=[(item, 2, 5.0)])
    p.buy("2024-03-06 10:00:00", "R061", where="P3", lines=[("pill", 1, 40.0)])  # never bought at all
    p.buy("2024-03-06 10:00:00", where="P3", lines=[("dialyser", 1, 40.0)])  # reports no materials


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1 H2", "P1 P3")
    for plant in (stock,):
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
