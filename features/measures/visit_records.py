"""Measures of a visit from other records: cards, medicines, trace codes, registers, stays like it."""

from ibis import Table, Value

from claims.as_of import STAY
from features.measures import shared_admissions as admissions
from features.measures.catalogue import CONTEXT, LOW, PROOF, STRONG, measure
from features.measures.formulas import of_stays, ratio


@measure(
    "visit", "结伴就诊的同行人数", "regular companions present", "persons", "co_visit", "M15 M19 M26",
    materiality=1,
)  # fmt: skip
def co_visitors(v: Table, w: Value) -> Value:
    """People present at a purchase or consultation whom the patient meets beyond chance
    (`features.graphs.covisit`)."""
    return (v.kind != STAY).ifelse(v.co_visitors.fill_null(0), None)


@measure(
    "visit", "结伴入院的同行人数", "regular companions admitted together", "persons", "co_visit", "M02 M01",
    materiality=1,
)  # fmt: skip
def co_admitted(v: Table, w: Value) -> Value:
    """People admitted along whom the patient meets beyond chance (`features.graphs.covisit`)."""
    return of_stays(v, v.co_visitors.fill_null(0))


@measure(
    "visit", "与前一张医保卡的刷卡间隔", "time since the card before", "seconds", "card_timing", "M15",
    materiality=60, direction=LOW,
)  # fmt: skip
def card_gap(v: Table, w: Value) -> Value:
    """Seconds since the card before at the till; only where it is a burst (60 seconds at most)."""
    return v.burst.ifelse(v.card_gap, None)


@measure(
    "visit", "与同一人前后脚刷卡的天数", "days on which the same person's card came right before", "days",
    "card_timing", "M15 M26 M19", materiality=2, evidence_weight=STRONG,
)  # fmt: skip
def same_predecessor_days(v: Table, w: Value) -> Value:
    """Days on which the visit's patient came right behind the same other person."""
    return v.same_predecessor_days


@measure(
    "visit", "30分钟内两处刷卡", "card used at two places within 30 minutes", "flag", "card_timing",
    "M15 M17", materiality=0.5, evidence_weight=STRONG,
)  # fmt: skip
def two_places(v: Table, w: Value) -> Value:
    """1 where the card was used elsewhere within 30 minutes before, filling a prescription aside; else 0."""
    return v.two_places.cast("int8")


@measure(
    "visit", "死亡登记后天数", "days after death", "days", "identity", "M09", materiality=1,
    evidence_weight=PROOF,
)  # fmt: skip
def days_since_death(v: Table, w: Value) -> Value:
    """Days from the registered death to the visit; 0 for the living and for the bill of a fatal stay."""
    # A purchase on the day itself, a consultation the day after and the bill of the fatal stay are no claims
    # of the dead (R001).
    late = v.days_since_death > 1
    fatal = (v.kind == STAY) & (v.days_since_death <= 0)
    return (late & ~fatal).ifelse(v.days_since_death, 0).fill_null(0)


@measure(
    "visit", "无签到透析", "dialysis sessions without sign-in", "sessions", "identity", "M28", materiality=1,
    evidence_weight=STRONG,
)  # fmt: skip
def no_sign_in_dialysis(v: Table, w: Value) -> Value:
    """Sessions of dialysis billed without a sign-in of the patient on the day."""
    return v.no_sign_in


@measure(
    "visit", "一日一次以外的透析次数", "dialysis sessions beyond one a day", "sessions", "supply", "M28",
    materiality=1, evidence_weight=STRONG,
)  # fmt: skip
def extra_dialysis_sessions(v: Table, w: Value) -> Value:
    """Sessions of dialysis beyond one a day; missing for visits without dialysis."""
    return (v.dialysis > 0).ifelse(v.dialysis - v.dialysis_days, None)


@measure(
    "visit", "所购药量可用天数", "days of supply bought", "days", "supply", "M05 M19", materiality=30,
    evidence_weight=CONTEXT,
)  # fmt: skip
def supply_days(v: Table, w: Value) -> Value:
    """Days that the medicine bought lasts at the usual dose, summed over the drugs."""
    return v.supply_days


@measure(
    "visit", "再次购药时家中余药可用", "supply still at hand", "days", "supply", "M05 M19",
    materiality=20, evidence_weight=STRONG,
)  # fmt: skip
def days_on_hand(v: Table, w: Value) -> Value:
    """Days that what the patient still had of a drug would last when more of it was bought."""
    return v.days_on_hand


@measure(
    "visit", "追溯码已被售出过的药盒", "boxes whose trace code had been sold before", "boxes", "trace", "M20",
    materiality=1, evidence_weight=PROOF, statistic="count",
)  # fmt: skip
def repeat_codes(v: Table, w: Value) -> Value:
    """Boxes whose trace code an earlier sale carries, returns netted."""
    return v.repeat_codes


@measure(
    "visit", "无追溯码药盒占比", "share of boxes without a trace code", "share", "trace", "M16 M18 M20",
    materiality=0.3,
)  # fmt: skip
def uncoded_share(v: Table, w: Value) -> Value:
    """Boxes sold without a trace code ÷ boxes sold."""
    return ratio(v.uncoded, v.boxes)


@measure(
    "visit", "处方超次使用", "prescription used beyond what it allows", "times", "trace", "M21",
    materiality=1, evidence_weight=STRONG, statistic="count",
)  # fmt: skip
def rx_overused(v: Table, w: Value) -> Value:
    """Visits that used the prescription beyond the number that it allows."""
    return v.rx_overused


@measure(
    "visit", "超最高限价金额", "charged above the price ceiling", "yuan", "price", "M32 M40", materiality=10,
)  # fmt: skip
def over_ceiling(v: Table, w: Value) -> Value:
    """Yuan charged above the ceiling in force on the day, over all lines."""
    return v.over_ceiling


@measure(
    "visit", "未报第三方的外伤住院", "injury stay after an accident, no third party named", "flag",
    "identity", "M27", materiality=0.5, evidence_weight=STRONG,
)  # fmt: skip
def undeclared_accident(v: Table, w: Value) -> Value:
    """1 for an injury stay after an accident on record without a third party declared, else 0."""
    return of_stays(v, v.undeclared_accident.fill_null(0))


@measure(
    "visit", "住院期间长护服务日", "long-term-care days inside the stay", "days", "identity", "M08",
    materiality=1, evidence_weight=STRONG, statistic="count",
)  # fmt: skip
def long_term_care_days(v: Table, w: Value) -> Value:
    """Days of long-term care that lie within the stay."""
    return of_stays(v, v.long_term_care_days.fill_null(0))


@measure(
    "visit", "当周透析次数", "dialysis sessions in the week", "sessions", "frequency", "M28", materiality=1,
    evidence_weight=STRONG,
)  # fmt: skip
def weekly_dialysis_sessions(v: Table, w: Value) -> Value:
    """Sessions of dialysis of the patient in the week of the visit."""
    return v.weekly_dialysis_sessions


@measure(
    "visit", "该患者平常在这一星期几透析的占比",
    "share of the patient's weeks of dialysis with a visit on this day of the week", "share", "card_timing",
    "M28", materiality=0.3, direction=LOW,
)  # fmt: skip
def usual_weekday_share(v: Table, w: Value) -> Value:
    """Weeks in which the patient came for dialysis on this weekday ÷ weeks with dialysis."""
    return v.usual_weekday_share


@measure(
    "visit", "同日入院且同病、同天数的其他人数", "others admitted with it for the same disease and time",
    "persons", "stay", "M01 M02", materiality=2, evidence_weight=STRONG,
)  # fmt: skip
def twin_stays(v: Table, w: Value) -> Value:
    """Others admitted to the hospital within a day for the same disease and as many days."""
    return of_stays(v, v.twins.fill_null(0))


@measure(
    "visit", "收费项目完全相同的其他住院人数", "stays of the hospital with the same set of items", "persons",
    "content", "M01 M04 M33", materiality=2, evidence_weight=STRONG,
)  # fmt: skip
def copied_bills(v: Table, w: Value) -> Value:
    """Other people whose stay there within a year has exactly the same set of six items or more."""
    return of_stays(v, v.copies.fill_null(0))


@measure(
    "visit", "以检查为主的短期住院", "short stay that is mostly examinations", "flag", "stay", "M04",
    materiality=0.5, evidence_weight=STRONG,
)  # fmt: skip
def checkup_stay(v: Table, w: Value) -> Value:
    """1 for a stay that is `checkup_like`, courses aside, else 0."""
    return of_stays(v, (admissions.checkup_like(v) & ~v.course).cast("int8"))


@measure(
    "visit", "经同一医师或药店一起超量购药的人数", "people oversupplied through the same doctor or shop",
    "persons", "supply", "M19", materiality=3,
)  # fmt: skip
def co_oversupplied(v: Table, w: Value) -> Value:
    """People oversupplied through the same doctor or shop beyond chance (`features.graphs.oversupply`)."""
    return v.co_oversupplied.fill_null(0)
