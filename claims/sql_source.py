"""Claims in a SQL database: its tables are copied into Parquet files, which are then loaded like a folder.

    postgresql+psycopg://reader@127.0.0.1/bureau      any address of SQLAlchemy, without a password

All tables are read in one transaction, a block of rows at a time, so memory does not grow with the
tables. From a day on, only what is new is read: rows of that day or later, and whatever belongs to
settlements of that day or later, however old it is. Tables that describe (persons, institutions,
catalogue) are read whole.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from claims.as_of import EVENTS
from claims.errors import InputError
from claims.tables import ALIASES, NUMBER, TABLES, Table

# The password is taken from here, because command lines and flow runs are seen by others.
PASSWORD = "FUNDGUARD_SOURCE_PASSWORD"
# Rows that are in memory at a time.
BLOCK = 50_000
# Isolation of a transaction that reads one state throughout; the first that the database has is taken.
_ISOLATION = ("REPEATABLE READ", "SERIALIZABLE")
_ZONE = ZoneInfo("Asia/Shanghai")


def is_address(source: str | Path) -> bool:
    """Is a source a database and no folder?"""
    return "://" in str(source)


def extract(address: str, folder: Path, since: date | None = None) -> None:
    """Copy the tables of the contract that a database has into a folder.

    Args:
        since: leave out what was settled or happened before this day; None takes everything.

    Raises:
        InputError: the address is wrong or holds a password, the database has no such tables, or it refuses.
        ConnectionError: the database cannot be reached or went away; trying again may help.
    """
    engine = _engine(address)
    try:
        with _connected(engine) as connection:
            found = _tables(connection)
            if not found:
                raise InputError(f"the database {_shown(engine)} has none of the tables of the contract")
            for name, table in found.items():
                _copy(connection, _Copy(TABLES[name], table), _newer(found, name, since), folder)
    except DBAPIError as error:
        raise _explained(error, engine) from None
    except SQLAlchemyError as error:
        raise InputError(f"the database {_shown(engine)} cannot be read ({type(error).__name__})") from None
    finally:
        engine.dispose()


def _engine(address: str) -> sa.Engine:
    try:
        url = sa.make_url(address)
        if url.password is not None:
            raise InputError(f"leave the password out of the address: it is taken from {PASSWORD}")
        return sa.create_engine(url.set(password=os.environ.get(PASSWORD)))
    except (ArgumentError, NoSuchModuleError):
        raise InputError("the address of the database is none of SQLAlchemy's") from None
    except ModuleNotFoundError as error:
        raise InputError(f"the driver {error.name} of that database is not installed") from None


def _connected(engine: sa.Engine) -> sa.Connection:
    connection = engine.connect()
    driver = connection.connection.dbapi_connection
    assert driver is not None
    try:
        levels = engine.dialect.get_isolation_level_values(driver)
    except NotImplementedError:
        return connection
    level = next((level for level in _ISOLATION if level in levels), None)
    return connection.execution_options(isolation_level=level) if level else connection


def _tables(connection: sa.Connection) -> dict[str, sa.Table]:
    """Tables and views with the names of the contract, in any case."""
    inspector = sa.inspect(connection)
    names = sorted({*inspector.get_table_names(), *inspector.get_view_names()})
    here = {name.lower(): name for name in names} | {name: name for name in names}
    return {name: _reflected(connection, here[name]) for name in sorted(set(here) & set(TABLES))}


def _reflected(connection: sa.Connection, name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False)


def _contract_name(table: Table, name: str) -> str | None:
    """The column of the contract that a column of the database carries, if any."""
    plain = name.lower()
    found = plain if plain in table.columns else ALIASES.get(plain)
    return found if found in table.columns else None


def _column(found: dict[str, sa.Table], table: str, name: str) -> sa.Column[Any] | None:
    """The column of the database that carries a column of the contract."""
    here = found[table].columns if table in found else ()
    return next((column for column in here if _contract_name(TABLES[table], column.name) == name), None)


def _explained(error: DBAPIError, engine: sa.Engine) -> Exception:
    """A line without any value of a row: what a database says of data may quote it."""
    kind = type(error.orig).__name__
    if error.connection_invalidated or isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError)):
        return ConnectionError(f"the database {_shown(engine)} cannot be reached or went away ({kind})")
    return InputError(f"the database {_shown(engine)} cannot be read ({kind})")


def _shown(engine: sa.Engine) -> str:
    return engine.url.set(password=None).render_as_string()


def _newer(found: dict[str, sa.Table], name: str, since: date | None) -> sa.ColumnElement[bool] | None:
    """Which rows of a table are new; None where all are taken."""
    if since is None or name not in EVENTS or name == "insp_case_d":
        return None
    happened = _column(found, name, EVENTS[name])
    conditions = [] if happened is None else [_from(happened, since)]
    settled = _column(found, "setl_d", EVENTS["setl_d"])
    for key in ("mdtrt_id", "setl_id") if settled is not None and name != "setl_d" else ():
        mine, theirs = _column(found, name, key), _column(found, "setl_d", key)
        if settled is not None and mine is not None and theirs is not None:
            conditions.append(mine.in_(sa.select(theirs).where(_from(settled, since))))
    return sa.or_(*conditions) if conditions else None


def _from(column: sa.Column[Any], since: date) -> sa.ColumnElement[bool]:
    """Is a time of this day or later? Columns of text are compared as text (ISO)."""
    textual = isinstance(column.type, sa.String)
    return column >= (since.isoformat() if textual else datetime.combine(since, time()))


@dataclass(frozen=True)
class _Copy:
    """A table of the contract and the one of the database that holds it."""

    table: Table
    source: sa.Table

    def schema(self) -> pa.Schema:
        """A field for each column of the database; those that the contract does not know stay empty."""
        return pa.schema([(column.name, self._type(column)) for column in self.source.columns])

    def known(self) -> list[sa.Column[Any]]:
        """Columns that are read."""
        return [c for c in self.source.columns if _contract_name(self.table, c.name)]

    def _type(self, column: sa.Column[Any]) -> pa.DataType:
        name = _contract_name(self.table, column.name)
        if name is None:
            return pa.null()
        if isinstance(column.type, (sa.Date, sa.DateTime)):
            return pa.timestamp("us")
        if isinstance(column.type, sa.Boolean):
            return pa.bool_()
        if isinstance(column.type, sa.Integer):
            return pa.int64()
        return pa.float64() if _is_number(column) and self.table.kind(name) == NUMBER else pa.string()


def _is_number(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, (sa.Numeric, sa.Float))


def _copy(connection: sa.Connection, copy: _Copy, newer: sa.ColumnElement[bool] | None, folder: Path) -> None:
    schema, columns = copy.schema(), copy.known()
    query = sa.select(*columns)
    rows = connection.execute(
        query if newer is None else query.where(newer),
        execution_options={"stream_results": True, "yield_per": BLOCK},
    )
    with pq.ParquetWriter(folder / f"{copy.table.name}.parquet", schema) as file:
        for block in rows.partitions():
            file.write_table(_block(block, schema, [column.name for column in columns]))


def _block(rows: Sequence[sa.Row[Any]], schema: pa.Schema, names: list[str]) -> pa.Table:
    values: dict[str, Iterable[Any]] = dict(zip(names, zip(*rows, strict=True), strict=True))
    return pa.table(
        [
            pa.array([_cell(value, field.type) for value in values[field.name]], field.type)
            if field.name in values
            else pa.nulls(len(rows))
            for field in schema
        ],
        schema=schema,
    )


def _cell(value: Any, kind: pa.DataType) -> Any:
    """A value as its column of the file holds it; times are local (Asia/Shanghai)."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(_ZONE).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if pa.types.is_string(kind):
        return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
    return float(value) if pa.types.is_floating(kind) else value
