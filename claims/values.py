"""Text and foreign types → the kinds of the contract: codes, flags, times and numbers.

An expression that gives null for a filled cell could not read it; `claims.checks` quarantines such rows.
"""

from datetime import date, datetime, timedelta

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from claims.errors import StoreError
from claims.tables import BIRTH, CODE, EVENT, FLAG, NUMBER, TABLES, TIME, VALIDITY

# What a region's own codes mean: ``table.column`` → its code → the contract's.
ValueMap = dict[str, dict[str, str]]

_LOCAL = "Asia/Shanghai"
# Year, month, day and perhaps a time of 24 hours; an offset may only be the local one. All else is ambiguous:
# two-digit years, a.m. and p.m., time zones, seconds or milliseconds since some epoch.
_WRITTEN = (
    r"^\d{4}(-\d{1,2}-|/\d{1,2}/)\d{1,2}"
    r"([ T]+([01]?\d|2[0-3])(:[0-5]\d(:[0-5]\d(\.\d{1,9})?)?)?( ?\+08(:?00)?)?)?$"
)
_OFFSET = r" ?\+08(:?00)?$"
_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
# Blanks and control characters come before it.
_FIRST_VISIBLE = "!"
# No amount or count of a claim has this size; sums of larger ones would overflow.
LARGEST = 1e12
# Above, a floating point number no longer tells neighbouring whole numbers apart.
_EXACT = 2.0**53

_FIRST = {EVENT: date(1990, 1, 1), BIRTH: date(1880, 1, 1), VALIDITY: date(1900, 1, 1)}
_AHEAD = timedelta(days=366)
_UNBOUNDED = date(9999, 12, 31)


def _try_strptime_arguments(_text: ir.Value, _format: ir.Value) -> ir.Value: ...


def _at_zone_arguments(_zone: ir.Value, _instant: ir.Value) -> ir.Value: ...


_LOCAL_TIME = dt.Timestamp(scale=6)
_try_strptime = ibis.udf.scalar.builtin(
    _try_strptime_arguments, name="try_strptime", signature=((dt.string, dt.string), _LOCAL_TIME)
)
_at_zone = ibis.udf.scalar.builtin(
    _at_zone_arguments, name="timezone", signature=((dt.string, dt.Timestamp(timezone="UTC")), _LOCAL_TIME)
)


def text_of(value: ir.Value) -> ir.StringValue:
    """A cell as trimmed text, null when empty; whole numbers lose the ``.0`` of a nullable column.

    A whole number that floating point cannot hold exactly is null: its digits are not those that were sent.
    """
    kind = value.type()
    if kind.is_boolean():
        text = value.cast("int8").cast("string")
    elif kind.is_floating():
        whole = value.cast("string").re_replace(r"\.0$", "")
        text = (value.isnan() | (value.abs() >= _EXACT)).ifelse(None, whole)
    else:
        text = value.cast("string")
    return _trimmed(text).nullif("")


def _trimmed(text: ir.StringValue) -> ir.StringValue:
    """As `strip`, which takes ten times as long as looking whether there is anything to take off."""
    at_edge = (text < _FIRST_VISIBLE) | (text.right(1) < _FIRST_VISIBLE)
    return at_edge.ifelse(text.strip(), text)


def filled(value: ir.Value) -> ir.BooleanValue:
    """Does a cell hold anything?"""
    if value.type().is_floating():
        return value.notnull() & ~value.isnan()
    return _trimmed(value.cast("string")).nullif("").notnull()


def parse(value: ir.Value, kind: str) -> ir.Value:
    """A cell as the contract's kind; null where it is empty or cannot be read."""
    return {CODE: text_of, FLAG: _flag, TIME: _time, NUMBER: _number}[kind](value)


def impossible(value: ir.Value, period: str, today: date | None) -> ir.BooleanValue:
    """Is a time one that no claim can have?

    Args:
        period: EVENT (1990 to a year from today), BIRTH (1880 to a year from today) or VALIDITY (1900 to
            9999, as catalogues write a limit without end).
        today: None: times to come are not judged.
    """
    last = _UNBOUNDED if period == VALIDITY or today is None else today + _AHEAD
    first = _FIRST[period]
    end = datetime(last.year, last.month, last.day, 23, 59, 59, 999999)
    return (value < datetime(first.year, first.month, first.day)) | (value > end)


def refuse_unknown(values: ValueMap) -> None:
    """Raise StoreError where a value map names what is no code or flag of the contract."""
    for place in values:
        table, _dot, column = place.partition(".")
        if table not in TABLES or column not in TABLES[table].columns:
            raise StoreError(f"settings: values: {place} is no column of the contract")
        if TABLES[table].kind(column) not in (CODE, FLAG):
            raise StoreError(f"settings: values: {place} holds no codes")


def _flag(value: ir.Value) -> ir.StringValue:
    return text_of(value).lower().substitute({"true": "1", "false": "0"})


def _number(value: ir.Value) -> ir.FloatingValue:
    if value.type().is_string():
        text = text_of(value)
        number = text.re_search(_NUMBER).ifelse(text, None).try_cast("float64")
    else:
        number = value.try_cast("float64")
    return (number.abs() < LARGEST).ifelse(number, None)


def _time(value: ir.Value) -> ir.TimestampValue:
    kind = value.type()
    if kind.is_timestamp() and kind.timezone:
        return _at_zone(_LOCAL, value.try_cast("timestamp('UTC')"))
    if kind.is_timestamp() or kind.is_date():
        return value.try_cast("timestamp(6)")
    text = text_of(value)
    digits = text.re_search(r"^\d+$").ifelse(text.length(), 0)
    compact = [(digits == length, _try_strptime(text, pattern)) for length, pattern in _COMPACT.items()]
    plain = text.re_replace(_OFFSET, "").replace("/", "-")
    # DuckDB's cast wants minutes after an hour.
    plain = plain.re_replace(r"([ T]\d{1,2})$", r"\1:00")
    return ibis.cases(
        *compact, (text.re_search(_WRITTEN), plain.try_cast("timestamp(6)")), else_=ibis.null("timestamp(6)")
    )
