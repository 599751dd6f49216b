"""An institution's own codes: swaps and new versions of its catalogue."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R064"]


def mapping(p: Planted) -> None:
    def swipe(item, own, day, *rules, where="P4"):
        visit = p.buy(f"2024-{day} 10:00:00", *rules, where=where, lines=[(item, 1, 40.0)])
        p.world.rows["fee_list_d"][-1]["medins_list_codg"] = own
        return visit

    for day in ("02-01", "02-02", "02-09"):
        swipe("pill", "own1", day)
    swipe("dear", "own1", "02-05", "R064")
    swipe("dear", "own1", "02-05", where="P2")  # every place has a catalogue of its own
    for item, day in [("pill", "02-01"), ("pill", "02-02"), ("dear", "02-03"), ("dear", "02-04")]:
        swipe(item, "own2", day)  # a new version of the catalogue
    for own in ("own3", "own4"):
        swipe("pill", own, "02-05")  # two of the house's items under one code


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1", "P2 P4")
    for plant in (mapping,):
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
