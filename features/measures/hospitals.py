"""Measures of a hospital or clinic: who is admitted, what the stays hold, what they cost, how it grows."""

import ibis

from claims.as_of import OUTPATIENT, STAY
from features.measures.catalogue import CONTEXT, FLOW, LOW, PROOF, STRONG, YEAR, measure


def _stays(v: ibis.Table, w: ibis.Value) -> ibis.Value:
    """Stays of the window outside courses of treatment."""
    return w & (v.kind == STAY) & ~v.course


def _outpatient(v: ibis.Table, w: ibis.Value) -> ibis.Value:
    return w & (v.kind == OUTPATIENT) & ~v.course


def _growth(v: ibis.Table, amount: ibis.Value) -> ibis.Value:
    """The last quarter against the year before it, per day; unknown without a quarter to compare with."""
    span = ibis.least(v.days_ago.max(), 455) - 90
    recent = amount.sum(where=v.days_ago <= 90) / 90
    before = amount.sum(where=(v.days_ago > 90) & (v.days_ago <= 455)) / (span >= 90).ifelse(span, None)
    return recent / before.nullif(0)


# How much


@measure(
    "hospital",
    "就诊人次",
    "visits",
    "visits",
    "M01 M12",
    materiality=100,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def visits(v, w):
    return v.mdtrt_id.count(where=w)


@measure(
    "hospital",
    "住院人次",
    "stays outside courses of treatment",
    "visits",
    "M01 M12",
    materiality=20,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def stays(v, w):
    return v.mdtrt_id.count(where=_stays(v, w))


@measure(
    "hospital",
    "门诊人次",
    "outpatient visits",
    "visits",
    "M12 M13",
    materiality=100,
    family="frequency",
    windows=FLOW,
    direction=LOW,
    evidence_weight=CONTEXT,
)
def outpatient_visits(v, w):
    return v.mdtrt_id.count(where=_outpatient(v, w))


@measure(
    "hospital",
    "基金支付",
    "paid by the fund",
    "yuan",
    "M01 M24 M25",
    materiality=50_000,
    family="money",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def fund_pay(v, w):
    return v.fund_pay_sumamt.sum(where=w).fill_null(0)


@measure(
    "hospital",
    "住院次均基金支付",
    "paid by the fund for a stay",
    "yuan_each",
    "M24 M25 M01",
    materiality=500,
    family="money",
    support="stays",
    evidence_weight=CONTEXT,
    mix=True,
)
def fund_per_stay(v, w):
    return v.fund_pay_sumamt.mean(where=_stays(v, w))


@measure(
    "hospital",
    "基金支付近季与此前一年之比",
    "fund pay of the last quarter against the year before",
    "ratio",
    "M01 M46",
    materiality=0.3,
    family="money",
    windows=(),
    evidence_weight=CONTEXT,
)
def fund_growth(v, w):
    return _growth(v, v.fund_pay_sumamt)


@measure(
    "hospital",
    "检查检验费近季与此前一年之比",
    "examinations of the last quarter against the year before",
    "ratio",
    "M46",
    materiality=0.3,
    family="content",
    windows=(),
    evidence_weight=CONTEXT,
)
def exam_growth(v, w):
    return _growth(v, v.exam_amount)


# Who is admitted, and how


@measure(
    "hospital",
    "住院占就诊比例",
    "share of visits that are stays",
    "share",
    "M11 M12",
    materiality=0.05,
    family="frequency",
    support="visits",
    evidence_weight=CONTEXT,
)
def stay_rate(v, w):
    return (v.kind == STAY).mean(where=w & ~v.course)


@measure(
    "hospital",
    "人均住院次数",
    "stays per inpatient",
    "visits_each",
    "M02 M30 M34",
    materiality=0.3,
    family="frequency",
    support="stays",
)
def stays_each(v, w):
    return v.mdtrt_id.count(where=_stays(v, w)) / v.psn_no.nunique(where=_stays(v, w)).nullif(0)


@measure(
    "hospital",
    "一年三次以上住院患者的住院占比",
    "share of stays by patients with three or more",
    "share",
    "M02 M30 M34",
    materiality=0.1,
    family="frequency",
    windows=(YEAR,),
    base="stays/psn_no",
    support="stays",
)
def frequent_share(p, w):
    return p.n.sum(where=p.n >= 3).fill_null(0) / p.n.sum()


@measure(
    "hospital",
    "多见于门诊的病种收住程度",
    "how often the diseases admitted here are treated as outpatients elsewhere",
    "share",
    "M12 M11",
    materiality=0.05,
    family="stay",
    support="stays",
)
def outpatient_rate_of_admissions(v, w):
    return v.outpatient_rate.mean(where=_stays(v, w))


@measure(
    "hospital",
    "门诊当日或次日转住院占比",
    "share of stays right after an outpatient visit here",
    "share",
    "M13 M12",
    materiality=0.05,
    family="stay",
    support="stays",
    mix=True,
)
def converted_share(v, w):
    return v.converted.fill_null(False).mean(where=_stays(v, w))


@measure(
    "hospital",
    "只来一次的患者就诊占比",
    "share of visits by people who came only once",
    "share",
    "M11 M01",
    materiality=0.1,
    family="frequency",
    base="visits/psn_no",
    support="visits",
    evidence_weight=CONTEXT,
)
def one_time_share(p, w):
    return p.n.sum(where=p.n == 1).fill_null(0) / p.n.sum()


@measure(
    "hospital",
    "救助对象住院占比",
    "share of stays of people in rescue groups",
    "share",
    "M30 M11",
    materiality=0.08,
    family="identity",
    support="stays",
    evidence_weight=CONTEXT,
)
def poor_share(v, w):
    return v.poor.fill_null(False).mean(where=_stays(v, w))


@measure(
    "hospital",
    "80岁以上住院占比",
    "share of stays of people over 80",
    "share",
    "M34 M44",
    materiality=0.1,
    family="identity",
    support="stays",
    evidence_weight=CONTEXT,
)
def old_share(v, w):
    return (v.age >= 80).mean(where=_stays(v, w))


@measure(
    "hospital",
    "非救助对象零自付住院占比",
    "share of stays that cost a patient outside rescue groups nothing",
    "share",
    "M01 M11",
    materiality=0.05,
    family="money",
    support="stays",
    evidence_weight=STRONG,
)
def zero_cash_share(v, w):
    return (v.cash_payamt <= 0).mean(where=_stays(v, w) & ~v.poor.fill_null(False))


@measure(
    "hospital",
    "住院现金自付比例",
    "share of inpatient bills paid in cash",
    "share",
    "M01 M11 M30",
    materiality=0.08,
    family="money",
    direction=LOW,
    support="stays",
)
def cash_share(v, w):
    return v.cash_payamt.sum(where=_stays(v, w)) / v.medfee_sumamt.sum(where=_stays(v, w)).nullif(0)


@measure(
    "hospital",
    "任取两次住院来自同村的概率",
    "chance that two stays are from one village",
    "share",
    "M01 M11 M34",
    materiality=0.08,
    family="concentration",
    base="stays/village",
    support="stays",
)
def village_concentration(p, w):
    return (p.n * p.n).sum() / (p.n.sum() * p.n.sum())


@measure(
    "hospital",
    "最多一村住院占比",
    "share of stays from the most frequent village",
    "share",
    "M01 M11 M34 M02",
    materiality=0.1,
    family="concentration",
    base="stays/village",
    support="stays",
)
def top_village_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "hospital",
    "同村三人以上同日入院占比",
    "share of stays with three or more of a village admitted within a day",
    "share",
    "M02 M11 M01",
    materiality=0.05,
    family="company",
    support="stays",
    evidence_weight=STRONG,
)
def batch_share(v, w):
    return (v.village_batch.fill_null(0) >= 2).mean(where=_stays(v, w))


@measure(
    "hospital",
    "结伴住院占比",
    "share of stays with companions",
    "share",
    "M02 M01 M34",
    materiality=0.05,
    family="company",
    support="stays",
    evidence_weight=STRONG,
)
def company_share(v, w):
    return (v.companions > 0).fill_null(False).mean(where=_stays(v, w))


@measure(
    "hospital",
    "入院最多一天与日均之比",
    "admissions on the busiest day against an admitting day",
    "ratio",
    "M01 M02 M11",
    materiality=1,
    family="company",
    base="stays/day",
    support="stays",
)
def busiest_day(p, w):
    return p.n.max() / p.n.mean()


@measure(
    "hospital",
    "周末入院占比",
    "share of stays that begin at a weekend",
    "share",
    "M01 M10",
    materiality=0.1,
    family="stay",
    support="stays",
    evidence_weight=CONTEXT,
    mix=True,
)
def weekend_share(v, w):
    return (v.begntime.day_of_week.index() >= 5).mean(where=_stays(v, w))


@measure(
    "hospital",
    "夜间入院占比",
    "share of stays that begin at night",
    "share",
    "M01 M10",
    materiality=0.08,
    family="stay",
    support="stays",
    evidence_weight=CONTEXT,
    mix=True,
)
def night_share(v, w):
    return v.night.mean(where=_stays(v, w))


@measure(
    "hospital",
    "最多一名医师住院占比",
    "share of stays under one doctor",
    "share",
    "M01 M12",
    materiality=0.2,
    family="concentration",
    base="stays/dr_code",
    support="stays",
)
def top_doctor_share(p, w):
    return p.n.max() / p.n.sum()


# What happens in the stays


@measure(
    "hospital",
    "15日内同院同病再入院占比",
    "share of stays that are back within 15 days with the same disease",
    "share",
    "M03",
    materiality=0.03,
    family="stay",
    support="stays",
    evidence_weight=STRONG,
    mix=True,
)
def split_share(v, w):
    return v.split.fill_null(False).mean(where=_stays(v, w))


@measure(
    "hospital",
    "31日内同院再入院占比",
    "share of stays that are back within 31 days",
    "share",
    "M03 M30 M34",
    materiality=0.05,
    family="stay",
    support="stays",
    mix=True,
)
def readmission_share(v, w):
    return v.readmitted_31d.fill_null(False).mean(where=_stays(v, w))


@measure(
    "hospital",
    "空窗日占住院日比例",
    "share of bed days with nothing but bed, care and round",
    "share",
    "M10 M44",
    materiality=0.03,
    family="stay",
    support="stays",
    evidence_weight=STRONG,
    mix=True,
)
def idle_share(v, w):
    told = _stays(v, w) & v.idle_days.notnull()
    return v.idle_days.sum(where=told) / v.los.sum(where=told).nullif(0)


@measure(
    "hospital",
    "三日以上空窗住院占比",
    "share of stays with three or more idle days",
    "share",
    "M10",
    materiality=0.04,
    family="stay",
    support="stays",
    evidence_weight=STRONG,
    mix=True,
)
def idle_stays_share(v, w):
    return (v.idle_days >= 3).mean(where=_stays(v, w))


@measure(
    "hospital",
    "住院期间外出就医购药的住院占比",
    "share of stays with visits elsewhere during them",
    "share",
    "M10 M01",
    materiality=0.03,
    family="stay",
    support="stays",
    evidence_weight=STRONG,
    mix=True,
)
def outside_share(v, w):
    return (v.outside_visits.fill_null(0) > 0).mean(where=_stays(v, w) & (v.los >= 2))


@measure(
    "hospital",
    "与他院住院重叠的住院占比",
    "share of stays that overlap another",
    "share",
    "M10 M01",
    materiality=0.01,
    family="stay",
    support="stays",
    evidence_weight=PROOF,
)
def overlap_share(v, w):
    return v.overlap.fill_null(False).mean(where=_stays(v, w))


@measure(
    "hospital",
    "核定床位占用率",
    "share of approved bed days that are filled",
    "share",
    "M01 M10",
    materiality=0.2,
    family="stay",
    evidence_weight=STRONG,
)
def bed_use(v, w):
    # Stays fill the days from the first visit of the window to the night, a month at least.
    span = ibis.greatest(v.days_ago.max(where=w), 30)
    return v.los.sum(where=w).fill_null(0) / (v.beds.max(where=w).nullif(0) * span)


@measure(
    "hospital",
    "平均住院日",
    "mean length of stay",
    "days",
    "M44 M01",
    materiality=3,
    family="stay",
    support="stays",
    evidence_weight=CONTEXT,
    mix=True,
)
def los(v, w):
    return v.los.mean(where=_stays(v, w))


@measure(
    "hospital",
    "住院天数与同病组之比的中位数",
    "median length of stay against the disease group",
    "ratio",
    "M44 M01",
    materiality=0.15,
    family="stay",
    support="stays",
)
def los_ratio(v, w):
    return v.los_ratio.median(where=_stays(v, w))


@measure(
    "hospital",
    "30天以上住院占比",
    "share of stays of 30 days or more",
    "share",
    "M44",
    materiality=0.04,
    family="stay",
    support="stays",
    mix=True,
)
def long_share(v, w):
    return (v.los >= 30).mean(where=_stays(v, w))


@measure(
    "hospital",
    "两天以内住院占比",
    "share of stays of two days or less",
    "share",
    "M12 M13",
    materiality=0.08,
    family="stay",
    support="stays",
    evidence_weight=CONTEXT,
    mix=True,
)
def short_share(v, w):
    return (v.los <= 2).mean(where=_stays(v, w))


@measure(
    "hospital",
    "住院天数相同的最大占比",
    "share of stays with the most frequent length",
    "share",
    "M01 M44",
    materiality=0.1,
    family="stay",
    base="stays/los",
    support="stays",
)
def same_los_share(p, w):
    return p.n.max() / p.n.sum()


# What the bills hold


@measure(
    "hospital",
    "账单内容雷同的住院占比",
    "share of stays whose bill has the same items as two or more others",
    "share",
    "M01 M44",
    materiality=0.1,
    family="content",
    base="stays/template",
    support="stays",
    evidence_weight=STRONG,
)
def template_share(p, w):
    return p.n.sum(where=p.n >= 3).fill_null(0) / p.n.sum()


@measure(
    "hospital",
    "最大雷同账单组占比",
    "share of stays with the most frequent set of items",
    "share",
    "M01 M44",
    materiality=0.05,
    family="content",
    base="stays/template",
    support="stays",
)
def top_template_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "hospital",
    "检查项目组合完全相同的最大占比",
    "share of stays with the most frequent set of examinations",
    "share",
    "M33 M04",
    materiality=0.08,
    family="content",
    base="stays/exam_set",
    support="stays",
)
def top_exam_set_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "hospital",
    "体检式住院占比",
    "share of stays that are short and mostly examinations",
    "share",
    "M04 M33",
    materiality=0.04,
    family="content",
    support="stays",
    evidence_weight=STRONG,
    mix=True,
)
def checkup_share(v, w):
    mostly = (v.exam_amount >= 0.6 * v.billed) & (v.los <= 5)
    return mostly.fill_null(False).mean(where=_stays(v, w))


@measure(
    "hospital",
    "住院检查检验费占比",
    "share of inpatient bills for examinations and laboratory",
    "share",
    "M04 M33 M46",
    materiality=0.08,
    family="content",
    support="stays",
    mix=True,
)
def exam_share(v, w):
    return v.exam_amount.sum(where=_stays(v, w)) / v.billed.sum(where=_stays(v, w)).nullif(0)


@measure(
    "hospital",
    "门诊检查检验费占比",
    "share of outpatient bills for examinations and laboratory",
    "share",
    "M33 M46",
    materiality=0.1,
    family="content",
    support="outpatient_visits",
    evidence_weight=CONTEXT,
    mix=True,
)
def outpatient_exam_share(v, w):
    return v.exam_amount.sum(where=_outpatient(v, w)) / v.billed.sum(where=_outpatient(v, w)).nullif(0)


@measure(
    "hospital",
    "做大型检查的住院占比",
    "share of stays with a scan",
    "share",
    "M33 M46 M04",
    materiality=0.1,
    family="content",
    support="stays",
    mix=True,
)
def scan_share(v, w):
    return (v.large_exams > 0).mean(where=_stays(v, w))


@measure(
    "hospital",
    "住院治疗用药占比",
    "share of inpatient bills for treatment and medicine",
    "share",
    "M04 M01",
    materiality=0.08,
    family="content",
    direction=LOW,
    support="stays",
    mix=True,
)
def treatment_share(v, w):
    treated = v.treat_amount + v.drug_amount + v.material_amount
    return treated.sum(where=_stays(v, w)) / v.billed.sum(where=_stays(v, w)).nullif(0)


@measure(
    "hospital",
    "床位护理诊察费占比",
    "share of inpatient bills for bed, care and round",
    "share",
    "M10 M44",
    materiality=0.06,
    family="content",
    support="stays",
    mix=True,
)
def keeping_share(v, w):
    return v.keeping_amount.sum(where=_stays(v, w)) / v.billed.sum(where=_stays(v, w)).nullif(0)


@measure(
    "hospital",
    "住院耗材费占比",
    "share of inpatient bills for consumables",
    "share",
    "M29",
    materiality=0.06,
    family="content",
    support="stays",
    evidence_weight=CONTEXT,
    mix=True,
)
def material_share(v, w):
    return v.material_amount.sum(where=_stays(v, w)) / v.billed.sum(where=_stays(v, w)).nullif(0)


@measure(
    "hospital",
    "耗材费过半的住院占比",
    "share of stays billed mostly for consumables",
    "share",
    "M29",
    materiality=0.04,
    family="content",
    support="stays",
    mix=True,
)
def material_stays_share(v, w):
    return (v.material_amount >= 0.5 * v.billed).mean(where=_stays(v, w))


# What is charged for it


@measure(
    "hospital",
    "住院费用与同病组之比的中位数",
    "median bill against the disease group",
    "ratio",
    "M25 M24",
    materiality=0.15,
    family="price",
    support="stays",
)
def cost_ratio(v, w):
    return v.cost_ratio.median(where=_stays(v, w))


@measure(
    "hospital",
    "费用不足同病组一半的住院占比",
    "share of stays at less than half the usual bill",
    "share",
    "M25 M24 M01",
    materiality=0.08,
    family="price",
    support="stays",
)
def cheap_share(v, w):
    return (v.cost_ratio < 0.5).mean(where=_stays(v, w))


@measure(
    "hospital",
    "费用超同病组两倍的住院占比",
    "share of stays at more than twice the usual bill",
    "share",
    "M25",
    materiality=0.08,
    family="price",
    support="stays",
)
def dear_share(v, w):
    return (v.cost_ratio > 2).mean(where=_stays(v, w))


@measure(
    "hospital",
    "费用离散程度与同病组之比",
    "spread of bills around their disease group",
    "ratio",
    "M01 M44",
    materiality=0.1,
    family="price",
    direction=LOW,
    support="stays",
)
def cost_spread(v, w):
    return v.cost_ratio.std(where=_stays(v, w))


@measure(
    "hospital",
    "诊疗内容与同病组之比的中位数",
    "median content of the bill against the disease group",
    "ratio",
    "M01 M24 M25",
    materiality=0.15,
    family="price",
    direction=LOW,
    support="stays",
)
def content_ratio(v, w):
    return v.content_ratio.median(where=_stays(v, w))


@measure(
    "hospital",
    "收费相对诊疗内容倍数的中位数",
    "median charge for its content against the disease group",
    "ratio",
    "M24",
    materiality=0.1,
    family="price",
    support="stays",
    evidence_weight=STRONG,
)
def paid_per_content(v, w):
    return v.paid_per_content.median(where=_stays(v, w))


@measure(
    "hospital",
    "收费超诊疗内容一半以上的住院占比",
    "share of stays charged half as much again as their content warrants",
    "share",
    "M24",
    materiality=0.05,
    family="price",
    support="stays",
    evidence_weight=STRONG,
)
def upcoded_share(v, w):
    return (v.paid_per_content >= 1.5).mean(where=_stays(v, w))


@measure(
    "hospital",
    "病组费用平均高出所属疾病的比例",
    "mean surplus of what the disease groups usually cost over their diseases",
    "share",
    "M24",
    materiality=0.05,
    family="content",
    support="stays",
)
def group_surplus(v, w):
    return (v.group_weight - 1).mean(where=_stays(v, w))


@measure(
    "hospital",
    "高费用病组但诊疗内容不足的住院占比",
    "share of stays in a dear disease group without the content for it",
    "share",
    "M24",
    materiality=0.04,
    family="price",
    support="stays",
    evidence_weight=STRONG,
)
def overgrouped_share(v, w):
    return v.overgrouped.mean(where=_stays(v, w))


@measure(
    "hospital",
    "最多病种住院占比",
    "share of stays with the most frequent disease",
    "share",
    "M24 M01 M12",
    materiality=0.1,
    family="concentration",
    base="stays/dx3",
    support="stays",
)
def top_disease_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "hospital",
    "超最高限价金额占比",
    "share of the bills above the price ceiling",
    "share",
    "M25 M29",
    materiality=0.002,
    family="price",
    support="visits",
)
def over_ceiling_share(v, w):
    return v.over_ceiling.sum(where=w) / v.billed.sum(where=w).nullif(0)


# Dialysis


@measure(
    "hospital",
    "透析次数",
    "dialysis sessions",
    "sessions",
    "M28",
    materiality=100,
    family="supply",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def dialysis(v, w):
    return v.dialysis.sum(where=w).fill_null(0)


@measure(
    "hospital",
    "无签到透析占比",
    "share of dialysis sessions without sign-in",
    "share",
    "M28",
    materiality=0.05,
    family="identity",
    support="dialysis",
    evidence_weight=STRONG,
)
def unsigned_share(v, w):
    told = w & v.unsigned.notnull()
    return v.unsigned.sum(where=told) / v.dialysis.sum(where=told).nullif(0)


@measure(
    "hospital",
    "患者每周透析次数与三次之比",
    "dialysis visits in a patient's week against three",
    "ratio",
    "M28",
    materiality=0.1,
    family="supply",
    base="dialysis/week",
    support="dialysis",
    evidence_weight=STRONG,
)
def dialysis_week(p, w):
    return p.n.sum() / p.persons.sum() / 3


@measure(
    "hospital",
    "一日多次透析占比",
    "share of dialysis visits with more than one session a day",
    "share",
    "M28",
    materiality=0.02,
    family="supply",
    support="dialysis",
    evidence_weight=STRONG,
)
def double_dialysis_share(v, w):
    return (v.dialysis > v.dialysis_days).mean(where=w & (v.dialysis > 0))


@measure(
    "hospital",
    "死亡后就诊次数",
    "visits after death",
    "visits",
    "M28 M01",
    materiality=2,
    family="identity",
    windows=FLOW,
    evidence_weight=STRONG,
)
def after_death(v, w):
    return v.mdtrt_id.count(where=w & (v.days_dead > 1).fill_null(False))


@measure(
    "hospital",
    "超出周边水平的村居集中住院占比",
    "share of stays from villages that send more than their neighbours",
    "share",
    "M01 M11",
    materiality=0.05,
    family="concentration",
    windows=(YEAR,),
    evidence_weight=STRONG,
)
def village_recruitment_excess_mean(v, w):
    return v.village_recruitment_excess.mean(where=_stays(v, w))
