"""Stays that resemble others: admitted together, and with copied bills; the edges, and loops over random
wards."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.visits.bill_lines import bill_content, bill_templates
from features.visits.concurrent_stays import copied_stays, village_batches
from tests.features.visits.tables import AS_OF, lines, stay, values, visits

FIRST = datetime(2024, 5, 1, 9)
SIX = [f"item-{n}" for n in range(6)]


def admitted(who: str, days: int = 0, los: int = 5, **more) -> dict:
    begin = FIRST + timedelta(days=days)
    return stay(begin, begin + timedelta(days=los), psn_no=who, village="v1", dx3="I10") | more


def bills(*items: list[str]):
    """A bill a visit, in order; empty ones have no lines."""
    rows = [{"mdtrt_id": f"M{n:02}", "hilist_code": item} for n, bill in enumerate(items, 1) for item in bill]
    return lines(*rows)


def copies_of(base, days):
    return copied_stays(base, bill_templates(days), bill_content(days))


@pytest.mark.parametrize(
    "other, met",
    [
        (admitted("bert", 1), True),
        (admitted("bert", -1), True),
        (admitted("bert", 2), False),
        (admitted("bert", -2), False),
        (admitted("anna", 1), False),
        (admitted("bert", village="v2"), False),
        (admitted("bert", fixmedins_code="H2"), False),
        (admitted("bert", village=None), False),
        ({"psn_no": "bert", "village": "v1"}, False),  # an outpatient visit
    ],
)
def test_a_batch_comes_from_one_village_within_a_day(other, met):
    found = values(village_batches(visits(admitted("anna"), other)), "village_batch")
    assert found == ({"M01": 1, "M02": 1} if met else {})


def test_people_of_a_batch_count_once():
    rows = [admitted("anna"), admitted("bert"), admitted("bert", 1), admitted("carl", 1)]
    assert values(village_batches(visits(*rows)), "village_batch")["M01"] == 2


@pytest.mark.parametrize(
    "other, twins",
    [
        (admitted("bert", 1), 1),
        (admitted("bert", 2), 0),
        (admitted("bert", 1, los=6), 0),
        (admitted("bert", 1, dx3="J44"), 0),
        (admitted("bert", 1, fixmedins_code="H2"), 0),
        (admitted("anna", 1), 0),
    ],
)
def test_a_twin_has_the_same_disease_and_length(other, twins):
    found = values(copies_of(visits(admitted("anna"), other), bills(SIX, SIX[:2])), "twins")
    assert found == {"M01": twins, "M02": twins}


@pytest.mark.parametrize("los, twins", [(24, 1), (25, 0)])
def test_stays_settled_by_the_month_are_no_twins(los, twins):
    base = visits(admitted("anna", los=los), admitted("bert", los=los))
    assert values(copies_of(base, bills(SIX, SIX[:2])), "twins") == {"M01": twins, "M02": twins}


@pytest.mark.parametrize("operated, twins", [((), 2), ((0,), 1), ((0, 1, 2), 0)])
def test_who_was_operated_on_was_there(operated, twins):
    """Three of one disease on one day: a series of operations, or three lent cards."""
    base = visits(admitted("anna"), admitted("bert"), admitted("carl"))
    rows = [{"mdtrt_id": f"M{n:02}", "hilist_code": "bed", "charge": "01"} for n in (1, 2, 3)]
    rows += [{"mdtrt_id": f"M{n + 1:02}", "hilist_code": "lens", "charge": "06"} for n in operated]
    found = values(copies_of(base, lines(*rows)), "twins")
    assert found == {f"M{n + 1:02}": 0 if n in operated else twins for n in range(3)}


@pytest.mark.parametrize(
    "mine, other, copies",
    [(SIX, SIX, 1), (SIX, SIX[::-1] * 2, 1), (SIX[:5], SIX[:5], 0), (SIX, [*SIX, "more"], 0)],
)
def test_a_copy_has_the_same_six_items_or_more(mine, other, copies):
    base = visits(admitted("anna"), admitted("bert", 60, los=9))
    days = [
        {"mdtrt_id": f"M{n:02}", "hilist_code": item, "day": date(2024, 5, k % 28 + 1)}
        for n, bill in ((1, mine), (2, other))
        for k, item in enumerate(bill)
    ]
    assert values(copies_of(base, lines(*days)), "copies") == {"M01": copies, "M02": copies}


@pytest.mark.parametrize(
    "more, copies",
    [({"psn_no": "anna"}, 0), ({"fixmedins_code": "H2"}, 0), ({"dx3": "J44"}, 1), ({"dx3": None}, 1)],
)
def test_copies_are_of_other_people_in_the_same_hospital(more, copies):
    base = visits(admitted("anna"), admitted("bert", 60) | more)
    assert values(copies_of(base, bills(SIX, SIX)), "copies")["M01"] == copies


@pytest.mark.parametrize("seconds, copies", [(0, 1), (1, 0)])
def test_copies_are_of_the_last_year(seconds, copies):
    begin = AS_OF - timedelta(days=365, seconds=seconds)
    base = visits(admitted("anna"), stay(begin, begin + timedelta(days=3), psn_no="bert"))
    assert values(copies_of(base, bills(SIX, SIX)), "copies") == {"M01": copies, "M02": copies}


def test_courses_and_stays_without_lines_are_not_looked_at():
    base = visits(admitted("anna"), admitted("bert", dx3="Z51"), admitted("carl"))
    assert values(copies_of(base, bills(SIX, SIX)), "twins", "copies") == {"M01": (0, 0)}


wards = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 4),
        st.integers(1, 2),
        st.sampled_from(["I10", "J44"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=20, deadline=None)
@given(wards)
def test_batches_twins_and_copies_against_loops(ward):
    rows = [admitted(who, day, los, dx3=dx) for who, day, los, dx, _full in ward]
    bill = [SIX if full else ["bed"] for *_rest, full in ward]
    batch, expected = {}, {}
    for n, (who, day, los, dx, full) in enumerate(ward, 1):
        near = [other for other in ward if other[0] != who and abs(other[1] - day) <= 1]
        twins = {other[0] for other in near if other[2:4] == (los, dx)}
        copies = {other[0] for other in ward if full and other[4]} - {who}
        expected[f"M{n:02}"] = len(twins), len(copies)
        if near:
            batch[f"M{n:02}"] = len({other[0] for other in near})
    assert values(copies_of(visits(*rows), bills(*bill)), "twins", "copies") == expected
    assert values(village_batches(visits(*rows)), "village_batch") == batch
