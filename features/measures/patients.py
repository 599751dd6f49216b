"""Measures of a patient: how often, how much, where, with whom, and whether it fits together."""

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.measures.catalogue import CONTEXT, FLOW, HINT, LOW, PROOF, STRONG, YEAR, measure


@measure(
    "patient",
    "就诊次数",
    "visits",
    "visits",
    "M06 M15",
    materiality=5,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def visits(v, w):
    return v.mdtrt_id.count(where=w)


@measure(
    "patient",
    "购药次数",
    "pharmacy purchases",
    "visits",
    "M06 M19",
    materiality=3,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def purchases(v, w):
    return v.mdtrt_id.count(where=w & (v.kind == PHARMACY))


@measure(
    "patient",
    "购药天数",
    "days with a purchase",
    "days",
    "M06 M19",
    materiality=3,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def purchase_days(v, w):
    return v.day.nunique(where=w & (v.kind == PHARMACY))


@measure(
    "patient",
    "住院次数",
    "stays outside courses of treatment",
    "visits",
    "M01 M02 M03 M30",
    materiality=1,
    family="frequency",
    windows=FLOW,
    evidence_weight=HINT,
)
def stays(v, w):
    return v.mdtrt_id.count(where=w & (v.kind == STAY) & ~v.course)


@measure(
    "patient",
    "住院天数",
    "days in hospital",
    "days",
    "M01 M30 M44",
    materiality=10,
    family="stay",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def stay_days(v, w):
    return v.los.sum(where=w & ~v.course).fill_null(0)


@measure(
    "patient",
    "基金支付",
    "paid by the fund",
    "yuan",
    "M01 M05 M16 M19",
    materiality=1000,
    family="money",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def fund_pay(v, w):
    return v.fund_pay_sumamt.sum(where=w).fill_null(0)


@measure(
    "patient",
    "药店基金支付",
    "paid by the fund in pharmacies",
    "yuan",
    "M05 M16 M19",
    materiality=300,
    family="money",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def pharmacy_fund_pay(v, w):
    return v.fund_pay_sumamt.sum(where=w & (v.kind == PHARMACY)).fill_null(0)


@measure(
    "patient",
    "药费",
    "spent on medicine",
    "yuan",
    "M05 M19",
    materiality=500,
    family="money",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def drug_amount(v, w):
    return v.drug_amount.sum(where=w & (v.kind != STAY)).fill_null(0)


@measure(
    "patient",
    "供应天数与日历天数之比",
    "days of supply per calendar day",
    "ratio",
    "M05 M19",
    materiality=0.5,
    family="supply",
    evidence_weight=HINT,
)
def supply_ratio(v, w):
    # Calendar days run from the first purchase of the window, 30 at least: one box is no oversupply.
    span = (v.days_ago.max(where=w & (v.supply_days > 0)) + 30).fill_null(30)
    return v.supply_days.sum(where=w).fill_null(0) / v.n_drugs.max(where=w).fill_null(1) / span


@measure(
    "patient",
    "购药时手头最多余药",
    "most days of supply at hand when buying more",
    "days",
    "M05 M19",
    materiality=20,
    family="supply",
    evidence_weight=STRONG,
)
def most_stock(v, w):
    return v.stock_days.max(where=w).fill_null(0)


@measure(
    "patient",
    "余药充足时购药金额",
    "spent on medicine while a month of it was at hand",
    "yuan",
    "M05 M19",
    materiality=200,
    family="supply",
    windows=FLOW,
    evidence_weight=STRONG,
)
def surplus_spent(v, w):
    return v.surplus_spent.sum(where=w).fill_null(0)


@measure(
    "patient",
    "购药药店数",
    "pharmacies used",
    "places",
    "M06 M19 M21",
    materiality=2,
    family="concentration",
    windows=FLOW,
    evidence_weight=HINT,
)
def pharmacies(v, w):
    return v.fixmedins_code.nunique(where=w & (v.kind == PHARMACY))


@measure(
    "patient",
    "就诊机构数",
    "institutions used",
    "places",
    "M15 M30",
    materiality=2,
    family="concentration",
    evidence_weight=CONTEXT,
)
def places(v, w):
    return v.fixmedins_code.nunique(where=w)


@measure(
    "patient",
    "开药医生数",
    "prescribers used",
    "persons",
    "M05 M19",
    materiality=2,
    family="concentration",
    evidence_weight=HINT,
)
def prescribers(v, w):
    return v.dr_code.nunique(where=w)


@measure(
    "patient",
    "短期内同院再入院次数",
    "stays within 15 days of the last in the same hospital",
    "times",
    "M03",
    materiality=0.5,
    family="stay",
    windows=FLOW,
    evidence_weight=STRONG,
)
def split_stays(v, w):
    return v.mdtrt_id.count(where=w & v.split.fill_null(False))


@measure(
    "patient",
    "31日内同院再入院超出所患疾病常态的次数",
    "returns to the same hospital within 31 days beyond what the diseases explain",
    "times",
    "M03",
    materiality=0.5,
    family="stay",
    windows=FLOW,
    evidence_weight=HINT,
)
def returns(v, w):
    return (v.readmitted_31d.cast("float64") - v.readmission_expected).sum(where=w).fill_null(0)


@measure(
    "patient",
    "15日内同一医师再次收住次数",
    "times taken in again by the same doctor within 15 days, for whatever disease",
    "times",
    "M03",
    materiality=0.5,
    family="concentration",
    windows=FLOW,
    evidence_weight=HINT,
)
def same_doctor_readmission(v, w):
    return v.mdtrt_id.count(where=w & v.same_doctor_readmission.fill_null(False))


@measure(
    "patient",
    "空窗日合计",
    "idle days in hospital",
    "days",
    "M10",
    materiality=2,
    family="stay",
    evidence_weight=STRONG,
)
def idle_days(v, w):
    return v.idle_days.sum(where=w).fill_null(0)


@measure(
    "patient",
    "住院期间外出就医购药",
    "visits elsewhere during stays",
    "visits",
    "M10 M14 M01",
    materiality=1,
    family="identity",
    evidence_weight=STRONG,
)
def outside_visits(v, w):
    return v.outside_visits.sum(where=w).fill_null(0)


@measure(
    "patient",
    "与他人同日同病同天数的住院次数",
    "stays admitted with others for the same disease and time",
    "visits",
    "M01 M02",
    materiality=1,
    family="stay",
    evidence_weight=STRONG,
)
def twin_stays(v, w):
    # Once is an accident or a day of operations; it is the repetition that tells.
    return v.mdtrt_id.count(where=w & (v.twins > 0).fill_null(False))


@measure(
    "patient",
    "检查为主的住院次数",
    "stays that were mostly examinations",
    "visits",
    "M04",
    materiality=0.5,
    family="content",
    evidence_weight=STRONG,
)
def exam_stays(v, w):
    mostly = (v.exam_amount >= 0.6 * v.billed) & (v.los <= 5)
    return v.mdtrt_id.count(where=w & (v.kind == STAY) & mostly.fill_null(False) & ~v.course)


@measure(
    "patient",
    "现金自付比例",
    "share paid in cash",
    "share",
    "M01 M11 M16 M30",
    materiality=0.1,
    family="money",
    direction=LOW,
    support="visits",
    evidence_weight=HINT,
)
def cash_share(v, w):
    return v.cash_payamt.sum(where=w) / v.medfee_sumamt.sum(where=w)


@measure(
    "patient",
    "同村同日入院最多人数",
    "most people of the village admitted within a day",
    "persons",
    "M02 M11",
    materiality=2,
    family="company",
    evidence_weight=HINT,
)
def village_batch(v, w):
    return v.village_batch.max(where=w & ~v.course).fill_null(0)


@measure(
    "patient",
    "结伴就诊次数",
    "visits with companions beyond chance",
    "visits",
    "M02 M15 M19 M26",
    materiality=2,
    family="company",
    windows=FLOW,
    evidence_weight=HINT,
)
def company_visits(v, w):
    return v.mdtrt_id.count(where=w & (v.companions > 0).fill_null(False))


@measure(
    "patient",
    "结伴就诊占比",
    "share of visits with companions",
    "share",
    "M02 M15 M19 M26",
    materiality=0.15,
    family="company",
    support="visits",
    evidence_weight=HINT,
)
def company_share(v, w):
    return (v.companions > 0).fill_null(False).mean(where=w)


@measure(
    "patient",
    "与同一人前后脚天数",
    "days right behind the same other person",
    "days",
    "M15 M26 M19",
    materiality=2,
    family="terminal",
    evidence_weight=STRONG,
)
def follow_days(v, w):
    return v.follow_days.max(where=w).fill_null(0)


@measure(
    "patient",
    "60秒内接续刷卡次数",
    "swipes within 60 seconds of another card",
    "times",
    "M15 M16",
    materiality=2,
    family="terminal",
    windows=FLOW,
    evidence_weight=HINT,
)
def bursts(v, w):
    return v.mdtrt_id.count(where=w & v.burst.fill_null(False) & (v.kind == PHARMACY))


@measure(
    "patient",
    "30分钟内两处刷卡次数",
    "times the card was at two places within 30 minutes",
    "times",
    "M15 M17",
    materiality=1,
    family="terminal",
    evidence_weight=STRONG,
)
def two_places(v, w):
    return v.mdtrt_id.count(where=w & v.two_places.fill_null(False))


@measure(
    "patient",
    "整额或重复金额次数",
    "round or repeated amounts in pharmacies",
    "times",
    "M16 M18",
    materiality=3,
    family="terminal",
    evidence_weight=HINT,
)
def round_amounts(v, w):
    odd = v.round_amount | (v.same_amount >= 5)
    return v.mdtrt_id.count(where=w & (v.kind == PHARMACY) & odd)


@measure(
    "patient",
    "死亡后就诊次数",
    "visits after death",
    "visits",
    "M09",
    materiality=0.3,
    family="identity",
    windows=FLOW,
    evidence_weight=PROOF,
)
def after_death(v, w):
    return v.mdtrt_id.count(where=w & (v.days_dead > 1).fill_null(False))


@measure(
    "patient",
    "死亡后基金支付",
    "paid by the fund after death",
    "yuan",
    "M09",
    materiality=30,
    family="identity",
    windows=FLOW,
    evidence_weight=PROOF,
)
def fund_after_death(v, w):
    return v.fund_pay_sumamt.sum(where=w & (v.days_dead > 1).fill_null(False)).fill_null(0)


@measure(
    "patient",
    "购得重复追溯码药盒",
    "boxes with a trace code sold before",
    "boxes",
    "M20",
    materiality=1,
    family="trace",
    evidence_weight=HINT,
)
def repeat_codes(v, w):
    return v.repeat_codes.sum(where=w).fill_null(0)


@measure(
    "patient",
    "无追溯码药盒",
    "boxes without a trace code",
    "boxes",
    "M16 M20",
    materiality=3,
    family="trace",
    evidence_weight=HINT,
)
def uncoded_boxes(v, w):
    return v.uncoded.sum(where=w).fill_null(0)


@measure(
    "patient",
    "处方超次使用",
    "uses of a prescription beyond what it allows",
    "times",
    "M21",
    materiality=1,
    family="trace",
    evidence_weight=STRONG,
)
def rx_overused(v, w):
    return v.rx_overused.sum(where=w).fill_null(0)


@measure(
    "patient",
    "无签到透析次数",
    "dialysis sessions without sign-in",
    "sessions",
    "M28",
    materiality=2,
    family="identity",
    windows=FLOW,
    evidence_weight=STRONG,
)
def unsigned_dialysis(v, w):
    return v.unsigned.sum(where=w).fill_null(0)


@measure(
    "patient",
    "最忙一周透析次数",
    "dialysis sessions in the busiest week",
    "sessions",
    "M28",
    materiality=1,
    family="supply",
    base="dialysis/week",
    evidence_weight=STRONG,
)
def dialysis_week(p, w):
    return p.n.max()


@measure(
    "patient",
    "接受透析次数",
    "dialysis sessions",
    "sessions",
    "M28",
    materiality=6,
    family="supply",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def dialysis(v, w):
    return v.dialysis.sum(where=w).fill_null(0)


@measure(
    "patient",
    "住院收费相对诊疗内容最高倍数",
    "highest charge of a stay for its content",
    "ratio",
    "M24",
    materiality=0.5,
    family="price",
    evidence_weight=STRONG,
)
def paid_per_content(v, w):
    return v.paid_per_content.max(where=w).fill_null(1)


@measure(
    "patient",
    "住院费用与同病组通常水平之比",
    "bill of stays against their disease group",
    "ratio",
    "M24 M25",
    materiality=0.5,
    family="price",
    evidence_weight=CONTEXT,
)
def cost_ratio(v, w):
    return v.cost_ratio.mean(where=w)


@measure(
    "patient",
    "住院天数与同病组通常水平之比",
    "length of stays against their disease group",
    "ratio",
    "M10 M25",
    materiality=0.5,
    family="stay",
    evidence_weight=CONTEXT,
)
def los_ratio(v, w):
    return v.los_ratio.mean(where=w)


@measure(
    "patient",
    "住院期间长护服务日",
    "long-term-care days inside stays",
    "days",
    "M08",
    materiality=1,
    family="identity",
    evidence_weight=STRONG,
)
def care_days(v, w):
    return v.care_days.sum(where=w).fill_null(0)


@measure(
    "patient",
    "门诊次数",
    "outpatient visits",
    "visits",
    "M06 M13",
    materiality=5,
    family="frequency",
    windows=FLOW,
    evidence_weight=CONTEXT,
)
def outpatient_visits(v, w):
    return v.mdtrt_id.count(where=w & (v.kind == OUTPATIENT) & ~v.course)


@measure(
    "patient",
    "最常去机构占比",
    "share of visits at the most used place",
    "share",
    "M40 M19",
    materiality=0.2,
    family="concentration",
    base="visits/fixmedins_code",
    support="visits",
    evidence_weight=CONTEXT,
)
def top_place_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "patient",
    "最常用药店占比",
    "share of purchases at the most used pharmacy",
    "share",
    "M19 M40",
    materiality=0.2,
    family="concentration",
    base="purchases/fixmedins_code",
    support="purchases",
    evidence_weight=CONTEXT,
)
def top_pharmacy_share(p, w):
    return p.n.max() / p.n.sum()


@measure(
    "patient",
    "经同一医师或药店超量购药的关联人数",
    "people oversupplied through the same doctor or shop",
    "persons",
    "M19",
    materiality=3,
    family="company",
    windows=(YEAR,),
    evidence_weight=STRONG,
)
def co_oversupplied(v, w):
    return v.co_oversupplied.max(where=w).fill_null(0)
