"""Shares of bills beyond others' habits, and both ends of flows of prescriptions, patients and boxes."""

import pytest

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.comparison.case_mix import PRIOR_COMPARABLE_VISITS
from features.comparison.item_excess import CLASSES
from features.measures.billing_and_flows import EXCESS_COLUMNS
from features.measures.catalogue import measures_of
from features.visits.excess_items import UNUSUAL_DRUGS, excess_column
from tests.features.measures.tables import taken

BILL = {"billed": 100.0, "kind": OUTPATIENT}
PURCHASE = {"billed": 100.0, "kind": PHARMACY}
SUBJECTS = {"hospital": "place", "prescriber": "doctor"}
AMOUNTS = {
    "drug": "drug_amount", "exam": "exam_amount", "treatment": "treat_amount", "material": "material_amount",
}  # fmt: skip


@pytest.mark.parametrize(("subject", "biller"), SUBJECTS.items())
@pytest.mark.parametrize("item_class", CLASSES)
def test_money_beyond_others_habits_is_a_share_of_the_class_in_the_year(subject, biller, item_class):
    column, name = excess_column(biller, item_class), f"item_excess_{item_class}"
    bill = BILL | {AMOUNTS[item_class]: 100.0}
    rows = [bill | {column: 80.0}, bill | {column: None}, bill | {column: None}]
    assert taken(subject, name, *rows, bill | {column: 90.0, "days_ago": 366.0}) == pytest.approx(80 / 300)
    assert taken(subject, name, bill | {column: None}) == 0
    assert f"{name}_365d" == EXCESS_COLUMNS[item_class] and EXCESS_COLUMNS[item_class] in measures_of(subject)


def test_a_pharmacy_is_measured_by_what_it_sells():
    row = PURCHASE | {excess_column("place", "drug"): 25.0, "drug_amount": 50.0}
    assert taken("pharmacy", "item_excess_drug", row) == 0.5
    assert {column for column in EXCESS_COLUMNS.values() if column in measures_of("pharmacy")} == {
        EXCESS_COLUMNS["drug"]
    }


@pytest.mark.parametrize("subject", ["prescriber", "pharmacy"])
def test_a_paid_flow_of_prescriptions_is_dear_and_beyond_chance_at_both_ends(subject):
    def share(excess, flow, kind=PHARMACY):
        row = PURCHASE | {"kind": kind, UNUSUAL_DRUGS: excess, "prescription_flow": flow}
        honest = PURCHASE | {UNUSUAL_DRUGS: None, "prescription_flow": 0.0}
        return taken(subject, "steered_excess_share", row, honest)

    assert share(80.0, 0.9) == pytest.approx(0.9 * 80 / 200)
    # The practice beside the shop, and the specialist whose patients buy everywhere.
    assert share(None, 0.9) == 0 and share(80.0, 0.0) == 0


def test_what_a_doctor_gives_in_the_ward_is_no_prescription_at_a_pharmacy():
    row = {"billed": 100.0, UNUSUAL_DRUGS: 80.0, "prescription_flow": 0.9, "kind": STAY}
    assert taken("prescriber", "steered_excess_share", row) is None


@pytest.mark.parametrize("subject", ["hospital", "prescriber"])
def test_consumables_are_counted_by_stay_and_courses_are_left_out(subject):
    rows = [{"material_amount": 900.0}, {"material_amount": None}, {"material_amount": 300.0}]
    others = [{"material_amount": 5000.0, "course": True}, {"material_amount": 5000.0, "kind": OUTPATIENT}]
    assert taken(subject, "consumables_per_stay", *rows, *others) == 400


@pytest.mark.parametrize("subject", ["hospital", "prescriber"])
def test_consumables_beyond_the_same_operation_elsewhere_are_a_share_of_the_bills_of_operations(subject):
    padded = {"material_amount": 900.0, "usual_material": 400.0, "billed": 2000.0}
    honest = {"material_amount": 380.0, "usual_material": 400.0, "billed": 1000.0, "kind": OUTPATIENT}
    other = {"material_amount": 5000.0, "usual_material": None, "billed": 9000.0}
    earlier = padded | {"days_ago": 366.0}
    assert taken(subject, "operation_consumables_excess", padded, honest, other, earlier) == pytest.approx(
        480 / 3000 * 2 / (2 + PRIOR_COMPARABLE_VISITS)
    )
    assert taken(subject, "operations", padded, honest, other, earlier) == 2
    assert taken(subject, "operation_consumables_excess", honest) == pytest.approx(
        -0.02 / (1 + PRIOR_COMPARABLE_VISITS)
    )
    assert taken(subject, "operation_consumables_excess", other) is None


def test_the_hospital_that_patients_are_sent_to_is_the_other_end_of_a_referral():
    rows = [
        {"received_referral_excess": 0.8},
        {"received_referral_excess": 0.0},
        {"received_referral_excess": 0.0},
        {"received_referral_excess": 0.8, "days_ago": 366.0},
    ]
    assert taken("hospital", "incoming_referral_excess", *rows) == pytest.approx(0.8 / 3)
    assert (
        taken("hospital", "incoming_referral_excess", {"received_referral_excess": 0.8, "kind": OUTPATIENT})
        is None
    )


@pytest.mark.parametrize(
    ("name", "column"), [("resold_later_elsewhere", "resold"), ("sold_before_elsewhere", "sold_before")]
)
def test_boxes_that_came_back_are_counted_at_both_pharmacies_in_a_thousand(name, column):
    rows = [PURCHASE | {"boxes": 40.0, column: 1.0}, PURCHASE | {"boxes": 10.0, column: 0.0}]
    assert taken("pharmacy", name, *rows) == pytest.approx(20)
    assert taken("pharmacy", name, PURCHASE | {"boxes": None, column: 0.0}) is None


def test_boxes_of_a_patient_that_a_pharmacy_sold_again_are_counted():
    rows = [
        PURCHASE | {"resold": 2.0},
        PURCHASE | {"resold": 1.0},
        PURCHASE | {"resold": 5.0, "days_ago": 400.0},
    ]
    assert taken("patient", "resold_boxes", *rows) == 3


def test_three_examinations_that_few_have_for_the_disease_are_a_package():
    stays = [{"seldom_exams": seldom} for seldom in (3.0, 4.0, 2.0, None)]
    visits = [{"seldom_exams": seldom, "kind": OUTPATIENT} for seldom in (5.0, None)]
    assert taken("hospital", "seldom_exams_share", *stays, *visits) == 0.5
    # Of a doctor it is his outpatients; a course of treatment is examined by plan.
    assert taken("prescriber", "seldom_exams_share", *stays, *visits, visits[0] | {"course": True}) == 0.5
    assert taken("prescriber", "seldom_exams_share", *visits, visits[1]) == pytest.approx(1 / 3)
