"""Admission waves: more people of one village admitted to one hospital within days than catchment explains.

A space-time scan (Kulldorff 1997, doi 10.1080/03610929708831995) over hospital × village × window of days.
A wave can be proof though it happens once (M01, M02, M11), so its members are linked without ever meeting
again. What is usual is never taken from the suspected volume itself, or a house that lives on its rings
would explain them: expected is how often the village is admitted anywhere else, times how the neighbouring
villages choose between this hospital and the others.
"""

import ibis
import pandas as pd
from ibis import _

from claims.as_of import STAY
from features.graphs.chance import neg_log10_fdr, significant
from features.graphs.queue import ends, following
from features.windows import YEAR

# Admissions on so many days in a row make one window: a bus brings a village in a day, its papers take two
# more.
WINDOW_DAYS = 3
# Fewer people are a household.
MIN_PERSONS = 3
# Each is linked to so many next ones of the wave at most.
NEXT_MEMBERS = 20
# The county's choice is shrunk toward everybody's, as if by so many people; a village has so many
# admissions elsewhere at least.
_PRIOR_PERSONS, _PRIOR_ADMISSIONS = 10, 2
# Where a county has one hospital, the village's admissions elsewhere say little: no odds above nine to one.
_MOST_SHARE = 0.9
_WAVE = ["hospital", "village", "start"]
COLUMNS = [*_WAVE, "shared", "expected", "neg_log10_fdr", "event"]


def admissions(facts: ibis.Table) -> ibis.Table:
    """Admissions of the last year outside courses of treatment: hospital, village, county, day (number),
    psn_no, second, mdtrt_id."""
    stays = facts.filter(facts.days_ago <= YEAR, facts.kind == STAY, ~facts.course, facts.village.notnull())
    return stays.select(
        "psn_no",
        "second",
        "mdtrt_id",
        hospital=stays.fixmedins_code,
        village=stays.village,
        county=stays.village.left(6),
        day=stays.day.epoch_days(),
    )


def waves(admitted: ibis.Table) -> pd.DataFrame:
    """The waves beyond chance.

    Args:
        admitted: `admissions`, stored.

    Returns:
        hospital, village, start (number of the first day), shared (people), expected, neg_log10_fdr, event:
        waves of several villages at one hospital in overlapping windows are one event.
    """
    crowded = _windows(admitted).filter(_.shared >= MIN_PERSONS)
    found = crowded.inner_join(_usual(admitted), ["hospital", "village"]).order_by(*_WAVE).to_pandas()
    if found.empty:
        return found.assign(expected=0.0, neg_log10_fdr=0.0, event=0)[COLUMNS]
    found["expected"] = found["a_year"] * WINDOW_DAYS / YEAR
    houses, villages = (int(admitted[name].nunique().execute()) for name in ("hospital", "village"))
    tested = houses * villages * YEAR // WINDOW_DAYS
    found["neg_log10_fdr"] = neg_log10_fdr(found["shared"], found["expected"], tested)
    found = significant(found).sort_values(["hospital", "start", "village"], ignore_index=True)
    apart = (found["start"].diff() >= WINDOW_DAYS) | (found["hospital"] != found["hospital"].shift())
    return found.assign(event=apart.cumsum())[COLUMNS]


def _windows(admitted: ibis.Table) -> ibis.Table:
    """People of a village admitted to a hospital in each window, of overlapping windows the fullest."""
    starts = ibis.range(0, WINDOW_DAYS).unnest().name("back").as_table()
    standing = admitted.cross_join(starts).mutate(start=_.day - _.back)
    counts = standing.group_by(*_WAVE).aggregate(shared=_.psn_no.nunique())
    near = ibis.window(
        group_by=["hospital", "village"], order_by="start", range=(-(WINDOW_DAYS - 1), WINDOW_DAYS - 1)
    )
    best = counts.mutate(most=_.shared.max().over(near))
    best = best.filter(_.shared == _.most)
    before = ibis.window(group_by=["hospital", "village"], order_by="start")
    gap = best.mutate(gap=_.start - _.start.lag().over(before))
    return gap.filter(_.gap.isnull() | (_.gap >= WINDOW_DAYS)).select(*_WAVE, "shared")


def _usual(admitted: ibis.Table) -> ibis.Table:
    """Admissions of a village to a hospital that its other admissions and its neighbours lead one to expect a
    year."""
    cells = admitted.group_by("hospital", "village", "county").aggregate(n=_.count())
    villages = cells.group_by("village", "county").aggregate(of_village=_.n.sum())
    counties = cells.group_by("county").aggregate(of_county=_.n.sum())
    here = cells.group_by("hospital", "county").aggregate(near=_.n.sum())
    houses = cells.group_by("hospital").aggregate(of_house=_.n.sum())
    every = cells.n.sum().as_scalar()
    rows = cells.inner_join(villages.drop("county"), "village").inner_join(counties, "county")
    rows = rows.inner_join(here, ["hospital", "county"]).inner_join(houses, "hospital")
    everybody = (rows.of_house - rows.near) / ibis.greatest(every - rows.of_county, 1)
    neighbours = rows.near - rows.n + _PRIOR_PERSONS * everybody
    share = neighbours / (rows.of_county - rows.of_village + _PRIOR_PERSONS)
    elsewhere = rows.of_village - rows.n + _PRIOR_ADMISSIONS
    odds = share / (1 - ibis.least(share, _MOST_SHARE))
    return rows.select("hospital", "village", a_year=elsewhere * odds)


def pairs(admitted: ibis.Table, found: ibis.Table) -> ibis.Table:
    """People of one event: event, shared, expected, neg_log10_fdr, a, b (a < b), and the stay of each
    (id_a, id_b).

    Args:
        admitted: `admissions`, stored.
        found: `waves` as a table.
    """
    inside = found.inner_join(admitted, ["hospital", "village"])
    inside = inside.filter(_.day >= _.start, _.day < _.start + WINDOW_DAYS)
    met = following(inside, ["event"], ["second", "psn_no"], NEXT_MEMBERS)
    return met.select(
        "event",
        **ends(met, "psn_no", "a", "b"),
        **ends(met, "mdtrt_id", "id_a", "id_b"),
        shared=met.shared,
        expected=met.expected,
        neg_log10_fdr=met.neg_log10_fdr,
    )


def edges(together: ibis.Table) -> pd.DataFrame:
    """The pairs: a, b, days (waves together), expected (by chance), neg_log10_fdr (summed over the waves).

    Args:
        together: `pairs`, stored.
    """
    found = (
        together.filter(_.a != _.b)
        .group_by("a", "b")
        .aggregate(
            days=_.count(),
            expected=(_.expected / _.shared).sum().round(9),
            neg_log10_fdr=_.neg_log10_fdr.sum().round(9),
        )
    )
    return found.order_by("a", "b").to_pandas()


def ties(together: ibis.Table) -> ibis.Table:
    """The stays that make the edges: mdtrt_id, a, b, other (the person admitted with)."""
    sides = [("id_a", "b"), ("id_b", "a")]
    return ibis.union(*[together.select("a", "b", mdtrt_id=stay, other=who) for stay, who in sides]).select(
        "mdtrt_id", "a", "b", "other"
    )
