"""Items limited to a sex or an age: each case breaks a limit, or comes as near as it may."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R012", "R013", "R015", "R016", "R017", "R018", "R019", "R020", "R021"]


def places(p: Planted) -> None:
    """Hospitals of level 1, 2 and 3, and one without a grade."""
    for code, level in [("H1", "08"), ("H2", "05"), ("H3", "02"), ("HX", None)]:
        p.world.hospital(code, hosp_lv=level)


def sex(p: Planted) -> None:
    for rule, kind in [("R012", "drug"), ("R013", "service"), ("R015", "material")]:
        men = p.item(f"men-{kind}", kind, lmt_gend="1")
        p.one(men, rule)
        p.one(men, person={"gend": "1"})
        p.one(men, person={"gend": "9"})  # not stated
        p.one(men, med_type="52")  # a newborn on its mother's card
        p.one([(men, 1, 100.0), ("lab", 1, 9.0), (men, -1, 100.0, "2024-06-11 10:00:00")])  # given back
        p.one(men)
        p.world.rows["fee_list_d"][-1]["inscp_amt"] = 0.0  # paid by the patient alone
    later = p.item("men-later", "drug", ("gend", "1", {"begndate": "2024-06-11"}))
    p.one(later)
    p.one(later, "R012", day="2024-06-11")
    ended = p.item("men-ended", "drug", ("gend", "1", {"enddate": "2024-06-10"}))
    p.one(ended, "R012")
    p.one(ended, day="2024-06-11")
    # What holds for the level goes before what holds for all, and this before the catalogue's column.
    for level, rule in [("2", None), ("3", "R012"), (None, None)]:
        women = ("gend", "2", {"medinslv": level})
        p.one(
            p.item(f"men-but-{level}", "drug", ("gend", "1", {"enddate": "2024-01-01"}), women, lmt_gend="1"),
            rule,
        )


def age(p: Planted) -> None:
    def born(day: str) -> dict:
        return {"person": {"brdy": day}}

    cases = [("R016", "drug", 14), ("R019", "service", 14), ("R020", "material", 14), ("R021", "service", 60)]
    for rule, kind, high in cases:
        young = p.item(f"{kind}-to-{high}", kind, lmt_age_high=high)
        p.one(young, rule, **born(f"{2024 - high - 1}-06-10"))
        p.one(young, **born(f"{2024 - high - 1}-06-11"))  # the birthday is tomorrow
        p.one(young, med_type="52", **born("1920-06-10"))
    for rule, kind in [("R018", "drug"), ("R021", "service")]:
        grown = p.item(f"{kind}-from-18", kind, lmt_age_low=18)
        p.one(grown, rule, **born("2006-06-11"))
        p.one(grown, **born("2006-06-10"))
    for rule, kind in [("R017", "drug"), ("R019", "service"), ("R020", "material")]:
        newborn = p.item(f"{kind}-newborn", kind, ("age_day_high", "28"))
        p.one(newborn, rule, **born("2024-05-12"))
        p.one(newborn, **born("2024-05-13"))
        p.one(newborn, dscg_maindiag_code="P22.000")  # on its mother's card


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("", "P1")
    for plant in (
        places,
        sex,
        age,
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
