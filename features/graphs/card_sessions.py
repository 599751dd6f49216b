"""Cards kept in a drawer: swiped in sessions at one pharmacy, a few at a time, each time with other cards
(M15).

A session is a run of purchases that follow one another faster than the pharmacy's own rhythm of the hour and
of the day. Honest people happen to be in one; that most of a session's people are in other sessions of the
same pharmacy, too, is not explained by how often they come. Two cards of thirty seldom meet twice, so the
people of a session are tested as a set: on how many other days each of them is in a session, against how many
there would be if each of his days were in one by chance (a bipartite graph of people × sessions against a
null that keeps the number of days of each person and the size of each session).
"""

from math import log

import ibis
import pandas as pd
from ibis import _

from claims.as_of import PHARMACY
from features.graphs import events
from features.visits.timestamps import SECONDS_A_DAY
from features.windows import YEAR
from significance.chance import combined, significant

# Longest time between two cards of a session, and its longest share of the mean time between two purchases of
# the hour, or of the day. Own starting values.
MAX_GAP_SECONDS, SHORT_GAP = 180, 0.25
# A day's purchases are spread over so many seconds.
OPEN_SECONDS = 10 * 3600
# Fewest people of a session, and fewest of them who are in others: fewer may be a family. Own starting
# values.
MIN_PERSONS = 4
# The share of a pharmacy's purchases that are in sessions explains at most so many times what it does at all
# pharmacies, or one that lives on its drawer would explain it. Own starting value.
CROWDING = 3
# One person's habit weighs at most so much (-log10 of a probability), or it would make a set of one. Own
# starting value.
MAX_NEG_LOG10_P = 3
_SESSION = ["place", "session"]


def purchases(facts: ibis.Table) -> ibis.Table:
    """Purchases of the last year that carry a time of day, each with its session: place, session (number
    within the place), psn_no, day, second, mdtrt_id."""
    rows = facts.filter(
        facts.days_ago <= YEAR, facts.kind == PHARMACY, ~facts.course, facts.second % SECONDS_A_DAY != 0
    )
    rows = rows.select("psn_no", "day", "second", "mdtrt_id", place=rows.fixmedins_code)
    open_days = rows.group_by("place").aggregate(open_days=_.day.nunique())
    rows = rows.inner_join(open_days, "place")
    order = ibis.window(group_by="place", order_by=["second", "mdtrt_id"])
    gap = rows.second - rows.second.lag().over(order)
    rows = rows.mutate(begins=(gap > _longest_gap(rows)).fill_null(True).cast("int64"))
    until = ibis.cumulative_window(group_by="place", order_by=["second", "mdtrt_id"])
    return rows.select("place", "psn_no", "day", "second", "mdtrt_id", session=rows.begins.sum().over(until))


def _longest_gap(rows: ibis.Table) -> ibis.Value:
    """Seconds within which a purchase follows another faster than the place's rhythm."""
    of_hour = rows.count().over(ibis.window(group_by=["place", (rows.second // 3600) % 24]))
    of_day = rows.count().over(ibis.window(group_by=["place", "day"]))
    usual = ibis.least(3600 * rows.open_days / of_hour, OPEN_SECONDS / of_day)
    return ibis.least(MAX_GAP_SECONDS, SHORT_GAP * usual)


def members(bought: ibis.Table) -> ibis.Table:
    """People of each session: place, session, psn_no, second, mdtrt_id (of the first purchase), again (other
    days on which the person is in a session of the place), expected (such days by chance), neg_log10_p
    (-log10 of an upper bound of the probability of so many, MAX_NEG_LOG10_P at most).

    Args:
        bought: `purchases`, stored.
    """
    size = bought.group_by(*_SESSION).aggregate(size=_.psn_no.nunique())
    rows = bought.inner_join(size, _SESSION).mutate(in_session=_.size >= MIN_PERSONS)
    rate = rows.group_by("place").aggregate(n=_.count(), inside=_.in_session.sum())
    everywhere = (rate.inside.sum() / rate.n.sum()).as_scalar()
    rate = rate.select("place", q=ibis.least(rate.inside / rate.n, CROWDING * everywhere))
    people = rows.group_by("place", "psn_no").aggregate(
        others=_.day.nunique() - 1, again=_.day.nunique(where=_.in_session) - 1
    )
    people = people.inner_join(rate, "place").mutate(expected=_.others * _.q).drop("others", "q")
    people = people.mutate(neg_log10_p=_poisson_neg_log10_p(people.again, people.expected))
    inside = rows.filter(rows.in_session).group_by(*_SESSION, "psn_no")
    inside = inside.aggregate(second=_.second.min(), mdtrt_id=_.mdtrt_id.min())
    return inside.inner_join(people, ["place", "psn_no"])


def _poisson_neg_log10_p(count: ibis.Value, expected: ibis.Value) -> ibis.Value:
    """-log10 of an upper bound of the probability of a Poisson count at least as large: the smaller of those
    of Markov and of Chernoff (Mitzenmacher and Upfal 2005, theorem 5.4)."""
    mean = ibis.greatest(expected, 1e-6)
    markov = (count / mean).ln()
    chernoff = count * (count / mean).ln() - count + mean
    found = (count > expected).ifelse(ibis.greatest(markov, chernoff) / log(10), 0.0)
    return ibis.least(found, MAX_NEG_LOG10_P)


def sessions(seen: ibis.Table) -> pd.DataFrame:
    """Sessions whose people are in other sessions of the place more often than chance explains.

    Args:
        seen: `members`, stored.

    Returns:
        place, session, shared (people who are in others), expected, neg_log10_fdr.
    """
    found = seen.group_by(*_SESSION).aggregate(
        people=_.count(),
        shared=(_.again > 0).sum(),
        expected=(1 - (-_.expected).exp()).sum().round(9),
        neg_log10_p=_.neg_log10_p.sum().round(9),
    )
    found = found.order_by(*_SESSION).to_pandas()
    tested, found = len(found), found[found["shared"] >= MIN_PERSONS]
    fdr = combined(found["neg_log10_p"], found["people"], tested)
    found = significant(found.assign(neg_log10_fdr=fdr)).drop(columns=["people", "neg_log10_p"])
    return found.reset_index(drop=True)


def pairs(seen: ibis.Table, found: ibis.Table) -> ibis.Table:
    """People of significant sessions who are in two of a place or more (`features.graphs.events.pairs`).

    Args:
        seen: `members`, stored.
        found: `sessions` as a table.
    """
    inside = found.inner_join(seen.drop("expected"), _SESSION)
    times = inside.count().over(ibis.window(group_by=["place", "psn_no"]))
    return events.pairs(inside.mutate(times=times).filter(_.times >= 2), _SESSION)


def edges(together: ibis.Table) -> pd.DataFrame:
    """The pairs (`features.graphs.events.edges`).

    Args:
        together: `pairs`, stored.
    """
    return events.edges(together, _SESSION, [])
