"""Prescriptions of one doctor that are filled in batches at one pharmacy for the same people (M19).

A runner who collects cards fetches the medicine of all of them on a day or two, on days of his own choosing:
the people of a batch live anywhere, buy hours apart and different medicine, and need not be oversupplied.
They share doctor, pharmacy and day of purchase (docs/schemes.md, M19). Prescriptions of a doctor at a
pharmacy are a flow; a batch is a run of purchases of a flow that follow one another faster than its own
rhythm. The people of a batch are tested as a set on how often they are in others
(`features.graphs.recurrent_sets`), against how often the other people of the flow are: whoever sees patients
once a week has them all at the pharmacy on that day, in changing company. Where few others fill their
prescriptions there, all flows together tell what is usual.
"""

import ibis
from ibis import _

from claims.as_of import PHARMACY
from features.graphs.queue import first_of
from features.graphs.recurrent_sets import MAX_RATE_RATIO, MIN_PERSONS, poisson_neg_log10_p, with_runs
from features.visits.timestamps import SECONDS_A_DAY
from features.windows import YEAR

# Longest time between two purchases of a batch (a night lies between two days of one), and its longest share
# of the mean time between two purchases of the flow. Own starting values.
MAX_GAP_SECONDS, SHORT_GAP = 36 * 3600, 0.25
# Shrinkage: so many other people of a flow tell as much of what is usual there as all flows together.
PRIOR_PEOPLE = 20
_FLOW = ["dr_code", "place"]
# What defines a batch: the flow, and its number there.
BATCH = [*_FLOW, "batch"]


def purchases(facts: ibis.Table, days: int = YEAR) -> ibis.Table:
    """Purchases of the last so many days on a doctor's prescription, the first of a person, a flow and a day,
    each with its batch: dr_code, place, batch (number within the flow), psn_no, second, mdtrt_id."""
    rows = facts.filter(
        facts.days_ago <= days, facts.kind == PHARMACY, ~facts.course, facts.dr_code.notnull()
    )
    rows = rows.select("dr_code", "psn_no", "day", "second", "mdtrt_id", place=rows.fixmedins_code)
    rows = first_of(rows, [*_FLOW, "psn_no", "day"], ["second", "mdtrt_id"])
    usual = days * SECONDS_A_DAY / rows.count().over(ibis.window(group_by=_FLOW))
    return with_runs(rows, _FLOW, ibis.least(MAX_GAP_SECONDS, SHORT_GAP * usual), "batch").drop("day")


def members(bought: ibis.Table) -> ibis.Table:
    """People of each batch of MIN_PERSONS or more: dr_code, place, batch, psn_no, second, mdtrt_id (of the
    first purchase), again (other such batches of the flow that the person is in), expected (how many by
    chance), neg_log10_p (`features.graphs.recurrent_sets.poisson_neg_log10_p`).

    Args:
        bought: `purchases`, stored.
    """
    seen = bought.group_by(*BATCH, "psn_no").aggregate(second=_.second.min(), mdtrt_id=_.mdtrt_id.min())
    seen = seen.mutate(large=_.count().over(ibis.window(group_by=BATCH)) >= MIN_PERSONS)
    everywhere = seen.aggregate(q=ibis.least(MAX_RATE_RATIO * _.large.mean(), 1.0)).q.as_scalar()
    people = seen.group_by(*_FLOW, "psn_no").aggregate(runs=_.count(), hits=_.large.sum())
    flow = ibis.window(group_by=_FLOW)
    people = people.mutate(
        flow_runs=_.runs.sum().over(flow), flow_hits=_.hits.sum().over(flow), flow_people=_.count().over(flow)
    )
    inside = seen.filter(seen.large).inner_join(people, [*_FLOW, "psn_no"])
    inside = inside.mutate(usual=lambda rows: _usual_share(rows, everywhere))
    expected = ((_.runs - 1) * _.usual).round(9)
    inside = inside.select(*BATCH, "psn_no", "second", "mdtrt_id", again=_.hits - 1, expected=expected)
    return inside.mutate(neg_log10_p=poisson_neg_log10_p(_.again, _.expected))


def _usual_share(inside: ibis.Table, everywhere: ibis.Value) -> ibis.Value:
    """Share of the runs of a flow's other people, those of a batch left out, that are batches; shrunk toward
    that of all flows.

    Args:
        inside: people of batches, with runs and hits (runs that are batches) of each and of the flow.
    """
    batch = ibis.window(group_by=BATCH)
    others = inside.flow_people - inside.count().over(batch)
    runs, hits = (inside[f"flow_{name}"] - inside[name].sum().over(batch) for name in ("runs", "hits"))
    own = (hits / runs.nullif(0)).fill_null(0.0)
    return (others * own + PRIOR_PEOPLE * everywhere) / (others + PRIOR_PEOPLE)
