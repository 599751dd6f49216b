"""The same again too soon or too often: breaches, near misses and loops over random days."""

import random
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

DAY = timedelta(days=1)
RULES = ["R078", "R086", "R087", "R088"]


def levels(p: Planted) -> None:
    """A hospital of level 1, and one that is higher."""
    p.world.hospital("H1", hosp_lv="08")


def scans(p: Planted) -> None:
    scan = {"lines": [("scan", 1, 300.0)]}
    for day, more, fires in [
        ("2024-04-07", {}, True),  # six days
        ("2024-04-08", {}, False),
        ("2024-04-03", {"med_type": "13"}, False),  # an emergency
        ("2024-04-03", {"dscg_maindiag_code": "Z51.100"}, False),  # a course
        ("2024-04-03", {"where": "H4"}, True),  # another hospital of the same level
        ("2024-04-03", {"lines": [("lab", 1, 30.0)]}, False),
    ]:
        who = p.someone()
        p.visit("2024-04-01 09:00:00", who=who, **scan)
        p.visit(f"{day} 09:00:00", *(["R078"] if fires else []), who=who, **(scan | more))
    who = p.someone()  # sent to a higher hospital
    p.visit("2024-04-01 09:00:00", who=who, where="H1", **scan)
    p.visit("2024-04-03 09:00:00", who=who, where="H2", **scan)
    twice = [("scan", 1, 300.0), ("scan", 1, 300.0, "2024-04-04 09:00:00")]
    p.world.stay(p.someone(), "H2", "2024-04-01", 8, lines=twice)  # how a patient in bed is doing
    who = p.someone()
    refunded = p.visit("2024-04-01 09:00:00", who=who, **scan)
    p.world.settle(refunded, "2024-04-02 09:00:00", -300.0)
    p.visit("2024-04-03 09:00:00", who=who, **scan)


def purchases(p: Planted) -> None:
    p.drug("herb", "10")
    for item, broken in [("pill", True), ("herb", False)]:
        who = p.someone()
        for day in (1, 8, 15, 22, 29):
            rules = ["R087"] if broken and day == 29 else []
            p.buy(f"2024-07-{day:02} 10:00:00", *rules, who=who, lines=[(item, 1, 20.0)])
    who = p.someone()  # five in thirty days, but in two months
    for day in ("07-20", "07-26", "08-01", "08-07", "08-13"):
        p.buy(f"2024-{day} 10:00:00", who=who)
    for days, last in [(range(1, 30, 4), True), (range(1, 38, 5), False)]:  # eight days in 29, eight in 36
        who = p.someone()
        for nth, day in enumerate(days):
            when = datetime(2024, 9, 1, 10) + timedelta(days=day)
            rules = ["R087"] if last and nth == 7 else []
            p.buy(str(when), *rules, who=who, lines=[(f"shelf{nth}", 1, 20.0)])
            p.buy(str(when + timedelta(hours=1)), *rules, who=who, lines=[(f"shelf{nth + 20}", 1, 20.0)])


def often(p: Planted) -> None:
    for count, step, more in [(6, 60, {}), (6, 80, {}), (9, 30, {"dscg_maindiag_code": "Z51.100"})]:
        who = p.someone()
        for n in range(count):
            begin = str(datetime(2023, 12, 20) + n * step * DAY)[:10]
            stay = p.world.stay(who, "H4", begin, 2, **({"dscg_maindiag_code": f"A0{n}.000"} | more))
        if step == 60:
            p.mark(stay, "R088")
    for step, more in [(2, {}), (3, {}), (2, {"dscg_maindiag_code": "Z49.100"})]:
        who = p.someone()
        for n in range(15):
            visit = p.world.visit(who, "H4", str(datetime(2024, 6, 1, 9) + n * step * DAY), **more)
        if step == 2 and not more:
            p.mark(visit, "R086")


def _repeated(scans: list[tuple], days: int) -> set[str]:
    """Visits whose scan follows one of another visit too soon, scan by scan."""
    found = set()
    for who in {row[2] for row in scans}:
        own = sorted(row for row in scans if row[2] == who)
        for last, row in pairwise(own):
            if (row[0] - last[0]).days < days and row[1] != last[1]:
                found.add(row[1])
    return found


def random_scans(p: Planted) -> None:
    """Anybody's scans on any days, against the loop."""
    rng, scans = np.random.default_rng(11), []
    for _person in range(30):
        who = p.someone()
        for _scan in range(rng.integers(1, 8)):
            day = date(2024, 3, 1) + timedelta(days=int(rng.integers(0, 60)))
            scans.append((day, p.visit(f"{day} 09:00:00", who=who, lines=[("scan", 1, 300.0)]), who))
    p.guilty["R078"] |= _repeated(scans, 7)


def _bought_often(buys: list[tuple], most: int, days: int) -> set[str]:
    """Visits beyond the purchases of a drug in a month, and those on too many shopping days in thirty."""
    often = set()
    for at, visit, drug in buys:
        month = [b for b in buys if b[2] == drug and b[0].month == at.month and (b[0], b[1]) <= (at, visit)]
        shopping = {b[0].date() for b in buys if timedelta(0) <= at.date() - b[0].date() < timedelta(days=30)}
        if len(month) > most or len(shopping) >= days:
            often.add(visit)
    return often


def random_purchases(p: Planted) -> None:
    """Any purchases, against the loop."""
    rng = np.random.default_rng(5)
    for _person in range(25):
        who, buys = p.someone(), []
        for _buy in range(rng.integers(1, 25)):
            when = datetime(2024, 3, 1, 8) + timedelta(minutes=int(rng.integers(0, 90 * 1440)))
            item = str(rng.choice(["pill", "dear"]))
            buys.append((when, p.buy(str(when), who=who, lines=[(item, 1, 40.0)]), item))
        p.guilty["R087"] |= _bought_often(buys, 4, 8)


def random_stays(p: Planted) -> None:
    """Stays of a dozen people at any time, against the loop."""
    chance = random.Random(7)
    for _person in range(12):
        who, stays = p.someone(), []
        for number in range(14):
            begin = datetime(2023, 6, 1, 9) + timedelta(
                days=chance.randrange(500), hours=chance.choice([0, 6])
            )
            end = begin + timedelta(hours=chance.choice([3, 24, 47]))
            disease = {"dscg_maindiag_code": f"A{number:02}.000"}
            visit = p.world.visit(who, "H4", str(begin), end=str(end), med_type="21", **disease)
            stays.append((begin, visit))
        for begin, visit in stays:
            before = [s for s in stays if s < (begin, visit) and begin - s[0] < timedelta(days=365)]
            p.mark(visit, "R088" if len(before) >= 5 else "")


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H2 H4")
    for plant in (
        levels,
        scans,
        purchases,
        often,
        random_scans,
        random_purchases,
        random_stays,
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
