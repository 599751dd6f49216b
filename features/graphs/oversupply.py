"""Doctors and pharmacies with too many oversupplied buyers, and links between these (M05, M19, M20).

A patient who buys while a month of the same medicine is at home may be careless or anxious; that a doctor or
a pharmacy has many such patients is neither. Of the people who get medicine through a doctor or pharmacy, the
share of oversupplied ones expected by chance is that of all others (leave-one-out); where there are more, at
a false discovery rate of one in a hundred over all doctors and pharmacies, they are linked to it and to each
other. Careless people have habits and neighbours, so the dispersion of the counts is estimated
(`significance.chance.dispersion`).
"""

from typing import cast

import ibis
import pandas as pd
from ibis import _

from features.graphs.queue import ends, following
from features.visits.medicines import SURPLUS_STOCK_DAYS
from features.windows import YEAR
from significance.chance import dispersion, neg_log10_fdr, significant

# Oversupplied is who bought on so many days of the year while a month's supply was at hand. Own starting
# value.
MIN_DAYS = 3
# Oversupplied most is who has more such days than this share of the regular buyers: a ring of eight does not
# stand out among many careless people, but among those who are oversupplied most. Own starting value.
MOST_QUANTILE = 0.98
# Kind of subject → the column of the facts that names who prescribed or sold the medicine.
HUBS = {"prescriber": "dr_code", "pharmacy": "fixmedins_code"}
# A buyer is linked to so many next ones of a pharmacy or doctor at most.
NEXT_BUYERS = 20


def buyers(facts: ibis.Table) -> ibis.Table:
    """Who got medicine through whom in the last year: hub_type, hub, psn_no, bought (days), surplus (days on
    which a month's supply was at hand), most (oversupplied most)."""
    got = facts.filter(facts.days_ago <= YEAR, facts.supply_days > 0, ~facts.course)
    rows = []
    for kind, column in HUBS.items():
        of_kind = got.filter(got.is_pharmacy) if kind == "pharmacy" else got
        of_kind = of_kind.filter(of_kind[column].notnull())
        over = of_kind.days_on_hand > SURPLUS_STOCK_DAYS
        rows.append(
            of_kind.group_by(hub=of_kind[column], psn_no=of_kind.psn_no)
            .aggregate(
                bought=_.day.nunique(),
                surplus=_.day.nunique(where=over),
            )
            .mutate(hub_type=ibis.literal(kind))
        )
    bought = ibis.union(*rows)
    regular = bought.filter(bought.bought >= MIN_DAYS)
    level = regular.group_by("hub_type").aggregate(level=_.surplus.quantile(MOST_QUANTILE))
    bought = bought.inner_join(level, "hub_type")
    most = (bought.surplus > bought.level) & (bought.surplus >= MIN_DAYS)
    return bought.mutate(most=most).drop("level")


def hubs(bought: ibis.Table) -> pd.DataFrame:
    """Doctors and pharmacies with more oversupplied buyers than chance explains.

    Args:
        bought: `buyers`, stored.

    Returns:
        hub_type, hub, buyers, observed (oversupplied ones), expected, neg_log10_fdr, most (those oversupplied
        most are meant); a hub that stands out by both stands here twice.
    """
    regular = bought.filter(bought.bought >= MIN_DAYS)
    counts = (
        regular.group_by("hub_type", "hub")
        .aggregate(buyers=_.count(), over=(_.surplus >= MIN_DAYS).sum(), most=_.most.sum())
        .order_by("hub_type", "hub")
        .to_pandas()
    )
    found = [
        _tested(rows[["hub_type", "hub", "buyers"]].assign(observed=rows[column], most=column == "most"))
        for _kind, rows in counts.groupby("hub_type")
        for column in ("over", "most")
    ]
    if not found:
        return _tested(counts.assign(observed=0, most=False).drop(columns="over"))
    return pd.concat(found, ignore_index=True)


def _tested(rows: pd.DataFrame) -> pd.DataFrame:
    """Hubs of one kind with more of the counted buyers than chance explains: the columns of `hubs`.

    Args:
        rows: hub_type, hub, buyers, observed, most.
    """
    # Leave-one-out share with Laplace's rule of succession.
    others = rows[["buyers", "observed"]].sum() - rows[["buyers", "observed"]]
    expected = rows["buyers"] * (others["observed"] + 1) / (others["buyers"] + 2)
    habits = dispersion(rows["observed"], expected)
    fdr = neg_log10_fdr(rows["observed"], expected, len(rows), habits)
    found = significant(rows.assign(expected=expected, neg_log10_fdr=fdr))
    return found[found["observed"] >= MIN_DAYS]


def oversupplied(bought: ibis.Table, found: ibis.Table) -> ibis.Table:
    """The oversupplied buyers of significant hubs: hub_type, hub, psn_no, surplus (days), neg_log10_fdr (of
    the stronger test that counts the buyer).

    Args:
        found: `hubs` as a table.
    """
    tests = found.select("hub_type", "hub", "neg_log10_fdr", only_most=found.most)
    over = bought.filter(bought.surplus >= MIN_DAYS).inner_join(tests, ["hub_type", "hub"])
    over = over.filter(over.most | ~over.only_most)
    return over.group_by("hub_type", "hub", "psn_no").aggregate(
        surplus=_.surplus.max(), neg_log10_fdr=_.neg_log10_fdr.max()
    )


def pairs(over: ibis.Table) -> ibis.Table:
    """People oversupplied through the same doctor or pharmacy: hub_type, hub, neg_log10_fdr, a, b (a < b),
    days (the smaller of the two numbers of days of oversupply).

    Args:
        over: `oversupplied`.
    """
    met = following(over, ["hub_type", "hub"], [ibis.desc("surplus"), "psn_no"], NEXT_BUYERS)
    return met.select(
        "hub_type",
        "hub",
        neg_log10_fdr=ibis.least(met.neg_log10_fdr, met.later_neg_log10_fdr),
        **ends(met, "psn_no", "a", "b"),
        days=ibis.least(met.surplus, met.later_surplus),
    )


def edges(co_oversupplied: ibis.Table) -> pd.DataFrame:
    """The pairs: a, b, days (largest of the doctors and pharmacies they share), expected (missing: no single
    pair is tested), neg_log10_fdr (summed over these doctors and pharmacies).

    Args:
        co_oversupplied: `pairs`, stored.
    """
    found = co_oversupplied.group_by("a", "b").aggregate(
        days=_.days.max(), neg_log10_fdr=_.neg_log10_fdr.sum().round(9)
    )
    return _untested(found)


def hub_edges(over: ibis.Table) -> pd.DataFrame:
    """Buyers and their hubs: a (psn_no), b_type, b, observed (days of oversupply), expected (missing: no
    single buyer is tested), neg_log10_fdr (of the hub)."""
    found = over.select(
        a=over.psn_no,
        b_type=over.hub_type,
        b=over.hub,
        observed=over.surplus,
        neg_log10_fdr=over.neg_log10_fdr,
    )
    return _untested(found)


def _untested(found: ibis.Table) -> pd.DataFrame:
    """Edges in order, with no expectation of their own."""
    return cast(pd.DataFrame, found.order_by("a", "b").to_pandas().assign(expected=float("nan")))


def linking_visits(facts: ibis.Table, co_oversupplied: ibis.Table) -> ibis.Table:
    """The purchases that make the edges, each with everybody oversupplied through its doctor or pharmacy:
    mdtrt_id, a, b, other."""
    rows = []
    for kind, column in HUBS.items():
        of_kind = co_oversupplied.filter(co_oversupplied.hub_type == kind)
        bought = facts.filter(facts.days_ago <= YEAR, facts.days_on_hand > SURPLUS_STOCK_DAYS, ~facts.course)
        bought = bought.select("mdtrt_id", "psn_no", hub=bought[column])
        for mine, other in (("a", "b"), ("b", "a")):
            met = of_kind.mutate(psn_no=of_kind[mine], other=of_kind[other])
            rows.append(bought.inner_join(met, ["psn_no", "hub"]).select("mdtrt_id", "a", "b", "other"))
    return ibis.union(*rows)
