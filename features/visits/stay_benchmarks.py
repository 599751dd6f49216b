"""What is usual of a stay with its disease group at its level of hospital, and how far each stay is from it."""

import ibis
from ibis import _

from claims.as_of import STAY

# What is usual of stays: names of the logarithms that norms are taken of.
NORMED = ("cost", "los", "worth", "items")
# A class of so many stays counts as much as the wider one it is drawn from.
PRIOR_STAYS = 8
# From this share of a class on a hospital is left out of its own norm.
DOMINANT = 0.25
# A disease group is dear when it usually costs so many times what its disease does.
DEARER = 1.05
# A bill with less than so much of what the group usually holds lacks the content for it.
LITTLE_CONTENT = 0.6


def stay_benchmarks(base: ibis.Table, bills: ibis.Table) -> ibis.Table:
    """The stay against what is usual for its disease group at its level: cost, length, content (M24, M25).

    Usual is the median of the logarithm (bills spread by how many times), drawn from wide classes of stays to narrow
    ones.

    Args:
        base: visits.
        bills: mdtrt_id, worth (yuan beside keeping), n_distinct (items).

    Returns:
        mdtrt_id; group_weight (how many times dearer the group usually is than its disease) and dear_group (whether it is);
        cost_ratio, los_ratio, content_ratio, paid_per_content and items_ratio against what is usual; overgrouped (a dear
        group without the content for it).
    """
    stays = base.filter(base.kind == STAY, base.dx_group.notnull()).left_join(bills, "mdtrt_id")
    stays = stays.select(
        "mdtrt_id",
        "fixmedins_code",
        "level",
        "dx_group",
        "dx3",
        city=ibis.literal(""),
        chapter=_.dx3.left(1),
        cost=_log(_.medfee_sumamt, 1),
        los=_log(_.los, 0.5),
        worth=_log(_.worth, 1),
        items=_log(_.n_distinct, 1),
    )
    stays = base.get_backend().create_table("stay_logs", stays)
    shrunk = stays
    for by in (("city",), ("chapter",), ("dx3",)):
        shrunk = _shrunk(shrunk, stays, by)
    shrunk = _shrunk(shrunk.mutate(disease_cost=shrunk.median_cost), stays, ("dx_group",))
    # Of a group with few stays little is known but its disease.
    weight = (shrunk.trust * (shrunk.median_cost - shrunk.disease_cost)).fill_null(0).exp()
    shrunk = _shrunk(shrunk.mutate(group_weight=weight), stays, ("dx_group", "level"))
    above = {name: shrunk[name] - shrunk[f"usual_{name}"] for name in NORMED}
    dear, content = shrunk.group_weight >= DEARER, above["worth"].exp()
    return shrunk.select(
        "mdtrt_id",
        "group_weight",
        dear_group=dear,
        overgrouped=dear & (content < LITTLE_CONTENT),
        cost_ratio=above["cost"].exp(),
        los_ratio=above["los"].exp(),
        content_ratio=content,
        paid_per_content=(above["cost"] - above["worth"]).exp(),
        items_ratio=above["items"].exp(),
    )


def _shrunk(shrunk: ibis.Table, stays: ibis.Table, by: tuple[str, ...]) -> ibis.Table:
    """What is usual of a stay, drawn to the median of a narrower class, the more so the more stays the class has.

    A hospital that makes much of a class is compared with the others in it, so nobody is his own norm; of what nobody
    else treats no other norm is known than its own.

    Args:
        drawn: stays with ``usual_`` columns of the wider class, if there is one.
        by: columns that tell the narrower classes apart; unknown ones draw nothing.

    Returns:
        The stays with ``usual_`` columns, the class's own ``median_cost`` and how far it is trusted, ``trust``.
    """
    keys = [*by, "fixmedins_code"]
    every = stays.group_by(*by).aggregate(n=_.count(), **{c: stays[c].median() for c in NORMED})
    mine = stays.group_by(*keys).aggregate(own=_.count()).inner_join(every, by)
    large = mine.filter(mine.own >= DOMINANT * mine.n).select(*by, left_out=_.fixmedins_code)
    others = stays.inner_join(large, by).filter(_.fixmedins_code != _.left_out)
    others = others.group_by(*by, fixmedins_code=_.left_out).aggregate(
        **{f"{c}_others": others[c].median() for c in NORMED}, n_others=_.count()
    )
    classes = mine.left_join(others, keys)
    classes = classes.select(
        *keys,
        size=classes.n_others.fill_null(classes.n),
        **{f"median_{c}": classes[f"{c}_others"].fill_null(classes[c]) for c in NORMED},
    )
    joined = shrunk.drop("median_cost", "trust") if "trust" in shrunk.columns else shrunk
    joined = joined.left_join(classes, keys)
    trust = joined["size"].fill_null(0) / (joined["size"].fill_null(0) + PRIOR_STAYS)
    usual = {}
    for c in NORMED:
        median = joined[f"median_{c}"]
        wider = joined[f"usual_{c}"] if f"usual_{c}" in shrunk.columns else median
        usual[f"usual_{c}"] = (trust * median + (1 - trust) * wider.fill_null(median)).fill_null(wider)
    usual |= {"median_cost": joined.median_cost, "trust": trust}
    kept = [c for c in shrunk.columns if c not in usual]
    return joined.select(*kept, **usual)


def _log(value: ibis.Value, least: float) -> ibis.Value:
    return ibis.greatest(value.cast("float64"), least).ln()
