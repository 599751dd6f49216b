"""Boxes of medicine sold more than once, by the traceability codes of sales (M05, M19, M20)."""

from typing import cast

import ibis
import pandas as pd
from ibis import _

from claims.as_of import ClaimsAsOf
from features.graphs.chance import neg_log10_fdr, significant

# Kind of subject that had a box before → the column of the sales that names it.
EARLIER_OWNERS = {"patient": "psn_no", "pharmacy": "fixmedins_code"}


def edges(claims: ClaimsAsOf) -> pd.DataFrame:
    """Boxes sold again by a pharmacy without having been returned: a_type and a (the patient who bought them
    before, and the pharmacy where), b (the later seller), observed (boxes), expected, neg_log10_fdr.

    By chance the boxes sold again are spread over earlier and later owners as all boxes are.
    """
    sales = claims.sales.filter(
        _.drug_trac_codg.notnull(), (_.trdn_flag != "1").fill_null(True), _.psn_no.notnull()
    )
    again, sold = _sold_again(sales), sales.filter(sales.sel_retn_cnt > 0)
    total, sold_by = sold.count().execute(), _boxes(sold, "fixmedins_code")
    found = []
    for kind, column in EARLIER_OWNERS.items():
        moved = again.group_by(a=again[f"{kind}_before"], b=again.fixmedins_code)
        moved = moved.aggregate(observed=_.count()).to_pandas()
        owned = _boxes(sold, column)
        product = moved["a"].map(owned).astype(float) * moved["b"].map(sold_by).astype(float)
        moved["expected"] = moved["observed"].sum() * product / max(total, 1) ** 2
        # Every earlier owner could have supplied every seller.
        pairs = len(owned) * len(sold_by)
        moved["neg_log10_fdr"] = neg_log10_fdr(moved["observed"], moved["expected"], pairs)
        found.append(significant(moved).assign(a_type=kind))
    return pd.concat(found).sort_values(["a_type", "a", "b"], ignore_index=True)


def _sold_again(sales: ibis.Table) -> ibis.Table:
    """Sales of boxes whose last record before is a sale, too, with who had them then: KIND_before."""
    order = ibis.window(group_by="drug_trac_codg", order_by=["sel_retn_time", "medins_prod_sel_no"])
    before = {f"{kind}_before": sales[column].lag().over(order) for kind, column in EARLIER_OWNERS.items()}
    steps = sales.mutate(count_before=sales.sel_retn_cnt.lag().over(order), **before)
    # A box that was returned in between was rightly sold again.
    return steps.filter(steps.sel_retn_cnt > 0, steps.count_before > 0)


def _boxes(sold: ibis.Table, key: str) -> pd.Series:
    """Boxes sold, by who bought or sold them."""
    counts = sold.group_by(key).aggregate(n=_.count()).to_pandas()
    return cast(pd.Series, counts.set_index(key)["n"])
