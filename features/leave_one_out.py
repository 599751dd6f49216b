"""Sums over everybody else: what a class holds without the subject's own rows."""

import ibis


def sum_elsewhere(value: ibis.Value, own: str, *by: str) -> ibis.Value:
    """A column summed over the class of a row, without the rows of its own subject.

    Args:
        own: column that names the subject.
        by: columns that define the class; none for all rows.
    """
    return value.sum().over(group_by=by) - value.sum().over(group_by=[*by, own])
