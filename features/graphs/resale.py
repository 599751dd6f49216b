"""Where medicine goes that nobody can take: shops and doctors with too many oversupplied buyers, and the way of boxes
that were sold twice (M05, M19, M20).

A patient who buys while a month of the same medicine is at home is careless or afraid; that a doctor or a shop has
many such patients is neither. Of the people who get medicine through a doctor or shop, as many are oversupplied by
chance as everywhere else; where more are, at a false discovery rate of one in a hundred over all doctors and shops,
they are linked to it and to each other. Careless people have habits and neighbours, so the counts may vary more than
a Poisson variable does: by as much as they are seen to vary.
"""

import ibis
import pandas as pd
from ibis import _

from claims.as_of import ClaimsAsOf
from features.graphs.chance import dispersion, neg_log10_fdr, significant
from features.graphs.queue import ends, following
from features.windows import YEAR

# Oversupplied is who bought on so many days of the year while a month was at hand.
LEAST_DAYS = 3
# Kind of subject → the column of the facts that names who handed the medicine out.
HUBS = {"prescriber": "dr_code", "pharmacy": "fixmedins_code"}
# A shop's or doctor's buyers are linked to so many next ones each at most.
NEXT_BUYERS = 20


def buyers(facts: ibis.Table) -> ibis.Table:
    """Who got medicine through whom in the last year: hub_type, hub, psn_no, bought (days), surplus (days on which a month
    of it was at hand), spent (yuan on those)."""
    got = facts.filter(facts.days_ago <= YEAR, facts.supply_days > 0, ~facts.course)
    rows = []
    for kind, column in HUBS.items():
        of_kind = got.filter(got.is_pharmacy) if kind == "pharmacy" else got
        of_kind = of_kind.filter(of_kind[column].notnull())
        over = of_kind.surplus_spent > 0
        rows.append(
            of_kind.group_by(hub=of_kind[column], psn_no=of_kind.psn_no)
            .aggregate(
                bought=_.day.nunique(),
                surplus=_.day.nunique(where=over),
                spent=_.surplus_spent.sum().round(2),
            )
            .mutate(hub_type=ibis.literal(kind))
        )
    return ibis.union(*rows)


def hubs(bought: ibis.Table) -> pd.DataFrame:
    """Doctors and shops with more oversupplied buyers than chance explains.

    Args:
        bought: `buyers`, stored.

    Returns:
        hub_type, hub, buyers, observed (oversupplied ones), expected, surprise.
    """
    regular = bought.filter(bought.bought >= LEAST_DAYS)
    found = (
        regular.group_by("hub_type", "hub")
        .aggregate(buyers=_.count(), observed=(_.surplus >= LEAST_DAYS).sum())
        .order_by("hub_type", "hub")
        .to_pandas()
    )
    found["expected"] = found["neg_log10_fdr"] = 0.0
    for _kind, rows in found.groupby("hub_type"):
        # Nobody excuses himself: what is usual is what the others do.
        others = rows[["buyers", "observed"]].sum() - rows[["buyers", "observed"]]
        expected = rows["buyers"] * (others["observed"] + 1) / (others["buyers"] + 2)
        found.loc[rows.index, "expected"] = expected
        found.loc[rows.index, "neg_log10_fdr"] = neg_log10_fdr(
            rows["observed"], expected, len(rows), dispersion(rows["observed"], expected)
        )
    return significant(found[found["observed"] >= LEAST_DAYS]).reset_index(drop=True)


def oversupplied(bought: ibis.Table, found: ibis.Table) -> ibis.Table:
    """The oversupplied buyers of significant hubs: hub_type, hub, psn_no, surplus (days), spent (yuan), surprise.

    Args:
        found: `hubs` as a table.
    """
    over = bought.filter(bought.surplus >= LEAST_DAYS)
    return over.inner_join(found.select("hub_type", "hub", "neg_log10_fdr"), ["hub_type", "hub"])


def pairs(over: ibis.Table) -> ibis.Table:
    """People oversupplied through the same doctor or shop: hub_type, hub, surprise, a, b (a < b), days (common at most).

    Args:
        over: `oversupplied`.
    """
    met = following(over, ["hub_type", "hub"], [ibis.desc("surplus"), "psn_no"], NEXT_BUYERS)
    return met.select(
        "hub_type",
        "hub",
        "neg_log10_fdr",
        **ends(met, "psn_no", "a", "b"),
        days=ibis.least(met.surplus, met.later_surplus),
    )


def edges(co_oversupplied: ibis.Table) -> pd.DataFrame:
    """The pairs: a, b, days (on which either was oversupplied through a doctor or shop they share), expected (nothing is
    known of a single pair), places (doctors and shops they share), surprise (summed over these).

    Args:
        fellows: `pairs`, stored.
    """
    found = co_oversupplied.group_by("a", "b").aggregate(
        days=_.days.max(), places=_.hub.nunique(), neg_log10_fdr=_.neg_log10_fdr.sum().round(9)
    )
    return found.order_by("a", "b").to_pandas().assign(expected=float("nan"))


def hub_edges(over: ibis.Table) -> pd.DataFrame:
    """Buyers and their hubs: a (psn_no), b_type, b, observed (days of oversupply), expected (unknown), surprise (of the hub)."""
    found = over.select(
        a=over.psn_no,
        b_type=over.hub_type,
        b=over.hub,
        observed=over.surplus,
        neg_log10_fdr=over.neg_log10_fdr,
    )
    return found.order_by("a", "b").to_pandas().assign(expected=float("nan"))


def ties(facts: ibis.Table, co_oversupplied: ibis.Table) -> ibis.Table:
    """The purchases that make the edges, each with everybody oversupplied through its doctor or shop: mdtrt_id, a, b, other."""
    rows = []
    for kind, column in HUBS.items():
        of_kind = co_oversupplied.filter(co_oversupplied.hub_type == kind)
        bought = facts.filter(facts.days_ago <= YEAR, facts.surplus_spent > 0, ~facts.course)
        bought = bought.select("mdtrt_id", "psn_no", hub=bought[column])
        for mine, other in (("a", "b"), ("b", "a")):
            met = of_kind.mutate(psn_no=of_kind[mine], other=of_kind[other])
            rows.append(bought.inner_join(met, ["psn_no", "hub"]).select("mdtrt_id", "a", "b", "other"))
    return ibis.union(*rows)


def flows(claims: ClaimsAsOf) -> pd.DataFrame:
    """Boxes sold again by a pharmacy without having come back: a_type and a (the patient who bought them before, and the
    pharmacy where), b (the later seller), observed (boxes), expected, surprise.

    By chance the boxes sold again are spread over earlier and later hands as all boxes are.
    """
    sales = claims.sales.filter(
        _.drug_trac_codg.notnull(), (_.trdn_flag != "1").fill_null(True), _.psn_no.notnull()
    )
    order = ibis.window(group_by="drug_trac_codg", order_by=["sel_retn_time", "medins_prod_sel_no"])
    ends = {"patient": "psn_no", "pharmacy": "fixmedins_code"}
    before = {kind: sales[column].lag().over(order) for kind, column in ends.items()}
    steps = sales.mutate(count_before=sales.sel_retn_cnt.lag().over(order), **before)
    # A box that came back in between was sold again rightly.
    again = steps.filter(steps.sel_retn_cnt > 0, steps.count_before > 0)
    sold = sales.filter(sales.sel_retn_cnt > 0)
    total = sold.count().execute()
    found = []
    for kind, column in ends.items():
        moved = (
            again.group_by(a=again[kind], b=again.fixmedins_code).aggregate(observed=_.count()).to_pandas()
        )
        of_a, of_b = _boxes(sold, column), _boxes(sold, "fixmedins_code")
        of_hands = moved["a"].map(of_a).astype(float) * moved["b"].map(of_b).astype(float)
        moved["expected"] = moved["observed"].sum() * of_hands / max(total, 1) ** 2
        # Every earlier hand could have supplied every seller.
        moved["neg_log10_fdr"] = neg_log10_fdr(moved["observed"], moved["expected"], len(of_a) * len(of_b))
        found.append(significant(moved).assign(a_type=kind))
    return pd.concat(found).sort_values(["a_type", "a", "b"], ignore_index=True)


def _boxes(sold: ibis.Table, key: str) -> pd.Series:
    """Boxes sold, by who bought or sold them."""
    return sold.group_by(key).aggregate(n=_.count()).to_pandas().set_index(key)["n"]
