"""Measures of a prescriber: whom the doctor sees and admits, what is prescribed, and where it is filled."""

import ibis

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.measures.catalogue import CONTEXT, FLOW, HINT, LOW, STRONG, YEAR, measure


def _stays(v: ibis.Table, w: ibis.Value) -> ibis.Value:
    """Stays of the window outside courses of treatment."""
    return w & (v.kind == STAY) & ~v.course


def _bought(v: ibis.Table, w: ibis.Value) -> ibis.Value:
    """Purchases on the doctor's prescriptions."""
    return w & (v.kind == PHARMACY)


def _seen(v: ibis.Table, w: ibis.Value) -> ibis.Value:
    """Outpatient visits, at which the doctor is present."""
    return w & (v.kind == OUTPATIENT) & ~v.course


def _share(part: ibis.Value, whole: ibis.Value) -> ibis.Value:
    return part / whole.nullif(0)


# How much


@measure(
    "prescriber",
    "经手就诊购药人次",
    "visits and purchases",
    "visits",
    "M19 M22",
    materiality=100,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def visits(v, w):
    return v.mdtrt_id.count(where=w)


@measure(
    "prescriber",
    "患者人数",
    "patients",
    "persons",
    "M19 M22",
    materiality=50,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def persons(v, w):
    return v.psn_no.nunique(where=w)


@measure(
    "prescriber",
    "收治住院人次",
    "stays outside courses of treatment",
    "visits",
    "M01 M12",
    materiality=10,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def stays(v, w):
    return v.mdtrt_id.count(where=_stays(v, w))


@measure(
    "prescriber",
    "处方在药店购药人次",
    "purchases on the doctor's prescriptions",
    "visits",
    "M05 M19 M40",
    materiality=50,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def purchases(v, w):
    return v.mdtrt_id.count(where=_bought(v, w))


@measure(
    "prescriber",
    "门诊人次",
    "outpatient visits",
    "visits",
    "M22 M48",
    materiality=50,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def outpatient_visits(v, w):
    return v.mdtrt_id.count(where=_seen(v, w))


@measure(
    "prescriber",
    "基金支付",
    "paid by the fund",
    "yuan",
    "M01 M05 M19 M24",
    materiality=20_000,
    family="money",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def fund_pay(v, w):
    return v.fund_pay_sumamt.sum(where=w).fill_null(0)


@measure(
    "prescriber",
    "开药金额",
    "spent on medicine outside hospital",
    "yuan",
    "M05 M19",
    materiality=5_000,
    family="money",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def drug_amount(v, w):
    return v.drug_amount.sum(where=w & (v.kind != STAY)).fill_null(0)


# Presence and pace


@measure(
    "prescriber",
    "出诊日日均门诊人次",
    "outpatient visits on a working day",
    "per_day",
    "M22 M48",
    materiality=10,
    family="frequency",
    support="outpatient_visits",
    evidence_weight=CONTEXT,
)
def visits_per_day(v, w):
    return _share(v.mdtrt_id.count(where=_seen(v, w)), v.day.nunique(where=_seen(v, w)))


@measure(
    "prescriber",
    "最忙一天就诊购药人次",
    "visits and purchases on the busiest day",
    "visits",
    "M22 M48",
    materiality=20,
    family="frequency",
    base="visits/day",
)
def busiest_day(p, w):
    return p.n.max()


@measure(
    "prescriber",
    "出诊机构数",
    "institutions with outpatient visits",
    "places",
    "M48 M31",
    materiality=1,
    family="identity",
)
def places(v, w):
    return v.fixmedins_code.nunique(where=_seen(v, w))


@measure(
    "prescriber",
    "30分钟内两处出诊占比",
    "share of outpatient visits within 30 minutes of one elsewhere",
    "share",
    "M48",
    materiality=0.01,
    family="identity",
    support="outpatient_visits",
    evidence_weight=STRONG,
)
def moved_share(v, w):
    return v.dr_moved.fill_null(False).mean(where=_seen(v, w))


@measure(
    "prescriber",
    "夜间门诊占比",
    "share of outpatient visits at night",
    "share",
    "M22 M48",
    materiality=0.08,
    family="identity",
    support="outpatient_visits",
    evidence_weight=CONTEXT,
)
def night_share(v, w):
    return v.night.mean(where=_seen(v, w))


@measure(
    "prescriber",
    "周末门诊占比",
    "share of outpatient visits at a weekend",
    "share",
    "M48 M22",
    materiality=0.15,
    family="identity",
    support="outpatient_visits",
    evidence_weight=CONTEXT,
)
def weekend_share(v, w):
    return (v.begntime.day_of_week.index() >= 5).mean(where=_seen(v, w))


@measure(
    "prescriber",
    "患者死亡后就诊购药次数",
    "visits and purchases of patients after their death",
    "visits",
    "M22 M28 M19",
    materiality=2,
    family="identity",
    windows=FLOW,
    evidence_weight=HINT,
)
def after_death(v, w):
    return v.mdtrt_id.count(where=w & (v.days_dead > 1).fill_null(False))


# Medicine


@measure(
    "prescriber",
    "购药患者人均供应天数",
    "days of supply prescribed per patient",
    "days",
    "M05 M19",
    materiality=20,
    family="supply",
    support="persons",
)
def supply_each(v, w):
    dosed = w & (v.kind != STAY) & (v.supply_days > 0)
    return _share(v.supply_days.sum(where=dosed), v.psn_no.nunique(where=dosed))


@measure(
    "prescriber",
    "每种药次均供应天数",
    "days of supply of a drug in a prescription",
    "days_each",
    "M05 M19",
    materiality=5,
    family="supply",
    support="visits",
)
def supply_per_drug(v, w):
    return _share(v.supply_days.sum(where=w), v.n_drugs.sum(where=w))


@measure(
    "prescriber",
    "开药时平均余药天数",
    "mean days of supply still at hand when prescribing",
    "days",
    "M05 M19",
    materiality=5,
    family="supply",
    support="visits",
    evidence_weight=STRONG,
)
def stock_days(v, w):
    return v.stock_days.mean(where=w)


@measure(
    "prescriber",
    "余药三十天以上仍开药的占比",
    "share of prescriptions with a month of the drug still at hand",
    "share",
    "M05 M19",
    materiality=0.05,
    family="supply",
    support="visits",
    evidence_weight=STRONG,
)
def stocked_share(v, w):
    return (v.stock_days > 30).mean(where=w)


@measure(
    "prescriber",
    "余药充足时开药金额占比",
    "share of medicine prescribed while a month of it was at hand",
    "share",
    "M05 M19",
    materiality=0.04,
    family="supply",
    support="visits",
    evidence_weight=STRONG,
)
def surplus_share(v, w):
    return _share(v.surplus_spent.sum(where=w), v.drug_amount.sum(where=w & (v.kind != STAY)))


@measure(
    "prescriber",
    "每供应日药价",
    "price of a day of supply",
    "yuan_per_day",
    "M19 M40",
    materiality=3,
    family="price",
    support="visits",
)
def price_per_day(v, w):
    # Resold medicine is dear medicine.
    return _share(v.drug_amount.sum(where=w & (v.supply_days > 0)), v.supply_days.sum(where=w))


@measure(
    "prescriber",
    "次均药品种类",
    "kinds of medicine in a prescription",
    "items",
    "M05 M19",
    materiality=1,
    family="content",
    support="visits",
    evidence_weight=CONTEXT,
)
def drugs_per_visit(v, w):
    return v.n_drugs.mean(where=w)


@measure(
    "prescriber",
    "次均处方购药金额",
    "spent on a purchase",
    "yuan_each",
    "M05 M19 M40",
    materiality=30,
    family="money",
    support="purchases",
)
def spent_per_purchase(v, w):
    return v.medfee_sumamt.mean(where=_bought(v, w))


@measure(
    "prescriber",
    "同一组药品的最大占比",
    "share of purchases with the most frequent set of medicines",
    "share",
    "M22 M19",
    materiality=0.06,
    family="content",
    base="purchases/template",
    support="purchases",
)
def top_basket_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "prescriber",
    "门诊诊断相同的最大占比",
    "share of outpatient visits with the most frequent diagnosis",
    "share",
    "M22",
    materiality=0.12,
    family="concentration",
    base="outpatient/dx3",
    support="outpatient_visits",
)
def top_diagnosis_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "prescriber",
    "先售药后开方占比",
    "share of purchases before their prescription was written",
    "share",
    "M22",
    materiality=0.01,
    family="trace",
    support="purchases",
    evidence_weight=STRONG,
)
def rx_late_share(v, w):
    return v.rx_late.fill_null(False).mean(where=_bought(v, w))


@measure(
    "prescriber",
    "10秒内连开处方占比",
    "share of purchases on a prescription written within 10 seconds of another",
    "share",
    "M22",
    materiality=0.01,
    family="trace",
    support="purchases",
    evidence_weight=STRONG,
)
def rx_rushed_share(v, w):
    return v.rx_rushed.fill_null(False).mean(where=_bought(v, w))


@measure(
    "prescriber",
    "处方超次使用占比",
    "share of purchases on a prescription used beyond what it allows",
    "share",
    "M22 M40 M19",
    materiality=0.01,
    family="trace",
    support="purchases",
    evidence_weight=STRONG,
)
def rx_overused_share(v, w):
    return (v.rx_overused > 0).fill_null(False).mean(where=_bought(v, w))


@measure(
    "prescriber",
    "结伴购药占比",
    "share of purchases with companions",
    "share",
    "M19 M40",
    materiality=0.05,
    family="company",
    support="purchases",
    evidence_weight=STRONG,
)
def company_share(v, w):
    return (v.companions > 0).fill_null(False).mean(where=_bought(v, w))


@measure(
    "prescriber",
    "60秒内接续刷卡购药占比",
    "share of purchases within 60 seconds of another card",
    "share",
    "M19 M22",
    materiality=0.02,
    family="terminal",
    support="purchases",
)
def burst_share(v, w):
    return v.burst.fill_null(False).mean(where=_bought(v, w))


# Where prescriptions are filled


@measure(
    "prescriber",
    "最多一家药店购药占比",
    "share of purchases at one pharmacy",
    "share",
    "M40 M19",
    materiality=0.15,
    family="concentration",
    base="purchases/fixmedins_code",
    support="purchases",
)
def top_pharmacy_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "prescriber",
    "与同一药店共有患者数",
    "patients shared with one pharmacy",
    "persons",
    "M40 M19",
    materiality=10,
    family="concentration",
    base="purchases/fixmedins_code",
)
def top_pharmacy_persons(p, w):
    return p.persons.max()


@measure(
    "prescriber",
    "处方集中到一家药店超出患者习惯的占比",
    "share of purchases at one pharmacy beyond what patients' habits and colleagues' patients explain",
    "share",
    "M40",
    materiality=0.08,
    family="concentration",
    windows=(YEAR,),
    evidence_weight=STRONG,
)
def steered_share(v, w):
    return v.prescription_steering.max(where=_bought(v, w))


@measure(
    "prescriber",
    "购药价格高出药店通常价格的比例",
    "surplus of the price of the medicine over that of other pharmacies",
    "share",
    "M40",
    materiality=0.03,
    family="price",
    support="purchases",
    evidence_weight=STRONG,
)
def price_surplus(v, w):
    return _share(v.priced.sum(where=_bought(v, w)), v.usual_price.sum(where=_bought(v, w))) - 1


@measure(
    "prescriber",
    "任取两次购药同一药店的概率",
    "chance that two purchases are at one pharmacy",
    "share",
    "M40",
    materiality=0.08,
    family="concentration",
    base="purchases/fixmedins_code",
    support="purchases",
)
def pharmacy_concentration(p, w):
    return (p.n * p.n).sum() / (p.n.sum() * p.n.sum())


@measure(
    "prescriber",
    "购药超最高限价金额占比",
    "share of purchases above the price ceiling",
    "share",
    "M40",
    materiality=0.005,
    family="price",
    support="purchases",
)
def over_ceiling_share(v, w):
    return _share(v.over_ceiling.sum(where=_bought(v, w)), v.billed.sum(where=_bought(v, w)))


@measure(
    "prescriber",
    "支付最多一名患者占基金比例",
    "share of fund pay for one patient",
    "share",
    "M05 M19",
    materiality=0.06,
    family="concentration",
    base="visits/psn_no",
    support="visits",
)
def top_person_share(p, w):
    return p.fund.max() / p.fund.sum().nullif(0)


@measure(
    "prescriber",
    "人均就诊购药次数",
    "visits and purchases per patient",
    "visits_each",
    "M05 M19 M28",
    materiality=1,
    family="frequency",
    support="persons",
)
def visits_each(v, w):
    return _share(v.mdtrt_id.count(where=w), v.psn_no.nunique(where=w))


@measure(
    "prescriber",
    "门诊后三日内住进外院人次",
    "outpatient visits followed within three days by a stay elsewhere",
    "visits",
    "M31",
    materiality=3,
    family="concentration",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def sent(v, w):
    return v.mdtrt_id.count(where=_seen(v, w) & v.sent_to.notnull())


@measure(
    "prescriber",
    "门诊后三日内住进外院占比",
    "share of outpatient visits followed within three days by a stay elsewhere",
    "share",
    "M31",
    materiality=0.02,
    family="concentration",
    support="outpatient_visits",
)
def sent_share(v, w):
    return v.sent_to.notnull().mean(where=_seen(v, w))


@measure(
    "prescriber",
    "住进外院者中最多一家占比",
    "share of the stays elsewhere that were in one hospital",
    "share",
    "M31",
    materiality=0.2,
    family="concentration",
    base="outpatient/sent_to",
    support="sent",
)
def top_sent_share(p, w):
    return p.n.max() / p.n.sum()


# Admissions


@measure(
    "prescriber",
    "住院占就诊比例",
    "share of patients' visits that are stays",
    "share",
    "M12 M01",
    materiality=0.1,
    family="frequency",
    support="visits",
    evidence_weight=CONTEXT,
)
def stay_rate(v, w):
    return (v.kind == STAY).mean(where=w & (v.kind != PHARMACY) & ~v.course)


@measure(
    "prescriber",
    "多见于门诊的病种收住程度",
    "how often the diseases admitted are treated as outpatients elsewhere",
    "share",
    "M12",
    materiality=0.06,
    family="stay",
    support="stays",
)
def outpatient_rate_of_admissions(v, w):
    return v.outpatient_rate.mean(where=_stays(v, w))


@measure(
    "prescriber",
    "门诊当日或次日转住院占比",
    "share of stays right after an outpatient visit there",
    "share",
    "M12",
    materiality=0.06,
    family="stay",
    support="stays",
    mix=True,
)
def converted_share(v, w):
    return v.converted.fill_null(False).mean(where=_stays(v, w))


@measure(
    "prescriber",
    "15日内同院同病再入院占比",
    "share of stays that are back within 15 days with the same disease",
    "share",
    "M03",
    materiality=0.04,
    family="stay",
    support="stays",
    evidence_weight=STRONG,
    mix=True,
)
def split_share(v, w):
    return v.split.fill_null(False).mean(where=_stays(v, w))


@measure(
    "prescriber",
    "31日内同院再入院占比",
    "share of stays that are back within 31 days",
    "share",
    "M03",
    materiality=0.06,
    family="stay",
    support="stays",
    mix=True,
)
def readmission_share(v, w):
    return v.readmitted_31d.fill_null(False).mean(where=_stays(v, w))


@measure(
    "prescriber",
    "空窗日占住院日比例",
    "share of bed days with nothing but bed, care and round",
    "share",
    "M01",
    materiality=0.04,
    family="stay",
    support="stays",
    evidence_weight=STRONG,
    mix=True,
)
def idle_share(v, w):
    told = _stays(v, w) & v.idle_days.notnull()
    return _share(v.idle_days.sum(where=told), v.los.sum(where=told))


@measure(
    "prescriber",
    "住院期间外出就医购药的住院占比",
    "share of stays with visits elsewhere during them",
    "share",
    "M01",
    materiality=0.04,
    family="stay",
    support="stays",
    evidence_weight=STRONG,
    mix=True,
)
def outside_share(v, w):
    return (v.outside_visits.fill_null(0) > 0).mean(where=_stays(v, w) & (v.los >= 2))


@measure(
    "prescriber",
    "非救助对象零自付住院占比",
    "share of stays that cost a patient outside rescue groups nothing",
    "share",
    "M01",
    materiality=0.06,
    family="money",
    support="stays",
    evidence_weight=STRONG,
)
def zero_cash_share(v, w):
    return (v.cash_payamt <= 0).mean(where=_stays(v, w) & ~v.poor.fill_null(False))


@measure(
    "prescriber",
    "任取两次住院来自同村的概率",
    "chance that two stays are from one village",
    "share",
    "M01",
    materiality=0.1,
    family="concentration",
    base="stays/village",
    support="stays",
)
def village_concentration(p, w):
    return (p.n * p.n).sum() / (p.n.sum() * p.n.sum())


@measure(
    "prescriber",
    "同村三人以上同日入院占比",
    "share of stays with three or more of a village admitted within a day",
    "share",
    "M01",
    materiality=0.06,
    family="company",
    support="stays",
    evidence_weight=STRONG,
)
def batch_share(v, w):
    return (v.village_batch.fill_null(0) >= 2).mean(where=_stays(v, w))


@measure(
    "prescriber",
    "账单内容雷同的住院占比",
    "share of stays whose bill has the same items as two or more others",
    "share",
    "M01",
    materiality=0.1,
    family="content",
    base="stays/template",
    support="stays",
    evidence_weight=STRONG,
)
def template_share(p, w):
    return p.n.sum(where=p.n >= 3).fill_null(0) / p.n.sum()


@measure(
    "prescriber",
    "检查项目组合完全相同的最大占比",
    "share of stays with the most frequent set of examinations",
    "share",
    "M33 M04",
    materiality=0.1,
    family="content",
    base="stays/exam_set",
    support="stays",
)
def top_exam_set_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "prescriber",
    "体检式住院占比",
    "share of stays that are short and mostly examinations",
    "share",
    "M04 M33",
    materiality=0.05,
    family="content",
    support="stays",
    evidence_weight=STRONG,
    mix=True,
)
def checkup_share(v, w):
    mostly = (v.exam_amount >= 0.6 * v.billed) & (v.los <= 5)
    return mostly.fill_null(False).mean(where=_stays(v, w))


@measure(
    "prescriber",
    "住院检查检验费占比",
    "share of inpatient bills for examinations and laboratory",
    "share",
    "M04 M33",
    materiality=0.08,
    family="content",
    support="stays",
    mix=True,
)
def exam_share(v, w):
    return _share(v.exam_amount.sum(where=_stays(v, w)), v.billed.sum(where=_stays(v, w)))


@measure(
    "prescriber",
    "门诊检查检验费占比",
    "share of outpatient bills for examinations and laboratory",
    "share",
    "M33",
    materiality=0.12,
    family="content",
    support="outpatient_visits",
    evidence_weight=CONTEXT,
    mix=True,
)
def outpatient_exam_share(v, w):
    return _share(v.exam_amount.sum(where=_seen(v, w)), v.billed.sum(where=_seen(v, w)))


@measure(
    "prescriber",
    "做大型检查的就诊占比",
    "share of outpatient visits with a scan",
    "share",
    "M33",
    materiality=0.06,
    family="content",
    support="outpatient_visits",
    evidence_weight=CONTEXT,
    mix=True,
)
def scan_share(v, w):
    return (v.large_exams > 0).mean(where=_seen(v, w))


@measure(
    "prescriber",
    "住院费用与同病组之比的中位数",
    "median bill against the disease group",
    "ratio",
    "M24",
    materiality=0.2,
    family="price",
    support="stays",
)
def cost_ratio(v, w):
    return v.cost_ratio.median(where=_stays(v, w))


@measure(
    "prescriber",
    "诊疗内容与同病组之比的中位数",
    "median content of the bill against the disease group",
    "ratio",
    "M01 M24",
    materiality=0.2,
    family="price",
    direction=LOW,
    support="stays",
)
def content_ratio(v, w):
    return v.content_ratio.median(where=_stays(v, w))


@measure(
    "prescriber",
    "收费相对诊疗内容倍数的中位数",
    "median charge for its content against the disease group",
    "ratio",
    "M24",
    materiality=0.12,
    family="price",
    support="stays",
    evidence_weight=STRONG,
)
def paid_per_content(v, w):
    return v.paid_per_content.median(where=_stays(v, w))


@measure(
    "prescriber",
    "收费超诊疗内容一半以上的住院占比",
    "share of stays charged half as much again as their content warrants",
    "share",
    "M24",
    materiality=0.06,
    family="price",
    support="stays",
    evidence_weight=STRONG,
)
def upcoded_share(v, w):
    return (v.paid_per_content >= 1.5).mean(where=_stays(v, w))


@measure(
    "prescriber",
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
    "prescriber",
    "高费用病组但诊疗内容不足的住院占比",
    "share of stays in a dear disease group without the content for it",
    "share",
    "M24",
    materiality=0.05,
    family="price",
    support="stays",
    evidence_weight=STRONG,
)
def overgrouped_share(v, w):
    return v.overgrouped.mean(where=_stays(v, w))


@measure(
    "prescriber",
    "最多病种住院占比",
    "share of stays with the most frequent disease",
    "share",
    "M24 M12",
    materiality=0.15,
    family="concentration",
    base="stays/dx3",
    support="stays",
)
def top_disease_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "prescriber",
    "平均住院日",
    "mean length of stay",
    "days",
    "M01 M12",
    materiality=3,
    family="stay",
    support="stays",
    evidence_weight=CONTEXT,
    mix=True,
)
def los(v, w):
    return v.los.mean(where=_stays(v, w))


# Dialysis


@measure(
    "prescriber",
    "透析次数",
    "dialysis sessions",
    "sessions",
    "M28",
    materiality=50,
    family="supply",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def dialysis(v, w):
    return v.dialysis.sum(where=w).fill_null(0)


@measure(
    "prescriber",
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
    return _share(v.unsigned.sum(where=told), v.dialysis.sum(where=told))


@measure(
    "prescriber",
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
    "prescriber",
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
    "prescriber",
    "超量购药人群的购药占比",
    "share of purchases by oversupplied people, where too many are",
    "share",
    "M19",
    materiality=0.05,
    family="company",
    windows=(YEAR,),
    evidence_weight=STRONG,
)
def co_oversupplied_share(v, w):
    return (v.co_oversupplied > 0).mean(where=_bought(v, w))


@measure(
    "prescriber",
    "超出周边水平的定向转诊占比",
    "share of outpatients sent to a hospital beyond the neighbourhood's ways",
    "share",
    "M31",
    materiality=0.02,
    family="concentration",
    windows=(YEAR,),
    evidence_weight=STRONG,
)
def referred_share(v, w):
    return v.referred.mean(where=_seen(v, w))
