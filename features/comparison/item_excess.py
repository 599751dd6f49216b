"""Which items a place or a doctor bills that others do not, whatever the item: excess over what its own mix
expects.

For every item: in how many of a subject's visits it is billed, against how often it is billed elsewhere,
where anybody has it, in visits of the same kind, level of hospital, disease group and department (indirect
standardisation, leave-one-out). Visits of one patient are not independent, so each patient has one vote
at each subject, shared by the visits. One costly examination for nearly everybody (M33), implants beyond the
operations (M29), a costly medicine where others give a cheap one (M43, M50) are found by the same comparison.
OpenPrescribing finds its outliers in the same way, by chemical within class (doi
10.1186/s12911-022-01791-y).
"""

import ibis
import numpy as np
import pandas as pd
from ibis import _
from scipy.stats import norm

from features.comparison.funnel import CONTAMINATION_OF_FEW, proportion_z
from features.leave_one_out import sum_elsewhere
from features.visits.codelists import DRUGS, EXAMS, MATERIALS, TREATMENTS
from significance.chance import benjamini_hochberg_neg_log10, significant
from significance.normal_tail import neg_log10_p

# Class of items → charge types of the dictionary (med_chrgitm_type).
CLASSES = {"drug": DRUGS, "exam": EXAMS, "treatment": TREATMENTS, "material": MATERIALS}
# An item made of several: those of a class whose usual charge lies in the highest tenth.
HIGH_COST, HIGH_COST_SHARE = "*", 0.1
# Classes of visits from the widest to the narrowest; each is part of the one before.
STRATA = ("setting", "disease", "department")
# Shrinkage: so many visits elsewhere have as much weight as the wider class that their rate is shrunk toward.
PRIOR_VISITS = 10
# With so many others' visits of the same disease, in whatever setting, the expectation is half their rate
# and half what was observed: what nobody else treats has no usual rate.
PRIOR_COMPARABLE_VISITS = 3
# An item in fewer visits, or a subject with fewer patients, shows no habit.
MIN_VISITS = 10
# Who chooses what a visit is billed for; columns of `billed_visits`.
KEYS = ("place", "doctor")
# What fewer other places bill has no usual rate; a doctor has colleagues in his own.
MIN_OTHERS = {"place": 3, "doctor": 0}
# Items of a class in excess by less than this share of a subject's bills together are no matter for an
# inspector. A package is made of items each of which costs little; one of less than a tenth of it is not
# tested, for each test makes the others less significant.
LEAST_MONEY_SHARE = 0.01
_LEAST_TESTED_SHARE = LEAST_MONEY_SHARE / 10
# What one honest subject in a thousand reaches by chance is held against nobody: this normal quantile of the
# visits with an item, above those expected.
UPPER_LIMIT_Z = float(norm.isf(0.001))
# The spread of honest subjects is known of an item that so many are expected to bill this often at least (who
# is expected to bill it less shows only where it was billed); of others it is the median of all items.
MIN_SUBJECTS, MIN_EXPECTED = 8, 1
# Smallest expected share: an expectation of nothing is a model's guess.
_LEAST_SHARE = 1e-4
_ITEM = ["class", "item"]
_CELL = ("fixmedins_code", *KEYS, "kind", *STRATA)
_TEST = ["subject_id", "kind", *_ITEM]
COLUMNS = [*_TEST, "observed", "n", "expected", "upper_limit", "money", "billed", "neg_log10_fdr"]


def in_class(name: str, days: ibis.Table) -> ibis.Value:
    """Lines of a class of items."""
    return days.charge.isin(CLASSES[name])


def items_of_visits(days: ibis.Table) -> ibis.Table:
    """What each visit was charged for each item, and for all HIGH_COST ones of a class.

    Args:
        days: lines summed to visit, item and day (`features.visits.bill_lines.item_days`).

    Returns:
        mdtrt_id, class (key of CLASSES), item, money (yuan, above 0); the single items are stored.
    """
    charge = ibis.cases(*[(in_class(name, days), name) for name in CLASSES], else_=None)
    billed = days.select("mdtrt_id", "amount", item=days.hilist_code, **{"class": charge})
    billed = billed.filter(_["class"].notnull(), _.amount > 0)
    items = billed.group_by("mdtrt_id", *_ITEM).aggregate(money=_.amount.sum().round(2))
    items = days.get_backend().create_table("visit_items", items)
    costly = items.semi_join(_high_cost(items), _ITEM).group_by(
        "mdtrt_id", "class", item=ibis.literal(HIGH_COST)
    )
    costly = costly.aggregate(money=_.money.sum().round(2))
    return ibis.union(items, days.get_backend().create_table("visit_high_cost_items", costly))


def _high_cost(items: ibis.Table) -> ibis.Table:
    """The items that make the costliest tenth of a class, counted by visits: class, item."""
    usual = items.group_by(*_ITEM).aggregate(usual=_.money.median(), n=_.count())
    order = ibis.window(group_by="class", order_by=["usual", "item"], preceding=None, following=0)
    usual = usual.mutate(
        cheaper=usual.n.sum().over(order) - usual.n, every=usual.n.sum().over(group_by="class")
    )
    return usual.filter(_.cheaper >= (1 - HIGH_COST_SHARE) * _.every).select(*_ITEM)


def billed_visits(visits: ibis.Table) -> ibis.Table:
    """Visits and their money by who bills them and what they are.

    Args:
        visits: mdtrt_id, psn_no, kind, fixmedins_code, KEYS (null for nobody), STRATA, billed (yuan), and of
            each of KEYS ``patient_weight_KEY``: one over the patient's visits of the kind there.

    Returns:
        _CELL, n (visits), patient_weight_KEY, billed (yuan).
    """
    counts = visits.group_by(*_CELL)
    return counts.aggregate(n=_.count(), billed=_.billed.sum().round(2), **_weight_sums())


def with_patient_weights(visits: ibis.Table) -> ibis.Table:
    """Visits with ``patient_weight_KEY`` (`billed_visits`)."""
    return visits.mutate(
        **{f"patient_weight_{key}": 1 / _.count().over(group_by=[key, "psn_no", "kind"]) for key in KEYS}
    )


def _weight_sums() -> dict[str, ibis.Value]:
    """Sums of the patient weights, rounded, so that the order in which an engine adds up does not show."""
    return {f"patient_weight_{key}": _[f"patient_weight_{key}"].sum().round(6) for key in KEYS}


def billed_items(visits: ibis.Table, items: ibis.Table) -> ibis.Table:
    """Visits with each item, by who bills it and what the visits are.

    Args:
        visits: as of `billed_visits`.
        items: `items_of_visits`.

    Returns:
        _CELL, class, item, k (visits), patient_weight_KEY, money (yuan).
    """
    counts = items.inner_join(visits, "mdtrt_id").group_by(*_CELL, *_ITEM)
    return counts.aggregate(k=_.count(), money=_.money.sum().round(2), **_weight_sums())


def item_excess(volume: ibis.Table, items: ibis.Table, key: str) -> pd.DataFrame:
    """The items that a subject bills more often than its mix of visits leads one to expect.

    Args:
        volume: `billed_visits`.
        items: `billed_items`.
        key: column that names the subject: place or doctor.

    Returns:
        COLUMNS, a row a subject, kind of visit and item beyond chance (false discovery rate over all that
        were looked at) and material: visits with the item, of n, expected, how many honest ones reach by
        chance (UPPER_LIMIT_Z), the money of those in excess of the expectation, and of all its bills (yuan).
    """
    con = volume.get_backend()
    stocked = con.create_table(f"stocked_for_{key}", _stocked(volume, items, MIN_OTHERS[key]))
    # Visits that name nobody (of doctors purchases without a prescription, of places those with one) are
    # nobody's, and still show what is usual.
    cell = [_[key].name("subject_id"), "kind", *STRATA]
    weight = _[f"patient_weight_{key}"].sum()
    own = volume.group_by(*cell).aggregate(visits=_.n.sum(), n=weight, billed=_.billed.sum())
    volume = con.create_table(f"visits_of_{key}", own)
    counts = items.group_by(*cell, *_ITEM).aggregate(visits=_.k.sum(), k=weight, money=_.money.sum())
    items = con.create_table(f"items_of_{key}", counts)
    billers = con.create_table(f"billers_of_{key}", _billers(volume, items))
    rows = billers.inner_join(_expected(volume, items, billers, stocked), _TEST)
    return _beyond_chance(rows.order_by(*_TEST).to_pandas())


def _stocked(volume: ibis.Table, items: ibis.Table, min_others: int) -> ibis.Table:
    """Share of the visits of a setting at places that bill an item at all, of items billed by more than
    ``min_others``: setting, class, item, stocked.

    Not everybody has a scanner or keeps a medicine; who does is compared with those who do.
    """
    by = ["fixmedins_code", "setting"]
    places = volume.group_by(*by).aggregate(n=_.n.sum())
    every = places.group_by("setting").aggregate(all=_.n.sum())
    billing = items.select(*by, *_ITEM).distinct().inner_join(places, by)
    sums = billing.group_by("setting", *_ITEM).aggregate(n=_.n.sum(), places=_.count())
    found = sums.filter(_.places > min_others).inner_join(every, "setting")
    return found.select("setting", *_ITEM, stocked=_.n / _["all"])


def _billers(volume: ibis.Table, items: ibis.Table) -> ibis.Table:
    """Who bills each item that is tested of anybody: _TEST, observed and n (visits), k and weight
    (patients), money, billed."""
    named = items.filter(items.subject_id.notnull())
    own = named.group_by(*_TEST).aggregate(
        observed=_.visits.sum(), k=_.k.sum().round(6), money=_.money.sum().round(2)
    )
    whole = volume.group_by("subject_id", "kind").aggregate(
        n=_.visits.sum(), weight=_.n.sum().round(6), billed=_.billed.sum().round(2)
    )
    own = own.inner_join(whole, ["subject_id", "kind"])
    tested = own.filter(_.observed >= MIN_VISITS, _.money >= _LEAST_TESTED_SHARE * _.billed)
    return own.semi_join(tested, ["kind", *_ITEM])


def _expected(volume: ibis.Table, items: ibis.Table, billers: ibis.Table, stocked: ibis.Table) -> ibis.Table:
    """Patients of whom the mix of a biller leads one to expect the item: _TEST, usual."""
    volume = volume.mutate(treated=_.disease.re_replace("^[^/]*/[^/]*/", ""))
    others = {f"n_{name}": _of_others(volume, name) for name in (*STRATA, "treated")}
    cells = volume.select("subject_id", "kind", *STRATA, "n", **others)
    cells = billers.select(*_TEST).inner_join(cells, ["subject_id", "kind"])
    cells = cells.inner_join(stocked, ["setting", *_ITEM])
    for name in STRATA:
        every = items.group_by(name, *_ITEM).aggregate(**{f"all_{name}": _.k.sum()})
        own = items.group_by("subject_id", name, *_ITEM).aggregate(**{f"own_{name}": _.k.sum()})
        cells = _beside(cells, every, [name, *_ITEM])
        cells = _beside(cells, own, ["subject_id", name, *_ITEM])
    known = cells.n_treated / (cells.n_treated + PRIOR_COMPARABLE_VISITS)
    usual = known * cells.n * _rate_elsewhere(cells) + (1 - known) * cells.own_department.fill_null(0)
    return cells.group_by(*_TEST).aggregate(usual=usual.sum().round(6))


def _rate_elsewhere(cells: ibis.Table) -> ibis.Value:
    """Share of the others' visits like those of a cell with the item, narrow classes of few visits shrunk
    toward wider ones."""
    rate: ibis.Value | None = None
    for name in STRATA:
        k = cells[f"all_{name}"].fill_null(0) - cells[f"own_{name}"].fill_null(0)
        n = cells[f"n_{name}"] * cells.stocked
        # The widest class takes half a visit with the item, so that nothing is expected never.
        rate = (k + 0.5) / (n + 1) if rate is None else (k + PRIOR_VISITS * rate) / (n + PRIOR_VISITS)
        rate = ibis.least(rate, 1.0)
    return rate


def _beside(left: ibis.Table, right: ibis.Table, keys: list[str]) -> ibis.Table:
    """A left join by columns of the same names, which stay once."""
    return left.left_join(right, keys).drop(*(f"{key}_right" for key in keys))


def _of_others(volume: ibis.Table, stratum: str) -> ibis.Value:
    """Visits of a class, without the subject's own."""
    return sum_elsewhere(volume.n, "subject_id", stratum)


def _beyond_chance(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows above expectation beyond chance that matter: COLUMNS."""
    rows = rows[rows["weight"] >= MIN_VISITS].reset_index(drop=True)
    share = rows["k"] / rows["weight"]
    usual = (rows["usual"] / rows["weight"]).clip(_LEAST_SHARE, 1 - _LEAST_SHARE)
    spread = _between(rows, (share - usual) / np.sqrt(usual * (1 - usual))) * usual * (1 - usual)
    z = proportion_z(*(a.to_numpy(dtype=float) for a in (share, rows["weight"], usual, spread)))
    fdr = benjamini_hochberg_neg_log10(pd.Series(-neg_log10_p(z)), len(rows))
    upper_limit = usual + UPPER_LIMIT_Z * np.sqrt(usual * (1 - usual) / rows["weight"] + spread)
    counts = {"expected": usual * rows["n"], "upper_limit": upper_limit * rows["n"]}
    rows = rows.assign(**{name: count.round(6) for name, count in counts.items()}, neg_log10_fdr=fdr)
    money, beyond = (
        (rows["money"] * (1 - rows[explained] / rows["observed"])).round(2)
        for explained in ("expected", "upper_limit")
    )
    found = significant(rows.assign(money=money, beyond=beyond))
    found = found[(found["beyond"] > 0) & (found["observed"] >= MIN_VISITS)]
    return found[_material(found)].reset_index(drop=True)[COLUMNS]


def _material(found: pd.DataFrame) -> pd.Series:
    """Do a subject's items of a class in excess make LEAST_MONEY_SHARE of its bills? The costly ones
    together hold single ones, so of the two the larger sum counts."""
    keys = [found[name] for name in ("subject_id", "kind", "class")]
    together = found["item"] == HIGH_COST
    single, costly = (
        found["money"].where(which, 0.0).groupby(keys).transform("sum") for which in (~together, together)
    )
    return single.where(single > costly, costly) >= LEAST_MONEY_SHARE * found["billed"]


def _between(rows: pd.DataFrame, distance: pd.Series) -> pd.Series:
    """Variance of honest subjects' shares beyond sampling by item, as a part of the largest a share can have
    (intra-class correlation).

    By moments of the standardised distances (Spiegelhalter 2005, doi 10.1136/qshc.2005.013755, appendix),
    whose scale is taken from the middle and the quantile that the guilty do not reach.
    """
    number = rows.groupby(["kind", *_ITEM]).ngroup()
    known = rows.assign(z=distance * np.sqrt(rows["weight"]), squares=rows["weight"] ** 2)
    items = known[known["usual"] >= MIN_EXPECTED].groupby(number)
    upper = items["z"].quantile(1 - CONTAMINATION_OF_FEW) - items["z"].median()
    scale, size = (upper / norm.isf(CONTAMINATION_OF_FEW)) ** 2, items.size()
    weight = items["weight"].sum() - items["squares"].sum() / items["weight"].sum()
    between = ((size * scale - (size - 1)) / weight)[size >= MIN_SUBJECTS].clip(0, 1)
    return number.map(between).fillna(between.median()).fillna(0.0)
