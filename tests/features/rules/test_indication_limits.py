"""Items limited to indications: breaches and near misses."""

from datetime import date, timedelta

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R024", "R038", "R063", "R071", "R075"]


def places(p: Planted) -> None:
    """Hospitals of level 1, 2 and 3, and one without a grade."""
    for code, level in [("H1", "08"), ("H2", "05"), ("H3", "02"), ("HX", None)]:
        p.world.hospital(code, hosp_lv=level)


def diagnosis(p: Planted) -> None:
    kinds = [("R024", "diag", "drug"), ("R038", "diag", "service"), ("R063", "diag", "material")]
    kinds += [("R071", "label_diag", "drug"), ("R075", "exam_diag", "service")]
    for rule, lmt, kind in kinds:
        item = p.item(f"{kind}-{lmt}", kind, (lmt, "E11"), (lmt, "I10"))
        p.one(item, rule, dscg_maindiag_code="J00.x00")
        p.one(item, dscg_maindiag_code="e11.900")
        p.one(item)  # not a single diagnosis on record
        for back, broken in [(180, False), (181, True)]:
            visit = p.one(item, rule if broken else None, dscg_maindiag_code="J00.x00")
            before = str(date(2024, 6, 10) - timedelta(days=back))
            p.world.visit(f"p{p.people}", "H2", before, dscg_maindiag_code="I10.x00")
            assert visit
    both = p.item("both", "drug", ("dise", "M03900"), ("diag", "I10"))
    p.one(both, med_type="14", dise_no="M03900", dscg_maindiag_code="J00.x00")  # registered for its disease
    p.one(both, "R024", dscg_maindiag_code="J00.x00")


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("", "P1")
    for plant in (
        places,
        diagnosis,
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
