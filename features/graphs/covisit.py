"""Who attends the same place close in time again and again, beyond what the place's volume explains (M02, M26).

Two people who share a busy clinic meet by accident. At a place with n visits of which c pairs were close, a random
pair of visits is close with probability q = c / (n(n-1)/2); so two people with m and k visits there should meet
m·k·q times by chance, summed over their places. Where a ring makes up much of a place's visits it would excuse
itself that way, so q is at most a few times what visits spread evenly over the place's days would give. The pair is
an edge when it met on more days than a Poisson variable of that mean would, at a false discovery rate of one in a
hundred over all pairs that were tried. Stays and other visits are tested apart: a few common stays tell much; so are
purchases of a dear medicine, which stands in for the place (`copurchase`).
"""

import ibis
import pandas as pd
from ibis import _

from claims.as_of import STAY
from features.graphs.chance import neg_log10_fdr, significant
from features.graphs.queue import ends, following
from features.windows import YEAR

# Kind of the rows in which a medicine is the place.
MEDICINE = "medicine"
# Outpatient visits and purchases within two hours, admissions within a day (M02), a medicine within opening hours.
CLOSE_SECONDS, CLOSE_STAY_SECONDS, OPEN_SECONDS = 2 * 3600, 24 * 3600, 10 * 3600
# A visit is paired with so many of the next ones at most: a day of 10,000 visits makes 200,000 pairs, not 50 million.
NEXT_VISITS = 20
# Fewer common days than this are no habit (M02: two to three shared stays, M26: three days).
LEAST_DAYS, LEAST_STAYS = 3, 2
# Seasons, market days and opening hours crowd visits; beyond this many times the even spread it is no accident.
CROWDING, STAY_CROWDING = 3, 1
# Patients who happen to refill in the same week do so every four weeks, and every fifth time on the same day.
REFILL_DAYS, REFILL_SLACK = 28, 5


def meetings(facts: ibis.Table) -> ibis.Table:
    """Pairs of people close in time at one place: place, kind, day, a, b (a < b), mdtrt_a, mdtrt_b.

    Courses of treatment are left out: dialysis shifts and chemotherapy cycles meet by schedule.
    """
    seen = _seen(facts)
    # One event a person, place and day: a person who pays twice has not come twice.
    first = ibis.window(group_by=["fixmedins_code", "kind", "psn_no", "day"], order_by=["second", "mdtrt_id"])
    seen = seen.select("fixmedins_code", "kind", "psn_no", "day", "second", "mdtrt_id")
    seen = seen.mutate(_nth=ibis.row_number().over(first)).filter(_._nth == 0)
    queue = ["fixmedins_code", "kind"]
    near = following(seen.drop("_nth"), queue, ["second", "mdtrt_id"], NEXT_VISITS)
    limit = _by_kind(near.kind, CLOSE_SECONDS, CLOSE_STAY_SECONDS, OPEN_SECONDS)
    near = near.filter(near.later_second - near.second <= limit, near.psn_no != near.later_psn_no)
    return near.select(
        place=near.fixmedins_code,
        kind=near.kind,
        day=near.day,
        **ends(near, "psn_no", "a", "b"),
        **ends(near, "mdtrt_id", "mdtrt_a", "mdtrt_b"),
    )


def edges(facts: ibis.Table, met: ibis.Table) -> pd.DataFrame:
    """Pairs that met more often than chance explains.

    Args:
        met: `meetings`, stored, for it is read several times.

    Returns:
        a, b, days (observed), expected (days by chance), places, surprise (-log10 of the share of false edges among
        those at least as surprising; Benjamini and Hochberg 1995).
    """
    pairs = met.group_by("a", "b", "kind").aggregate(days=_.day.nunique(), places=_.place.nunique())
    often = pairs.filter(pairs.days >= ibis.ifelse(pairs.kind == STAY, LEAST_STAYS, LEAST_DAYS))
    found = often.left_join(_by_chance(facts, met, often), ["a", "b", "kind"]).to_pandas()
    found["expected"] = found["expected"].fillna(0)
    tried = pairs.group_by("kind").aggregate(n=_.count()).to_pandas().set_index("kind")["n"]
    found["neg_log10_fdr"] = 0.0
    for kind, rows in found.groupby("kind"):
        found.loc[rows.index, "neg_log10_fdr"] = neg_log10_fdr(
            rows["days"], rows["expected"], int(tried[kind])
        )
    sums = {"days": "sum", "expected": "sum", "places": "max", "neg_log10_fdr": "max"}
    return (
        significant(found)
        .groupby(["a", "b"])
        .agg(sums)
        .reset_index()
        .sort_values(["a", "b"], ignore_index=True)
    )


def _by_chance(facts: ibis.Table, met: ibis.Table, pairs: ibis.Table) -> ibis.Table:
    """Meetings that the volumes of their common places explain: a, b, kind, expected."""
    seen = _seen(facts).rename(place="fixmedins_code")
    visits = seen.group_by("place", "kind", "psn_no").aggregate(n=_.day.nunique())
    volume = visits.group_by("place", "kind").aggregate(n=_.n.sum())
    volume = volume.inner_join(
        seen.group_by("place", "kind").aggregate(days=_.day.nunique()), ["place", "kind"]
    )
    close = met.group_by("place", "kind").aggregate(close=_.count())
    rate = volume.inner_join(close, ["place", "kind"])
    # The share of a place's pairs that lie close where its visits are spread evenly, times the days it is open.
    even = _by_kind(rate.kind, 2 * CLOSE_SECONDS / OPEN_SECONDS, 2 * CLOSE_STAY_SECONDS / 86400, 1.0)
    crowding = _by_kind(rate.kind, CROWDING, STAY_CROWDING, 1)
    seen_close = rate.close / (rate.n * (rate.n - 1) / 2).nullif(0)
    rate = rate.select("place", "kind", q=ibis.least(seen_close, crowding * even / rate.days))
    of_a = visits.rename(a="psn_no", n_a="n")
    of_b = visits.rename(b="psn_no", n_b="n")
    both = (
        pairs.select("a", "b", "kind")
        .inner_join(of_a, ["a", "kind"])
        .inner_join(of_b, ["b", "place", "kind"])
    )
    both = both.inner_join(rate, ["place", "kind"]).mutate(chance=_.n_a * _.n_b * _.q)
    expected = (both.kind == MEDICINE).ifelse(_on_a_cycle(both), both.chance)
    return both.mutate(chance=expected).group_by("a", "b", "kind").aggregate(expected=_.chance.sum().round(9))


def _on_a_cycle(both: ibis.Table) -> ibis.Value:
    """Common days of two people who refill the same medicine every four weeks, as often as their weeks allow."""
    refills = ibis.least(both.n_a, both.n_b, YEAR // REFILL_DAYS)
    return ibis.least(both.chance * REFILL_DAYS / REFILL_SLACK, both.chance + refills / REFILL_SLACK)


def _seen(facts: ibis.Table) -> ibis.Table:
    """Visits of the last year by kind: stays, purchases of a medicine, other visits; courses of treatment left out."""
    seen = facts.filter(facts.days_ago <= YEAR, ~facts.course)
    return seen.mutate(kind=seen.kind.isin([STAY, MEDICINE]).ifelse(seen.kind, "visit"))


def _by_kind(kind: ibis.Value, visit: float, stay: float, medicine: float) -> ibis.Value:
    return ibis.cases((kind == STAY, stay), (kind == MEDICINE, medicine), else_=visit)


def ties(met: ibis.Table, linked: ibis.Table) -> ibis.Table:
    """The visits that make the edges: mdtrt_id, a, b, other (who was there too).

    Args:
        linked: a, b of `edges`.
    """
    kept = met.semi_join(linked, ["a", "b"])
    return ibis.union(
        kept.select("a", "b", mdtrt_id="mdtrt_a", other="b"),
        kept.select("a", "b", mdtrt_id="mdtrt_b", other="a"),
    ).select("mdtrt_id", "a", "b", "other")
