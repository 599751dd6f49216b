"""The quarantine of a load: rows that cannot be used, each with its place, the reason and what was read."""

from collections.abc import Callable

import ibis
from ibis import _

from claims.readers import Opened, Part, quote

# What the quarantine says of a row; the field stands beside it.
MISSING, UNREADABLE, REVERSED = "missing value", "unreadable value", "end before begin"
IMPOSSIBLE = "impossible date"
BROKEN, REPEATED = "broken row", "key repeated with other content"
UNKNOWN, FOLLOWS = "not found in its parent table", "its parent row is in quarantine"

_SCHEMA = {
    **dict.fromkeys(("table", "file"), "string"), "row": "int64",
    **dict.fromkeys(("field", "reason", "raw"), "string"),
}  # fmt: skip


def _to_json_arguments(_content: ibis.Value) -> ibis.Value: ...


_to_json = ibis.udf.scalar.builtin(_to_json_arguments, name="to_json", signature=((None,), "string"))


def create_quarantine(con: ibis.BaseBackend) -> ibis.Table:
    """An empty quarantine: table, file, row, field, reason, raw (JSON of the row, or its text)."""
    return con.create_table("quarantine", schema=ibis.schema(_SCHEMA))


def as_read(part: Part, rows: ibis.Table) -> dict[str, ibis.Value]:
    """Every column of the file as it stands there."""
    return {name: rows[f"c{n}"].cast("string") for n, name in enumerate(part.header)}


def add_rows(
    con: ibis.BaseBackend,
    part: Part,
    rows: ibis.Table,
    bad: ibis.Table,
    content_of: Callable[[Part, ibis.Table], dict[str, ibis.Value]] = as_read,
) -> None:
    """Put rows of a part, as they stand in the file, into the quarantine.

    Args:
        rows: the part (`claims.readers.Opened.rows`).
        bad: ``_part``, ``_row``, ``_reason`` and ``_field``; rows of other parts are left out.
        content_of: what is kept of a row.
    """
    bad = bad.filter(bad._part == part.number).select("_row", "_reason", "_field")
    raw = rows.inner_join(bad, rows._row.cast("int64") == bad._row)
    content = ibis.struct(content_of(part, raw))
    con.insert(
        "quarantine",
        raw.select(
            table=ibis.literal(part.table.name),
            file=ibis.literal(part.path.name),
            row=raw._row.cast("int64"),
            field=raw._field,
            reason=raw._reason,
            raw=_to_json(content),
        ),
    )


def add_broken_lines(con: ibis.BaseBackend, part: Part, opened: Opened, withheld: bool = False) -> None:
    """Put the lines of a part that are no records into the quarantine, whole.

    Args:
        withheld: keep nothing of what they hold, because it is unknown where in them a person is named.
    """
    if not opened.unreadable:
        return
    lines = con.sql(f"FROM read_parquet({quote(opened.broken)})", schema={"row": "int64", "raw": "string"})
    con.insert(
        "quarantine",
        lines.select(
            table=ibis.literal(part.table.name),
            file=ibis.literal(part.path.name),
            row=_.row,
            field=ibis.null("string"),
            reason=ibis.literal(BROKEN),
            raw=ibis.null("string") if withheld else _.raw,
        ),
    )
