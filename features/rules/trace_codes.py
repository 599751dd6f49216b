"""Trace codes of drug packs: repeated, moved, mismatched, missing (R105-R108)."""

from datetime import date

import ibis
from ibis import _

from claims.as_of import PHARMACY
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.finding_text import (
    either,
    figure,
    iso_date,
    item_name,
    place_name,
    sentence,
    whole_number,
)
from features.rules.limits_table import limits_of, starts_with_limit
from features.rules.rule_context import RuleContext, cached_table
from features.rules.sales_lines import paid_sales, with_billed_amount, with_unit_price


def _repeated_packs(context: RuleContext) -> ibis.Table:
    """Packs sold again without a return between, with the earlier sale and the price of one pack."""
    # A split pack may show its code many times; what nobody declared as split counts as whole.
    packs = paid_sales(context).filter(_.drug_trac_codg.notnull(), (_.trdn_flag != "1").fill_null(True))
    # Most codes are seen once; the order of sales matters for the others alone.
    often = packs.group_by("drug_trac_codg").aggregate(n=_.count()).filter(_.n > 1)
    packs = packs.semi_join(often, "drug_trac_codg")
    order = ibis.window(group_by="drug_trac_codg", order_by=["sel_retn_time", "medins_prod_sel_no"])
    packs = packs.mutate(
        last_cnt=packs.sel_retn_cnt.lag().over(order),
        last_time=packs.sel_retn_time.lag().over(order),
        last_place=packs.fixmedins_code.lag().over(order),
    )
    again = packs.filter(packs.sel_retn_cnt > 0, packs.last_cnt > 0)
    days = again.sel_retn_time.date().epoch_days() - again.last_time.date().epoch_days()
    return with_unit_price(context, again.mutate(gap=days))


def _per_sale(again: ibis.Table, message: ibis.Value) -> ibis.Table:
    """One finding a sale line: a code is one pack; its packs together, the sentence of the first."""
    rows = again.mutate(message=message).group_by("mdtrt_id", "setl_id", "bkkp_sn")
    return rows.aggregate(amount_in_question=_.unit.sum().round(2), message=_.message.min())


@rule(
    "R105", "追溯码重复结算", "Trace code repeated", "place", SUSPECT, "40/38(五)", schemes="M20 M19",
    needs="drug_sel_d", filled="drug_sel_d.drug_trac_codg",
)  # fmt: skip
def repeated_code(context: RuleContext) -> ibis.Table:
    """Packs sold again without a return in between."""
    again = cached_table(context, "repeated_packs", lambda: _repeated_packs(context))
    elsewhere = place_name(again.last_place)
    here = ("本机构", "this institution")
    message = sentence(
        "追溯码{code}已于{day}在{place}结算,其间无退货,再次结算(未拆零)",
        "trace code {code} had been settled on {day} at {place}, was not returned and is settled again (no "
        "split pack)",
        code=again.drug_trac_codg, day=iso_date(again.last_time),
        place=either(again.last_place == again.fixmedins_code, here, (elsewhere, elsewhere)),
    )  # fmt: skip
    return _per_sale(again, message)


@rule(
    "R106", "追溯码跨区流动", "Trace code across institutions", "place", SUSPECT, "40/38(五)",
    schemes="M20 M19", needs="drug_sel_d", filled="drug_sel_d.drug_trac_codg",
    short_gap_days=Parameter(7, "days", "own starting value: sooner than a pack can be bought back"),
)  # fmt: skip
def travelling_code(context: RuleContext, short_gap_days: float) -> ibis.Table:
    """Packs sold again at another institution."""
    again = cached_table(context, "repeated_packs", lambda: _repeated_packs(context))
    moved = again.filter(again.last_place != again.fixmedins_code)
    pattern = either(
        moved.gap <= short_gap_days, ("疑似套码", "the code looks copied"),
        ("疑似回流药", "the pack looks bought back"),
    )  # fmt: skip
    message = sentence(
        "追溯码{code}在{place}售出{days}天后又在本机构结算,{pattern}",
        "trace code {code}, sold at {place} before, is settled here again (days between: {days}); {pattern}",
        code=moved.drug_trac_codg, place=place_name(moved.last_place), days=whole_number(moved.gap),
        pattern=pattern,
    )  # fmt: skip
    return _per_sale(moved, message)


@rule(
    "R107", "追溯码与药品不符", "Code-drug mismatch", "place", SUSPECT, "40/38(五)", schemes="M20",
    needs="drug_sel_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=trac_prfx drug_sel_d.drug_trac_codg",
)  # fmt: skip
def mismatched_code(context: RuleContext) -> ibis.Table:
    """Packs whose trace code does not begin with the item's prefix."""
    prefixes = limits_of(context, "trac_prfx").select("hilist_code", "first", "last", "value")
    sold = (
        paid_sales(context)
        .filter(_.drug_trac_codg.notnull(), _.sel_retn_cnt > 0)
        .inner_join(prefixes, "hilist_code")
    )
    day = sold.sel_retn_time.date()
    sold = sold.filter(sold["first"] <= day, sold["last"] >= day)
    own = starts_with_limit(sold, "drug_trac_codg")
    bad = sold.filter(~own).anti_join(sold.filter(own), ["medins_prod_sel_no", "drug_trac_codg"])
    bad = with_unit_price(context, bad)
    message = sentence(
        "追溯码{code}不属于所结算药品{item}",
        "trace code {code} is not one of {item}, for which it was settled",
        code=bad.drug_trac_codg, item=item_name(bad.hilist_code),
    )  # fmt: skip
    return _per_sale(bad, message)


@rule(
    "R108", "医保销售无追溯码", "Paid sale without code", "place", SUSPECT, "协议", schemes="M16 M20",
    needs="drug_sel_d", filled="drug_sel_d.drug_trac_codg",
    maximum_uncoded_share=Parameter(0.1, "share of sale lines in a month", "own starting value: 5-10 %"),
    mandatory_from=Parameter(date(2025, 7, 1), "date", "national notice of 2025-03 on trace codes"),
    minimum_sales=Parameter(20, "sale lines in a month", "own starting value: fewer say nothing of a share"),
)  # fmt: skip
def uncoded_sales(
    context: RuleContext, maximum_uncoded_share: float, mandatory_from: date, minimum_sales: float
) -> ibis.Table:
    """Sales without a trace code at pharmacies where their share in the month is high."""
    sold = paid_sales(context).filter(
        _.sel_retn_cnt > 0,
        _.sel_retn_time.date() >= mandatory_from,
        (_.trac_scan_stas != "2").fill_null(True),
    )
    sold = sold.semi_join(context.facts.filter(context.facts.kind == PHARMACY), "mdtrt_id")
    sold = sold.mutate(month=sold.sel_retn_time.truncate("M"), uncoded=sold.drug_trac_codg.isnull())
    months = sold.group_by("fixmedins_code", "month").aggregate(n=_.count(), rate=_.uncoded.mean())
    bad = sold.inner_join(months, ["fixmedins_code", "month"])
    bad = bad.filter(bad.uncoded, bad.n >= minimum_sales, bad.rate > maximum_uncoded_share)
    message = sentence(
        "销售未扫追溯码;本店当月{sales}笔医保销售中{share}%无码",
        "sold without a trace code; of {sales} insured sales of this pharmacy in the month {share}% have "
        "none",
        sales=whole_number(bad.n), share=figure((bad.rate * 100).round(1)),
    )  # fmt: skip
    bad = bad.mutate(message=message).group_by("mdtrt_id", "setl_id", "hilist_code")
    return with_billed_amount(context, bad.aggregate(message=_.message.min(), bkkp_sn=_.bkkp_sn.min()))
