"""Which rows of a load can be used, and what becomes of the others: every row is accounted for.

A row is *quarantined* when it cannot be keyed, timed or placed; *identical* when the store or the load has it
already; *set aside* when it is valid but does not count (contract, Money); all others are *kept*.
"""

from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from pathlib import Path

import ibis
import ibis.expr.datatypes as dt
from ibis import _

from claims.errors import InputError
from claims.readers import Opened, Part, find_parts, open_part
from claims.tables import CODE, FLAG, LOCAL_ALIASES, TABLES, Table
from claims.values import ValueMap, parse, refuse_unknown, text_of

# What the quarantine says of a row; the field stands beside it.
MISSING, UNREADABLE, REVERSED = "missing value", "unreadable value", "end before begin"
BROKEN, REPEATED = "broken row", "key repeated with other content"
UNKNOWN, FOLLOWS = "not found in its parent table", "its parent row is in quarantine"

QUARANTINE_SCHEMA = {
    **dict.fromkeys(("table", "file"), "string"), "row": "int64",
    **dict.fromkeys(("field", "reason", "raw"), "string"),
}  # fmt: skip


@dataclass
class Load:
    """The checked rows of one load, as tables of a scratch database.

    Attributes:
        con: connection to the scratch database.
        quarantine: rows as QUARANTINE_SCHEMA.
        rows: rows read, per table.
        tables: accepted rows (columns of the contract, ``_part``, ``_row``) of each table that is there.
        repeats: rows that stood before in this load, per table.
        extra: columns that the contract does not know, per table.
    """

    con: ibis.BaseBackend
    quarantine: ibis.Table
    rows: dict[str, int] = field(default_factory=dict)
    tables: dict[str, ibis.Table] = field(default_factory=dict)
    repeats: dict[str, int] = field(default_factory=dict)
    extra: dict[str, list[str]] = field(default_factory=dict)


def check(
    con: ibis.BaseBackend,
    source: Path,
    work: Path,
    held: dict[str, ibis.Table],
    values: ValueMap | None = None,
    partial: bool = False,
) -> Load:
    """Read a folder of tables and sort its rows.

    Args:
        con: scratch DuckDB connection; it receives one table per table of the contract.
        source: the folder.
        work: scratch folder for transcoded files.
        held: rows of the store, per table, for parents that came before.
        values: what the region's own codes mean.
        partial: required tables may be missing; `held` has them.

    Raises:
        StoreError: `values` names a column that is no code or flag of the contract.
        InputError: the folder, a required table or a mandatory column is missing, or a file is unreadable.
    """
    refuse_unknown(values or {})
    load = Load(con, con.create_table("quarantine", schema=ibis.schema(QUARANTINE_SCHEMA)))
    for table, parts in find_tables(source, partial).items():
        _check_table(load, TABLES[table], parts, work, held, values or {})
    return load


def find_tables(source: Path, partial: bool = False) -> dict[str, list[Part]]:
    """The parts of each table of the contract that the folder holds.

    Args:
        partial: required tables may be missing.

    Raises:
        InputError: the folder or a required table is missing, or a table is declared wrongly by its header.
    """
    if not source.is_dir():
        raise InputError(f"{source} is not a folder of claim tables")
    found = {name: find_parts(source, table) for name, table in TABLES.items()}
    for name, parts in found.items():
        if TABLES[name].required and not parts and not partial:
            raise InputError(f"required table {name} is missing in {source}")
    return {name: parts for name, parts in found.items() if parts}


def _check_table(
    load: Load, table: Table, parts: list[Part], work: Path, held: dict[str, ibis.Table], values: ValueMap
) -> None:
    """Stage the parts as typed rows with a reason each, then find rows without a parent and repeated rows."""
    opened = [open_part(load.con, part, work) for part in parts]
    load.extra[table.name] = sorted({name for part in parts for name in part.extra})
    staged = reduce(
        ibis.union, [_typed(rows, part, values) for part, (rows, _broken) in zip(parts, opened, strict=False)]
    )
    for column, parent in table.parents.items():
        staged = _place(load, staged, column, parent, held.get(parent))
    staged = load.con.create_table(f"staged_{table.name}", staged)
    load.rows[table.name] = staged.count().execute() + sum(len(broken) for _, broken in opened)

    bad = staged.filter(staged._reason.notnull())
    _quarantine_broken(load, table, parts, opened)
    repeats = load.con.create_table(
        f"repeats_{table.name}", _repeats(table, staged.filter(staged._reason.isnull()))
    )
    load.repeats[table.name] = repeats.filter(~_.differs).count().execute()
    differing = staged.semi_join(repeats.filter(_.differs), ["_part", "_row"]).mutate(
        _reason=ibis.literal(REPEATED), _field=ibis.literal("+".join(table.key))
    )
    for part, (rows, _broken) in zip(parts, opened, strict=False):
        _quarantine(load, part, rows, bad)
        _quarantine(load, part, rows, differing)
    good = (
        staged.filter(staged._reason.isnull()).anti_join(repeats, ["_part", "_row"]).drop("_reason", "_field")
    )
    load.tables[table.name] = load.con.create_table(f"good_{table.name}", good)


def _typed(rows: ibis.Table, part: Part, means: ValueMap) -> ibis.Table:
    """The columns of the contract, typed, with ``_part``, ``_row`` and the first reason against the row."""
    table = part.table
    values = {
        name: parse(rows[part.columns[name]], table.kind(name))
        if name in part.columns
        else ibis.null(column.dtype.type)
        for name, column in table.columns.items()
    }
    for name in table.columns:
        prefix = LOCAL_ALIASES.get(part.columns.get(name, ""))
        if prefix in table.columns:
            values[name] = values[prefix] + ":" + values[name]
        if f"{table.name}.{name}" in means:
            values[name] = values[name].substitute(means[f"{table.name}.{name}"])
    typed = rows.select(
        _part=ibis.literal(part.number),
        _row=rows._row.cast("int64"),
        **values,
        **{f"_text_{n}": text_of(rows[part.columns[n]]).notnull() for n in _parsed(part)},
    )
    reasons = [(typed[f"_text_{name}"] & typed[name].isnull(), UNREADABLE, name) for name in _parsed(part)]
    reasons += [(typed[name].isnull(), MISSING, name) for name in table.blocking()]
    reasons += [(_reversed(typed[begin], typed[end]), REVERSED, end) for begin, end in table.spans]
    return typed.select(
        "_part",
        "_row",
        *table.columns,
        _reason=_first(reasons, 1),
        _field=_first(reasons, 2),
    )


def _parsed(part: Part) -> list[str]:
    """Columns whose text may fail to be a time or a number."""
    return [name for name in part.columns if part.table.kind(name) not in (CODE, FLAG)]


def _first(reasons: list[tuple[ibis.Value, str, str]], position: int) -> ibis.Value:
    return ibis.cases(*[(reason[0], reason[position]) for reason in reasons], else_=ibis.null("string"))


def _reversed(begin: ibis.Value, end: ibis.Value) -> ibis.Value:
    """End before begin; an end that is a bare date covers its day."""
    bare = end == end.truncate("D")
    return bare.ifelse(end < begin.truncate("D"), end < begin)


def _place(load: Load, rows: ibis.Table, column: str, parent: str, stored: ibis.Table | None) -> ibis.Table:
    """Give a reason to rows whose parent is neither in this load nor in the store."""
    key = TABLES[parent].key[0]
    sources = [load.tables[parent]] if parent in load.tables else []
    sources += [stored] if stored is not None else []
    parents = reduce(ibis.union, [table.select(key) for table in sources])
    parents = parents.distinct().select(_parent=key, _found=True)
    if parent in load.tables:
        refused = load.con.table(f"staged_{parent}").filter(_._reason.notnull(), _[key].notnull())
        refused = refused.select(_refused=key).distinct()
    else:
        refused = parents.limit(0).select(_refused="_parent")
    placed = rows.left_join(parents, rows[column] == parents._parent)
    placed = placed.left_join(refused, placed[column] == refused._refused)
    orphan = placed._reason.isnull() & placed._found.isnull()
    reason = placed._refused.notnull().ifelse(FOLLOWS, UNKNOWN)
    placed = placed.mutate(
        _reason=orphan.ifelse(reason, placed._reason),
        _field=orphan.ifelse(ibis.literal(column), placed._field),
    )
    return placed.select(*rows.columns)


def _repeats(table: Table, good: ibis.Table) -> ibis.Table:
    """Rows (``_part``, ``_row``) whose key stood before in this load; ``differs`` from its first row?"""
    key = list(table.key) or list(table.columns)
    keys = good.select(
        "_part", "_row", *table.columns, **{f"_key_{k}": good[k].cast("string").fill_null("") for k in key}
    )
    names = [f"_key_{k}" for k in key]
    again = keys.group_by(names).aggregate(_n=_.count()).filter(_._n > 1)
    keys = keys.semi_join(again, names)
    window = ibis.window(group_by=names, order_by=["_part", "_row"])
    firsts = keys.mutate(
        _place=ibis.row_number().over(window),
        **{f"_first_{c}": keys[c].first(include_null=True).over(window) for c in table.columns},
    )
    differs = reduce(or_, [~firsts[c].identical_to(firsts[f"_first_{c}"]) for c in table.columns])
    return firsts.filter(firsts._place > 0).select("_part", "_row", differs=differs)


def _quarantine(load: Load, part: Part, rows: ibis.Table, bad: ibis.Table) -> None:
    """Put rows of a part, as they stand in the file, into the quarantine."""
    bad = bad.filter(bad._part == part.number).select("_row", "_reason", "_field")
    if not bad.count().execute():
        return
    raw = rows.inner_join(bad, rows._row.cast("int64") == bad._row)
    content = ibis.struct({name: rows[name].cast("string") for name in part.header})
    load.con.insert(
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


def _to_json_arguments(content: ibis.Value) -> ibis.Value: ...


_to_json = ibis.udf.scalar.builtin(_to_json_arguments, name="to_json", signature=((None,), dt.string))


def _quarantine_broken(load: Load, table: Table, parts: list[Part], opened: list[Opened]) -> None:
    lines = [
        (part.path.name, row, text)
        for part, (_rows, broken) in zip(parts, opened, strict=False)
        for row, text in broken
    ]
    if lines:
        files, rows, texts = map(list, zip(*lines, strict=False))
        found = ibis.memtable({"file": files, "row": rows, "raw": texts})
        load.con.insert(
            "quarantine",
            found.select(
                table=ibis.literal(table.name),
                file="file",
                row=_.row.cast("int64"),
                field=ibis.null("string"),
                reason=ibis.literal(BROKEN),
                raw="raw",
            ),  # fmt: skip
        )
