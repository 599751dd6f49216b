"""Profiles of groups of co-visitors: whether they have an honest reason to meet, whom they share, and their
totals."""

import ibis
import pandas as pd
from ibis import _

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.windows import YEARS

# A household is a handful of one village's people of several generations (docs/schemes.md, M15).
HOUSEHOLD_MEMBERS, GENERATION_YEARS = 5, 18
# Residents of a home are old; whoever has one place, weekday or employer has it for so large a share of the
# visits.
RESIDENT_AGE, ONE_PLACE_SHARE = 75, 0.9
# A check-up is at least so much examination; a weekday is no accident from so many days on.
EXAM_SHARE, WEEKDAY_DAYS = 0.5, 4
# Market days come so many days apart at least, and no accident makes them a multiple of one interval from so
# many on, or nearly so (`_near_multiple`); whoever walks up by himself follows the one before after so many
# seconds on average, one hand with many cards sooner. Our own starting values.
MARKET_INTERVAL, MARKET_DAYS, MARKET_SECONDS = 5, 6, 120
# A group meets on the days on which so large a share is there of those who come on its largest day; two who
# are at one place by accident make no meeting. Own starting value.
MEETING_SHARE = 1 / 3
# Medicine that a carer fetches for all lasts, with what they have from elsewhere, for so much of the time
# at least, and by itself for so much of the time until the next round at most: less would not do, more would
# pile up. On the days of the rounds is so large a share of what members do together. Own starting values.
REFILL_SHARE, REFILL_LIMIT, ROUNDS_SHARE = 0.75, 1.5, 0.75
# Whom a programme brings to hospital together is seen there before and after as well. Own starting value.
PROGRAMME_STAYS = 0.5
# Honest groups seldom go to hospital together, seldom swipe cards in a row at a till, and spend less
# than so much a member (yuan) on medicine in excess of a month at hand. Our own starting values.
STAY_SHARE, BURST_SHARE, SURPLUS_EACH = 0.2, 0.2, 200
# Who fetches medicine for all of a home does so ahead of time: medicine in excess of a month at hand is no
# cause for suspicion below this share of the bills; where each round brings what is used until the next,
# below half, for whoever has his own medicine as well has all of it in excess. Own starting values.
SURPLUS_SHARE, FETCHED_SURPLUS = 0.25, 0.5
# So few patients may be of different villages by accident, and more are not; so many of few may be
# neighbours of another beyond those whom accident makes neighbours. Own starting values.
PROGRAMME_MEMBERS, NEIGHBOURS = 6, 1
# Honest reason to meet → what it is called in Chinese and English.
LEGITIMATE_REASONS = {
    "household": ("同住家庭", "a household"),
    "residents": ("养老机构住户", "residents of a home"),
    "examined": ("单位或学校组织的体检", "a check-up ordered by an employer or a school"),
    "weekday": ("固定日子的集市门诊或巡诊", "a market day or a doctor's round on a fixed weekday"),
    "market": ("固定间隔的赶集日或巡诊", "market days or a doctor's rounds at a fixed interval"),
    "fetched": ("照护人员定期代取全体慢病用药", "medicine that a carer fetches for all at a fixed interval"),
    "villagers": ("同村村民就近看病", "villagers at the clinic of their village"),
    "programme": (
        "各村同病患者集中治疗",
        "patients of one disease, each of another village, treated together",
    ),
}
# A hub is what so large a share of a group's linked visits goes through.
HUB_SHARE = 0.3


def group_facts(facts: ibis.Table, members: ibis.Table) -> ibis.Table:
    """Facts of the visits that members of groups made in the years that links are found in; a visit of
    several groups stands in each.

    Args:
        facts: one row a visit, with what graphs add to it (`features.visits.facts.with_counts`).
        members: group_id, psn_no.

    Returns:
        The facts with ``group_id``, ``joint`` (with co-visitors, or people whose prescriptions are filled in
        the same batches) and ``linked`` (see `linked`).
    """
    joined = facts.filter(facts.days_ago <= YEARS).inner_join(members.select("group_id", "psn_no"), "psn_no")
    return joined.mutate(joint=_positive(joined, "co_visitors", "co_fillers"), linked=linked(joined))


def linked(visits: ibis.Table) -> ibis.Value:
    """Does a visit link its visitor to others, by co-visits, by prescriptions filled in batches, or by a
    doctor or shop that oversupplies both?"""
    return _positive(visits, "co_visitors", "co_fillers", "co_oversupplied")


def _positive(visits: ibis.Table, *counts: str) -> ibis.Value:
    """Is one of several counts above zero?"""
    return ibis.or_(*(visits[name] > 0 for name in counts))


def village_shares(facts: ibis.Table) -> ibis.Table:
    """Where the people of the city live: village, share (of all who are seen).

    Args:
        facts: one row a visit.
    """
    people = facts.filter(_.village.notnull()).group_by("village").aggregate(people=_.psn_no.nunique())
    return people.select("village", share=_.people / _.people.sum().over())


def honest_reasons(group_facts: ibis.Table, shares: ibis.Table) -> pd.Series:
    """Which groups have an honest reason to meet.

    Recognised by what they do, not by a list: a household comes for each other's ailments and buys no more
    than it uses; residents of a home have consultations at one institution; villagers go to the clinic of
    their village; a market day or a doctor's round has a fixed weekday; colleagues and pupils are examined by
    the employer's order; a market that follows no week comes every so many days, and its visitors follow each
    other by minutes; who fetches the medicine of all does so in a row, as often as it is used up, and each
    gets medicine of a known dose; patients of one disease whom a programme brings to one hospital from all
    over the city (miners' lungs, a charity's operations) live in as many villages as so many people of the
    city would by accident, where those whom a broker fetches share a few (M01, M02). Courses of treatment
    make no co-visits (`features.graphs.covisit`). Cards swiped in a row count at a pharmacy's till only: a
    family that registers at a doctor's desk does so at once. The rhythm and the place of a group are those of
    its visits outside of hospital beds: residents of a home are old, and some fall ill in the same week.

    Args:
        group_facts: see `group_facts`.
        shares: `village_shares` of the city.

    Returns:
        Index group_id, of groups with joint visits; key of LEGITIMATE_REASONS, null where there is none.
    """
    joint = group_facts.filter(group_facts.joint)
    conduct = _conduct(joint).inner_join(_whole(group_facts), "group_id")
    ambulatory, stays = joint.filter(joint.kind != STAY), joint.filter(joint.kind == STAY)
    themes = [
        _ambulatory(ambulatory),
        _largest_share(ambulatory, "one_place", ambulatory.fixmedins_code),
        _largest_share(ambulatory, "one_weekday", ambulatory.day.day_of_week.index()),
        _largest_share(ambulatory, "one_employer", ambulatory.emp_no),
        _calendar(ambulatory),
        _pace(ambulatory),
        _largest_share(stays, "one_hospital", stays.fixmedins_code),
        _largest_share(stays, "one_disease", stays.dx3),
        _villages_by_accident(joint, shares),
    ]
    for theme in themes:
        conduct = conduct.left_join(theme, "group_id").drop("group_id_right")
    reasons: pd.DataFrame = _reasons(conduct).to_pandas()
    return reasons.set_index("group_id")["reason"]


def _conduct(joint: ibis.Table) -> ibis.Table:
    """What each group's joint visits are: one row a group_id."""
    return joint.group_by("group_id").aggregate(
        members=_.psn_no.nunique(),
        villages=_.village.nunique(),
        ages=_.age.max() - _.age.min(),
        median_age=_.age.median(),
        stays=(_.kind == STAY).mean(),
        bursts=(_.burst.fill_null(False) & (_.kind == PHARMACY)).mean(),
        exams=_.exam_amount.sum().fill_null(0) / _.medfee_sumamt.sum(),
    )


def _ambulatory(visits: ibis.Table) -> ibis.Table:
    """What each group's joint visits outside of hospital beds are: group_id, days, outpatient and dosed
    (shares of them), supply (median days that a medicine lasts)."""
    return visits.group_by("group_id").aggregate(
        days=_.day.nunique(),
        outpatient=(_.kind == OUTPATIENT).mean(),
        dosed=((_.kind == PHARMACY) & (_.supply_days > 0).fill_null(False)).mean(),
        supply=(_.supply_days / _.n_drugs).median(),
    )


def _whole(group_facts: ibis.Table) -> ibis.Table:
    """Of each group, whatever links it: group_id, everybody (members), supplied (days that their medicine
    from everywhere lasts), span (days from the first visit to the last), and of linked visits surplus (yuan
    spent on medicine in excess of a month at hand) and bills (yuan)."""
    day = group_facts.day.epoch_days()
    return group_facts.group_by("group_id").aggregate(
        everybody=_.psn_no.nunique(),
        supplied=(_.supply_days / _.n_drugs).sum(where=_.kind != STAY).fill_null(0),
        span=day.max() - day.min(),
        surplus=_.oversupply_amount.sum(where=_.linked).fill_null(0),
        bills=_.medfee_sumamt.sum(where=_.linked).fill_null(0),
    )


def _largest_share(joint: ibis.Table, name: str, key: ibis.Value) -> ibis.Table:
    """Share of each group's joint visits that have the most frequent value of a key: group_id and the
    name."""
    counts = joint.mutate(_key=key).group_by("group_id", "_key").aggregate(n=_.count())
    share = _.n.max(where=_._key.notnull()).fill_null(0) / _.n.sum()
    return counts.group_by("group_id").aggregate(**{name: share})


def _calendar(joint: ibis.Table) -> ibis.Table:
    """The rhythm of each group's meetings: group_id, meetings (days), met (share of the joint visits on these
    days), interval (median days from one to the next), on_interval (share of the steps that are a multiple of
    it, `_near_multiple`, for a market may be missed)."""
    days = joint.group_by("group_id", day=joint.day.epoch_days()).aggregate(n=_.count())
    of_group = ibis.window(group_by="group_id")
    days = days.mutate(every=_.n.sum().over(of_group), most=_.n.max().over(of_group))
    days = days.filter(_.n >= MEETING_SHARE * _.most)
    order = ibis.window(group_by="group_id", order_by="day")
    steps = days.mutate(step=_.day - _.day.lag().over(order))
    rhythm = steps.group_by("group_id").aggregate(
        meetings=_.count(), met=_.n.sum() / _.every.max(), interval=_.step.median().floor()
    )
    steps = steps.filter(_.step.notnull()).inner_join(rhythm, "group_id").group_by("group_id")
    on_interval = steps.aggregate(on_interval=_near_multiple(_.step, _.interval).mean())
    return rhythm.left_join(on_interval, "group_id").drop("group_id_right")


def _near_multiple(step: ibis.Value, interval: ibis.Value) -> ibis.Value:
    """Is a number of days a multiple of an interval, or as near to one as one day in MARKET_INTERVAL is by
    accident: two days off a month, none off a week?"""
    slack = ((interval / MARKET_INTERVAL - 1) / 2).floor()
    off = step % interval
    return ibis.least(off, interval - off) <= slack


def _pace(joint: ibis.Table) -> ibis.Table:
    """Mean seconds from one member to the next where a group meets: group_id, pace."""
    met = joint.group_by("group_id", "fixmedins_code", "day").aggregate(
        seconds=_.second.max() - _.second.min(), others=_.count() - 1
    )
    return met.group_by("group_id").aggregate(pace=_.seconds.sum() / _.others.sum().nullif(0))


def _villages_by_accident(joint: ibis.Table, shares: ibis.Table) -> ibis.Table:
    """In how many villages as many people as each group's members live on average, were they drawn from the
    city: group_id, villages_by_accident."""
    groups = joint.group_by("group_id").aggregate(drawn=_.psn_no.nunique()).cross_join(shares)
    somebody = 1 - (1 - groups.share) ** groups.drawn
    return groups.group_by("group_id").aggregate(villages_by_accident=somebody.sum().round(6))


def _reasons(conduct: ibis.Table) -> ibis.Table:
    """The reason of each group: group_id, reason."""
    c = conduct
    used = (c.surplus < SURPLUS_EACH * c.everybody) | (c.surplus < SURPLUS_SHARE * c.bills)
    # What some of them do together is no reason for the others.
    ambulatory = (c.stays < STAY_SHARE) & (c.members >= ONE_PLACE_SHARE * c.everybody)
    moderate = ambulatory & used
    calm = moderate & (c.bursts < BURST_SHARE)
    # Only ever seen by a doctor, at one institution.
    consulted = calm & (c.outpatient >= ONE_PLACE_SHARE) & (c.one_place >= ONE_PLACE_SHARE)
    household = (c.members <= HOUSEHOLD_MEMBERS) & (c.villages <= 1) & (c.ages >= GENERATION_YEARS)
    residents = (c.median_age >= RESIDENT_AGE) & (c.one_place >= ONE_PLACE_SHARE)
    examined = (c.one_employer >= ONE_PLACE_SHARE) & (c.exams >= EXAM_SHARE)
    weekday = (c.one_weekday >= ONE_PLACE_SHARE) & (c.days >= WEEKDAY_DAYS)
    regular = (c.interval >= MARKET_INTERVAL) & (c.on_interval >= ONE_PLACE_SHARE)
    regular &= c.meetings >= MARKET_DAYS
    refill = (c.dosed >= ONE_PLACE_SHARE) & (c.surplus < FETCHED_SURPLUS * c.bills)
    refill &= c.met >= ROUNDS_SHARE
    refill &= c.supplied >= REFILL_SHARE * c.everybody * (c.span + c.interval)
    refill &= c.supply <= REFILL_LIMIT * c.interval
    treated = c.stays + (1 - c.stays) * c.outpatient.fill_null(0)
    programme = (c.stays >= PROGRAMME_STAYS) & (treated >= ONE_PLACE_SHARE)
    programme &= c.one_hospital >= ONE_PLACE_SHARE
    programme &= (c.one_disease >= ONE_PLACE_SHARE) & (c.members >= PROGRAMME_MEMBERS)
    apart = ibis.least(ONE_PLACE_SHARE * c.villages_by_accident, c.villages_by_accident - NEIGHBOURS)
    programme &= c.villages >= apart
    reason = ibis.cases(
        (calm & household, "household"),
        (calm & residents, "residents"),
        (consulted & examined, "examined"),
        (consulted & weekday, "weekday"),
        (moderate & regular & (c.met >= ONE_PLACE_SHARE) & (c.pace >= MARKET_SECONDS), "market"),
        (ambulatory & regular & refill, "fetched"),
        (consulted & (c.villages <= 1), "villagers"),
        (programme & used, "programme"),
        else_=None,
    )
    return c.select("group_id", reason=reason)


def hubs(group_facts: ibis.Table) -> pd.DataFrame:
    """Doctors and institutions through which a group's linked visits go.

    Args:
        group_facts: see `group_facts`.

    Returns:
        group_id, member_type (prescriber, pharmacy, hospital), member_id, weight (share of the group's linked
        visits, at least HUB_SHARE).
    """
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
    frame: pd.DataFrame = found.order_by("group_id", "member_type", "member_id").to_pandas()
    return frame


def described(group_facts: ibis.Table) -> pd.DataFrame:
    """Totals of each group's linked visits.

    Args:
        group_facts: see `group_facts`.

    Returns:
        group_id, members, villages, places, visits, days, first_day, last_day, fund (yuan), oversupply (yuan
        spent on medicine in excess of a month at hand).
    """
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
        oversupply=_.oversupply_amount.sum().fill_null(0).round(2),
    )
    frame: pd.DataFrame = found.order_by("group_id").to_pandas()
    return frame
