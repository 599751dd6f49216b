"""The course of a stay: hand-made histories with the edges of each window, and loops over random ones."""

import math
from collections import defaultdict
from datetime import date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.visits.bill_lines import bill_content
from features.visits.inpatient import (
    converted_admissions,
    expected_readmissions,
    idle_days,
    outpatient_rate,
    outside_excess,
    outside_visits,
    readmitted_31d,
    referred_admissions,
    same_doctor_readmission,
    split_stay,
    stay_sequence,
)
from features.visits.stay_benchmarks import PRIOR_STAYS
from tests.features.visits.tables import lines, sessions, stay, values, visits

FIRST = "2024-05-01 09:00", "2024-05-06 10:00"
FLAGS = ("split", "readmitted_31d", "same_doctor_readmission")


def with_flags(*rows):
    base = visits(*rows)
    facts = base.join(stay_sequence(base), "mdtrt_id").mutate(course=base.dx3.isin(["Z51"]).fill_null(False))
    return facts.mutate(
        split=split_stay(facts),
        readmitted_31d=readmitted_31d(facts),
        same_doctor_readmission=same_doctor_readmission(facts),
    )


def flags(*rows):
    return values(with_flags(*rows), *FLAGS)


def again(hours: float, **more):
    """A stay, and another so many hours after its end."""
    begin = datetime(2024, 5, 6, 10) + timedelta(hours=hours)
    same = {"dx3": "I10", "dr_code": "D1"}
    return [stay(*FIRST, **same), stay(begin, begin + timedelta(days=3), **(same | more))]


DAY = 24


@pytest.mark.parametrize(
    "hours, expected",
    [
        (15 * DAY, (True, True, True)),
        (15 * DAY + 1, (False, True, False)),
        (31 * DAY, (False, True, False)),
        (31 * DAY + 1, (False, False, False)),
        (-DAY, (True, True, True)),
        (-DAY - 1, (False, False, False)),
    ],
)
def test_windows_of_a_readmission(hours, expected):
    found = flags(*again(hours))
    assert found == {"M01": (False, False, False), "M02": expected}


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"dx3": "J44"}, (False, True, True)),
        ({"dx3": None}, (True, True, True)),
        ({"dr_code": "D2"}, (True, True, False)),
        ({"dr_code": None}, (True, True, False)),
        ({"fixmedins_code": "H2"}, (False, False, False)),
        ({"psn_no": "bert"}, (False, False, False)),
        ({"dx3": "Z51"}, (False, False, False)),  # chemotherapy
    ],
)
def test_what_makes_a_readmission_suspicious(change, expected):
    assert flags(*again(5 * DAY, **change))["M02"] == expected


@pytest.mark.parametrize("hours, overlap", [(-DAY, False), (-DAY - 1, True), (DAY, False)])
def test_an_overlap_is_more_than_a_night(hours, overlap):
    found = values(stay_sequence(visits(*again(hours))), "overlap", "days_since_discharge")
    assert found == {"M01": (False, None), "M02": (overlap, pytest.approx(hours / DAY))}


def test_a_stay_that_has_not_ended_says_nothing_of_a_gap_and_other_visits_do_not_count():
    rows = [stay(FIRST[0], None), {"begntime": "2024-05-03 10:00"}, stay("2024-05-08 09:00", None)]
    assert values(stay_sequence(visits(*rows)), "days_since_discharge") == {"M01": None, "M03": None}


histories = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.integers(0, 20),
        st.sampled_from("ab"),
        st.sampled_from(["H1", "H2"]),
        st.sampled_from(["I10", "J44", "Z51", None]),
        st.sampled_from(["D1", "D2", None]),
    ),
    max_size=10,
)


@settings(max_examples=15, deadline=None)
@given(histories)
@example([(0, 5, "a", "H1", "I10", "D1"), (20, 1, "a", "H1", "I10", "D1"), (36, 1, "a", "H1", "I10", "D1")])
def test_readmissions_against_a_loop(history):
    rows, expected, last = [], {}, {}
    for day, los, who, where, dx, doctor in history:
        begin = datetime(2024, 5, 1, 9) + timedelta(days=day)
        row = stay(
            begin, begin + timedelta(days=los), psn_no=who, fixmedins_code=where, dx3=dx, dr_code=doctor
        )
        rows.append(row)
    named = [(f"M{n:02}", row) for n, row in enumerate(rows, 1)]
    for name, row in sorted(named, key=lambda pair: (pair[1]["begntime"], pair[0])):
        before = last.get(row["psn_no"])
        last[row["psn_no"]] = row
        expected[name] = (False, False, False)
        if not before or row["dx3"] == "Z51" or before["fixmedins_code"] != row["fixmedins_code"]:
            continue
        gap = (row["begntime"] - before["endtime"]).days
        disease = row["dx3"] in (None, before["dx3"])
        doctor = row["dr_code"] is not None and row["dr_code"] == before["dr_code"]
        expected[name] = (-1 <= gap <= 15 and disease, -1 <= gap <= 31, -1 <= gap <= 15 and doctor)
    if rows:
        assert flags(*rows) == expected


def test_expected_readmissions_leave_the_hospital_itself_out():
    """Ten stays in H2 of which five are readmissions, twenty in H3 of another disease without any."""
    rows = []
    for n in range(5):
        rows += [row | {"psn_no": f"p{n}", "fixmedins_code": "H2", "dx3": "J44"} for row in again(5 * DAY)]
    rows += [stay(*FIRST, psn_no=f"q{n}", fixmedins_code="H3", dx3="K29") for n in range(20)]
    rows += [stay(*FIRST, psn_no=f"r{n}", fixmedins_code="H1", dx3=dx) for n, dx in enumerate(("J44", "K29"))]
    found = values(expected_readmissions(with_flags(*rows)), "readmission_expected")
    overall = 5 / 30
    assert found["M31"] == pytest.approx((5 + PRIOR_STAYS * overall) / (10 + PRIOR_STAYS))
    assert found["M32"] == pytest.approx(PRIOR_STAYS * overall / (20 + PRIOR_STAYS))
    # H2 is compared with what the other hospitals do: two stays of its disease, none a readmission.
    assert found["M01"] == pytest.approx(PRIOR_STAYS * 0 / 22)


def test_of_a_city_with_one_hospital_no_readmissions_are_expected():
    found = expected_readmissions(with_flags(*again(5 * DAY)))
    assert values(found, "readmission_expected") == {"M01": None, "M02": None}
    assert values(found, "split_excess") == {"M01": None, "M02": None}


def test_split_stays_beyond_the_diseases_are_those_of_the_hospitals_other_patients():
    """Of ten patients H1 splits the stays of six, H2 of none but one; H3 has the disease without any."""
    rows = []
    for n in range(10):
        twice, once = again(5 * DAY), [stay(*FIRST)]
        for where, stays in (
            ("H1", twice if n < 6 else once),
            ("H2", once if n else twice),
            ("H3", once * 2),
        ):
            rows += [row | {"psn_no": f"{where}-{n}", "fixmedins_code": where, "dx3": "J44"} for row in stays]
    base = with_flags(*rows)
    found, who = values(expected_readmissions(base), "split_excess"), values(base, "psn_no")
    excess = {who[visit]: share for visit, share in found.items()}
    # Of the other patients of H1 five are split, of 11 stays in H2 one and of 20 in H3 none.
    elsewhere = (1 + PRIOR_STAYS * 1 / 31) / (31 + PRIOR_STAYS)
    assert excess["H1-0"] == pytest.approx(1 - (14 * elsewhere + 1) / (5 + 1))
    # The only one of his hospital who came back has nobody to share a habit with.
    assert excess["H2-0"] == 0
    assert excess["H1-9"] > excess["H1-0"] > 0.5 > excess["H3-0"]


bills = st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["01", "02", "05", "07", "09"])), max_size=10)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 6), bills)
def test_an_idle_day_has_nothing_but_bed_round_and_nursing(los, bill):
    base = visits(stay("2024-05-01 09:00", datetime(2024, 5, 1, 10) + timedelta(days=los)))
    content = bill_content(lines(*[{"charge": charge, "day": date(2024, 5, day)} for day, charge in bill]))
    expected = {}
    if bill:
        known = len({day for day, _charge in bill}) > 1 or los <= 1
        treated = {day for day, charge in bill if charge in ("05", "09")}
        expected = {"M01": max(los - len(treated), 0) if known else None}
    assert values(idle_days(base, content), "idle_days") == expected


@pytest.mark.parametrize("end, idle", [("2024-05-02 10:00", 1), ("2024-05-03 10:00", None)])
def test_one_date_on_the_bill_of_a_longer_stay_says_nothing(end, idle):
    content = bill_content(lines({"charge": "01"}))
    assert values(idle_days(visits(stay("2024-05-01 09:00", end)), content), "idle_days") == {"M01": idle}


def test_a_phantom_bed_stay_beside_a_treated_one():
    beds = [{"mdtrt_id": m, "hilist_code": "bed", "charge": "01", "day": date(2024, 5, n)}
            for m in ("M01", "M02") for n in range(1, 6)]  # fmt: skip
    treated = [{"mdtrt_id": "M02", "charge": "05", "day": date(2024, 5, n)} for n in range(1, 6)]
    base = visits(*[stay(*FIRST, psn_no=who) for who in ("anna", "bert")])
    found = values(idle_days(base, bill_content(lines(*beds, *treated))), "idle_days")
    assert found == {"M01": 5, "M02": 0}


@pytest.mark.parametrize(
    "visit, counted",
    [
        ({"begntime": "2024-05-02 08:00"}, True),
        ({"begntime": "2024-05-05 23:00"}, True),
        ({"begntime": "2024-05-01 20:00"}, False),  # the day of admission
        ({"begntime": "2024-05-06 08:00"}, False),  # the day of discharge
        ({"begntime": "2024-05-03 08:00", "fixmedins_code": "H1"}, False),
        ({"begntime": "2024-05-03 08:00", "psn_no": "bert"}, False),
        ({"begntime": "2024-05-03 08:00", "dx3": "Z49"}, False),  # dialysis elsewhere by arrangement
        ({"begntime": "2024-05-03 08:00", "kind": PHARMACY}, True),
    ],
)
def test_outside_visits_are_on_inner_days_at_other_places(visit, counted):
    base = visits(stay(*FIRST), {"fixmedins_code": "P9"} | visit)
    assert values(outside_visits(base, sessions()), "outside_visits") == ({"M01": 1} if counted else {})


def with_outside_visits(*rows):
    seen = outside_visits(visits(*rows), sessions())
    return with_flags(*rows).left_join(seen, "mdtrt_id").drop("mdtrt_id_right")


def test_outside_visits_in_excess_are_those_of_the_hospitals_other_patients():
    """Of ten inpatients of five nights H1 sees six elsewhere, H2 one and H3 none."""
    rows, errand = [], {"begntime": "2024-05-03 08:00", "fixmedins_code": "P9", "kind": PHARMACY}
    for where, seen in (("H1", 6), ("H2", 1), ("H3", 0)):
        for n in range(10):
            who = {"psn_no": f"{where}-{n}"}
            rows += [stay(*FIRST) | who | {"fixmedins_code": where}] + ([errand | who] if n < seen else [])
    base = with_outside_visits(*rows)
    found, who = values(outside_excess(base), "outside_excess"), values(base, "psn_no")
    excess = {who[visit]: share for visit, share in found.items()}
    assert len(excess) == 30
    # All stays have as many inner days, so what is expected is a share of stays: elsewhere one of twenty.
    assert excess["H1-0"] == pytest.approx(1 - (9 * 1 / 20 + 1) / (5 + 1))
    assert excess["H1-9"] == pytest.approx(1 - (9 * 1 / 20 + 1) / (6 + 1))
    # The only one who went out has nobody to share a habit with; his neighbours do, a little.
    assert excess["H2-0"] == excess["H3-0"] == 0 and excess["H2-1"] == pytest.approx(
        max(0.0, 1 - (9 * 6 / 20 + 1) / (1 + 1))
    )


def test_longer_stays_explain_more_outside_visits_and_courses_none():
    """H1's stays have ten inner days, H2's one: the same share of them is an excess of H2's alone."""
    rows = []
    for where, nights in (("H1", 11), ("H2", 2)):
        for n in range(12):
            who, begin = {"psn_no": f"{where}-{n}", "fixmedins_code": where}, datetime(2024, 5, 1, 9)
            rows.append(stay("2024-05-01 09:00", begin + timedelta(days=nights)) | who)
            if n < 8:
                rows.append({"begntime": "2024-05-02 08:00", "fixmedins_code": "P9", "kind": PHARMACY,
                             "psn_no": who["psn_no"]})  # fmt: skip
    base = with_outside_visits(*rows)
    found, who = values(outside_excess(base), "outside_excess"), values(base, "psn_no")
    excess = {who[visit]: share for visit, share in found.items()}
    assert excess["H2-0"] > 0.5 > excess["H1-0"] == 0
    course = with_outside_visits(*(row | {"dx3": "Z51"} for row in rows))
    assert values(outside_excess(course), "outside_excess") == {}


@pytest.mark.parametrize("billed, counted", [((), True), (("M02",), False)])
def test_dialysis_on_the_bill_is_given_elsewhere_by_arrangement(billed, counted):
    base = visits(stay(*FIRST), {"begntime": "2024-05-03 08:00", "fixmedins_code": "H9", "dx3": "N18"})
    found = values(outside_visits(base, sessions(*billed)), "outside_visits")
    assert found == ({"M01": 1} if counted else {})


@pytest.mark.parametrize(
    "hours, where, sent",
    [(0, "H2", "H2"), (72, "H2", "H2"), (72.5, "H2", None), (-1, "H2", None), (24, "H1", None)],
)
def test_a_referral_is_an_admission_elsewhere_within_three_days(hours, where, sent):
    begin = datetime(2024, 5, 1, 10) + timedelta(hours=hours)
    base = visits({"begntime": "2024-05-01 10:00"}, stay(begin, None, fixmedins_code=where))
    assert values(referred_admissions(base), "referred_to") == ({} if sent is None else {"M01": sent})


@pytest.mark.parametrize("change", [{"dx3": "Z51"}, {"psn_no": "bert"}])
def test_courses_and_other_people_are_no_referrals(change):
    admitted = stay("2024-05-02 10:00", None, fixmedins_code="H2") | change
    base = visits({}, admitted, {"kind": PHARMACY, "begntime": "2024-05-02 08:00"})
    assert values(referred_admissions(base), "referred_to") == {}


def test_of_two_hospitals_a_referral_names_the_first_code():
    rows = [{}, *[stay("2024-05-02 10:00", None, fixmedins_code=code) for code in ("H3", "H2")]]
    found = referred_admissions(visits(*rows))
    assert values(found, "referred_to") == {"M01": "H2"} and set(values(found, "referred_stay")) == {"M01"}


@pytest.mark.parametrize(
    "when, more, converted",
    [
        ("2024-05-01 08:00", {}, True),
        ("2024-04-30 23:59", {}, True),
        ("2024-04-29 23:59", {}, False),
        ("2024-05-02 08:00", {}, False),
        ("2024-05-01 08:00", {"fixmedins_code": "H2"}, False),
        ("2024-05-01 08:00", {"psn_no": "bert"}, False),
        ("2024-05-01 08:00", {"kind": PHARMACY}, False),
    ],
)
def test_an_outpatient_visit_turned_into_a_stay(when, more, converted):
    base = visits(stay(*FIRST), {"begntime": when} | more)
    assert values(converted_admissions(base), "converted") == ({"M01": True} if converted else {})


@pytest.mark.parametrize("outpatients, rate", [(7, 7 / 8), (6, None)])
def test_the_outpatient_rate_of_a_disease_is_known_from_eight_visits(outpatients, rate):
    rows = [stay(*FIRST, dx3="J06"), *[{"dx3": "J06"}] * outpatients]
    rows += [{"dx3": "J06", "kind": PHARMACY}] * 9 + [{"dx3": None}] * 9
    assert values(outpatient_rate(visits(*rows)), "outpatient_rate") == (
        {} if rate is None else {"M01": rate}
    )


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["J06", "I10", None]), st.sampled_from([STAY, OUTPATIENT])), max_size=30
    )
)
def test_outpatient_rates_against_a_loop(rows):
    counts = defaultdict(list)
    for dx, kind in rows:
        counts[dx].append(kind == OUTPATIENT)
    expected = {
        f"M{n:02}": pytest.approx(math.fsum(counts[dx]) / len(counts[dx]))
        for n, (dx, kind) in enumerate(rows, 1)
        if kind == STAY and dx and len(counts[dx]) >= 8
    }
    if rows:
        found = outpatient_rate(visits(*[{"dx3": dx, "kind": kind} for dx, kind in rows]))
        assert values(found, "outpatient_rate") == expected


@pytest.mark.parametrize("hours", [0, 8, -8])
@pytest.mark.parametrize("days, gap, split", [(25, 0, False), (25, 1, False), (24, 0, True), (25, 2, True)])
def test_a_long_stay_settled_by_the_month_is_not_split(days, gap, split, hours):
    first = datetime(2024, 3, 1, 10)
    out = first + timedelta(days=days)
    # The day after is the day after, at whatever hour.
    again = out + timedelta(days=gap, hours=hours)
    base = visits(
        *[stay(str(begin), str(begin + timedelta(days=days)), dx3="F20") for begin in (first, again)]
    )
    facts = base.join(stay_sequence(base), "mdtrt_id")
    found = facts.mutate(split=split_stay(facts), again=readmitted_31d(facts))
    assert values(found, "split", "again", "interim")["M02"] == (split, split, not split)
