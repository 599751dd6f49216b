"""Drugs and materials billed beyond the stock an institution reported (R060, R061)."""

import ibis
from ibis import _

from features.rules.billed_lines import DRUG, MATERIAL, SERVICE, goods_kind
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.finding_text import item_name, sentence, whole_number
from features.rules.rule_context import RuleContext, cached_table

# Kinds of stock change (interface 3501-3504 and inv_chg_type): 3501 stock-take, 3503 purchase, 3504 return to
# the supplier, 101-108 other movements.
_ADDITIONS = ("3503", "101", "103", "106", "108")
STOCK_TAKE = "3501"
_REMOVALS = ("3504", "102", "104", "105", "107")
RATIO = Parameter(1.5, "times the stock", "bureau scripts: settled > purchased x1.5")
# What stock is kept by.
_STOCK = ["fixmedins_code", "hilist_code", "day"]


def _billed_goods(context: RuleContext) -> ibis.Table:
    """Drugs and materials billed by institution, item and day: cnt; goods."""
    items = context.claims["hilist_b"].select(
        "hilist_code", goods=goods_kind(_.med_chrgitm_type, _.list_type)
    )
    lines = context.item_days.filter(_.cnt != 0).inner_join(items.filter(_.goods != SERVICE), "hilist_code")
    lines = lines.inner_join(context.facts.select("mdtrt_id", "fixmedins_code"), "mdtrt_id")
    return lines.group_by("fixmedins_code", "hilist_code", "day", "goods").aggregate(cnt=_.cnt.sum())


def _stock_changes(context: RuleContext, which: str) -> ibis.Table:
    """Stock changes of drugs or of materials: an institution that reports one may not report the other."""
    items = context.claims["hilist_b"]
    kind = items.filter(goods_kind(items.med_chrgitm_type, items.list_type) == which)
    return context.claims["inv_chg_d"].semi_join(kind, "hilist_code").mutate(day=_.inv_chg_time.date())


def _received(moves: ibis.Table) -> ibis.Table:
    """Units that came (negative: that left without a bill) by institution, item and day: had."""
    takes = moves.filter(_.inv_chg_type == STOCK_TAKE)
    order = ibis.window(group_by=["fixmedins_code", "hilist_code"], order_by=["inv_chg_time", "inv_chg_sn"])
    # Later stock-takes repeat what the movements between them say.
    opening = takes.mutate(nth=ibis.row_number().over(order)).filter(_.nth == 0).select(*_STOCK, had="cnt")
    sign = ibis.cases(
        (moves.inv_chg_type.isin(_ADDITIONS), 1), (moves.inv_chg_type.isin(_REMOVALS), -1), else_=0
    )
    return ibis.union(opening, moves.select(*_STOCK, had=moves.cnt.abs() * sign))


def _short_of_stock(sold: ibis.Table, received: ibis.Table, maximum_stock_ratio: float) -> ibis.Table:
    """Institutions and items where a day ends with more billed than there was; only their lines are put in
    order."""
    order = ibis.window(group_by=_STOCK[:2], order_by="day", preceding=None, following=0)
    ends = ibis.union(
        sold.select(*_STOCK, sold="cnt", had=ibis.literal(0.0)),
        received.select(*_STOCK, sold=ibis.literal(0.0), had="had"),
    )
    ends = ends.group_by(_STOCK).aggregate(sold=_.sold.sum(), had=_.had.sum())
    ends = ends.mutate(total=ends.sold.sum().over(order), stock=ends.had.sum().over(order))
    return ends.filter(ends.total > maximum_stock_ratio * ends.stock).select(*_STOCK[:2]).distinct()


def _billed_lines(context: RuleContext, short: ibis.Table, first: ibis.Table) -> ibis.Table:
    """Bill lines of institutions and items short of stock, since the institution reports stock."""
    places = context.facts.select("mdtrt_id", "fixmedins_code").semi_join(short, "fixmedins_code")
    lines = context.item_days.filter(_.cnt != 0).semi_join(short, "hilist_code")
    lines = lines.inner_join(places, "mdtrt_id").semi_join(short, _STOCK[:2])
    return lines.inner_join(first, "fixmedins_code").filter(_.day >= _.since)


def _running_totals(lines: ibis.Table, received: ibis.Table) -> ibis.Table:
    """Lines and receipts in order with the totals billed (total) and received (stock) so far."""
    none = {name: ibis.null("string") for name in ("mdtrt_id", "bkkp_sn", "setl_id")}
    both = ibis.union(
        lines.select(*_STOCK, *none, sold=_.cnt, had=ibis.literal(0.0), price=_.amount / _.cnt),
        received.select(*_STOCK, **none, sold=ibis.literal(0.0), had=_.had, price=ibis.literal(0.0)),
    )
    # What arrives on a day may be sold on it: arrivals come first.
    turn = ["day", both.mdtrt_id.notnull(), "mdtrt_id", "bkkp_sn"]
    order = ibis.window(group_by=_STOCK[:2], order_by=turn, preceding=None, following=0)
    return both.mutate(total=both.sold.sum().over(order), stock=both.had.sum().over(order))


def _billed_beyond_stock(context: RuleContext, which: str, maximum_stock_ratio: float) -> ibis.Table:
    """Lines billed after more was billed than the institution ever had, since it began to report stock."""
    moves = _stock_changes(context, which)
    first = moves.group_by("fixmedins_code").aggregate(since=_.day.min())
    received = _received(moves)
    sold = cached_table(context, "sold_goods", lambda: _billed_goods(context)).filter(_.goods == which)
    sold = sold.inner_join(first, "fixmedins_code").filter(_.day >= _.since)
    short = cached_table(
        context, f"short_{which}", lambda: _short_of_stock(sold, received, maximum_stock_ratio)
    )
    both = _running_totals(_billed_lines(context, short, first), received.semi_join(short, _STOCK[:2]))
    bad = both.filter(both.sold > 0, both.total > maximum_stock_ratio * both.stock)
    excess = ibis.least(bad.sold, bad.total - ibis.greatest(bad.stock, 0))
    message = sentence(
        "项目{item}累计计费{billed},期初与购入合计{stock}",
        "{billed} units of {item} billed so far; opening stock and purchases make {stock}",
        item=item_name(bad.hilist_code), billed=whole_number(bad.total), stock=whole_number(bad.stock),
    )  # fmt: skip
    return bad.mutate(amount_in_question=(excess * bad.price).round(2), message=message)


@rule(
    "R060", "耗材进销存异常", "Consumables billed beyond stock", "place", SUSPECT, "40(三)", schemes="M29",
    official="GZ10000203001000", needs="fee_list_d inv_chg_d", maximum_stock_ratio=RATIO,
)  # fmt: skip
def materials_beyond_stock(context: RuleContext, maximum_stock_ratio: float) -> ibis.Table:
    """Materials billed beyond the reported stock."""
    return _billed_beyond_stock(context, MATERIAL, maximum_stock_ratio)


@rule(
    "R061", "药品进销存异常", "Drugs billed beyond stock", "place", SUSPECT, "40(三)", schemes="M16 M18",
    official="GZ10000202001000", needs="fee_list_d inv_chg_d", maximum_stock_ratio=RATIO,
)  # fmt: skip
def drugs_beyond_stock(context: RuleContext, maximum_stock_ratio: float) -> ibis.Table:
    """Drugs billed beyond the reported stock."""
    return _billed_beyond_stock(context, DRUG, maximum_stock_ratio)
