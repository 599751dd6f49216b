"""Sets of people who are together in runs of visits again and again, though no pair of them meets often.

Two of thirty cards in a drawer seldom meet twice, so the people of a run are tested as a set: on how many
other days each of them is in a run, against how many there would be by chance (a bipartite graph of people ×
runs).
"""

from math import log, pi

import ibis
import pandas as pd
from ibis import _

from features.graphs import events
from significance.chance import fisher_neg_log10_fdr, significant

# Fewest people of a run, and fewest of them who are in others: fewer may be a family. Own starting values.
MIN_PERSONS = 4
# The share of a place's visits that are in runs explains at most so many times what it does at all places, or
# one that lives on such runs would explain them. Own starting value.
MAX_RATE_RATIO = 3
# One person's habit weighs at most so much (-log10 of a probability), or it would make a set of one. Own
# starting value.
MAX_NEG_LOG10_P = 3


def with_runs(rows: ibis.Table, place: list[str], longest: ibis.Value, name: str) -> ibis.Table:
    """Rows with the number of their run within the place.

    Args:
        rows: second, mdtrt_id and the columns of the place.
        longest: seconds within which a row follows another of its run.
        name: of the number.
    """
    order = ["second", "mdtrt_id"]
    gap = rows.second - rows.second.lag().over(ibis.window(group_by=place, order_by=order))
    begun = rows.mutate(_begins=(gap > longest).fill_null(True).cast("int64"))
    until = ibis.cumulative_window(group_by=place, order_by=order)
    return begun.mutate(**{name: begun["_begins"].sum().over(until)}).drop("_begins")


def poisson_neg_log10_p(count: ibis.Value, expected: ibis.Value) -> ibis.Value:
    """-log10 of an upper bound of the probability of a Poisson count at least as large, MAX_NEG_LOG10_P at
    most: the smaller of that of Markov and of the probability of the count itself with Stirling's lower bound
    of its factorial, times the geometric series that the following ones stay below."""
    mean = ibis.greatest(expected, 1e-6)
    markov = (count / mean).ln()
    stirling = count * (count / mean).ln() - count + mean + (2 * pi * count).ln() / 2
    series = (1 - mean / (count + 1)).ln()
    found = (count > mean).ifelse(ibis.greatest(markov, stirling + series) / log(10), 0.0)
    return ibis.least(found, MAX_NEG_LOG10_P)


def recurrent(seen: ibis.Table, run: list[str]) -> pd.DataFrame:
    """Runs whose people are in other runs of the place more often than chance explains.

    Args:
        seen: stored, one row a person of a run: ``run``, again (other days on which the person is in a run of
            the place), expected (such days by chance), neg_log10_p (`poisson_neg_log10_p` of these).
        run: columns that define a run.

    Returns:
        ``run``, shared (how often its people are in others, summed), expected (by chance), neg_log10_fdr.
    """
    found = seen.group_by(*run).aggregate(
        people=_.count(),
        recurring=(_.again > 0).sum(),
        shared=_.again.sum(),
        expected=_.expected.sum().round(9),
        neg_log10_p=_.neg_log10_p.sum().round(9),
    )
    found = found.order_by(*run).to_pandas()
    tested, found = len(found), found[found["recurring"] >= MIN_PERSONS]
    fdr = fisher_neg_log10_fdr(found["neg_log10_p"], found["people"], tested)
    found = significant(found.assign(neg_log10_fdr=fdr))
    return found.drop(columns=["people", "recurring", "neg_log10_p"]).reset_index(drop=True)


def pairs(seen: ibis.Table, found: ibis.Table, run: list[str]) -> ibis.Table:
    """People of significant runs who are in two of a place or more (`features.graphs.events.pairs`).

    Args:
        seen: as of `recurrent`, with second and mdtrt_id.
        found: `recurrent` as a table.
        run: columns that define a run: those of the place, and its number there.
    """
    inside = found.inner_join(seen.drop("expected"), run)
    times = inside.count().over(ibis.window(group_by=[*run[:-1], "psn_no"]))
    return events.pairs(inside.mutate(times=times).filter(_.times >= 2), run)
