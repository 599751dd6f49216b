"""Too much medicine at once, on one prescription, in a stay or of one group; and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R031", "R069", "R070", "R072"]


def quantities(p: Planted) -> None:
    month = p.drug("month", days_per_unit=28)
    p.buy("2024-05-01 10:00:00", lines=[(month, 3, 50.0)])
    p.buy("2024-05-01 10:00:00", "R031", lines=[(month, 4, 50.0)])
    p.buy("2024-05-01 10:00:00", lines=[(month, 4, 50.0), (month, -1, 50.0, "2024-05-02 10:00:00")])
    p.world.stay(p.someone(), "H1", "2024-05-01", 9, lines=[(month, 4, 50.0)])
    week = p.drug("week", limits={"supply_days": "7"}, days_per_unit=7)
    p.buy("2024-05-01 10:00:00", lines=[(week, 1, 50.0)])
    p.buy("2024-05-01 10:00:00", "R031", lines=[(week, 2, 50.0)])
    dose = p.drug("dose", max_day_cnt=3)
    p.world.stay(
        p.someone(), "H1", "2024-05-01", 4, lines=[(dose, 30, 5.0)]
    )  # twice the maximum of five days
    p.mark(p.world.stay(p.someone(), "H1", "2024-05-01", 4, lines=[(dose, 31, 5.0)]), "R070")
    later = p.drug("later", limits={"max_day_cnt": "3"})
    p.world.rows["hilist_lmt_b"][-1].update(begndate="2024-05-03", medinslv="2")
    p.world.hospital("H9", hosp_lv="02")
    # The maximum holds from the third day of the stay on, at level 2.
    for where, rule in [("H1", "R070"), ("H9", None)]:
        doses = [(later, 40, 5.0, "2024-05-02 09:00:00"), (later, 31, 5.0, "2024-05-03 09:00:00")]
        stay = p.world.stay(p.someone(), where, "2024-05-01", 4, lines=doses)
        p.world.stay(p.someone(), where, "2024-05-01", 4, lines=doses[:1])
        if rule:
            p.mark(stay, rule)
    home = [(dose, 15, 5.0), (dose, 60, 5.0, "2024-05-05 09:00:00")]  # taken home on the last day
    p.world.stay(p.someone(), "H1", "2024-05-01", 4, lines=home)
    kinds = [(p.drug(f"kind{n}"), 1, 10.0 + n) for n in range(6)]
    seen = {"med_type": "11", "where": "H1", "begin": "2024-05-01 09:00:00"}
    p.mark(p.world.visit(p.someone(), lines=kinds, **seen), "R069")
    p.world.visit(p.someone(), lines=[*kinds[:5], (p.drug("root", "10"), 1, 9.0)], **seen)
    p.buy("2024-05-01 10:00:00", lines=kinds)  # off the shelf
    statins = [p.drug(f"statin{n}", limits={"drug_class": "C10AA"}) for n in (1, 2)]
    p.mark(p.world.visit(p.someone(), lines=[(d, 1, 30.0) for d in statins], **seen), "R072")
    p.world.visit(p.someone(), lines=[(statins[0], 1, 30.0), ("pill", 1, 30.0)], **seen)


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1 H2")
    for plant in (quantities,):
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


def test_only_the_excess_is_in_question(hits):
    found = hits[hits.rule_id == "R031"].vola_amt
    assert sorted(found) == [35.0, 35.0]  # 28 days of 112, 7 days of 14: 50 yuan each, of which the fund 70 %
