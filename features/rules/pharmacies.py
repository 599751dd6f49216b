"""Rules about the till: codes not scanned, prescriptions, fast cards, amounts, prices (R108-R117, R130)."""

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.rules.drugs import paid_sales, with_amount
from features.rules.engine import SUSPECT, Parameter, RuleContext, rule
from features.rules.limits import said, text
from features.visits.timestamps import has_time_of_day


@rule(
    "R113", "连续刷卡", "Back-to-back cards", "place", SUSPECT, "40(一)/41(一)",
    persons=Parameter(10, "persons", "bureau scripts: >=10 different persons in <60 s gaps"),
    seconds=Parameter(60, "seconds", "bureau scripts: >=10 different persons in <60 s gaps"),
)  # fmt: skip
def back_to_back(context: RuleContext, persons: float, seconds: float) -> ibis.Table:
    # Payments that carry only their date say nothing of seconds.
    paid = context.facts.filter(context.facts.kind != STAY, has_time_of_day(context.facts.setl_time))
    paid = paid.mutate(_second=paid.setl_time.epoch_seconds())
    first = (paid.payment_gap_seconds < seconds).fill_null(False).ifelse(0, 1)
    runs = paid.mutate(_run=first.cumsum(group_by="fixmedins_code", order_by=["_second", "mdtrt_id"]))
    counts = runs.group_by("fixmedins_code", "_run").aggregate(run_persons=_.psn_no.nunique())
    fast = runs.inner_join(counts.filter(counts.run_persons >= persons), ["fixmedins_code", "_run"])
    # A hospital has many tills, so that its cards follow one another fast by nature.
    fast = fast.filter(fast.kind == PHARMACY)
    message = said("与前后共", text(fast.run_persons), f"人的医保卡连续结算,相邻间隔不足{seconds:g}秒")
    return fast.select("mdtrt_id", amount_in_question=fast.medfee_sumamt, message=message)


@rule(
    "R112", "同卡短时多店", "One card many shops", "patient", SUSPECT, "40(一)/41(一)",
    minutes=Parameter(30, "minutes", "bureau scripts: card in different institutions <=30 min"),
)  # fmt: skip
def many_shops(context: RuleContext, minutes: float) -> ibis.Table:
    facts = context.facts
    # From the doctor to the pharmacy next door is how a prescription is filled.
    filled = (facts.moved_kind == OUTPATIENT) & (facts.kind == PHARMACY)
    near = facts.filter(facts.moved_minutes <= minutes, ~filled.fill_null(False))
    message = said("同一医保卡", text(near.moved_minutes), "分钟前在", near.moved_from, "结算")
    return near.select("mdtrt_id", amount_in_question=near.medfee_sumamt, message=message)


@rule(
    "R130", "医保凭证异地瞬移", "Impossible travel", "patient", SUSPECT, "41(一)",
    filled="fixmedins_b.admdvs",
    minutes=Parameter(60, "minutes", "own starting value: no two cities are closer"),
)  # fmt: skip
def impossible_travel(context: RuleContext, minutes: float) -> ibis.Table:
    # The first four digits of a region code are the city.
    cities = context.claims["fixmedins_b"].select("fixmedins_code", city=_.admdvs.left(4))
    near = context.facts.filter(context.facts.moved_minutes <= minutes).inner_join(cities, "fixmedins_code")
    near = near.inner_join(cities.rename(moved_from="fixmedins_code", last_city="city"), "moved_from")
    near = near.filter(near.city != near.last_city)
    message = said(
        "同一医保卡", text(near.moved_minutes), "分钟前在", near.last_city, "(市)就医,现在", near.city
    )
    return near.select("mdtrt_id", amount_in_question=near.medfee_sumamt, message=message)


@rule(
    "R110", "处方时间倒置/过期", "Rx after sale / expired", "place", SUSPECT, "38(二)/40(二)",
    needs="drug_sel_d rx_d", filled="drug_sel_d.rxno",
    slack=Parameter(30, "minutes", "own starting value: clocks of hospital and pharmacy"),
    long=Parameter(84, "days", "长期处方管理规范: at most 12 weeks for prescriptions that may be repeated"),
)  # fmt: skip
def out_of_time(context: RuleContext, slack: float, long: float) -> ibis.Table:
    written = context.claims["rx_d"].select(
        rxno=_.hi_rxno, written=_.prsc_time, valid=_.valid_days, repeats=_.max_rept_cnt.fill_null(0)
    )
    sold = paid_sales(context).filter(_.rxno.notnull(), _.sel_retn_cnt > 0).inner_join(written, "rxno")
    clock = (sold.sel_retn_time != sold.sel_retn_time.truncate("D")) & (
        sold.written != sold.written.truncate("D")
    )
    days = (
        sold.sel_retn_time.truncate("D").epoch_seconds() - sold.written.truncate("D").epoch_seconds()
    ) / 86400
    early = (sold.written.epoch_seconds() - sold.sel_retn_time.epoch_seconds()) / 60
    # Between bare dates only the day can be compared.
    early = clock.ifelse(early > slack, days < 0)
    valid = (sold.repeats > 0).ifelse(ibis.greatest(sold.valid, long), sold.valid)
    sold = sold.mutate(early=early, late=(days > valid).fill_null(False), days=days, valid=valid)
    bad = sold.filter(sold.early | sold.late)
    when = bad.written.strftime("%Y-%m-%d %H:%M") + ",售药" + bad.sel_retn_time.strftime("%Y-%m-%d %H:%M")
    what = bad.early.ifelse("先售药后开方", said("处方已过有效期", text(bad.valid.fill_null(0)), "天"))
    bad = bad.mutate(message=said("处方", bad.rxno, "开具于", when, ",", what))
    bad = bad.group_by("mdtrt_id", "setl_id", "hilist_code").aggregate(
        message=_.message.min(), bkkp_sn=_.bkkp_sn.min()
    )
    return with_amount(context, bad)


@rule(
    "R111", "无处方售处方药", "Rx drug without rx", "place", SUSPECT, "38(二)/40(二)", needs="drug_sel_d"
)  # fmt: skip
def without_prescription(context: RuleContext) -> ibis.Table:
    items = context.claims["hilist_b"].select("hilist_code", listed=_.rx_flag)
    sold = paid_sales(context).filter(_.sel_retn_cnt > 0, _.rxno.isnull()).left_join(items, "hilist_code")
    # The drug is one by the sale's own word or, where the sale is silent, by the catalogue's.
    sold = sold.filter(ibis.coalesce(sold.rx_flag, sold.listed) == "1")
    # A doctor on the purchase or an order on the line stands for a prescription on paper.
    shops = context.facts.filter(context.facts.kind == PHARMACY, context.facts.dr_code.isnull())
    ordered = context.item_days.filter(_.rx_no.notnull()).select("mdtrt_id", "hilist_code")
    sold = sold.semi_join(shops, "mdtrt_id").anti_join(ordered, ["mdtrt_id", "hilist_code"])
    bad = sold.group_by("mdtrt_id", "setl_id", "hilist_code").aggregate(bkkp_sn=_.bkkp_sn.min())
    return with_amount(
        context, bad.mutate(message=said("处方药", bad.hilist_code, "无处方号和开方医师即结算"))
    )


@rule(
    "R108", "医保销售无追溯码", "Paid sale without code", "place", SUSPECT, "协议",
    needs="drug_sel_d", filled="drug_sel_d.drug_trac_codg",
    share=Parameter(0.1, "share of sale lines in a month", "R108: 5-10 %"),
    since=Parameter(20250701, "date as yyyymmdd", "scanning is a condition of settlement from 2025-07"),
    least=Parameter(20, "sale lines in a month", "own starting value: fewer say nothing of a share"),
)  # fmt: skip
def uncoded_sales(context: RuleContext, share: float, since: float, least: float) -> ibis.Table:
    day = _.sel_retn_time.strftime("%Y%m%d").cast("int64")
    sold = paid_sales(context).filter(
        _.sel_retn_cnt > 0, day >= since, (_.trac_scan_stas != "2").fill_null(True)
    )
    sold = sold.semi_join(context.facts.filter(context.facts.kind == PHARMACY), "mdtrt_id")
    sold = sold.mutate(month=sold.sel_retn_time.truncate("M"), uncoded=sold.drug_trac_codg.isnull())
    months = sold.group_by("fixmedins_code", "month").aggregate(n=_.count(), rate=_.uncoded.mean())
    bad = sold.inner_join(months, ["fixmedins_code", "month"])
    bad = bad.filter(bad.uncoded, bad.n >= least, bad.rate > share)
    message = said(
        "销售未扫追溯码;本店当月", text(bad.n), "笔医保销售中", (bad.rate * 100).round(1).cast("string")
    )
    bad = bad.mutate(message=message + "%无码").group_by("mdtrt_id", "setl_id", "hilist_code")
    return with_amount(context, bad.aggregate(message=_.message.min(), bkkp_sn=_.bkkp_sn.min()))


@rule(
    "R114", "贴限额/整额结算", "Near-cap amounts", "place", SUSPECT, "协议",
    cap=Parameter(200, "yuan a purchase", "own starting value: the region's limit of a pooled purchase"),
    band=Parameter(0.05, "share under the cap", "R114: within 5 % under the cap"),
    least=Parameter(20, "pooled purchases", "own starting value: fewer say nothing of a share"),
)  # fmt: skip
def near_cap(context: RuleContext, cap: float, band: float, least: float) -> ibis.Table:
    pooled = context.facts.filter(context.facts.kind == PHARMACY, context.facts.hifp_pay > 0)
    pooled = pooled.mutate(near=pooled.medfee_sumamt.between(cap * (1 - band), cap))
    shops = pooled.group_by("fixmedins_code").aggregate(n=_.count(), share=_.near.mean()).filter(_.n >= least)
    usual = shops.mutate(usual=shops.share.median().over(ibis.window()))
    spread = (usual.share - usual.usual).abs().median().over(ibis.window())
    # Three robust deviations above the others, and never less than five points.
    odd = usual.mutate(odd_from=usual.usual + ibis.greatest(3 * 1.4826 * spread, 0.05)).filter(
        _.share > _.odd_from
    )
    bad = pooled.filter(pooled.near).inner_join(odd, "fixmedins_code")
    message = said(
        "结算", bad.medfee_sumamt.cast("string"), f"元,紧贴限额{cap:g}元;本店此类占", text(bad.share * 100)
    )
    message = message + "%,同行中位数" + text(bad.usual * 100) + "%"
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)


@rule(
    "R115", "冲顶", "Annual cap reached", "patient", SUSPECT, "41",
    employee=Parameter(500_000, "yuan a year", "bureau scripts: cap of employees"),
    resident=Parameter(300_000, "yuan a year", "bureau scripts: cap of residents"),
    share=Parameter(0.9, "share of the cap", "bureau scripts: 90-95 %"),
)  # fmt: skip
def annual_cap(context: RuleContext, employee: float, resident: float, share: float) -> ibis.Table:
    visits = context.facts.select(
        "mdtrt_id", "psn_no", "insutype", "hifp_pay", "medfee_sumamt", "second", year=_.begntime.year()
    )
    # Years that come near no cap need not be put in order.
    drawn = visits.group_by("psn_no", "year").aggregate(drawn=_.hifp_pay.sum(where=_.hifp_pay > 0))
    visits = visits.semi_join(drawn.filter(_.drawn >= share * min(employee, resident)), ["psn_no", "year"])
    order = ibis.window(
        group_by=["psn_no", "year"], order_by=["second", "mdtrt_id"], preceding=None, following=0
    )
    cap = (visits.insutype == "390").ifelse(resident, employee)
    visits = visits.mutate(drawn=visits.hifp_pay.sum().over(order), cap=cap)
    # The visit that crosses the line; what follows says the same again.
    bad = visits.filter(
        visits.drawn >= share * visits.cap, visits.drawn - visits.hifp_pay < share * visits.cap
    )
    message = said("本年统筹支付累计", text(bad.drawn), "元,达到年度限额", text(bad.cap), f"元的{share:.0%}")
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)


@rule(
    "R116", "医保价高于自费价", "Dual pricing", "place", SUSPECT, "协议",
    needs="drug_sel_d", filled="drug_sel_d.finl_trns_pric",
    above=Parameter(0.05, "share above the cash price", "R116: same item, difference >5 %"),
)  # fmt: skip
def dual_price(context: RuleContext, above: float) -> ibis.Table:
    priced = context.claims.sales.filter(
        _.finl_trns_pric > 0, _.sel_retn_cnt > 0, (_.trdn_flag != "1").fill_null(True)
    )
    cash = priced.filter(_.setl_id.isnull()).mutate(month=_.sel_retn_time.truncate("M"))
    # A loss-leader for members is no price: what counts is what most cash customers paid that month.
    cash = cash.group_by("fixmedins_code", "hilist_code", "month").aggregate(cash=_.finl_trns_pric.median())
    paid = priced.inner_join(context.claims.settlements.select("setl_id", "mdtrt_id"), "setl_id")
    paid = paid.mutate(month=paid.sel_retn_time.truncate("M")).inner_join(
        cash, ["fixmedins_code", "hilist_code", "month"]
    )
    bad = paid.filter(paid.finl_trns_pric > paid.cash * (1 + above))
    message = said("药品", bad.hilist_code, "医保价", bad.finl_trns_pric.cast("string"), "元,同月自费价")
    bad = bad.mutate(
        message=message + bad.cash.cast("string") + "元",
        more=(bad.finl_trns_pric - bad.cash) * bad.sel_retn_cnt,
    )
    bad = bad.group_by("mdtrt_id", "setl_id", "bkkp_sn")
    return bad.aggregate(amount_in_question=_.more.sum().round(2), message=_.message.min())


@rule(
    "R117", "药师秒审/多店同审", "Auto-review", "place", SUSPECT, "40(二)",
    needs="drug_sel_d rx_d", filled="rx_d.phar_code rx_d.phar_chk_time",
    seconds=Parameter(5, "seconds", "R117: <5 s"),
    minutes=Parameter(30, "minutes", "R117: two shops <30 min"),
)  # fmt: skip
def instant_review(context: RuleContext, seconds: float, minutes: float) -> ibis.Table:
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
    sold = sold.inner_join(checked, "rxno").inner_join(chains, "place")
    work = sold.select("phar_code", "rxno", "at", "house").distinct()
    order = ibis.window(group_by="phar_code", order_by=["at", "rxno"])
    work = work.mutate(gap=work["at"] - work["at"].lag().over(order), last=work.house.lag().over(order))
    # One house may have its prescriptions reviewed from afar.
    moved = work.filter(work.house != work["last"], work.gap < minutes * 60).select(
        "phar_code", "rxno", "gap"
    )
    sold = sold.left_join(moved, ["phar_code", "rxno"])
    bad = sold.filter(sold.after.between(0, seconds - 1) | sold.gap.notnull())
    quick = said("开方后", text(bad.after), "秒即审核通过")
    message = said("药师", bad.phar_code, bad.gap.notnull().ifelse(
        ibis.literal("在另一药店审方后") + text(bad.gap.fill_null(0) / 60) + "分钟又在本店审方", quick
    ))  # fmt: skip
    return with_amount(
        context,
        bad.mutate(message=message).select("mdtrt_id", "setl_id", "hilist_code", "bkkp_sn", "message"),
    )
