"""Charges without an order, and prescriptions reused, out of time, missing or reviewed in seconds
(R065, R109-R111, R117)."""

import ibis
from ibis import _

from claims.as_of import PHARMACY, STAY
from features.rules.billed_lines import charged_lines
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.finding_text import either, item_name, phrase, sentence, whole_number
from features.rules.rule_context import RuleContext
from features.rules.sales_lines import paid_sales, with_billed_amount
from features.visits.codelists import DRUGS
from features.visits.timestamps import CLOCK_MINUTES, is_later


@rule(
    "R065", "无医嘱/无处方收费", "Charge without order", "place", SUSPECT, "40(三)/38(三)", schemes="M01",
    needs="fee_list_d", filled="fee_list_d.rx_drord_no",
    minimum_order_share=Parameter(0.9, "share of lines", "own starting value: places that send orders"),
)  # fmt: skip
def without_order(context: RuleContext, minimum_order_share: float) -> ibis.Table:
    """Lines without an order at institutions that send orders for nearly all."""
    visits = context.facts.filter(context.facts.kind == STAY).select("mdtrt_id", "fixmedins_code")
    # Bed, round and care are charged by the day without an order.
    lines = charged_lines(context).filter(_.charge.isin(["03", "04", "05", "06", *DRUGS]))
    lines = lines.inner_join(visits, "mdtrt_id")
    places = lines.group_by("fixmedins_code").aggregate(ordered=_.rx_no.notnull().mean())
    bad = lines.inner_join(places, "fixmedins_code").filter(
        _.rx_no.isnull(), _.ordered >= minimum_order_share
    )
    message = sentence(
        "项目{item}无医嘱号收费,本院{share}%的同类收费有医嘱号",
        "{item} charged without the number of an order, which {share}% of such lines of this hospital have",
        item=item_name(bad.hilist_code), share=whole_number(bad.ordered * 100),
    )  # fmt: skip
    return bad.mutate(amount_in_question=bad.amount, message=message)


@rule(
    "R109", "一方多购/超量取药", "Prescription reused", "patient", SUSPECT, "38(二)/40(二)",
    schemes="M05 M21 M40", needs="drug_sel_d rx_d", filled="drug_sel_d.rxno",
)  # fmt: skip
def reused_prescription(context: RuleContext) -> ibis.Table:
    """Prescriptions settled more often than they may be repeated."""
    # Its drugs may be fetched one by one; the same drug may come again only if repeats were prescribed.
    sold = paid_sales(context).filter(_.rxno.notnull())
    sold = sold.group_by("rxno", "hilist_code", "mdtrt_id").aggregate(
        kept=_.sel_retn_cnt.sum(),
        sold=_.sel_retn_time.min(),
        bkkp_sn=_.bkkp_sn.min(),
        setl_id=_.setl_id.min(),
        place=_.fixmedins_code.min(),
    )
    sold = sold.filter(sold.kept > 0)
    order = ibis.window(group_by=["rxno", "hilist_code"], order_by=["sold", "mdtrt_id"])
    sold = sold.mutate(nth=ibis.row_number().over(order) + 1, first=sold.place.first().over(order))
    allowed = context.claims["rx_d"].select(rxno=_.hi_rxno, allowed=_.max_rept_cnt.fill_null(0) + 1)
    bad = with_billed_amount(context, sold.inner_join(allowed, "rxno").filter(_.nth > _.allowed))
    moved = either(bad.place != bad["first"], (",且换了药店", ", and at another pharmacy"), ("", ""))
    message = sentence(
        "处方{rx}的同一药品第{nth}次结算,允许{allowed}次{moved}",
        "drug of prescription {rx} settled for time no. {nth}; allowed times: {allowed}{moved}",
        rx=bad.rxno, nth=whole_number(bad.nth), allowed=whole_number(bad.allowed), moved=moved,
    )  # fmt: skip
    return bad.mutate(message=message)


def _sales_with_prescription(context: RuleContext) -> ibis.Table:
    """Sales on prescription with its time (written), days of validity (valid) and number of repeats."""
    written = context.claims["rx_d"].select(
        rxno=_.hi_rxno, written=_.prsc_time, valid=_.valid_days, repeats=_.max_rept_cnt.fill_null(0)
    )
    return paid_sales(context).filter(_.rxno.notnull(), _.sel_retn_cnt > 0).inner_join(written, "rxno")


@rule(
    "R110", "处方时间倒置/过期", "Sold before the prescription or after it expired", "place", SUSPECT,
    "38(二)/40(二)", schemes="M22", needs="drug_sel_d rx_d", filled="drug_sel_d.rxno",
    clock_tolerance_minutes=Parameter(
        CLOCK_MINUTES, "minutes", "own starting value: clocks of hospital and pharmacy"
    ),
    repeatable_validity_days=Parameter(84, "days", "长期处方管理规范(试行): at most 12 weeks"),
)  # fmt: skip
def out_of_time(
    context: RuleContext, clock_tolerance_minutes: float, repeatable_validity_days: float
) -> ibis.Table:
    """Sales before the prescription was written or after it expired."""
    sold = _sales_with_prescription(context)
    days = sold.sel_retn_time.date().epoch_days() - sold.written.date().epoch_days()
    early = is_later(sold.written, sold.sel_retn_time, clock_tolerance_minutes)
    valid = (sold.repeats > 0).ifelse(ibis.greatest(sold.valid, repeatable_validity_days), sold.valid)
    sold = sold.mutate(early=early, late=(days > valid).fill_null(False), days=days, valid=valid)
    bad = sold.filter(sold.early | sold.late)
    written, sold_at = (at.strftime("%Y-%m-%d %H:%M") for at in (bad.written, bad.sel_retn_time))
    days = whole_number(bad.valid.fill_null(0))
    expired = phrase("处方已过有效期{days}天", "valid for {days} days only", days=days)
    message = sentence(
        "处方{rx}开具于{written},售药{sold},{what}",
        "prescription {rx} written {written}, sold {sold}: {what}",
        rx=bad.rxno, written=written, sold=sold_at,
        what=either(bad.early, ("先售药后开方", "sold before it was written"), expired),
    )  # fmt: skip
    bad = bad.mutate(message=message)
    bad = bad.group_by("mdtrt_id", "setl_id", "hilist_code").aggregate(
        message=_.message.min(), bkkp_sn=_.bkkp_sn.min()
    )
    return with_billed_amount(context, bad)


@rule(
    "R111", "无处方售处方药", "Prescription drug without prescription", "place", SUSPECT, "38(二)/40(二)",
    schemes="M22", needs="drug_sel_d",
)  # fmt: skip
def without_prescription(context: RuleContext) -> ibis.Table:
    """Prescription drugs sold without a prescription or a doctor."""
    items = context.claims["hilist_b"].select("hilist_code", listed=_.rx_flag)
    sold = paid_sales(context).filter(_.sel_retn_cnt > 0, _.rxno.isnull()).left_join(items, "hilist_code")
    # Whether a drug needs a prescription is stated by the sale or, where missing there, by the catalogue.
    sold = sold.filter(ibis.coalesce(sold.rx_flag, sold.listed) == "1")
    # A doctor on the purchase or an order on the line stands for a prescription on paper.
    shops = context.facts.filter(context.facts.kind == PHARMACY, context.facts.dr_code.isnull())
    ordered = context.item_days.filter(_.rx_no.notnull()).select("mdtrt_id", "hilist_code")
    sold = sold.semi_join(shops, "mdtrt_id").anti_join(ordered, ["mdtrt_id", "hilist_code"])
    bad = sold.group_by("mdtrt_id", "setl_id", "hilist_code").aggregate(bkkp_sn=_.bkkp_sn.min())
    message = sentence(
        "处方药{item}无处方号和开方医师即结算",
        "prescription drug {item} settled without the number of a prescription or a doctor",
        item=item_name(bad.hilist_code),
    )
    return with_billed_amount(context, bad.mutate(message=message))


def _reviewed_sales(context: RuleContext) -> ibis.Table:
    """Sales on a prescription that a pharmacist reviewed at a known time: at (second), after (seconds since
    it was written), house (chain or shop)."""
    checked = context.claims["rx_d"].filter(_.phar_code.notnull(), _.phar_chk_time.notnull())
    checked = checked.filter(_.phar_chk_time != _.phar_chk_time.truncate("D")).select(
        "phar_code", rxno="hi_rxno", at=_.phar_chk_time.epoch_seconds(), after=_.phar_chk_time.epoch_seconds()
        - _.prsc_time.epoch_seconds(),
    )  # fmt: skip
    sold = paid_sales(context).filter(_.rxno.notnull(), _.sel_retn_cnt > 0)
    sold = sold.group_by("rxno", "mdtrt_id", "setl_id", "hilist_code").aggregate(
        bkkp_sn=_.bkkp_sn.min(), place=_.fixmedins_code.min()
    )
    chains = context.claims["fixmedins_b"].select(
        place="fixmedins_code", house=_.prnt_medins_code.fill_null(_.fixmedins_code)
    )
    return sold.inner_join(checked, "rxno").inner_join(chains, "place")


def _reviewed_elsewhere(sold: ibis.Table, minimum_travel_minutes: float) -> ibis.Table:
    """Prescriptions reviewed too soon after one of another house (one house may review from afar)."""
    work = sold.select("phar_code", "rxno", "at", "house").distinct()
    order = ibis.window(group_by="phar_code", order_by=["at", "rxno"])
    work = work.mutate(gap=work["at"] - work["at"].lag().over(order), last=work.house.lag().over(order))
    moved = work.filter(work.house != work["last"], work.gap < minimum_travel_minutes * 60)
    return moved.select("phar_code", "rxno", "gap")


@rule(
    "R117", "药师秒审/多店同审", "Prescriptions passed within seconds", "place", SUSPECT, "40(二)",
    needs="drug_sel_d rx_d", filled="rx_d.phar_code rx_d.phar_chk_time",
    minimum_review_seconds=Parameter(5, "seconds", "own starting value: <5 s"),
    minimum_travel_minutes=Parameter(30, "minutes", "own starting value: two shops <30 min"),
)  # fmt: skip
def instant_review(
    context: RuleContext, minimum_review_seconds: float, minimum_travel_minutes: float
) -> ibis.Table:
    """Sales on prescriptions reviewed within seconds, or by a pharmacist who was elsewhere minutes before."""
    sold = _reviewed_sales(context)
    bad = sold.left_join(_reviewed_elsewhere(sold, minimum_travel_minutes), ["phar_code", "rxno"])
    bad = bad.filter(bad.after.between(0, minimum_review_seconds - 1) | bad.gap.notnull())
    quick = phrase(
        "开方后{n}秒即审核通过", "passed it {n} seconds after it was written", n=whole_number(bad.after)
    )
    minutes = whole_number(bad.gap.fill_null(0) / 60)
    moved = phrase(
        "在另一药店审方后{n}分钟又在本店审方",
        "reviewed here {n} minutes after a review at another pharmacy",
        n=minutes,
    )
    message = sentence(
        "药师{who}{what}", "pharmacist {who} {what}", who=bad.phar_code,
        what=either(bad.gap.notnull(), moved, quick),
    )  # fmt: skip
    bad = bad.mutate(message=message)
    return with_billed_amount(context, bad.select("mdtrt_id", "setl_id", "hilist_code", "bkkp_sn", "message"))
