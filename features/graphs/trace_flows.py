"""Boxes of medicine sold more than once, by the traceability codes of sales (M05, M19, M20)."""

from typing import cast

import ibis
import pandas as pd
from ibis import _

from claims.as_of import ClaimsAsOf
from significance.chance import neg_log10_fdr, significant

# Kind of subject that had a box before → the column of the sales that names it.
EARLIER_OWNERS = {"patient": "psn_no", "pharmacy": "fixmedins_code"}
# What is known of the last record of a box → the column of the sales.
_LAST = {"count_before": "sel_retn_cnt", "setl_before": "setl_id"}
# A box sold again: its sale, who sold it, under which settlements now and before.
_BOX = ("medins_prod_sel_no", "drug_trac_codg", "fixmedins_code", "setl_id", "setl_before")


def edges(claims: ClaimsAsOf) -> pd.DataFrame:
    """Boxes sold again by a pharmacy without having been returned: a_type and a (the patient who bought them
    before, and the pharmacy where), b (the later seller), observed (boxes), expected, neg_log10_fdr.

    By chance the boxes sold again are spread over earlier and later owners as all boxes are.
    """
    sales = _coded(claims)
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


def boxes(claims: ClaimsAsOf, flows: ibis.Table) -> ibis.Table:
    """Boxes of each visit that take part in a flow: mdtrt_id, resold (boxes that another pharmacy sold
    again), sold_before (boxes that had been sold elsewhere).

    Args:
        flows: a_type, a, b of `edges`.
    """
    again = _sold_again(_coded(claims)).filter(_.pharmacy_before != _.fixmedins_code)
    ends = [
        again.select(*_BOX, a_type=ibis.literal(kind), a=again[f"{kind}_before"]) for kind in EARLIER_OWNERS
    ]
    known = flows.select("a_type", "a", fixmedins_code=flows.b)
    found = ibis.union(*ends).semi_join(known, ["a_type", "a", "fixmedins_code"]).select(*_BOX).distinct()
    visits = claims.settlements.select("setl_id", "mdtrt_id")
    first = found.inner_join(visits, found.setl_before == visits.setl_id)
    first = first.group_by("mdtrt_id").aggregate(resold=_.count())
    second = found.inner_join(visits, "setl_id").group_by("mdtrt_id").aggregate(sold_before=_.count())
    both = first.outer_join(second, "mdtrt_id")
    return both.mutate(mdtrt_id=ibis.coalesce(both.mdtrt_id, both.mdtrt_id_right)).drop("mdtrt_id_right")


def _coded(claims: ClaimsAsOf) -> ibis.Table:
    """Sales to a person, and returns, of whole boxes with a code."""
    return claims.sales.filter(
        _.drug_trac_codg.notnull(), (_.trdn_flag != "1").fill_null(True), _.psn_no.notnull()
    )


def _sold_again(sales: ibis.Table) -> ibis.Table:
    """Sales of boxes whose last record before is a sale, too, with who had them then (KIND_before) and
    the settlement of that (setl_before)."""
    order = ibis.window(group_by="drug_trac_codg", order_by=["sel_retn_time", "medins_prod_sel_no"])
    before = {f"{kind}_before": sales[column].lag().over(order) for kind, column in EARLIER_OWNERS.items()}
    before |= {name: sales[column].lag().over(order) for name, column in _LAST.items()}
    steps = sales.mutate(**before)
    # A box that was returned in between was rightly sold again.
    return steps.filter(steps.sel_retn_cnt > 0, steps.count_before > 0)


def _boxes(sold: ibis.Table, key: str) -> pd.Series:
    """Boxes sold, by who bought or sold them."""
    counts = sold.group_by(key).aggregate(n=_.count()).to_pandas()
    return cast(pd.Series, counts.set_index(key)["n"])
