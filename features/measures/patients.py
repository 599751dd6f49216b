"""Measures of a patient: how often, how much, where, with whom, and whether it fits together."""

import ibis
from ibis import Table, Value

from claims.as_of import OUTPATIENT, PHARMACY
from features.measures import shared_admissions as admissions
from features.measures import shared_medicines as medicines
from features.measures import shared_volume as volume
from features.measures.catalogue import ALL_WINDOWS, CONTEXT, HINT, STRONG, declare, measure
from features.measures.formulas import top_share
from features.rounding import rounded
from features.windows import YEAR

declare("patient", volume.visits, "M06 M15", materiality=5)
declare("patient", volume.purchases, "M06 M19", materiality=3)


@measure(
    "patient", "购药天数", "days with a purchase", "days", "frequency", "M06 M19", materiality=3,
    evidence_weight=CONTEXT, windows=ALL_WINDOWS, over="purchases",
)  # fmt: skip
def purchase_days(v: Table, w: Value) -> Value:
    """Days of the window with a purchase."""
    return v.day.nunique(where=w)


declare("patient", volume.stays, "M01 M02 M03 M30", materiality=1, evidence_weight=HINT)


@measure(
    "patient", "住院天数", "days in hospital", "days", "stay", "M01 M30 M44", materiality=10,
    evidence_weight=CONTEXT, windows=ALL_WINDOWS,
)  # fmt: skip
def stay_days(v: Table, w: Value) -> Value:
    """Days in hospital, courses of treatment left out."""
    return v.los.sum(where=w & ~v.course).fill_null(0)


declare("patient", volume.fund_pay, "M01 M05 M16 M19", materiality=1000)


@measure(
    "patient", "药店基金支付", "paid by the fund in pharmacies", "yuan", "money", "M05 M16 M19",
    materiality=300, evidence_weight=CONTEXT, windows=ALL_WINDOWS, over="purchases",
)  # fmt: skip
def pharmacy_fund_pay(v: Table, w: Value) -> Value:
    """Yuan paid by the funds for purchases in pharmacies."""
    return v.fund_pay_sumamt.sum(where=w).fill_null(0)


declare("patient", medicines.drug_amount, "M05 M19", materiality=500)


@measure(
    "patient", "所购药量可用天数与实际天数之比", "days of supply per calendar day", "multiple", "supply",
    "M05 M19", materiality=0.5,
)  # fmt: skip
def medication_possession_ratio(v: Table, w: Value) -> Value:
    """Days of supply bought ÷ most drugs of a visit ÷ calendar days."""
    # Calendar days run from the first purchase of the window, 30 at least: one box is no oversupply.
    span = (v.days_ago.max(where=w & (v.supply_days > 0)) + 30).fill_null(30)
    return v.supply_days.sum(where=w).fill_null(0) / v.n_drugs.max(where=w).fill_null(1) / span


@measure(
    "patient", "再次购药时家中余药最多可用", "most supply at hand when buying more", "days", "supply",
    "M05 M19", materiality=20, evidence_weight=STRONG,
)  # fmt: skip
def max_days_on_hand(v: Table, w: Value) -> Value:
    """Most days of supply at hand at any purchase; 0 where nothing was left."""
    return v.days_on_hand.max(where=w).fill_null(0)


declare("patient", medicines.oversupply_amount, "M05 M19", materiality=200)


@measure(
    "patient", "购药药店数", "pharmacies used", "places", "concentration", "M06 M19 M21", materiality=2,
    windows=ALL_WINDOWS, over="purchases",
)  # fmt: skip
def pharmacies(v: Table, w: Value) -> Value:
    """Different pharmacies with a purchase."""
    return v.fixmedins_code.nunique(where=w)


@measure(
    "patient", "同日另去一家药店购药的次数", "further pharmacies on a day with a purchase", "times",
    "frequency", "M06", materiality=3, over="purchases",
)  # fmt: skip
def further_pharmacies(v: Table, w: Value) -> Value:
    """Pharmacies with a purchase, day by day, beyond the first of the day."""
    shop_days = (v.day.cast("string") + v.fixmedins_code).nunique(where=w)
    return shop_days - v.day.nunique(where=w)


declare("patient", volume.places, "M15 M30", materiality=2)


@measure("patient", "开药医生数", "prescribers used", "persons", "concentration", "M05 M19", materiality=2)
def prescribers(v: Table, w: Value) -> Value:
    """Different doctors on the patient's visits and purchases."""
    return v.dr_code.nunique(where=w)


declare("patient", volume.cash_share, "M01 M11 M16 M30", materiality=0.1)


@measure(
    "patient", "同村同日入院最多人数", "most people of the village admitted within a day", "persons",
    "co_visit", "M02 M11", materiality=2,
)  # fmt: skip
def village_batch(v: Table, w: Value) -> Value:
    """Most others of the village admitted to the hospital within a day of a stay of the patient."""
    return v.village_batch.max(where=w & ~v.course).fill_null(0)


@measure(
    "patient", "与固定人员结伴就诊的次数", "visits with regular companions", "visits", "co_visit",
    "M02 M15 M19 M26", materiality=2, windows=ALL_WINDOWS,
)  # fmt: skip
def co_visits(v: Table, w: Value) -> Value:
    """Visits at which somebody is present whom the patient meets beyond chance."""
    return v.mdtrt_id.count(where=w & (v.co_visitors > 0).fill_null(False))


@measure(
    "patient", "结伴住院次数", "stays with regular companions", "visits", "co_visit", "M02 M01",
    materiality=1, over="admissions", statistic="count",
)  # fmt: skip
def co_visit_stays(v: Table, w: Value) -> Value:
    """Stays at which somebody is present whom the patient meets beyond chance."""
    return v.mdtrt_id.count(where=w & (v.co_visitors > 0).fill_null(False))


@measure(
    "patient", "结伴门诊次数", "outpatient visits with regular companions", "visits", "co_visit",
    "M26", materiality=2, over="consultations", statistic="count",
)  # fmt: skip
def co_visit_consultations(v: Table, w: Value) -> Value:
    """Outpatient visits at which somebody is present whom the patient meets beyond chance."""
    return v.mdtrt_id.count(where=w & (v.co_visitors > 0).fill_null(False))


@measure(
    "patient", "结伴购药次数", "purchases with regular companions", "visits", "co_visit", "M15 M19",
    materiality=2, over="purchases",
)  # fmt: skip
def co_visit_purchases(v: Table, w: Value) -> Value:
    """Purchases at which somebody is present whom the patient meets beyond chance."""
    return v.mdtrt_id.count(where=w & (v.co_visitors > 0).fill_null(False))


declare(
    "patient", volume.co_visit_share, "M02 M15 M19 M26", materiality=0.15, zh="结伴就诊占比",
    en="share of visits with regular companions", evidence_weight=HINT,
)  # fmt: skip
declare("patient", volume.co_visit_fund, "M01 M02 M15 M19 M26", materiality=500)
declare("patient", volume.same_predecessor_days, "M15 M26 M19", materiality=2)


@measure(
    "patient", "一次就诊同行最多人数", "most regular companions at one visit", "persons",
    "co_visit", "M01 M02 M15 M19 M26", materiality=2, evidence_weight=STRONG, windows=(YEAR,),
)  # fmt: skip
def most_co_visitors(v: Table, w: Value) -> Value:
    """Most people present at one visit whom the patient meets beyond chance."""
    return v.co_visitors.max(where=w).fill_null(0)


@measure(
    "patient", "60秒内接连刷不同医保卡的次数", "swipes within 60 seconds of another card", "times",
    "card_timing", "M15 M16", materiality=2, windows=ALL_WINDOWS, support="expected_bursts",
    statistic="count",
)  # fmt: skip
def bursts(v: Table, w: Value) -> Value:
    """Purchases within 60 seconds of another card at the till."""
    return v.mdtrt_id.count(where=w & v.burst.fill_null(False) & (v.kind == PHARMACY))


@measure(
    "patient", "按当日客流预计的连刷次数", "swipes within 60 seconds expected of the day's trade", "times",
    "card_timing", "M15", materiality=2, evidence_weight=CONTEXT, windows=ALL_WINDOWS,
)  # fmt: skip
def expected_bursts(v: Table, w: Value) -> Value:
    """Such purchases if the cards of each day came independently."""
    return v.burst_expected.sum(where=w & (v.kind == PHARMACY)).fill_null(0)


@measure(
    "patient", "30分钟内两处刷卡次数", "times the card was at two places within 30 minutes", "times",
    "card_timing", "M15 M17", materiality=1, evidence_weight=STRONG, statistic="count",
)  # fmt: skip
def two_places(v: Table, w: Value) -> Value:
    """Visits at which the card was elsewhere within the 30 minutes before."""
    return v.mdtrt_id.count(where=w & v.two_places.fill_null(False))


@measure(
    "patient", "30分钟内在两家医疗机构就诊次数", "times at two hospitals or clinics in 30 minutes", "times",
    "identity", "M14", materiality=1, evidence_weight=STRONG, statistic="count",
)  # fmt: skip
def two_clinics(v: Table, w: Value) -> Value:
    """Outpatient visits within 30 minutes of one at another hospital or clinic."""
    both = v.two_places & (v.kind == OUTPATIENT) & (v.moved_kind == OUTPATIENT)
    return v.mdtrt_id.count(where=w & both.fill_null(False))


@measure(
    "patient", "诊断与性别不符的就诊次数", "visits for a disease that the other sex alone can have", "visits",
    "identity", "M14", materiality=0.5, evidence_weight=STRONG, statistic="count",
)  # fmt: skip
def impossible_diagnoses(v: Table, w: Value) -> Value:
    """Visits with a diagnosis that only the other sex can have."""
    return v.impossible.sum(where=w).fill_null(0)


@measure(
    "patient", "整数或重复金额的购药次数", "round or repeated amounts in pharmacies", "times", "card_timing",
    "M16 M18", materiality=3,
)  # fmt: skip
def round_amounts(v: Table, w: Value) -> Value:
    """Purchases of a round amount, or of one that five or more other bills there have."""
    odd = v.round_amount | (v.same_amount >= 5)
    return v.mdtrt_id.count(where=w & (v.kind == PHARMACY) & odd)


@measure(
    "patient", "同店同额而药品不同的购药次数(扣除偶合)",
    "purchases at an amount paid there for other goods too, beyond chance", "times", "card_timing", "M17 M16",
    materiality=1, evidence_weight=STRONG, over="purchases",
)  # fmt: skip
def amounts_of_other_goods(v: Table, w: Value) -> Value:
    """Purchases of an amount that the patient paid at the same pharmacy for other goods as well, less those
    expected if the patient's amounts were as frequent as on bills of other pharmacies."""
    seen = v.mdtrt_id.count(where=w & v.amount_of_other_goods.fill_null(False))
    return rounded(ibis.greatest(seen - v.amount_expected.sum(where=w).fill_null(0), 0.0), 6)


@measure(
    "patient", "购得追溯码已被售出过的药盒", "boxes with a trace code sold before", "boxes", "trace", "M20",
    materiality=1, statistic="count",
)  # fmt: skip
def repeat_codes(v: Table, w: Value) -> Value:
    """Boxes bought whose trace code an earlier sale carries."""
    return v.repeat_codes.sum(where=w).fill_null(0)


@measure("patient", "无追溯码药盒", "boxes without a trace code", "boxes", "trace", "M16 M20", materiality=3)
def uncoded_boxes(v: Table, w: Value) -> Value:
    """Boxes bought without a trace code."""
    return v.uncoded.sum(where=w).fill_null(0)


@measure(
    "patient", "处方超次使用", "uses of a prescription beyond what it allows", "times", "trace", "M21",
    materiality=1, evidence_weight=STRONG, statistic="count",
)  # fmt: skip
def rx_overused(v: Table, w: Value) -> Value:
    """Uses of the patient's prescriptions beyond what they allow."""
    return v.rx_overused.sum(where=w).fill_null(0)


@measure(
    "patient", "无签到透析次数", "dialysis sessions without sign-in", "sessions", "identity", "M28",
    materiality=2, evidence_weight=STRONG, windows=ALL_WINDOWS,
)  # fmt: skip
def no_sign_in_dialysis(v: Table, w: Value) -> Value:
    """Sessions of dialysis without a sign-in on the day."""
    return v.no_sign_in.sum(where=w).fill_null(0)


@measure(
    "patient", "最忙一周透析次数", "dialysis sessions in the busiest week", "sessions", "supply", "M28",
    materiality=1, evidence_weight=STRONG, base="dialysis/week",
)  # fmt: skip
def busiest_dialysis_week(p: Table, w: Value) -> Value:
    """Most visits for dialysis in a calendar week (`p`: the patient's weeks)."""
    return p.n.max()


declare(
    "patient", admissions.dialysis_sessions, "M28", materiality=6, zh="接受透析次数", en="dialysis sessions"
)


@measure(
    "patient", "住院收费与诊疗项目应有水平之比(最高一次)", "highest charge of a stay for its content",
    "ratio", "price", "M24", materiality=0.5, evidence_weight=STRONG,
)  # fmt: skip
def charge_to_intensity_ratio(v: Table, w: Value) -> Value:
    """Highest charge for its content of a stay; 1, as usual, without stays."""
    return v.charge_to_intensity_ratio.max(where=w).fill_null(1)


@measure(
    "patient", "住院费用与同病组通常水平之比", "bill of stays against their disease group", "ratio", "price",
    "M24 M25", materiality=0.5, evidence_weight=CONTEXT,
)  # fmt: skip
def cost_ratio(v: Table, w: Value) -> Value:
    """Mean over stays of the bill ÷ the bill usual for the disease group."""
    return v.cost_ratio.mean(where=w)


@measure(
    "patient", "住院天数与同病组通常水平之比", "length of stays against their disease group", "ratio", "stay",
    "M10 M25", materiality=0.5, evidence_weight=CONTEXT,
)  # fmt: skip
def los_ratio(v: Table, w: Value) -> Value:
    """Mean over stays of the days ÷ the days usual for the disease group."""
    return v.los_ratio.mean(where=w)


@measure(
    "patient", "住院期间长护服务日", "long-term-care days inside stays", "days", "identity", "M08",
    materiality=1, evidence_weight=STRONG, statistic="count",
)  # fmt: skip
def long_term_care_days(v: Table, w: Value) -> Value:
    """Days of long-term care within stays."""
    return v.long_term_care_days.sum(where=w).fill_null(0)


@measure(
    "patient", "事故后住院未申报第三方责任次数",
    "stays after an accident on record without a third party declared", "visits", "identity", "M27",
    materiality=0.5, evidence_weight=STRONG, statistic="count",
)  # fmt: skip
def undeclared_accidents(v: Table, w: Value) -> Value:
    """Injury stays after an accident on record without a third party declared."""
    return v.undeclared_accident.sum(where=w).fill_null(0)


declare("patient", volume.outpatient_visits, "M06 M13", materiality=5, zh="门诊次数", en="outpatient visits")


@measure(
    "patient", "最常去机构占比", "share of visits at the most used place", "share", "concentration",
    "M40 M19", materiality=0.2, evidence_weight=CONTEXT, base="visits/fixmedins_code", support="visits",
)  # fmt: skip
def top_place_share(p: Table, w: Value) -> Value:
    """Visits at the institution used most ÷ visits."""
    return top_share(p)


declare("patient", medicines.top_pharmacy_share, "M19 M40", materiality=0.2)


@measure(
    "patient", "经同一医师或药店一起超量购药的人数", "people oversupplied through the same doctor or shop",
    "persons", "co_visit", "M19", materiality=3, evidence_weight=STRONG, windows=(YEAR,),
)  # fmt: skip
def co_oversupplied(v: Table, w: Value) -> Value:
    """Most people oversupplied through the same doctor or shop at a purchase."""
    return v.co_oversupplied.max(where=w).fill_null(0)
