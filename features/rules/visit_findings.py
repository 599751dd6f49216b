"""Findings summed to visits: their number and amount, and the rule part of a visit's score."""

import ibis
from ibis import _

from features.rules.declaration import CLEAR, rules_of_scheme

# Out-of-scope purchasing: medicine that the fund does not cover for the illness.
OUT_OF_SCOPE = "M07"
# Own starting values: the weight of a finding grows with the rarity of its rule, from a rule that every visit
# breaks (0) to one that one visit in ten thousand breaks (four decades), and stays below certainty.
MAXIMUM_WEIGHT, DECADES = 0.8, 4


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


def visit_weights(hits: ibis.Table, facts: ibis.Table) -> ibis.Table:
    """The rule part of a visit: mdtrt_id, rule_part (0 to 1).

    A rule that one visit in ten thousand breaks is strong evidence, one that every tenth breaks is weak;
    rules of a visit combine as independent probabilities do (noisy or).
    """
    total = facts.count().as_scalar()
    broken = hits.group_by("rule_id").aggregate(visits=_.mdtrt_id.nunique())
    rarity = (-(broken.visits / total).log10() / DECADES).clip(0, 1)
    weights = broken.select("rule_id", weight=MAXIMUM_WEIGHT * rarity)
    pairs = hits.select("mdtrt_id", "rule_id").distinct().inner_join(weights, "rule_id")
    return pairs.group_by("mdtrt_id").aggregate(rule_part=1 - (1 - _.weight).ln().sum().exp())
