"""Items limited to a course or a quantity: breaches, near misses and a loop over random days."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R030", "R039", "R058"]


def places(p: Planted) -> None:
    """Hospitals of level 1, 2 and 3, and one without a grade."""
    for code, level in [("H1", "08"), ("H2", "05"), ("H3", "02"), ("HX", None)]:
        p.world.hospital(code, hosp_lv=level)


def courses(p: Planted) -> None:
    for rule, kind in [("R030", "drug"), ("R039", "service")]:
        course = p.item(f"{kind}-course", kind, ("course_days", "3"))
        for days, broken in [((1, 2, 3), ()), ((1, 2, 4, 5), (5,)), ((1, 1, 2, 4), ()), ((1, 2, 3, 34), ())]:
            p.people += 1
            who = p.world.person(f"p{p.people}")
            for day in days:  # a day after a pause of more than thirty begins a course
                when = date(2024, 5, 31) + timedelta(days=day)
                visit = p.world.visit(who, "H2", f"{when} 09:00:00", lines=[(course, 1, 50.0)])
                if day in broken:
                    p.guilty[rule].add(visit)
    screw = p.item("screw", "material", ("visit_cnt", "2"))
    p.one([(screw, 3, 100.0)], "R058")
    p.one([(screw, 2, 100.0)])
    p.one([(screw, 4, 100.0), ("surgery", 2, 900.0)])  # two operations
    p.one([(screw, 4, 100.0), (screw, -2, 100.0, "2024-06-11 09:00:00")])


def _over_course(days: list[int], most: int, pause: int) -> set[int]:
    """Which days of use are beyond a course, counted day by day."""
    over, used, last = set(), 0, None
    for day in sorted(set(days)):
        used = 1 if last is None or day - last > pause else used + 1
        last = day
        if used > most:
            over.add(day)
    return over


def random_courses(p: Planted) -> None:
    """Anybody on any days, against the loop."""
    rng, most = np.random.default_rng(1), 4
    cure = p.item("cure", "service", ("course_days", str(most)))
    for number in range(40):
        who = p.world.person(f"r{number}")
        days = rng.integers(0, 200, rng.integers(1, 20)).tolist()
        over = _over_course(days, most, 30)
        for day in days:
            when = date(2024, 3, 1) + timedelta(days=day)
            visit = p.world.visit(who, "H1", f"{when} 09:00:00", lines=[(cure, 1, 50.0)])
            if day in over:
                p.guilty["R039"].add(visit)


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("", "P1")
    for plant in (
        places,
        courses,
        random_courses,
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


def test_only_the_excess_is_in_question(hits):
    # One screw of 100 yuan too many, of which the fund paid seven tenths.
    found = hits[hits.rule_id == "R058"]
    assert found.vola_amt.tolist() == [70.0] and "计费3" in found.vola_cont.iloc[0]
