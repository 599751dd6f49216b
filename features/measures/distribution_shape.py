"""The shape of a hospital's distributions: middle and tail of length of stay, payments and intervals.

What is done to a few stays moves the tail and leaves the mean where it is; stays kept to one number of days,
or patients called back after one, move the middle. None of this is evidence against anybody, for a ward's
patients explain it as well: the learner alone looks at it (`models.subject_model.LEARNT_ONLY`), and outcomes
of inspections give it weight. Tails need many rows, so it is taken over the longest window alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import ibis
from ibis import Table, Value

from features.measures.catalogue import CONTEXT, Over, declare, shared
from features.measures.formulas import ratio
from features.windows import YEARS


@dataclass(frozen=True)
class Quantity:
    """What is distributed.

    Attributes:
        zh, en, unit, materiality: see `features.measures.catalogue.Measure`.
        over: the visits that have it.
        value: of a visit; null where it is unknown.
    """

    zh: str
    en: str
    unit: str
    materiality: float
    over: Over
    value: Callable[[Table], Value]


def _quantile(share: float) -> Callable[[Value, Value], Value]:
    """The quantile with this share of the known values at or below it, interpolated between the two
    nearest."""
    return lambda value, where: value.quantile(share, where=where)


def _variation(value: Value, where: Value) -> Value:
    """Standard deviation ÷ mean."""
    return ratio(value.std(where=where), value.mean(where=where))


# Statistic → how it is taken, and words that stand after and before the quantity.
STATISTICS = {
    "p50": (_quantile(0.5), "的中位数", "median"),
    "p90": (_quantile(0.9), "的第90百分位", "90th percentile of the"),
    "p99": (_quantile(0.99), "的第99百分位", "99th percentile of the"),
    "max": (_quantile(1.0), "的最大值", "largest"),
    "cv": (_variation, "的变异系数", "coefficient of variation of the"),
}
QUANTITIES = {
    "stay_days": Quantity("住院天数", "length of stay", "days", 1, "admissions", lambda v: v.los),
    "visit_fund": Quantity(
        "单次就诊基金支付", "fund payment of a visit", "yuan_per_visit", 500, "visits",
        lambda v: v.fund_pay_sumamt,
    ),
    "return_days": Quantity(
        "上次出院后再入本院的间隔", "interval from a stay to the next one here", "days", 1, "admissions",
        lambda v: ibis.ifelse(v.same_place, v.days_since_discharge, None),
    ),
}  # fmt: skip
_VARIATION_MATERIALITY = 0.2


def _declare(stem: str, name: str) -> None:
    quantity, (statistic, zh, en) = QUANTITIES[stem], STATISTICS[name]

    def compute(v: Table, w: Value) -> Value:
        return statistic(quantity.value(v), w)

    compute.__name__ = f"{stem}_{name}"
    unit, materiality = (
        ("share", _VARIATION_MATERIALITY) if name == "cv" else (quantity.unit, quantity.materiality)
    )
    words = quantity.zh + zh, f"{en} {quantity.en}", unit, "distribution"
    template = shared(*words, evidence_weight=CONTEXT, windows=(YEARS,), over=quantity.over)(compute)
    declare("hospital", template, "", materiality=materiality)


for _stem in QUANTITIES:
    for _name in STATISTICS:
        _declare(_stem, _name)
