"""What a timestamp says, at the edges of the day, the night and the birthday."""

from datetime import datetime

import ibis
import pytest

from features.visits.timestamps import (
    SECONDS_A_YEAR,
    at_night,
    calendar_days,
    completed_years,
    has_time_of_day,
)
from tests.in_memory import engine


def at(text: str) -> ibis.Value:
    return ibis.literal(datetime.fromisoformat(text))


def run(value: ibis.Value):
    return engine().execute(value)


@pytest.mark.parametrize("when, known", [("2024-05-01 00:00:00", False), ("2024-05-01 00:00:01", True)])
def test_midnight_is_a_bare_date(when, known):
    assert run(has_time_of_day(at(when))) == known


@pytest.mark.parametrize(
    "start, end, days",
    [
        ("2024-05-01 23:59:59", "2024-05-02 00:00:01", 1),
        ("2024-05-01 00:00:01", "2024-05-01 23:59:59", 0),
        ("2024-02-28 12:00:00", "2024-03-01 08:00:00", 2),
        ("2024-05-03 12:00:00", "2024-05-01 12:00:00", -2),
    ],
)
def test_calendar_days_do_not_count_hours(start, end, days):
    assert run(calendar_days(at(start), at(end))) == days


@pytest.mark.parametrize(
    "birth, day, years",
    [
        ("1960-05-01 00:00:00", "2024-05-01 00:00:00", 64),
        ("1960-05-01 00:00:00", "2024-04-30 23:59:59", 63),
        ("1960-12-31 00:00:00", "2024-01-01 00:00:00", 63),
        ("1960-02-29 00:00:00", "2023-02-28 12:00:00", 62),
        ("1960-02-29 00:00:00", "2023-03-01 12:00:00", 63),
        ("2024-05-01 00:00:00", "2024-05-01 09:00:00", 0),
    ],
)
def test_a_birthday_counts_from_its_first_hour(birth, day, years):
    assert run(completed_years(at(birth), at(day))) == years


@pytest.mark.parametrize(
    "hour, night",
    [("21:59:59", False), ("22:00:00", True), ("23:59:59", True), ("00:00:01", True), ("05:59:59", True),
     ("06:00:00", False), ("12:00:00", False)],
)  # fmt: skip
def test_the_night_is_from_ten_to_six(hour, night):
    assert run(at_night(at(f"2024-05-01 {hour}"))) == night


def test_a_bare_date_is_neither_day_nor_night():
    assert run(at_night(at("2024-05-01 00:00:00")).isnull())


def test_a_year_of_seconds_is_a_julian_year():
    assert SECONDS_A_YEAR == 31_557_600
