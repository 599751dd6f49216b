"""Items of other insurance, outside a disease list or never paid: breaches and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R022", "R023", "R032", "R033", "R034"]


def places(p: Planted) -> None:
    """Hospitals of level 1, 2 and 3, and one without a grade."""
    for code, level in [("H1", "08"), ("H2", "05"), ("H3", "02"), ("HX", None)]:
        p.world.hospital(code, hosp_lv=level)


def insurance(p: Planted) -> None:
    hurt = p.item("hurt", "drug", ("wkinj_only", "1"))
    p.one(hurt, "R022")
    p.one(hurt)
    p.world.rows["mdtrt_d"][-1]["insutype"] = "330"
    birth = p.item("birth", "service", ("matn_only", "1"))
    p.one(birth, "R023")
    p.one(birth, med_type="51")
    p.one(birth, dscg_maindiag_code="O80.000")
    never = p.item("never", "herb", ("nopay", "1"))
    p.one(never, "R033")
    alone, too = (p.item(f"alone{n}", "herb", ("nopay_alone", "1")) for n in (1, 2))
    other = p.item("compound", "herb")
    p.one([(alone, 1, 9.0), (too, 1, 9.0)], "R034")
    p.one([(alone, 1, 9.0), (other, 1, 9.0)])
    p.one([(alone, 1, 9.0), ("lab", 1, 9.0)], "R034")


def disease_lists(p: Planted) -> None:
    """A registered disease whose list holds one drug."""
    listed = p.item("listed", "drug", ("dise", "M03900"))
    p.one("pill", "R032", med_type="14", dise_no="M03900")
    p.one(listed, med_type="14", dise_no="M03900")
    p.one("pill", med_type="14", dise_no="M01600")  # nobody made a list
    p.one("pill", med_type="21", end="2024-06-12 10:00:00", dise_no="M03900")


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("", "P1")
    for plant in (
        places,
        insurance,
        disease_lists,
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
