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

from features.measures.catalogue import CONTEXT, Over, SharedMeasure, declare, shared
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


# Quantile → share of the values at or below it, and words that stand after and before the quantity.
QUANTILES = {
    "p50": (0.5, "的中位数", "median"),
    "p90": (0.9, "的第90百分位", "90th percentile of the"),
    "p99": (0.99, "的第99百分位", "99th percentile of the"),
    "max": (1.0, "的最大值", "largest"),
}
QUANTITIES = {
    "stay_days": Quantity("住院天数", "length of stay", "days", 1, "admissions", lambda v: v.los),
    "visit_fund": Quantity(
        "单次就诊基金支付", "fund payment of a visit", "yuan_each", 500, "visits",
        lambda v: v.fund_pay_sumamt,
    ),
    "return_days": Quantity(
        "上次出院后再入本院的间隔", "interval from a stay to the next one here", "days", 1,
        "admissions", lambda v: ibis.ifelse(v.same_place, v.gap_days, None),
    ),
}  # fmt: skip


def _quantile(stem: str, quantity: Quantity, name: str) -> SharedMeasure:
    share, zh, en = QUANTILES[name]

    def quantile(v: Table, w: Value) -> Value:
        """Quantile of the known values, interpolated between the two nearest."""
        return quantity.value(v).quantile(share, where=w)

    quantile.__name__ = f"{stem}_{name}"
    words = quantity.zh + zh, f"{en} {quantity.en}", quantity.unit, "distribution"
    return shared(*words, evidence_weight=CONTEXT, windows=(YEARS,), over=quantity.over)(quantile)


for _stem, _quantity in QUANTITIES.items():
    for _name in QUANTILES:
        declare(
            "hospital",
            _quantile(_stem, _quantity, _name),
            "",
            materiality=_quantity.materiality,
        )
