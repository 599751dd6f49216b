"""Measures of a hospital's stays in costly disease groups against its own other stays (M24)."""

from ibis import Table, Value

from features.measures.catalogue import CONTEXT, STRONG, measure
from features.measures.formulas import ratio
from features.visits.stay_benchmarks import LITTLE_CONTENT

# Two shares of fewer stays say nothing of a hospital: ten on each side make so large an effective sample. Own
# starting value, as of items in excess (`features.comparison.item_excess.MIN_VISITS`).
MIN_COMPARED = 5


@measure(
    "hospital", "高费用病组与其他住院对比的有效样本量",
    "effective sample size of comparing stays in high-cost groups with others", "visits", "price", "M24",
    materiality=20, evidence_weight=CONTEXT, over="admissions",
)  # fmt: skip
def drg_comparison_size(v: Table, w: Value) -> Value:
    """Harmonic sum of the stays in a DRG costlier than their diagnosis and of the others: the variance of the
    difference of their means is that of one stay ÷ this."""
    high, other = (v.mdtrt_id.count(where=w & side) for side in (v.high_cost_drg, ~v.high_cost_drg))
    return ratio(high * other, high + other)


@measure(
    "hospital", "入高费用病组的住院中诊疗项目不足的占比,高出本院其他住院的部分",
    "excess of stays without due services in high-cost disease groups over its other stays",
    "share", "price", "M24", materiality=0.05, evidence_weight=STRONG, over="admissions",
    support="drg_comparison_size", statistic="mean",
)  # fmt: skip
def unsupported_drg_excess(v: Table, w: Value) -> Value:
    """Share with less than LITTLE_CONTENT of the usual services among stays in a DRG costlier than their
    diagnosis, less that among the hospital's other stays (difference in differences): who does little for
    everybody, or treats light cases, differs in neither. Missing where the effective sample is below
    MIN_COMPARED; a doctor has too few of both."""
    little = v.service_intensity_ratio < LITTLE_CONTENT
    excess = little.mean(where=w & v.high_cost_drg) - little.mean(where=w & ~v.high_cost_drg)
    return (drg_comparison_size(v, w) >= MIN_COMPARED).ifelse(excess, None)
