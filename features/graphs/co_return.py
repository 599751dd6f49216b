"""Who was together once and is together again, though nobody meets anybody often (M01, M02, M15).

Two or three common stays are no proof against any one pair when thousands of pairs were tried. The group is: of the
people admitted to a hospital in one week, how many come back in one and the same later week? A place has n people in
a window and m in a later one; if its people come back whenever they like, n·m·q of them stand in both, q being how
often two windows of the place share a person, for windows of the same weekday and hour where those share more (market
days, fixed clinics). Where more stand in both than a Poisson variable of that mean would, at a false discovery
rate of one in a hundred over all pairs of windows, they came back together, and each of them is an edge to the others.
"""

import ibis
import pandas as pd
from ibis import _

from claims.as_of import STAY
from features.graphs.chance import neg_log10_fdr, significant
from features.graphs.queue import ends, following
from features.windows import YEAR

# A round of a broker takes days, one of a card collector hours: five days of admissions, three hours of visits.
SECONDS, STAY_SECONDS = 3 * 3600, 5 * 86_400
# Two grids, half a window apart, so that a round cut by one lies whole in the other.
_GRIDS = 2
# Fewer who return together are a family.
LEAST_STAYS, LEAST_VISITS = 4, 5
# Same weekday and hour: habits of a market day explain so many times what the place's windows share otherwise.
HABIT = 3
# Each is an edge to so many next ones of the window at most.
NEXT_MEMBERS = 20
_WEEK = 7 * 86_400
_GRID = ["place", "kind", "grid"]
_WINDOW = [*_GRID, "slot"]
_CELL = [*_WINDOW, "later"]


def windows(facts: ibis.Table) -> ibis.Table:
    """Who was where in which window of the last year: place, kind, grid, slot, phase, psn_no, second, mdtrt_id.

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
    # Admissions follow no weekly clock over five days.
    phase = (seen.kind == STAY).ifelse(0, seen.slot % (_WEEK // SECONDS))
    return (
        seen.mutate(phase=phase.cast("int64"))
        .group_by(*_WINDOW, "phase", "psn_no")
        .aggregate(second=_.second.min(), mdtrt_id=_.mdtrt_id.min())
    )


def returns(seen: ibis.Table) -> pd.DataFrame:
    """Pairs of windows of a place that share more people than chance explains.

    Args:
        seen: `windows`, stored, for it is read several times.

    Returns:
        place, kind, grid, slot, later (the other slot), shared, expected (people), surprise.
    """
    volume = seen.group_by(*_WINDOW, "phase").aggregate(n=_.count())
    mine = seen.select(*_GRID, "psn_no", "slot", "phase")
    both = mine.inner_join(mine.rename(later="slot", later_phase="phase"), [*_GRID, "psn_no"])
    # The window after the next at the earliest: whoever is moved from ward to ward has not come back.
    both = both.filter(both.later - both.slot >= 2).mutate(habit=_.phase == _.later_phase)
    shared = both.group_by(*_CELL, "habit").aggregate(shared=_.count())
    least = ibis.ifelse(shared.kind == STAY, LEAST_STAYS, LEAST_VISITS)
    often = shared.filter(shared.shared >= least)
    rate = _rate(volume, shared)
    sizes = volume.select(*_WINDOW, "n")
    found = often.inner_join(rate, _GRID)
    found = found.inner_join(sizes, _WINDOW)
    found = found.inner_join(sizes.rename(later="slot", later_n="n"), [*_GRID, "later"]).to_pandas()
    found["expected"] = found["q"].where(~found["habit"] | (found["kind"] == STAY), found["q_habit"])
    found["expected"] *= found["n"] * found["later_n"]
    tried = rate.group_by("kind").aggregate(tried=_.tried.sum()).to_pandas().set_index("kind")["tried"]
    found["neg_log10_fdr"] = 0.0
    for kind, rows in found.groupby("kind"):
        found.loc[rows.index, "neg_log10_fdr"] = neg_log10_fdr(
            rows["shared"], rows["expected"], int(tried[kind])
        )
    columns = [*_CELL, "shared", "expected", "neg_log10_fdr"]
    return significant(found)[columns].sort_values(_CELL, ignore_index=True)


def _rate(volume: ibis.Table, shared: ibis.Table) -> ibis.Table:
    """How often two windows of a place share a person, a pair of people who could be one: place, kind, grid, q, q_habit
    (of windows with the same weekday and hour, at most HABIT times q), tried (pairs of windows)."""

    def pairs(rows: ibis.Table, by: list[str]) -> ibis.Table:
        return rows.group_by(*by).aggregate(
            pairs=(_.n.sum() * _.n.sum() - (_.n * _.n).sum()) / 2, windows=_.count()
        )

    every = pairs(volume, _GRID).mutate(tried=_.windows * (_.windows - 1) / 2)
    same = pairs(volume, [*_GRID, "phase"]).group_by(*_GRID).aggregate(same=_.pairs.sum())
    met = shared.group_by(*_GRID).aggregate(
        met=_.shared.sum(), met_same=_.shared.sum(where=_.habit).fill_null(0)
    )
    rate = every.inner_join(same, _GRID).inner_join(met, _GRID)
    q = rate.met / rate.pairs.nullif(0)
    q_same = rate.met_same / rate.same.nullif(0)
    return rate.select(
        *_GRID,
        tried=rate.tried,
        q=q,
        q_habit=ibis.greatest(q, ibis.least(q_same.fill_null(0), HABIT * q)),
    )


def members(seen: ibis.Table, found: ibis.Table) -> ibis.Table:
    """Who came back: the columns of `returns`, psn_no, second and mdtrt_id (then), later_id.

    Args:
        seen: `windows`.
        found: `returns` as a table.
    """
    then = found.inner_join(seen.select(*_WINDOW, "psn_no", "second", "mdtrt_id"), _WINDOW)
    again = seen.select(*_GRID, "psn_no", later="slot", later_id="mdtrt_id")
    return then.inner_join(again, [*_GRID, "later", "psn_no"])


def pairs(came: ibis.Table) -> ibis.Table:
    """People who came back together: the windows, shared, expected, surprise, a, b (a < b), and of each the visits then
    and later (id_a, later_a, id_b, later_b).

    Args:
        came: `members`.
    """
    met = following(came, _CELL, ["second", "psn_no"], NEXT_MEMBERS)
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
    """The pairs: a, b, days (windows together), expected (by chance), places, surprise (summed over the pairs of windows).

    Args:
        together: `pairs`, stored.
    """
    # A pair of rounds seen by both grids is one.
    by_grid = together.group_by("a", "b", "grid").aggregate(
        rounds=_.slot.nunique() + 1,
        places=_.place.nunique(),
        neg_log10_fdr=_.neg_log10_fdr.sum(),
        chance=(_.expected / _.shared).mean(),
    )
    found = by_grid.group_by("a", "b").aggregate(
        days=_.rounds.max(),
        expected=(_.rounds * _.chance).max().round(9),
        places=_.places.max(),
        neg_log10_fdr=_.neg_log10_fdr.max().round(9),
    )
    return found.order_by("a", "b").to_pandas()


def ties(together: ibis.Table) -> ibis.Table:
    """The visits that make the edges: mdtrt_id, a, b, other (who was there too)."""
    sides = [("id_a", "b"), ("later_a", "b"), ("id_b", "a"), ("later_b", "a")]
    return ibis.union(
        *[together.select("a", "b", mdtrt_id=visit, other=other) for visit, other in sides]
    ).select("mdtrt_id", "a", "b", "other")
