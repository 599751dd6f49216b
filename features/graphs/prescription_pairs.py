"""What prescriptions of one doctor cost at one pharmacy, against what filled prescriptions cost elsewhere
(M40).

Many of a doctor's patients at one pharmacy is no guilt: most such pairs are a practice and the shop beside
it. A pair that is paid for sells dear medicine. So the cost of the pair's purchases is compared, on a log
scale, with that of all filled prescriptions; a purchase has its own variance, and honest pairs differ
(`features.comparison.funnel`).
"""

import ibis
import numpy as np
import pandas as pd
from ibis import _

from features.comparison.funnel import between_variance, distance_surprise
from features.windows import YEAR

# Fewer purchases are no habit of a doctor and a shop.
MIN_PURCHASES = 8
COLUMNS = ["dr_code", "fixmedins_code", "purchases", "persons", "fund", "ratio", "excess", "neg_log10_p"]


def dear_pairs(facts: ibis.Table) -> pd.DataFrame:
    """Every doctor and pharmacy with a habit, and how dear the prescriptions are that go between them.

    Args:
        facts: `features.visits.facts.visit_facts`.

    Returns:
        COLUMNS, a row a pair: purchases, persons, fund payment (yuan), cost of a purchase against the
            median pair
        (``ratio``), fund payment beyond that (yuan), and -log10 p of the ratio.
    """
    bought = facts.filter(_.is_pharmacy, _.dr_code.notnull(), _.days_ago <= YEAR, _.medfee_sumamt > 0)
    cost = bought.medfee_sumamt.ln()
    pairs = bought.group_by("dr_code", "fixmedins_code").aggregate(
        purchases=_.count(),
        persons=_.psn_no.nunique(),
        fund=_.fund_pay_sumamt.sum(),
        # Rounded, so that the order in which an engine adds up does not show.
        cost=cost.mean().round(6),
        variance=cost.var(how="sample").round(6),
    )
    rows = pairs.filter(_.purchases >= MIN_PURCHASES).order_by("dr_code", "fixmedins_code").to_pandas()
    if rows.empty:
        return rows.assign(ratio=0.0, excess=0.0, neg_log10_p=0.0)[COLUMNS]
    distance = rows.cost - rows.cost.median()
    own = np.average(rows.variance.fillna(0.0), weights=rows.purchases)
    sampling = (own / rows.purchases).to_numpy()
    between = np.nan_to_num(between_variance(distance.to_numpy(), sampling))
    rows = rows.assign(ratio=np.exp(distance))
    rows["excess"] = (rows.fund * (1 - 1 / rows.ratio)).clip(lower=0).round(2)
    rows["neg_log10_p"] = distance_surprise(distance.to_numpy(), sampling + between)
    return rows[COLUMNS]
