"""Items that may not be charged on one day (R043, R053)."""

import ibis
from ibis import _

from features.rules.billed_lines import lines_with_visit
from features.rules.declaration import CLEAR, rule
from features.rules.dictionary_values import CARE
from features.rules.finding_text import iso_date, line_finding, sentence
from features.rules.rule_context import RuleContext, cached_table


def _excluded(context: RuleContext) -> ibis.Table:
    """Lines of items of one exclusive group on one day but the most expensive, which may stand."""
    items = (
        context.claims["hilist_b"]
        .filter(_.excl_grp.notnull())
        .select("hilist_code", "hilist_name", "excl_grp")
    )
    # Most items stand alone on their day.
    several = context.item_days.filter(_.cnt > 0).inner_join(items, "hilist_code")
    group = ["mdtrt_id", "day", "excl_grp"]
    met = several.group_by(group).aggregate(n=_.count()).filter(_.n > 1)
    several = several.semi_join(met, group).select("mdtrt_id", "hilist_code").distinct()
    rows = lines_with_visit(context, items, several).filter(~_.single, ~_.birth)
    rows = rows.mutate(net=rows.cnt - rows.back).filter(_.net > 0)
    order = ibis.window(group_by=group, order_by=[ibis.desc("amount"), "hilist_code"])
    first = rows.hilist_name.first().over(order)
    rows = rows.mutate(_nth=ibis.row_number().over(order), kept_item=first)
    return rows.filter(rows._nth > 0)


@rule(
    "R043", "重复收费", "Items that exclude each other", "place", CLEAR, "38(三)",
    official="GZ10000102012000", needs="fee_list_d hilist_b", filled="hilist_b.excl_grp",
)  # fmt: skip
def mutually_exclusive_items(context: RuleContext) -> ibis.Table:
    """Items charged on one day with another of their exclusive group, care apart."""
    rows = cached_table(context, "excluded_items", lambda: _excluded(context)).filter(_.charge != CARE)
    message = sentence(
        "项目“{item}”与“{kept}”不得同日收取,{day}均已收费",
        "“{item}” may not be charged on one day with “{kept}”; both were on {day}",
        item=rows.hilist_name, kept=rows.kept_item, day=iso_date(rows.day),
    )  # fmt: skip
    return line_finding(rows, ibis.least(rows.net, rows.cnt) * rows.unit, message)


@rule(
    "R053", "同日多级护理", "Two grades of care on a day", "place", CLEAR, "38(三)/40(三)",
    needs="fee_list_d hilist_b", filled="hilist_b.excl_grp",
)  # fmt: skip
def two_grades_of_care(context: RuleContext) -> ibis.Table:
    """Two grades of care charged on one day."""
    rows = cached_table(context, "excluded_items", lambda: _excluded(context)).filter(_.charge == CARE)
    message = sentence(
        "同日收取{kept}和{item},日期{day}", "“{kept}” and “{item}” charged on one day, {day}",
        kept=rows.kept_item, item=rows.hilist_name, day=iso_date(rows.day),
    )  # fmt: skip
    return line_finding(rows, ibis.least(rows.net, rows.cnt) * rows.unit, message)
