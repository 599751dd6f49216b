"""Items limited to a course of days or a quantity for an operation (R030, R039, R058)."""

import ibis
from ibis import _

from features.rules.billed_lines import DRUG, LINE, MATERIAL, SERVICE
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.finding_text import figure, sentence, whole_number
from features.rules.limit_checks import lines_not_allowed, lines_with_limits
from features.rules.limits_table import limit_number
from features.rules.rule_context import RuleContext

PAUSE = Parameter(30, "days", "own starting value: a longer pause begins a new course")


def _days_of_courses(rows: ibis.Table, pause_days: float) -> ibis.Table:
    """Days on which a person used an item, numbered within the course (nth, from 1)."""
    days = rows.select("psn_no", "hilist_code", "day").distinct()
    order = ibis.window(group_by=["psn_no", "hilist_code"], order_by="day")
    gap = days.day.epoch_days() - days.day.lag().over(order).epoch_days()
    days = days.mutate(_new=(gap > pause_days).fill_null(True).cast("int64"))
    days = days.mutate(_course=days._new.cumsum(group_by=["psn_no", "hilist_code"], order_by="day"))
    within = ibis.window(group_by=["psn_no", "hilist_code", "_course"], order_by="day")
    return days.mutate(nth=ibis.row_number().over(within) + 1)


def _beyond_course(context: RuleContext, pause_days: float, which: str) -> ibis.Table:
    """Days of use beyond what a course may have; a course ends with a pause."""
    rows = lines_with_limits(context, "course_days").filter(_.goods == which)
    rows = rows.select(*LINE, "setl_id", "bkkp_sn", "amount", "psn_no", "value", "item")
    # Whoever had the item on no more days than the shortest course allows cannot have gone beyond one.
    used = rows.group_by("psn_no", "hilist_code").aggregate(
        days=_.day.nunique(), shortest=limit_number(rows).min()
    )
    rows = rows.semi_join(used.filter(_.days > _.shortest), ["psn_no", "hilist_code"])
    rows = rows.inner_join(_days_of_courses(rows, pause_days), ["psn_no", "hilist_code", "day"])
    message = sentence(
        "“{item}”每疗程限{most}天,本次为第{nth}天",
        "“{item}” is limited to {most} days a course; this is day {nth}",
        item=rows.item, most=whole_number(limit_number(rows)), nth=whole_number(rows.nth),
    )  # fmt: skip
    return lines_not_allowed(rows, rows.nth <= limit_number(rows), message)


@rule(
    "R030", "药品限支付疗程", "Drug course limit", "place", SUSPECT, "38(六)", schemes="M05",
    official="GZ10000101010000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=course_days",
    pause_days=PAUSE,
)  # fmt: skip
def drug_course(context: RuleContext, pause_days: float) -> ibis.Table:
    """Days of use of a drug beyond the course that is paid."""
    return _beyond_course(context, pause_days, DRUG)


@rule(
    "R039", "项目限支付疗程", "Service course limit", "place", SUSPECT, "38(六)", official="GZ10000102010000",
    needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=course_days", pause_days=PAUSE,
)  # fmt: skip
def service_course(context: RuleContext, pause_days: float) -> ibis.Table:
    """Days of use of a service beyond the course that is paid."""
    return _beyond_course(context, pause_days, SERVICE)


@rule(
    "R058", "医用耗材数量超标", "Consumable quantity limit", "place", SUSPECT, "38(三)/40(三)", schemes="M29",
    official="GZ10000303003000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=visit_cnt",
)  # fmt: skip
def material_quantity(context: RuleContext) -> ibis.Table:
    """Materials beyond the quantity for the operations of the visit."""
    most = lines_with_limits(context, "visit_cnt").filter(_.goods == MATERIAL)
    most = most.group_by("mdtrt_id", "hilist_code").aggregate(
        item=_.item.min(), most=limit_number(most).max()
    )
    lines = context.item_days.semi_join(most, ["mdtrt_id", "hilist_code"])
    rows = lines.group_by("mdtrt_id", "hilist_code").aggregate(
        total=_.cnt.sum(), spent=_.amount.sum(), bkkp_sn=_.bkkp_sn.min(), setl_id=_.setl_id.min()
    )
    rows = rows.inner_join(most, ["mdtrt_id", "hilist_code"])
    # The standard is for one operation: two operations may take twice as much.
    cut = context.item_days.filter(_.charge == "06").group_by("mdtrt_id").aggregate(operations=_.cnt.sum())
    rows = rows.left_join(cut, "mdtrt_id").drop("mdtrt_id_right")
    rows = rows.mutate(most=rows.most * ibis.greatest(rows.operations.fill_null(1), 1))
    bad = rows.filter(rows.total > rows.most)
    message = sentence(
        "耗材“{item}”本次计费{total},高于标准{most}", "{total} of “{item}” charged; the standard is {most}",
        item=bad.item, total=figure(bad.total), most=figure(bad.most),
    )  # fmt: skip
    return bad.mutate(
        amount_in_question=((bad.total - bad.most) * bad.spent / bad.total).round(2), message=message
    )
