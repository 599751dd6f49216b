"""What the consumables of an operation usually cost: the same operation at other hospitals (M29)."""

import ibis
from ibis import _

from features.comparison.case_mix import PRIOR_COMPARABLE_VISITS, PRIOR_VISITS
from features.leave_one_out import sum_elsewhere
from features.rounding import rounded
from features.visits.codelists import OPERATION

# Classes of operations from the wider to the narrower: the operation, and the operation for a disease group.
CLASSES = (("operation",), ("operation", "dx_group"))


def operation_materials(base: ibis.Table, days: ibis.Table, content: ibis.Table) -> ibis.Table:
    """Consumables that the operation of a visit usually takes elsewhere (M29: "more than the norm of the
    operation").

    The operation of a visit is the costliest one it is charged; codes of operations are mostly empty.
    Usual is the mean of the other hospitals (indirect standardisation, leave-one-out), of a disease group
    with few visits shrunk toward that of the operation. Where others do the operation seldom, part of the
    expectation is what was observed.

    Args:
        base: visits with fixmedins_code and dx_group.
        days: lines summed to visit, item and day (`features.visits.bill_lines.item_days`).
        content: mdtrt_id, material_amount (yuan; `features.visits.bill_lines.bill_content`).

    Returns:
        mdtrt_id, usual_material (yuan); only visits with an operation that other hospitals do as well.
    """
    who = base.select("mdtrt_id", "fixmedins_code", dx_group=_.dx_group.fill_null(""))
    visits = _costliest_operations(days).inner_join(who, "mdtrt_id")
    visits = visits.inner_join(content.select("mdtrt_id", "material_amount"), "mdtrt_id")
    cells = visits.group_by("fixmedins_code", *CLASSES[-1]).aggregate(
        n=_.count(), yuan=_.material_amount.sum().round(2)
    )
    wide, narrow = (
        {name: sum_elsewhere(cells[name], "fixmedins_code", *by) for name in ("n", "yuan")} for by in CLASSES
    )
    weight = narrow["n"] / (narrow["n"] + PRIOR_VISITS)
    of_operation = wide["yuan"] / wide["n"].nullif(0)
    of_group = (narrow["yuan"] / narrow["n"].nullif(0)).fill_null(0)
    cells = cells.mutate(elsewhere=weight * of_group + (1 - weight) * of_operation, others=wide["n"])
    known = visits.inner_join(cells.filter(_.others > 0).drop("n", "yuan"), ["fixmedins_code", *CLASSES[-1]])
    trusted = known.others / (known.others + PRIOR_COMPARABLE_VISITS)
    usual = trusted * known.elsewhere + (1 - trusted) * known.material_amount
    return known.select("mdtrt_id", usual_material=rounded(usual, 2))


def _costliest_operations(days: ibis.Table) -> ibis.Table:
    """The operation that a visit is charged most for: mdtrt_id, operation (hilist_code)."""
    charged = days.filter(days.charge == OPERATION).group_by("mdtrt_id", operation=_.hilist_code)
    charged = charged.aggregate(yuan=_.amount.sum().round(2))
    order = ibis.window(group_by="mdtrt_id", order_by=[ibis.desc("yuan"), "operation"])
    ranked = charged.mutate(place=ibis.row_number().over(order))
    return ranked.filter(ranked.place == 0).select("mdtrt_id", "operation")
