"""Different values counted beside each row."""

import ibis


def with_distinct(rows: ibis.Table, column: str, by: list[str], name: str) -> ibis.Table:
    """Rows with the number of different values of a column in the class of each.

    By ranks, for few engines count distinct values in a window.

    Args:
        column: without nulls.
        by: columns that make the classes.
        name: of the number.
    """
    order = ibis.window(group_by=by, order_by=column)
    ranked = rows.mutate(**{name: rows[column].dense_rank().over(order)})
    return ranked.mutate(**{name: ranked[name].max().over(group_by=by) + 1})
