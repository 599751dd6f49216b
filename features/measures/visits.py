"""Measures of a visit: what is unusual about this one stay, consultation or purchase."""

import ibis

from claims.as_of import STAY
from features.measures.catalogue import CONTEXT, HINT, LOW, PROOF, STRONG, measure


def _of_stays(v: ibis.Table, value: ibis.Value) -> ibis.Value:
    """The value for stays; null for other visits, to which it does not apply."""
    return (v.kind == STAY).ifelse(value, None)


def _share(part: ibis.Value, whole: ibis.Value) -> ibis.Value:
    return part / whole.nullif(0)


@measure(
    "visit",
    "费用总额",
    "total bill",
    "yuan",
    "M01 M12 M24",
    materiality=500,
    family="money",
    evidence_weight=CONTEXT,
)
def bill(v, w):
    return v.medfee_sumamt


@measure(
    "visit",
    "基金支付",
    "paid by the fund",
    "yuan",
    "M01 M16 M24",
    materiality=400,
    family="money",
    evidence_weight=CONTEXT,
)
def fund_pay(v, w):
    return v.fund_pay_sumamt


@measure(
    "visit",
    "基金支付比例",
    "share paid by the fund",
    "share",
    "M01 M11 M30",
    materiality=0.15,
    family="money",
    evidence_weight=CONTEXT,
)
def fund_share(v, w):
    return v.fund_share


@measure(
    "visit",
    "个人现金比例",
    "share paid in cash",
    "share",
    "M01 M11 M30",
    materiality=0.15,
    family="money",
    direction=LOW,
    evidence_weight=HINT,
)
def cash_share(v, w):
    return v.cash_share


@measure(
    "visit",
    "金额在本机构重复出现",
    "other visits at the place with the same amount",
    "times",
    "M16 M18",
    materiality=5,
    family="terminal",
    evidence_weight=CONTEXT,
)
def same_amount(v, w):
    return v.same_amount


@measure(
    "visit",
    "住院天数与同病组通常水平之比",
    "length of stay against its disease group",
    "ratio",
    "M01 M44",
    materiality=0.5,
    family="stay",
    evidence_weight=CONTEXT,
)
def los_ratio(v, w):
    return v.los_ratio


@measure(
    "visit",
    "费用与同病组通常水平之比",
    "bill against its disease group",
    "ratio",
    "M24 M25",
    materiality=0.5,
    family="price",
    evidence_weight=CONTEXT,
)
def cost_ratio(v, w):
    return v.cost_ratio


@measure(
    "visit",
    "诊疗内容与同病组通常水平之比",
    "content of the bill against its disease group",
    "ratio",
    "M24 M25",
    materiality=0.4,
    family="price",
    direction=LOW,
    evidence_weight=HINT,
)
def content_ratio(v, w):
    return v.content_ratio


@measure(
    "visit",
    "高费用病组的诊疗内容与同病组之比",
    "content of the bill against its disease group, of a group dearer than the disease",
    "ratio",
    "M24",
    materiality=0.3,
    family="price",
    direction=LOW,
    evidence_weight=STRONG,
)
def dear_group_content(v, w):
    return v.dear_group.ifelse(v.content_ratio, None)


@measure(
    "visit",
    "高费用病组的住院天数与同病组之比",
    "length of stay against its disease group, of a group dearer than the disease",
    "ratio",
    "M24",
    materiality=0.3,
    family="stay",
    direction=LOW,
)
def dear_group_los(v, w):
    return v.dear_group.ifelse(v.los_ratio, None)


@measure(
    "visit",
    "收费相对诊疗内容的倍数",
    "charge for its content against the disease group",
    "ratio",
    "M24",
    materiality=0.6,
    family="price",
    evidence_weight=STRONG,
)
def paid_per_content(v, w):
    return v.paid_per_content


@measure(
    "visit",
    "项目种类与同病组通常水平之比",
    "number of items against its disease group",
    "ratio",
    "M01 M24 M25",
    materiality=0.4,
    family="content",
    direction=LOW,
    evidence_weight=HINT,
)
def items_ratio(v, w):
    return v.items_ratio


@measure(
    "visit",
    "检查化验占比",
    "share of examinations and laboratory",
    "share",
    "M04 M33",
    materiality=0.2,
    family="content",
    evidence_weight=HINT,
)
def exam_share(v, w):
    return _of_stays(v, _share(v.exam_amount, v.billed))


@measure(
    "visit",
    "治疗用药占比",
    "share of treatment and medicine",
    "share",
    "M04",
    materiality=0.2,
    family="content",
    direction=LOW,
    evidence_weight=HINT,
)
def treatment_share(v, w):
    return _of_stays(v, _share(v.treat_amount + v.drug_amount + v.material_amount, v.billed))


@measure(
    "visit",
    "床位护理诊察占比",
    "share of bed, care and round",
    "share",
    "M10 M44",
    materiality=0.15,
    family="content",
    evidence_weight=HINT,
)
def keeping_share(v, w):
    return _of_stays(v, _share(v.keeping_amount, v.billed))


@measure(
    "visit",
    "耗材占比",
    "share of consumables",
    "share",
    "M29",
    materiality=0.2,
    family="content",
    evidence_weight=CONTEXT,
)
def material_share(v, w):
    return _share(v.material_amount, v.billed)


@measure(
    "visit",
    "空窗日数",
    "days with nothing but bed, care and round",
    "days",
    "M10",
    materiality=1,
    family="stay",
    evidence_weight=STRONG,
)
def idle_days(v, w):
    return v.idle_days


@measure(
    "visit",
    "空窗日比例",
    "share of idle days",
    "share",
    "M10",
    materiality=0.2,
    family="stay",
    evidence_weight=STRONG,
)
def idle_share(v, w):
    return _share(v.idle_days, v.los)


@measure(
    "visit",
    "住院期间外出就医购药",
    "visits elsewhere during the stay",
    "visits",
    "M10 M01 M14",
    materiality=1,
    family="identity",
    evidence_weight=STRONG,
)
def outside_visits(v, w):
    return _of_stays(v, v.outside_visits.fill_null(0))


@measure(
    "visit",
    "短期内同院同病再入院",
    "back in the same hospital with the same disease within 15 days",
    "flag",
    "M03",
    materiality=0.5,
    family="stay",
    evidence_weight=STRONG,
)
def split_stay(v, w):
    return v.split.cast("int8")


@measure(
    "visit",
    "距上次出院天数",
    "days since the last discharge",
    "days",
    "M03 M02 M30",
    materiality=20,
    family="stay",
    direction=LOW,
    evidence_weight=HINT,
)
def gap_days(v, w):
    return v.course.ifelse(None, v.gap_days)


@measure(
    "visit",
    "短期内同院再入院且该病少见再入院",
    "back in the same hospital within 31 days, with a disease that seldom brings back",
    "share",
    "M03",
    materiality=0.2,
    family="stay",
    evidence_weight=HINT,
)
def unusual_return(v, w):
    # 0 for a stay that is no return, else the share of stays with the disease that are none.
    return v.readmitted_31d.ifelse(1 - v.readmission_expected, v.readmitted_31d.cast("float64"))


@measure(
    "visit",
    "15日内同一医师再次收住",
    "taken in again by the same doctor within 15 days, for whatever disease",
    "flag",
    "M03",
    materiality=0.5,
    family="concentration",
    evidence_weight=HINT,
)
def same_doctor_readmission(v, w):
    return v.same_doctor_readmission.cast("int8")


@measure(
    "visit",
    "与另一次住院重叠",
    "overlaps another stay",
    "flag",
    "M14 M01",
    materiality=0.5,
    family="stay",
    evidence_weight=PROOF,
)
def overlapping_stay(v, w):
    return _of_stays(v, v.overlap.cast("int8"))


@measure(
    "visit",
    "同村同日入院人数",
    "people of the village admitted within a day",
    "persons",
    "M02 M11 M01",
    materiality=2,
    family="company",
    evidence_weight=HINT,
)
def village_batch(v, w):
    return _of_stays(v, v.course.ifelse(0, v.village_batch.fill_null(0)))


@measure(
    "visit",
    "同行结伴人数",
    "companions present beyond chance",
    "persons",
    "M02 M15 M19 M26",
    materiality=1,
    family="company",
    evidence_weight=HINT,
)
def companions(v, w):
    return v.companions.fill_null(0)


@measure(
    "visit",
    "与前一张卡间隔",
    "time since the card before",
    "seconds",
    "M15",
    materiality=60,
    family="terminal",
    direction=LOW,
    evidence_weight=HINT,
)
def card_gap(v, w):
    return v.burst.ifelse(v.card_gap, None)


@measure(
    "visit",
    "与同一人前后脚天数",
    "days right behind the same other person",
    "days",
    "M15 M26 M19",
    materiality=2,
    family="terminal",
    evidence_weight=STRONG,
)
def follow_days(v, w):
    return v.follow_days


@measure(
    "visit",
    "30分钟内两处刷卡",
    "card used at two places within 30 minutes",
    "flag",
    "M15 M17",
    materiality=0.5,
    family="terminal",
    evidence_weight=STRONG,
)
def two_places(v, w):
    return v.two_places.cast("int8")


@measure(
    "visit",
    "死亡后天数",
    "days after death",
    "days",
    "M09",
    materiality=1,
    family="identity",
    evidence_weight=PROOF,
)
def days_dead(v, w):
    # A purchase on the day itself, a consultation the day after and the bill of the fatal stay are no claims
    # of the dead (R001).
    late = v.days_dead > 1
    fatal = (v.kind == STAY) & (v.days_dead <= 0)
    return (late & ~fatal).ifelse(v.days_dead, 0).fill_null(0)


@measure(
    "visit",
    "无签到透析",
    "dialysis sessions without sign-in",
    "sessions",
    "M28",
    materiality=1,
    family="identity",
    evidence_weight=STRONG,
)
def unsigned_dialysis(v, w):
    return v.unsigned


@measure(
    "visit",
    "透析次数",
    "dialysis sessions in the visit",
    "sessions",
    "M28",
    materiality=1,
    family="supply",
    evidence_weight=STRONG,
)
def dialysis(v, w):
    return (v.dialysis > 0).ifelse(v.dialysis - v.dialysis_days, None)


@measure(
    "visit",
    "购药供应天数",
    "days of supply bought",
    "days",
    "M05 M19",
    materiality=30,
    family="supply",
    evidence_weight=CONTEXT,
)
def supply_days(v, w):
    return v.supply_days


@measure(
    "visit",
    "购药时手头余药",
    "days of supply still at hand",
    "days",
    "M05 M19",
    materiality=20,
    family="supply",
    evidence_weight=STRONG,
)
def stock_days(v, w):
    return v.stock_days


@measure(
    "visit",
    "重复追溯码",
    "boxes whose trace code had been sold before",
    "boxes",
    "M20",
    materiality=1,
    family="trace",
    evidence_weight=PROOF,
)
def repeat_codes(v, w):
    return v.repeat_codes


@measure(
    "visit",
    "无追溯码药盒占比",
    "share of boxes without a trace code",
    "share",
    "M16 M18 M20",
    materiality=0.3,
    family="trace",
    evidence_weight=HINT,
)
def uncoded_share(v, w):
    return _share(v.uncoded, v.boxes)


@measure(
    "visit",
    "处方超次使用",
    "prescription used beyond what it allows",
    "times",
    "M21",
    materiality=1,
    family="trace",
    evidence_weight=STRONG,
)
def rx_overused(v, w):
    return v.rx_overused


@measure(
    "visit",
    "超最高限价金额",
    "charged above the price ceiling",
    "yuan",
    "M32 M40",
    materiality=10,
    family="price",
    evidence_weight=HINT,
)
def over_ceiling(v, w):
    return v.over_ceiling


@measure(
    "visit",
    "未报第三方的外伤住院",
    "injury stay after an accident, no third party named",
    "flag",
    "M27",
    materiality=0.5,
    family="identity",
    evidence_weight=STRONG,
)
def hidden_accident(v, w):
    return _of_stays(v, v.hidden_accident.fill_null(0))


@measure(
    "visit",
    "住院期间长护服务日",
    "long-term-care days inside the stay",
    "days",
    "M08",
    materiality=1,
    family="identity",
    evidence_weight=STRONG,
)
def care_days(v, w):
    return _of_stays(v, v.care_days.fill_null(0))


@measure(
    "visit",
    "当周透析次数",
    "dialysis sessions in the week",
    "sessions",
    "M28",
    materiality=1,
    family="frequency",
    evidence_weight=STRONG,
)
def week_sessions(v, w):
    return v.week_sessions


@measure(
    "visit",
    "该患者透析周中在此星期几就诊的占比",
    "share of the patient's weeks of dialysis with a visit on this day of the week",
    "share",
    "M28",
    materiality=0.3,
    family="terminal",
    direction=LOW,
    evidence_weight=HINT,
)
def weekday_share(v, w):
    return v.weekday_share


@measure(
    "visit",
    "同日同病同天数的住院",
    "others admitted with it for the same disease and time",
    "persons",
    "M01 M02",
    materiality=2,
    family="stay",
    evidence_weight=STRONG,
)
def twin_stays(v, w):
    return _of_stays(v, v.twins.fill_null(0))


@measure(
    "visit",
    "项目组成相同的住院",
    "stays of the hospital with the same set of items",
    "persons",
    "M01 M04 M33",
    materiality=2,
    family="content",
    evidence_weight=STRONG,
)
def copied_bills(v, w):
    return _of_stays(v, v.copies.fill_null(0))


@measure(
    "visit",
    "以检查为主的短期住院",
    "short stay that is mostly examinations",
    "flag",
    "M04",
    materiality=0.5,
    family="stay",
    evidence_weight=STRONG,
)
def exam_stay(v, w):
    mostly = (v.exam_amount >= 0.5 * v.billed) & (v.los <= 5) & ~v.course
    return _of_stays(v, mostly.fill_null(False).cast("int8"))


@measure(
    "visit",
    "经同一医师或药店超量购药的关联人数",
    "people oversupplied through the same doctor or shop",
    "persons",
    "M19",
    materiality=3,
    family="supply",
    evidence_weight=HINT,
)
def co_oversupplied(v, w):
    return v.co_oversupplied.fill_null(0)
