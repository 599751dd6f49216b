"""What is usual for a stay of its disease group at its level of hospital, and how far each stay is from it
(M24, M25)."""

from functools import reduce

import ibis
from ibis import _

from claims.as_of import STAY

# Logarithms of a stay that are compared: bill, length, amount other than bed and nursing, different items.
COMPARED = ("cost", "los", "medical", "items")
# Classes of stays, each within the one before: all stays, ICD chapter (first letter), disease, disease group,
# group at the hospital's level.
ALL, CHAPTER, DISEASE = ("everything",), ("chapter",), ("dx3",)
GROUP, GROUP_AT_LEVEL = ("dx_group",), ("dx_group", "level")
# A class of so many stays counts as much as the wider one it is shrunk toward (own starting value).
PRIOR_STAYS = 8
# From this share of a class on, a hospital is compared with the others in it, leaving itself out (own
# starting value).
DOMINANT = 0.25
# A disease group is a costly one when it usually costs so many times what its disease does (own starting
# value).
HIGH_COST_RATIO = 1.05
# A stay with less than so much of the group's usual content lacks what the group is paid for (own starting
# value).
LITTLE_CONTENT = 0.6
# Bills below a yuan, and stays under half a day, count as that much, so that their logarithm is finite.
LEAST_YUAN, LEAST_DAYS = 1, 0.5


def stay_benchmarks(base: ibis.Table, content: ibis.Table, sets: ibis.Table) -> ibis.Table:
    """The stay against what is usual for its disease group at its level: cost, length, content (M24, M25).

    Usual is the median logarithm (bills spread by factors), shrunk from narrow classes of stays toward wider
    ones. No class known of any kind leaves a ratio null; so does a bill without lines the ratios of its
    content, as where its lines belong to a settlement made after the as-of date.

    Args:
        base: visits.
        content, sets: `features.visits.bill_lines.bill_content` and `bill_templates`.

    Returns:
        mdtrt_id; drg_cost_ratio (usual cost of the DRG or DIP group ÷ that of its diagnosis) and
        high_cost_drg (whether it is high); cost_ratio, los_ratio, service_intensity_ratio,
        charge_to_intensity_ratio and items_ratio against what is usual; unsupported_drg
        (a high-cost group without the services for it).
    """
    stays = base.get_backend().create_table("stay_logs", _logarithms(base, content, sets))
    shrunk = reduce(lambda rows, by: _shrink(rows, stays, by), (ALL, CHAPTER, DISEASE), stays)
    shrunk = _shrink(shrunk.mutate(disease_cost=shrunk.median_cost), stays, GROUP)
    # A group with few stays is mostly taken for its disease.
    weight = (shrunk.shrinkage_weight * (shrunk.median_cost - shrunk.disease_cost)).fill_null(0).exp()
    shrunk = _shrink(shrunk.mutate(drg_cost_ratio=weight), stays, GROUP_AT_LEVEL)
    above = {name: shrunk[name] - shrunk[f"usual_{name}"] for name in COMPARED}
    costly, medical = shrunk.drg_cost_ratio >= HIGH_COST_RATIO, above["medical"].exp()
    return shrunk.select(
        "mdtrt_id",
        "drg_cost_ratio",
        high_cost_drg=costly,
        unsupported_drg=costly & (medical < LITTLE_CONTENT),
        cost_ratio=above["cost"].exp(),
        los_ratio=above["los"].exp(),
        service_intensity_ratio=medical,
        charge_to_intensity_ratio=(above["cost"] - above["medical"]).exp(),
        items_ratio=above["items"].exp(),
    )


def _logarithms(base: ibis.Table, content: ibis.Table, sets: ibis.Table) -> ibis.Table:
    """Stays of a known disease group with their classes and the logarithms COMPARED."""
    stays = base.filter(base.kind == STAY, base.dx_group.notnull())
    stays = stays.left_join(content.select("mdtrt_id", "medical_amount"), "mdtrt_id").drop("mdtrt_id_right")
    return stays.left_join(sets.select("mdtrt_id", "n_items"), "mdtrt_id").select(
        "mdtrt_id",
        "fixmedins_code",
        "level",
        "dx_group",
        "dx3",
        everything=ibis.literal(""),
        chapter=_.dx3.left(1),
        cost=_log(_.medfee_sumamt, LEAST_YUAN),
        los=_log(_.los, LEAST_DAYS),
        medical=_log(_.medical_amount, LEAST_YUAN),
        items=_log(_.n_items, 1),
    )


def _log(value: ibis.Value, least: float) -> ibis.Value:
    # Unknown stays unknown: the greatest of nothing and a bound would be the bound.
    return value.notnull().ifelse(ibis.greatest(value.cast("float64"), least).ln(), None)


def _shrink(rows: ibis.Table, stays: ibis.Table, by: tuple[str, ...]) -> ibis.Table:
    """What is usual of each stay: the median of its class, shrunk toward what is usual in the wider class.

    Args:
        rows: the stays, with ``usual_`` columns of the wider class if there is one.
        stays: the same stays (`_logarithms`).
        by: columns that define the classes; a stay where they are unknown keeps the wider class.

    Returns:
        The stays with ``usual_`` columns, the class's own ``median_cost`` and ``shrinkage_weight`` (0 to 1).
    """
    joined = rows.drop("median_cost", "shrinkage_weight") if "shrinkage_weight" in rows.columns else rows
    joined = joined.left_join(_class_medians(stays, by), [*by, "fixmedins_code"])
    size = joined["size"].fill_null(0)
    weight = size / (size + PRIOR_STAYS)
    usual = {}
    for c in COMPARED:
        median = joined[f"median_{c}"]
        wider = joined[f"usual_{c}"] if f"usual_{c}" in rows.columns else median
        usual[f"usual_{c}"] = (weight * median + (1 - weight) * wider.fill_null(median)).fill_null(wider)
    usual |= {"median_cost": joined.median_cost, "shrinkage_weight": weight}
    return joined.select(*[c for c in rows.columns if c not in usual], **usual)


def _class_medians(stays: ibis.Table, by: tuple[str, ...]) -> ibis.Table:
    """Medians of each class as each hospital is compared with it: keys, fixmedins_code, size, ``median_``
    columns.

    A hospital with DOMINANT of a class is left out of its own benchmark (leave-one-out); where nobody else
    treats the class, its own median is all there is.
    """
    keys = [*by, "fixmedins_code"]
    medians = {c: stays[c].median() for c in COMPARED}
    every = stays.group_by(*by).aggregate(n=_.count(), **medians)
    mine = stays.group_by(*keys).aggregate(own=_.count()).inner_join(every, by)
    large = mine.filter(mine.own >= DOMINANT * mine.n).select(*by, left_out=_.fixmedins_code)
    others = stays.inner_join(large, by).filter(_.fixmedins_code != _.left_out)
    others = others.group_by(*by, fixmedins_code=_.left_out).aggregate(
        **{f"{c}_others": others[c].median() for c in COMPARED}, n_others=_.count()
    )
    classes = mine.left_join(others, keys)
    chosen = {f"median_{c}": classes[f"{c}_others"].fill_null(classes[c]) for c in COMPARED}
    return classes.select(*keys, size=classes.n_others.fill_null(classes.n), **chosen)
