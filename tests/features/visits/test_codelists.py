"""Types of charge stand in one list each, and the lists hold together."""

from features.visits.codelists import (
    BED_NURSING_ROUNDS,
    COURSES,
    DIALYSIS,
    DRUGS,
    EXAMS,
    LARGE_EXAM,
    MATERIALS,
    REHAB,
    TREATMENTS,
)
from tests.tiny import ITEMS


def test_no_charge_is_in_two_lists():
    charges = [*DRUGS, *EXAMS, *TREATMENTS, *MATERIALS, *BED_NURSING_ROUNDS]
    assert sorted(charges) == [f"{n:02}" for n in range(1, 12)]


def test_the_lists_by_what_they_hold():
    assert (DRUGS, EXAMS, BED_NURSING_ROUNDS) == (("09", "10", "11"), ("03", "04"), ("01", "02", "07"))
    assert (DIALYSIS, LARGE_EXAM, REHAB) == ("1", "2", "3")
    assert {ITEMS[name][1] for name in ("bed", "care", "round")} == set(BED_NURSING_ROUNDS)
    assert {ITEMS[name][2].get("serv_type") for name in ("dialysis", "scan", "treat")} == {"1", "2", "3"}


def test_courses_are_categories_of_three_characters():
    assert set(COURSES) == {"Z49", "Z51", "V56", "V58"} and all(len(code) == 3 for code in COURSES)
