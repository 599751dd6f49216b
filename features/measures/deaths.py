"""Measures of a patient's card after the registered death.

Whom a doctor sees weeks after the death is alive, and the register has a wrong date, or the doctor's place
bills the dead: that is held against the place (`features.measures.shared_volume.visits_after_death`), not
against the family. What is fetched with the card, from a pharmacy or as the medicine of a registered disease,
when no doctor sees its owner any more is the family's (`features.visits.registers.days_after_death`).
"""

from ibis import Table, Value

from features.measures.catalogue import ALL_WINDOWS, PROOF, measure


def _unseen(v: Table, w: Value) -> Value:
    """Visits more than a day after death at which, and after which, nothing shows the patient alive."""
    return w & ((v.days_since_death > 1) & ~v.seen_after_death).fill_null(False)


@measure(
    "patient", "死亡后刷卡次数(其后再无本人就诊)",
    "uses of the card after death, with no visit in person since", "visits", "identity", "M09",
    materiality=0.3, evidence_weight=PROOF, windows=ALL_WINDOWS, statistic="count",
)  # fmt: skip
def uses_after_death(v: Table, w: Value) -> Value:
    """Visits that began more than a day after the registered death and after any that shows the patient
    alive."""
    return v.mdtrt_id.count(where=_unseen(v, w))


@measure(
    "patient", "死亡后刷卡的基金支付(其后再无本人就诊)",
    "paid by the fund for uses of the card after death, with no visit in person since", "yuan",
    "identity", "M09", materiality=30, evidence_weight=PROOF, windows=ALL_WINDOWS,
)  # fmt: skip
def fund_after_death(v: Table, w: Value) -> Value:
    """Yuan paid by the funds for the visits counted by `uses_after_death`."""
    return v.fund_pay_sumamt.sum(where=_unseen(v, w)).fill_null(0)
