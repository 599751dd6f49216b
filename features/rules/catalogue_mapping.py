"""An institution's own item codes settled as several national items (R064)."""

import ibis
from ibis import _

from features.rules.billed_lines import charged_lines
from features.rules.declaration import SUSPECT, rule
from features.rules.finding_text import item_name, sentence, whole_line_finding
from features.rules.rule_context import RuleContext, cached_table

# An institution's own code of an item.
_OWN = ["fixmedins_code", "own_code"]


def _codes_of_several_items(context: RuleContext, visits: ibis.Table) -> ibis.Table:
    """Own codes settled as more than one item: nearly every code stands for one."""
    lines = context.item_days.filter(_.own_code.notnull(), _.cnt > 0, _.amount > 0)
    items = lines.inner_join(visits, "mdtrt_id").group_by(_OWN)
    items = items.aggregate(first=_.hilist_code.min(), last=_.hilist_code.max())
    return items.filter(_["first"] != _["last"]).select(_OWN)


@rule(
    "R064", "目录对照串换", "Catalogue mapping swap", "place", SUSPECT, "38(四)", schemes="M18",
    needs="fee_list_d", filled="fee_list_d.medins_list_codg",
)  # fmt: skip
def swapped_mapping(context: RuleContext) -> ibis.Table:
    """Lines whose institution's own code usually stands for another national item."""
    visits = context.facts.select("mdtrt_id", "fixmedins_code")
    several = cached_table(context, "several_items", lambda: _codes_of_several_items(context, visits))
    lines = context.item_days.semi_join(several, "own_code").inner_join(visits, "mdtrt_id")
    lines = charged_lines(context, lines).semi_join(several, _OWN)
    uses = lines.group_by(*_OWN, "hilist_code").aggregate(n=_.count(), first=_.day.min(), last=_.day.max())
    order = ibis.window(group_by=_OWN, order_by=[ibis.desc("n"), "hilist_code"])
    uses = uses.mutate(place=ibis.row_number().over(order))
    main = uses.filter(_.place == 0).select(*_OWN, usual="hilist_code", since="first", until="last")
    others = uses.filter(_.place > 0).inner_join(main, _OWN)
    # A code that takes over where another one ends is a new version of the catalogue, not a swap.
    others = others.filter(others["first"] <= others.until, others["last"] >= others.since)
    bad = lines.inner_join(others.select(*_OWN, "hilist_code", "usual"), [*_OWN, "hilist_code"])
    message = sentence(
        "院内项目{own}通常对照{usual},本次按{item}结算",
        "the institution's own code {own} usually stands for {usual}; settled here as {item}",
        own=bad.own_code, usual=item_name(bad.usual), item=item_name(bad.hilist_code),
    )  # fmt: skip
    return whole_line_finding(bad, message)
