"""Which rows of a load can be used, and what becomes of the others: every row is accounted for.

A row is *quarantined* when it cannot be keyed, timed or placed; *identical* when the store or the load has it
already; *set aside* when it is valid but does not count (contract, Money); all others are *kept*.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import or_
from pathlib import Path

import ibis
from ibis import _

from claims.folders import find_tables, not_taken
from claims.pseudonyms import Key, prepare, remember, replaced_identifiers, shown
from claims.quarantine import (
    FOLLOWS,
    IMPOSSIBLE,
    MISSING,
    REPEATED,
    REVERSED,
    UNKNOWN,
    UNREADABLE,
    add_broken_lines,
    add_rows,
    as_read,
    create_quarantine,
)
from claims.readers import Part, open_part
from claims.tables import CODE, FLAG, LOCAL_ALIASES, TABLES, TIME, Table
from claims.values import ValueMap, filled, impossible, parse, refuse_unknown
from claims.waiting import begin_to_wait, key_of, keys_of, try_again

# A reason against a row: when it holds, what it is, and the field.
_Reason = tuple[ibis.Value, str, str]


@dataclass(frozen=True)
class Held:
    """What the store has: its tables, and rows that wait for their parents, by table."""

    tables: dict[str, ibis.Table] = field(default_factory=dict)
    waiting: dict[str, ibis.Table] = field(default_factory=dict)


@dataclass
class Load:
    """The checked rows of one load, as tables of a scratch database.

    Attributes:
        con: connection to the scratch database.
        quarantine: table, file, row, field, reason, raw.
        rows: rows read, per table.
        tables: accepted rows (columns of the contract, ``_part``, ``_row``) of each table that is there; rows
            that waited for their parents have ``_part`` -1.
        repeats: rows that stood before in this load, per table.
        waiting: rows that wait for their parents after this load, per table.
        extra: columns that the contract does not know, per table.
        not_taken: files that look like tables and are not taken, with the reason.
    """

    con: ibis.BaseBackend
    quarantine: ibis.Table
    rows: dict[str, int] = field(default_factory=dict)
    tables: dict[str, ibis.Table] = field(default_factory=dict)
    repeats: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, ibis.Table] = field(default_factory=dict)
    extra: dict[str, list[str]] = field(default_factory=dict)
    not_taken: list[str] = field(default_factory=list)


def check(
    con: ibis.BaseBackend,
    source: Path,
    work: Path,
    held: Held,
    values: ValueMap | None = None,
    today: date | None = None,
    key: Key | None = None,
) -> Load:
    """Read a folder of tables and sort its rows.

    Args:
        con: scratch DuckDB connection; it receives one table per table of the contract.
        source: the folder.
        work: scratch folder for copies of CSV files.
        held: what the store has: parents that came before, tables that need not come again, rows that wait.
        values: what the region's own codes mean.
        today: claims of more than a year from this day are quarantined; None judges none.
        key: identifiers of persons are replaced under it; None keeps them.

    Raises:
        StoreError: `values` names a column that is no code or flag of the contract.
        InputError: the folder, a required table or a mandatory column is missing, or a file is unreadable.
    """
    refuse_unknown(values or {})
    found = find_tables(source, held.tables)
    load = Load(con, create_quarantine(con), not_taken=not_taken(source))
    if key:
        prepare(con, key)
    for name, table in TABLES.items():
        if name in found:
            _check_table(load, table, found[name], work, held, _Reading(values or {}, today, key))
        if name in held.waiting:
            _take_waiting(load, table, held)
    return load


@dataclass(frozen=True)
class _Reading:
    """How cells are read: what codes mean, the day from which a claim lies in the future, and the key under
    which identifiers are replaced."""

    values: ValueMap
    today: date | None
    key: Key | None


def _check_table(
    load: Load, table: Table, parts: list[Part], work: Path, held: Held, reading: _Reading
) -> None:
    """Stage the parts as typed rows with a reason each, then find rows without a parent and repeated rows."""
    opened = [open_part(load.con, part, work) for part in parts]
    load.extra[table.name] = sorted({name for part in parts for name in part.extra})
    typed = [_typed(one.rows, part, reading) for part, one in zip(parts, opened, strict=True)]
    staged = reduce(ibis.union, typed)
    for column, parent in table.parents.items():
        staged = _place(load, staged, column, parent, held.tables.get(parent))
    staged = load.con.create_table(f"staged_{table.name}", staged)
    load.rows[table.name] = int(staged.count().execute()) + sum(one.unreadable for one in opened)
    good, bad = _sort(load, table, staged)
    load.tables[table.name] = good
    if table.parents and bad is not None:
        load.waiting[table.name] = begin_to_wait(load.con, table, staged, good)
    for part, one in zip(parts, opened, strict=True):
        add_broken_lines(load.con, part, one, withheld=reading.key is not None)
        if bad is not None:
            add_rows(load.con, part, one.rows, bad, shown if reading.key else as_read)
        if reading.key and reading.key.mapping:
            remember(load.con, part, one.rows)


def _sort(load: Load, table: Table, staged: ibis.Table) -> tuple[ibis.Table, ibis.Table | None]:
    """Rows that are taken, and rows for the quarantine (as `add_rows` wants them), if there are any."""
    columns = ("_part", "_row", "_reason", "_field")
    good = staged.filter(staged._reason.isnull())
    bad = staged.filter(staged._reason.notnull()).select(*columns)
    sound = int(good.count().execute())
    if sound > good.select(*key_of(table)).distinct().count().execute():
        repeats = load.con.create_table(f"repeats_{table.name}", _repeats(table, good))
        load.repeats[table.name] = int(repeats.filter(~_.differs).count().execute())
        differing = good.semi_join(repeats.filter(_.differs), ["_part", "_row"])
        differing = differing.mutate(_reason=ibis.literal(REPEATED), _field=ibis.literal("+".join(table.key)))
        good, bad = good.anti_join(repeats, ["_part", "_row"]), bad.union(differing.select(*columns))
    good = good.drop("_reason", "_field")
    if sound == staged.count().execute() and table.name not in load.repeats:
        return good, None
    return good, load.con.create_table(f"bad_{table.name}", bad)


def _take_waiting(load: Load, table: Table, held: Held) -> None:
    """Add waiting rows whose parents are known by now."""
    parents = {
        column: keys_of(parent, load.tables.get(parent), held.tables.get(parent))
        for column, parent in table.parents.items()
    }
    begun = load.waiting.get(table.name)
    newer = [rows for rows in (load.tables.get(table.name), begun) if rows is not None]
    placed, still = try_again(load.con, table, held.waiting[table.name], newer, parents)
    good = load.tables.get(table.name)
    both = placed if good is None else good.union(placed.select(*good.columns))
    load.tables[table.name] = load.con.create_table(f"taken_{table.name}", both)
    load.waiting[table.name] = still if begun is None else begun.union(still)


def _typed(rows: ibis.Table, part: Part, reading: _Reading) -> ibis.Table:
    """The columns of the contract, typed, with ``_part``, ``_row`` and the first reason against the row."""
    table = part.table
    typed = rows.select(
        _part=ibis.literal(part.number, "int64"),
        _row=rows._row.cast("int64"),
        **_values(rows, part, reading),
        **{f"_filled_{name}": filled(part.cell(rows, name)) for name in part.columns},
    )
    reasons: list[_Reason] = [
        (typed[f"_filled_{name}"] & typed[name].isnull(), UNREADABLE, name) for name in _may_fail(rows, part)
    ]
    times = [name for name in part.columns if table.kind(name) == TIME]
    reasons += [
        (impossible(typed[name], table.period(name), reading.today), IMPOSSIBLE, name) for name in times
    ]
    reasons += [(typed[name].isnull(), MISSING, name) for name in table.blocking()]
    reasons += [(_reversed(typed[begin], typed[end]), REVERSED, end) for begin, end in table.spans]
    return typed.select(
        "_part", "_row", *table.columns, _reason=_first(reasons, 1), _field=_first(reasons, 2)
    )


def _values(rows: ibis.Table, part: Part, reading: _Reading) -> dict[str, ibis.Value]:
    """Each column of the contract as the file has it; null where it has none."""
    table, means = part.table, reading.values
    values = {
        name: parse(part.cell(rows, name), table.kind(name))
        if name in part.columns
        else ibis.null(column.dtype.type)
        for name, column in table.columns.items()
    }
    for name in table.columns:
        prefix = LOCAL_ALIASES.get(part.spelling(name))
        if prefix in table.columns:
            values[name] = values[prefix] + ":" + values[name]
        if f"{table.name}.{name}" in means:
            values[name] = values[name].substitute(means[f"{table.name}.{name}"])
    return replaced_identifiers(values) if reading.key else values


def _may_fail(rows: ibis.Table, part: Part) -> list[str]:
    """Columns with cells that may not be readable; any text is a code, but not any floating point number."""
    return [
        name
        for name in part.columns
        if part.table.kind(name) not in (CODE, FLAG) or part.cell(rows, name).type().is_floating()
    ]


def _first(reasons: list[_Reason], position: int) -> ibis.Value:
    return ibis.cases(*[(reason[0], reason[position]) for reason in reasons], else_=ibis.null("string"))


def _reversed(begin: ibis.Value, end: ibis.Value) -> ibis.Value:
    """End before begin; an end that is a bare date covers its day."""
    bare = end == end.truncate("D")
    return bare.ifelse(end < begin.truncate("D"), end < begin)


def _place(load: Load, rows: ibis.Table, column: str, parent: str, stored: ibis.Table | None) -> ibis.Table:
    """Give a reason to rows whose parent is neither in this load nor in the store."""
    key = TABLES[parent].key[0]
    parents = keys_of(parent, load.tables.get(parent), stored).mutate(_found=True)
    if parent in load.rows:
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
    key = key_of(table)
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
