"""The sentence and the amount of a finding."""

from functools import reduce
from operator import add

import ibis


def whole_number(value: ibis.Value) -> ibis.Value:
    """A whole number in a sentence."""
    return value.round().cast("int64").cast("string")


def sentence(*parts: str | ibis.Value) -> ibis.Value:
    """A sentence of words and values; an unknown value stands as a dash."""
    words = [
        ibis.literal(part) if isinstance(part, str) else part.cast("string").fill_null("-") for part in parts
    ]
    return reduce(add, words)


def whole_line_finding(rows: ibis.Table, message: ibis.Value) -> ibis.Table:
    """Lines with the sentence; all they cost is in question."""
    return rows.mutate(amount_in_question=rows.amount, message=message)


def union_findings(*found: ibis.Table) -> ibis.Table:
    """Findings of several queries in one table."""
    return ibis.union(
        *[table.select("mdtrt_id", "setl_id", "bkkp_sn", "amount_in_question", "message") for table in found]
    )


def figure(value: ibis.Value) -> ibis.Value:
    """A number in a sentence: at most two decimals, none where it is whole."""
    return value.round(2).cast("string").re_replace(r"\.0$", "")


def line_finding(rows: ibis.Table, amount_in_question: ibis.Value, message: ibis.Value) -> ibis.Table:
    """Findings about settlements or lines, with an amount in question of their own (yuan)."""
    return rows.select(
        "mdtrt_id", "setl_id", "bkkp_sn", amount_in_question=amount_in_question.round(2), message=message
    )


def iso_date(day: ibis.Value) -> ibis.Value:
    """A date in a sentence."""
    return day.strftime("%Y-%m-%d")
