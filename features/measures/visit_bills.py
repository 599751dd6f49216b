"""Measures of the bill of a visit: how much, who paid, content, and what is usual for its disease group."""

from ibis import Table, Value

from features.measures.catalogue import CONTEXT, LOW, STRONG, measure
from features.measures.formulas import of_stays, ratio


@measure(
    "visit", "费用总额", "total bill", "yuan", "money", "M01 M12 M24", materiality=500,
    evidence_weight=CONTEXT,
)  # fmt: skip
def bill(v: Table, w: Value) -> Value:
    """Yuan billed for the visit, refunds netted (`medfee_sumamt`)."""
    return v.medfee_sumamt


@measure(
    "visit", "基金支付", "paid by the fund", "yuan", "money", "M01 M16 M24", materiality=400,
    evidence_weight=CONTEXT,
)  # fmt: skip
def fund_pay(v: Table, w: Value) -> Value:
    """Yuan paid by the funds for the visit (`fund_pay_sumamt`)."""
    return v.fund_pay_sumamt


@measure(
    "visit", "基金支付比例", "share paid by the fund", "share", "money", "M01 M11 M30", materiality=0.15,
    evidence_weight=CONTEXT,
)  # fmt: skip
def fund_share(v: Table, w: Value) -> Value:
    """Fund payment ÷ bill; missing where nothing was billed."""
    return v.fund_share


@measure(
    "visit", "现金自付比例", "share paid in cash", "share", "money", "M01 M11 M30", materiality=0.15,
    direction=LOW, unpaid=True,
)  # fmt: skip
def cash_share(v: Table, w: Value) -> Value:
    """Cash paid by the patient ÷ bill; missing where nothing was billed."""
    return v.cash_share


@measure(
    "visit", "同一金额在本机构重复出现的次数", "other visits at the place with the same amount", "times",
    "card_timing", "M16 M18", materiality=5, evidence_weight=CONTEXT,
)  # fmt: skip
def same_amount(v: Table, w: Value) -> Value:
    """Other bills of the kind at the institution of the same amount to the cent."""
    return v.same_amount


@measure(
    "visit", "住院天数与同病组通常水平之比", "length of stay against its disease group", "ratio", "stay",
    "M01 M44", materiality=0.5, evidence_weight=CONTEXT,
)  # fmt: skip
def los_ratio(v: Table, w: Value) -> Value:
    """Days of the stay ÷ days usual for its disease group (`features.visits.stay_benchmarks`)."""
    return v.los_ratio


@measure(
    "visit", "费用与同病组通常水平之比", "bill against its disease group", "ratio", "price", "M24 M25",
    materiality=0.5, evidence_weight=CONTEXT,
)  # fmt: skip
def cost_ratio(v: Table, w: Value) -> Value:
    """Bill of the stay ÷ bill usual for its disease group."""
    return v.cost_ratio


@measure(
    "visit", "诊疗项目量与同病组通常水平之比", "services on the bill against the disease group", "ratio",
    "price", "M24 M25", materiality=0.4, direction=LOW,
)  # fmt: skip
def service_intensity_ratio(v: Table, w: Value) -> Value:
    """Yuan billed other than bed, care and round ÷ what is usual for the disease group."""
    return v.service_intensity_ratio


@measure(
    "visit", "入高费用病组时的诊疗项目量与同病组之比",
    "services on the bill against a disease group costlier than the diagnosis", "ratio", "price",
    "M24", materiality=0.3, evidence_weight=STRONG, direction=LOW,
)  # fmt: skip
def high_cost_drg_intensity_ratio(v: Table, w: Value) -> Value:
    """`service_intensity_ratio` of stays in a DRG that costs more than their diagnosis does; else missing."""
    return v.high_cost_drg.ifelse(v.service_intensity_ratio, None)


@measure(
    "visit", "入高费用病组时的住院天数与同病组之比",
    "length of stay against a disease group costlier than the diagnosis", "ratio", "stay", "M24",
    materiality=0.3, direction=LOW,
)  # fmt: skip
def high_cost_drg_los_ratio(v: Table, w: Value) -> Value:
    """`los_ratio` of stays in a group that costs more than their disease does; missing for others."""
    return v.high_cost_drg.ifelse(v.los_ratio, None)


@measure(
    "visit", "收费与诊疗项目应有水平之比", "charge for the services against the disease group", "ratio",
    "price", "M24", materiality=0.6, evidence_weight=STRONG,
)  # fmt: skip
def charge_to_intensity_ratio(v: Table, w: Value) -> Value:
    """`cost_ratio` ÷ `service_intensity_ratio` (`features.visits.stay_benchmarks`)."""
    return v.charge_to_intensity_ratio


@measure(
    "visit", "收费项目种类与同病组通常水平之比", "number of items against its disease group", "ratio",
    "content", "M01 M24 M25", materiality=0.4, direction=LOW,
)  # fmt: skip
def items_ratio(v: Table, w: Value) -> Value:
    """Different items on the bill ÷ number usual for the disease group."""
    return v.items_ratio


@measure(
    "visit", "检查化验占比", "share of examinations and laboratory", "share", "content", "M04 M33",
    materiality=0.2,
)  # fmt: skip
def exam_share(v: Table, w: Value) -> Value:
    """Yuan for examinations and laboratory ÷ yuan of all lines, of stays."""
    return of_stays(v, ratio(v.exam_amount, v.billed))


@measure(
    "visit", "治疗和用药费用占比", "share of treatment and medicine", "share", "content", "M04",
    materiality=0.2, direction=LOW,
)  # fmt: skip
def treatment_share(v: Table, w: Value) -> Value:
    """Yuan for treatment, medicine and consumables ÷ yuan of all lines, of stays."""
    return of_stays(v, ratio(v.treat_amount + v.drug_amount + v.material_amount, v.billed))


@measure(
    "visit", "床位护理诊察占比", "share of bed, care and round", "share", "content", "M10 M44",
    materiality=0.15,
)  # fmt: skip
def bed_care_share(v: Table, w: Value) -> Value:
    """Yuan for bed, nursing and round ÷ yuan of all lines, of stays."""
    return of_stays(v, ratio(v.bed_care_amount, v.billed))


@measure(
    "visit", "耗材占比", "share of consumables", "share", "content", "M29", materiality=0.2,
    evidence_weight=CONTEXT,
)  # fmt: skip
def consumables_share(v: Table, w: Value) -> Value:
    """Yuan for consumables ÷ yuan of all lines."""
    return ratio(v.material_amount, v.billed)
