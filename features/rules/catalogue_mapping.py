"""An institution's own item codes settled as several national items (R064)."""

import ibis
from ibis import _

from features.rules.billed_lines import charged_lines
from features.rules.declaration import SUSPECT, rule
from features.rules.finding_text import sentence
from features.rules.rule_context import RuleContext, cached_table


@rule(
    "R064", "目录对照串换", "Catalogue mapping swap", "place", SUSPECT, "38(四)", schemes="M18",
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
    lines = charged_lines(
        context, context.item_days.semi_join(several, "own_code").inner_join(visits, "mdtrt_id")
    )
    lines = lines.semi_join(several, own)
    uses = lines.group_by(*own, "hilist_code").aggregate(n=_.count(), first=_.day.min(), last=_.day.max())
    order = ibis.window(group_by=own, order_by=[ibis.desc("n"), "hilist_code"])
    uses = uses.mutate(place=ibis.row_number().over(order))
    main = uses.filter(_.place == 0).select(*own, usual="hilist_code", since="first", until="last")
    others = uses.filter(_.place > 0).inner_join(main, own)
    # A code that takes over where another one ends is a new version of the catalogue, not a swap.
    others = others.filter(others["first"] <= others.until, others["last"] >= others.since)
    bad = lines.inner_join(others.select(*own, "hilist_code", "usual"), [*own, "hilist_code"])
    message = sentence("院内项目", bad.own_code, "通常对照", bad.usual, ",本次按", bad.hilist_code, "结算")
    return bad.mutate(amount_in_question=bad.amount, message=message)
