"""Sessions added to a patient's own schedule: the guilty, and those whose weeks differ for good reasons."""

from datetime import datetime, timedelta
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.visits.dialysis_schedules import (
    EXTRA_SHARE,
    EXTRA_WEEKS,
    SESSIONS_A_WEEK,
    off_schedule,
)
from tests.features.visits.tables import lines, values, visits

MONDAY = datetime(2024, 2, 5, 8)


def flagged(weeks: list[int], monday: datetime = MONDAY) -> set[str]:
    """Sessions that are off schedule, of a patient with so many sessions in each week."""
    days = [monday + timedelta(weeks=week, days=day) for week, n in enumerate(weeks) for day in range(n)]
    if not days:
        return set()
    base = visits(*[{"begntime": day} for day in days])
    bill = [
        {"mdtrt_id": f"M{n:02}", "serv_type": "1", "cnt": 1.0, "day": day.date()}
        for n, day in enumerate(days, 1)
    ]
    return set(values(off_schedule(base, lines(*bill)), "off_schedule"))


@pytest.mark.parametrize(
    "weeks, off",
    [
        ([3, 4, 3, 3, 5, 3, 3, 4, 3, 3], True),  # a session more now and then
        ([4] * 9 + [5] + [4] * 3, False),  # four a week are his schedule, one extra is none
        ([4, 5, 4, 4, 5, 4, 5, 4], True),  # unless sessions are added to that
        ([3, 4, 2, 3, 4, 2, 3, 4, 2, 3], False),  # put off to the week before
        ([2, 3, 2, 3, 2, 3, 2, 3], False),  # five in two weeks
        ([5, 5, 4, 3, 3, 3, 3, 3, 3], False),  # treatment began with more
        ([3, 4, 3, 3, 4, 3, 3, 3], False),  # two weeks are no habit
        ([3, 4, 3, 0, 4, 0, 3, 4, 3, 3], False),  # away for a week, and caught up
    ],
)
def test_who_has_sessions_added_now_and_then(weeks, off):
    assert bool(flagged(weeks)) is off
    assert len(flagged(weeks)) == off * sum(weeks)


def test_in_a_long_year_three_weeks_are_no_habit():
    usual = [3, 3, 4] * EXTRA_WEEKS
    rest = int(EXTRA_WEEKS / EXTRA_SHARE)
    assert flagged([*usual, *[3] * 5]) and not flagged([*usual, *[3] * rest])


def test_what_was_long_ago_does_not_count():
    assert not flagged([3, 4] * 8, datetime(2023, 1, 2, 8))


def test_another_place_has_its_own_schedule_and_an_examination_is_no_session():
    days = [MONDAY + timedelta(weeks=week, days=day) for week in range(10) for day in range(4)]
    rows = [{"begntime": day, "fixmedins_code": "H2" if day.weekday() == 3 else "H1"} for day in days]
    scans = [{"mdtrt_id": f"M{n:02}", "serv_type": "2", "day": day.date()} for n, day in enumerate(days, 1)]
    bill = [scan | {"serv_type": "1", "cnt": 1.0} for scan in scans]
    assert not values(off_schedule(visits(*rows), lines(*bill)), "off_schedule")
    assert not values(off_schedule(visits(*rows), lines(*scans)), "off_schedule")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from([0, 2, 3, 3, 3, 4, 5]), min_size=1, max_size=20))
def test_it_agrees_with_a_loop_over_the_weeks(weeks):
    usual = max(SESSIONS_A_WEEK, median([n for n in weeks if n] or [0]))
    inner = [
        n for before, n, after in zip(weeks, weeks[1:], weeks[2:], strict=False)
        if before >= usual and after >= usual and n
    ]  # fmt: skip
    extra = sum(n > usual for n in inner)
    assert bool(flagged(weeks)) == (extra >= EXTRA_WEEKS and extra > EXTRA_SHARE * len(inner))
