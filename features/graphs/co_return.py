"""People who attend a place together and return to it together, though no pair meets often (M01, M02, M15).

Two or three common stays are no evidence against a single pair when thousands of pairs are tested; for a
group they are: of the people admitted to a hospital in one week, how many return in the same later week? A
place has n people in one window and m in a later one. If they return independently of each other, n·m·q of
them are in both, q being the probability that two windows of the place share a person; for windows of the
same weekday and hour it is that of such windows where they share more (market days, fixed clinics). Where
more people are in both than a Poisson variable of that mean, at a false discovery rate of one in a hundred
over all pairs of windows, they returned together, and each of them has an edge to the others.
"""

from typing import cast

import ibis
import pandas as pd
from ibis import _

from claims.as_of import STAY
from features.graphs.queue import ends, following
from features.windows import YEAR
from significance.chance import neg_log10_fdr, significant

# Length of a window: a broker fills a ward in days (five days of admissions), a collector uses the cards in
# hours (three hours of visits). Own starting values.
SECONDS, STAY_SECONDS = 3 * 3600, 5 * 86_400
# Two grids of windows, half a window apart, so that a group cut by one is whole in the other.
_GRIDS = 2
# Fewest people who return together: fewer may be a family. Own starting values.
MIN_STAYS, MIN_VISITS = 4, 5
# Upper bound of q for windows of the same weekday and hour, as a multiple of the place's q. Own starting
# value.
MAX_RATE_RATIO = 3
# Two windows count with so many times the people that windows of the place usually share, and one, at most,
# or a place that lives on those who return together would explain them. Own starting value.
WINSORISED = 2
# A person has an edge to so many next ones of the window at most.
NEXT_MEMBERS = 20
_WEEK = 7 * 86_400
_GRID = ["place", "kind", "grid"]
_WINDOW = [*_GRID, "slot"]
_CELL = [*_WINDOW, "later"]


def windows(facts: ibis.Table) -> ibis.Table:
    """Who was where in which window of the last year: place, kind, grid, slot, phase, psn_no, second,
    mdtrt_id.

    Courses of treatment are left out: their patients come back together by schedule.
    """
    seen = facts.filter(facts.days_ago <= YEAR, ~facts.course)
    stay = seen.kind == STAY
    grids = ibis.range(0, _GRIDS).unnest().name("grid").as_table()
    seen = seen.select(
        "psn_no",
        "mdtrt_id",
        "second",
        place="fixmedins_code",
        kind=stay.ifelse(STAY, "visit"),
        width=stay.ifelse(STAY_SECONDS, SECONDS),
    ).cross_join(grids)
    start = seen.second + seen.grid * seen.width / _GRIDS
    seen = seen.mutate(slot=(start / seen.width).floor().cast("int64"))
    # A window of five days has no weekday.
    phase = (seen.kind == STAY).ifelse(0, seen.slot % (_WEEK // SECONDS))
    return (
        seen.mutate(phase=phase.cast("int64"))
        .group_by(*_WINDOW, "phase", "psn_no")
        .aggregate(second=_.second.min(), mdtrt_id=_.mdtrt_id.min())
    )


def returns(seen: ibis.Table) -> pd.DataFrame:
    """Pairs of windows of a place that share more people than chance explains.

    Args:
        seen: `windows`, stored, because it is read several times.

    Returns:
        place, kind, grid, slot, later (the other slot), shared, expected (people), neg_log10_fdr.
    """
    volume = seen.group_by(*_WINDOW, "phase").aggregate(n=_.count())
    shared = _shared(seen)
    rate = _share_rate(volume, shared)
    often = shared.filter(shared.shared >= ibis.ifelse(shared.kind == STAY, MIN_STAYS, MIN_VISITS))
    sizes = volume.select(*_WINDOW, "n")
    later = sizes.rename(later="slot", later_n="n")
    found = often.inner_join(rate, _GRID).inner_join(sizes, _WINDOW).inner_join(later, [*_GRID, "later"])
    found = found.to_pandas()
    # A window of five days has no weekday, so stays have no habit.
    q = found["q"].where(~found["habit"] | (found["kind"] == STAY), found["q_habit"])
    found = found.assign(expected=q * (found["n"] * found["later_n"]), neg_log10_fdr=0.0)
    tested = rate.group_by("kind").aggregate(n=_.tested.sum()).to_pandas().set_index("kind")["n"]
    for kind, rows in found.groupby("kind"):
        fdr = neg_log10_fdr(rows["shared"], rows["expected"], int(tested[kind]))
        found.loc[rows.index, "neg_log10_fdr"] = fdr
    columns = [*_CELL, "shared", "expected", "neg_log10_fdr"]
    return significant(found)[columns].sort_values(_CELL, ignore_index=True)


def _shared(seen: ibis.Table) -> ibis.Table:
    """People in two windows of a place: the windows, habit (same weekday and hour), shared."""
    mine = seen.select(*_GRID, "psn_no", "slot", "phase")
    both = mine.inner_join(mine.rename(later="slot", later_phase="phase"), [*_GRID, "psn_no"])
    # The window after the next at the earliest: a patient moved from ward to ward has not returned.
    both = both.filter(both.later - both.slot >= 2).mutate(habit=_.phase == _.later_phase)
    return both.group_by(*_CELL, "habit").aggregate(shared=_.count())


def _share_rate(volume: ibis.Table, shared: ibis.Table) -> ibis.Table:
    """Probability that one person of a window and one of another are the same: place, kind, grid, q, q_habit
    (windows of the same weekday and hour, at most MAX_RATE_RATIO times q), tested (pairs of windows).

    Args:
        volume: people of each window, n.
        shared: `_shared`.
    """
    every = _pairs_of_people(volume, _GRID).mutate(tested=_.windows * (_.windows - 1) / 2)
    same = _pairs_of_people(volume, [*_GRID, "phase"]).group_by(*_GRID).aggregate(same=_.pairs.sum())
    met = (
        _winsorised(shared, every)
        .group_by(*_GRID)
        .aggregate(met=_.shared.sum(), met_same=_.shared.sum(where=_.habit).fill_null(0))
    )
    rate = every.inner_join(same, _GRID).inner_join(met, _GRID)
    q = rate.met / rate.pairs.nullif(0)
    q_same = rate.met_same / rate.same.nullif(0)
    habit = ibis.greatest(q, ibis.least(q_same.fill_null(0), MAX_RATE_RATIO * q))
    return rate.select(*_GRID, "tested", q=q, q_habit=habit)


def _winsorised(shared: ibis.Table, every: ibis.Table) -> ibis.Table:
    """`_shared`, of stays with at most one more than WINSORISED times what two windows of the place usually
    share; people refill medicine on a cycle, so that other visits count as they are.

    Args:
        every: place, kind, grid, tested (pairs of windows).
    """
    rows = shared.inner_join(every.select(*_GRID, "tested"), _GRID)
    place = ibis.window(group_by=_GRID)
    often = rows.count().over(place) * 2 > rows.tested
    usual = often.ifelse(rows.shared.median().over(place), 0)
    most = (rows.kind == STAY).ifelse(1 + WINSORISED * usual, rows.shared)
    return rows.mutate(shared=ibis.least(rows.shared, most)).drop("tested")


def _pairs_of_people(volume: ibis.Table, by: list[str]) -> ibis.Table:
    """Number of pairs of people from two different windows, and number of windows: pairs, windows."""
    squared, squares = _.n.sum() * _.n.sum(), (_.n * _.n).sum()
    return volume.group_by(*by).aggregate(pairs=(squared - squares) / 2, windows=_.count())


def members(seen: ibis.Table, found: ibis.Table) -> ibis.Table:
    """Who returned: the columns of `returns`, psn_no, second and mdtrt_id (then), later_id.

    Args:
        seen: `windows`.
        found: `returns` as a table.
    """
    then = found.inner_join(seen.select(*_WINDOW, "psn_no", "second", "mdtrt_id"), _WINDOW)
    again = seen.select(*_GRID, "psn_no", later="slot", later_id="mdtrt_id")
    return then.inner_join(again, [*_GRID, "later", "psn_no"])


def pairs(returned: ibis.Table) -> ibis.Table:
    """People who returned together: the windows, shared, expected, neg_log10_fdr, a, b (a < b), and of each
    the visits then and later (id_a, later_a, id_b, later_b).

    Args:
        returned: `members`.
    """
    met = following(returned, _CELL, ["second", "psn_no"], NEXT_MEMBERS)
    return met.select(
        *_CELL,
        **ends(met, "psn_no", "a", "b"),
        **ends(met, "mdtrt_id", "id_a", "id_b"),
        **ends(met, "later_id", "later_a", "later_b"),
        shared=met.shared,
        expected=met.expected,
        neg_log10_fdr=met.neg_log10_fdr,
    )


def edges(together: ibis.Table) -> pd.DataFrame:
    """The pairs: a, b, days (windows together), expected (by chance), neg_log10_fdr (-log10 of the false
    discovery rate of each pair of windows, summed: the strength of the link).

    Args:
        together: `pairs`, stored.
    """
    # Both grids may show the same return; it counts once.
    by_grid = together.group_by("a", "b", "grid").aggregate(
        windows=_.slot.nunique() + 1,
        neg_log10_fdr=_.neg_log10_fdr.sum(),
        chance=(_.expected / _.shared).mean(),
    )
    found = by_grid.group_by("a", "b").aggregate(
        days=_.windows.max(),
        expected=(_.windows * _.chance).max().round(9),
        neg_log10_fdr=_.neg_log10_fdr.max().round(9),
    )
    return cast(pd.DataFrame, found.order_by("a", "b").to_pandas())


def linking_visits(together: ibis.Table) -> ibis.Table:
    """The visits that make the edges: mdtrt_id, a, b, other (the person returned with)."""
    sides = [("id_a", "b"), ("later_a", "b"), ("id_b", "a"), ("later_b", "a")]
    return ibis.union(
        *[together.select("a", "b", mdtrt_id=visit, other=other) for visit, other in sides]
    ).select("mdtrt_id", "a", "b", "other")
