"""What a visit disputes: the whole of it, the excess, or the lines that rules found."""

import ibis
import pandas as pd
import pytest

from features.comparison.item_excess import CLASSES
from features.disputed_amounts import (
    ACCUMULATING,
    conduct_amount,
    disputed_amount,
    excess_shares,
    with_shares,
)
from features.visits.excess_items import BILLERS, excess_column

FACTS = {
    "fund_pay_sumamt": 800.0, "medfee_sumamt": 1000.0, "findings_amount": 0.0, "idle_days": 3.0, "los": 10.0,
    "oversupply_amount": 250.0, "repeat_codes": 1.0, "boxes": 4.0, "charge_to_intensity_ratio": 2.0,
    "drg_cost_ratio": 1.25,
    "cost_ratio": 1.6, "no_sign_in": 1.0, "dialysis": 2.0, "material_amount": 100.0, "exam_amount": 500.0,
    "usual_material": None,
    "benchmarked_amount": 120.0, "amount_at_median_price": 100.0, "co_fillers": 0.0,
} | {excess_column(biller, name): None for biller in BILLERS for name in CLASSES}  # fmt: skip


def disputed(scheme: str | None, doubt: float | None = 1.0, **facts: float | None) -> float:
    row = FACTS | facts | {"scheme": scheme, "doubt": doubt}
    types = dict.fromkeys(row, "float64") | {"scheme": "string"}
    table = with_shares(ibis.memtable(pd.DataFrame([row]), schema=ibis.schema(types)))
    return float(disputed_amount(table, table.scheme, table.doubt).execute().iloc[0])


@pytest.mark.parametrize(
    "scheme, yuan",
    [
        ("M01", 800.0),  # an invented stay
        ("M09", 800.0),
        ("M10", 240.0),  # three of ten days without treatment
        ("M05", 200.0),  # a quarter of the bill bought while a month was at hand
        ("M19", 200.0),
        ("M20", 200.0),
        ("M24", 400.0),  # charged twice its content
        ("M25", 300.0),
        ("M28", 400.0),
        ("M29", 80.0),
        ("M33", 400.0),
        ("M40", 133.33),
        ("M31", 0.0),  # steering costs the fund nothing by itself
        ("X01", 0.0),
        (None, 0.0),
    ],
)
def test_each_scheme_disputes_its_part(scheme, yuan):
    assert disputed(scheme) == pytest.approx(yuan, abs=0.005)


@pytest.mark.parametrize("scheme, yuan", [("M19", 800.0), ("M05", 200.0)])
def test_of_a_ring_what_a_runner_fetched_is_in_dispute_as_a_whole(scheme, yuan):
    assert disputed(scheme, co_fillers=1.0) == yuan
    assert disputed(scheme, co_fillers=None) == 200.0
    assert disputed(scheme, co_fillers=2.0, oversupply_amount=None) == (yuan if scheme == "M19" else 0.0)


def test_what_is_half_in_doubt_disputes_half_and_what_is_not_nothing():
    assert disputed("M01", 0.5) == 400.0 and disputed("M01", 0.0) == 0.0 and disputed("M01", None) == 0.0


def test_a_line_that_a_rule_found_counts_once_and_never_more_than_was_paid():
    assert disputed("M05", findings_amount=150.0) == 200.0
    assert disputed("M05", findings_amount=300.0) == 300.0
    assert disputed(None, 0.0, findings_amount=77.0) == 77.0
    assert disputed("M01", findings_amount=9999.0) == 800.0


@pytest.mark.parametrize(
    "facts", [{"los": None}, {"los": 0.0}, {"idle_days": None}, {"fund_pay_sumamt": -5.0}]
)
def test_what_the_claims_cannot_say_is_not_disputed(facts):
    assert disputed("M10", **facts) == 0.0


@pytest.mark.parametrize(
    "scheme, column, yuan",
    [
        ("M29", "place_excess_material", 40.0),
        ("M33", "place_excess_exam", 40.0),
        ("M46", "doctor_excess_exam", 40.0),
        ("M43", "place_excess_drug", 40.0),
        ("M50", "doctor_excess_drug", 40.0),
        ("M07", "place_excess_drug", 40.0),
        ("M40", "doctor_excess_drug", 133.33),  # less than what the prices are above others'
        ("M25", "place_excess_treatment", 300.0),
    ],
)
def test_of_items_in_excess_what_is_beyond_others_is_disputed(scheme, column, yuan):
    assert disputed(scheme, **{column: 50.0}) == pytest.approx(yuan, abs=0.005)
    both = {"place_excess_drug": 300.0, "doctor_excess_drug": 200.0}
    assert disputed("M40", **both) == disputed("M43", **both) == 240.0


@pytest.mark.parametrize(("usual", "yuan"), [(75.0, 20.0), (100.0, 0.0), (130.0, 0.0)])
def test_of_an_operation_the_consumables_beyond_its_usual_are_disputed(usual, yuan):
    assert disputed("M29", usual_material=usual) == yuan
    assert disputed("M29", usual_material=usual, place_excess_material=90.0) == yuan


def test_a_price_below_the_usual_is_no_credit():
    assert (
        disputed("M40", benchmarked_amount=80.0) == 0.0
        and disputed("M24", charge_to_intensity_ratio=0.5, drg_cost_ratio=0.9) == 0.0
    )


def test_of_a_class_without_items_in_excess_all_is_disputed_of_a_visit_and_nothing_of_a_subject():
    """M33 adds up over all visits of its subject only what is beyond others."""
    row = FACTS | {"scheme": "M33", "doubt": 1.0}
    types = dict.fromkeys(row, "float64") | {"scheme": "string"}
    table = with_shares(ibis.memtable(pd.DataFrame([row]), schema=ibis.schema(types)))
    amounts = [conduct_amount(table, table.scheme, table.doubt, whole) for whole in (True, False)]
    assert [amount.execute().iloc[0] for amount in amounts] == [400.0, 0.0]
    assert "M33" in ACCUMULATING


def excess(flagged: dict[str, int], totals: dict[str, int]) -> dict[str, float]:
    rows = pd.DataFrame([(code, "stay", "M01", n) for code, n in flagged.items()],
                        columns=["fixmedins_code", "kind", "scheme", "n"])  # fmt: skip
    visits = pd.DataFrame([(code, "stay", n) for code, n in totals.items()],
                          columns=["fixmedins_code", "kind", "total"])  # fmt: skip
    return excess_shares(rows, visits).set_index("fixmedins_code").excess.to_dict()


def test_a_large_honest_hospital_disputes_none_of_its_odd_stays_and_a_small_guilty_one_most():
    found = excess({"large": 20, "guilty": 40}, {"large": 4000, "guilty": 100, "other": 4000})
    assert found["large"] == 0.0 and found["guilty"] > 0.9


def test_without_others_to_expect_from_all_is_excess():
    assert excess({"H": 3}, {"H": 10}) == {"H": 1.0}


def test_where_no_visit_is_flagged_nothing_is_in_excess():
    flagged = pd.DataFrame({"fixmedins_code": ["H1"], "kind": ["stay"], "scheme": ["M01"], "n": [3]})
    visits = pd.DataFrame({"fixmedins_code": ["H1"], "kind": ["stay"], "total": [30]})
    assert excess_shares(flagged.head(0), visits).empty and len(excess_shares(flagged, visits)) == 1
