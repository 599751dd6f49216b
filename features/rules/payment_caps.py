"""Amounts close to a cap (R114, R115)."""

import ibis
from ibis import _

from claims.as_of import PHARMACY
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.finding_text import figure, sentence, whole_number
from features.rules.rule_context import RuleContext

# Own starting values: robust deviations (median absolute deviation × 1.4826, its ratio to the standard
# deviation of a normal distribution) above the median, and the least difference in share that counts.
DEVIATIONS, MAD_TO_SD, MINIMUM_DIFFERENCE = 3, 1.4826, 0.05


def _far_above_peers(shops: ibis.Table) -> ibis.Table:
    """Pharmacies whose share lies far above the median of all (usual)."""
    usual = shops.mutate(usual=shops.share.median().over(ibis.window()))
    spread = (usual.share - usual.usual).abs().median().over(ibis.window())
    margin = ibis.greatest(DEVIATIONS * MAD_TO_SD * spread, MINIMUM_DIFFERENCE)
    return usual.mutate(odd_from=usual.usual + margin).filter(_.share > _.odd_from)


@rule(
    "R114", "贴限额/整额结算", "Near-cap amounts", "place", SUSPECT, "协议", schemes="M16",
    purchase_cap=Parameter(200, "yuan a purchase", "own starting value: a region's limit"),
    band_share=Parameter(0.05, "share under the cap", "own starting value: within 5 % under the cap"),
    minimum_purchases=Parameter(20, "pooled purchases", "own starting value: fewer say nothing of a share"),
)  # fmt: skip
def near_purchase_cap(
    context: RuleContext, purchase_cap: float, band_share: float, minimum_purchases: float
) -> ibis.Table:
    """Purchases just under the cap at pharmacies with far more of them than others."""
    pooled = context.facts.filter(context.facts.kind == PHARMACY, context.facts.hifp_pay > 0)
    pooled = pooled.mutate(near=pooled.medfee_sumamt.between(purchase_cap * (1 - band_share), purchase_cap))
    shops = pooled.group_by("fixmedins_code").aggregate(n=_.count(), share=_.near.mean())
    bad = pooled.filter(pooled.near).inner_join(
        _far_above_peers(shops.filter(_.n >= minimum_purchases)), "fixmedins_code"
    )
    message = sentence(
        "结算{yuan}元,紧贴限额{cap}元;本店统筹支付的购药中此类占{share}%,同类药店通常为{usual}%",
        "{yuan} yuan settled, just under the cap of {cap}; so are {share}% of this pharmacy's purchases with "
        "pooled fund pay, at others usually {usual}%",
        yuan=figure(bad.medfee_sumamt), cap=f"{purchase_cap:g}", share=whole_number(bad.share * 100),
        usual=whole_number(bad.usual * 100),
    )  # fmt: skip
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)


def _paid_in_year(context: RuleContext, minimum: float) -> ibis.Table:
    """Visits with what the pooled fund has paid for the person in the year up to each (paid, yuan).

    Args:
        minimum: yuan; years that pay less in all are left out and need no sorting.
    """
    visits = context.facts.select(
        "mdtrt_id", "psn_no", "insutype", "hifp_pay", "medfee_sumamt", "second", year=_.begntime.year()
    )
    years = visits.group_by("psn_no", "year").aggregate(most=_.hifp_pay.sum(where=_.hifp_pay > 0))
    visits = visits.semi_join(years.filter(_.most >= minimum), ["psn_no", "year"])
    order = ibis.window(
        group_by=["psn_no", "year"], order_by=["second", "mdtrt_id"], preceding=None, following=0
    )
    return visits.mutate(paid=visits.hifp_pay.sum().over(order))


@rule(
    "R115", "冲顶", "Annual cap reached", "patient", SUSPECT, "41", schemes="M16",
    employee_cap=Parameter(500_000, "yuan a year", "bureau scripts: cap of employees"),
    resident_cap=Parameter(300_000, "yuan a year", "bureau scripts: cap of residents"),
    cap_share=Parameter(0.9, "share of the cap", "bureau scripts: 90-95 %"),
)  # fmt: skip
def annual_cap(
    context: RuleContext, employee_cap: float, resident_cap: float, cap_share: float
) -> ibis.Table:
    """The visit with which a person's pooled payments of the year reach a share of the cap."""
    visits = _paid_in_year(context, cap_share * min(employee_cap, resident_cap))
    visits = visits.mutate(cap=(visits.insutype == "390").ifelse(resident_cap, employee_cap))
    # Only the visit that reaches the share; those after it would repeat the finding.
    bad = visits.filter(
        visits.paid >= cap_share * visits.cap, visits.paid - visits.hifp_pay < cap_share * visits.cap
    )
    message = sentence(
        "本年统筹支付累计{paid}元,达到年度限额{cap}元的{share}",
        "the pooled fund has paid {paid} yuan this year, {share} of the yearly cap of {cap} yuan",
        paid=whole_number(bad.paid), cap=whole_number(bad.cap), share=f"{cap_share:.0%}",
    )  # fmt: skip
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)
