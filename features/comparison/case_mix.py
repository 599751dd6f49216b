"""What a subject's own case mix leads one to expect of a measure: indirect standardisation.

The subject's visits are taken at the rates that their diseases, ages and kinds of visit have elsewhere. Rates leave the
subject itself out, so whoever treats half of the cases of a disease is not its own norm. A stratum of few visits is
drawn to its disease group, that to the chapter of the ICD, that to the city. Of what nobody else treats nobody knows
the usual rate: it is expected as it was found. (Breslow, Day 1987, Statistical Methods in Cancer Research II, ch. 2.)
"""

import ibis
import ibis.expr.operations as ops
import pandas as pd
from ibis import _

from features.measures.catalogue import expected_column, measures_of

# So many visits elsewhere count as much as the wider class they are drawn to.
PRIOR_VISITS = 10
# With so many comparable visits elsewhere a half of what is usual is known.
HALF_KNOWN = 3
# Upper ends of age bands, in years: infants, children, the young, the middle-aged, the old, the very old.
AGE_BANDS = (1, 15, 45, 65, 80)
# Classes of visits from the widest to the narrowest; the last is a stratum.
CLASSES = (("care",), ("care", "chapter"), ("care", "dx_group"), ("care", "dx_group", "band"))
# What nobody else does within these is compared with nobody.
COMPARABLE = ("care", "chapter", "band")


def expected(rows: ibis.Table, subject: str) -> pd.DataFrame:
    """What the mix of each subject leads one to expect of the measures that are compared by it.

    Args:
        rows: facts with ``subject_id``, one row a visit.
        subject: kind of subject.

    Returns:
        Index ``subject_id``; a column `expected_column` for each column of such a measure.

    Raises:
        TypeError: a measure with a mix is neither a mean nor a ratio of sums.
    """
    mixed = {column: taken for column, taken in measures_of(subject).items() if taken[0].mix}
    if not mixed:
        return pd.DataFrame(index=pd.Index([], name="subject_id"))
    cells = _cells(rows, mixed)
    rate = _rates_elsewhere(cells)
    claims = cells.n_comparable / (cells.n_comparable + HALF_KNOWN)
    part = (claims * cells.whole * rate + (1 - claims) * cells.part).fill_null(cells.part)
    sums = cells.mutate(usual=part).group_by("subject_id", "column")
    found = sums.aggregate(value=(_.usual.sum() / _.whole.sum().nullif(0)).round(6)).to_pandas()
    wide = found.pivot(index="subject_id", columns="column", values="value").reindex(columns=list(mixed))
    return wide.rename(columns=expected_column).rename_axis(columns=None).astype(float)


def _cells(rows: ibis.Table, mixed: dict) -> ibis.Table:
    """Numerator, denominator and visits of each measure by subject and stratum, and the same of all others' visits in
    each class; one row a (subject, stratum, measure)."""
    band = ibis.cases(*[(rows.age < end, n) for n, end in enumerate(AGE_BANDS)], else_=len(AGE_BANDS))
    sorted_ = rows.mutate(
        care=rows.med_type.left(2),
        chapter=rows.dx3.left(1).fill_null(""),
        dx_group=rows.dx_group.fill_null(""),
        band=band,
    )
    sums = {}
    for column, (entry, days) in mixed.items():
        inside = sorted_.days_ago <= days if days else ibis.literal(True)
        for name, value in zip(("part", "whole", "n"), fraction(entry.take(sorted_, inside)), strict=True):
            sums[f"{column}/{name}"] = value.cast("float64").fill_null(0.0)
    keys = ["subject_id", *dict.fromkeys(name for by in (*CLASSES, COMPARABLE) for name in by)]
    con = rows.get_backend()
    wide = con.create_table("mix_wide", sorted_.group_by(*keys).aggregate(**sums), overwrite=True)
    names = ("part", "whole", "n")
    listed = ibis.array(
        [ibis.struct({"column": c, **{name: wide[f"{c}/{name}"] for name in names}}) for c in mixed]
    )
    long = wide.select(*keys, cell=listed.unnest()).unpack("cell").filter(_.n > 0)
    others = {}
    for by in CLASSES:
        for name in names:
            others[f"{name}_{_name(by)}"] = _of_others(long, name, by)
    return con.create_table(
        "mix_cells", long.mutate(**others, n_comparable=_of_others(long, "n", COMPARABLE)), overwrite=True
    )


def _name(by: tuple[str, ...]) -> str:
    return by[-1]


def _of_others(cells: ibis.Table, name: str, by: tuple[str, ...]) -> ibis.Value:
    every = cells[name].sum().over(group_by=["column", *by])
    return every - cells[name].sum().over(group_by=["column", "subject_id", *by])


def _rates_elsewhere(cells: ibis.Table) -> ibis.Value:
    """The rate of others' visits like those of a cell, narrow classes of few visits drawn to wider ones."""
    rate = ibis.null("float64")
    for by in CLASSES:
        part, whole, n = (cells[f"{name}_{_name(by)}"] for name in ("part", "whole", "n"))
        own = part / (whole > 0).ifelse(whole, None)
        trust = n / (n + PRIOR_VISITS)
        rate = (trust * own + (1 - trust) * rate.fill_null(own)).fill_null(rate)
    return rate


def fraction(value: ibis.Value) -> tuple[ibis.Value, ibis.Value, ibis.Value]:
    """A measure's numerator, denominator and the number of visits that make it.

    Raises:
        TypeError: the measure is neither a mean nor a ratio of sums.
    """
    node = value.op()
    if isinstance(node, ops.Mean):
        seen, where = node.arg.to_expr(), node.where.to_expr()
        n = seen.count(where=where)
        return seen.cast("float64").sum(where=where), n, n
    if isinstance(node, ops.Divide):
        whole = node.right.arg if isinstance(node.right, ops.NullIf) else node.right
        if isinstance(node.left, ops.Sum) and isinstance(whole, ops.Sum):
            of = whole.to_expr()
            return node.left.to_expr(), of, whole.arg.to_expr().count(where=whole.where.to_expr())
    raise TypeError(f"a measure with a mix is a mean or a ratio of sums, not {type(node).__name__}")
