"""Measures of a hospital or clinic: who is admitted, what the stays hold, what they cost, how it grows."""

import ibis
from ibis import Table, Value

from claims.as_of import STAY
from features.measures import shared_admissions as admissions
from features.measures import shared_medicines as medicines
from features.measures import shared_volume as volume
from features.measures.catalogue import CONTEXT, HINT, LOW, PROOF, STRONG, declare, measure
from features.measures.formulas import growth, ratio, settled_by_month, share_in, top_share
from features.windows import YEAR

# How much

declare("hospital", volume.visits, "M01 M12", materiality=100, zh="就诊人次", en="visits")
declare(
    "hospital", volume.stays, "M01 M12", materiality=20, zh="住院人次",
    en="stays outside courses of treatment",
)  # fmt: skip
declare("hospital", volume.outpatient_visits, "M12 M13", materiality=100, direction=LOW)
declare("hospital", volume.fund_pay, "M01 M24 M25", materiality=50_000)


@measure(
    "hospital", "住院次均基金支付", "paid by the fund for a stay", "yuan_per_visit", "money", "M24 M25 M01",
    materiality=500, evidence_weight=CONTEXT, over="admissions", support="stays", case_mix=True,
)  # fmt: skip
def fund_per_stay(v: Table, w: Value) -> Value:
    """Mean fund payment of a stay, in yuan."""
    return v.fund_pay_sumamt.mean(where=w)


declare("hospital", volume.fund_growth, "M01 M46", materiality=0.3)


@measure(
    "hospital", "近三个月检查检验费与此前一年同期水平之比",
    "examinations of the last quarter against the year before",
    "ratio", "content", "M46", materiality=0.3, evidence_weight=CONTEXT, windows=(),
)  # fmt: skip
def exam_growth(v: Table, w: Value) -> Value:
    """Yuan for examinations in the last quarter ÷ those of a quarter of the year before."""
    return growth(v, v.exam_amount)


# Who is admitted, and how


@measure(
    "hospital", "住院占就诊比例", "share of visits that are stays", "share", "frequency", "M11 M12",
    materiality=0.05, evidence_weight=CONTEXT, support="visits",
)  # fmt: skip
def stay_rate(v: Table, w: Value) -> Value:
    """Stays outside courses ÷ visits outside courses."""
    return (v.kind == STAY).mean(where=w & ~v.course)


@measure(
    "hospital", "出院人次(按月结算的除外)", "stays that are not settled by the month", "visits", "frequency",
    "M02 M30", materiality=20, evidence_weight=CONTEXT,
)  # fmt: skip
def discharges(v: Table, w: Value) -> Value:
    """Stays, bills of a month left out."""
    return v.mdtrt_id.count(where=w & (v.kind == STAY) & ~settled_by_month(v))


@measure(
    "hospital", "人均住院次数", "stays per inpatient", "visits_per_person", "frequency", "M02 M30 M34",
    materiality=0.3, over="admissions", support="discharges",
)  # fmt: skip
def stays_per_person(v: Table, w: Value) -> Value:
    """Stays ÷ different inpatients, bills of a month left out."""
    ended = w & ~settled_by_month(v)
    return ratio(v.mdtrt_id.count(where=ended), v.psn_no.nunique(where=ended))


@measure(
    "hospital", "一年三次以上住院患者的住院占比", "share of stays by patients with three or more", "share",
    "frequency", "M02 M30 M34", materiality=0.1, windows=(YEAR,), base="discharges/psn_no",
    support="discharges",
)  # fmt: skip
def frequent_inpatients_share(p: Table, w: Value) -> Value:
    """Stays of patients with three or more in the year ÷ stays (`p`: a row a patient), bills of a month left
    out."""
    return share_in(p, p.n >= 3)


declare(
    "hospital", admissions.outpatient_rate_of_admissions, "M12 M11", materiality=0.05,
    zh="所收住院病种通常只需门诊治疗的比例",
    en="how often the diseases admitted here are treated as outpatients elsewhere",
)  # fmt: skip
declare(
    "hospital", admissions.admitted_from_outpatient_share, "M13 M12", materiality=0.05,
    zh="门诊当日或次日转住院占比", en="share of stays right after an outpatient visit here",
)  # fmt: skip


@measure(
    "hospital", "只来一次的患者就诊占比", "share of visits by people who came only once", "share",
    "frequency", "M11 M01", materiality=0.1, evidence_weight=CONTEXT, base="visits/psn_no", support="visits",
)  # fmt: skip
def one_time_share(p: Table, w: Value) -> Value:
    """Visits of people who came once ÷ visits (`p`: a row a patient)."""
    return share_in(p, p.n == 1)


@measure(
    "hospital", "救助对象住院占比", "share of stays of recipients of medical assistance", "share", "identity",
    "M30 M11", materiality=0.08, evidence_weight=CONTEXT, over="admissions", support="stays",
)  # fmt: skip
def assistance_share(v: Table, w: Value) -> Value:
    """Stays of recipients of medical assistance ÷ admissions."""
    return v.poor.fill_null(False).mean(where=w)


@measure(
    "hospital", "80岁以上住院占比", "share of stays of people over 80", "share", "identity", "M34 M44",
    materiality=0.1, evidence_weight=CONTEXT, over="admissions", support="stays",
)  # fmt: skip
def over_80_share(v: Table, w: Value) -> Value:
    """Stays of people of 80 years or more ÷ those whose age is known."""
    return (v.age >= 80).mean(where=w)


declare("hospital", admissions.stays_without_assistance, "M01 M11", materiality=20)
declare("hospital", admissions.non_surgical_zero_cash_share, "M01 M11", materiality=0.05)
declare(
    "hospital", volume.cash_share, "M01 M11 M30", materiality=0.08, zh="住院现金自付比例",
    en="share of inpatient bills paid in cash", over="admissions", support="stays",
)  # fmt: skip
declare("hospital", admissions.village_concentration, "M01 M11 M34", materiality=0.08)


@measure(
    "hospital", "来自住院最多的一个村居的占比", "share of stays from the most frequent village", "share",
    "concentration", "M01 M11 M34 M02", materiality=0.1, base="stays/village", support="stays",
)  # fmt: skip
def top_village_share(p: Table, w: Value) -> Value:
    """Stays of the village with most of them ÷ stays."""
    return top_share(p)


declare("hospital", admissions.village_batch_share, "M02 M11 M01", materiality=0.05)
declare(
    "hospital", volume.co_visit_share, "M02 M01 M34", materiality=0.05, zh="结伴住院占比",
    en="share of stays with regular companions", over="admissions", support="stays",
)  # fmt: skip
declare("hospital", volume.co_visit_fund, "M01 M02 M26", materiality=2000, evidence_weight=CONTEXT)
declare(
    "hospital", volume.busiest_day_ratio, "M01 M02 M11", materiality=1, zh="入院最多的一天与日均之比",
    en="admissions on the busiest day against an admitting day", family="co_visit", base="stays/day",
    support="stays",
)  # fmt: skip
declare(
    "hospital", volume.weekend_share, "M01 M10", materiality=0.1, zh="周末入院占比",
    en="share of stays that begin at a weekend", family="stay", over="admissions", support="stays",
    case_mix=True,
)  # fmt: skip
declare(
    "hospital", volume.night_share, "M01 M10", materiality=0.08, zh="夜间入院占比",
    en="share of stays that begin at night", family="stay", over="admissions", support="stays", case_mix=True,
)  # fmt: skip


@measure(
    "hospital", "收住院最多的一名医师所占比例", "share of stays under one doctor", "share", "concentration",
    "M01 M12", materiality=0.2, base="stays/dr_code", support="stays",
)  # fmt: skip
def top_doctor_share(p: Table, w: Value) -> Value:
    """Stays under the doctor with most of them ÷ stays."""
    return top_share(p)


# What happens in the stays

declare("hospital", admissions.split_share, "M03", materiality=0.03)
declare("hospital", admissions.readmission_share, "M03 M30 M34", materiality=0.05)
declare("hospital", admissions.idle_share, "M10 M44", materiality=0.03)


@measure(
    "hospital", "三日以上无检查治疗的住院占比", "share of stays with three or more idle days", "share",
    "stay", "M10", materiality=0.04, evidence_weight=STRONG, over="admissions", support="stays",
    case_mix=True,
)  # fmt: skip
def idle_stays_share(v: Table, w: Value) -> Value:
    """Stays with three or more idle days ÷ stays whose lines are known."""
    return (v.idle_days >= 3).mean(where=w)


declare("hospital", admissions.outside_share, "M10 M01", materiality=0.03)


@measure(
    "hospital", "与他院住院重叠的住院占比", "share of stays that overlap another", "share", "stay", "M10 M01",
    materiality=0.01, evidence_weight=PROOF, over="admissions", support="stays",
)  # fmt: skip
def overlap_share(v: Table, w: Value) -> Value:
    """Stays that overlap another stay of the patient ÷ admissions."""
    return v.overlap.fill_null(False).mean(where=w)


@measure(
    "hospital", "核定床位占用率", "share of approved bed days that are filled", "share", "stay", "M01 M10",
    materiality=0.2, evidence_weight=STRONG,
)  # fmt: skip
def bed_occupancy_rate(v: Table, w: Value) -> Value:
    """Days of stays ÷ (approved beds × days from the first visit of the window on, 30 at least)."""
    # Stays fill the days from the first visit of the window to the night, a month at least.
    span = ibis.greatest(v.days_ago.max(where=w), 30)
    return v.los.sum(where=w).fill_null(0) / (v.beds.max(where=w).nullif(0) * span)


declare("hospital", admissions.los, "M44 M01", materiality=3)


@measure(
    "hospital", "住院天数与同病组通常水平之比", "length of stay against the disease group", "ratio",
    "stay", "M44 M01", materiality=0.15, over="admissions", support="stays",
)  # fmt: skip
def los_ratio(v: Table, w: Value) -> Value:
    """Median over stays of the days ÷ the days usual for the disease group."""
    return v.los_ratio.median(where=w)


@measure(
    "hospital", "30天以上住院占比", "share of stays of 30 days or more", "share", "stay", "M44",
    materiality=0.04, over="admissions", support="stays", case_mix=True,
)  # fmt: skip
def long_share(v: Table, w: Value) -> Value:
    """Stays of 30 days or more ÷ admissions."""
    return (v.los >= 30).mean(where=w)


@measure(
    "hospital", "两天以内住院占比", "share of stays of two days or less", "share", "stay", "M12 M13",
    materiality=0.08, evidence_weight=CONTEXT, over="admissions", support="stays", case_mix=True,
)  # fmt: skip
def short_share(v: Table, w: Value) -> Value:
    """Stays of two days or less ÷ admissions."""
    return (v.los <= 2).mean(where=w)


@measure(
    "hospital", "住院天数同为最常见一种的占比", "share of stays with the most frequent length", "share",
    "stay", "M01 M44", materiality=0.1, base="discharges/los", support="discharges",
)  # fmt: skip
def same_los_share(p: Table, w: Value) -> Value:
    """Stays of the most frequent number of days ÷ stays, bills of a month left out."""
    return top_share(p)


# What the bills hold

declare("hospital", admissions.non_surgical_stays, "M01", materiality=20)
declare("hospital", admissions.template_share, "M01 M44", materiality=0.1)


@measure(
    "hospital", "最大一组雷同账单占非手术住院的比例",
    "share of stays without an operation with the most frequent set of items", "share",
    "content", "M01 M44", materiality=0.05, base="unoperated/template", support="non_surgical_stays",
)  # fmt: skip
def top_template_share(p: Table, w: Value) -> Value:
    """Stays with the most frequent set of items ÷ stays (`p`: stays without an operation by set of items)."""
    return top_share(p)


declare("hospital", admissions.top_exam_set_share, "M33 M04", materiality=0.08)
declare("hospital", admissions.checkup_share, "M04 M33", materiality=0.04)
declare("hospital", admissions.exam_share, "M04 M33 M46", materiality=0.08)
declare("hospital", admissions.outpatient_exam_share, "M33 M46", materiality=0.1)
declare("hospital", admissions.drug_share, "M50", materiality=0.08)
declare("hospital", admissions.outpatient_drug_share, "M50", materiality=0.1)
declare(
    "hospital", admissions.imaging_share, "M33 M46 M04", materiality=0.1, zh="做大型检查的住院占比",
    en="share of stays with a scan", evidence_weight=HINT, over="admissions", support="stays",
)  # fmt: skip


@measure(
    "hospital", "住院费用中治疗和用药的占比", "share of inpatient bills for treatment and medicine", "share",
    "content", "M04 M01", materiality=0.08, direction=LOW, over="admissions", support="stays", case_mix=True,
)  # fmt: skip
def treatment_share(v: Table, w: Value) -> Value:
    """Yuan for treatment, medicine and consumables ÷ yuan of all lines, of stays."""
    treated = v.treat_amount + v.drug_amount + v.material_amount
    return ratio(treated.sum(where=w), v.billed.sum(where=w))


@measure(
    "hospital", "床位护理诊察费占比", "share of inpatient bills for bed, care and round", "share", "content",
    "M10 M44", materiality=0.06, over="admissions", support="stays", case_mix=True,
)  # fmt: skip
def bed_care_share(v: Table, w: Value) -> Value:
    """Yuan for bed, nursing and round ÷ yuan of all lines, of stays."""
    return ratio(v.bed_care_amount.sum(where=w), v.billed.sum(where=w))


@measure(
    "hospital", "住院耗材费占比", "share of inpatient bills for consumables", "share", "content", "M29",
    materiality=0.06, evidence_weight=CONTEXT, over="admissions", support="stays", case_mix=True,
)  # fmt: skip
def consumables_share(v: Table, w: Value) -> Value:
    """Yuan for consumables ÷ yuan of all lines, of stays."""
    return ratio(v.material_amount.sum(where=w), v.billed.sum(where=w))


@measure(
    "hospital", "耗材费过半的住院占比", "share of stays billed mostly for consumables", "share", "content",
    "M29", materiality=0.04, over="admissions", support="stays", case_mix=True,
)  # fmt: skip
def consumables_stays_share(v: Table, w: Value) -> Value:
    """Stays with half of the bill or more for consumables ÷ admissions."""
    return (v.material_amount >= 0.5 * v.billed).mean(where=w)


# What is charged for it

declare("hospital", admissions.cost_ratio, "M25 M24", materiality=0.15)


@measure(
    "hospital", "费用不足同病组一半的住院占比", "share of stays at less than half the usual bill", "share",
    "price", "M25 M24 M01", materiality=0.08, over="admissions", support="stays",
)  # fmt: skip
def low_cost_share(v: Table, w: Value) -> Value:
    """Stays billed less than half of what is usual for the disease group ÷ stays with a benchmark."""
    return (v.cost_ratio < 0.5).mean(where=w)


@measure(
    "hospital", "费用超同病组两倍的住院占比", "share of stays at more than twice the usual bill", "share",
    "price", "M25", materiality=0.08, over="admissions", support="stays",
)  # fmt: skip
def high_cost_share(v: Table, w: Value) -> Value:
    """Stays billed more than twice what is usual for the disease group ÷ stays with a benchmark."""
    return (v.cost_ratio > 2).mean(where=w)


@measure(
    "hospital", "各次住院费用差异与同病组之比", "spread of bills around their disease group", "ratio",
    "price", "M01 M44", materiality=0.1, direction=LOW, over="admissions", support="stays",
)  # fmt: skip
def cost_dispersion(v: Table, w: Value) -> Value:
    """Standard deviation over stays of the bill ÷ the bill usual for the disease group."""
    return v.cost_ratio.std(where=w)


declare("hospital", admissions.service_intensity_ratio, "M01 M24 M25", materiality=0.15)
declare("hospital", admissions.charge_to_intensity_ratio, "M24", materiality=0.1)
declare("hospital", admissions.overcharged_stay_share, "M24", materiality=0.05)
declare("hospital", admissions.drg_cost_excess, "M24", materiality=0.05)
declare("hospital", admissions.unsupported_drg_share, "M24", materiality=0.04)
declare("hospital", admissions.top_disease_share, "M24 M01 M12", materiality=0.1)
declare(
    "hospital", medicines.over_ceiling_share, "M25 M29", materiality=0.002, zh="超最高限价金额占比",
    en="share of the bills above the price ceiling",
)  # fmt: skip


# Dialysis

declare("hospital", admissions.dialysis_sessions, "M28", materiality=100)
declare("hospital", admissions.no_sign_in_share, "M28", materiality=0.05)


@measure(
    "hospital", "少数患者缺签到多于同院其他患者的透析占比",
    "share of dialysis sessions without sign-in beyond those of the other patients there", "share",
    "identity", "M28", materiality=0.01, evidence_weight=STRONG, support="dialysis_sessions",
)  # fmt: skip
def no_sign_in_excess(v: Table, w: Value) -> Value:
    """Sessions without a sign-in that are a few patients' and beyond chance ÷ sessions of dialysis; nothing
    where there are none (`features.visits.registers.sessions_without_sign_in`)."""
    known = w & v.no_sign_in.notnull()
    return ratio(v.no_sign_in_excess.sum(where=known), v.dialysis.sum(where=known)).fill_null(0.0)


declare("hospital", admissions.weekly_dialysis_ratio, "M28", materiality=0.1)
declare("hospital", admissions.double_dialysis_share, "M28", materiality=0.02)
declare("hospital", admissions.dialysis_persons, "M28", materiality=5)
declare("hospital", admissions.off_schedule_share, "M28", materiality=0.2)
declare("hospital", volume.visits_after_death, "M09 M28 M01", materiality=2, evidence_weight=STRONG)
declare("hospital", admissions.rehab_visits, "M45", materiality=10)
declare("hospital", admissions.no_sign_in_rehab_share, "M45", materiality=0.05)
declare("hospital", volume.co_visit_consultation_share, "M26", materiality=0.05)


@measure(
    "hospital", "来自异常集中村居的住院占比",
    "share of stays from villages that send more than their neighbours", "share", "concentration", "M01 M11",
    materiality=0.05, over="admissions",
)  # fmt: skip
def village_recruitment_excess_mean(v: Table, w: Value) -> Value:
    """Mean over stays of the excess of their flow from the village (`referral_flows`)."""
    # By itself a flow is no guilt: a hospital stands beside some village.
    return v.village_recruitment_excess.mean(where=w)
