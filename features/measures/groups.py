"""Measures of a group: people who meet beyond chance, and what they do together."""

import ibis
import pandas as pd
from ibis import _

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.measures.catalogue import CONTEXT, HINT, LOW, STRONG, YEAR, measure

# A household is a handful of one village's people of several generations (schemes.md §6).
HOUSEHOLD_MEMBERS, GENERATION_YEARS = 5, 18
# Residents of a home are old; whoever has one place, weekday or employer has it for so large a share of the visits.
RESIDENT_AGE, ONE_PLACE_SHARE = 75, 0.9
# A check-up is at least so much examination; a weekday is no accident from so many days on.
EXAM_SHARE, WEEKDAY_DAYS = 0.5, 4
# Reason of innocent company → what it is called in Chinese and English.
INNOCENT = {
    "household": ("同住家庭", "a household"),
    "residents": ("养老机构住户", "residents of a home"),
    "examined": ("单位或学校组织的体检", "a check-up ordered by an employer or a school"),
    "weekday": ("固定日子的集市门诊或巡诊", "a market day or a doctor's round on a fixed weekday"),
    "villagers": ("同村村民就近看病", "villagers at the clinic of their village"),
}
# A hub is what so large a share of a group's linked visits goes through.
HUB_SHARE = 0.3


def group_facts(facts: ibis.Table, members: ibis.Table) -> ibis.Table:
    """Facts of the members' visits of the last year, with ``group_id``, whether the visit was ``joint`` (in company) and
    whether it was ``linked`` (in company, or through a doctor or shop they are oversupplied by)."""
    joined = facts.filter(facts.days_ago <= YEAR).inner_join(members.select("group_id", "psn_no"), "psn_no")
    return joined.mutate(joint=joined.companions > 0, linked=linked(joined))


def linked(visits: ibis.Table) -> ibis.Value:
    """Does a visit link its visitor to others, by company or by oversupply?"""
    return (visits.companions > 0) | (visits.co_oversupplied > 0)


def innocent_company(group_facts: ibis.Table) -> pd.Series:
    """Which groups have an honest reason to come together: group_id → a reason of INNOCENT or none (null).

    Recognised by what they do, not by a list: a household comes for each other's ailments and buys no more than it
    uses; residents of a home are seen by one institution for consultations; villagers go to the clinic of their village;
    who has a fixed weekday (a market day, a doctor's round) comes on that; colleagues and pupils are examined, by the
    employer's order. Courses of treatment make no company at all (`features.graphs.covisit`). Cards in a row tell at a
    pharmacy's till; a family that registers at a doctor's desk does so at once.
    """
    joint = group_facts.filter(group_facts.joint)
    of_group = joint.group_by("group_id").aggregate(
        members=_.psn_no.nunique(),
        villages=_.village.nunique(),
        ages=_.age.max() - _.age.min(),
        oldest=_.age.median(),
        days=_.day.nunique(),
        stays=(_.kind == STAY).mean(),
        seen=(_.kind == OUTPATIENT).mean(),
        surplus=_.surplus_spent.sum().fill_null(0),
        bursts=(_.burst.fill_null(False) & (_.kind == PHARMACY)).mean(),
        exams=_.exam_amount.sum().fill_null(0) / _.medfee_sumamt.sum(),
    )
    keys = {
        "one_place": joint.fixmedins_code,
        "one_weekday": joint.day.day_of_week.index(),
        "one_employer": joint.emp_no,
    }
    for name, key in keys.items():
        counts = joint.mutate(_key=key).group_by("group_id", "_key").aggregate(n=_.count())
        most = counts.group_by("group_id").aggregate(
            **{name: _.n.max(where=_._key.notnull()).fill_null(0) / _.n.sum()}
        )
        of_group = of_group.left_join(most, "group_id").drop("group_id_right")
    return _reasons(of_group).to_pandas().set_index("group_id")["reason"]


def _reasons(seen: ibis.Table) -> ibis.Table:
    """The reason of each group: group_id, reason."""
    calm = (seen.stays < 0.2) & (seen.surplus < 200 * seen.members) & (seen.bursts < 0.2)
    # Who is only ever seen by a doctor, at one institution.
    consulted = calm & (seen.seen >= ONE_PLACE_SHARE) & (seen.one_place >= ONE_PLACE_SHARE)
    household = (seen.members <= HOUSEHOLD_MEMBERS) & (seen.villages <= 1) & (seen.ages >= GENERATION_YEARS)
    residents = (seen.oldest >= RESIDENT_AGE) & (seen.one_place >= ONE_PLACE_SHARE)
    examined = (seen.one_employer >= ONE_PLACE_SHARE) & (seen.exams >= EXAM_SHARE)
    weekday = (seen.one_weekday >= ONE_PLACE_SHARE) & (seen.days >= WEEKDAY_DAYS)
    reason = ibis.cases(
        (calm & household, "household"),
        (calm & residents, "residents"),
        (consulted & examined, "examined"),
        (consulted & weekday, "weekday"),
        (consulted & (seen.villages <= 1), "villagers"),
        else_=None,
    )
    return seen.select("group_id", reason=reason)


def hubs(group_facts: ibis.Table) -> pd.DataFrame:
    """Doctors and institutions through which the groups' linked visits go: group_id, member_type, member_id, weight (share
    of those visits, at least HUB_SHARE)."""
    visits = group_facts.filter(group_facts.linked)
    place = visits.is_pharmacy.ifelse("pharmacy", "hospital")
    named = ibis.union(
        visits.select("group_id", member_type=place, member_id=visits.fixmedins_code),
        visits.select("group_id", member_type=ibis.literal("prescriber"), member_id=visits.dr_code),
    )
    every = visits.group_by("group_id").aggregate(every=_.count())
    through = named.filter(_.member_id.notnull()).group_by("group_id", "member_type", "member_id")
    share = through.aggregate(n=_.count()).inner_join(every, "group_id").mutate(weight=_.n / _.every)
    found = share.filter(share.weight >= HUB_SHARE).select("group_id", "member_type", "member_id", "weight")
    return found.order_by("group_id", "member_type", "member_id").to_pandas()


def described(group_facts: ibis.Table) -> pd.DataFrame:
    """What the groups' linked visits were: group_id, members, villages, places, visits, days, first_day, last_day, fund
    (yuan), oversupply (yuan spent on medicine while a month of it was at hand)."""
    visits = group_facts.filter(group_facts.linked)
    found = visits.group_by("group_id").aggregate(
        members=_.psn_no.nunique(),
        villages=_.village.nunique(),
        places=_.fixmedins_code.nunique(),
        visits=_.count(),
        days=_.day.nunique(),
        first_day=_.day.min().cast("string"),
        last_day=_.day.max().cast("string"),
        fund=_.fund_pay_sumamt.sum().round(2),
        oversupply=_.surplus_spent.sum().fill_null(0).round(2),
    )
    return found.order_by("group_id").to_pandas()


@measure(
    "group",
    "成员人数",
    "members",
    "persons",
    "M02 M15 M19 M26",
    materiality=3,
    family="company",
    windows=(YEAR,),
    evidence_weight=HINT,
)
def members(v, w):
    return v.psn_no.nunique(where=w)


@measure(
    "group",
    "共同就诊天数",
    "days together",
    "days",
    "M02 M15 M19 M26",
    materiality=3,
    family="frequency",
    windows=(YEAR,),
    evidence_weight=HINT,
)
def days_together(v, w):
    return v.day.nunique(where=w & v.joint)


@measure(
    "group",
    "结伴就诊占比",
    "share of visits made together",
    "share",
    "M02 M15 M19 M26",
    materiality=0.15,
    family="company",
    windows=(YEAR,),
    evidence_weight=HINT,
)
def joint_share(v, w):
    return v.joint.mean(where=w)


@measure(
    "group",
    "结伴就诊基金支付",
    "paid by the fund for visits together",
    "yuan",
    "M01 M02 M15 M19",
    materiality=2000,
    family="money",
    windows=(YEAR,),
    evidence_weight=HINT,
)
def joint_fund(v, w):
    return v.fund_pay_sumamt.sum(where=w & v.joint).fill_null(0)


@measure(
    "group",
    "结伴住院占比",
    "share of visits together that are stays",
    "share",
    "M01 M02 M30",
    materiality=0.2,
    family="stay",
    windows=(YEAR,),
    evidence_weight=STRONG,
)
def joint_stay_share(v, w):
    return (v.kind == STAY).mean(where=w & v.joint)


@measure(
    "group",
    "结伴购药占比",
    "share of visits together that are purchases",
    "share",
    "M15 M19",
    materiality=0.3,
    family="content",
    windows=(YEAR,),
    evidence_weight=CONTEXT,
)
def joint_purchase_share(v, w):
    return (v.kind == PHARMACY).mean(where=w & v.joint)


@measure(
    "group",
    "余药充足时购药金额",
    "spent on medicine while a month of it was at hand",
    "yuan",
    "M05 M19",
    materiality=500,
    family="supply",
    windows=(YEAR,),
    evidence_weight=STRONG,
)
def surplus_spent(v, w):
    return v.surplus_spent.sum(where=w).fill_null(0)


@measure(
    "group",
    "60秒内接续刷卡占比",
    "share of joint visits within 60 seconds of another card",
    "share",
    "M15 M16",
    materiality=0.15,
    family="terminal",
    windows=(YEAR,),
    evidence_weight=STRONG,
)
def burst_share(v, w):
    return v.burst.fill_null(False).mean(where=w & v.joint)


@measure(
    "group",
    "前后脚天数",
    "most days right behind the same person",
    "days",
    "M15 M26",
    materiality=2,
    family="terminal",
    windows=(YEAR,),
    evidence_weight=STRONG,
)
def follow_days(v, w):
    return v.follow_days.max(where=w).fill_null(0)


@measure(
    "group",
    "来自村居数",
    "villages the members come from",
    "villages",
    "M11 M15 M19",
    materiality=2,
    family="concentration",
    windows=(YEAR,),
    evidence_weight=HINT,
)
def villages(v, w):
    return v.village.nunique(where=w)


@measure(
    "group",
    "共同就诊机构数",
    "places attended together",
    "places",
    "M15 M19",
    materiality=2,
    family="concentration",
    windows=(YEAR,),
    evidence_weight=HINT,
)
def joint_places(v, w):
    return v.fixmedins_code.nunique(where=w & v.joint)


@measure(
    "group",
    "现金自付比例",
    "share paid in cash together",
    "share",
    "M01 M02 M16",
    materiality=0.1,
    family="money",
    direction=LOW,
    windows=(YEAR,),
    evidence_weight=HINT,
)
def cash_share(v, w):
    return v.cash_payamt.sum(where=w & v.joint) / v.medfee_sumamt.sum(where=w & v.joint)


@measure(
    "group",
    "同村同日入院最多人数",
    "most admitted within a day from one village",
    "persons",
    "M01 M02 M11",
    materiality=2,
    family="stay",
    windows=(YEAR,),
    evidence_weight=HINT,
)
def village_batch(v, w):
    return v.village_batch.max(where=w).fill_null(0)


@measure(
    "group",
    "空窗日合计",
    "idle days in hospital",
    "days",
    "M01 M10",
    materiality=2,
    family="stay",
    windows=(YEAR,),
    evidence_weight=HINT,
)
def idle_days(v, w):
    return v.idle_days.sum(where=w).fill_null(0)


@measure(
    "group",
    "经共同医师或药店超量购药金额",
    "spent on medicine while a month of it was at hand, through doctors and shops the members share",
    "yuan",
    "M19",
    materiality=500,
    family="supply",
    windows=(YEAR,),
    evidence_weight=STRONG,
)
def shared_surplus(v, w):
    return v.surplus_spent.sum(where=w & (v.co_oversupplied > 0)).fill_null(0)
