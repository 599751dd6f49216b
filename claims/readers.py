"""Files → DuckDB relations: Parquet, CSV and folders of parts, with row numbers."""

import codecs
import csv
import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import ibis
import pyarrow.parquet as pq
from pyarrow.lib import ArrowException

from claims.errors import InputError
from claims.tables import ALIASES, Table

FORMATS = (".parquet", ".csv", ".csv.gz")
_CHUNK = 1 << 22

# The readable rows of a part, and (row number, text) of rows whose structure could not be read.
Opened = tuple[ibis.Table, list[tuple[int, str]]]


@dataclass(frozen=True)
class Part:
    """One file of a table.

    Attributes:
        number: position among the parts of its table; with the row number it orders the rows of a load.
        columns: contract column → column of the file that carries it.
        extra: columns of the file that the contract does not know.
    """

    table: Table
    path: Path
    number: int
    header: tuple[str, ...]
    columns: dict[str, str]
    extra: tuple[str, ...]

    @property
    def is_csv(self) -> bool:
        """Is the file text, or Parquet?"""
        return self.path.suffix != ".parquet"


def find_parts(source: Path, table: Table) -> list[Part]:
    """Find the files of a table: ``NAME.parquet``, ``NAME.csv[.gz]`` or a folder ``NAME/`` of parts.

    Returns:
        Parts in the order of their paths; empty when the folder has no such table.

    Raises:
        InputError: two spellings of the table stand side by side, or a mandatory column is missing.
    """
    here = [
        source / f"{table.name}{ending}" for ending in FORMATS if (source / f"{table.name}{ending}").is_file()
    ]
    folder = source / table.name
    if folder.is_dir():
        here.append(folder)
    if len(here) > 1:
        raise InputError(f"table {table.name} is there twice: {here[0].name} and {here[1].name}")
    if not here:
        return []
    files = sorted(p for p in folder.rglob("*") if p.name.endswith(FORMATS)) if here[0] == folder else here
    return [_part(table, path, number) for number, path in enumerate(files)]


def _part(table: Table, path: Path, number: int) -> Part:
    header = _header(path)
    columns, extra = _match(table, header)
    for name in table.columns:
        if table.mandatory(name) and name not in columns:
            raise InputError(f"table {table.name}: required column {name} is missing in {path.name}")
    return Part(table, path, number, header, columns, extra)


def _match(table: Table, header: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Which column of the file carries which column of the contract; the contract's spelling comes first."""
    plain = {name.strip().lower(): name for name in header}
    columns = {name: plain[name] for name in table.columns if name in plain}
    for alias, name in ALIASES.items():
        if alias in plain and name in table.columns and name not in columns and alias not in table.columns:
            columns[name] = plain[alias]
    return columns, tuple(sorted(set(header) - set(columns.values())))


def _header(path: Path) -> tuple[str, ...]:
    try:
        if path.suffix == ".parquet":
            return tuple(pq.read_schema(path).names)
        with _open(path) as raw:
            text = io.TextIOWrapper(raw, _encoding(path), newline="")
            names = tuple(next(csv.reader(text), ()))
    except (ArrowException, OSError, EOFError, csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from error
    if not names:
        raise InputError(f"{path.name} is empty: it has no header row")
    if len(set(names)) < len(names):
        raise InputError(f"{path.name}: a column name stands twice in the header row")
    return names


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _encoding(path: Path) -> str:
    """UTF-8 or GB18030.

    A UTF-8 file with a few broken bytes stays UTF-8 (its broken rows go to quarantine); GB18030 read as UTF-8
    breaks at nearly every Chinese character.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    foreign = broken = 0
    with _open(path) as raw:
        while chunk := raw.read(_CHUNK):
            if chunk.isascii() and not foreign:
                continue
            text = decoder.decode(chunk)
            broken += text.count("\ufffd")
            foreign += len(text) - len(text.encode("ascii", "ignore"))
    return "gb18030" if broken * 5 > foreign else "utf-8-sig"


def open_part(con: ibis.BaseBackend, part: Part, work: Path) -> Opened:
    """Open a part as a relation with the columns of the file and ``_row`` (1 = first row below the header).

    Returns:
        The readable rows, and (row number, text) of rows whose structure could not be read.

    Raises:
        InputError: the file as a whole cannot be read.
    """
    try:
        if part.is_csv:
            return _open_csv(con, part, work)
        name = f"raw_{part.table.name}_{part.number}"
        con.raw_sql(
            f"CREATE VIEW {name} AS SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS _row "
            f"FROM read_parquet({_quote(part.path)}, file_row_number=true)"
        )
        return con.table(name), []
    except Exception as error:  # DuckDB's own errors have no common base that says "this file"
        raise InputError(f"{part.path.name} cannot be read: {str(error).splitlines()[0]}") from error


def _open_csv(con: ibis.BaseBackend, part: Part, work: Path) -> Opened:
    path = _as_utf8(part.path, work)
    name = f"raw_{part.table.name}_{part.number}"
    columns = ", ".join(f"{_quote(column)}: 'VARCHAR'" for column in part.header)
    con.raw_sql(
        f"CREATE TABLE {name} AS SELECT *, row_number() OVER () AS _good FROM read_csv({_quote(path)}, "
        f"auto_detect=false, header=true, delim=',', quote='\"', escape='\"', columns={{{columns}}}, "
        f"store_rejects=true, rejects_table='rejects_{name}', rejects_scan='scans_{name}')"
    )
    rejects = con.raw_sql(
        f"SELECT line - 1 AS row, any_value(csv_line) FROM rejects_{name} GROUP BY line ORDER BY line"
    ).fetchall()
    # The engine numbers the rows it could read; the broken ones before a row shift its number.
    before = [row - k for k, (row, _) in enumerate(rejects, 1)]
    con.raw_sql(
        f"CREATE VIEW numbered_{name} AS SELECT * EXCLUDE (_good), "
        f"_good + len(list_filter({before}::BIGINT[], lambda b: b < _good)) AS _row FROM {name}"
    )
    return con.table(f"numbered_{name}"), rejects


def _as_utf8(path: Path, work: Path) -> Path:
    encoding = _encoding(path)
    if encoding != "gb18030":
        return path
    target = work / f"{path.name}.utf8.csv"
    with _open(path) as raw, target.open("w", encoding="utf-8", newline="") as out:
        reader = codecs.getreader(encoding)(raw, "replace")
        while text := reader.read(_CHUNK):
            out.write(text)
    return target


def _quote(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
