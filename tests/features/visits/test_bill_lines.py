"""Fee lines summed to item and day, what bills are made of, and marks of bills with the same items."""

import hashlib
from collections import defaultdict
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.visits.bill_lines import (
    HASH_DIGITS,
    TEMPLATE_HASHES,
    bill_content,
    bill_templates,
    item_days,
    item_hashes,
)
from tests.features.visits.tables import lines, values
from tests.tiny import World

EXPECTED_CONTENT = {
    "billed": 1150.0, "drug_amount": 310.0, "exam_amount": 120.0, "costliest_exam": 120.0,
    "treat_amount": 600.0,
    "material_amount": 80.0, "bed_care_amount": 40.0, "operated": True, "dialysis": 2.0, "dialysis_days": 1,
    "large_exams": 1.0,
    "rehab": 3.0, "rehab_days": 1, "over_ceiling": 4.0, "billed_days": 3, "active_days": 2,
    "medical_amount": 1110.0,
}  # fmt: skip


def test_lines_of_an_item_are_summed_to_the_day(claims_of):
    world = World()
    world.person("anna")
    world.hospital("H1")
    visit = world.stay("anna", "H1", "2024-05-01", 2, lines=[
        ("pill", 2, 20.0, "2024-05-01 10:00"), ("pill", 1, 30.005, "2024-05-01 23:59:59"),
        ("pill", 5, 20.0, "2024-05-02 00:00:00"), ("scan", 1, 300.0, "2024-05-01 11:00"),
    ])  # fmt: skip
    claims = claims_of(world, date(2025, 1, 1))
    rows = item_days(claims).order_by("hilist_code", "day").to_pyarrow().to_pylist()
    kept = ["mdtrt_id", "hilist_code", "day", "cnt", "amount", "pric", "n_lines", "bkkp_sn"]
    assert [tuple(row[name] for name in kept) for row in rows] == [
        (visit, "pill", date(2024, 5, 1), 3.0, 70.0, 30.005, 2, "L00001"),
        (visit, "pill", date(2024, 5, 2), 5.0, 100.0, 20.0, 1, "L00003"),
        (visit, "scan", date(2024, 5, 1), 1.0, 300.0, 300.0, 1, "L00004"),
    ]
    of_catalogue = ["charge", "serv_type", "days_per_unit", "ceiling"]
    assert [tuple(row[name] for name in of_catalogue) for row in rows[1:]] == [
        ("09", None, 10.0, 50.0), ("03", "2", None, None),
    ]  # fmt: skip


def test_a_bill_is_divided_by_type_of_charge_and_service():
    first, second, third = (date(2024, 5, n) for n in (1, 2, 3))
    bill = lines(
        {"hilist_code": "bed", "charge": "01", "amount": 25.0, "day": third},
        {"hilist_code": "round", "charge": "02", "amount": 5.0, "day": third},
        {"hilist_code": "nursing", "charge": "07", "amount": 10.0, "day": first},
        {"hilist_code": "scan", "charge": "03", "amount": 120.0, "day": first, "serv_type": "2"},
        {
            "hilist_code": "dialysis",
            "charge": "05",
            "amount": 500.0,
            "day": first,
            "serv_type": "1",
            "cnt": 2.0,
        },
        {
            "hilist_code": "rehab",
            "charge": "06",
            "amount": 100.0,
            "day": second,
            "serv_type": "3",
            "cnt": 3.0,
        },
        {"hilist_code": "stent", "charge": "08", "amount": 80.0, "day": second},
        # Two yuan above the ceiling, twice; herbs (11) are drugs too.
        {"hilist_code": "herb", "charge": "11", "amount": 310.0, "cnt": 2.0, "pric": 12.0, "ceiling": 10.0},
    )
    found = bill_content(bill).to_pyarrow().to_pylist()
    assert found == [{"mdtrt_id": "M01"} | EXPECTED_CONTENT]


def test_a_price_at_its_ceiling_and_an_item_without_one_are_not_above_it():
    bill = lines({"pric": 10.0, "ceiling": 10.0, "cnt": 5.0}, {"hilist_code": "free", "pric": 99.0})
    assert values(bill_content(bill), "over_ceiling") == {"M01": 0.0}


CHARGES = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["M01", "M02"]), st.sampled_from(CHARGES), st.integers(1, 4),
                          st.integers(1, 999)), min_size=1, max_size=15))  # fmt: skip
def test_content_against_a_loop(rows):
    expected = defaultdict(lambda: [0.0, 0.0, set(), set()])
    for visit, charge, day, cents in rows:
        sums = expected[visit]
        sums[0] += cents / 100
        sums[3].add(day)
        if charge not in ("01", "02", "07"):
            sums[1] += cents / 100
            sums[2].add(day)
    bills = [{"mdtrt_id": v, "charge": c, "day": date(2024, 5, d), "amount": a / 100} for v, c, d, a in rows]
    columns = ("billed", "medical_amount", "active_days", "billed_days")
    found = values(bill_content(lines(*bills)), *columns)
    assert found == {
        visit: (pytest.approx(all_), pytest.approx(medical), len(active), len(days))
        for visit, (all_, medical, active, days) in expected.items()
    }


def test_the_template_looks_at_the_set_of_items_alone():
    same = [f"item-{n}" for n in range(12)]
    bills = {
        "M01": [(item, 1) for item in same],
        "M02": [(item, day) for item in reversed(same) for day in (1, 2)],
        "M03": [(f"else-{n}", 1) for n in range(12)],
    }
    rows = [
        {"mdtrt_id": visit, "hilist_code": item, "charge": "04", "day": date(2024, 5, day), "cnt": float(day)}
        for visit, bill in bills.items()
        for item, day in bill
    ]
    for mark in ("template", "exam_set"):
        found = values(bill_templates(lines(*rows)), mark)
        assert found["M01"] == found["M02"] != found["M03"], mark
    # An item of two days is one.
    assert values(bill_templates(lines(*rows)), "n_items") == dict.fromkeys(bills, 12)


def test_the_set_of_examinations_ignores_other_items():
    rows = [
        {"mdtrt_id": visit, "hilist_code": item, "charge": charge}
        for visit, drug in [("M01", "pill"), ("M02", "dear")]
        for item, charge in [("scan", "03"), ("lab", "04"), (drug, "09")]
    ]
    found = values(bill_templates(lines(*rows)), "template", "exam_set")
    assert found["M01"][1] == found["M02"][1] and found["M01"][0] != found["M02"][0]


def test_bills_agree_in_their_template_as_often_as_the_jaccard_index_says():
    """Pairs of bills with 18 items of 20 in common (J = 18/22) agree with a chance of J ** TEMPLATE_HASHES,
    .30."""
    rows, pairs = [], 400
    for pair in range(pairs):
        for half in (0, 1):
            items = [f"{pair}-{n}" for n in range(18)] + [f"{pair}-{half}-{n}" for n in range(2)]
            rows += [{"mdtrt_id": f"{pair}/{half}", "hilist_code": item, "charge": "05"} for item in items]
    found = values(bill_templates(lines(*rows)), "template")
    agreed = sum(found[f"{pair}/0"] == found[f"{pair}/1"] for pair in range(pairs)) / pairs
    # Four standard errors of a share of 400 are .09; five hashes would give .37 and seven .25.
    assert agreed == pytest.approx((18 / 22) ** 6, abs=0.09) and TEMPLATE_HASHES == 6


def test_hashes_of_items_are_those_of_any_engine():
    codes = ["pill", "CT平扫", ""]
    found = item_hashes(lines(*({"hilist_code": code} for code in codes * 2)), 2).to_pandas()
    assert sorted(found.hilist_code) == sorted(codes)
    for row in found.itertuples():
        for nth, value in enumerate((row.hash_0, row.hash_1)):
            text = hashlib.md5(f"{row.hilist_code}/{nth}".encode()).hexdigest()
            digits = "".join(str("abcdef".find(sign)) if sign.isalpha() else sign for sign in text)
            assert value == int(digits[:HASH_DIGITS]) and HASH_DIGITS == 15
