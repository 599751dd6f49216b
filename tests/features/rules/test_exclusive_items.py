"""Items that exclude each other on a day: breaches and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R043", "R053"]


def a_day(number: int) -> str:
    return f"2024-03-{number:02} 20:00"


def exclusion(p: Planted) -> None:
    for code, charge in [("scan-a", "03"), ("scan-b", "03"), ("care-1", "07"), ("care-2", "07")]:
        p.item(code, charge, excl_grp=charge)
    p.seen(("scan-a", 1, 100.0), ("scan-b", 1, 300.0), guilty="R043")
    p.seen(("scan-a", 1, 100.0), ("scan-b", 1, 300.0, a_day(2)))
    p.seen(("scan-a", 1, 100.0), ("scan-b", 1, 300.0), ("scan-a", -1, 100.0, a_day(2)))
    grades = [("care-1", 1, 30.0, a_day(1)), ("care-2", 1, 20.0, a_day(2))]
    p.stay(*grades)
    p.stay(*grades, ("care-2", 1, 20.0, a_day(1)), guilty="R053")
    p.stay(("care-1", 1, 30.0), ("care-2", 3, 20.0))  # one date for the whole stay
    p.stay(*grades, ("care-2", 1, 20.0, a_day(1)), med_type="52")  # the newborn's


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1")
    for plant in (exclusion,):
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


def test_the_cheaper_item_is_in_question(hits):
    amounts = hits.set_index("rule_id").vola_amt
    assert amounts["R043"] == pytest.approx(70.0) and amounts["R053"] == pytest.approx(14.0)
