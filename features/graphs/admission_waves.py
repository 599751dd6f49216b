"""Admission waves: more people of one village, disease or bill admitted to a hospital within days than usual.

A space-time scan (Kulldorff 1997, doi 10.1080/03610929708831995) over hospital × window of days × village,
disease or bill template, and of whoever it is at hospitals that are empty most of the time. A wave can be
proof though it happens once (M01, M02, M11), so its members are linked without ever meeting again. What is
usual never comes from the suspected volume, or a hospital that lives on its waves would explain them: the
other windows of the year count with their usual number of people at most (a winsorised mean), so that a wave
counts as one arrival however many it brings. Where the village or the disease is admitted more often
everywhere else in the same days (an epidemic, an accident, a market week), more is expected here, too.
Whoever is admitted in a wave without sharing village, disease or bill with it is a part of it only where
those like him are more than chance alone brings.
"""

import ibis
import pandas as pd
from ibis import _
from scipy.stats import poisson

from claims.as_of import STAY
from features.graphs import events
from features.graphs.queue import first_of
from features.windows import YEAR
from significance.chance import neg_log10_fdr, significant

# Length of a window: a broker fills a ward in days. Own starting value.
WINDOW_DAYS = 5
# Two grids of windows, half a window apart, so that a wave cut by one is whole in the other.
_GRIDS = 2
_SLOTS = YEAR / WINDOW_DAYS
# Fewest people of a wave: fewer may be a family. Own starting value.
MIN_PERSONS = 4
# Bills with fewer different items are alike in many honest stays. Own starting value.
MIN_ITEMS = 6
# A window counts with so many times its usual number of people, and one, at most. Own starting value.
WINSORISED = 2
# So many admissions a year are usual of every village, disease and bill at every hospital, before data say
# more. Own starting value.
_PRIOR = 1.0
# Trait that all admissions share.
ANYTHING = "anything"
# People of a wave whom no village, disease or bill explains are bystanders where chance brings as many in one
# window of twenty (the usual level of a single test: the wave itself has passed the false discovery rate).
BYSTANDER_LEVEL = 0.05
_CELL = ["hospital", "shared_by", "value", "grid"]
_WAVE = [*_CELL, "slot"]


def admissions(facts: ibis.Table) -> ibis.Table:
    """Admissions of the last year outside courses of treatment, once for each trait and grid: hospital,
    shared_by (village, disease, bill, anything), value, grid, slot (number of the window), psn_no, second,
    mdtrt_id."""
    stays = facts.filter(facts.days_ago <= YEAR, facts.kind == STAY, ~facts.course)
    # Operations are done in series, for one disease and with one bill; a broker fills a ward from a village.
    unoperated = ~stays.operated.fill_null(False)
    traits = {
        "village": stays.village,
        "disease": unoperated.ifelse(stays.dx3, None),
        "bill": (unoperated & (stays.n_items >= MIN_ITEMS)).ifelse(stays.template.cast("string"), None),
        ANYTHING: unoperated.ifelse("", None),
    }
    rows = [
        stays.select(
            "psn_no",
            "second",
            "mdtrt_id",
            hospital=stays.fixmedins_code,
            shared_by=ibis.literal(trait),
            value=value,
            number=stays.day.epoch_days(),
        )
        for trait, value in traits.items()
    ]
    grids = ibis.range(0, _GRIDS).unnest().name("grid").as_table()
    seen = ibis.union(*rows).filter(_.value.notnull()).cross_join(grids)
    slot = ((seen.number + seen.grid * WINDOW_DAYS / _GRIDS) / WINDOW_DAYS).floor().cast("int64")
    return seen.mutate(slot=slot).drop("number")


def waves(admitted: ibis.Table) -> pd.DataFrame:
    """The waves beyond chance.

    Args:
        admitted: `admissions`, stored.

    Returns:
        hospital, shared_by, value, grid, slot, shared (people), expected, neg_log10_fdr.
    """
    found = _expected(_windows(admitted)).filter(_.shared >= MIN_PERSONS).order_by(*_WAVE).to_pandas()
    cells = admitted.group_by("shared_by").aggregate(hospitals=_.hospital.nunique(), values=_.value.nunique())
    cells = cells.to_pandas().set_index("shared_by")
    found["neg_log10_fdr"] = 0.0
    for trait, rows in found.groupby("shared_by"):
        tested = int(cells.loc[trait].prod() * _SLOTS)
        found.loc[rows.index, "neg_log10_fdr"] = neg_log10_fdr(rows["shared"], rows["expected"], tested)
    return significant(found)[[*_WAVE, "shared", "expected", "neg_log10_fdr"]].reset_index(drop=True)


def _windows(admitted: ibis.Table) -> ibis.Table:
    """People in each window: _WAVE, shared."""
    return admitted.group_by(*_WAVE).aggregate(shared=_.psn_no.nunique())


def _expected(windows: ibis.Table) -> ibis.Table:
    """Windows with the number of people that the other windows of the year, and the other hospitals in this
    one, lead one to expect: _WAVE, shared, expected."""
    cell = ibis.window(group_by=_CELL)
    often = windows.slot.count().over(cell) * 2 > _SLOTS
    rows = windows.mutate(usual=often.ifelse(windows.shared.median().over(cell), 0))
    rows = rows.mutate(counted=ibis.least(rows.shared, 1 + WINSORISED * rows.usual))
    # A hospital that is seldom empty has busy weeks.
    rows = rows.filter((rows.shared_by != ANYTHING) | (rows.usual == 0))
    others = (rows.counted.sum().over(cell) - rows.counted + _PRIOR) / _SLOTS
    return rows.select(*_WAVE, "shared", expected=others * _season(rows))


def _season(rows: ibis.Table) -> ibis.Value:
    """How many times as often as usual the village, disease or bill is admitted to other hospitals in a
    window: a lower bound (two standard deviations of a Poisson count), at least one."""
    everywhere, in_window = ["shared_by", "value", "grid"], ["shared_by", "value", "grid", "slot"]
    now = rows.shared.sum().over(ibis.window(group_by=in_window)) - rows.shared
    counted = rows.counted.sum()
    usual = counted.over(ibis.window(group_by=everywhere)) - counted.over(ibis.window(group_by=_CELL))
    return ibis.greatest((now - 2 * now.sqrt()) / ((usual + _PRIOR) / _SLOTS), 1)


def members(admitted: ibis.Table, found: ibis.Table) -> ibis.Table:
    """People of the waves, by their first stay in each: the columns of `waves`, psn_no, second, mdtrt_id,
    explained (the stay is part of a wave of its village, disease or bill).

    Args:
        admitted: `admissions`, stored.
        found: `waves` as a table.
    """
    inside = first_of(found.inner_join(admitted, _WAVE), [*_WAVE, "psn_no"], ["second", "mdtrt_id"])
    specific = inside.filter(inside.shared_by != ANYTHING).select("mdtrt_id").distinct()
    marked = inside.left_join(specific.mutate(explained=True), "mdtrt_id").drop("mdtrt_id_right")
    return marked.mutate(explained=marked.explained.fill_null(False))


def with_bystanders(inside: ibis.Table) -> pd.DataFrame:
    """The waves whose unexplained people are bystanders: _WAVE.

    Args:
        inside: `members`, stored.
    """
    unexplained = inside.group_by(*_WAVE).aggregate(people=(~_.explained).sum(), expected=_.expected.max())
    counted: pd.DataFrame = unexplained.filter(_.people > 0).order_by(*_WAVE).to_pandas()
    counted["chance"] = poisson.sf(counted["people"] - 1, counted["expected"])
    return counted[counted["chance"] > BYSTANDER_LEVEL][_WAVE].reset_index(drop=True)


def without_bystanders(inside: ibis.Table, crowded: ibis.Table) -> ibis.Table:
    """The members without those whom nothing but the time of their admission links to the others.

    Args:
        inside: `members`, stored.
        crowded: `with_bystanders` as a table.
    """
    return inside.anti_join(crowded.mutate(explained=False), [*_WAVE, "explained"])


def pairs(inside: ibis.Table) -> ibis.Table:
    """People of one wave (`features.graphs.events.pairs`).

    Args:
        inside: `members`.
    """
    return events.pairs(inside, _WAVE)


def edges(together: ibis.Table) -> pd.DataFrame:
    """The pairs (`features.graphs.events.edges`); several traits that show one wave count once.

    Args:
        together: `pairs`, stored.
    """
    return events.edges(together, ["hospital", "slot"], ["grid"])
