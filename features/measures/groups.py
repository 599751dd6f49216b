"""Measures of a group: people who meet beyond chance, and what they do together."""

from ibis import Table, Value

from claims.as_of import PHARMACY, STAY
from features.measures import shared_admissions as admissions
from features.measures import shared_medicines as medicines
from features.measures import shared_volume as volume
from features.measures.catalogue import CONTEXT, HINT, STRONG, declare, measure
from features.windows import YEAR


@measure(
    "group", "成员人数", "members", "persons", "co_visit", "M02 M15 M19 M26", materiality=3, windows=(YEAR,),
)  # fmt: skip
def members(v: Table, w: Value) -> Value:
    """People of the group with visits in the year."""
    return v.psn_no.nunique(where=w)


@measure(
    "group", "共同就诊天数", "days together", "days", "frequency", "M02 M15 M19 M26", materiality=3,
    windows=(YEAR,), over="joint",
)  # fmt: skip
def days_together(v: Table, w: Value) -> Value:
    """Days with joint visits."""
    return v.day.nunique(where=w)


@measure(
    "group", "结伴就诊占比", "share of visits made together", "share", "co_visit", "M02 M15 M19 M26",
    materiality=0.15, windows=(YEAR,),
)  # fmt: skip
def joint_share(v: Table, w: Value) -> Value:
    """Joint visits ÷ visits of the members."""
    return v.joint.mean(where=w)


@measure(
    "group", "结伴就诊基金支付", "paid by the fund for visits together", "yuan", "money", "M01 M02 M15 M19",
    materiality=2000, windows=(YEAR,), over="joint",
)  # fmt: skip
def joint_fund(v: Table, w: Value) -> Value:
    """Yuan paid by the funds for joint visits."""
    return v.fund_pay_sumamt.sum(where=w).fill_null(0)


@measure(
    "group", "结伴住院占比", "share of visits together that are stays", "share", "stay", "M01 M02 M30",
    materiality=0.2, evidence_weight=STRONG, windows=(YEAR,), over="joint",
)  # fmt: skip
def joint_stay_share(v: Table, w: Value) -> Value:
    """Stays ÷ joint visits."""
    return (v.kind == STAY).mean(where=w)


@measure(
    "group", "结伴购药占比", "share of visits together that are purchases", "share", "content", "M15 M19",
    materiality=0.3, evidence_weight=CONTEXT, windows=(YEAR,), over="joint",
)  # fmt: skip
def joint_purchase_share(v: Table, w: Value) -> Value:
    """Purchases in pharmacies ÷ joint visits."""
    return (v.kind == PHARMACY).mean(where=w)


declare("group", medicines.oversupply_amount, "M05 M19", materiality=500, windows=(YEAR,))
declare(
    "group", medicines.burst_share, "M15 M16", materiality=0.15, zh="60秒内接连刷不同医保卡的占比",
    en="share of joint visits within 60 seconds of another card", windows=(YEAR,), over="joint", support=None,
)  # fmt: skip
declare(
    "group", volume.same_predecessor_days, "M15 M26", materiality=2, zh="与同一人前后脚刷卡的天数",
    en="most days right behind the same person", windows=(YEAR,),
)  # fmt: skip


@measure(
    "group", "成员所在村居数", "villages the members come from", "villages", "concentration", "M11 M15 M19",
    materiality=2, windows=(YEAR,),
)  # fmt: skip
def villages(v: Table, w: Value) -> Value:
    """Different villages of the members."""
    return v.village.nunique(where=w)


@measure(
    "group", "共同就诊机构数", "places attended together", "places", "concentration", "M15 M19",
    materiality=2, windows=(YEAR,), over="joint",
)  # fmt: skip
def joint_places(v: Table, w: Value) -> Value:
    """Different institutions of joint visits."""
    return v.fixmedins_code.nunique(where=w)


declare(
    "group", volume.cash_share, "M01 M02 M16", materiality=0.1, zh="现金自付比例",
    en="share paid in cash together", windows=(YEAR,), over="joint", support=None,
)  # fmt: skip


@measure(
    "group", "同村同日入院最多人数", "most admitted within a day from one village", "persons", "stay",
    "M01 M02 M11", materiality=2, windows=(YEAR,),
)  # fmt: skip
def village_batch(v: Table, w: Value) -> Value:
    """Most others of a village admitted within a day of a stay of a member."""
    return v.village_batch.max(where=w).fill_null(0)


declare("group", admissions.idle_days, "M01 M10", materiality=2, evidence_weight=HINT, windows=(YEAR,))


@measure(
    "group", "经共同医师或药店超量购药金额",
    "spent on medicine in excess of a month of it at hand, from doctors and shops the members share", "yuan",
    "supply", "M19", materiality=500, evidence_weight=STRONG, windows=(YEAR,),
)  # fmt: skip
def shared_oversupply_amount(v: Table, w: Value) -> Value:
    """Yuan for drugs in excess of a month at hand, at doctors and shops where members are oversupplied."""
    return v.oversupply_amount.sum(where=w & (v.co_oversupplied > 0)).fill_null(0)
