"""Visits against other registers, hand-made: the guilty, and those who come as near as they may."""

from datetime import date, datetime, timedelta

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.visits.bill_lines import item_days
from features.visits.registers import (
    OUTAGE_VISITS,
    days_after_death,
    dialysis_weeks,
    impossible_diagnoses,
    long_term_care_days,
    sessions_without_sign_in,
    undeclared_accidents,
)
from features.visits.visit_base import visit_base
from tests.features.visits.tables import lines, values, visits
from tests.tiny import World

AS_OF = date(2025, 1, 1)
SESSION = [("dialysis", 1, 400.0)]


def test_the_earliest_record_of_a_death_counts(claims_of):
    world = World()
    for day in ("2024-05-03", "2024-05-01 18:00"):
        world.add("psn_die_regn_d", psn_no="anna", die_date=day)
    ids = [world.visit("anna", "H1", f"2024-05-0{day} 09:00") for day in (1, 2, 4)]
    ids.append(world.visit("anna", "H1", "2024-04-30 09:00"))
    world.visit("bert", "H1", "2024-05-09 09:00")
    claims = claims_of(world, AS_OF)
    found = values(days_after_death(claims, visit_base(claims)), "days_since_death")
    assert [found[visit] for visit in ids] == [0, 1, 3, 0] and len(found) == 4


def test_whom_a_doctor_sees_after_the_death_is_alive(claims_of):
    world = World()
    for who in ("anna", "bert"):
        world.add("psn_die_regn_d", psn_no=who, die_date="2024-05-01")
    seen = [world.visit("anna", "H1", f"2024-05-{day} 09:00") for day in ("02", "10")]
    between = world.purchase("anna", "P1", "2024-05-05 09:00")
    later = world.purchase("anna", "P1", "2024-05-11 09:00")
    # The bill of the last day is settled on the next one; of whom no doctor sees, nothing else is known.
    fatal = world.visit("bert", "H1", "2024-05-02 09:00")
    family = world.purchase("bert", "P1", "2024-05-09 09:00")
    claims = claims_of(world, AS_OF)
    found = values(days_after_death(claims, visit_base(claims)), "seen_after_death")
    assert found == {
        seen[0]: False, seen[1]: True, between: True, later: False, fatal: False, family: False
    }  # fmt: skip


def test_medicine_of_a_registered_disease_shows_nobody_alive(claims_of):
    """The family goes on fetching it from the doctor for months; a consultation is the patient's own, and the
    register may have a date a month too early."""
    world, bought, last = World(), {}, {}
    for who in ("family", "alive", "early"):
        world.add("psn_die_regn_d", psn_no=who, die_date="2024-05-01")
        bought[who] = world.purchase(who, "P1", "2024-05-05 09:00")
    last["family"] = world.visit("family", "H1", "2024-06-02 09:00", med_type="14")
    last["alive"] = world.visit("alive", "H1", "2024-06-02 09:00")
    last["early"] = world.visit("early", "H1", "2024-06-01 09:00", med_type="14")
    claims = claims_of(world, AS_OF)
    found = values(days_after_death(claims, visit_base(claims)), "seen_after_death")
    for who, seen in {"family": False, "alive": True, "early": True}.items():
        assert found[bought[who]] == found[last[who]] == seen


def test_sessions_without_a_sign_in_that_day(claims_of):
    world = World()
    first, second = "2024-05-06 09:00", "2024-05-08 09:00"
    signed = world.visit("anna", "H1", first, lines=SESSION)
    no_sign_in = world.visit("anna", "H1", second, lines=[("dialysis", 2, 400.0)])
    elsewhere = world.visit("anna", "H2", first, lines=SESSION)
    other = world.visit("bert", "H1", first, lines=[("lab", 1, 30.0)])
    refunded = world.visit("bert", "H1", second, lines=[("dialysis", -1, 400.0), ("lab", 50, 30.0)])
    sign = {"psn_no": "anna", "fixmedins_code": "H1"}
    # Twice on the day, and for an examination on the other.
    world.add("psn_sign_d", sign_sn="1", serv_type="1", sign_in_time=first, **sign)
    world.add("psn_sign_d", sign_sn="2", serv_type="1", sign_in_time="2024-05-06 18:00", **sign)
    world.add("psn_sign_d", sign_sn="3", serv_type="2", sign_in_time=second, **sign)
    claims = claims_of(world, AS_OF)
    found = values(sessions_without_sign_in(claims, visit_base(claims), item_days(claims)), "no_sign_in")
    # Where nobody signs in (H2), nothing is known.
    assert found == {signed: 0, no_sign_in: 2}
    assert not {elsewhere, other, refunded} & set(found)


def test_rehabilitation_without_a_sign_in_unless_the_device_failed(claims_of):
    world = World()
    worked, failed = "2024-05-06 09:00", "2024-05-08 09:00"
    session = [("treat", 3, 60.0)]
    signed, no_sign_in = (world.visit(who, "H1", worked, lines=session) for who in ("anna", "bert"))
    sign = {"psn_no": "anna", "fixmedins_code": "H1", "sign_in_time": worked}
    world.add("psn_sign_d", sign_sn="1", serv_type="3", **sign)
    outage = [world.visit("anna", "H1", failed, lines=session) for _n in range(OUTAGE_VISITS)]
    few = world.visit("bert", "H1", "2024-05-09 09:00", lines=session)
    claims = claims_of(world, AS_OF)
    found = values(
        sessions_without_sign_in(claims, visit_base(claims), item_days(claims)), "no_sign_in_rehab"
    )
    assert found == {signed: 0, no_sign_in: 3, few: 3}
    assert not set(outage) & set(found)


def test_sessions_that_never_took_place_are_those_of_a_few(claims_of):
    """Six patients forget their card now and then, one of them more often; half of one's are invented."""
    world, gaps = World(), {f"p{n}": 2 for n in range(5)} | {"careless": 5, "invented": 12}
    for shift, (who, missing) in enumerate(gaps.items()):
        for session in range(24):
            when = f"2024-{1 + session // 2:02}-{1 + session % 2:02} 09:00"
            world.visit(who, "H1", when, lines=SESSION)
            if (session + 5 * shift) % 24 >= missing:
                sign = {"psn_no": who, "fixmedins_code": "H1", "sign_in_time": when}
                world.add("psn_sign_d", sign_sn=f"{who}/{session}", serv_type="1", **sign)
    claims = claims_of(world, AS_OF)
    facts = sessions_without_sign_in(claims, visit_base(claims), item_days(claims))
    found = facts.inner_join(visit_base(claims).select("mdtrt_id", "psn_no"), "mdtrt_id")
    sums = found.group_by("psn_no").aggregate(beyond=found.no_sign_in_excess.sum()).to_pandas()
    # Of 24 sessions the others' rate (15 gaps in 144, shrunk toward 27 in 168) leads one to expect 2.6, and
    # chance reaches 5.2 more.
    assert {who: round(n, 1) for who, n in zip(sums.psn_no, sums.beyond, strict=True) if n > 0} == {
        "invented": 4.2
    }


@pytest.mark.parametrize(
    "disease, sex, impossible",
    [("N40", "2", True), ("N40", "1", False), ("O80", "1", True), ("N76", "2", False), ("C61", "2", True),
     ("N39", "1", False), ("N39", "2", False), ("D25", "1", True), ("N40", None, False), (None, "1", False)],
)  # fmt: skip
def test_a_disease_that_the_card_holder_cannot_have(disease, sex, impossible):
    base = visits({"dx3": disease}).mutate(gend=ibis.literal(sex, "string"))
    assert values(impossible_diagnoses(base), "impossible") == ({"M01": 1} if impossible else {})


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 20), st.integers(0, 2)), min_size=1, max_size=12)
)
def test_the_weeks_of_dialysis_against_loops(rows):
    base = [
        {"psn_no": who, "begntime": datetime(2024, 5, 6, 9) + timedelta(days=day)}
        for who, day, _count in rows
    ]
    bill = [
        {"mdtrt_id": f"M{n:02}", "serv_type": "1", "cnt": float(count)}
        for n, (_who, _day, count) in enumerate(rows, 1)
        if count
    ]
    # An examination is no session.
    found = dialysis_weeks(visits(*base), lines(*bill, {"serv_type": "2", "hilist_code": "scan"}))
    expected = {}
    for n, (who, day, count) in enumerate(rows, 1):
        mine = [(d, c) for w, d, c in rows if w == who and c]
        if count:
            weeks = {d // 7 for d, _c in mine}
            same_day = {d // 7 for d, _c in mine if d % 7 == day % 7}
            week = sum(c for d, c in mine if d // 7 == day // 7)
            expected[f"M{n:02}"] = week, pytest.approx(len(same_day) / len(weeks))
    assert values(found, "weekly_dialysis_sessions", "usual_weekday_share") == expected


def test_the_thursday_of_a_monday_patient():
    monday = datetime(2024, 3, 4, 8)
    days = [timedelta(weeks=week, days=day) for week in range(10) for day in (0, 2, 4)] + [
        timedelta(weeks=5, days=3)
    ]
    base = visits(*[{"begntime": monday + gap} for gap in days])
    bill = lines(*[{"mdtrt_id": f"M{n:02}", "serv_type": "1"} for n in range(1, len(days) + 1)])
    found = values(dialysis_weeks(base, bill), "weekly_dialysis_sessions", "usual_weekday_share")
    assert found.pop("M31") == (4, 0.1)
    assert {share for _n, share in found.values()} == {1.0} and sorted({n for n, _s in found.values()}) == [
        3,
        4,
    ]


@pytest.mark.parametrize(
    "acdt_type, ttp_flag, hidden",
    [
        ("1", "1", True), ("4", "1", True), ("1", "0", False), ("2", "0", False), ("4", "0", False),
        ("1", None, True), ("2", None, True), ("3", None, True), ("4", None, False),
    ],
)  # fmt: skip
def test_an_accident_that_was_nobody_elses_fault_hides_nothing(claims_of, acdt_type, ttp_flag, hidden):
    world = World()
    visit = world.stay("anna", "H1", "2024-05-01", 5, dscg_maindiag_code="S72.0")
    told = {"acdt_type": acdt_type, "ttp_flag": ttp_flag, "acdt_time": "2024-04-30 09:00"}
    world.add("acdt_rec_d", acdt_no="1", psn_no="anna", **told)
    claims = claims_of(world, AS_OF)
    found = values(undeclared_accidents(claims, visit_base(claims)), "undeclared_accident")
    assert found == ({visit: 1} if hidden else {})


@pytest.mark.parametrize(
    "accident, more, hidden",
    [
        ("2024-04-24 09:00", {}, True),  # seven days before
        ("2024-04-24 08:59", {}, False),
        ("2024-05-01 09:00", {}, True),
        ("2024-05-01 09:01", {}, False),  # after the admission
        ("2024-04-30 09:00", {"rel_ttp_flag": "1"}, False),
        ("2024-04-30 09:00", {"rel_ttp_flag": "0"}, True),
        ("2024-04-30 09:00", {"dscg_maindiag_code": "I10.x00"}, False),
        ("2024-04-30 09:00", {"dscg_maindiag_code": "Y95"}, True),
        ("2024-04-30 09:00", {"dscg_maindiag_code": None}, False),
        ("2024-04-30 09:00", {"med_type": "11"}, False),
    ],
)
def test_an_accident_in_the_week_before_a_stay_for_an_injury(claims_of, accident, more, hidden):
    world = World()
    visit = world.stay("anna", "H1", "2024-05-01", 5, **({"dscg_maindiag_code": "S72.0"} | more))
    world.stay("bert", "H1", "2024-05-01", 5, dscg_maindiag_code="S72.0")
    for number in ("1", "2"):
        world.add("acdt_rec_d", acdt_no=number, psn_no="anna", acdt_type="1", acdt_time=accident)
    claims = claims_of(world, AS_OF)
    assert values(undeclared_accidents(claims, visit_base(claims)), "undeclared_accident") == (
        {visit: 1} if hidden else {}
    )


@pytest.mark.parametrize(
    "who, when, counted",
    [
        ("anna", "2024-05-02 08:00", True),
        ("anna", "2024-05-05 23:00", True),
        ("anna", "2024-05-01 20:00", False),  # day of admission
        ("anna", "2024-05-06 08:00", False),  # day of discharge
        ("bert", "2024-05-03 08:00", False),
        ("anna", None, False),
    ],
)
def test_long_term_care_on_inner_days_of_a_stay(claims_of, who, when, counted):
    world = World()
    visit = world.stay("anna", "H1", "2024-05-01", 5)
    world.stay("anna", "H1", "2024-06-01", 1)
    for _twice in range(2):
        world.add("ltci_trt_d", psn_no=who, trt_begndate="2024-01-01", serv_begntime=when)
    claims = claims_of(world, AS_OF)
    assert values(long_term_care_days(claims, visit_base(claims)), "long_term_care_days") == (
        {visit: 1} if counted else {}
    )


def test_care_that_is_booked_for_later_has_not_been_given(claims_of):
    world = World()
    world.stay("anna", "H1", "2024-12-20", 30)
    world.rows["mdtrt_d"][-1]["endtime"] = "2024-12-30 10:00"
    world.rows["setl_d"][-1]["setl_time"] = "2024-12-30 10:00"
    for day in ("2024-12-25 10:00", "2025-01-01 00:00"):
        world.add("ltci_trt_d", psn_no="anna", trt_begndate="2024-01-01", serv_begntime=day)
    claims = claims_of(world, AS_OF)
    assert list(values(long_term_care_days(claims, visit_base(claims)), "long_term_care_days").values()) == [
        1
    ]
