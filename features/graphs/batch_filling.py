"""Prescriptions of one doctor that are filled in batches at one pharmacy for the same people (M19).

A runner who collects cards fetches the medicine of all of them on a day or two, on days of his own choosing:
the people of a batch live anywhere, buy hours apart and different medicine, and need not be oversupplied.
They share doctor, pharmacy and day of purchase (docs/schemes.md, M19). Prescriptions of a doctor at a
pharmacy are a flow; a batch is a run of purchases of a flow that follow one another faster than its own
rhythm of the year. The people of a batch are tested as a set on how often they are in others
(`features.graphs.recurrent_sets`), against how often the other people of the flow are: whoever sees patients
once a week has them all at the pharmacy on that day, in changing company. Where few others fill their
prescriptions there, all flows together tell what is usual.
"""

import ibis
import pandas as pd
from ibis import _

from claims.as_of import PHARMACY
from features.graphs import events, recurrent_sets
from features.graphs.recurrent_sets import CROWDING, MIN_PERSONS, poisson_neg_log10_p
from features.visits.timestamps import SECONDS_A_DAY
from features.windows import YEAR

# Longest time between two purchases of a batch (a night lies between two days of one), and its longest share
# of the mean time between two purchases of the flow. Own starting values.
MAX_GAP_SECONDS, SHORT_GAP = 36 * 3600, 0.25
# Shrinkage: so many other people of a flow tell as much of what is usual there as all flows together.
PRIOR_PEOPLE = 20
_FLOW = ["dr_code", "place"]
_BATCH = [*_FLOW, "batch"]


def purchases(facts: ibis.Table) -> ibis.Table:
    """Purchases of the last year on a doctor's prescription, the first of a person, a flow and a day, each
    with its batch: dr_code, place, batch (number within the flow), psn_no, second, mdtrt_id."""
    rows = facts.filter(
        facts.days_ago <= YEAR, facts.kind == PHARMACY, ~facts.course, facts.dr_code.notnull()
    )
    rows = rows.select("dr_code", "psn_no", "day", "second", "mdtrt_id", place=rows.fixmedins_code)
    first = ibis.window(group_by=[*_FLOW, "psn_no", "day"], order_by=["second", "mdtrt_id"])
    rows = rows.mutate(_nth=ibis.row_number().over(first)).filter(_._nth == 0)
    usual = YEAR * SECONDS_A_DAY / rows.count().over(ibis.window(group_by=_FLOW))
    rows = rows.mutate(longest=ibis.least(MAX_GAP_SECONDS, SHORT_GAP * usual))
    order = ibis.window(group_by=_FLOW, order_by=["second", "mdtrt_id"])
    gap = rows.second - rows.second.lag().over(order)
    rows = rows.mutate(begins=(gap > rows.longest).fill_null(True).cast("int64"))
    until = ibis.cumulative_window(group_by=_FLOW, order_by=["second", "mdtrt_id"])
    return rows.select(*_FLOW, "psn_no", "second", "mdtrt_id", batch=rows.begins.sum().over(until))


def members(bought: ibis.Table) -> ibis.Table:
    """People of each batch of MIN_PERSONS or more: dr_code, place, batch, psn_no, second, mdtrt_id (of the
    first purchase), again (other such batches of the flow that the person is in), expected (how many by
    chance), neg_log10_p (`features.graphs.recurrent_sets.poisson_neg_log10_p`).

    Args:
        bought: `purchases`, stored.
    """
    seen = bought.group_by(*_BATCH, "psn_no").aggregate(second=_.second.min(), mdtrt_id=_.mdtrt_id.min())
    seen = seen.mutate(large=_.count().over(ibis.window(group_by=_BATCH)) >= MIN_PERSONS)
    everywhere = seen.aggregate(q=ibis.least(CROWDING * _.large.mean(), 1.0)).q.as_scalar()
    people = seen.group_by(*_FLOW, "psn_no").aggregate(runs=_.count(), hits=_.large.sum())
    flow = ibis.window(group_by=_FLOW)
    people = people.mutate(
        flow_runs=_.runs.sum().over(flow), flow_hits=_.hits.sum().over(flow), flow_people=_.count().over(flow)
    )
    inside = seen.filter(seen.large).inner_join(people, [*_FLOW, "psn_no"])
    inside = inside.mutate(usual=lambda rows: _usual_share(rows, everywhere))
    expected = ((_.runs - 1) * _.usual).round(9)
    inside = inside.select(*_BATCH, "psn_no", "second", "mdtrt_id", again=_.hits - 1, expected=expected)
    return inside.mutate(neg_log10_p=poisson_neg_log10_p(_.again, _.expected))


def _usual_share(inside: ibis.Table, everywhere: ibis.Value) -> ibis.Value:
    """Share of the runs of a flow's other people, those of a batch left out, that are batches; shrunk toward
    that of all flows.

    Args:
        inside: people of batches, with runs and hits (runs that are batches) of each and of the flow.
    """
    batch = ibis.window(group_by=_BATCH)
    others = inside.flow_people - inside.count().over(batch)
    runs, hits = (inside[f"flow_{name}"] - inside[name].sum().over(batch) for name in ("runs", "hits"))
    own = (hits / runs.nullif(0)).fill_null(0.0)
    return (others * own + PRIOR_PEOPLE * everywhere) / (others + PRIOR_PEOPLE)


def batches(seen: ibis.Table) -> pd.DataFrame:
    """Batches whose people are in other batches of the flow more often than chance explains: dr_code, place,
    batch, shared, expected, neg_log10_fdr (`features.graphs.recurrent_sets.recurrent`).

    Args:
        seen: `members`, stored.
    """
    return recurrent_sets.recurrent(seen, _BATCH)


def pairs(seen: ibis.Table, found: ibis.Table) -> ibis.Table:
    """People of significant batches who are in two of a flow or more (`features.graphs.events.pairs`).

    Args:
        seen: `members`, stored.
        found: `batches` as a table.
    """
    return recurrent_sets.pairs(seen, found, _BATCH, _FLOW)


def edges(together: ibis.Table) -> pd.DataFrame:
    """The pairs (`features.graphs.events.edges`).

    Args:
        together: `pairs`, stored.
    """
    return events.edges(together, _BATCH, [])
