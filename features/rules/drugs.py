"""Rules about medicine: quantity, duplicates, trace codes, stock, mapping (R031, R060-R072, R087, R105-R109).

What a sale costs is taken from the bill of its visit (`features.rules.limits.drugs_of`).
"""

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.rules.engine import SUSPECT, Parameter, RuleContext, rule
from features.rules.limits import (
    DRUG,
    MATERIAL,
    SERVICE,
    cached_table,
    charged,
    drugs_of,
    goods,
    held_to,
    least,
    limited,
    limits,
    number,
    said,
    starts,
    text,
)
from features.visits.codelists import DRUGS

# Western drugs and patent medicine: dispensed by the pack. Herbs are made up by the week and bought often.
PACKED = ("09", "11")


def paid_sales(context: RuleContext) -> ibis.Table:
    """Sales and returns of a settlement that stands, with their visit."""
    return context.claims.sales.inner_join(
        context.claims.settlements.select("setl_id", "mdtrt_id"), "setl_id"
    )


def _repeats(context: RuleContext) -> ibis.Table:
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
    return _priced(context, again.mutate(gap=days))


def _priced(context: RuleContext, sold: ibis.Table) -> ibis.Table:
    """Sales with the price of one pack on the bill of their visit."""
    bill = drugs_of(context).select("mdtrt_id", "hilist_code", "unit")
    sold = sold.left_join(bill, ["mdtrt_id", "hilist_code"]).drop("mdtrt_id_right", "hilist_code_right")
    return sold.mutate(unit=sold.unit.fill_null(0))


def _per_sale(again: ibis.Table, message: ibis.Value) -> ibis.Table:
    """One finding a sale line: a code is one pack; its packs together, the sentence of the first."""
    rows = again.mutate(message=message).group_by("mdtrt_id", "setl_id", "bkkp_sn")
    return rows.aggregate(amount_in_question=_.unit.sum().round(2), message=_.message.min())


def with_amount(context: RuleContext, rows: ibis.Table) -> ibis.Table:
    """Findings about a drug of a purchase, with what was billed for it."""
    bill = drugs_of(context).select("mdtrt_id", "hilist_code", "amount")
    rows = rows.left_join(bill, ["mdtrt_id", "hilist_code"]).drop("mdtrt_id_right", "hilist_code_right")
    return rows.mutate(amount_in_question=rows.amount.fill_null(0))


@rule(
    "R105", "追溯码重复结算", "Trace code repeated", "place", SUSPECT, "40/38(五)",
    needs="drug_sel_d", filled="drug_sel_d.drug_trac_codg",
)  # fmt: skip
def repeated_code(context: RuleContext) -> ibis.Table:
    again = cached_table(context, "repeated_packs", lambda: _repeats(context))
    where = (again.last_place == again.fixmedins_code).ifelse("本机构", again.last_place)
    message = said("追溯码", again.drug_trac_codg, "已于", again.last_time.strftime("%Y-%m-%d"), "在", where)
    return _per_sale(again, message + "结算,其间无退货,再次结算(未拆零)")


@rule(
    "R106", "追溯码跨区流动", "Trace code across institutions", "place", SUSPECT, "40/38(五)",
    needs="drug_sel_d", filled="drug_sel_d.drug_trac_codg",
    near=Parameter(7, "days", "own starting value: sooner than a pack can be bought back"),
)  # fmt: skip
def travelling_code(context: RuleContext, near: float) -> ibis.Table:
    again = cached_table(context, "repeated_packs", lambda: _repeats(context))
    moved = again.filter(again.last_place != again.fixmedins_code)
    pattern = (moved.gap <= near).ifelse("疑似套码", "疑似回流药")
    message = said("追溯码", moved.drug_trac_codg, "在", moved.last_place, "售出", text(moved.gap))
    return _per_sale(moved, message + "天后又在本机构结算," + pattern)


@rule(
    "R107", "追溯码与药品不符", "Code-drug mismatch", "place", SUSPECT, "40/38(五)",
    needs="drug_sel_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=trac_prfx drug_sel_d.drug_trac_codg",
)  # fmt: skip
def mismatched_code(context: RuleContext) -> ibis.Table:
    prefixes = limits(context, "trac_prfx").select("hilist_code", "first", "last", "value")
    sold = (
        paid_sales(context)
        .filter(_.drug_trac_codg.notnull(), _.sel_retn_cnt > 0)
        .inner_join(prefixes, "hilist_code")
    )
    day = sold.sel_retn_time.date()
    sold = sold.filter(sold["first"] <= day, sold["last"] >= day)
    own = starts(sold, "drug_trac_codg")
    bad = sold.filter(~own).anti_join(sold.filter(own), ["medins_prod_sel_no", "drug_trac_codg"])
    bad = _priced(context, bad)
    return _per_sale(bad, said("追溯码", bad.drug_trac_codg, "不属于所结算药品", bad.hilist_code))


@rule(
    "R109", "一方多购/超量取药", "Prescription reused", "patient", SUSPECT, "38(二)/40(二)",
    needs="drug_sel_d rx_d", filled="drug_sel_d.rxno",
)  # fmt: skip
def reused_prescription(context: RuleContext) -> ibis.Table:
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
    bad = with_amount(context, sold.inner_join(allowed, "rxno").filter(_.nth > _.allowed))
    message = said("处方", bad.rxno, "的同一药品第", text(bad.nth), "次结算,允许", text(bad.allowed), "次")
    message = message + (bad.place != bad["first"]).ifelse(",且换了药店", "")
    return bad.mutate(message=message)


@rule(
    "R031", "药品限最大开药天数/量", "Max supply", "place", SUSPECT, "38(六)",
    official="GZ10000101009000", needs="fee_list_d hilist_b", filled="hilist_b.days_per_unit",
    most=Parameter(84, "days", "长期处方管理规范: at most 12 weeks; `hilist_lmt_b` supply_days goes first"),
)  # fmt: skip
def too_much_at_once(context: RuleContext, most: float) -> ibis.Table:
    visits = context.facts.filter(context.facts.kind != STAY)
    rows = drugs_of(context).filter(_.days_per_unit > 0).semi_join(visits, "mdtrt_id")
    rows = rows.mutate(supply=rows.cnt * rows.days_per_unit)
    own = limited(context, "supply_days").filter(_.goods == DRUG)
    own = own.group_by("mdtrt_id", "hilist_code").aggregate(own=number(own).max())
    rows = rows.left_join(own, ["mdtrt_id", "hilist_code"]).drop("mdtrt_id_right", "hilist_code_right")
    rows = rows.mutate(most=rows.own.fill_null(most))
    bad = rows.filter(rows.supply > rows.most)
    message = said("药品", bad.hilist_code, "一次开药", text(bad.supply), "天用量,上限", text(bad.most), "天")
    return bad.mutate(amount_in_question=(bad.amount * (1 - bad.most / bad.supply)).round(2), message=message)


@rule(
    "R087", "频繁购药", "Frequent purchase", "patient", SUSPECT, "38(二)/41",
    official="GZ10000204003000", needs="fee_list_d",
    buys=Parameter(4, "purchases of one drug a month", "bureau scripts: same drug >4 buys per natural month"),
    days=Parameter(8, "pharmacy days in 30 days", "R087: >=8 shop days"),
)  # fmt: skip
def frequent_purchase(context: RuleContext, buys: float, days: float) -> ibis.Table:
    facts = context.facts
    bought = drugs_of(context).filter(_.charge.isin(PACKED))
    visits = facts.filter(facts.kind != STAY, ~facts.course).select("mdtrt_id", "psn_no", "month", "second")
    order = ibis.window(group_by=["psn_no", "hilist_code", "month"], order_by=["second", "mdtrt_id"])
    same = bought.inner_join(visits, "mdtrt_id")
    # The order within a month matters only where there were more purchases than are allowed.
    often = same.group_by("psn_no", "hilist_code", "month").aggregate(n=_.count()).filter(_.n > buys)
    same = same.semi_join(often, ["psn_no", "hilist_code", "month"])
    same = same.mutate(nth=ibis.row_number().over(order) + 1)
    same = same.filter(same.nth > buys)
    often = same.select(
        "mdtrt_id", "setl_id", "bkkp_sn", amount_in_question="amount",
        message=said("当月第", text(same.nth), "次购买同一药品", same.hilist_code),
    )  # fmt: skip
    shops = facts.filter(facts.kind == PHARMACY).select(
        "mdtrt_id", "psn_no", "day", "second", "medfee_sumamt"
    )
    nth_that_day = ibis.row_number().over(
        ibis.window(group_by=["psn_no", "day"], order_by=["second", "mdtrt_id"])
    )
    shops = shops.mutate(first=(nth_that_day == 0).cast("int64"), at=shops.day.epoch_seconds())
    month = ibis.range_window(group_by="psn_no", order_by="at", preceding=29 * 86400, following=0)
    shops = shops.mutate(shop_days=shops["first"].sum().over(month))
    many = shops.filter(shops.shop_days >= days)
    many = many.select(
        "mdtrt_id", setl_id=ibis.null("string"), bkkp_sn=ibis.null("string"), amount_in_question="medfee_sumamt",
        message=said("30天内第", text(many.shop_days), "个购药日"),
    )  # fmt: skip
    return ibis.union(often, many)


@rule(
    "R069", "药品种类超标", "Too many drugs", "prescriber", SUSPECT, "38(二)",
    official="GZ10000202004000", needs="fee_list_d",
    most=Parameter(5, "drugs a prescription", "yingyan: drug types per prescription <=5"),
)  # fmt: skip
def too_many_drugs(context: RuleContext, most: float) -> ibis.Table:
    kinds = context.facts.filter(context.facts.kind != STAY).select("mdtrt_id", "kind")
    lines = charged(context, context.item_days.filter(_.charge.isin(PACKED)).inner_join(kinds, "mdtrt_id"))
    # What somebody takes off a pharmacy's shelf is no prescription.
    lines = lines.filter((lines.kind == OUTPATIENT) | lines.rx_no.notnull())
    lines = lines.mutate(rx=lines.rx_no.fill_null(""))
    many = lines.group_by("mdtrt_id", "day", "rx").aggregate(n=_.count()).filter(_.n > most)
    lines = lines.semi_join(many, ["mdtrt_id", "day", "rx"])
    order = ibis.window(group_by=["mdtrt_id", "day", "rx"], order_by=[ibis.desc("amount"), "hilist_code"])
    # The dearest are taken as prescribed in order, so that the excess is never overstated.
    lines = lines.mutate(nth=ibis.row_number().over(order) + 1)
    bad = lines.filter(lines.nth > most).group_by("mdtrt_id", "day", "rx").aggregate(
        kinds=_.nth.max(), amount_in_question=_.amount.sum().round(2), setl_id=_.setl_id.min(), bkkp_sn=_.bkkp_sn.min()
    )  # fmt: skip
    return bad.mutate(message=said("一张处方", text(bad.kinds), f"种西药和中成药,超过{most:g}种"))


@rule(
    "R070", "超说明书用量", "Dose above label", "place", SUSPECT, "38(二)",
    official="GZ10000301005000", needs="fee_list_d hilist_b",
    filled="hilist_b.max_day_cnt|hilist_lmt_b.lmt_type=max_day_cnt",
    times=Parameter(2, "times the label's maximum", "bureau scripts: dose >200 %"),
)  # fmt: skip
def overdose(context: RuleContext, times: float) -> ibis.Table:
    stays = context.facts.filter(context.facts.kind == STAY, context.facts.los.notnull())
    stays = stays.select("mdtrt_id", "los", out=stays.endtime.date())
    labelled = context.item_days.semi_join(least(context, "max_day_cnt"), "hilist_code")
    lines = labelled.filter(_.charge.isin(DRUGS)).inner_join(stays, "mdtrt_id")
    # Over the whole stay, because bills gather days; medicine to take home leaves on the last day.
    lines = lines.filter((lines.day < lines.out) | (lines.los == 0))
    lines = held_to(context, lines, "max_day_cnt").filter(_.max_day_cnt > 0)
    rows = lines.group_by("mdtrt_id", "hilist_code").aggregate(
        total=_.cnt.sum(), spent=_.amount.sum(), most=_.max_day_cnt.max() * (_.los.max() + 1),
        bkkp_sn=_.bkkp_sn.min(), setl_id=_.setl_id.min(),
    )  # fmt: skip
    bad = rows.filter(rows.total > times * rows.most)
    message = said("药品", bad.hilist_code, "住院期间计", text(bad.total), ",说明书最大用量", text(bad.most))
    return bad.mutate(
        amount_in_question=((bad.total - bad.most) * bad.spent / bad.total).round(2), message=message
    )


@rule(
    "R072", "重复开药", "Duplicate therapy", "prescriber", SUSPECT, "38(二)",
    official="GZ10000301006000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=drug_class",
)  # fmt: skip
def duplicate_therapy(context: RuleContext) -> ibis.Table:
    rows = limited(context, "drug_class").filter(_.goods == DRUG, _.kind != STAY)
    order = ibis.window(group_by=["mdtrt_id", "day", "value"], order_by=[ibis.desc("amount"), "hilist_code"])
    bad = rows.mutate(nth=ibis.row_number().over(order) + 1).filter(_.nth > 1)
    message = said("同日开具同类(", bad.value, ")药品", text(bad.nth), "种:“", bad.item, "”")
    return bad.mutate(amount_in_question=bad.amount, message=message)


# Stock (fields.md §8): 3501 stock-take, 3503 purchase, 3504 return to the supplier, 101-108 other movements.
_IN, _OUT = ("3503", "101", "103", "106", "108"), ("3504", "102", "104", "105", "107")


def _sold_goods(context: RuleContext) -> ibis.Table:
    """Drugs and materials billed by institution, item and day: cnt; goods."""
    items = context.claims["hilist_b"].select("hilist_code", goods=goods(_.med_chrgitm_type, _.list_type))
    lines = context.item_days.filter(_.cnt != 0).inner_join(items.filter(_.goods != SERVICE), "hilist_code")
    lines = lines.inner_join(context.facts.select("mdtrt_id", "fixmedins_code"), "mdtrt_id")
    return lines.group_by("fixmedins_code", "hilist_code", "day", "goods").aggregate(cnt=_.cnt.sum())


def _sold_out(context: RuleContext, which: str, ratio: float) -> ibis.Table:
    """Lines billed after more was billed than the institution ever had, since it began to report stock."""
    items = context.claims["hilist_b"]
    kind = items.filter(goods(items.med_chrgitm_type, items.list_type) == which)
    # A place that reports its drugs may not report its materials.
    moves = context.claims["inv_chg_d"].semi_join(kind, "hilist_code").mutate(day=_.inv_chg_time.date())
    first = moves.group_by("fixmedins_code").aggregate(since=_.day.min())
    takes = moves.filter(_.inv_chg_type == "3501")
    order = ibis.window(group_by=["fixmedins_code", "hilist_code"], order_by=["inv_chg_time", "inv_chg_sn"])
    # Later stock-takes repeat what movements have told already.
    opening = takes.filter(ibis.row_number().over(order) == 0).select(
        "fixmedins_code", "hilist_code", "day", had="cnt"
    )
    sign = ibis.cases((moves.inv_chg_type.isin(_IN), 1), (moves.inv_chg_type.isin(_OUT), -1), else_=0)
    came = ibis.union(
        opening, moves.select("fixmedins_code", "hilist_code", "day", had=moves.cnt.abs() * sign)
    )
    sold = cached_table(context, "sold_goods", lambda: _sold_goods(context)).filter(_.goods == which)
    sold = sold.inner_join(first, "fixmedins_code").filter(_.day >= _.since)
    none = {name: ibis.null("string") for name in ("mdtrt_id", "bkkp_sn", "setl_id")}
    stock = ["fixmedins_code", "hilist_code", "day"]
    # Lines are put in order only where a day ends with more billed than there was.
    order = ibis.window(group_by=stock[:2], order_by="day", preceding=None, following=0)
    ends = ibis.union(
        sold.select(*stock, sold="cnt", had=ibis.literal(0.0)),
        came.select(*stock, sold=ibis.literal(0.0), had="had"),
    )
    ends = ends.group_by(stock).aggregate(sold=_.sold.sum(), had=_.had.sum())
    ends = ends.mutate(total=ends.sold.sum().over(order), stock=ends.had.sum().over(order))
    short = cached_table(
        context,
        f"short_{which}",
        lambda: ends.filter(ends.total > ratio * ends.stock).select(*stock[:2]).distinct(),
    )
    places = context.facts.select("mdtrt_id", "fixmedins_code").semi_join(short, "fixmedins_code")
    lines = (
        context.item_days.filter(_.cnt != 0).semi_join(short, "hilist_code").inner_join(places, "mdtrt_id")
    )
    lines = lines.semi_join(short, stock[:2]).inner_join(first, "fixmedins_code").filter(_.day >= _.since)
    both = ibis.union(
        lines.select(*stock, *none, sold=_.cnt, had=ibis.literal(0.0), price=_.amount / _.cnt),
        came.semi_join(short, stock[:2]).select(
            *stock, **none, sold=ibis.literal(0.0), had=_.had, price=ibis.literal(0.0)
        ),
    )
    # What arrives on a day may be sold on it: arrivals stand first.
    turn = ["day", both.mdtrt_id.notnull(), "mdtrt_id", "bkkp_sn"]
    order = ibis.window(
        group_by=["fixmedins_code", "hilist_code"], order_by=turn, preceding=None, following=0
    )
    both = both.mutate(total=both.sold.sum().over(order), stock=both.had.sum().over(order))
    bad = both.filter(both.sold > 0, both.total > ratio * both.stock)
    excess = ibis.least(bad.sold, bad.total - ibis.greatest(bad.stock, 0))
    message = said("项目", bad.hilist_code, "累计计费", text(bad.total), ",期初与购入合计", text(bad.stock))
    return bad.mutate(amount_in_question=(excess * bad.price).round(2), message=message)


RATIO = Parameter(1.5, "times the stock", "bureau scripts: settled > purchased x1.5")


@rule(
    "R060", "耗材进销存异常", "Consumable sold>bought", "place", SUSPECT, "40(三)",
    official="GZ10000203001000", needs="fee_list_d inv_chg_d", ratio=RATIO,
)  # fmt: skip
def materials_beyond_stock(context: RuleContext, ratio: float) -> ibis.Table:
    return _sold_out(context, MATERIAL, ratio)


@rule(
    "R061", "药品进销存异常", "Drug sold>bought", "place", SUSPECT, "40(三)",
    official="GZ10000202001000", needs="fee_list_d inv_chg_d", ratio=RATIO,
)  # fmt: skip
def drugs_beyond_stock(context: RuleContext, ratio: float) -> ibis.Table:
    return _sold_out(context, DRUG, ratio)


@rule(
    "R064", "目录对照串换", "Catalogue mapping swap", "place", SUSPECT, "38(四)",
    needs="fee_list_d", filled="fee_list_d.medins_list_codg",
)  # fmt: skip
def swapped_mapping(context: RuleContext) -> ibis.Table:
    visits = context.facts.select("mdtrt_id", "fixmedins_code")
    lines = context.item_days.filter(_.own_code.notnull(), _.cnt > 0, _.amount > 0).inner_join(
        visits, "mdtrt_id"
    )
    own = ["fixmedins_code", "own_code"]
    # Nearly every code of an institution stands for one item.
    several = cached_table(
        context,
        "several_items",
        lambda: (
            lines.group_by(*own)
            .aggregate(first=_.hilist_code.min(), last=_.hilist_code.max())
            .filter(_["first"] != _["last"])
            .select(*own)
        ),
    )
    lines = charged(context, context.item_days.semi_join(several, "own_code").inner_join(visits, "mdtrt_id"))
    lines = lines.semi_join(several, own)
    uses = lines.group_by(*own, "hilist_code").aggregate(n=_.count(), first=_.day.min(), last=_.day.max())
    order = ibis.window(group_by=own, order_by=[ibis.desc("n"), "hilist_code"])
    uses = uses.mutate(place=ibis.row_number().over(order))
    main = uses.filter(_.place == 0).select(*own, usual="hilist_code", since="first", until="last")
    others = uses.filter(_.place > 0).inner_join(main, own)
    # A code that takes over where another one ends is a new version of the catalogue, not a swap.
    others = others.filter(others["first"] <= others.until, others["last"] >= others.since)
    bad = lines.inner_join(others.select(*own, "hilist_code", "usual"), [*own, "hilist_code"])
    message = said("院内项目", bad.own_code, "通常对照", bad.usual, ",本次按", bad.hilist_code, "结算")
    return bad.mutate(amount_in_question=bad.amount, message=message)


@rule(
    "R065", "无医嘱/无处方收费", "Charge without order", "place", SUSPECT, "40(三)/38(三)",
    needs="fee_list_d", filled="fee_list_d.rx_drord_no",
    usual=Parameter(0.9, "share of lines with an order", "own starting value: only places that send them"),
)  # fmt: skip
def without_order(context: RuleContext, usual: float) -> ibis.Table:
    visits = context.facts.filter(context.facts.kind == STAY).select("mdtrt_id", "fixmedins_code")
    # Bed, round and care are charged by the day without an order.
    lines = charged(context).filter(_.charge.isin(["03", "04", "05", "06", *DRUGS]))
    lines = lines.inner_join(visits, "mdtrt_id")
    places = lines.group_by("fixmedins_code").aggregate(ordered=_.rx_no.notnull().mean())
    bad = lines.inner_join(places, "fixmedins_code").filter(_.rx_no.isnull(), _.ordered >= usual)
    message = said(
        "项目", bad.hilist_code, "无医嘱号收费,本院", text(bad.ordered * 100), "%的同类收费有医嘱号"
    )
    return bad.mutate(amount_in_question=bad.amount, message=message)
