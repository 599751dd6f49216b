"""Prices and the arithmetic of a line (R046, R047, R049, R116)."""

import ibis
from ibis import _

from features.rules.declaration import CLEAR, SUSPECT, Parameter, rule
from features.rules.dictionary_values import OPERATION
from features.rules.finding_text import figure, item_name, line_finding, sentence
from features.rules.limits_table import lowest_limit, with_limit
from features.rules.rule_context import RuleContext

CEILING = "hilist_b.pric_uplmt_amt|hilist_lmt_b.lmt_type=pric_uplmt_amt"


@rule(
    "R046", "超限定单价收费", "Above the price ceiling", "place", CLEAR, "38(三)",
    official="GZ10000102001000", needs="fee_list_d hilist_b", filled=CEILING,
    price_tolerance=Parameter(0.01, "yuan", "own starting value: rounding of unit prices"),
)  # fmt: skip
def above_ceiling(context: RuleContext, price_tolerance: float) -> ibis.Table:
    """Lines above the price ceiling in force; the excess is in question."""
    rows = context.item_days.filter(_.cnt > 0).inner_join(
        lowest_limit(context, "pric_uplmt_amt"), "hilist_code"
    )
    rows = with_limit(context, rows.filter(rows.pric > rows.lowest + price_tolerance), "pric_uplmt_amt")
    rows = rows.mutate(most=rows.pric_uplmt_amt).filter(_.pric > _.most + price_tolerance)
    return rows.select(
        "mdtrt_id",
        "setl_id",
        "bkkp_sn",
        amount_in_question=((rows.pric - rows.most) * rows.cnt).round(2),
        message=sentence(
            "项目{item}单价{price}元,高于最高限价{most}元",
            "{item} charged at {price} yuan a unit; the price ceiling is {most} yuan",
            item=item_name(rows.hilist_code), price=figure(rows.pric), most=figure(rows.most),
        ),
    )  # fmt: skip


@rule(
    "R047", "手术未折价", "Second operation not discounted", "place", SUSPECT, "38(三)",
    official="GZ10000102002000", needs="fee_list_d hilist_b", filled=CEILING,
    second_operation_share=Parameter(0.75, "share", "second operation 70-75 %, yingyan SUR-401"),
)  # fmt: skip
def second_operation(context: RuleContext, second_operation_share: float) -> ibis.Table:
    """Second and later operations of a day charged above the discounted price."""
    done = context.item_days.filter(_.charge == OPERATION, _.cnt > 0)
    order = ibis.window(group_by=["mdtrt_id", "day"], order_by=[ibis.desc("pric"), "hilist_code"])
    rows = done.mutate(_nth=ibis.row_number().over(order)).filter(_._nth > 0)
    rows = with_limit(context, rows, "pric_uplmt_amt").mutate(most=_.pric_uplmt_amt)
    rows = rows.filter(rows.pric > rows.most * second_operation_share + 0.01)
    return line_finding(
        rows,
        (rows.pric - rows.most * second_operation_share) * rows.cnt,
        sentence(
            "同日第二项及以上手术{item}单价{price}元,未按{share}折价(限价{most}元)",
            "second or later operation of the day, {item}, charged at {price} yuan instead of {share} of its "
            "ceiling of {most} yuan",
            item=item_name(rows.hilist_code), price=figure(rows.pric),
            share=f"{second_operation_share:.0%}", most=figure(rows.most),
        ),
    )  # fmt: skip


@rule(
    "R049", "结算明细异常", "Line arithmetic", "place", CLEAR, "38(七)", schemes="M01",
    official="GZ10000201002000", needs="fee_list_d",
    amount_tolerance=Parameter(0.05, "yuan", "own starting value: abs diff >0.05"),
    price_rounding=Parameter(0.005, "yuan a unit", "own starting value: prices rounded to the cent"),
)  # fmt: skip
def line_arithmetic(context: RuleContext, amount_tolerance: float, price_rounding: float) -> ibis.Table:
    """Lines whose amount is not count times price."""
    # A rule about single lines: one of the few that read them directly.
    lines = context.claims.lines.mutate(
        _computed=(_.cnt * _.pric).abs(), _charged=_.det_item_fee_sumamt.abs()
    )
    wrong = lines.filter(
        (lines._computed - lines._charged).abs() > amount_tolerance + price_rounding * lines.cnt.abs()
    )
    return line_finding(
        wrong,
        # Only what was charged above count × price; returns charge nothing.
        ibis.ifelse(wrong.cnt > 0, ibis.greatest(wrong._charged - wrong._computed, 0), 0),
        sentence(
            "项目{item}数量{n}×单价{price}元与金额{yuan}元不符",
            "{item}: {n} units × {price} yuan do not make the {yuan} yuan charged",
            item=item_name(wrong.hilist_code), n=figure(wrong.cnt), price=figure(wrong.pric),
            yuan=figure(wrong.det_item_fee_sumamt),
        ),
    )  # fmt: skip


@rule(
    "R116", "医保价高于自费价", "Dual pricing", "place", SUSPECT, "协议", needs="drug_sel_d",
    filled="drug_sel_d.finl_trns_pric",
    maximum_markup=Parameter(0.05, "share above cash price", "own starting value: difference >5 %"),
)  # fmt: skip
def dual_price(context: RuleContext, maximum_markup: float) -> ibis.Table:
    """Sales above the cash price of the same item in the same pharmacy and month."""
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
    bad = paid.filter(paid.finl_trns_pric > paid.cash * (1 + maximum_markup))
    message = sentence(
        "药品{item}医保价{price}元,同月自费价{cash}元",
        "{item} sold at {price} yuan to the insured and at {cash} yuan for cash in the same month",
        item=item_name(bad.hilist_code), price=figure(bad.finl_trns_pric), cash=figure(bad.cash),
    )  # fmt: skip
    bad = bad.mutate(message=message, more=(bad.finl_trns_pric - bad.cash) * bad.sel_retn_cnt)
    bad = bad.group_by("mdtrt_id", "setl_id", "bkkp_sn")
    return bad.aggregate(amount_in_question=_.more.sum().round(2), message=_.message.min())
