"""Each number in a measure, at its boundary: what just counts, and what just does not."""

from datetime import date, datetime

import pytest

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from tests.features.measures.tables import taken

BOUGHT, SEEN = {"kind": PHARMACY}, {"kind": OUTPATIENT}

# (kinds of subject, measure) → what all rows have, the column, a value that counts and one that does not.
FLAGGED = {
    ("prescriber pharmacy", "early_refill_share"): (BOUGHT, "days_on_hand", 30.1, 30),
    ("prescriber hospital", "overcharged_stay_share"): ({}, "charge_to_intensity_ratio", 1.5, 1.49),
    ("prescriber hospital", "village_batch_share"): ({}, "village_batch", 2, 1),
    ("prescriber hospital", "outside_share"): ({"los": 2}, "outside_visits", 1, 0),
    ("prescriber hospital", "non_surgical_zero_cash_share"): (
        {"poor": False, "operated": False},
        "cash_payamt",
        0,
        0.01,
    ),
    ("prescriber hospital", "double_dialysis_share"): ({"dialysis_days": 1}, "dialysis", 1.5, 1),
    ("prescriber hospital", "checkup_share"): (
        {"exam_amount": 80, "costliest_exam": 20, "los": 5},
        "billed",
        140,
        141,
    ),
    ("prescriber", "imaging_share"): (SEEN, "large_exams", 1, 0),
    ("hospital", "imaging_share"): ({}, "large_exams", 1, 0),
    ("prescriber", "weekend_share"): (SEEN, "begntime", datetime(2024, 6, 1), datetime(2024, 5, 31, 23, 59)),
    ("hospital", "weekend_share"): ({}, "begntime", datetime(2024, 6, 2, 23, 59), datetime(2024, 6, 3)),
    ("hospital", "over_80_share"): ({}, "age", 80, 79.9),
    ("hospital", "idle_stays_share"): ({}, "idle_days", 3, 2),
    ("hospital", "long_share"): ({}, "los", 30, 29),
    ("hospital", "short_share"): ({}, "los", 2, 3),
    ("hospital", "low_cost_share"): ({}, "cost_ratio", 0.49, 0.5),
    ("hospital", "high_cost_share"): ({}, "cost_ratio", 2.01, 2),
    ("hospital", "consumables_stays_share"): ({"billed": 100}, "material_amount", 50, 49.9),
    ("pharmacy", "same_predecessor_share"): (BOUGHT, "same_predecessor_days", 3, 2),
    ("pharmacy", "zero_cash_share"): (BOUGHT, "cash_payamt", 0, 0.01),
    ("patient prescriber pharmacy", "co_visit_share"): (BOUGHT, "co_visitors", 1, 0),
    ("hospital", "co_visit_share"): ({}, "co_visitors", 1, 0),
    ("prescriber hospital", "co_visit_consultation_share"): (SEEN, "co_visitors", 1, 0),
    ("prescriber pharmacy", "co_oversupplied_share"): (BOUGHT, "co_oversupplied", 1, 0),
    ("prescriber pharmacy", "clustered_fill_share"): (BOUGHT, "co_fillers", 1, 0),
    ("pharmacy", "rx_overused_share"): (BOUGHT, "rx_overused", 1, 0),
    ("patient prescriber pharmacy", "out_of_scope_share"): (BOUGHT, "out_of_scope", 1, 0),
    ("patient hospital group", "visits_with_findings_share"): ({}, "findings", 1, 0),
}


@pytest.mark.parametrize(
    "subject,name,common,column,inside,outside",
    [(who, name, *case) for (kinds, name), case in FLAGGED.items() for who in kinds.split()],
)
def test_a_share_counts_from_its_threshold_on(subject, name, common, column, inside, outside):
    guilty, innocent = common | {column: inside}, common | {column: outside}
    assert taken(subject, name, guilty, innocent, innocent, guilty | {"days_ago": 366.0}) == pytest.approx(
        1 / 3
    )
    assert taken(subject, name, innocent) == 0


def test_a_checkup_stay_is_short_as_well():
    common = {"exam_amount": 100, "billed": 100, "costliest_exam": 10}
    for subject in ("prescriber", "hospital"):
        assert taken(subject, "checkup_share", common | {"los": 5}, common | {"los": 6}) == 0.5
    assert taken("patient", "checkup_stays", common | {"los": 5}, common | {"los": 6}) == 1
    exams = {"los": 5, "billed": 110, "costliest_exam": 10}
    assert taken("patient", "checkup_stays", exams | {"exam_amount": 60}, exams | {"exam_amount": 59}) == 1
    assert taken("patient", "checkup_stays", exams | {"exam_amount": 60, "course": True}) == 0


@pytest.mark.parametrize("subject, name", [("hospital", "checkup_share"), ("patient", "checkup_stays")])
def test_one_dear_examination_makes_no_checkup(subject, name):
    """An angiography of 4,000 yuan beside 300 of laboratory, and twenty tests for as much together."""
    bill = {"exam_amount": 4300, "billed": 5000, "los": 3}
    assert taken(subject, name, bill | {"costliest_exam": 4000}) == 0
    assert taken(subject, name, bill | {"costliest_exam": 400}) == 1
    alone = {"exam_amount": 4000, "costliest_exam": 4000, "billed": 4000, "los": 1}
    assert taken(subject, name, alone) == 0


@pytest.mark.parametrize("subject", ["prescriber", "hospital"])
def test_whoever_is_operated_on_may_be_treated_for_nothing(subject):
    rows = [{"cash_payamt": cash, "poor": False, "operated": False} for cash in (0, 0, 50.0, 50.0)]
    assert taken(subject, "non_surgical_zero_cash_share", *rows) == 0.5
    camp = {"cash_payamt": 0, "poor": False, "operated": True}
    assert taken(subject, "non_surgical_zero_cash_share", *rows, camp, camp) == 0.5


def test_only_stays_long_enough_to_go_out_are_looked_at():
    for subject in ("prescriber", "hospital"):
        rows = [
            {"los": 2, "outside_visits": 1},
            {"los": 1, "outside_visits": 1},
            {"los": 9, "outside_visits": 0},
        ]
        assert taken(subject, "outside_share", *rows) == 0.5


@pytest.mark.parametrize("subject", ["patient", "prescriber", "pharmacy", "hospital"])
def test_the_dead_come_from_the_second_day_on(subject):
    rows = [{"days_since_death": days, "seen_after_death": False} for days in (None, 0, 1, 2, 40)]
    assert taken(subject, "uses_after_death" if subject == "patient" else "visits_after_death", *rows) == 2
    seen = [row | {"seen_after_death": True} for row in rows]
    # Who was seen by a doctor is held against those who saw him.
    assert taken(subject, "uses_after_death" if subject == "patient" else "visits_after_death", *seen) == (
        0 if subject == "patient" else 2
    )


def test_money_of_the_dead():
    paid = {"fund_pay_sumamt": 10.0, "acct_pay": 5.0, "seen_after_death": False}
    rows = [paid | {"days_since_death": days} for days in (None, 1, 2)]
    assert (
        taken("patient", "fund_after_death", *rows, paid | {"days_since_death": 3, "seen_after_death": True})
        == 10
    )
    assert taken("patient", "fund_after_death", *rows) == 10
    assert taken("pharmacy", "fund_and_account_after_death", *rows) == 15


def test_a_visit_of_the_dead_is_no_purchase_of_the_day_and_no_fatal_stay():
    for kind, days, expected in [
        (PHARMACY, 2, 2),
        (PHARMACY, 1, 0),
        (STAY, 0, 0),
        (STAY, 5, 5),
        (PHARMACY, None, 0),
    ]:
        assert (
            taken("visit", "days_since_death", {"kind": kind, "days_since_death": days}, {"kind": STAY})
            == expected
        )


@pytest.mark.parametrize(
    "subject,name,inside,outside",
    [
        ("prescriber", "template_share", 3, 2),
        ("hospital", "template_share", 3, 2),
        ("hospital", "frequent_inpatients_share", 3, 2),
        ("pharmacy", "frequent_customers_share", 24, 23),
        ("hospital", "one_time_share", 1, 2),
    ],
)
def test_counts_from_their_threshold_on(subject, name, inside, outside):
    found = taken(subject, name, {"n": inside}, {"n": outside})
    assert found == pytest.approx(inside / (inside + outside))


def test_wards_that_settle_by_the_month_admit_nobody_again_and_again():
    month, rest = {"los": 30.0, "interim": False}, {"los": 9.0, "interim": True}
    stay = {"los": 9.0, "interim": False}
    assert taken("hospital", "stays_per_person", month, rest, stay, stay | {"psn_no": "b"}) == 1
    assert taken("hospital", "stays_per_person", stay, stay, stay | {"psn_no": "b"}) == 1.5
    assert taken("hospital", "discharges", month, rest, stay, stay | {"los": 24.0}) == 2
    assert taken("hospital", "stays_per_person", month, rest) is None


def test_three_dialyses_a_week_are_usual():
    weeks = [{"n": 6, "persons": 2}, {"n": 9, "persons": 2}]
    assert (
        taken("prescriber", "weekly_dialysis_ratio", *weeks)
        == taken("hospital", "weekly_dialysis_ratio", *weeks)
        == 15 / 4 / 3
    )
    assert taken("patient", "busiest_dialysis_week", *weeks) == 9


def test_beds_are_filled_over_a_month_at_least():
    common = {"beds": 10}
    assert taken("hospital", "bed_occupancy_rate", common | {"los": 150, "days_ago": 30.0}) == 0.5
    assert taken("hospital", "bed_occupancy_rate", common | {"los": 150, "days_ago": 3.0}) == 0.5
    assert taken("hospital", "bed_occupancy_rate", common | {"los": 150, "days_ago": 60.0}) == 0.25
    assert taken("hospital", "bed_occupancy_rate", {"beds": 0, "los": 5}) is None


def test_supply_is_set_against_the_days_since_the_first_purchase():
    drug = {"kind": PHARMACY, "n_drugs": 1}
    assert taken("patient", "medication_possession_ratio", drug | {"supply_days": 30, "days_ago": 0.0}) == 1
    rows = [drug | {"supply_days": 60, "days_ago": 90.0}, drug | {"supply_days": 60, "n_drugs": 2}]
    assert taken("patient", "medication_possession_ratio", *rows) == 0.5
    assert taken("patient", "medication_possession_ratio", drug | {"supply_days": None}) == 0


def test_repeated_amounts_are_odd_from_five_on():
    rows = [
        {"round_amount": False, "same_amount": 5},
        {"round_amount": False, "same_amount": 4},
        {"round_amount": True, "same_amount": 0},
    ]
    assert taken("patient", "round_amounts", *[BOUGHT | row for row in rows]) == 2
    assert taken("patient", "round_amounts", *[SEEN | row for row in rows]) == 0


def test_december_and_boxes_in_a_thousand():
    months = [
        BOUGHT | {"fund_pay_sumamt": 10, "begntime": datetime(2024, month, 28)} for month in (1, 11, 12, 12)
    ]
    assert taken("pharmacy", "december_share", *months) == 0.5
    assert (
        taken(
            "pharmacy",
            "repeat_codes_per_1000",
            {"repeat_codes": 1, "boxes": 150},
            {"repeat_codes": 0, "boxes": 50},
        )
        == 5
    )


def test_short_stays_for_examinations():
    exams = {"exam_amount": 60, "costliest_exam": 10, "billed": 110, "los": 5}
    assert taken("visit", "checkup_stay", exams) == 1
    for differing in ({"exam_amount": 59}, {"costliest_exam": 11}, {"los": 6}, {"course": True}):
        assert taken("visit", "checkup_stay", exams | differing) == 0
    assert taken("visit", "checkup_stay", exams | SEEN) is None


def test_a_seldom_disease_makes_a_return_odd():
    back = {"readmitted_31d": True, "readmission_expected": 0.1}
    assert taken("visit", "unexpected_readmission", back) == pytest.approx(0.9)
    assert taken("visit", "unexpected_readmission", back | {"readmitted_31d": False}) == 0
    assert taken("patient", "excess_readmissions", back, back | {"readmitted_31d": False}) == pytest.approx(
        0.8
    )


def test_days_of_a_person_and_of_a_place():
    first, second = date(2024, 5, 1), date(2024, 5, 2)
    rows = [
        BOUGHT | {"day": first},
        BOUGHT | {"day": first},
        BOUGHT | {"day": second},
        SEEN | {"day": second},
    ]
    assert taken("patient", "purchase_days", *rows) == 2
    assert taken("pharmacy", "visits_per_day", *rows[:3]) == 1.5
    assert taken("prescriber", "visits_per_day", *rows) == 1


def test_differences_from_the_usual_price_and_content():
    prices = BOUGHT | {"benchmarked_amount": 130.0, "amount_at_median_price": 100.0}
    assert taken(
        "prescriber", "price_excess", prices, SEEN | {"benchmarked_amount": 9e9, "amount_at_median_price": 1}
    ) == pytest.approx(0.3)
    assert taken("pharmacy", "price_excess", prices) == pytest.approx(0.3)
    for subject in ("prescriber", "hospital"):
        assert taken(subject, "drg_cost_excess", {"drg_cost_ratio": 1.5}, {"drg_cost_ratio": 1.0}) == 0.25
    assert taken(
        "pharmacy", "other_goods_share", BOUGHT | {"drug_amount": 80, "billed": 100}
    ) == pytest.approx(0.2)


def test_co_visits_by_kind():
    met = {"co_visitors": 2.0}
    rows = [BOUGHT | met, BOUGHT | met, SEEN | met, met, SEEN | {"co_visitors": 0.0}]
    kinds = ("co_visit_purchases", "co_visit_consultations", "co_visit_stays")
    assert [taken("patient", name, *rows) for name in kinds] == [2, 1, 1]
    # The last but one is a stay: who was admitted along is no swipe of cards.
    of_one = [
        taken("visit", name, row) for name in ("co_visitors", "co_admitted") for row in (BOUGHT | met, met)
    ]
    assert of_one == [2, None, None, 2]


def test_a_card_at_two_clinics_is_borrowed_and_at_two_shops_it_is_not():
    moved = {"two_places": True, "moved_kind": OUTPATIENT}
    rows = [
        SEEN | moved,
        BOUGHT | moved,
        SEEN | moved | {"moved_kind": PHARMACY},
        SEEN | {"two_places": False},
    ]
    assert taken("patient", "two_clinics", *rows) == 1


def test_diseases_of_the_other_sex_are_counted():
    assert taken("patient", "impossible_diagnoses", {"impossible": 1}, {"impossible": None}) == 1
    assert taken("patient", "impossible_diagnoses", {"impossible": None}) == 0


def test_rehabilitation_by_day_and_by_sign_in():
    rows = [
        # A course of six in one stay is one a day, whatever the day of admission.
        SEEN | {"rehab": 6.0, "rehab_days": 6.0, "no_sign_in_rehab": 3.0},
        SEEN | {"rehab": 4.0, "rehab_days": 1.0, "no_sign_in_rehab": 0.0},
        SEEN | {"rehab": 2.0, "rehab_days": 1.0, "no_sign_in_rehab": None},
        SEEN | {"rehab": 0.0, "rehab_days": 0.0, "no_sign_in_rehab": None},
    ]
    for subject in ("prescriber", "hospital"):
        assert taken(subject, "rehab_visits", *rows) == 3
        assert taken(subject, "no_sign_in_rehab_share", *rows) == pytest.approx(3 / 10)
    assert taken("prescriber", "rehab_per_day", *rows) == 12 / 8


def test_sales_off_the_own_price_and_in_one_band():
    rows = [BOUGHT | {"off_price": 30.0, "billed": 40.0}, BOUGHT | {"off_price": None, "billed": 60.0}]
    assert taken("pharmacy", "off_price_share", *rows) == pytest.approx(0.3)
    assert taken("pharmacy", "top_amount_band_share", {"n": 3.0}, {"n": 1.0}) == pytest.approx(0.75)


def test_the_next_month_of_a_long_stay_is_no_twin():
    twin = {"twins": 2.0, "interim": False}
    assert taken("patient", "twin_stays", twin, twin | {"interim": True}, twin | {"interim": None}) == 2


def test_who_does_little_for_everybody_is_no_up_coder():
    """An up-coder does little where the group is a costly one; a village hospital does little anyway, and a
    place with severe cases does much where they are severe."""
    dear, cheap = {"high_cost_drg": True}, {"high_cost_drg": False}
    little, usual = {"service_intensity_ratio": 0.59}, {"service_intensity_ratio": 0.6}

    def excess(*rows: dict, stays: int = 5) -> float | None:
        return taken("hospital", "unsupported_drg_excess", *rows * stays)

    assert excess(dear | little, dear | usual, cheap | usual, cheap | usual) == 0.5
    assert excess(dear | little, dear | usual, cheap | little, cheap | usual) == 0.0
    assert excess(dear | usual, dear | usual, cheap | little, cheap | usual) == -0.5
    # A stay of neither kind says nothing, and without a costly group there is nothing to compare.
    alike = (dear | little, cheap | usual, little)
    assert excess(*alike, stays=10) == 1.0 and excess(cheap | little, stays=10) is None
    # Ten of each make an effective sample of five; nine are too few, however far their shares lie apart.
    assert excess(*alike, stays=9) is None
    size = [dear, cheap, cheap, cheap, {}]
    assert taken("hospital", "drg_comparison_size", *size) == pytest.approx(3 / 4)
