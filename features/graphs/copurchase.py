"""Who buys the same expensive medicine on the same days again and again, at whatever pharmacy (M05, M19).

A ring that spreads over pharmacies is nowhere seen together; the medicine it buys is what its members share.
These are events for `covisit` whose venue is a medicine. Patients of one disease share the days of its
medicine by chance, and those on the same monthly cycle more often (`covisit.REFILL_DAYS`), so only meetings
beyond that link two of them.
"""

import ibis
from ibis import _

from claims.as_of import STAY
from features.graphs.covisit import MEDICINE
from features.visits.codelists import DRUGS

# A medicine is expensive when its median cost a visit is at least so many times that of all medicines. Own
# starting value.
EXPENSIVE = 2


def purchases(facts: ibis.Table, days: ibis.Table) -> ibis.Table:
    """Purchases of expensive medicines outside hospital stays: venue (the medicine's hilist_code), kind
    (MEDICINE), psn_no, day, second, mdtrt_id, course, days_ago.

    Args:
        days: `features.visits.bill_lines.item_days`.
    """
    bought = days.filter(days.charge.isin(DRUGS)).group_by("mdtrt_id", venue=_.hilist_code)
    bought = bought.aggregate(amount=_.amount.sum()).filter(_.amount > 0)
    visits = facts.filter(facts.kind != STAY)
    visits = visits.select("mdtrt_id", "psn_no", "day", "second", "course", "days_ago")
    bought = bought.inner_join(visits, "mdtrt_id")
    median = bought.group_by("venue").aggregate(median=_.amount.median())
    expensive = median.filter(median.median >= EXPENSIVE * bought.amount.median().as_scalar())
    return bought.semi_join(expensive, "venue").mutate(kind=ibis.literal(MEDICINE)).drop("amount")
