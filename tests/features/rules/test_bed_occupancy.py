"""Patients against beds: breaches, near misses and a census of random stays."""

import random
from datetime import datetime, timedelta

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R092", "R093"]


DAY = timedelta(days=1)


def places(p: Planted) -> None:
    """A hospital of ten beds."""
    p.world.hospital("TEN", aprv_bed_cnt=10)


def crowd(p: Planted) -> None:
    for n in range(13):  # ten beds: the tenth and the eleventh still lie within the tolerance
        begin = str(datetime(2024, 9, 1) + n * DAY)[:10]
        stay = p.world.stay(p.someone(), "TEN", begin, 15, dscg_maindiag_code="A01.000")
        if n >= 11:
            p.mark(stay, "R092")
    for _n in range(12):  # day surgery takes no bed
        p.world.stay(p.someone(), "TEN", "2024-10-20", 1, med_type="28")
    for n in range(12):  # a bed changes hands within a day
        begin = str(datetime(2024, 11, 1) + n // 6 * 5 * DAY)[:10]
        p.world.stay(p.someone(), "TEN", begin, 5, dscg_maindiag_code="A01.000")


def beds(p: Planted) -> None:
    for n in range(40):
        begin = str(datetime(2024, 1, 2) + n * 5 * DAY)[:10]
        p.world.stay(p.someone(), "H6", begin, 5, dept_code="D", adm_bed="12")
    same = {"adm_bed": "12", "fee": 9000.0}
    p.mark(p.world.stay(p.someone(), "H6", "2024-01-03", 3, dept_code="D", **same), "R093")
    p.world.stay(p.someone(), "H6", "2024-01-03", 3, dept_code="E", **same)
    p.world.stay(p.someone(), "H6", "2024-01-03", 3, dept_code="D", adm_bed="加1")
    for _n in range(6):  # nobody keeps beds here
        p.world.stay(p.someone(), "H4", "2024-02-03", 9, dept_code="D", adm_bed="1")


def by_chance(p: Planted) -> None:
    """Stays at three small hospitals at any time, against a census counted stay by stay."""
    chance, stays = random.Random(7), []
    for code in ("Q1", "Q2", "Q3"):
        p.world.hospital(code, aprv_bed_cnt=4)
    for _n in range(150):
        where = chance.choice(["Q1", "Q2", "Q3"])
        begin = datetime(2023, 6, 1) + timedelta(days=chance.randrange(300), hours=chance.choice([0, 9, 21]))
        end = begin + timedelta(hours=chance.choice([3, 24, 47, 240, 600]))
        visit = p.world.visit(p.world.person(f"q{_n}"), where, str(begin), end=str(end), med_type="21")
        stays.append((visit, where, begin.date(), end.date()))
    for visit, where, begin, end in stays:
        census = sum(place == where and first <= begin < last for _visit, place, first, last in stays)
        p.mark(visit, "R092" if end > begin and census > 4 * 1.1 else "")


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H4 H6")
    for plant in (
        places,
        crowd,
        beds,
        by_chance,
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


def test_the_share_without_a_bed_is_in_question(hits):
    found = hits[(hits.rule_id == "R092") & ~hits.psn_no.str.startswith("q")]
    assert sorted(found.vola_amt) == [pytest.approx(3500 * (1 - 11 / n), abs=0.01) for n in (12, 13)]
    assert found.vola_cont.str.contains("批准床位10张").all()
