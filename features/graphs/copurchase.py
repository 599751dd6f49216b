"""Who buys the same dear medicine on the same days again and again, from whatever shop (M05, M19).

A ring that spreads over shops is nowhere seen together; what it is after gives it away. These are rows for `covisit`, in
which a medicine stands where a place does. Patients of one disease share the days of its medicine by accident, and those
on the same monthly cycle more often (`covisit.REFILL_DAYS`), so only meetings beyond that link two of them.
"""

import ibis
from ibis import _

from claims.as_of import STAY
from features.graphs.covisit import MEDICINE
from features.visits.codelists import DRUGS

# Dear is a medicine that usually costs so many times what the usual medicine of a visit does. Our own choice.
DEAR = 2


def purchases(facts: ibis.Table, days: ibis.Table) -> ibis.Table:
    """Purchases of dear medicines outside hospital stays: fixmedins_code (the medicine's hilist_code), kind
    (``medicine``), psn_no, day, second, mdtrt_id, course, days_ago.

    Args:
        days: `features.visits.bill_lines.item_days`.
    """
    bought = days.filter(days.charge.isin(DRUGS)).group_by("mdtrt_id", "hilist_code")
    bought = bought.aggregate(amount=_.amount.sum()).filter(_.amount > 0)
    seen = facts.filter(facts.kind != STAY).select(
        "mdtrt_id", "psn_no", "day", "second", "course", "days_ago"
    )
    bought = bought.inner_join(seen, "mdtrt_id")
    usual = bought.group_by("hilist_code").aggregate(usual=_.amount.median())
    dear = usual.filter(usual.usual >= DEAR * bought.amount.median().as_scalar())
    rows = bought.semi_join(dear, "hilist_code").rename(fixmedins_code="hilist_code")
    return rows.mutate(kind=ibis.literal(MEDICINE)).drop("amount")
