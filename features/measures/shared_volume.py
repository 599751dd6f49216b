"""Measures of how much, how often and when, shared by several kinds of subject."""

from ibis import Table, Value

from features.measures.catalogue import ALL_WINDOWS, CONTEXT, LOW, STRONG, shared
from features.measures.formulas import growth, ratio
from features.windows import YEAR


@shared("就诊次数", "visits", "visits", "frequency", evidence_weight=CONTEXT, windows=ALL_WINDOWS)
def visits(v: Table, w: Value) -> Value:
    """Visits of the window, of all kinds."""
    return v.mdtrt_id.count(where=w)


@shared(
    "购药次数", "pharmacy purchases", "visits", "frequency", evidence_weight=CONTEXT, windows=ALL_WINDOWS,
    over="purchases",
)  # fmt: skip
def purchases(v: Table, w: Value) -> Value:
    """Purchases in pharmacies."""
    return v.mdtrt_id.count(where=w)


@shared(
    "住院次数", "stays outside courses of treatment", "visits", "frequency", evidence_weight=CONTEXT,
    windows=ALL_WINDOWS, over="admissions",
)  # fmt: skip
def stays(v: Table, w: Value) -> Value:
    """Stays, courses of treatment left out."""
    return v.mdtrt_id.count(where=w)


@shared("基金支付", "paid by the fund", "yuan", "money", evidence_weight=CONTEXT, windows=ALL_WINDOWS)
def fund_pay(v: Table, w: Value) -> Value:
    """Yuan paid by the funds."""
    return v.fund_pay_sumamt.sum(where=w).fill_null(0)


@shared("就诊机构数", "institutions used", "places", "concentration", evidence_weight=CONTEXT)
def places(v: Table, w: Value) -> Value:
    """Different institutions."""
    return v.fixmedins_code.nunique(where=w)


@shared(
    "现金自付比例", "share paid in cash", "share", "money", direction=LOW, support="visits", unpaid=True,
)  # fmt: skip
def cash_share(v: Table, w: Value) -> Value:
    """Cash paid ÷ bills."""
    return ratio(v.cash_payamt.sum(where=w), v.medfee_sumamt.sum(where=w))


@shared(
    "结伴购药占比", "share of purchases with regular companions", "share", "co_visit", evidence_weight=STRONG,
    support="visits",
)  # fmt: skip
def co_visit_share(v: Table, w: Value) -> Value:
    """Visits with somebody present whom the patient meets beyond chance ÷ visits looked at."""
    return (v.co_visitors > 0).fill_null(False).mean(where=w)


@shared(
    "结伴就诊基金支付", "paid by the fund for visits with regular companions", "yuan", "co_visit",
    evidence_weight=STRONG, windows=(YEAR,),
)  # fmt: skip
def co_visit_fund(v: Table, w: Value) -> Value:
    """Yuan paid by the funds for visits with somebody whom the patient meets beyond chance."""
    return v.fund_pay_sumamt.sum(where=w & (v.co_visitors > 0).fill_null(False)).fill_null(0)


@shared(
    "结伴门诊占比", "share of outpatient visits with regular companions", "share", "co_visit",
    evidence_weight=STRONG, over="consultations", support="outpatient_visits",
)  # fmt: skip
def co_visit_consultation_share(v: Table, w: Value) -> Value:
    """Outpatient visits with somebody present whom the patient meets beyond chance ÷ outpatient visits."""
    return (v.co_visitors > 0).fill_null(False).mean(where=w)


@shared(
    "与同一人前后脚刷卡的天数", "days on which the same person's card came right before", "days",
    "card_timing", evidence_weight=STRONG,
)  # fmt: skip
def same_predecessor_days(v: Table, w: Value) -> Value:
    """Most days on which one person came right behind the same other."""
    return v.same_predecessor_days.max(where=w).fill_null(0)


@shared("死亡后就诊次数", "visits after death", "visits", "identity", windows=ALL_WINDOWS)
def visits_after_death(v: Table, w: Value) -> Value:
    """Visits that began more than a day after the registered death."""
    return v.mdtrt_id.count(where=w & (v.days_since_death > 1).fill_null(False))


@shared(
    "门诊人次", "outpatient visits", "visits", "frequency", evidence_weight=CONTEXT, windows=ALL_WINDOWS,
    over="consultations",
)  # fmt: skip
def outpatient_visits(v: Table, w: Value) -> Value:
    """Outpatient visits, purchases left out."""
    return v.mdtrt_id.count(where=w)


@shared("患者人数", "patients", "persons", "frequency", evidence_weight=CONTEXT, windows=ALL_WINDOWS)
def persons(v: Table, w: Value) -> Value:
    """Different patients."""
    return v.psn_no.nunique(where=w)


@shared(
    "出诊日日均门诊人次", "outpatient visits on a working day", "per_day", "frequency",
    evidence_weight=CONTEXT, over="consultations", support="outpatient_visits",
)  # fmt: skip
def visits_per_day(v: Table, w: Value) -> Value:
    """Outpatient visits ÷ days with any."""
    return ratio(v.mdtrt_id.count(where=w), v.day.nunique(where=w))


@shared(
    "夜间门诊占比", "share of outpatient visits at night", "share", "identity", evidence_weight=CONTEXT,
    over="consultations", support="outpatient_visits",
)  # fmt: skip
def night_share(v: Table, w: Value) -> Value:
    """Visits that begin between ten in the evening and six in the morning ÷ those whose hour is known."""
    return v.night.mean(where=w)


@shared(
    "周末门诊占比", "share of outpatient visits at a weekend", "share", "identity", evidence_weight=CONTEXT,
    over="consultations", support="outpatient_visits",
)  # fmt: skip
def weekend_share(v: Table, w: Value) -> Value:
    """Visits that begin on a Saturday or Sunday ÷ visits."""
    return (v.begntime.day_of_week.index() >= 5).mean(where=w)


@shared(
    "基金支付最多的一名患者所占比例", "share of fund pay for one patient", "share", "concentration",
    base="visits/psn_no", support="visits",
)  # fmt: skip
def top_person_share(p: Table, w: Value) -> Value:
    """Fund payment for the patient paid most for ÷ fund payment (`p`: a row a patient)."""
    return ratio(p.fund.max(), p.fund.sum())


@shared(
    "人均就诊购药次数",
    "visits and purchases per patient",
    "visits_per_person",
    "frequency",
    support="persons",
)
def visits_per_person(v: Table, w: Value) -> Value:
    """Visits ÷ different patients."""
    return ratio(v.mdtrt_id.count(where=w), v.psn_no.nunique(where=w))


@shared(
    "购药最多的一天与日均之比", "purchases on the busiest day against a usual one", "ratio", "card_timing",
    base="purchases/day", support="visits",
)  # fmt: skip
def busiest_day_ratio(p: Table, w: Value) -> Value:
    """Purchases on the busiest day ÷ their mean over days with any (`p`: a row a day)."""
    return p.n.max() / p.n.mean()


@shared(
    "近三个月基金支付与此前一年同期水平之比", "fund pay of the last quarter against the year before", "ratio",
    "money", evidence_weight=CONTEXT, windows=(),
)  # fmt: skip
def fund_growth(v: Table, w: Value) -> Value:
    """Fund payment of the last quarter ÷ that of a quarter of the year before (`formulas.growth`)."""
    return growth(v, v.fund_pay_sumamt)
