"""Measures of a group: people who meet beyond chance, and what they do together."""

import ibis
import pandas as pd
from ibis import _

from claims.known import PHARMACY, STAY
from features.catalogue import CONTEXT, HINT, LOW, STRONG, YEAR, measure

# A household is a handful of one village's people of several generations (schemes.md §6).
HOUSEHOLD_MEMBERS, GENERATION_YEARS = 5, 18
# Residents of a home are old and are seen together by one institution.
RESIDENT_AGE, ONE_PLACE_SHARE = 75, 0.9


def group_facts(facts: ibis.Table, members: ibis.Table) -> ibis.Table:
    """Facts of the members' visits of the last year, with ``group_id`` and whether the visit was ``joint``."""
    joined = facts.filter(facts.days_ago <= YEAR).inner_join(members.select("group_id", "psn_no"), "psn_no")
    return joined.mutate(joint=joined.companions > 0)


def innocent_company(group_facts: ibis.Table) -> pd.Series:
    """Which groups have an honest reason to come together: group_id → household, residents or none (null).

    Recognised by what they do, not by a list: a household comes for each other's ailments and buys no more than it
    uses; residents of a home are seen by one institution for consultations. Cards in a row tell at a pharmacy's till; a
    family that registers at a doctor's desk does so at once.
    """
    joint = group_facts.filter(group_facts.joint)
    of_group = joint.group_by("group_id").aggregate(
        members=_.psn_no.nunique(),
        villages=_.village.nunique(),
        ages=_.age.max() - _.age.min(),
        oldest=_.age.median(),
        stays=(_.kind == STAY).mean(),
        surplus=_.surplus_spent.sum().fill_null(0),
        bursts=(_.burst.fill_null(False) & (_.kind == PHARMACY)).mean(),
    )
    top = joint.group_by("group_id", "fixmedins_code").aggregate(n=_.count())
    top = top.group_by("group_id").aggregate(one_place=_.n.max() / _.n.sum())
    seen = of_group.inner_join(top, "group_id")
    calm = (seen.stays < 0.2) & (seen.surplus < 200 * seen.members) & (seen.bursts < 0.2)
    household = (seen.members <= HOUSEHOLD_MEMBERS) & (seen.villages <= 1) & (seen.ages >= GENERATION_YEARS)
    residents = (seen.oldest >= RESIDENT_AGE) & (seen.one_place >= ONE_PLACE_SHARE)
    reason = ibis.cases((calm & household, "household"), (calm & residents, "residents"), else_=None)
    frame = seen.select("group_id", reason=reason).to_pandas()
    return frame.set_index("group_id")["reason"]


@measure(
    "group",
    "成员人数",
    "members",
    "persons",
    "M02 M15 M19 M26",
    least=3,
    family="company",
    windows=(YEAR,),
    telling=HINT,
)
def members(v, w):
    return v.psn_no.nunique(where=w)


@measure(
    "group",
    "共同就诊天数",
    "days together",
    "days",
    "M02 M15 M19 M26",
    least=3,
    family="frequency",
    windows=(YEAR,),
    telling=HINT,
)
def days_together(v, w):
    return v.day.nunique(where=w & v.joint)


@measure(
    "group",
    "结伴就诊占比",
    "share of visits made together",
    "share",
    "M02 M15 M19 M26",
    least=0.15,
    family="company",
    windows=(YEAR,),
    telling=HINT,
)
def joint_share(v, w):
    return v.joint.mean(where=w)


@measure(
    "group",
    "结伴就诊基金支付",
    "paid by the fund for visits together",
    "yuan",
    "M01 M02 M15 M19",
    least=2000,
    family="money",
    windows=(YEAR,),
    telling=HINT,
)
def joint_fund(v, w):
    return v.fund_pay_sumamt.sum(where=w & v.joint).fill_null(0)


@measure(
    "group",
    "结伴住院占比",
    "share of visits together that are stays",
    "share",
    "M01 M02 M30",
    least=0.2,
    family="stay",
    windows=(YEAR,),
    telling=STRONG,
)
def joint_stay_share(v, w):
    return (v.kind == STAY).mean(where=w & v.joint)


@measure(
    "group",
    "结伴购药占比",
    "share of visits together that are purchases",
    "share",
    "M15 M19",
    least=0.3,
    family="content",
    windows=(YEAR,),
    telling=CONTEXT,
)
def joint_purchase_share(v, w):
    return (v.kind == PHARMACY).mean(where=w & v.joint)


@measure(
    "group",
    "余药充足时购药金额",
    "spent on medicine while a month of it was at hand",
    "yuan",
    "M05 M19",
    least=500,
    family="supply",
    windows=(YEAR,),
    telling=STRONG,
)
def surplus_spent(v, w):
    return v.surplus_spent.sum(where=w).fill_null(0)


@measure(
    "group",
    "60秒内接续刷卡占比",
    "share of joint visits within 60 seconds of another card",
    "share",
    "M15 M16",
    least=0.15,
    family="terminal",
    windows=(YEAR,),
    telling=STRONG,
)
def burst_share(v, w):
    return v.burst.fill_null(False).mean(where=w & v.joint)


@measure(
    "group",
    "前后脚天数",
    "most days right behind the same person",
    "days",
    "M15 M26",
    least=2,
    family="terminal",
    windows=(YEAR,),
    telling=STRONG,
)
def follow_days(v, w):
    return v.follow_days.max(where=w).fill_null(0)


@measure(
    "group",
    "来自村居数",
    "villages the members come from",
    "villages",
    "M11 M15 M19",
    least=2,
    family="concentration",
    windows=(YEAR,),
    telling=HINT,
)
def villages(v, w):
    return v.village.nunique(where=w)


@measure(
    "group",
    "共同就诊机构数",
    "places attended together",
    "places",
    "M15 M19",
    least=2,
    family="concentration",
    windows=(YEAR,),
    telling=HINT,
)
def joint_places(v, w):
    return v.fixmedins_code.nunique(where=w & v.joint)


@measure(
    "group",
    "现金自付比例",
    "share paid in cash together",
    "share",
    "M01 M02 M16",
    least=0.1,
    family="money",
    direction=LOW,
    windows=(YEAR,),
    telling=HINT,
)
def cash_share(v, w):
    return v.cash_payamt.sum(where=w & v.joint) / v.medfee_sumamt.sum(where=w & v.joint)


@measure(
    "group",
    "同村同日入院最多人数",
    "most admitted within a day from one village",
    "persons",
    "M01 M02 M11",
    least=2,
    family="stay",
    windows=(YEAR,),
    telling=HINT,
)
def village_batch(v, w):
    return v.village_batch.max(where=w).fill_null(0)


@measure(
    "group",
    "空窗日合计",
    "idle days in hospital",
    "days",
    "M01 M10",
    least=2,
    family="stay",
    windows=(YEAR,),
    telling=HINT,
)
def idle_days(v, w):
    return v.idle_days.sum(where=w).fill_null(0)
