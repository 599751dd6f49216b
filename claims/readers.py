"""Files → DuckDB relations: Parquet and CSV, with the columns of the file by position and row numbers."""

import csv
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.lib import ArrowException

from claims.csv_records import LONGEST_LINE, MOST_JOINED, Records, separate
from claims.encodings import chunks_of, encoding_of
from claims.errors import InputError
from claims.tables import ALIASES, CODE, FLAG, NUMBER, TIME, Table

FORMATS = (".parquet", ".csv", ".csv.gz")

_KINDS = {CODE: "a code", FLAG: "a flag", TIME: "a time", NUMBER: "a number"}


@dataclass(frozen=True)
class Part:
    """One file of a table.

    Attributes:
        number: position among the parts of its table; with the row number it orders the rows of a load.
        header: names of the file's columns; its relation calls them ``c0``, ``c1``, ….
        columns: contract column → position of the file's column that carries it.
        extra: columns of the file that the contract does not know.
    """

    table: Table
    path: Path
    number: int
    header: tuple[str, ...]
    columns: dict[str, int]
    extra: tuple[str, ...]

    def cell(self, rows: ibis.Table, column: str) -> ibis.Value:
        """A column of the contract in a relation of the file."""
        return rows[f"c{self.columns[column]}"]

    def spelling(self, column: str) -> str:
        """What the file calls a column of the contract; empty where it has none."""
        return self.header[self.columns[column]].strip().lower() if column in self.columns else ""


@dataclass(frozen=True)
class Opened:
    """A part in the scratch database.

    Attributes:
        rows: the readable rows: ``c0``, ``c1``, …, ``_row`` (1 = first row below the header).
        broken: Parquet file of lines whose structure could not be read (``row``, ``raw``), if there are any.
        unreadable: how many those are.
    """

    rows: ibis.Table
    broken: Path | None = None
    unreadable: int = 0


def part_of(table: Table, path: Path, number: int) -> Part:
    """Read the header of a file.

    Raises:
        InputError: the file is unreadable, a mandatory column is missing, a name stands twice or is empty.
    """
    header = _parquet_header(path, table) if path.suffix == ".parquet" else _csv_header(path)
    _refuse_names(path, header)
    plain = {name.strip().lower(): position for position, name in enumerate(header)}
    columns = {name: plain[name] for name in table.columns if name in plain}
    for alias, name in ALIASES.items():
        if alias in plain and name in table.columns and name not in columns and alias not in table.columns:
            columns[name] = plain[alias]
    for name in table.columns:
        if table.mandatory(name) and name not in columns:
            raise InputError(f"table {table.name}: required column {name} is missing in {path.name}")
    part = Part(table, path, number, header, columns, _extra(header, columns))
    if path.suffix == ".parquet":
        _refuse_types(part)
    return part


def _extra(header: tuple[str, ...], columns: dict[str, int]) -> tuple[str, ...]:
    return tuple(sorted(name for place, name in enumerate(header) if place not in columns.values()))


def _refuse_names(path: Path, header: tuple[str, ...]) -> None:
    if not header:
        raise InputError(f"{path.name} is empty: it has no header row")
    seen: dict[str, str] = {}
    for position, name in enumerate(header, 1):
        plain = name.strip().lower()
        if not plain:
            raise InputError(f"{path.name}: column {position} of the header row has no name")
        if plain in seen:
            alike = (
                "stands twice" if seen[plain] == name else f"and {seen[plain]} differ only in case or blanks"
            )
            raise InputError(f"{path.name}: column {name} {alike} in the header row")
        seen[plain] = name


def _csv_header(path: Path) -> tuple[str, ...]:
    encoding, line = encoding_of(path), b""
    for chunk in chunks_of(path):
        line += chunk
        if b"\n" in line:
            break
    try:
        text = line.partition(b"\n")[0].decode(encoding).lstrip("\ufeff").rstrip("\r")
        return tuple(next(csv.reader([text], strict=True), ()))
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path.name}: the header row cannot be read: {error}") from error


def _parquet_header(path: Path, table: Table) -> tuple[str, ...]:
    try:
        return tuple(pq.read_schema(path).names)
    except (ArrowException, OSError) as error:
        raise InputError(f"{path.name} cannot be read: {_first_line(error)}") from error


def _refuse_types(part: Part) -> None:
    schema = pq.read_schema(part.path)
    for name, position in part.columns.items():
        held, kind = schema.field(position).type, part.table.kind(name)
        if not _fits(held, kind):
            column = part.header[position]
            raise InputError(f"{part.path.name}: column {column} holds {held} and not {_KINDS[kind]}")


def _fits(held: pa.DataType, kind: str) -> bool:
    """Can values of this type be read as this kind?"""
    if pa.types.is_dictionary(held):
        return _fits(held.value_type, kind)
    types = pa.types
    text = (
        types.is_string(held)
        or types.is_large_string(held)
        or types.is_string_view(held)
        or types.is_null(held)
    )
    numeric = types.is_integer(held) or types.is_floating(held) or types.is_decimal(held)
    if kind == TIME:
        return bool(text or types.is_timestamp(held) or types.is_date(held) or numeric)
    return bool(text or numeric or (kind != NUMBER and types.is_boolean(held)))


def open_part(con: ibis.BaseBackend, part: Part, work: Path) -> Opened:
    """Read a part into the scratch database.

    Raises:
        InputError: the file as a whole cannot be read.
    """
    name = f"raw_{part.table.name}_{part.number}"
    try:
        if part.path.suffix != ".parquet":
            return _open_csv(con, part, name, work)
        return Opened(_open_parquet(con, part, name))
    except (duckdb.Error, ArrowException, OSError) as error:
        pages = part.path.suffix == ".parquet" and part.path.exists()
        column = _unreadable_column(con, part) if pages else ""
        raise InputError(f"{part.path.name}{column} cannot be read: {_first_line(error)}") from error


def _open_parquet(con: ibis.BaseBackend, part: Part, name: str) -> ibis.Table:
    if "file_row_number" in [column.lower() for column in part.header]:
        raise InputError(f"{part.path.name}: column file_row_number is a reserved name")
    columns = ", ".join(f"{identifier(column)} AS c{n}" for n, column in enumerate(part.header))
    con.raw_sql(
        f"CREATE TABLE {name} AS SELECT {columns}, file_row_number + 1 AS _row "
        f"FROM read_parquet({quote(part.path)}, file_row_number=true)"
    )
    rows = con.table(name)
    _refuse_loss(part, rows, pq.read_metadata(part.path).num_rows)
    return rows


def _open_csv(con: ibis.BaseBackend, part: Part, name: str, work: Path) -> Opened:
    records = separate(part.path, encoding_of(part.path), len(part.header), _folder(work, name))
    columns = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(len(part.header)))
    # Lines that a field spans must not be torn apart by threads that begin in the middle of the file.
    con.raw_sql(
        f"CREATE TABLE read_{name} AS SELECT *, row_number() OVER () AS _record FROM read_csv("
        f"{quote(records.clean)}, auto_detect=false, header=false, delim=',', quote='\"', escape='\"', "
        f"columns={{{columns}}}, max_line_size={LONGEST_LINE * MOST_JOINED}, "
        f"parallel={str(not records.joined).lower()})"
    )
    rows = con.table(f"read_{name}")
    _refuse_loss(part, rows, records.readable)
    return Opened(_numbered(con, name, records), records.broken, records.unreadable)


def _numbered(con: ibis.BaseBackend, name: str, records: Records) -> ibis.Table:
    """Records with the number of their row in the file."""
    if len(records.shifts) < 2:
        shift = records.shifts[0][1] if records.shifts else 0
        con.raw_sql(
            f"CREATE VIEW {name} AS SELECT * EXCLUDE (_record), _record + {shift} AS _row FROM read_{name}"
        )
        return con.table(name)
    begins, shifts = zip(*records.shifts, strict=True)
    con.create_table(f"shifts_{name}", pa.table({"_begin": begins, "_shift": shifts}))
    con.raw_sql(
        f"CREATE TABLE {name} AS SELECT r.* EXCLUDE (_record), _record + _shift AS _row "
        f"FROM read_{name} r ASOF JOIN shifts_{name} s ON r._record >= s._begin"
    )
    return con.table(name)


def _refuse_loss(part: Part, rows: ibis.Table, expected: int) -> None:
    count = rows.count().execute()
    if count != expected:
        raise InputError(f"{part.path.name} cannot be read: {count:,} of {expected:,} rows")


def _unreadable_column(con: ibis.BaseBackend, part: Part) -> str:
    """The first column of a Parquet file whose pages cannot be read."""
    for column in part.header:
        try:
            con.raw_sql(
                f"SELECT max(hash({identifier(column)})) FROM read_parquet({quote(part.path)})"
            ).fetchall()
        except duckdb.Error:
            return f": column {column}"
    return ""


def _folder(work: Path, name: str) -> Path:
    folder = work / name
    folder.mkdir()
    return folder


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def quote(text: object) -> str:
    """A literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name of a column or table in SQL."""
    return '"' + name.replace('"', '""') + '"'
