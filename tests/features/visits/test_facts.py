"""The facts put together: one row a visit whatever is missing, and what needs several themes at once."""

from datetime import date
from functools import partial

import pytest

from features.visits import bill_lines
from features.visits import facts as assembly
from features.visits.facts import (
    GRAPH_AND_RULE_COLUMNS,
    LINES,
    NEIGHBOUR_OUTCOME_COLUMNS,
    visit_facts,
    with_counts,
    with_findings,
)
from tests.features.visits.tables import lines, table, values
from tests.tiny import World

AS_OF = date(2025, 1, 1)
# Facts of optional tables, null where the bureau does not deliver them.
OF_REGISTERS = (
    "days_since_death", "seen_after_death", "repeat_codes", "boxes", "uncoded", "no_sign_in", "rx_overused",
    "sale_before_rx", "undeclared_accident", "long_term_care_days",
)  # fmt: skip


def small_city() -> tuple[World, dict[str, str]]:
    world = World()
    world.hospital("H1")
    for code in ("P1", "P2"):
        world.pharmacy(code, prnt_medins_code="C")
    for who in ("anna", "bert"):
        world.person(who)
    ids = {
        "stay": world.stay("anna", "H1", "2024-05-01", 5, lines=[("bed", 5, 50.0), ("treat", 1, 500.0)]),
        "again": world.stay("anna", "H1", "2024-05-10", 5, lines=[("bed", 5, 50.0)]),
        "course": world.stay("bert", "H1", "2024-05-01", 2, dscg_maindiag_code="Z51.1"),
        "next": world.stay("bert", "H1", "2024-05-05", 2, dscg_maindiag_code="Z51.1"),
        "dialysis": world.visit("bert", "H1", "2024-06-01 09:00", lines=[("dialysis", 1, 400.0)]),
        "bought": world.purchase("anna", "P1", "2024-07-01 10:00:00", lines=[("pill", 1, 20.0)]),
        "burst": world.purchase("bert", "P1", "2024-07-01 10:00:30", lines=[("pill", 1, 20.0)]),
        "branch": world.purchase("bert", "P2", "2024-08-01 10:00:30", lines=[("pill", 1, 20.0)]),
        "bare": world.visit("anna", "H1", "2024-09-01"),
    }
    return world, ids


@pytest.fixture(scope="module")
def facts(claims_of):
    world, ids = small_city()
    return visit_facts(claims_of(world, AS_OF)), ids


def by_name(facts, column: str) -> dict:
    found, ids = facts
    rows = values(found, column)
    return {name: rows[visit] for name, visit in ids.items()}


def test_every_visit_has_one_row_and_no_column_stands_twice(facts):
    found, ids = facts
    assert set(values(found, "mdtrt_id")) == set(ids.values())
    assert not [name for name in found.columns if name.endswith("_right")]


def test_a_course_is_told_by_diagnosis_or_service(facts):
    course = by_name(facts, "course")
    assert {name for name, value in course.items() if value} == {"course", "next", "dialysis"}
    assert None not in course.values()


def test_readmissions_outside_courses(facts):
    split = by_name(facts, "split")
    assert split["again"] is True and split["next"] is False and split["bought"] is None
    assert by_name(facts, "readmitted_31d")["again"] is True
    # Only one hospital: nothing is known of others.
    assert by_name(facts, "readmission_expected")["again"] is None


def test_a_chain_is_told_of_its_other_branches(facts):
    odd = by_name(facts, "chain_anomalies")
    assert (odd["bought"], odd["burst"], odd["branch"], odd["stay"]) == (0.0, 0.0, 0.5, None)


def test_the_idle_stay_of_a_split_pair(facts):
    assert (by_name(facts, "bed_care_amount")["again"], by_name(facts, "treat_amount")["stay"]) == (
        250.0,
        500.0,
    )
    content = by_name(facts, "service_intensity_ratio")
    assert content["again"] < content["stay"]


@pytest.mark.parametrize("column", OF_REGISTERS)
def test_what_nobody_delivers_is_unknown_and_not_zero(facts, column):
    assert set(by_name(facts, column).values()) == {None}


@pytest.mark.parametrize(
    "column", ["two_places", "burst", "card_gap", "night", "dr_two_sites", "same_predecessor_days"]
)
def test_of_a_bare_date_nothing_is_known_within_the_day(facts, column):
    assert by_name(facts, column)["bare"] is None


def test_columns_of_graphs_and_rules_start_from_nothing(facts):
    found, _ids = facts
    assert {set(values(found, column).values()) == {0.0} for column in GRAPH_AND_RULE_COLUMNS} == {True}
    assert (
        set(NEIGHBOUR_OUTCOME_COLUMNS) < set(GRAPH_AND_RULE_COLUMNS) and len(NEIGHBOUR_OUTCOME_COLUMNS) == 9
    )


@pytest.mark.parametrize("fill", [partial(with_counts, name="facts_counted"), with_findings])
def test_counts_are_filled_in_and_visits_without_any_get_none(facts, fill):
    found, ids = facts
    counts = table({"mdtrt_id": "string", "findings": "int64"}, [{"mdtrt_id": ids["stay"], "findings": 3}])
    counted = fill(found.get_backend(), found, counts)
    rows = values(counted, "findings")
    assert rows.pop(ids["stay"]) == 3.0 and set(rows.values()) == {0.0}
    assert set(counted.columns) == set(found.columns)
    assert set(values(counted, "clear_findings").values()) == {0.0}


def test_the_content_of_bills_is_worked_out_once(claims_of, monkeypatch):
    world, _ids = small_city()
    calls = []
    monkeypatch.setattr(
        assembly, "bill_content", lambda days: calls.append(days) or bill_lines.bill_content(days)
    )
    found = visit_facts(claims_of(world, AS_OF))
    assert len(calls) == 1 and "medical_amount" not in found.columns


@pytest.mark.parametrize(
    "fact, items",
    [
        ("drug_amount", {"pill", "plaster"}),
        ("supply_days", {"pill"}),
        ("oversupply_amount", {"pill"}),
        ("exam_amount", {"scan"}),
        ("costliest_exam", {"scan"}),
        ("large_exams", {"scan"}),
        ("material_amount", {"stent"}),
        ("operated", {"incision"}),
        ("bed_care_amount", {"bed"}),
        ("over_ceiling", {"stent"}),
        ("dialysis", {"session"}),
        ("no_sign_in", {"session"}),
    ],
)
def test_the_lines_that_a_fact_is_taken_from(fact, items):
    bill = lines(
        {"hilist_code": "pill", "charge": "09", "days_per_unit": 10.0, "pric": 5.0, "ceiling": 5.0},
        {"hilist_code": "plaster", "charge": "10"},
        {"hilist_code": "scan", "charge": "03", "serv_type": "2"},
        {"hilist_code": "session", "charge": "05", "serv_type": "1"},
        {"hilist_code": "bed", "charge": "01"},
        {"hilist_code": "incision", "charge": "06"},
        {"hilist_code": "stent", "charge": "08", "pric": 6.0, "ceiling": 5.0},
    )
    found = bill.filter(LINES[fact](bill)).to_pyarrow().to_pylist()
    assert {row["hilist_code"] for row in found} == items


def test_facts_of_the_same_lines_share_their_key():
    assert {"days_on_hand", "n_drugs", "weekly_dialysis_sessions", "dialysis_days"} < set(LINES)
    assert LINES["n_drugs"] is LINES["supply_days"] and LINES["dialysis_days"] is LINES["dialysis"]
