"""Which items a place or a doctor bills that others do not, whatever the item: excess over what its own mix
expects.

For every item: in how many of the subject's visits it is billed, against how often it is billed elsewhere
in visits of the same kind, level of hospital and disease group (indirect standardisation, leave-one-out).
One dear examination for nearly everybody (M33), implants beyond the operations (M25), a dear medicine that
one shop sells (M40, M46) are found by the same comparison, and the reason names the item. OpenPrescribing
finds its outliers the same way, by chemical within class (doi 10.1186/s12911-022-01791-y).
"""

import ibis
import numpy as np
import pandas as pd
from ibis import _

from features.comparison.funnel import between_variance, proportion_surprise
from features.windows import YEAR

# Class of items → charge types of the dictionary (med_chrgitm_type).
CLASSES = {
    "drug": ("09", "10", "11"),
    "exam": ("03", "04"),
    "treatment": ("05", "06"),
    "material": ("08",),
}
# The rate of a disease group is shrunk toward that of all visits of the setting, as if by so many visits.
PRIOR_VISITS = 10
# Fewer visits are no habit.
MIN_VISITS = 10
# The between-place variance of an item is known from so many places on; of rarer ones the median of all
# items.
MIN_PLACES = 8
# Smallest expected share: an expectation of nothing is a model's guess.
_LEAST_SHARE = 1e-4
COLUMNS = ["subject_id", "class", "item", "observed", "n", "expected", "money", "neg_log10_p"]


def item_excess(facts: ibis.Table, item_days: ibis.Table, key: str) -> pd.DataFrame:
    """The item of each class that stands out most at each subject.

    Args:
        facts: visits of one kind of subject (`features.visits.facts.visit_facts`).
        item_days: lines summed to visit, item and day.
        key: column of the facts that names the subject.

    Returns:
        COLUMNS, at most one row a subject and class: visits with the item, of n, expected, money in excess
            (yuan of
        fees), and -log10 p, corrected for the number of items looked at (Bonferroni). Only items above
        expectation.
    """
    seen = facts.filter(_.days_ago <= YEAR, ~_.course, facts[key].notnull())
    setting = ibis.literal("/").join([seen.kind, seen.level.fill_null("")])
    visits = seen.select(
        "mdtrt_id",
        subject_id=seen[key],
        setting=setting,
        stratum=ibis.literal("/").join([setting, seen.dx_group.fill_null("")]),
    )
    found = _score(_expected(visits, item_days).to_pandas())
    best = found.sort_values(["neg_log10_p", "item"], ascending=[False, True])
    return best.drop_duplicates(["subject_id", "class"]).sort_values(["subject_id", "class"])[COLUMNS]


def _expected(visits: ibis.Table, item_days: ibis.Table) -> ibis.Table:
    """Visits with each item a subject bills, and how many its mix of visits leads one to expect."""
    charge = ibis.cases(*[(_.charge.isin(codes), name) for name, codes in CLASSES.items()], else_=None)
    billed = item_days.filter(_.amount > 0).mutate(**{"class": charge}).filter(_["class"].notnull())
    billed = billed.group_by("mdtrt_id", "class", item="hilist_code").aggregate(money=_.amount.sum())
    lines = billed.inner_join(visits, "mdtrt_id")
    cell, item = ["subject_id", "setting", "stratum"], ["class", "item"]
    volume = visits.group_by(*cell).aggregate(n=_.count())
    with_item = lines.group_by(*cell, *item).aggregate(k=_.count(), money=_.money.sum())
    own = volume.inner_join(with_item.select("subject_id", *item).distinct(), "subject_id")
    rows = own.select(*cell, *item, "n").left_join(with_item, [*cell, *item])
    rows = rows.select(*cell, *item, "n", k=_.k.fill_null(0), money=_.money.fill_null(0.0))
    for level in ("setting", "stratum"):
        total = volume.group_by(level).aggregate(**{f"{level}_n": _.n.sum()})
        counts = with_item.group_by(level, "item").aggregate(**{f"{level}_k": _.k.sum()})
        rows = rows.inner_join(total, level).left_join(counts, [level, "item"])
        rows = rows.drop(*(name for name in rows.columns if name.endswith("_right")))
    usual = (rows.setting_k.fill_null(0) - rows.k + 0.5) / (rows.setting_n - rows.n + 1)
    here = rows.stratum_k.fill_null(0) - rows.k + PRIOR_VISITS * usual
    rate = here / (rows.stratum_n - rows.n + PRIOR_VISITS)
    return rows.group_by("subject_id", *item).aggregate(
        observed=_.k.sum(), n=_.n.sum(), expected=(rows.n * rate).sum(), money=_.money.sum()
    )


def _score(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows above expectation, with -log10 p; the spread of honest places is each item's own."""
    rows = rows[rows.n >= MIN_VISITS].reset_index(drop=True)
    share, usual = rows.observed / rows.n, (rows.expected / rows.n).clip(_LEAST_SHARE, 1 - _LEAST_SHARE)
    rows = rows.assign(distance=share - usual, sampling=usual * (1 - usual) / rows.n)
    between = rows.groupby("item", sort=True)[["distance", "sampling"]].apply(_between)
    spread = rows["item"].map(between.fillna(between.median())).fillna(0.0)
    tests = np.log10(rows.groupby("subject_id")["item"].transform("size"))
    surprise = proportion_surprise(
        share.to_numpy(), rows.n.to_numpy(dtype=float), usual.to_numpy(), spread.to_numpy()
    )
    money = rows.money * (1 - rows.expected / rows.observed.clip(lower=1)).clip(0, 1)
    rows = rows.assign(neg_log10_p=(surprise - tests).clip(lower=0), money=money.round(2))
    return rows[rows.distance > 0]


def _between(item: pd.DataFrame) -> float:
    if len(item) < MIN_PLACES:
        return float("nan")
    return between_variance(item.distance.to_numpy(), item.sampling.to_numpy())
