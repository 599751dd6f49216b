"""Stays that resemble others of the same hospital: admitted together, or with copied bills (M01, M02,
M11)."""

import ibis
from ibis import _

from claims.as_of import STAY
from features.visits.codelists import COURSES
from features.visits.inpatient import INTERIM_DAYS
from features.windows import YEAR

# Admissions so many days apart count as together (own starting value).
TOGETHER_DAYS = 1
# A list of so many different items is not the same by chance; shorter ones are in many honest stays (own
# starting value).
MIN_ITEMS_COPIED = 6


def village_batches(base: ibis.Table) -> ibis.Table:
    """Other people of the same village admitted to the same hospital within TOGETHER_DAYS (M02, M11):
    mdtrt_id, village_batch."""
    stays = base.filter(base.kind == STAY, base.village.notnull())
    stays = stays.select("mdtrt_id", "psn_no", "fixmedins_code", "village", "day")
    return _admitted_together(stays, "fixmedins_code", "village").rename(village_batch="persons")


def copied_stays(base: ibis.Table, sets: ibis.Table, content: ibis.Table) -> ibis.Table:
    """Stays that look copied (M01): mdtrt_id; twins, other people admitted to the hospital within
    TOGETHER_DAYS with the same disease and length of stay, where that is no settlement by the month (a ward
    of psychiatry settles all at once) and no day of operations (whoever was operated on was there); copies,
    other people there within a year with the same set of items."""
    stays = base.filter(base.kind == STAY, ~base.dx3.isin(COURSES).fill_null(False))
    stays = stays.select("mdtrt_id", "psn_no", "fixmedins_code", "dx3", "los", "day", "days_ago")
    stays = stays.inner_join(sets.select("mdtrt_id", "item_set", "n_items"), "mdtrt_id")
    alike = stays.filter(stays.los < INTERIM_DAYS).anti_join(content.filter(content.operated), "mdtrt_id")
    twins = _admitted_together(alike, "fixmedins_code", "dx3", "los")
    return (
        stays.select("mdtrt_id")
        .left_join(_same_items(stays), "mdtrt_id")
        .drop("mdtrt_id_right")
        .left_join(twins, "mdtrt_id")
        .select("mdtrt_id", twins=_.persons.fill_null(0), copies=_.copies.fill_null(0))
    )


def _same_items(stays: ibis.Table) -> ibis.Table:
    listed = stays.filter(stays.n_items >= MIN_ITEMS_COPIED, stays.days_ago <= YEAR)
    copies = listed.group_by("fixmedins_code", "item_set").aggregate(persons=_.psn_no.nunique())
    joined = listed.inner_join(copies, ["fixmedins_code", "item_set"])
    return joined.select("mdtrt_id", copies=_.persons - 1)


def _admitted_together(stays: ibis.Table, *alike: str) -> ibis.Table:
    """Other people admitted within TOGETHER_DAYS whose stay agrees in some columns: mdtrt_id, persons."""
    # Each admission also stands on the days around it, so that the join is one of equality.
    shifts = range(-TOGETHER_DAYS, TOGETHER_DAYS + 1)
    mates = ibis.union(
        *[stays.select(*alike, mate=_.psn_no, day=_.day + ibis.interval(days=k)) for k in shifts]
    )
    near = stays.inner_join(mates, [*alike, "day"])
    return near.filter(near.mate != near.psn_no).group_by("mdtrt_id").aggregate(persons=_.mate.nunique())
