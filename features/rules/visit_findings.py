"""Findings summed to visits: their number and amount."""

import ibis
from ibis import _

from features.rules.declaration import CLEAR, rules_of_scheme

# Out-of-scope purchasing: medicine that the fund does not cover for the illness.
OUT_OF_SCOPE = "M07"


def by_visit(hits: ibis.Table, facts: ibis.Table) -> ibis.Table:
    """Findings of each visit: mdtrt_id, findings, clear_findings, out_of_scope (lines, M07), findings_amount
    (yuan of fund payment).

    A line that breaks three rules costs the fund once, and a visit never more than was paid for it.
    """
    places = hits.group_by("mdtrt_id", "setl_id", "bkkp_sn").aggregate(
        n=_.count(),
        clear=(_.sev_deg == CLEAR).sum(),
        outside=_.rule_id.isin(rules_of_scheme(OUT_OF_SCOPE)).any(),
        amount=_.vola_amt.max(),
    )
    sums = places.group_by("mdtrt_id").aggregate(
        findings=_.n.sum(), clear_findings=_.clear.sum(), out_of_scope=_.outside.sum(), amount=_.amount.sum()
    )
    paid = sums.inner_join(facts.select("mdtrt_id", "fund_pay_sumamt"), "mdtrt_id")
    capped = ibis.least(paid.amount, paid.fund_pay_sumamt)
    return paid.select(
        "mdtrt_id",
        *("findings", "clear_findings", "out_of_scope"),
        findings_amount=ibis.greatest(capped, 0).round(2),
    )
