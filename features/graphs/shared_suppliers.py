"""People who regularly buy expensive medicine at the same several pharmacies, wherever they live (M05, M19).

A ring that resells medicine sends its people round the same shops, on days of their own and within their
limits, so that they neither meet nor are oversupplied. Neighbours share a shop or two; three and more shared
ones, of people whose neighbours go elsewhere, are tested against chance: a person with n regular shops has
each of them by chance in proportion to the people of the own county who buy there at all. All purchases count
there, not only those of expensive medicine, for these may be the ring's.
"""

import ibis
import pandas as pd
from ibis import _

from features.windows import YEAR
from significance.chance import neg_log10_fdr, significant

# A pharmacy is regular from so many days of expensive medicine a year on. Own starting value.
MIN_DAYS = 2
# Fewest shared regular pharmacies of an edge. Own starting value.
MIN_SHARED = 3
# A pharmacy with more regular buyers is everybody's. Own starting value.
MAX_BUYERS = 200
# So small a share of a county's people at a pharmacy is left out of the sum, for speed.
_MIN_SHARE = 1e-3


def regulars(facts: ibis.Table, expensive: ibis.Table) -> ibis.Table:
    """Regular pharmacies of expensive medicine: psn_no, county, supplier, suppliers (number of the person's).

    Args:
        expensive: `features.graphs.copurchase.purchases`.
    """
    bought = expensive.filter(~expensive.course).select("mdtrt_id").distinct()
    rows = _purchases(facts).semi_join(bought, "mdtrt_id").group_by("psn_no", "county", "supplier")
    rows = rows.aggregate(days=_.day.nunique()).filter(_.days >= MIN_DAYS).drop("days")
    rows = rows.mutate(buyers=_.count().over(ibis.window(group_by="supplier")))
    rows = rows.mutate(suppliers=_.count().over(ibis.window(group_by="psn_no")))
    return rows.filter(rows.buyers <= MAX_BUYERS, rows.suppliers >= MIN_SHARED).drop("buyers")


def _purchases(facts: ibis.Table) -> ibis.Table:
    rows = facts.filter(facts.days_ago <= YEAR, facts.is_pharmacy)
    county = rows.village.left(6).fill_null("")
    return rows.select("mdtrt_id", "psn_no", "day", county=county, supplier=rows.fixmedins_code)


def edges(facts: ibis.Table, regular: ibis.Table) -> pd.DataFrame:
    """Pairs that share more regular pharmacies than chance explains: a, b, days (shared pharmacies),
    expected, neg_log10_fdr.

    Args:
        regular: `regulars`, stored.
    """
    mine, other = (
        regular.rename({name: "psn_no", f"county_{name}": "county", f"n_{name}": "suppliers"})
        for name in ("a", "b")
    )
    both = mine.inner_join(other, "supplier").filter(_.a < _.b)
    shared = both.group_by("a", "b", "county_a", "county_b", "n_a", "n_b").aggregate(days=_.count())
    shared = shared.filter(shared.days >= MIN_SHARED).left_join(_same_choice(facts), ["county_a", "county_b"])
    found = shared.select(
        "a", "b", "days", expected=(shared.n_a * shared.n_b * shared.same.fill_null(0)).round(9)
    )
    frame = found.order_by("a", "b").to_pandas()
    people = int(regular.psn_no.nunique().execute())
    fdr = neg_log10_fdr(frame["days"], frame["expected"], people * (people - 1) // 2)
    return significant(frame.assign(neg_log10_fdr=fdr)).reset_index(drop=True)


def _same_choice(facts: ibis.Table) -> ibis.Table:
    """Probability that one choice of a pharmacy by a person of each of two counties is the same: county_a,
    county_b, same."""
    people = _purchases(facts).group_by("county", "supplier").aggregate(n=_.psn_no.nunique())
    share = people.mutate(share=_.n / _.n.sum().over(ibis.window(group_by="county")))
    share = share.filter(share.share >= _MIN_SHARE).drop("n")
    mine, other = (share.rename({f"county_{name}": "county", f"share_{name}": "share"}) for name in "ab")
    both = mine.inner_join(other, "supplier").mutate(same=_.share_a * _.share_b)
    return both.group_by("county_a", "county_b").aggregate(same=_.same.sum().round(12))


def linking_visits(facts: ibis.Table, regular: ibis.Table, linked: ibis.Table) -> ibis.Table:
    """The purchases that make the edges: mdtrt_id, a, b, other (the person who shares the pharmacy).

    Args:
        regular: `regulars`.
        linked: a, b of `edges`.
    """
    shops = regular.select("psn_no", "supplier")
    both = linked.inner_join(shops.rename(a="psn_no"), "a").inner_join(
        shops.rename(b="psn_no"), ["b", "supplier"]
    )
    bought = _purchases(facts).select("mdtrt_id", "psn_no", "supplier")
    sides = [
        bought.inner_join(both.mutate(psn_no=both[own], other=both[other]), ["psn_no", "supplier"])
        for own, other in (("a", "b"), ("b", "a"))
    ]
    return ibis.union(*[side.select("mdtrt_id", "a", "b", "other") for side in sides])
