"""Diagnoses and operations limited to a sex or an age: breaches and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R010", "R011", "R014"]


def places(p: Planted) -> None:
    """Hospitals of level 1, 2 and 3, and one without a grade."""
    for code, level in [("H1", "08"), ("H2", "05"), ("H3", "02"), ("HX", None)]:
        p.world.hospital(code, hosp_lv=level)


def codes(p: Planted) -> None:
    coded = [("O80", "1", "gend", "2"), ("N40", "1", "gend", "1"), ("60.2", "2", "gend", "1")]
    for code, icd, kind, value in [*coded, ("P07", "1", "age_high", "1"), ("I10", "1", "age_low", "15")]:
        p.world.add("icd_lmt_b", icd_code=code, icd_type=icd, lmt_type=kind, lmt_value=value)
    p.one("lab", "R010", dscg_maindiag_code="N40.x00")
    p.one("lab", dscg_maindiag_code="N40.x00", person={"gend": "1"})
    p.one("lab", "R010", dscg_maindiag_code="O80.000", person={"gend": "1"})
    p.one("lab", dscg_maindiag_code="N41.000")
    p.one("lab", "R011", dscg_maindiag_code="I10.x00", person={"brdy": "2009-06-11"})
    p.one("lab", dscg_maindiag_code="I10.x00", person={"brdy": "2009-06-10"})
    p.one("lab", dscg_maindiag_code="P07.300")  # her newborn
    p.one("lab", "R014", oprn_oprt_code="60.2901")
    p.one("lab", oprn_oprt_code="60.2901", person={"gend": "1"})


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("", "P1")
    for plant in (
        places,
        codes,
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
