"""Formulas that measures share: shares and ratios, concentration, growth."""

import ibis
from ibis import Table, Value

from claims.as_of import STAY
from features.visits.inpatient import INTERIM_DAYS
from features.windows import QUARTER, YEAR

# Growth sets the last quarter against the year before it, both in days.
RECENT_DAYS, COMPARED_DAYS = QUARTER, YEAR
# More than twice as often as usual is a hospital's habit. Own starting value.
HABIT_SHARE = 0.5


def ratio(part: Value, whole: Value) -> Value:
    """One sum over another; unknown where there is nothing to divide by."""
    return part / whole.nullif(0)


def top_share(p: Table) -> Value:
    """Share of the largest count.

    Args:
        p: visits counted by another column (`features.measures.aggregation.counted`).
    """
    return p.n.max() / p.n.sum()


def share_in(p: Table, counted: Value) -> Value:
    """Share of the visits that lie in some of the counts.

    Args:
        p: as of `top_share`.
        counted: which counts.
    """
    return p.n.sum(where=counted).fill_null(0) / p.n.sum()


def concentration(p: Table) -> Value:
    """Herfindahl-Hirschman index of the counts: the chance that two visits, drawn with replacement, lie in
    the same one.

    Args:
        p: as of `top_share`.
    """
    return (p.n * p.n).sum() / (p.n.sum() * p.n.sum())


def growth(v: Table, amount: Value) -> Value:
    """An amount of the last quarter against the year before it, per day; unknown without a quarter to compare
    with."""
    end = RECENT_DAYS + COMPARED_DAYS
    span = ibis.least(v.days_ago.max(), end) - RECENT_DAYS
    recent = amount.sum(where=v.days_ago <= RECENT_DAYS) / RECENT_DAYS
    before = amount.sum(where=(v.days_ago > RECENT_DAYS) & (v.days_ago <= end))
    return ratio(recent, before / (span >= RECENT_DAYS).ifelse(span, None))


def settled_by_month(v: Table) -> Value:
    """Is a stay so long that it was settled before it ended, or does it go on from such a bill? Its length,
    and how many bills a patient has, say nothing of how often people are admitted."""
    return ((v.los >= INTERIM_DAYS) | v.interim).fill_null(False)


def unoperated(v: Table) -> Value:
    """Is no operation charged? Its clinical pathway makes the bills of its patients alike."""
    return ~v.operated.fill_null(False)


def habitual(excess: Value) -> Value:
    """Whether more than HABIT_SHARE of the events of a hospital's other patients are beyond the usual: what
    happens once may be the illness or the family's errand; null is no.

    Args:
        excess: a share of `features.visits.inpatient` (split_excess, outside_excess).
    """
    return (excess > HABIT_SHARE).fill_null(False)


def of_stays(v: Table, value: Value) -> Value:
    """The value for stays; unknown for other visits, to which it does not apply."""
    return (v.kind == STAY).ifelse(value, None)
