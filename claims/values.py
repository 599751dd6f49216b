"""Text and foreign types → the kinds of the contract: codes, flags, times and numbers.

An expression that gives null for a filled cell could not read it; `claims.checks` quarantines such rows.
"""

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from claims.errors import StoreError
from claims.tables import CODE, FLAG, NUMBER, TABLES, TIME

# What a region's own codes mean: ``table.column`` → its code → the contract's.
ValueMap = dict[str, dict[str, str]]

_LOCAL = "Asia/Shanghai"
_COMPACT = [
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M",
    "%Y%m%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y-%m-%d %H",
]


def _try_strptime_arguments(text: ir.Value, formats: ir.Value) -> ir.Value: ...


def _at_zone_arguments(zone: ir.Value, instant: ir.Value) -> ir.Value: ...


_LOCAL_TIME = dt.Timestamp(scale=6)
_try_strptime = ibis.udf.scalar.builtin(
    _try_strptime_arguments, name="try_strptime", signature=((dt.string, dt.Array(dt.string)), _LOCAL_TIME)
)
_at_zone = ibis.udf.scalar.builtin(
    _at_zone_arguments, name="timezone", signature=((dt.string, dt.Timestamp(timezone="UTC")), _LOCAL_TIME)
)


def text_of(value: ir.Value) -> ir.StringValue:
    """A cell as trimmed text, null when empty; whole numbers lose the ``.0`` of a nullable column."""
    kind = value.type()
    if kind.is_boolean():
        text = value.cast("int8").cast("string")
    elif kind.is_floating():
        whole = value.cast("string").re_replace(r"\.0$", "")
        text = value.isnan().ifelse(None, whole)
    else:
        text = value.cast("string")
    return text.strip().nullif("")


def parse(value: ir.Value, kind: str) -> ir.Value:
    """A cell as the contract's kind; null where it is empty or cannot be read."""
    return {CODE: text_of, FLAG: _flag, TIME: _time, NUMBER: _number}[kind](value)


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
    number = text_of(value).try_cast("float64") if value.type().is_string() else value.cast("float64")
    return (number.isnan() | number.isinf()).ifelse(None, number)


def _time(value: ir.Value) -> ir.TimestampValue:
    kind = value.type()
    if kind.is_timestamp() and kind.timezone:
        return _at_zone(_LOCAL, value.cast("timestamp('UTC')"))
    if kind.is_timestamp() or kind.is_date():
        return value.cast("timestamp(6)")
    text = text_of(value)
    zoned = text.re_search(r":\d\d(\.\d+)?\s*(Z|[+-]\d\d:?\d\d)$")
    return ibis.cases(
        (zoned, _at_zone(_LOCAL, text.try_cast("timestamp('UTC')"))),
        else_=ibis.coalesce(text.try_cast("timestamp(6)"), _try_strptime(text, _COMPACT)),
    )
