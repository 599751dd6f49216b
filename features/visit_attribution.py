"""Which visits make a measure of a subject what it is: the supporting records behind a reason.

A measure taken of one visit alone says how far the visit carries it: a count gives one or nothing, a sum the
visit's own part, a share or a median the visit's own value. So no measure has to declare a second time which
visits it is about. Where a subject's visits are counted by another column, those of the count with most
weight carry the measure.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any, cast

import ibis
import ibis.expr.operations as ops
import pandas as pd
from ibis import _

from features.measures.aggregation import ROWS, counted, subject_facts
from features.measures.catalogue import HIGH, Measure, measures_of
from features.rounding import rounded
from features.visits.facts import LINES
from features.windows import YEARS

# The reason that a graph gives instead of a measure: visits that link to others beyond chance.
GRAPH = "graph"
_WANTED = {"subject_id": "string", "nth": "int64", "column": "string"}
_VISIT = ("subject_id", "mdtrt_id", "psn_no", "fund_pay_sumamt")
# Columns of the catalogue (or GRAPH) → the measure and its window in days.
_Columns = dict[str, tuple[Measure | None, int | None]]
# From the wanted rows to the visits of their subjects (`_with_strength`).
_Visits = Callable[[ibis.Table], ibis.Table]


def visit_attribution(wanted: pd.DataFrame, subject: str, marks: ibis.Table, most: int) -> pd.DataFrame:
    """The visits that carry some measures of some subjects most.

    Args:
        wanted: subject_id, nth (which reason of the subject it is), column (of the catalogue, or GRAPH).
        subject: kind of subject; its facts must have been measured before (`measure_subjects`).
        marks: mdtrt_id, evidence (how suspicious the visit is): decides between visits that carry as much.
        most: visits a measure, each of another person as long as there are others.

    Returns:
        subject_id, nth, mdtrt_id, place (0 first), visit_value (the measure of the visit or count alone;
        missing where no visit carries it and the most suspicious of its window stand in), n (visits of the
        count; missing without one).
    """
    asked = _visits_asked(marks.get_backend(), wanted, subject, "reasons")
    found = [_strongest(visits, marks, most) for visits in asked]
    return pd.concat(found, ignore_index=True).sort_values(["subject_id", "nth", "place"], ignore_index=True)


def contributing_visits(con: Any, wanted: pd.DataFrame, subject: str) -> ibis.Table:
    """All visits that carry some measures of some subjects.

    Args:
        con: the scratch database, in which the subjects' facts were measured before.
        wanted: subject_id, column (of the catalogue); a row at least, one a subject.
        subject: kind of subject.

    Returns:
        subject_id, mdtrt_id, visit_value (the measure of the visit, or of its count, alone).
    """
    asked = _visits_asked(con, wanted.assign(nth=0), subject, "contributing")
    parts = [rows.filter(rows.contributes).select("subject_id", "mdtrt_id", "visit_value") for rows in asked]
    return reduce(lambda one, other: one.union(other), parts)


def _visits_asked(con: Any, wanted: pd.DataFrame, subject: str, name: str) -> Iterator[ibis.Table]:
    """The visits of the wanted subjects and columns with their strength, by what the columns are taken
    from."""
    facts = subject_facts(con, subject)
    rows = ibis.memtable(wanted[list(_WANTED)], schema=ibis.schema(_WANTED))
    reasons = con.create_table(f"{name}_of_{subject}", rows, overwrite=True)
    for (base, window), columns in _by_base(sorted(wanted["column"].unique()), subject).items():
        asked = reasons.filter(reasons.column.isin(list(columns)))
        visits = _plain(facts, columns) if base == "visits" else _bucketed(facts, base, window, columns)
        yield visits(asked)


def _by_base(names: Any, subject: str) -> dict[tuple[str, int | None], _Columns]:
    """Columns by the table, and for counts the window, that they are taken from."""
    bases: dict[tuple[str, int | None], _Columns] = defaultdict(dict)
    for column in names:
        entry, days = (None, YEARS) if column == GRAPH else measures_of(subject)[column]
        base = "visits" if entry is None else entry.base
        bases[base, None if base == "visits" else days][column] = (entry, days)
    return bases


def _plain(facts: ibis.Table, columns: _Columns) -> _Visits:
    """Visits with what each measure is of the visit alone."""

    # Few columns, for a wide table makes a query that takes long to compile.
    used = {*_VISIT, "days_ago"}
    used = used.union(*(_fields(_value(entry, facts)) for entry, _days in columns.values()))
    slim = facts.select(*sorted(used))

    def visits(asked: ibis.Table) -> ibis.Table:
        rows = slim.inner_join(asked, "subject_id")
        inside = [
            (rows.column == column, rows.days_ago <= days) for column, (_e, days) in columns.items() if days
        ]
        rows = rows.filter(ibis.cases(*inside, else_=True)) if inside else rows
        values = {
            c: rounded(single_row_value(_value(entry, rows)), 6) for c, (entry, _days) in columns.items()
        }
        return _with_strength(rows, columns, values, ibis.literal(0.0), ibis.null("int64"))

    return visits


def _bucketed(facts: ibis.Table, base: str, window: int | None, columns: _Columns) -> _Visits:
    """Visits with what each measure is of the count they belong to, alone."""
    kind, other = base.split("/")
    rows = ROWS[kind](facts)
    rows = rows.filter(rows.days_ago <= window) if window else rows
    counts = counted(facts, base, window)
    # What the counts are weighed by: the fund's money, else persons, else visits, whichever the measure looks
    # at.
    weighed = {}
    for column, (entry, _days) in columns.items():
        fields = _fields(_value(entry, counts))
        weighed[column] = next(c for c in ("fund", "persons", "n") if c in fields)

    def visits(asked: ibis.Table) -> ibis.Table:
        marked = rows.mutate(other=rows[other]).select(*_VISIT, "other")
        joined = marked.inner_join(counts, ["subject_id", "other"]).inner_join(asked, "subject_id")
        values = {
            column: _of_largest(_value(entry, joined), joined, weighed[column])
            for column, (entry, _d) in columns.items()
        }
        weights = [(joined.column == c, joined[by].cast("float64")) for c, by in weighed.items()]
        return _with_strength(joined, columns, values, ibis.cases(*weights, else_=0.0), joined.n)

    return visits


def _of_largest(value: ibis.Value, rows: ibis.Table, weighed: str) -> ibis.Value:
    """The measure of one row alone; of a measure that looks at the largest count, of the visits of that count
    only: who came second says nothing about the most frequent customer."""
    own = rounded(single_row_value(value), 6)
    if not value.op().find(ops.Max, filter=ops.Value):
        return own
    largest = rows[weighed].max().over(ibis.window(group_by="subject_id"))
    return (rows[weighed] == largest).ifelse(own, None)


def _with_strength(
    rows: ibis.Table, columns: _Columns, values: dict[str, ibis.Value], weight: ibis.Value, n: ibis.Value
) -> ibis.Table:
    """Rows with what decides their order: contributes, signed (value in the suspicious direction), weight."""
    high = {column: entry is None or entry.direction == HIGH for column, (entry, _days) in columns.items()}
    value = ibis.cases(*[(rows.column == column, values[column]) for column in columns], else_=None)
    rising = rows.column.isin([column for column in columns if high[column]])
    return rows.select(
        "subject_id",
        "nth",
        "mdtrt_id",
        "psn_no",
        paid=rows.fund_pay_sumamt,
        visit_value=value,
        contributes=(value.notnull() & (~rising | (value > 0))).fill_null(False),
        signed=rising.ifelse(value, -value).fill_null(0.0),
        weight=weight,
        n=n,
    )


def _strongest(rows: ibis.Table, marks: ibis.Table, most: int) -> pd.DataFrame:
    """The visits that carry each reason most, at most so many a reason, as a frame."""
    rows = rows.left_join(marks.select("mdtrt_id", "evidence"), "mdtrt_id").drop("mdtrt_id_right")
    rows = rows.mutate(evidence=_.evidence.fill_null(0.0))
    reason = ["subject_id", "nth"]
    strength = [*map(ibis.desc, ("contributes", "signed", "weight", "evidence", "paid")), "mdtrt_id"]
    # The strongest visit of each person before the second of anybody: three people say more than one three
    # times.
    turn = ibis.row_number().over(ibis.window(group_by=[*reason, "psn_no"], order_by=strength))
    rows = rows.mutate(turn=turn, any=_.contributes.max().over(group_by=reason))
    rows = rows.filter(rows.contributes | ~rows.any)
    order = ibis.window(group_by=reason, order_by=["turn", *strength])
    first = rows.mutate(place=ibis.row_number().over(order)).filter(_.place < most)
    visit_value = first.contributes.ifelse(first.visit_value, None)
    frame = first.select(*reason, "mdtrt_id", "place", visit_value=visit_value, n=first.n).to_pandas()
    return cast(pd.DataFrame, frame)


def _value(entry: Measure | None, rows: ibis.Table) -> ibis.Value:
    """The expression of a measure over rows of its window; of GRAPH (None) how many others the visit links
    to."""
    if entry is None:
        return ibis.greatest(rows.co_visitors, rows.co_oversupplied, rows.co_fillers)
    return entry.compute(rows, ibis.literal(True))


def single_row_value(value: ibis.Value) -> ibis.Value:
    """A measure's aggregate as it is over one row alone, so that no aggregation is left in it.

    A spread of one row is unknown; a rate over calendar days is taken as of the row's own day, so that the
    amount decides.
    """

    def single(node: ops.Node, given: dict[str, Any] | None) -> ops.Node:
        node = node.__recreate__(given) if given else node
        if isinstance(node, ops.Field) and node.name == "days_ago":
            return (node.to_expr() * 0).op()
        if not isinstance(node, ops.Reduction):
            return node
        where = ibis.literal(True) if node.where is None else node.where.to_expr()
        if isinstance(node, ops.Count):
            return where.ifelse(1, 0).op()
        if isinstance(node, ops.CountDistinct):
            return (where & node.arg.to_expr().notnull()).ifelse(1, 0).op()
        if isinstance(node, ops.StandardDev):
            return ibis.null("float64").op()
        return where.ifelse(node.arg.to_expr(), None).cast(node.dtype).op()

    return value.op().replace(single, filter=ops.Value).to_expr()


def counts_visits(entry: Measure, facts: ibis.Table) -> bool:
    """Does a measure only count visits with some property, or divide them by calendar days, so that its value
    of one visit says nothing by itself?"""
    value = _value(entry, facts)
    reductions = value.op().find(ops.Reduction, filter=ops.Value)
    counting = all(
        isinstance(n, ops.Count | ops.CountDistinct) or n.arg.dtype.is_boolean() for n in reductions
    )
    return counting or "days_ago" in _fields(value)


def lines_of(entry: Measure, facts: ibis.Table) -> str | None:
    """Key of LINES: which lines of a visit a measure is taken from; None where from none, or where less is
    suspicious."""
    if entry.direction != HIGH:
        return None
    kind, counted_by = entry.base.partition("/")[::2]
    used = {kind} if counted_by else _fields(_value(entry, facts))
    return next((fact for fact in LINES if fact in used), None)


def _fields(value: ibis.Value) -> set[str]:
    """Columns that an expression refers to."""
    return {field.name for field in value.op().find(ops.Field, filter=ops.Value)}
