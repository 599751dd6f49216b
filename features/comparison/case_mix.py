"""Expected value of a measure given a subject's own case mix: indirect standardisation.

The subject's visits are taken at the rates that their diseases, ages and kinds of visit have elsewhere. Rates
are leave-one-out: they leave the subject itself out, so whoever treats half of the cases of a disease is not
compared with itself. A stratum of few visits is shrunk toward its disease group, that toward the chapter of
the ICD, that toward the city. What nobody else treats has no usual rate: it is expected as it was observed.
(Breslow, Day 1987, Statistical Methods in Cancer Research II, ch. 2.)
"""

import ibis
import ibis.expr.operations as ops
import pandas as pd
from ibis import _

from features.leave_one_out import sum_elsewhere
from features.measures.catalogue import Measure, expected_column, measures_of
from features.rounding import rounded

# Shrinkage: so many visits elsewhere have as much weight as the wider class that their rate is shrunk toward.
PRIOR_VISITS = 10
# With so many comparable visits elsewhere, the expectation is half their rate and half what was observed.
PRIOR_COMPARABLE_VISITS = 3
# Upper ends of age bands, in years: infants, children, young adults, middle age, old age; above, the very
# old.
AGE_BANDS = (1, 15, 45, 65, 80)
# Classes of visits from the widest to the narrowest; the last is a stratum.
CLASSES = (("care",), ("care", "chapter"), ("care", "dx_group"), ("care", "dx_group", "band"))
# Visits elsewhere of these in common are comparable; those for a symptom (ICD-10 chapter R), which is no
# specialty, with visits for whatever cause.
COMPARABLE = ("care", "chapter", "band")
SYMPTOMS, COMPARABLE_WITH_SYMPTOMS = "R", ("care", "band")
# All columns that classify a visit, and what is summed of each measure: numerator, denominator, visits.
_KEYS = tuple(dict.fromkeys(name for by in (*CLASSES, COMPARABLE) for name in by))
_PARTS = ("part", "whole", "n")


def expected(rows: ibis.Table, subject: str) -> pd.DataFrame:
    """Expected values of the measures that are adjusted for case mix.

    Args:
        rows: facts with ``subject_id``, one row a visit.
        subject: kind of subject.

    Returns:
        Index ``subject_id``; a column `expected_column` for each column of such a measure.

    Raises:
        TypeError: a measure adjusted for case mix is neither a mean nor a ratio of sums.
    """
    mixed = {column: taken for column, taken in measures_of(subject).items() if taken[0].case_mix}
    if not mixed:
        return pd.DataFrame(index=pd.Index([], name="subject_id"))
    cells = _cells(rows, mixed)
    rate = _rates_elsewhere(cells)
    weight = cells.n_comparable / (cells.n_comparable + PRIOR_COMPARABLE_VISITS)
    part = (weight * cells.whole * rate + (1 - weight) * cells.part).fill_null(cells.part)
    sums = cells.mutate(usual=part).group_by("subject_id", "column")
    usual = rounded(_.usual.sum() / _.whole.sum().nullif(0), 6)
    found: pd.DataFrame = sums.aggregate(value=usual).to_pandas()
    wide = found.pivot(index="subject_id", columns="column", values="value").reindex(columns=list(mixed))
    return wide.rename(columns=expected_column).rename_axis(columns=None).astype(float)


def _cells(rows: ibis.Table, mixed: dict[str, tuple[Measure, int | None]]) -> ibis.Table:
    """Numerator, denominator and visits of each measure by subject and stratum, and the same of all others'
    visits in each class; one row a (subject, stratum, measure)."""
    con = rows.get_backend()
    wide = con.create_table("mix_wide", _sums_by_stratum(rows, mixed), overwrite=True)
    listed = ibis.array(
        [ibis.struct({"column": c, **{name: wide[f"{c}/{name}"] for name in _PARTS}}) for c in mixed]
    )
    long = wide.select("subject_id", *_KEYS, cell=listed.unnest()).unpack("cell").filter(_.n > 0)
    others = {f"{name}_{by[-1]}": _of_others(long, name, by) for by in CLASSES for name in _PARTS}
    comparable = (long.chapter == SYMPTOMS).ifelse(
        _of_others(long, "n", COMPARABLE_WITH_SYMPTOMS), _of_others(long, "n", COMPARABLE)
    )
    return con.create_table("mix_cells", long.mutate(**others, n_comparable=comparable), overwrite=True)


def _sums_by_stratum(rows: ibis.Table, mixed: dict[str, tuple[Measure, int | None]]) -> ibis.Table:
    """One row a (subject, stratum), the parts of each measure in columns ``COLUMN/PART``; visits without a
    disease are a class of their own, as null is in groups and windows."""
    classified = rows.mutate(
        care=rows.med_type.left(2),
        chapter=rows.dx3.left(1),
        band=ibis.cases(*[(rows.age < end, n) for n, end in enumerate(AGE_BANDS)], else_=len(AGE_BANDS)),
    )
    sums = {}
    for column, (entry, days) in mixed.items():
        inside = classified.days_ago <= days if days else ibis.literal(True)
        for name, value in zip(_PARTS, fraction(entry.compute(classified, inside)), strict=True):
            sums[f"{column}/{name}"] = value.cast("float64").fill_null(0.0)
    return classified.group_by("subject_id", *_KEYS).aggregate(**sums)


def _of_others(cells: ibis.Table, name: str, by: tuple[str, ...]) -> ibis.Value:
    """A part summed over the class of a cell, without the cell's own subject."""
    return sum_elsewhere(cells[name], "subject_id", "column", *by)


def _rates_elsewhere(cells: ibis.Table) -> ibis.Value:
    """The rate of others' visits like those of a cell, narrow classes of few visits shrunk toward wider
    ones."""
    rate = ibis.null("float64")
    for by in CLASSES:
        part, whole, n = (cells[f"{name}_{by[-1]}"] for name in _PARTS)
        own = part / (whole > 0).ifelse(whole, None)
        weight = n / (n + PRIOR_VISITS)
        rate = (weight * own + (1 - weight) * rate.fill_null(own)).fill_null(rate)
    return rate


def fraction(value: ibis.Value) -> tuple[ibis.Value, ibis.Value, ibis.Value]:
    """A measure's numerator, denominator and the number of visits that make it.

    Args:
        value: the measure's expression.

    Raises:
        TypeError: it is neither a mean nor a ratio of sums.
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
    raise TypeError(
        f"a measure adjusted for case mix is a mean or a ratio of sums, not {type(node).__name__}"
    )
