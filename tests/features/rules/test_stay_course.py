"""The course of a stay: breaches, near misses and loops over random stays."""

import random
from datetime import datetime, timedelta

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R050", "R089", "R090", "R091", "R094"]


DAY = timedelta(days=1)


def during(p: Planted) -> None:
    who = p.someone()
    p.world.stay(who, "H1", "2024-04-01", 6)
    p.mark(p.world.purchase(who, "P1", "2024-04-02 10:00"), "R089")
    p.mark(p.world.visit(who, "H2", "2024-04-06 10:00"), "R089")
    p.world.purchase(who, "P1", "2024-04-01 08:00")  # the day of admission
    p.world.purchase(who, "P1", "2024-04-07 18:00")  # the day of discharge
    p.world.visit(who, "H1", "2024-04-03 10:00")  # at the hospital itself
    p.world.visit(who, "H2", "2024-04-04 10:00", dscg_maindiag_code="Z49.100")  # dialysis goes on
    back = p.world.purchase(who, "P1", "2024-04-05 10:00")
    p.world.settle(back, "2024-04-05 11:00", -100.0)


def overlap(p: Planted) -> None:
    who = p.someone()
    p.world.stay(who, "H1", "2024-05-01", 9)
    p.world.stay(who, "H3", "2024-05-10", 9, dscg_maindiag_code="K35.800")  # transferred on the last day
    who = p.someone()
    p.world.stay(who, "H1", "2024-05-01", 20)
    p.world.stay(who, "H1", "2024-05-03", 2, dscg_maindiag_code="K35.800")  # the same hospital
    p.mark(p.world.stay(who, "H3", "2024-05-10", 4, dscg_maindiag_code="K35.800", fee=4000.0), "R090")
    who = p.someone()  # a newborn under its mother's card
    p.world.stay(who, "H1", "2024-05-01", 5, med_type="52", dscg_maindiag_code="O80.000")
    p.world.stay(who, "H3", "2024-05-02", 9, dscg_maindiag_code="P07.300")


def idle(p: Planted) -> None:
    def stay(active: list[int], **more) -> str:
        lines = [("bed", 1, 30.0, f"2024-07-{d:02} 20:00") for d in range(1, 9)]
        lines += [("treat", 1, 50.0, f"2024-07-{d:02} 10:00") for d in active]
        return p.world.stay(p.someone(), "H5", "2024-07-01", 8, lines=lines, **more)

    p.mark(stay([1, 2, 6, 7, 8]), "R091")
    p.mark(stay([1, 2, 3, 4, 5]), "R091")  # the last three days
    stay([1, 3, 5, 7])  # as many idle days, but never three in a row
    stay([1, 2, 5, 6, 7, 8])
    stay([1, 2], med_type="2105")
    p.world.stay(p.someone(), "H5", "2024-07-01", 8, lines=[("bed", 8, 30.0), ("lab", 1, 30.0)])


def outside(p: Planted) -> None:
    lines = [("lab", 1, 20.0, f"2024-08-{d:02} 10:00") for d in (8, 9, 10, 12, 14, 15, 16)]
    p.mark(p.world.stay(p.someone(), "H5", "2024-08-10", 4, lines=lines), "R050")
    near = [("lab", 1, 20.0, f"2024-08-{d:02} 10:00") for d in (9, 11, 12, 13, 14, 15)]
    p.world.stay(p.someone(), "H5", "2024-08-10", 4, lines=near)


def short(p: Planted) -> None:
    for _n in range(8):
        p.world.stay(p.someone(), "H7", "2024-03-01", 9, dscg_maindiag_code="M51.200", fee=6000.0)
    one = {"dscg_maindiag_code": "M51.200", "fee": 6500.0}
    p.mark(p.world.stay(p.someone(), "H7", "2024-04-01", 1, **one), "R094")
    p.world.stay(p.someone(), "H7", "2024-04-01", 2, **one)
    p.world.stay(p.someone(), "H7", "2024-04-01", 1, **one | {"fee": 900.0})
    p.world.stay(p.someone(), "H7", "2024-04-01", 1, **one, dscg_way="5")
    p.world.stay(p.someone(), "H7", "2024-04-01", 1, **one | {"med_type": "28"})
    p.world.stay(p.someone(), "H7", "2024-04-01", 1, **one | {"lines": [("surgery", 1, 7000.0)]})


def walk(stays: list[dict]) -> dict[str, set]:
    """The obvious loops: overlaps of a day, and visits elsewhere on inner days of a stay."""
    found = {"R089": set(), "R090": set()}
    for one in stays:
        others = [s for s in stays if s["bed"] and s["who"] == one["who"] and s["where"] != one["where"]]
        if one["bed"]:
            earlier = [s for s in others if (s["begin"], s["id"]) < (one["begin"], one["id"])]
            if any(min(s["end"], one["end"]) - one["begin"] >= DAY for s in earlier):
                found["R090"].add(one["id"])
        elif any(s["begin"].date() < one["begin"].date() < s["end"].date() for s in others):
            found["R089"].add(one["id"])
    return found


def by_chance(p: Planted) -> None:
    """Stays and visits of a dozen people q0 to q11 at three small hospitals, against the loops."""
    chance, stays = random.Random(7), []
    people = [p.world.person(f"q{n}") for n in range(12)]
    for _n in range(150):
        who, where = chance.choice(people), chance.choice(["Q1", "Q2", "Q3"])
        begin = datetime(2023, 6, 1) + timedelta(days=chance.randrange(500), hours=chance.choice([0, 9, 21]))
        end, bed = begin + timedelta(hours=chance.choice([3, 24, 47, 240, 600])), chance.random() < 0.75
        kind = {"end": str(end), "med_type": "21"} if bed else {"med_type": "11"}
        visit = p.world.visit(who, where, str(begin), **kind)
        stays.append({"id": visit, "who": who, "where": where, "begin": begin, "end": end, "bed": bed})
    for rule, visits in walk(stays).items():
        p.guilty[rule] |= visits


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1 H2 H3 H5 H7 Q1 Q2 Q3")
    for plant in (
        during,
        overlap,
        idle,
        outside,
        short,
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


def test_amounts_are_the_excess(hits):
    amount = hits[~hits.psn_no.str.startswith("q")].set_index("rule_id").vola_amt
    assert sorted(amount[["R050"]]) == [14.0, 14.0]  # 70 % of the line of the 8th and of the 16th
    assert sorted(amount[["R091"]]) == [63.0, 63.0]  # 70 % of three nights
    assert amount["R090"] == pytest.approx(2800 * (4 + 1 / 24) / 4, rel=0.05)


def test_a_finding_says_the_figures_of_the_case(hits):
    assert hits.vola_cont[hits.rule_id == "R091"].str.contains("连续3天").all()
