"""Pairs of people of one event (a wave of admissions, a session of cards) as edges, and the visits that make
them."""

from typing import cast

import ibis
import pandas as pd
from ibis import _

from features.graphs.queue import ends, following

# Each is linked to so many next ones of the event at most.
NEXT_MEMBERS = 20


def pairs(inside: ibis.Table, event: list[str]) -> ibis.Table:
    """People of one event: the columns of the event, shared, expected, neg_log10_fdr, a, b (a < b), and the
    visit of each (id_a, id_b).

    Args:
        inside: one row a person of an event: event, psn_no, second, mdtrt_id, shared (people), expected,
            neg_log10_fdr.
        event: columns that define an event.
    """
    met = following(inside, event, ["second", "psn_no"], NEXT_MEMBERS)
    return met.select(
        *event,
        **ends(met, "psn_no", "a", "b"),
        **ends(met, "mdtrt_id", "id_a", "id_b"),
        shared=met.shared,
        expected=met.expected,
        neg_log10_fdr=met.neg_log10_fdr,
    )


def edges(together: ibis.Table, same: list[str], grids: list[str]) -> pd.DataFrame:
    """The pairs: a, b, days (events together), expected (by chance), neg_log10_fdr (-log10 of the
    false discovery rate of each event, summed: the strength of the link).

    Args:
        together: `pairs`, stored.
        same: columns that define an occasion; of several events of one occasion the most significant
            counts.
        grids: columns that define overlapping divisions of time, each of which shows the same occasions.
    """
    occasions = together.group_by("a", "b", *grids, *same).aggregate(
        neg_log10_fdr=_.neg_log10_fdr.max(), chance=(_.expected / _.shared).min()
    )
    by_grid = occasions.group_by("a", "b", *grids).aggregate(
        days=_.count(), expected=_.chance.sum(), neg_log10_fdr=_.neg_log10_fdr.sum()
    )
    found = by_grid.group_by("a", "b").aggregate(
        days=_.days.max(), expected=_.expected.max().round(9), neg_log10_fdr=_.neg_log10_fdr.max().round(9)
    )
    return cast(pd.DataFrame, found.order_by("a", "b").to_pandas())


def linking_visits(together: ibis.Table) -> ibis.Table:
    """The visits that make the edges: mdtrt_id, a, b, other (the person who was there, too)."""
    sides = [("id_a", "b"), ("id_b", "a")]
    return ibis.union(
        *[together.select("a", "b", mdtrt_id=visit, other=other) for visit, other in sides]
    ).select("mdtrt_id", "a", "b", "other")
