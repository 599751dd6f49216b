"""Which visits make a measure of a subject what it is: the papers behind a reason.

A measure taken of one visit alone says how far the visit carries it: a count gives one or nothing, a sum the visit's own
part, a share or a median the visit's own value. So no measure has to say a second time which visits it is about.
Where a subject's visits are counted by another column, those of the weightiest count carry the measure.
"""

from collections import defaultdict

import ibis
import ibis.expr.operations as ops
import pandas as pd
from ibis import _

from features.measures.aggregation import ROWS, counted, subject_facts
from features.measures.catalogue import HIGH, YEAR, Measure, measures_of
from features.visits.facts import LINES

# The reason that a graph gives instead of a measure: visits that link to others beyond chance.
GRAPH = "graph"
_CARRIED = {"subject_id": "string", "nth": "int64", "column": "string"}


def visit_attribution(wanted: pd.DataFrame, subject: str, marks: ibis.Table, most: int) -> pd.DataFrame:
    """The visits that carry some measures of some subjects most.

    Args:
        wanted: subject_id, nth (which reason of the subject it is), column (of the catalogue, or GRAPH).
        subject: kind of subject; its facts must have been measured on the night (`measure_subjects`).
        marks: mdtrt_id, evidence (how much speaks against the visit): decides between visits that carry as much.
        most: visits a measure, each of another person as long as there are others.

    Returns:
        subject_id, nth, mdtrt_id, place (0 first), alone (the measure of the visit or count alone; missing where no
        visit carries it and the most suspicious of its window stand in), n (visits of the count; missing without
        one).
    """
    facts = subject_facts(marks.get_backend(), subject)
    bases = defaultdict(dict)
    for column in wanted["column"].unique():
        entry, days = (None, YEAR) if column == GRAPH else measures_of(subject)[column]
        base = "visits" if entry is None else entry.base
        bases[base, None if base == "visits" else days][column] = (entry, days)
    found = []
    for (base, window), taken in bases.items():
        rows = wanted[wanted["column"].isin(list(taken))][list(_CARRIED)]
        asked = ibis.memtable(rows, schema=ibis.schema(_CARRIED))
        seen = _plain(facts, taken) if base == "visits" else _bucketed(facts, base, window, taken)
        found.append(_first(seen(asked), marks, most))
    return pd.concat(found, ignore_index=True).sort_values(["subject_id", "nth", "place"], ignore_index=True)


def _plain(facts: ibis.Table, taken: dict):
    """Visits with what each measure is of the visit alone."""

    # Few columns, for a wide table makes a query that takes long to make.
    used = {"subject_id", "mdtrt_id", "psn_no", "fund_pay_sumamt", "days_ago"}
    used = used.union(*(_fields(_taken(entry, facts)) for entry, _days in taken.values()))
    slim = facts.select(*sorted(used))

    def seen(asked: ibis.Table) -> ibis.Table:
        rows = slim.inner_join(asked, "subject_id")
        inside = [
            (rows.column == column, rows.days_ago <= days) for column, (_e, days) in taken.items() if days
        ]
        rows = rows.filter(ibis.cases(*inside, else_=True)) if inside else rows
        values = {c: _number(alone(_taken(entry, rows))) for c, (entry, _days) in taken.items()}
        return _told(rows, taken, values, ibis.literal(0.0), ibis.null("int64"))

    return seen


def _bucketed(facts: ibis.Table, base: str, window: int | None, taken: dict):
    """Visits with what each measure is of the count they belong to, alone."""
    kind, other = base.split("/")
    rows = ROWS[kind](facts)
    rows = rows.filter(rows.days_ago <= window) if window else rows
    counts = counted(facts, base, window)
    fields = {column: _fields(entry.take(counts, None)) for column, (entry, _d) in taken.items()}

    def seen(asked: ibis.Table) -> ibis.Table:
        marked = rows.mutate(other=rows[other]).select(
            "subject_id", "mdtrt_id", "psn_no", "fund_pay_sumamt", "other"
        )
        joined = marked.inner_join(counts, ["subject_id", "other"]).inner_join(asked, "subject_id")
        values = {column: _number(alone(entry.take(joined, None))) for column, (entry, _d) in taken.items()}
        by = {column: next(c for c in ("fund", "persons", "n") if c in fields[column]) for column in taken}
        weight = ibis.cases(*[(joined.column == c, joined[by[c]].cast("float64")) for c in taken], else_=0.0)
        return _told(joined, taken, values, weight, joined.n)

    return seen


def _told(rows: ibis.Table, taken: dict, values: dict, weight: ibis.Value, n: ibis.Value) -> ibis.Table:
    """Rows with what decides their order: carries, signed (value in the suspicious direction) and weight."""
    high = {column: entry is None or entry.direction == HIGH for column, (entry, _days) in taken.items()}
    value = ibis.cases(*[(rows.column == column, values[column]) for column in taken], else_=None)
    rising = rows.column.isin([column for column in taken if high[column]])
    return rows.select(
        "subject_id",
        "nth",
        "mdtrt_id",
        "psn_no",
        paid=rows.fund_pay_sumamt,
        alone=value,
        carries=(value.notnull() & (~rising | (value > 0))).fill_null(False),
        signed=rising.ifelse(value, -value).fill_null(0.0),
        weight=weight,
        n=n,
    )


def _first(rows: ibis.Table, marks: ibis.Table, most: int) -> pd.DataFrame:
    rows = rows.left_join(marks.select("mdtrt_id", "evidence"), "mdtrt_id").drop("mdtrt_id_right")
    rows = rows.mutate(evidence=_.evidence.fill_null(0.0))
    reason = ["subject_id", "nth"]
    strength = [*map(ibis.desc, ("carries", "signed", "weight", "evidence", "paid")), "mdtrt_id"]
    # The strongest of each person before the second of anybody: three people tell more than one three times.
    turn = ibis.row_number().over(ibis.window(group_by=[*reason, "psn_no"], order_by=strength))
    rows = rows.mutate(turn=turn, any=_.carries.max().over(group_by=reason))
    rows = rows.filter(rows.carries | ~rows.any)
    order = ibis.window(group_by=reason, order_by=["turn", *strength])
    first = rows.mutate(place=ibis.row_number().over(order)).filter(_.place < most)
    alone_ = first.carries.ifelse(first.alone, None)
    return first.select(*reason, "mdtrt_id", "place", alone=alone_, n=first.n).to_pandas()


def _taken(entry: Measure | None, rows: ibis.Table) -> ibis.Value:
    """A measure of rows that lie in its window; None is how many others the visit links to."""
    return (
        ibis.greatest(rows.companions, rows.co_oversupplied)
        if entry is None
        else entry.take(rows, ibis.literal(True))
    )


def alone(value: ibis.Value) -> ibis.Value:
    """A measure's aggregate as it is over the one row: no aggregate any more.

    A spread of one row is unknown; a rate over calendar days is taken as of the row's own day, so that the amount decides.
    """

    def single(node: ops.Node, given: dict | None) -> ops.Node:
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
    """Does a measure only count the visits that have something, or set them against the calendar, so that its value of
    one visit says nothing by itself?"""
    value = _taken(entry, facts)
    taken = value.op().find(ops.Reduction, filter=ops.Value)
    counting = all(isinstance(n, ops.Count | ops.CountDistinct) or n.arg.dtype.is_boolean() for n in taken)
    return counting or "days_ago" in _fields(value)


def lines_of(entry: Measure, facts: ibis.Table) -> str | None:
    """Key of LINES: which lines of a visit a measure points at; None where it points at none, or at what is missing."""
    if entry.direction != HIGH:
        return None
    kind, counted_by = entry.base.partition("/")[::2]
    used = {kind} if counted_by else _fields(_taken(entry, facts))
    return next((fact for fact in LINES if fact in used), None)


def _fields(value: ibis.Value) -> set[str]:
    """Columns that an expression looks at."""
    return {field.name for field in value.op().find(ops.Field, filter=ops.Value)}


def _number(value: ibis.Value) -> ibis.Value:
    return value.cast("float64").round(6)
