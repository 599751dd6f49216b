"""Measures of a few visits written down by hand."""

import math
from datetime import date, datetime
from functools import cache
from typing import Any

import ibis
import pandas as pd

from claims.as_of import STAY
from features.measures.catalogue import CATALOGUE
from tests.in_memory import engine

TEXTS = ("mdtrt_id", "psn_no", "fixmedins_code", "dr_code", "kind", "village", "referred_to", "emp_no")
# A plain stay; rows say in what they differ.
STAY_ROW = {"psn_no": "a", "fixmedins_code": "H1", "kind": STAY, "course": False, "days_ago": 10.0}


def taken(subject: str, name: str, *rows: dict[str, Any], window: int = 365) -> float | None:
    """A measure of one subject with these visits; None where it is unknown.

    Args:
        rows: columns of the facts, or of the counts (n, fund, persons) for a measure of counts.
    """
    entry = CATALOGUE[subject, name]
    counts = entry.base != "visits"
    full = [row if counts else STAY_ROW | {"mdtrt_id": f"M{n}"} | row for n, row in enumerate(rows)]
    table = facts(full)
    inside = ibis.literal(True) if counts or subject == "visit" else table.days_ago <= window
    value = entry.compute(table, inside)
    chosen = table.select(value=value) if subject == "visit" else table.aggregate(value=value)
    found = chosen.to_pandas()["value"].iloc[0]
    return None if pd.isna(found) or (isinstance(found, float) and math.isnan(found)) else float(found)


def facts(rows: list[dict[str, Any]]) -> ibis.Table:
    """Rows as a table; what a row lacks is null."""
    frame = pd.DataFrame(rows)
    types = {column: _type(column, [row.get(column) for row in rows]) for column in frame}
    return _connection().create_table(
        "facts", ibis.memtable(frame, schema=ibis.schema(types)), overwrite=True
    )


@cache
def _connection() -> ibis.BaseBackend:
    return engine()


def _type(column: str, values: list[Any]) -> str:
    known = next((value for value in values if value is not None), None)
    if column in TEXTS or isinstance(known, str):
        return "string"
    if isinstance(known, bool):
        return "boolean"
    if isinstance(known, datetime):
        return "timestamp"
    return "date" if isinstance(known, date) else "float64"
