"""Items limited to a level, a kind of visit or a department: breaches and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R026", "R027", "R028", "R029", "R036", "R037"]


def places(p: Planted) -> None:
    """Hospitals of level 1, 2 and 3, and one without a grade."""
    for code, level in [("H1", "08"), ("H2", "05"), ("H3", "02"), ("HX", None)]:
        p.world.hospital(code, hosp_lv=level)


def place(p: Planted) -> None:
    for rule, kind in [("R026", "drug"), ("R027", "service")]:
        second = p.item(f"{kind}-second", kind, ("medinslv", "2"))
        p.one(second, rule, where="H1")
        for where in ("H2", "H3", "HX", "P1"):  # HX has no grade, a pharmacy never has
            p.one(second, where=where)
        only_first = p.item(f"{kind}-third", kind, ("medinslv", "3", {"medinslv": "1"}))
        p.one(only_first, rule, where="H1")
        p.one(only_first, where="H2")  # the limit is for institutions of level 1
    for rule, kind in [("R028", "drug"), ("R029", "service")]:
        ward = p.item(f"{kind}-ward", kind, ("med_type", "2"), ("med_type", "13"))
        p.one(ward, rule)
        p.one(ward, med_type="13")
        p.one(ward, med_type="21", end="2024-06-12 10:00:00")
    for rule, kind in [("R036", "service"), ("R037", "material")]:
        eye = p.item(f"{kind}-eye", kind, ("dept", "A10"))
        p.one(eye, rule, dept_code="A02")
        p.one(eye, dept_code="A1001")
        p.one(eye)


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("", "P1")
    for plant in (
        places,
        place,
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


def test_departments_are_named(hits):
    told = hits[hits.rule_id == "R036"].vola_cont.unique()
    assert list(told) == ["“service-eye”限眼科使用,由全科医疗科收费"]


def test_sentences_are_whole(hits):
    assert_told_in_both_languages(hits)
