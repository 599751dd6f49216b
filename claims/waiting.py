"""Rows whose parent has not come yet wait with the store and are tried again at each load.

They are counted once, as quarantined, in the load that brought them. A row sent again takes the place of the
one that waits.
"""

from functools import reduce
from operator import and_

import ibis
from ibis import _

from claims.quarantine import FOLLOWS, UNKNOWN
from claims.tables import TABLES, Table

# `_part` of rows that waited; those of the load's own files count from 0.
WAITED = -1


def key_of(table: Table) -> tuple[str, ...]:
    """The columns that identify a row of a table."""
    return table.key or tuple(table.columns)


def same_key(table: Table, left: ibis.Table, right: ibis.Table) -> list[ibis.Value]:
    """Predicates under which rows of two relations have the same key, nulls being equal."""
    return [reduce(and_, [left[k].identical_to(right[k]) for k in key_of(table)])]


def keys_of(parent: str, *sources: ibis.Table | None) -> ibis.Table:
    """The keys (``_parent``) of a parent table in all sources."""
    key = TABLES[parent].key[0]
    found = [rows.select(_parent=key) for rows in sources if rows is not None]
    return reduce(ibis.union, found).distinct()


def begin_to_wait(con: ibis.BaseBackend, table: Table, staged: ibis.Table, good: ibis.Table) -> ibis.Table:
    """Rows of the load that wait from now on: the first of each key without a parent, unless it is taken.

    Args:
        staged: rows of the load with ``_part``, ``_row`` and ``_reason``.
        good: those of them that are taken.
    """
    rows = staged.filter(_._reason.isin([UNKNOWN, FOLLOWS])).anti_join(good, same_key(table, staged, good))
    window = ibis.window(group_by=list(key_of(table)), order_by=["_part", "_row"])
    first = rows.mutate(_place=ibis.row_number().over(window)).filter(_._place == 0)
    return con.create_table(f"waiting_new_{table.name}", first.select(*table.columns))


def try_again(
    con: ibis.BaseBackend,
    table: Table,
    waiting: ibis.Table,
    newer: list[ibis.Table],
    parents: dict[str, ibis.Table],
) -> tuple[ibis.Table, ibis.Table]:
    """Try the rows that wait.

    Args:
        waiting: rows of earlier loads.
        newer: rows of this load; a waiting row with the key of one of them is dropped.
        parents: column → keys (``_parent``) that are known by now.

    Returns:
        Rows that can be placed now (with ``_part`` and ``_row``), and rows that go on waiting.
    """
    for rows in newer:
        waiting = waiting.anti_join(rows, same_key(table, waiting, rows))
    placed = waiting
    for column, keys in parents.items():
        placed = placed.semi_join(keys, placed[column] == keys._parent)
    placed = placed.mutate(
        _part=ibis.literal(WAITED), _row=ibis.row_number().over(order_by=list(key_of(table)))
    )
    placed = con.create_table(f"waited_{table.name}", placed.cast({"_part": "int64", "_row": "int64"}))
    still = waiting.anti_join(placed, same_key(table, waiting, placed))
    return placed, con.create_table(f"waiting_still_{table.name}", still.select(*table.columns))
