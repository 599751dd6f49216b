"""Stays that follow another one: breaches and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R084", "R085"]


def places(p: Planted) -> None:
    """Four hospitals of level 1."""
    for code in ("B1", "B2", "B3", "B4"):
        p.world.hospital(code, hosp_lv="08")


def split(p: Planted) -> None:
    stay, gap = p.world.stay, "2024-03-11"  # the stay before ends on the 6th
    who = p.someone()
    stay(who, "H1", "2024-03-01", 5)
    p.mark(stay(who, "H1", gap, 5), "R084")
    who = p.someone()  # the boundary: fifteen days less an hour
    stay(who, "H1", "2024-03-01", 5)
    p.mark(stay(who, "H1", "2024-03-21", 5), "R084")
    for first, second in [
        ({}, {"begin": "2024-03-22"}),  # sixteen days
        ({}, {"where": "H2"}),  # elsewhere
        ({}, {"dscg_maindiag_code": "J18.900"}),  # of something else
        ({"dscg_maindiag_code": "Z51.100"}, {"dscg_maindiag_code": "Z51.100"}),  # chemotherapy
        ({"dscg_way": "2"}, {}),  # sent to a larger hospital, and back
        ({}, {"refl_old_mdtrt_id": "M00001"}),
        ({}, {"med_type": "24"}),  # an emergency
        ({}, {"lines": [("dialysis", 1, 400.0), ("bed", 5, 30.0)]}),
        ({}, {"med_type": "2105"}),  # bed-days
    ]:
        who, row = p.someone(), {"where": "H1", "begin": gap, "days": 5} | second
        stay(who, "H1", "2024-03-01", 5, **first)
        stay(who, row.pop("where"), row.pop("begin"), row.pop("days"), **row)
    who = p.someone()  # the cycles of a tumour
    for begin in ("2024-03-01", "2024-03-15", "2024-03-29"):
        stay(who, "H1", begin, 3, dscg_maindiag_code="C34.900")
    who = p.someone()  # the stay before was given back
    refunded = stay(who, "H1", "2024-03-01", 5)
    p.world.settle(refunded, "2024-03-07", -5000.0)
    stay(who, "H1", gap, 5)


def back_again(p: Planted) -> None:
    for place in ("B1", "B2", "B3", "B4"):
        for n in range(30):
            who = p.someone()
            stay = {"dscg_maindiag_code": f"E{n:02}.000"}
            p.world.stay(who, place, "2024-02-01", 3, **stay)
            if place == "B4" and n < 6:
                again = {"dscg_maindiag_code": "N39.000"}
                p.mark(p.world.stay(who, place, "2024-03-04", 3, **again), "R085")


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1 H2")
    for plant in (
        places,
        split,
        back_again,
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
