"""Measures of a visit: what is unusual about this one stay, consultation or purchase."""

from ibis import Table, Value

from claims.as_of import STAY
from features.measures.catalogue import CONTEXT, LOW, PROOF, STRONG, measure
from features.measures.formulas import ratio


def _of_stays(v: Table, value: Value) -> Value:
    """The value for stays; unknown for other visits, to which it does not apply."""
    return (v.kind == STAY).ifelse(value, None)


@measure(
    "visit", "费用总额", "total bill", "yuan", "money", "M01 M12 M24", materiality=500,
    evidence_weight=CONTEXT,
)  # fmt: skip
def bill(v: Table, w: Value) -> Value:
    return v.medfee_sumamt


@measure(
    "visit", "基金支付", "paid by the fund", "yuan", "money", "M01 M16 M24", materiality=400,
    evidence_weight=CONTEXT,
)  # fmt: skip
def fund_pay(v: Table, w: Value) -> Value:
    return v.fund_pay_sumamt


@measure(
    "visit", "基金支付比例", "share paid by the fund", "share", "money", "M01 M11 M30", materiality=0.15,
    evidence_weight=CONTEXT,
)  # fmt: skip
def fund_share(v: Table, w: Value) -> Value:
    return v.fund_share


@measure(
    "visit", "个人现金比例", "share paid in cash", "share", "money", "M01 M11 M30", materiality=0.15,
    direction=LOW,
)  # fmt: skip
def cash_share(v: Table, w: Value) -> Value:
    return v.cash_share


@measure(
    "visit", "同一金额在本机构重复出现的次数", "other visits at the place with the same amount", "times",
    "terminal", "M16 M18", materiality=5, evidence_weight=CONTEXT,
)  # fmt: skip
def same_amount(v: Table, w: Value) -> Value:
    return v.same_amount


@measure(
    "visit", "住院天数与同病组通常水平之比", "length of stay against its disease group", "ratio", "stay",
    "M01 M44", materiality=0.5, evidence_weight=CONTEXT,
)  # fmt: skip
def los_ratio(v: Table, w: Value) -> Value:
    return v.los_ratio


@measure(
    "visit", "费用与同病组通常水平之比", "bill against its disease group", "ratio", "price", "M24 M25",
    materiality=0.5, evidence_weight=CONTEXT,
)  # fmt: skip
def cost_ratio(v: Table, w: Value) -> Value:
    return v.cost_ratio


@measure(
    "visit", "诊疗项目量与同病组通常水平之比", "content of the bill against its disease group", "ratio",
    "price", "M24 M25", materiality=0.4, direction=LOW,
)  # fmt: skip
def content_ratio(v: Table, w: Value) -> Value:
    return v.content_ratio


@measure(
    "visit", "入高费用病组时的诊疗项目量与同病组之比",
    "content of the bill against its disease group, of a group dearer than the disease", "ratio", "price",
    "M24", materiality=0.3, evidence_weight=STRONG, direction=LOW,
)  # fmt: skip
def dear_group_content(v: Table, w: Value) -> Value:
    return v.dear_group.ifelse(v.content_ratio, None)


@measure(
    "visit", "入高费用病组时的住院天数与同病组之比",
    "length of stay against its disease group, of a group dearer than the disease", "ratio", "stay", "M24",
    materiality=0.3, direction=LOW,
)  # fmt: skip
def dear_group_los(v: Table, w: Value) -> Value:
    return v.dear_group.ifelse(v.los_ratio, None)


@measure(
    "visit", "收费与诊疗项目应有水平之比", "charge for its content against the disease group", "ratio",
    "price", "M24", materiality=0.6, evidence_weight=STRONG,
)  # fmt: skip
def paid_per_content(v: Table, w: Value) -> Value:
    return v.paid_per_content


@measure(
    "visit", "收费项目种类与同病组通常水平之比", "number of items against its disease group", "ratio",
    "content", "M01 M24 M25", materiality=0.4, direction=LOW,
)  # fmt: skip
def items_ratio(v: Table, w: Value) -> Value:
    return v.items_ratio


@measure(
    "visit", "检查化验占比", "share of examinations and laboratory", "share", "content", "M04 M33",
    materiality=0.2,
)  # fmt: skip
def exam_share(v: Table, w: Value) -> Value:
    return _of_stays(v, ratio(v.exam_amount, v.billed))


@measure(
    "visit", "治疗和用药费用占比", "share of treatment and medicine", "share", "content", "M04",
    materiality=0.2, direction=LOW,
)  # fmt: skip
def treatment_share(v: Table, w: Value) -> Value:
    return _of_stays(v, ratio(v.treat_amount + v.drug_amount + v.material_amount, v.billed))


@measure(
    "visit", "床位护理诊察占比", "share of bed, care and round", "share", "content", "M10 M44",
    materiality=0.15,
)  # fmt: skip
def keeping_share(v: Table, w: Value) -> Value:
    return _of_stays(v, ratio(v.keeping_amount, v.billed))


@measure(
    "visit", "耗材占比", "share of consumables", "share", "content", "M29", materiality=0.2,
    evidence_weight=CONTEXT,
)  # fmt: skip
def material_share(v: Table, w: Value) -> Value:
    return ratio(v.material_amount, v.billed)


@measure(
    "visit", "住院中无检查治疗的天数", "days with nothing but bed, care and round", "days", "stay", "M10",
    materiality=1, evidence_weight=STRONG,
)  # fmt: skip
def idle_days(v: Table, w: Value) -> Value:
    return v.idle_days


@measure(
    "visit", "住院日中无检查治疗的比例", "share of idle days", "share", "stay", "M10", materiality=0.2,
    evidence_weight=STRONG,
)  # fmt: skip
def idle_share(v: Table, w: Value) -> Value:
    return ratio(v.idle_days, v.los)


@measure(
    "visit", "住院期间外出就医购药", "visits elsewhere during the stay", "visits", "identity", "M10 M01 M14",
    materiality=1, evidence_weight=STRONG, arises="count",
)  # fmt: skip
def outside_visits(v: Table, w: Value) -> Value:
    return _of_stays(v, v.outside_visits.fill_null(0))


@measure(
    "visit", "15日内同院同病再入院", "back in the same hospital with the same disease within 15 days", "flag",
    "stay", "M03", materiality=0.5, evidence_weight=STRONG,
)  # fmt: skip
def split_stay(v: Table, w: Value) -> Value:
    return v.split.cast("int8")


@measure(
    "visit", "距上次出院天数", "days since the last discharge", "days", "stay", "M03 M02 M30", materiality=20,
    direction=LOW,
)  # fmt: skip
def gap_days(v: Table, w: Value) -> Value:
    return v.course.ifelse(None, v.gap_days)


@measure(
    "visit", "31日内同院再入院在该病中的少见程度",
    "back in the same hospital within 31 days, with a disease that seldom brings back", "share", "stay",
    "M03", materiality=0.2, arises="count",
)  # fmt: skip
def unusual_return(v: Table, w: Value) -> Value:
    # 0 for a stay that is no return, else the share of stays with the disease that are none.
    return v.readmitted_31d.ifelse(1 - v.readmission_expected, v.readmitted_31d.cast("float64"))


@measure(
    "visit", "15日内同一医师再次收住",
    "taken in again by the same doctor within 15 days, for whatever disease", "flag", "concentration", "M03",
    materiality=0.5,
)  # fmt: skip
def same_doctor_readmission(v: Table, w: Value) -> Value:
    return v.same_doctor_readmission.cast("int8")


@measure(
    "visit", "与另一次住院重叠", "overlaps another stay", "flag", "stay", "M14 M01", materiality=0.5,
    evidence_weight=PROOF,
)  # fmt: skip
def overlapping_stay(v: Table, w: Value) -> Value:
    return _of_stays(v, v.overlap.cast("int8"))


@measure(
    "visit", "同村同日入院人数", "people of the village admitted within a day", "persons", "co_visit",
    "M02 M11 M01", materiality=2,
)  # fmt: skip
def village_batch(v: Table, w: Value) -> Value:
    return _of_stays(v, v.course.ifelse(0, v.village_batch.fill_null(0)))


@measure(
    "visit", "结伴就诊的同行人数", "co-visitors present beyond chance", "persons", "co_visit",
    "M02 M15 M19 M26", materiality=1,
)  # fmt: skip
def co_visitors(v: Table, w: Value) -> Value:
    return v.co_visitors.fill_null(0)


@measure(
    "visit", "与前一张医保卡的刷卡间隔", "time since the card before", "seconds", "terminal", "M15",
    materiality=60, direction=LOW,
)  # fmt: skip
def card_gap(v: Table, w: Value) -> Value:
    return v.burst.ifelse(v.card_gap, None)


@measure(
    "visit", "与同一人前后脚刷卡的天数", "days right behind the same other person", "days", "terminal",
    "M15 M26 M19", materiality=2, evidence_weight=STRONG,
)  # fmt: skip
def follow_days(v: Table, w: Value) -> Value:
    return v.follow_days


@measure(
    "visit", "30分钟内两处刷卡", "card used at two places within 30 minutes", "flag", "terminal", "M15 M17",
    materiality=0.5, evidence_weight=STRONG,
)  # fmt: skip
def two_places(v: Table, w: Value) -> Value:
    return v.two_places.cast("int8")


@measure(
    "visit", "死亡登记后天数", "days after death", "days", "identity", "M09", materiality=1,
    evidence_weight=PROOF,
)  # fmt: skip
def days_dead(v: Table, w: Value) -> Value:
    # A purchase on the day itself, a consultation the day after and the bill of the fatal stay are no claims
    # of the dead (R001).
    late = v.days_dead > 1
    fatal = (v.kind == STAY) & (v.days_dead <= 0)
    return (late & ~fatal).ifelse(v.days_dead, 0).fill_null(0)


@measure(
    "visit", "无签到透析", "dialysis sessions without sign-in", "sessions", "identity", "M28", materiality=1,
    evidence_weight=STRONG,
)  # fmt: skip
def unsigned_dialysis(v: Table, w: Value) -> Value:
    return v.unsigned


@measure(
    "visit", "透析次数", "dialysis sessions in the visit", "sessions", "supply", "M28", materiality=1,
    evidence_weight=STRONG,
)  # fmt: skip
def dialysis(v: Table, w: Value) -> Value:
    return (v.dialysis > 0).ifelse(v.dialysis - v.dialysis_days, None)


@measure(
    "visit", "所购药量可用天数", "days of supply bought", "days", "supply", "M05 M19", materiality=30,
    evidence_weight=CONTEXT,
)  # fmt: skip
def supply_days(v: Table, w: Value) -> Value:
    return v.supply_days


@measure(
    "visit", "再次购药时家中余药可用", "days of supply still at hand", "days", "supply", "M05 M19",
    materiality=20, evidence_weight=STRONG,
)  # fmt: skip
def stock_days(v: Table, w: Value) -> Value:
    return v.stock_days


@measure(
    "visit", "追溯码已被售出过的药盒", "boxes whose trace code had been sold before", "boxes", "trace", "M20",
    materiality=1, evidence_weight=PROOF, arises="count",
)  # fmt: skip
def repeat_codes(v: Table, w: Value) -> Value:
    return v.repeat_codes


@measure(
    "visit", "无追溯码药盒占比", "share of boxes without a trace code", "share", "trace", "M16 M18 M20",
    materiality=0.3,
)  # fmt: skip
def uncoded_share(v: Table, w: Value) -> Value:
    return ratio(v.uncoded, v.boxes)


@measure(
    "visit", "处方超次使用", "prescription used beyond what it allows", "times", "trace", "M21",
    materiality=1, evidence_weight=STRONG, arises="count",
)  # fmt: skip
def rx_overused(v: Table, w: Value) -> Value:
    return v.rx_overused


@measure(
    "visit", "超最高限价金额", "charged above the price ceiling", "yuan", "price", "M32 M40", materiality=10,
)  # fmt: skip
def over_ceiling(v: Table, w: Value) -> Value:
    return v.over_ceiling


@measure(
    "visit", "未报第三方的外伤住院", "injury stay after an accident, no third party named", "flag",
    "identity", "M27", materiality=0.5, evidence_weight=STRONG,
)  # fmt: skip
def hidden_accident(v: Table, w: Value) -> Value:
    return _of_stays(v, v.hidden_accident.fill_null(0))


@measure(
    "visit", "住院期间长护服务日", "long-term-care days inside the stay", "days", "identity", "M08",
    materiality=1, evidence_weight=STRONG, arises="count",
)  # fmt: skip
def care_days(v: Table, w: Value) -> Value:
    return _of_stays(v, v.care_days.fill_null(0))


@measure(
    "visit", "当周透析次数", "dialysis sessions in the week", "sessions", "frequency", "M28", materiality=1,
    evidence_weight=STRONG,
)  # fmt: skip
def week_sessions(v: Table, w: Value) -> Value:
    return v.week_sessions


@measure(
    "visit", "该患者平常在这一星期几透析的占比",
    "share of the patient's weeks of dialysis with a visit on this day of the week", "share", "terminal",
    "M28", materiality=0.3, direction=LOW,
)  # fmt: skip
def weekday_share(v: Table, w: Value) -> Value:
    return v.weekday_share


@measure(
    "visit", "同日入院且同病、同天数的其他人数", "others admitted with it for the same disease and time",
    "persons", "stay", "M01 M02", materiality=2, evidence_weight=STRONG,
)  # fmt: skip
def twin_stays(v: Table, w: Value) -> Value:
    return _of_stays(v, v.twins.fill_null(0))


@measure(
    "visit", "收费项目完全相同的其他住院人数", "stays of the hospital with the same set of items", "persons",
    "content", "M01 M04 M33", materiality=2, evidence_weight=STRONG,
)  # fmt: skip
def copied_bills(v: Table, w: Value) -> Value:
    return _of_stays(v, v.copies.fill_null(0))


@measure(
    "visit", "以检查为主的短期住院", "short stay that is mostly examinations", "flag", "stay", "M04",
    materiality=0.5, evidence_weight=STRONG,
)  # fmt: skip
def exam_stay(v: Table, w: Value) -> Value:
    mostly = (v.exam_amount >= 0.5 * v.billed) & (v.los <= 5) & ~v.course
    return _of_stays(v, mostly.fill_null(False).cast("int8"))


@measure(
    "visit", "经同一医师或药店一起超量购药的人数", "people oversupplied through the same doctor or shop",
    "persons", "supply", "M19", materiality=3,
)  # fmt: skip
def co_oversupplied(v: Table, w: Value) -> Value:
    return v.co_oversupplied.fill_null(0)
