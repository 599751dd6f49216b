"""Stays against what is usual of their class: hand-made wards, and a loop over classes from wide to
narrow."""

import math

import ibis
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claims.as_of import STAY
from features.visits.bill_lines import bill_content, bill_templates
from features.visits.stay_benchmarks import DOMINANT, HIGH_COST_RATIO, PRIOR_STAYS, stay_benchmarks
from tests.features.visits.tables import lines, values, visits
from tests.in_memory import engine

LEVELS = {"H1": "3", "H2": "2", "H3": "2", "H4": "1"}
ONE_LEVEL = {f"C{n}": "2" for n in range(10)}
RATIOS = ("cost_ratio", "service_intensity_ratio", "drg_cost_ratio")


def benchmarks(rows: list[tuple]) -> ibis.Table:
    """Benchmarks of stays: (hospital, disease, group, cost, yuan of treatment); each also has a bed of nine
    yuan."""
    base = [
        {
            "kind": STAY,
            "fixmedins_code": where,
            "level": (LEVELS | ONE_LEVEL)[where],
            "dx3": dx,
            "dx_group": group,
            "medfee_sumamt": float(cost),
            "los": 3.0,
        }
        for where, dx, group, cost, _worth in rows
    ]
    bill = [
        {"mdtrt_id": f"M{n:02}", "hilist_code": item, "charge": charge, "amount": float(amount)}
        for n, row in enumerate(rows, 1)
        for item, charge, amount in (("treat", "05", row[4]), ("bed", "01", 9.0))
    ]
    con = engine()
    days = lines(*bill)
    base = con.create_table("base", visits(*base))
    return stay_benchmarks(base, bill_content(days), bill_templates(days))


def city(group: str, cost: float, worth: float, stays: int) -> list[tuple]:
    """Stays spread over five hospitals of a level, none of which has a quarter of them."""
    return [(f"C{n % 5}", "J18", group, cost, worth) for n in range(stays)]


def test_a_dear_group_without_its_content_is_told_from_one_with_it():
    honest = city("light", 1500, 1500, 60) + city("grave", 6000, 6000, 25)
    upcoded = [("C5", "J18", "grave", 6000, 1500)] * 3
    rows = list(
        values(benchmarks(honest + upcoded), "high_cost_drg", "unsupported_drg", "drg_cost_ratio").values()
    )
    assert {row[:2] for row in rows[:60]} == {(False, False)} and {row[:2] for row in rows[60:85]} == {
        (True, False)
    }
    assert {row[:2] for row in rows[85:]} == {(True, True)}
    assert max(row[2] for row in rows[:60]) < HIGH_COST_RATIO < min(row[2] for row in rows[60:])


@pytest.mark.parametrize("worth, over", [(59.9, True), (60.1, False)])
def test_little_content_is_less_than_six_tenths_of_the_usual(worth, over):
    rows = city("light", 1000, 100, 80) + city("grave", 6000, 100, 40) + [("C5", "J18", "grave", 6000, worth)]
    assert values(benchmarks(rows), "unsupported_drg", "service_intensity_ratio")["M121"] == (
        over,
        pytest.approx(worth / 100),
    )
    # A cheap group without content is no up-coding.
    rows = city("light", 1000, 100, 80) + [("C5", "J18", "light", 1000, worth)]
    assert values(benchmarks(rows), "unsupported_drg")["M81"] is False


@pytest.mark.parametrize("cost, dear", [(1.060, False), (1.061, True)])
def test_a_dear_group_costs_a_twentieth_more_than_its_disease(cost, dear):
    """Forty stays of the group count forty against the eight of its disease: 1.05 is reached at 1.05 ** (48 /
    40)."""
    rows = city("light", 1000, 1, 60) + city("grave", 1000 * cost, 1, 40)
    found = values(benchmarks(rows), "high_cost_drg", "drg_cost_ratio")
    assert found["M01"][0] is False
    assert found["M100"] == (dear, pytest.approx(cost ** (40 / (40 + PRIOR_STAYS)))) and PRIOR_STAYS == 8


@pytest.mark.parametrize("own, usual", [(9, 3000), (10, 1000)])
def test_a_hospital_with_a_quarter_of_a_class_is_left_out_of_its_benchmark(own, usual):
    """Sixteen stays elsewhere cost 1000 and the rest 3000: the median is 1000 without the hospital, 3000 with
    it."""
    others = [(f"C{n % 5}", "J18", "J18", 1000 if n < 16 else 3000, 1) for n in range(40 - own)]
    found = values(benchmarks([("C9", "J18", "J18", 4000, 1)] * own + others), "cost_ratio")
    assert found["M01"] == pytest.approx(4000 / usual) and DOMINANT == 0.25


def test_a_stay_alone_in_the_city_is_its_own_benchmark():
    assert values(benchmarks([("H1", "J18", "grave", 700, 30)]), *RATIOS) == {
        "M01": pytest.approx((1.0, 1.0, 1.0))
    }


def test_nothing_is_said_of_the_content_of_a_bill_without_lines():
    """Its lines belong to a settlement made after the as-of date; a stay with its lines is compared."""
    con, rows = engine(), city("J18", 3000, 3000, 20)
    base = [
        {"kind": STAY, "fixmedins_code": where, "level": "2", "dx3": dx, "dx_group": group,
         "medfee_sumamt": float(cost), "los": 3.0}
        for where, dx, group, cost, _worth in rows
    ]  # fmt: skip
    bill = [
        {"mdtrt_id": f"M{n:02}", "hilist_code": "treat", "charge": "05", "amount": 3000.0}
        for n in range(2, len(rows) + 1)
    ]
    days, base = lines(*bill), con.create_table("base", visits(*base))
    found = values(
        stay_benchmarks(base, bill_content(days), bill_templates(days)),
        "cost_ratio", "service_intensity_ratio", "charge_to_intensity_ratio", "items_ratio",
    )  # fmt: skip
    assert found["M01"] == (pytest.approx(1.0), None, None, None)
    assert found["M02"] == pytest.approx((1.0, 1.0, 1.0, 1.0))


def test_a_stay_without_a_bill_has_a_cost_but_no_content():
    con = engine()
    base = visits(
        {"kind": STAY, "dx3": "J18", "dx_group": "J18"}, {"kind": STAY, "dx_group": None}, {"dx3": "J18"}
    )
    days = lines({"mdtrt_id": "M03"})
    found = stay_benchmarks(con.create_table("base", base), bill_content(days), bill_templates(days))
    rows = values(found, "cost_ratio", "service_intensity_ratio")
    assert list(rows) == ["M01"] and rows["M01"][0] == pytest.approx(1.0)


def usual_of(row: tuple, rows: list[tuple], number, classes: int = 5) -> tuple:
    """What is usual of a stay by a loop over its classes: the value, the median of the last class and its
    size."""
    ways = [
        lambda r: "",
        lambda r: r[1] and r[1][0],
        lambda r: r[1],
        lambda r: r[2],
        lambda r: (r[2], LEVELS[r[0]]),
    ]
    value = median = None
    n = 0
    for way in ways[:classes]:
        if way(row) is None:
            median, n = None, 0
            continue
        alike = [r for r in rows if way(r) == way(row)]
        mine = [r for r in alike if r[0] == row[0]]
        others = [r for r in alike if r[0] != row[0]]
        if len(mine) >= DOMINANT * len(alike) and others:
            alike = others
        n, median = len(alike), np.median([math.log(max(number(r), 1)) for r in alike])
        value = median if value is None else (n * median + PRIOR_STAYS * value) / (n + PRIOR_STAYS)
    return value, median, n


wards = st.lists(
    st.tuples(
        st.sampled_from(list(LEVELS)),
        st.sampled_from(["J18", "J44", "K29", None]),
        st.sampled_from(["light", "grave"]),
        st.integers(1, 30),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=6, deadline=None)
@given(wards)
@example([("H1", "J18", "grave", 30, 1)] * 9 + [("H2", "J18", "grave", 10, 1), ("H3", "J18", "light", 5, 2)])
def test_benchmarks_are_shrunk_from_narrow_classes_toward_wide_ones(rows):
    found = values(benchmarks(rows), *RATIOS)
    for name, row in zip(sorted(found), rows, strict=True):
        cost, worth = (usual_of(row, rows, lambda r, k=k: r[k])[0] for k in (3, 4))
        disease = usual_of(row, rows, lambda r: r[3], classes=3)[1]
        _value, group, n = usual_of(row, rows, lambda r: r[3], classes=4)
        weight = 1.0 if disease is None else math.exp((group - disease) * n / (n + PRIOR_STAYS))
        expected = row[3] / math.exp(cost), max(row[4], 1) / math.exp(worth), weight
        assert found[name] == pytest.approx(expected)
