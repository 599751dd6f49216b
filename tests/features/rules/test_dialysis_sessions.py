"""Dialysis sessions and dialysers: breaches, near misses and a loop over random sessions."""

import random
from collections import defaultdict
from datetime import date, timedelta

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R099", "R100", "R101"]


SESSION, DIALYSER = ("dialysis", 1, 400.0), ("dialyser", 1, 150.0)


def dialysis(p: Planted) -> None:
    world, guilty = p.world, p.guilty

    def session(who: str, day: str, *lines: tuple, where: str = "H2", **more) -> str:
        return world.visit(who, where, f"2024-{day} 08:00", lines=list(lines) or [SESSION, DIALYSER], **more)

    world.person("week")
    for day in ("03-04", "03-06", "03-08", "03-11"):
        session("week", day)
    session("week", "03-12")
    session("week", "03-14")
    guilty["R099"] |= {session("week", "03-17")}  # the fourth from Monday to Sunday
    session("week", "03-18")
    world.person("twice")
    session("twice", "04-01")
    guilty["R099"] |= {session("twice", "04-01")}
    back = session("twice", "04-03")
    world.settle(back, "2024-04-03 09:00", -550.0)
    session("twice", "04-03")
    world.add(
        "hilist_b", hilist_code="perfusion", hilist_name="血液灌流", med_chrgitm_type="05", serv_type="1"
    )
    session("twice", "04-12", SESSION, DIALYSER, ("perfusion", 1, 500.0))  # one session, two items
    world.person("acute")  # every day, but in a ward
    lines = [(*line, f"2024-04-{n:02} 09:00") for n in range(1, 7) for line in (SESSION, DIALYSER)]
    world.stay("acute", "H2", "2024-04-01", 7, lines=lines)
    for name, sessions, dialysers in [("more", 2, 3), ("less", 3, 2), ("even", 2, 2)]:
        world.person(name)
        for n in range(3):
            lines = [SESSION] * (n < sessions) + [DIALYSER] * (n < dialysers)
            if lines:
                visit = session(name, f"05-{1 + 7 * n:02}", *lines)
        if name != "even":
            guilty["R100"] |= {visit}
    world.person("none")  # a place that charges no dialysers
    session("none", "05-01", SESSION, where="H3")


def padded(p: Planted) -> None:
    """At H4 people sign in. Of four sessions of a week, one without a sign-in, that is the one too many; of
    a month's sessions, that without a dialyser is the one that lacks it."""
    world = p.world
    for who, no_sign_in in (("padded", "06-03"), ("attended", "")):
        world.person(who)
        for day in ("06-03", "06-05", "06-07", "06-08"):
            visit = world.visit(who, "H4", f"2024-{day} 08:00", lines=[SESSION, DIALYSER])
            if day != no_sign_in:
                sign = {"psn_no": who, "fixmedins_code": "H4", "serv_type": "1"}
                world.add("psn_sign_d", sign_sn=visit, sign_in_time=f"2024-{day} 07:50", **sign)
            p.mark(visit, "R099" if day == (no_sign_in or "06-08") else "")
            p.mark(visit, "R101" if day == no_sign_in else "")
    world.person("bare")
    for day, rule in (("06-10", ""), ("06-12", "R100"), ("06-14", "")):
        lines = [SESSION] if rule else [SESSION, DIALYSER]
        p.mark(world.visit("bare", "H2", f"2024-{day} 08:00", lines=lines), rule)


def by_chance(p: Planted) -> None:
    """Dialysis of four people on any day at H3, now and then twice, against the loop."""
    chance, world, done = random.Random(5), p.world, defaultdict(list)
    for person in range(4):
        world.person(f"q{person}")
        for n in range(60):
            if chance.random() < 0.5:
                day = date(2024, 2, 1) + timedelta(days=n)
                for _twice in range(chance.choice([1, 1, 1, 2])):
                    visit = world.visit(f"q{person}", "H3", f"{day} 08:00", lines=[SESSION])
                    done[person].append((day, visit))
    for sessions in done.values():
        for n, (day, visit) in enumerate(sessions):
            before = [d for d, _visit in sessions[: n + 1]]
            of_day = sum(d == day for d in before)
            of_week = sum(d.isocalendar()[:2] == day.isocalendar()[:2] for d in before)
            of_month = sum((d.year, d.month) == (day.year, day.month) for d in before)
            p.mark(visit, "R099" if of_day > 1 or of_week > 3 or of_month > 14 else "")


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1 H2 H3 H4")
    for plant in (
        dialysis,
        padded,
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


def test_too_many_sessions_are_told_with_their_limits(hits):
    told = hits[hits.rule_id == "R099"].vola_cont
    assert told.str.endswith("(每日、每周、每月上限1、3、14次)").all() and len(told)


def test_an_extra_dialyser_or_session_costs_itself(hits):
    assert sorted(hits[hits.rule_id == "R100"].vola_amt) == [105.0, 280.0, 280.0]


def test_a_session_that_breaks_two_rules_is_one_line(hits):
    """So that its money counts once (`features.rules.visit_findings`)."""
    twice = hits[hits.mdtrt_id.isin(hits.mdtrt_id[hits.rule_id == "R101"])]
    assert sorted(twice.rule_id) == ["R099", "R101"] and twice.bkkp_sn.notna().all()
    assert twice.bkkp_sn.nunique() == 1 and hits[hits.rule_id == "R100"].bkkp_sn.notna().all()


def test_the_sentence_tells_the_whole_week(hits, town):
    no_sign_in = hits.mdtrt_id[hits.rule_id == "R101"].item()
    told = hits[(hits.mdtrt_id == no_sign_in) & (hits.rule_id == "R099")].vola_cont.item()
    assert told.startswith("当日透析1次,本周共4次,本月共4次")
