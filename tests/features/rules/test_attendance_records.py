"""Sessions without a sign-in or a report: breaches and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R101", "R103", "R104"]


SESSION, DIALYSER = ("dialysis", 1, 400.0), ("dialyser", 1, 150.0)


def minutes(p: Planted) -> None:
    """How long a treatment takes."""
    for row in p.world.rows["hilist_b"]:
        row |= {"serv_mins": 30} if row["hilist_code"] == "treat" else {}


def presence(p: Planted) -> None:
    world, guilty = p.world, p.guilty
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


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1 H4 H5 H6")
    for plant in (
        minutes,
        presence,
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
