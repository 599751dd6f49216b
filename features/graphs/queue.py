"""Who stands beside whom in a queue: each with so many of the next ones, however long the queue is."""

import ibis
from ibis import _


def following(rows: ibis.Table, by: list[str], order_by: list, most: int) -> ibis.Table:
    """Each row beside the next ones of its queue.

    Args:
        by: columns that tell the queues apart.
        order_by: the order of a queue.
        most: so many next ones at most.

    Returns:
        The columns of the rows, and those not in `by` once more as later_NAME.
    """
    queue = rows.mutate(_turn=ibis.row_number().over(ibis.window(group_by=by, order_by=order_by)))
    steps = ibis.range(1, most + 1).unnest().name("_step").as_table()
    ahead = queue.cross_join(steps).mutate(_turn=_._turn + _._step).drop("_step")
    later = queue.rename({f"later_{column}": column for column in rows.columns if column not in by})
    return ahead.inner_join(later, [*by, "_turn"]).drop("_turn")


def ends(met: ibis.Table, column: str, a: str, b: str) -> dict[str, ibis.Value]:
    """A column of `following` for either person of a pair: under the name `a` for the one with the lesser psn_no."""
    swap, own, later = met.psn_no > met.later_psn_no, met[column], met[f"later_{column}"]
    return {a: swap.ifelse(later, own), b: swap.ifelse(own, later)}
