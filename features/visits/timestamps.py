"""What a timestamp says: calendar days, completed years, and whether it carries a time of day at all."""

import ibis

from features.windows import DAYS_A_YEAR

SECONDS_A_DAY = 86_400
# A Julian year, for ages in fractions of a year.
SECONDS_A_YEAR = DAYS_A_YEAR * SECONDS_A_DAY
# Visits of the night: from ten in the evening to six in the morning (own starting value).
NIGHT_FROM, NIGHT_UNTIL = 22, 6
# The clocks of two institutions differ by less than so many minutes (own starting value).
CLOCK_MINUTES = 30


def has_time_of_day(when: ibis.Value) -> ibis.Value:
    """Does a timestamp carry a time of day? Systems that record only the date write midnight, so midnight
    says nothing of hours, minutes or the order within the day."""
    return when != when.truncate("D")


def is_later(when: ibis.Value, other: ibis.Value, tolerance: float) -> ibis.Value:
    """Is a time later than another, by more than so many minutes? Between bare dates only the day can be
    compared."""
    minutes = (when.epoch_seconds() - other.epoch_seconds()) / 60
    timed = has_time_of_day(when) & has_time_of_day(other)
    return timed.ifelse(minutes > tolerance, when.date() > other.date())


def calendar_days(start: ibis.Value, end: ibis.Value) -> ibis.Value:
    """Days from one date to another, as a float; times of day do not count."""
    return (end.truncate("D").epoch_seconds() - start.truncate("D").epoch_seconds()) / SECONDS_A_DAY


def completed_years(birth: ibis.Value, day: ibis.Value) -> ibis.Value:
    """Completed years of age; a birthday counts from its first hour, 29 February from 1 March in common
    years."""
    before_birthday = (day.month() * 100 + day.day()) < (birth.month() * 100 + birth.day())
    return day.year() - birth.year() - before_birthday.cast("int64")


def at_night(when: ibis.Value) -> ibis.Value:
    """Between NIGHT_FROM and NIGHT_UNTIL; null where the time of day is not recorded."""
    late = (when.hour() >= NIGHT_FROM) | (when.hour() < NIGHT_UNTIL)
    return has_time_of_day(when).ifelse(late, None)
