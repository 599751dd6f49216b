"""Stays of a treatment plan, known by rhythm and disease and not by the code of the course alone.

Chemotherapy, transfusions and the like bring a patient back to one hospital for one disease at regular
intervals, for stays that are short against them. So does a split stay (M03), but one after the other; and who
makes up stays can make up a rhythm. Therefore a series counts as a plan only for tumours, and for diseases
that are treated so at the other hospitals.
"""

import ibis
from ibis import _

from claims.as_of import STAY

# Fewest stays of a plan; shortest and longest days from one to the next (chemotherapy: one to six weeks); the
# stay takes so much of them at most. Own starting values.
MIN_CYCLES, SHORTEST_CYCLE, LONGEST_CYCLE, STAY_SHARE = 3, 7, 42, 0.5
# An interval is regular within so much of the series' median; so many of them are. Own starting values.
TOLERANCE, REGULAR_SHARE = 0.25, 0.75
# A disease is treated by plan where so many of its patients with several stays at other hospitals have one,
# and these are so many. Own starting values.
USUAL_SHARE, MIN_SERIES = 0.3, 5
# Tumours: ICD-10 C00-D48.
TUMOUR = "^(C|D[0-4])"
_SECONDS_A_DAY = 86_400
_SERIES = ["psn_no", "fixmedins_code", "dx3"]


def planned_stays(facts: ibis.Table) -> ibis.Table:
    """Stays of a treatment plan: mdtrt_id.

    Args:
        facts: mdtrt_id, psn_no, fixmedins_code, dx3, kind, second, los.
    """
    series = _series(facts)
    several = series.filter(series.stays >= 2)
    by_plan = _.planned.cast("int64").sum()
    everywhere, own = ibis.window(group_by="dx3"), ibis.window(group_by=["dx3", "fixmedins_code"])
    n = _.count().over(everywhere) - _.count().over(own)
    planned = by_plan.over(everywhere) - by_plan.over(own)
    known = several.mutate(elsewhere=n, planned_elsewhere=planned)
    usual = (known.elsewhere >= MIN_SERIES) & (known.planned_elsewhere >= USUAL_SHARE * known.elsewhere)
    plans = known.filter(known.planned & (usual | known.dx3.re_search(TUMOUR)))
    return _stays(facts).semi_join(plans, _SERIES).select("mdtrt_id")


def _stays(facts: ibis.Table) -> ibis.Table:
    return facts.filter(facts.kind == STAY, facts.dx3.notnull())


def _series(facts: ibis.Table) -> ibis.Table:
    """Stays of a person at a hospital for a disease: _SERIES, stays, planned (regular and short)."""
    order = ibis.window(group_by=_SERIES, order_by=["second", "mdtrt_id"])
    rows = _stays(facts).select(*_SERIES, "mdtrt_id", "second", "los")
    rows = rows.mutate(interval=(rows.second - rows.second.lag().over(order)) / _SECONDS_A_DAY)
    rows = rows.mutate(cycle=rows.interval.median().over(ibis.window(group_by=_SERIES)))
    regular = (rows.interval - rows.cycle).abs() <= TOLERANCE * rows.cycle
    series = rows.mutate(regular=regular).group_by(_SERIES)
    series = series.aggregate(
        stays=_.count(), cycle=_.cycle.max(), los=_.los.median(), share=_.regular.mean()
    )
    planned = (
        (series.stays >= MIN_CYCLES)
        & series.cycle.between(SHORTEST_CYCLE, LONGEST_CYCLE)
        & (series.los <= STAY_SHARE * series.cycle)
        & (series.share >= REGULAR_SHARE)
    )
    return series.select(*_SERIES, "stays", planned=planned.fill_null(False))
