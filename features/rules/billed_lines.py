"""Bill lines as rules look at them: by visit, item and day, without what was given back."""

import ibis
from ibis import _

from claims.as_of import STAY
from features.rules.dictionary_values import BIRTH
from features.rules.rule_context import RuleContext, cached_table
from features.visits.codelists import DRUGS

DRUG = "drug"
MATERIAL = "material"
SERVICE = "service"
LINE = ["mdtrt_id", "hilist_code", "day"]


def goods_kind(charge: ibis.Value, list_type: ibis.Value) -> ibis.Value:
    """Drug, material or service."""
    return ibis.cases(
        ((charge.isin(DRUGS) | list_type.startswith("1")).fill_null(False), DRUG),
        (((charge == "08") | list_type.startswith("3")).fill_null(False), MATERIAL),
        else_=SERVICE,
    )


def icd_code(value: ibis.Value) -> ibis.Value:
    """ICD code without dots and case."""
    return value.upper().re_replace("[^A-Z0-9]", "").nullif("")


def charged_lines(context: RuleContext, lines: ibis.Table | None = None) -> ibis.Table:
    """Lines (visit, item, day) that cost something and that the visit did not give back on another day."""
    lines = context.item_days if lines is None else lines
    undone = cached_table(context, "undone_items", lambda: _returned_items(context))
    return lines.filter(_.cnt > 0, _.amount > 0).anti_join(undone, ["mdtrt_id", "hilist_code"])


def purchased_drugs(context: RuleContext) -> ibis.Table:
    """Drugs of a visit without a bed, or with sales: net of what it gave back.

    Columns: mdtrt_id, hilist_code, charge, days_per_unit, cnt, amount and unit (yuan), bkkp_sn, setl_id.
    """
    # Most drug lines stand on the bills of stays, where no purchase is to be looked at.
    visits = context.facts.filter((_.kind != STAY) | _.boxes.notnull())

    def build() -> ibis.Table:
        lines = context.item_days.filter(_.charge.isin(DRUGS)).semi_join(visits, "mdtrt_id")
        items = lines.group_by("mdtrt_id", "hilist_code").aggregate(
            cnt=_.cnt.sum(), amount=_.amount.sum().round(2), bkkp_sn=_.bkkp_sn.min(), setl_id=_.setl_id.min(),
            # The same on every line of an item.
            charge=_.charge.arbitrary(), days_per_unit=_.days_per_unit.arbitrary(),
        )  # fmt: skip
        return items.filter(_.cnt > 0, _.amount > 0).mutate(unit=_.amount / _.cnt)

    return cached_table(context, "drugs_of", build)


def _returned_items(context: RuleContext) -> ibis.Table:
    returned = context.item_days.filter(_.cnt < 0).select("mdtrt_id", "hilist_code").distinct()
    sums = context.item_days.semi_join(returned, ["mdtrt_id", "hilist_code"]).group_by(
        "mdtrt_id", "hilist_code"
    )
    return sums.aggregate(net=_.cnt.sum()).filter(_.net <= 0).select("mdtrt_id", "hilist_code")


def lines_with_visit(context: RuleContext, items: ibis.Table, only: ibis.Table | None = None) -> ibis.Table:
    """Lines of some items by visit, item and day, with facts of their visits.

    Args:
        only: mdtrt_id and hilist_code that matter, if not all.

    Adds ``back``, how many of the item the visit gave back on other days, and ``single``: the bill has one
    date for all days of a stay, which says nothing about a day.
    """
    rows = (
        context.item_days if only is None else context.item_days.semi_join(only, ["mdtrt_id", "hilist_code"])
    )
    rows = rows.inner_join(items, "hilist_code")
    returns = rows.filter(_.cnt < 0).group_by("mdtrt_id", "hilist_code").aggregate(back=-_.cnt.sum())
    rows = rows.filter(_.cnt > 0).left_join(returns, ["mdtrt_id", "hilist_code"], rname="{name}_returned")
    visits = context.facts.select(
        "mdtrt_id",
        "kind",
        "los",
        "psn_no",
        start="day",
        birth=_.med_type.startswith(BIRTH),
        single=((_.kind == STAY) & (_.los > 1) & _.idle_days.isnull()).fill_null(False),
    )
    rows = rows.inner_join(visits, "mdtrt_id")
    return rows.mutate(back=rows.back.fill_null(0), unit=rows.amount / rows.cnt)


def service_lines(context: RuleContext, service: str) -> ibis.Table:
    """Lines of a service with the person, the place and the kind of visit."""
    visits = context.facts.select("mdtrt_id", "psn_no", "fixmedins_code", "kind", "dr_code")
    rows = context.item_days.filter(_.serv_type == service, _.cnt > 0).inner_join(visits, "mdtrt_id")
    return rows.mutate(at=rows.day.epoch_days(), unit=rows.amount / rows.cnt)
