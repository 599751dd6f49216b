"""Who attends the same venue close in time repeatedly, beyond what its volume explains (M02, M26).

Two people who use a busy clinic meet by chance. At a venue with n visits of which c pairs were close, a
random pair of visits is close with probability q = c / (n(n-1)/2); so two people with m and k visits there
are expected to meet m·k·q times by chance, summed over their venues. A ring that makes up much of a venue's
visits would raise q and so excuse itself; therefore q is at most a few times what visits spread evenly over
the venue's days would give. The pair is an edge when it met on more days than a Poisson variable of that
mean, at a false discovery rate of one in a hundred over all pairs that met. Stays and other visits are tested
apart, because a few common stays are strong evidence; so are purchases of an expensive medicine, which is the
venue there (`copurchase`).
"""

import ibis
import pandas as pd
from ibis import _

from claims.as_of import STAY
from features.graphs.queue import ends, first_of, following
from features.windows import YEAR
from significance.chance import neg_log10_fdr, significant

# Kind of the rows whose venue is a medicine.
MEDICINE = "medicine"
# Seconds within which two events are close: outpatient visits and purchases two hours, admissions a day
# (M02), a medicine the opening hours of a day.
CLOSE_SECONDS, CLOSE_STAY_SECONDS, OPEN_SECONDS = 2 * 3600, 24 * 3600, 10 * 3600
# A visit is paired with so many of the next ones at most: a day of 10,000 visits makes 200,000 pairs, not 50
# million.
NEXT_VISITS = 20
# Fewest common days of an edge (M02: two to three shared stays, M26: three days).
MIN_DAYS, MIN_STAYS = 3, 2
# Upper bound of q, as a multiple of that of an even spread: seasons, market days and opening hours crowd
# visits. Own starting values.
MAX_RATE_RATIO, STAY_CROWDING = 3, 1
# Patients who refill the same medicine do so every four weeks; those who happen to be in the same week meet
# on one of the five working days.
REFILL_DAYS, REFILL_SLACK = 28, 5
# Rows of this module: an event of a person at a venue.
_EVENT = ["venue", "kind", "psn_no", "day", "second", "mdtrt_id", "course", "days_ago"]
_PAIR = ["a", "b", "kind"]


def visits(facts: ibis.Table) -> ibis.Table:
    """Visits as events: venue (the institution), kind, psn_no, day, second, mdtrt_id, course, days_ago.

    Physiotherapy for outpatients is a course as well: those who have it at one hour meet day after day.
    """
    physiotherapy = ((facts.kind != STAY) & (facts.rehab > 0)).fill_null(False)
    events = facts.mutate(course=facts.course | physiotherapy)
    return events.rename(venue="fixmedins_code").select(*_EVENT)


def meetings(events: ibis.Table) -> ibis.Table:
    """Pairs of people close in time at one venue: venue, kind, day, a, b (a < b), mdtrt_a, mdtrt_b.

    Courses of treatment are left out: dialysis shifts and chemotherapy cycles meet by schedule.

    Args:
        events: `visits`, or `copurchase.purchases`.
    """
    queue = ["venue", "kind"]
    # One event a person, venue and day: a person who pays twice has not come twice.
    rows = _counted(events).select(*queue, "psn_no", "day", "second", "mdtrt_id")
    rows = first_of(rows, [*queue, "psn_no", "day"], ["second", "mdtrt_id"])
    pairs = following(rows, queue, ["second", "mdtrt_id"], NEXT_VISITS)
    limit = _by_kind(pairs.kind, CLOSE_SECONDS, CLOSE_STAY_SECONDS, OPEN_SECONDS)
    close = pairs.filter(pairs.later_second - pairs.second <= limit, pairs.psn_no != pairs.later_psn_no)
    return close.select(
        *queue,
        "day",
        **ends(close, "psn_no", "a", "b"),
        **ends(close, "mdtrt_id", "mdtrt_a", "mdtrt_b"),
    )


def edges(events: ibis.Table, met: ibis.Table) -> pd.DataFrame:
    """Pairs that met more often than chance explains.

    Args:
        events: as of `meetings`.
        met: `meetings`, stored, for it is read several times.

    Returns:
        a, b, days (observed), expected (days by chance), neg_log10_fdr (`significance.chance`).
    """
    pairs = met.group_by(_PAIR).aggregate(days=_.day.nunique())
    often = pairs.filter(pairs.days >= ibis.ifelse(pairs.kind == STAY, MIN_STAYS, MIN_DAYS))
    found = often.inner_join(_expected(events, met, often), _PAIR).to_pandas()
    tested = pairs.group_by("kind").aggregate(n=_.count()).to_pandas().set_index("kind")["n"]
    found["neg_log10_fdr"] = 0.0
    for kind, rows in found.groupby("kind"):
        fdr = neg_log10_fdr(rows["days"], rows["expected"], int(tested[kind]))
        found.loc[rows.index, "neg_log10_fdr"] = fdr
    sums = {"days": "sum", "expected": "sum", "neg_log10_fdr": "max"}
    return significant(found).groupby(["a", "b"]).agg(sums).reset_index()


def _expected(events: ibis.Table, met: ibis.Table, pairs: ibis.Table) -> ibis.Table:
    """Meetings that the volumes of their common venues explain: a, b, kind, expected."""
    rows = _counted(events)
    days = rows.group_by("venue", "kind", "psn_no").aggregate(n=_.day.nunique())
    of_a, of_b = days.rename(a="psn_no", n_a="n"), days.rename(b="psn_no", n_b="n")
    both = pairs.select(_PAIR).inner_join(of_a, ["a", "kind"]).inner_join(of_b, ["b", "venue", "kind"])
    both = both.inner_join(_close_rate(rows, days, met), ["venue", "kind"])
    both = both.mutate(chance=_.n_a * _.n_b * _.q)
    chance = (both.kind == MEDICINE).ifelse(_on_a_cycle(both), both.chance)
    return both.mutate(chance=chance).group_by(_PAIR).aggregate(expected=_.chance.sum().round(9))


def _close_rate(rows: ibis.Table, days: ibis.Table, met: ibis.Table) -> ibis.Table:
    """Probability that a random pair of visits of a venue is close: venue, kind, q.

    Args:
        rows: `_counted`.
        days: venue, kind, psn_no, n (days of the person there).
    """
    venue = ["venue", "kind"]
    rate = days.group_by(venue).aggregate(n=_.n.sum())
    rate = rate.inner_join(_open_days(rows), venue)
    rate = rate.inner_join(met.group_by(venue).aggregate(close=_.count()), venue)
    # The share of a venue's pairs on one day that are close where visits are spread evenly over its opening
    # hours.
    even = _by_kind(rate.kind, 2 * CLOSE_SECONDS / OPEN_SECONDS, 2 * CLOSE_STAY_SECONDS / 86400, 1.0)
    crowding = _by_kind(rate.kind, MAX_RATE_RATIO, STAY_CROWDING, 1)
    observed = rate.close / (rate.n * (rate.n - 1) / 2)
    return rate.select(*venue, q=ibis.least(observed, crowding * even / rate.days))


def _open_days(rows: ibis.Table) -> ibis.Table:
    """Days of the year over which visits of a venue spread: venue, kind, days; own ones, at least the median
    of the venues of the kind, and all of the year for stays.

    Args:
        rows: `_counted`.
    """
    own = rows.group_by("venue", "kind").aggregate(days=_.day.nunique())
    peers = own.days.median().over(ibis.window(group_by="kind"))
    return own.mutate(days=_by_kind(own.kind, ibis.greatest(own.days, peers), YEAR, own.days))


def _on_a_cycle(both: ibis.Table) -> ibis.Value:
    """Expected common days of two people who refill the same medicine every four weeks, at most what their
    number of refills allows."""
    refills = ibis.least(both.n_a, both.n_b, YEAR // REFILL_DAYS)
    return ibis.least(both.chance * REFILL_DAYS / REFILL_SLACK, both.chance + refills / REFILL_SLACK)


def _counted(events: ibis.Table) -> ibis.Table:
    """Events of the last year outside courses of treatment; kind is STAY, MEDICINE or ``visit``."""
    rows = events.filter(events.days_ago <= YEAR, ~events.course)
    return rows.mutate(kind=rows.kind.isin([STAY, MEDICINE]).ifelse(rows.kind, "visit"))


def _by_kind(
    kind: ibis.Value, visit: float | ibis.Value, stay: float, medicine: float | ibis.Value
) -> ibis.Value:
    return ibis.cases((kind == STAY, stay), (kind == MEDICINE, medicine), else_=visit)


def linking_visits(met: ibis.Table, linked: ibis.Table) -> ibis.Table:
    """The visits that make the edges: mdtrt_id, a, b, other (the person met).

    Args:
        met: `meetings`.
        linked: a, b of `edges`.
    """
    kept = met.semi_join(linked, ["a", "b"])
    return ibis.union(
        kept.select("a", "b", mdtrt_id="mdtrt_a", other="b"),
        kept.select("a", "b", mdtrt_id="mdtrt_b", other="a"),
    ).select("mdtrt_id", "a", "b", "other")
