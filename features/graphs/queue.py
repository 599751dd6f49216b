"""Ordered queues: the first row of each, and each row paired with a bounded number of the next ones, however
long the queue is."""

from typing import Any

import ibis
from ibis import _


def first_of(rows: ibis.Table, by: list[str], order_by: list[Any]) -> ibis.Table:
    """The first row of each queue (arguments as of `following`)."""
    queue = rows.mutate(_turn=ibis.row_number().over(ibis.window(group_by=by, order_by=order_by)))
    return queue.filter(_._turn == 0).drop("_turn")


def following(rows: ibis.Table, by: list[str], order_by: list[Any], most: int) -> ibis.Table:
    """Each row joined with the next ones of its queue.

    Args:
        by: columns that define the queues.
        order_by: columns, or ordering expressions, that order a queue.
        most: number of next rows a row is paired with, at most.

    Returns:
        The columns of the row, and those of the later row that are not in `by` as later_NAME.
    """
    queue = rows.mutate(_turn=ibis.row_number().over(ibis.window(group_by=by, order_by=order_by)))
    steps = ibis.range(1, most + 1).unnest().name("_step").as_table()
    ahead = queue.cross_join(steps).mutate(_turn=_._turn + _._step).drop("_step")
    later = queue.rename({f"later_{column}": column for column in rows.columns if column not in by})
    return ahead.inner_join(later, [*by, "_turn"]).drop("_turn")


def ends(pairs: ibis.Table, column: str, a: str, b: str) -> dict[str, ibis.Value]:
    """A column of `following` for either person of a pair: named `a` for the one with the smaller psn_no,
    else `b`."""
    swap, own, later = pairs.psn_no > pairs.later_psn_no, pairs[column], pairs[f"later_{column}"]
    return {a: swap.ifelse(later, own), b: swap.ifelse(own, later)}
