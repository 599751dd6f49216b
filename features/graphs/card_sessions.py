"""Collected cards: swiped in sessions at one pharmacy, a few at a time, in changing combinations (M15).

A session is a run of purchases that follow one another faster than the pharmacy's usual rate of the hour and
of the day. Null model: each day on which a person buys falls into a session with the pharmacy's overall rate,
given how often each person comes and how large each session is. Significant are sets of people whose
sessions have more members in common than that (`features.graphs.recurrent_sets`).
"""

import ibis
from ibis import _

from claims.as_of import PHARMACY
from features.graphs.recurrent_sets import MAX_RATE_RATIO, MIN_PERSONS, poisson_neg_log10_p, with_runs
from features.visits.timestamps import SECONDS_A_DAY
from features.windows import YEAR

# Longest time between two cards of a session, and its longest share of the mean time between two purchases of
# the hour, or of the day. Own starting values.
MAX_GAP_SECONDS, SHORT_GAP = 180, 0.25
# A day's purchases are spread over so many seconds.
OPEN_SECONDS = 10 * 3600
# What defines a session: the place, and its number there.
SESSION = ["place", "session"]


def purchases(facts: ibis.Table, days: int = YEAR) -> ibis.Table:
    """Purchases of the last so many days that carry a time of day, each with its session: place, session
    (number within the place), psn_no, day, second, mdtrt_id."""
    rows = facts.filter(
        facts.days_ago <= days, facts.kind == PHARMACY, ~facts.course, facts.second % SECONDS_A_DAY != 0
    )
    rows = rows.select("psn_no", "day", "second", "mdtrt_id", place=rows.fixmedins_code)
    open_days = rows.group_by("place").aggregate(open_days=_.day.nunique())
    rows = rows.inner_join(open_days, "place")
    return with_runs(rows, ["place"], _longest_gap(rows), "session").drop("open_days")


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
    size = bought.group_by(*SESSION).aggregate(size=_.psn_no.nunique())
    rows = bought.inner_join(size, SESSION).mutate(in_session=_.size >= MIN_PERSONS)
    rate = rows.group_by("place").aggregate(n=_.count(), inside=_.in_session.sum())
    everywhere = (rate.inside.sum() / rate.n.sum()).as_scalar()
    rate = rate.select("place", q=ibis.least(rate.inside / rate.n, MAX_RATE_RATIO * everywhere))
    people = rows.group_by("place", "psn_no").aggregate(
        others=_.day.nunique() - 1, again=_.day.nunique(where=_.in_session) - 1
    )
    people = people.inner_join(rate, "place").mutate(expected=_.others * _.q).drop("others", "q")
    people = people.mutate(neg_log10_p=poisson_neg_log10_p(people.again, people.expected))
    inside = rows.filter(rows.in_session).group_by(*SESSION, "psn_no")
    inside = inside.aggregate(second=_.second.min(), mdtrt_id=_.mdtrt_id.min())
    return inside.inner_join(people, ["place", "psn_no"])
