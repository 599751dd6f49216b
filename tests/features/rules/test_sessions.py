"""Rules about sessions that need presence: what must fire, and what comes close to it and must not."""

import random
from collections import defaultdict
from datetime import date, timedelta

import pandas as pd
import pytest

from tests.tiny import World, findings

RULES = ["R095", "R098", "R099", "R100", "R101", "R102", "R103", "R104"]
SESSION, DIALYSER = ("dialysis", 1, 400.0), ("dialyser", 1, 150.0)


@pytest.fixture(scope="module")
def town() -> tuple[World, dict[str, set]]:
    world, guilty = World(), defaultdict(set)
    for code in ("H1", "H2", "H3", "H4", "H5", "H6"):
        world.hospital(code)
    world.rows["hilist_b"] = [
        row | ({"serv_mins": 30} if row["hilist_code"] == "treat" else {}) for row in world.rows["hilist_b"]
    ]
    care(world, guilty)
    dialysis(world, guilty)
    presence(world, guilty)
    blood(world, guilty)
    guilty["by chance"] = by_chance(world)
    return world, guilty


def care(world: World, guilty: dict[str, set]) -> None:
    served = {"trt_begndate": "2024-01-01", "fund_payamt": 58.5}
    world.person("old")
    guilty["R095"] |= {world.stay("old", "H1", "2024-03-01", 5)}
    world.stay("old", "H1", "2024-05-01", 5, dscg_maindiag_code="J18.900")
    for day in ("03-03", "03-04", "05-01", "05-06"):  # the last two: admission and discharge
        world.add("ltci_trt_d", psn_no="old", serv_begntime=f"2024-{day} 10:00", **served)
    for name, level in [("still", "4"), ("better", "3")]:
        world.person(name)
        period = {"trt_begndate": "2024-01-01", "trt_enddate": "2024-03-15", "dsabasmt_lv": level}
        world.add("ltci_trt_d", psn_no=name, **period)
        for day in ("01-30", "01-31", "02-01", "02-02", "02-03", "03-01", "03-02", "03-16"):
            visit = world.visit(name, "H1", f"2024-{day} 09:00")
            if (name, day) == ("still", "02-03"):
                guilty["R098"] |= {visit}


def dialysis(world: World, guilty: dict[str, set]) -> None:
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


def presence(world: World, guilty: dict[str, set]) -> None:
    """At H4 people sign in; at H5 nobody does."""
    lines = {"1": SESSION, "2": ("scan", 1, 300.0), "3": ("treat", 1, 50.0)}
    rules = {"1": "R101", "2": "R103", "3": "R104"}
    for service, line in lines.items():
        rule = rules[service]

        def sign(who: str, when: str, where: str = "H4", service: str = service) -> None:
            number = len(world.rows["psn_sign_d"])
            row = {"psn_no": who, "fixmedins_code": where, "serv_type": service, "sign_in_time": when}
            world.add("psn_sign_d", sign_sn=f"{number}", **row)

        def visit(who: str, when: str, where: str = "H4", line: tuple = line, **more) -> str:
            if who not in {row["psn_no"] for row in world.rows["psn_info_b"]}:
                world.person(who)
            return world.visit(
                who, where, when, lines=[line, DIALYSER] if line == SESSION else [line], **more
            )

        who = f"s{service}"
        visit(who, "2024-05-31 08:00")  # before the register began
        visit(who, "2024-06-03 08:00")
        sign(who, "2024-06-03 07:50")
        guilty[rule] |= {visit(who, "2024-06-05 08:00")}
        visit(who, "2024-06-06 08:00", where="H5")
        sign("somebody", "2024-06-05 07:50")
        refunded = visit(who, "2024-06-12 08:00")
        world.settle(refunded, "2024-06-12 09:00", -world.rows["setl_d"][-1]["medfee_sumamt"])
        for n in range(5):  # the device failed that day
            visit(f"{who}-{n}", "2024-06-20 08:00")
    # Thirty minutes each: sixteen fill a day, the seventeenth does not fit.
    for day, count in [("07-01", 16), ("07-02", 17)]:
        for n in range(count):
            name = f"r{day}{n:02}"
            world.person(name)
            when = f"2024-{day} 08:00"
            visit = world.visit(name, "H6", when, lines=[("treat", 1, 50.0)], chfpdr_code="D1")
        if count == 17:
            guilty["R104"] |= {visit}
    # H5 reports its scans since July.
    world.add("exam_rpt_d", rpt_no="first", psn_no="somebody", fixmedins_code="H5", rpt_time="2024-07-01")
    for name, written in [("seen", "2024-08-03"), ("late", "2024-08-20"), ("never", None)]:
        world.person(name)
        scan = world.visit(name, "H5", "2024-08-01 09:00", lines=[("scan", 1, 300.0)])
        if written:
            world.add("exam_rpt_d", rpt_no=name, psn_no=name, fixmedins_code="H5", rpt_time=written)
        if name != "seen":
            guilty["R103"] |= {scan}
    world.person("soon")
    world.visit("soon", "H5", "2024-12-30 09:00", lines=[("scan", 1, 300.0)])  # its report is not yet due


def blood(world: World, guilty: dict[str, set]) -> None:
    world.add("hilist_b", hilist_code="epo", hilist_name="促红素", med_chrgitm_type="09")
    world.add("hilist_rela_b", rela_type="4", hilist_code="epo", rela_hilist_code="lab")
    for name, tested in [
        ("recent", "2024-08-02"),
        ("stale", "2024-08-01"),
        ("after", "2024-09-02"),
        ("never", None),
    ]:
        if name != "never":
            world.person(name)
        if tested:
            world.visit(name, "H1", f"{tested} 09:00", lines=[("lab", 1, 20.0)])
        drug = world.visit(name, "H1", "2024-09-01 09:00", lines=[("epo", 1, 80.0)])
        if name != "recent":
            guilty["R102"] |= {drug}


@pytest.fixture(scope="module")
def hits(town, tmp_path_factory) -> pd.DataFrame:
    return findings(town[0], tmp_path_factory.mktemp("sessions"), RULES)


@pytest.mark.parametrize("rule", RULES)
def test_fires_on_what_was_planted_and_on_nothing_else(town, hits, rule):
    assert rule in hits.attrs["run"]
    assert town[1][rule]
    found = hits[(hits.rule_id == rule) & ~hits.psn_no.str.startswith("q")]
    assert set(found.mdtrt_id) == town[1][rule]


def test_care_costs_what_its_own_fund_paid(hits):
    assert hits.set_index("rule_id").vola_amt["R095"] == 117.0


def test_an_extra_dialyser_or_session_costs_itself(hits):
    assert sorted(hits[hits.rule_id == "R100"].vola_amt) == [105.0, 280.0]


def by_chance(world: World) -> dict[int, list]:
    """Dialysis of four people q0 to q3 on any day at H3, now and then twice: person → day and visit."""
    chance, done = random.Random(5), defaultdict(list)
    for person in range(4):
        world.person(f"q{person}")
        for n in range(60):
            if chance.random() < 0.5:
                day = date(2024, 2, 1) + timedelta(days=n)
                for _twice in range(chance.choice([1, 1, 1, 2])):
                    visit = world.visit(f"q{person}", "H3", f"{day} 08:00", lines=[SESSION])
                    done[person].append((day, visit))
    return done


def test_dialysis_agrees_with_the_obvious_loop(town, hits):
    expected = set()
    for sessions in town[1]["by chance"].values():
        for n, (day, visit) in enumerate(sessions):
            before = [d for d, _visit in sessions[: n + 1]]
            of_day = sum(d == day for d in before)
            of_week = sum(d.isocalendar()[:2] == day.isocalendar()[:2] for d in before)
            of_month = sum((d.year, d.month) == (day.year, day.month) for d in before)
            if of_day > 1 or of_week > 3 or of_month > 14:
                expected.add(visit)
    assert expected
    assert set(hits[(hits.rule_id == "R099") & hits.psn_no.str.startswith("q")].mdtrt_id) == expected
