"""The engine: Ibis's DuckDB backend, with the compiled statements of earlier runs."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import sqlglot.expressions as sge
from ibis.backends.duckdb import Backend
from ibis.backends.sql.compilers.base import NULL, STAR, AggGen
from ibis.backends.sql.compilers.duckdb import DuckDBCompiler

from claims.readers import identifier, quote
from claims.statement_cache import StatementCache, digest

# Of the machine's memory, for the engine; what is larger goes to the scratch folder. The rest is for frames,
# models and the operating system, which need more of it once everything is measured.
MEASURING_MEMORY, MEASURED_MEMORY = "50%", "25%"


# Aggregates that leave nulls out, so that rows may be left out as nulls.
LEAVE_NULLS_OUT = (
    "sum", "avg", "min", "max", "count", "bool_or", "bool_and", "stddev_samp", "percentile_cont",
)  # fmt: skip


class Aggregates(AggGen):  # type: ignore[misc]
    """Aggregates of some of the rows as ``sum(CASE WHEN … THEN x END)``.

    For each aggregate with a FILTER the engine copies the columns of all aggregates of the statement, so a
    statement with 170 of them takes five times as long as 170 statements.
    """

    def aggregate(
        self, compiler: Any, name: str, *args: Any, where: Any = None, order_by: tuple[Any, ...] = ()
    ) -> sge.Expression:
        """As Ibis does; where it can, without FILTER."""
        if where is not None and not order_by and name in LEAVE_NULLS_OUT:
            what, *rest = args
            if isinstance(what, sge.Distinct):
                (value,) = what.expressions
                what = sge.Distinct(expressions=[compiler.if_(where, value, NULL)])
            else:
                what = compiler.if_(where, sge.convert(1) if what is STAR else what, NULL)
            args, where = (what, *rest), None
        compiled: sge.Expression = super().aggregate(compiler, name, *args, where=where, order_by=order_by)
        return compiled


class Compiler(DuckDBCompiler):  # type: ignore[misc]
    """Ibis's compiler for DuckDB, with `Aggregates`."""

    agg = Aggregates(supports_filter=True, supports_order_by=True)


class CachingBackend(Backend):  # type: ignore[misc]
    """Compiles an expression once and takes its SQL from the cache when it comes again; remembers the columns
    of tables that it makes of expressions."""

    compiler = Compiler()
    statements: StatementCache = StatementCache()

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._schemas: dict[str, ibis.Schema] = {}

    def compile(self, expr: ibis.Expr, /, *, limit: Any = None, params: Any = None, **options: Any) -> str:
        """The SQL of an expression; with options, parameters or a limit it is compiled anew."""
        limit = ibis.options.sql.default_limit if limit == "default" else limit
        plain = limit is None and not params and not options
        key = digest(expr) if plain else None
        if key is None:
            return str(super().compile(expr, limit=limit, params=params, **options))
        sql = self.statements.get(key)
        if sql is None:
            sql = str(super().compile(expr))
            self.statements.put(key, sql)
        return sql

    def create_table(
        self, name: str, /, obj: Any = None, *, overwrite: bool = False, **options: Any
    ) -> ibis.Table:
        """As Ibis does, with the compiled statement where the rows come from an expression."""
        self._schemas.pop(name, None)
        if not isinstance(obj, ibis.Table) or options:
            return super().create_table(name, obj, overwrite=overwrite, **options)
        self._run_pre_execute_hooks(obj)
        # The expression may read the table that it replaces.
        building = f"{name}_replaced" if overwrite else name
        # As text: Ibis would build a tree of each column and read the columns back.
        names = {kind: self.compiler.type_mapper.to_string(kind) for kind in set(obj.schema().types)}
        typed = (f"{identifier(column)} {names[kind]}" for column, kind in obj.schema().items())
        self.raw_sql(f"CREATE TABLE {identifier(building)} ({', '.join(typed)})")
        columns = ", ".join(map(identifier, obj.columns))
        self.raw_sql(f"INSERT INTO {identifier(building)} ({columns}) {self.compile(obj)}").fetchall()
        if overwrite:
            self.raw_sql(f"DROP TABLE IF EXISTS {identifier(name)}")
            self.raw_sql(f"ALTER TABLE {identifier(building)} RENAME TO {identifier(name)}")
        self._schemas[name] = obj.schema()
        return self.table(name)

    def get_schema(
        self, table_name: str, *, catalog: str | None = None, database: str | None = None
    ) -> ibis.Schema:
        """As Ibis does; the engine is asked only for tables that were not made by `create_table`."""
        # Asking takes as long as a small query, and a run names its tables some four hundred times.
        if table_name in self._schemas and catalog is None and database is None:
            return self._schemas[table_name]
        return super().get_schema(table_name, catalog=catalog, database=database)

    def append(self, name: str, rows: ibis.Table) -> None:
        """Add rows to a table by the names of their columns, whole or not at all."""
        # Ibis's `insert` would parse the compiled query a second time, which takes as long as the query.
        self.raw_sql(f"INSERT INTO {identifier(name)} BY NAME {self.compile(rows)}").fetchall()

    def create_joined(
        self, name: str, base: str, parts: list[str], key: str, zeros: Sequence[str] = ()
    ) -> ibis.Table:
        """Store a table with the columns of others that have its key at most once, and some that are 0."""
        # By hand: Ibis takes longer to make so wide a join than the engine to compute it for a small city.
        self.raw_sql(f"CREATE TABLE {name} AS {joined_query(base, parts, key, zeros)}")
        return self.table(name)

    def set_as_of(self, instant: datetime) -> None:
        """Define `claims.as_of.as_of_time`."""
        self.raw_sql(f"CREATE OR REPLACE MACRO as_of_time() AS TIMESTAMP '{instant}'")

    def batches(self, rows: ibis.Table, size: int) -> Iterator[pa.RecordBatch]:
        """The rows of a stored table in their order, some at a time."""
        yield from self.con.sql(self.compile(rows)).to_arrow_reader(size)

    def leave_memory(self) -> None:
        """Leave memory to frames and models, for everything is measured."""
        self.raw_sql(f"SET memory_limit = '{MEASURED_MEMORY}'")

    def disconnect(self) -> None:
        """Close the connection and keep the statements."""
        super().disconnect()
        self.statements.close()


def joined_query(base: str, parts: Sequence[str], key: str, zeros: Sequence[str]) -> str:
    """The SQL of `CachingBackend.create_joined`, the same in every engine."""
    joins = " ".join(f"LEFT JOIN {part} USING ({key})" for part in parts)
    more = "".join(f", CAST(0 AS DOUBLE) AS {column}" for column in zeros)
    return f"SELECT *{more} FROM {base} {joins}"


def connect(work: Path, statements: Path | None = None) -> CachingBackend:
    """A scratch DuckDB database in a folder; larger than memory, gone with the folder.

    Args:
        statements: file of compiled statements (`claims.statement_cache`); None: they are kept nowhere.
    """
    con: CachingBackend = CachingBackend().connect(work / "scratch.duckdb")
    con.statements = StatementCache(statements)
    con.raw_sql(f"SET memory_limit = '{MEASURING_MEMORY}'")
    con.raw_sql(f"SET temp_directory = {quote(work)}")
    con.raw_sql("SET preserve_insertion_order = true")
    con.raw_sql("SET enable_progress_bar = false")
    return con


@contextlib.contextmanager
def connected(work: Path, statements: Path | None = None) -> Iterator[CachingBackend]:
    """A scratch connection that closes however its use ends."""
    con = connect(work, statements)
    try:
        yield con
    finally:
        con.disconnect()
