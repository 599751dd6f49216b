"""Hand-made tables of visits and bill lines, and what a fact says of each visit as plain values."""

from datetime import date, datetime, timedelta
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from claims.as_of import OUTPATIENT, STAY

AS_OF = datetime(2025, 1, 1)
EPOCH = datetime(1970, 1, 1)
VISITS = ibis.schema(
    dict.fromkeys(
        ("mdtrt_id", "psn_no", "fixmedins_code", "kind", "dr_code", "dx3", "dx_group", "village", "level"),
        "string",
    )
    | {
        "begntime": "timestamp",
        "endtime": "timestamp",
        "setl_time": "timestamp",
        "day": "date",
        "week": "date",
    }
    | {"second": "int64", "end_second": "int64", "los": "float64", "days_ago": "float64"}
    | {"medfee_sumamt": "float64", "rel_ttp_flag": "string", "course": "boolean", "chain": "string"}
)
LINES = ibis.schema(
    {"mdtrt_id": "string", "hilist_code": "string", "day": "date", "cnt": "float64", "amount": "float64"}
    | {"pric": "float64", "charge": "string", "serv_type": "string", "days_per_unit": "float64"}
    | {"ceiling": "float64"}
)


def table(schema: ibis.Schema | dict[str, str], rows: list[dict[str, Any]]) -> ibis.Table:
    """Rows as a table; what a row does not say is null."""
    schema = ibis.schema(schema)
    return ibis.memtable(pa.Table.from_pylist(rows, schema=schema.to_pyarrow()), schema=schema)


def _visit(number: int, given: dict[str, Any]) -> dict[str, Any]:
    row = {
        "mdtrt_id": f"M{number:02}",
        "psn_no": "anna",
        "fixmedins_code": "H1",
        "kind": OUTPATIENT,
        "level": "2",
        "medfee_sumamt": 100.0,
        "course": False,
    }
    row |= {"begntime": datetime(2024, 5, 1, 10)} | given
    for name in ("begntime", "endtime", "setl_time"):
        row[name] = None if row.get(name) is None else pd.Timestamp(row[name]).to_pydatetime()
    start, end = row["begntime"], row["endtime"]
    row |= {"day": start.date(), "second": int((start - EPOCH).total_seconds())}
    row |= {
        "week": start.date() - timedelta(days=start.weekday()),
        "days_ago": (AS_OF - start) / timedelta(days=1),
    }
    row.setdefault("dx_group", row.get("dx3"))
    if end:
        row["end_second"] = int((end - EPOCH).total_seconds())
        row["los"] = float((end.date() - start.date()).days) if row["kind"] == STAY else None
    return row


def visits(*rows: dict[str, Any]) -> ibis.Table:
    """Visits as `features.visits.visit_base` has them; numbered M01, M02, …, and outpatient unless said
    otherwise."""
    return table(VISITS, [_visit(number, row) for number, row in enumerate(rows, 1)])


def stay(begin: str, end: str | None, **more: Any) -> dict[str, Any]:
    """An inpatient stay for `visits`."""
    return {"kind": STAY, "begntime": begin, "endtime": end} | more


def sessions(*visits: str) -> ibis.Table:
    """A session of dialysis on the bill of each of some visits, as `bill_content` counts them."""
    rows = [{"mdtrt_id": visit, "dialysis": 1.0} for visit in visits]
    return table({"mdtrt_id": "string", "dialysis": "float64"}, rows)


def lines(*rows: dict[str, Any]) -> ibis.Table:
    """Lines as `features.visits.bill_lines.item_days` has them: of visit M01, one item of 10 yuan on 1
    May."""
    usual = {"mdtrt_id": "M01", "hilist_code": "item", "day": date(2024, 5, 1), "cnt": 1.0, "amount": 10.0}
    return table(LINES, [usual | row for row in rows])


def values(found: ibis.Table, *columns: str) -> dict[str, Any]:
    """mdtrt_id → value of the column, or the tuple of several."""
    rows = found.to_pyarrow().to_pylist()
    assert len({row["mdtrt_id"] for row in rows}) == len(rows), "a visit has two rows"
    pick = (
        (lambda row: row[columns[0]]) if len(columns) == 1 else (lambda row: tuple(row[c] for c in columns))
    )
    return {row["mdtrt_id"]: pick(row) for row in sorted(rows, key=lambda row: row["mdtrt_id"])}
