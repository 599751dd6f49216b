"""Rules about how lines are charged: prices, arithmetic, frequency, exclusions (R040-R054)."""

import ibis
from ibis import _

from features.rules.engine import CLEAR, Bench, Parameter, rule


@rule(
    "R046", "超限定单价收费", "Above the price ceiling", "place", CLEAR, "38(三)",
    official="GZ10000102001000", needs="fee_list_d hilist_b", filled="hilist_b.pric_uplmt_amt",
    tolerance=Parameter(0.01, "yuan", "own starting value: rounding of unit prices"),
)  # fmt: skip
def above_ceiling(bench: Bench, tolerance: float) -> ibis.Table:
    rows = bench.item_days.filter(_.pric > _.ceiling + tolerance, _.cnt > 0)
    return rows.select(
        "mdtrt_id",
        "setl_id",
        "bkkp_sn",
        offending=((rows.pric - rows.ceiling) * rows.cnt).round(2),
        says=ibis.literal("项目") + rows.hilist_code + "单价" + rows.pric.round(2).cast("string") + "元,高于最高限价"
        + rows.ceiling.round(2).cast("string") + "元",
    )  # fmt: skip
