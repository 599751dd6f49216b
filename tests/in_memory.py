"""The engine of a run, in memory: what it compiled for one test it need not compile for the next."""

from datetime import date

import ibis

from claims.as_of import ClaimsAsOf, claims_as_of
from claims.duckdb_backend import CachingBackend
from claims.tables import TABLES
from tests.tiny import World


def engine() -> CachingBackend:
    """An empty database; all of a process share the statements that were compiled.

    With ``pytest --spark`` every statement is asked of Spark as well (`tests.spark.shadow_engine`).
    """
    con: CachingBackend = _kinds[-1]().connect()
    return con


# The last kind of engine is the one that is used.
_kinds: list[type[CachingBackend]] = [CachingBackend]


def shadow_by_spark() -> None:
    """Let Spark answer beside DuckDB in whatever is tested from now on."""
    from tests.spark.shadow_engine import ShadowedBackend

    _kinds.append(ShadowedBackend)


def claims_in(con: ibis.BaseBackend, world: World, as_of: date) -> ClaimsAsOf:
    """The claims of a world as of a date, in a database and without a store."""
    tables = {}
    for name, table in TABLES.items():
        if world.rows[name] or table.required:
            types = ibis.schema({column: declared.dtype.type for column, declared in table.columns.items()})
            frame = world.frame(name)[list(table.columns)]
            tables[name] = con.create_table(f"in_{name}", ibis.memtable(frame, schema=types))
    return claims_as_of(con, tables, as_of)
