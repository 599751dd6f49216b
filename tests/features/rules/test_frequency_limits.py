"""Items charged too often: breaches, near misses and a loop over random bills."""

import random
from datetime import date, timedelta

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R040", "R041", "R042", "R052", "R054"]


def a_day(number: int) -> str:
    return f"2024-03-{number:02} 20:00"


def frequency(p: Planted) -> None:
    p.item("hba1c", "04", max_day_cnt=1, cycl_days=60, cycl_max_cnt=1)
    p.item("lamp", "05", year_uplmt_amt=300)
    p.item("breath", "05", max_day_cnt=None, prcunt="小时")
    beds = [("bed", 1, 30.0, a_day(n)) for n in (1, 2, 3, 4)]
    p.seen(("hba1c", 2, 60.0), guilty="R040 R041")
    p.seen(("hba1c", 2, 60.0), ("hba1c", -1, 60.0, a_day(2)))  # one was given back
    p.stay(*beds[:3], ("bed", 2, 30.0, a_day(4)), guilty="R040")
    p.stay(beds[0], beds[1], ("bed", 2, 30.0, a_day(4)), ("lab", 1, 9.0))  # posted for two days at once
    p.stay(("bed", 4, 30.0), ("lab", 1, 9.0))  # one date for the whole stay
    p.stay(*beds[:3], ("bed", 2, 30.0, a_day(4)), med_type="52", dscg_maindiag_code="O80.000")
    p.seen(("breath", 25, 10.0), guilty="R054")
    p.seen(("breath", 24, 10.0))
    p.stay(("breath", 60, 10.0))

    who = p.someone()
    p.seen(("hba1c", 1, 60.0), who=who)
    p.seen(("hba1c", 1, 60.0), who=who, when="2024-04-29 09:00", guilty="R041")  # the 59th day
    who = p.someone()
    p.seen(("hba1c", 1, 60.0), who=who)
    p.seen(("hba1c", 1, 60.0), who=who, when="2024-04-30 09:00")  # the 60th

    who = p.someone()
    p.seen(("lamp", 3, 100.0), who=who)
    p.seen(("lamp", 1, 40.0), who=who, when="2024-09-01 09:00", guilty="R042")
    who = p.someone()
    p.seen(("lamp", 2, 150.0), who=who, when="2023-12-31 09:00")
    p.seen(("lamp", 2, 150.0), who=who)  # of the next year

    p.stay(*beds, ("bed", 2, 30.0, a_day(5)), guilty="R040 R052")
    p.stay(*beds, ("bed", 1, 30.0, a_day(5)))  # the day of discharge
    p.stay(("bed", 6, 30.0), guilty="R052")
    p.stay(("bed", 6, 30.0), ("bed", -1, 30.0, a_day(3)), ("lab", 1, 9.0, a_day(2)))
    p.stay(("care", 4, 20.0), ("bed", 5, 30.0))


# Limits with dates and levels. H1 is of level 2, H3 of level 3: item, kind, value, level, from, to.
DATED = [
    ("film", "max_day_cnt", "2", None, "2024-03-02", None),
    ("film", "max_day_cnt", "1", "2", "2024-03-05", "2024-03-06"),
    ("cream", "year_uplmt_amt", "300", "2", None, None),
    ("echo", "cycl_max_cnt", "1", None, "2024-03-05", None),
    ("echo", "cycl_days", "30", None, None, None),
]
# What is charged, where and when, and the rule that it breaks.
CHARGED = [
    ("film", 3, 10.0, "H1", "2024-03-01", ""),
    ("film", 3, 10.0, "H1", "2024-03-02", "R040"),
    ("film", 2, 10.0, "H1", "2024-03-04", ""),
    ("film", 2, 10.0, "H1", "2024-03-05", "R040"),
    ("film", 2, 10.0, "H3", "2024-03-05", ""),
    ("film", 2, 10.0, "H1", "2024-03-07", ""),
    ("cream", 4, 100.0, "H1", "2024-03-01", "R042"),
    ("cream", 4, 100.0, "H3", "2024-03-01", ""),
    ("echo", 2, 50.0, "H1", "2024-03-04", ""),
    ("echo", 2, 50.0, "H1", "2024-03-05", "R041"),
]


def dated(p: Planted) -> None:
    """Limits that hold for a time or a level."""
    p.world.hospital("H3", hosp_lv="02")
    for code, charge, more in [("film", "03", {}), ("cream", "05", {}), ("echo", "03", {})]:
        p.item(code, charge, **more)
    p.charged_under(DATED, CHARGED)


def cots(p: Planted) -> None:
    """A cot is limited to once a day at level 2 alone."""
    p.item("cot", "01", ("max_day_cnt", "1", {"medinslv": "2"}))
    for where, guilty in [("H1", "R052"), ("H3", "")]:
        p.stay(*[("cot", 1, 30.0, a_day(n)) for n in range(1, 7)], where=where, guilty=guilty)


def by_chance(p: Planted) -> None:
    """Bills of five people q0 to q4, any number of an item on any day: person, day, visit, count."""
    chance, world, p.bills = random.Random(3), p.world, []
    row = {"hilist_name": "x", "med_chrgitm_type": "05", "max_day_cnt": 2, "cycl_days": 7, "cycl_max_cnt": 3}
    world.add("hilist_b", hilist_code="x", **row)
    for person in range(5):
        world.person(f"q{person}")
        for _n in range(20):
            day = date(2024, 2, 1) + timedelta(days=chance.randrange(60))
            count = chance.choice([1, 1, 2, 3])
            visit = world.visit(f"q{person}", "H1", f"{day} 09:00", lines=[("x", count, 10.0)])
            p.bills.append((person, day, visit, count))
    expected = walk(p.bills)
    for rule, visits in expected.items():
        p.guilty[rule] |= visits


def walk(bills: list[tuple]) -> dict[str, set]:
    """The obvious loops: more than two a day, more than three in seven days."""
    cycle = set()
    for person, day, visit, _count in bills:
        within = sum(
            n for q, d, v, n in bills if q == person and 0 <= (day - d).days < 7 and (d < day or v <= visit)
        )
        if within > 3:
            cycle.add(visit)
    return {"R040": {visit for _person, _day, visit, count in bills if count > 2}, "R041": cycle}


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1")
    for plant in (
        frequency,
        dated,
        cots,
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


@pytest.mark.parametrize(("rule", "amounts"), [("R041", [60.0, 60.0]), ("R042", [40.0]), ("R054", [10.0])])
def test_the_amount_is_the_excess(hits, rule, amounts):
    found = hits[(hits.rule_id == rule) & ~hits.psn_no.str.startswith(("q", "z"))].vola_amt
    assert sorted(found) == [pytest.approx(0.7 * amount, abs=0.02) for amount in amounts]
