"""Visits against other registers: deaths, sign-ins, dialysis sessions, accidents, long-term care, and the
person's sex (M08, M09, M14, M27, M28, M45)."""

import ibis
from ibis import _

from claims.as_of import PHARMACY, STAY, ClaimsAsOf, as_of_time
from features.comparison.item_excess import PRIOR_VISITS, UPPER_LIMIT_Z
from features.comparison.peer_groups import CHRONIC
from features.distinct_counts import with_distinct
from features.rounding import rounded
from features.visits.codelists import DIALYSIS, FEMALE_DIAGNOSES, MALE_DIAGNOSES, REHAB
from features.visits.inpatient import MIN_INNER_DAYS
from features.visits.timestamps import SECONDS_A_DAY, calendar_days

# A death is registered within a month (Regulations on Household Registration, art. 8), so a date on the
# register is hardly farther off.
REGISTRATION_DAYS = 31
# An admission for an injury within so many days of an accident on record is about it (M27, R128).
ACCIDENT_DAYS = 7
# So many visits of a day for a service without any sign-in are a device that failed; R101, R103 and R104
# count patients. Own starting value.
OUTAGE_VISITS = 5
# Chapters of ICD-10 that hold injuries (S, T) and their external causes (V to Y).
INJURIES = "^[STVWXY]"
# Accidents (acdt_type: traffic, assault, work) that the fund does not pay for, whoever else does.
PAID_BY_OTHERS = ["1", "2", "3"]


def days_after_death(claims: ClaimsAsOf, base: ibis.Table) -> ibis.Table:
    """Days from the person's death to the visit, 0 before it; of several records the earliest counts (M09):
    mdtrt_id, days_since_death, seen_after_death (over a day after the registered death, and a doctor
    sees the patient then or later).

    Medicine of a registered disease is fetched from the doctor by the family as well, so such a visit does
    not show the patient alive; within REGISTRATION_DAYS the date may be wrong."""
    deaths = claims["psn_die_regn_d"].group_by("psn_no").aggregate(die_date=_.die_date.min())
    joined = base.inner_join(deaths, "psn_no")
    days = calendar_days(joined.die_date, joined.begntime)
    joined = joined.mutate(days_since_death=ibis.greatest(days, 0))
    own = (joined.med_type.left(2) != CHRONIC) | (joined.days_since_death <= REGISTRATION_DAYS)
    met = (joined.kind != PHARMACY) & own
    seen = joined.second.max(where=met & (joined.days_since_death > 1))
    seen_after_death = (joined.days_since_death > 1) & (joined.second <= seen.over(group_by="psn_no"))
    return joined.select("mdtrt_id", "days_since_death", seen_after_death=seen_after_death.fill_null(False))


def sessions_without_sign_in(claims: ClaimsAsOf, base: ibis.Table, days: ibis.Table) -> ibis.Table:
    """Sessions on days without a sign-in at the place: mdtrt_id, no_sign_in (of dialysis: M28, R101),
    no_sign_in_rehab (M45, R104), no_sign_in_excess (of dialysis, beyond what the gaps of the other patients
    lead one to expect); null at places where nobody ever signs in for such."""
    kept = (DIALYSIS, REHAB)
    signs = signed_days(claims, *kept).mutate(signed=True)
    sessions = days.filter(days.serv_type.isin(kept), days.cnt > 0).select(
        "mdtrt_id", "serv_type", "day", "cnt"
    )
    sessions = sessions.inner_join(base.select("mdtrt_id", "psn_no", "fixmedins_code"), "mdtrt_id")
    keeping = signs.select("fixmedins_code", "serv_type").distinct()
    sessions = sessions.semi_join(keeping, ["fixmedins_code", "serv_type"])
    sessions = sessions.left_join(signs, ["psn_no", "fixmedins_code", "serv_type", "day"])
    sessions = sessions.mutate(outage=_outage(sessions)).filter(~_.outage)
    no_sign_in = sessions.group_by("mdtrt_id", "psn_no", "fixmedins_code").aggregate(
        no_sign_in=_no_sign_in(sessions, DIALYSIS), no_sign_in_rehab=_no_sign_in(sessions, REHAB)
    )
    patients = _beyond_others(sessions.filter(sessions.serv_type == DIALYSIS))
    joined = no_sign_in.left_join(patients, ["psn_no", "fixmedins_code"])
    excess = rounded(joined.no_sign_in * joined.beyond, 6)
    return joined.select("mdtrt_id", "no_sign_in", "no_sign_in_rehab", no_sign_in_excess=excess)


def signed_days(claims: ClaimsAsOf, *services: str) -> ibis.Table:
    """Days on which somebody signed in for some services (`serv_type`), once each: psn_no, fixmedins_code,
    serv_type, day."""
    signs = claims["psn_sign_d"].filter(_.serv_type.isin(services))
    return signs.select("psn_no", "fixmedins_code", "serv_type", day=_.sign_in_time.date()).distinct()


def _beyond_others(sessions: ibis.Table) -> ibis.Table:
    """Which part of a patient's sessions without a sign-in is beyond chance, given how often the other
    patients there lack one: fixmedins_code, psn_no, beyond (0 to 1; null without any).

    Who forgets the card, or a device that fails for an hour, leaves gaps with everybody; sessions that never
    took place are those of a few. What one honest patient in a thousand reaches (UPPER_LIMIT_Z, by the normal
    approximation with its continuity correction) is left out; the rate of few others is shrunk toward that of
    all places.
    """
    by = ["fixmedins_code", "psn_no"]
    found = sessions.group_by(*by).aggregate(n=_.count(), gaps=_.signed.isnull().sum())
    place = ibis.window(group_by="fixmedins_code")
    everywhere = found.gaps.sum().over() / found.n.sum().over()
    others, gaps = (found[name].sum().over(place) - found[name] for name in ("n", "gaps"))
    found = found.mutate(rate=(gaps + PRIOR_VISITS * everywhere) / (others + PRIOR_VISITS))
    upper_limit = UPPER_LIMIT_Z * (found.n * found.rate * (1 - found.rate)).sqrt() + 0.5
    beyond = (found.gaps - found.n * found.rate - upper_limit).clip(0)
    return found.select(*by, beyond=beyond / found.gaps.nullif(0))


def _outage(sessions: ibis.Table) -> ibis.Value:
    """A day with OUTAGE_VISITS for the service and no sign-in: a device that failed."""
    day = ibis.window(group_by=["fixmedins_code", "serv_type", "day"])
    return (sessions.signed.count().over(day) == 0) & (sessions.psn_no.count().over(day) >= OUTAGE_VISITS)


def _no_sign_in(sessions: ibis.Table, service: str) -> ibis.Value:
    """Sessions of a service without a sign-in; null without a session of it."""
    count = sessions.signed.isnull().ifelse(sessions.cnt, 0)
    return count.sum(where=sessions.serv_type == service)


def impossible_diagnoses(base: ibis.Table) -> ibis.Table:
    """Visits for a disease that the card holder's sex cannot have (M14): mdtrt_id, impossible (1)."""
    # Each diagnosis is looked at once, for a city has a thousand times as many visits.
    diagnoses = base.select("gend", "dx3").distinct()
    foreign = diagnoses.gend.cases(("1", FEMALE_DIAGNOSES), ("2", MALE_DIAGNOSES))
    impossible = diagnoses.filter(diagnoses.dx3.re_search(foreign))
    return base.semi_join(impossible, ["gend", "dx3"]).select("mdtrt_id", impossible=1)


def dialysis_weeks(base: ibis.Table, days: ibis.Table) -> ibis.Table:
    """The person's dialysis in the week of the visit (M28, R099: three sessions a week are usual): mdtrt_id,
    weekly_dialysis_sessions, and usual_weekday_share: in how many of the weeks of treatment the person came
    on this day of the week, for patients keep their days."""
    sessions = days.filter(days.serv_type == DIALYSIS).group_by("mdtrt_id").aggregate(sessions=_.cnt.sum())
    visits = base.select("mdtrt_id", "psn_no", "week", weekday=_.begntime.day_of_week.index())
    visits = visits.inner_join(sessions, "mdtrt_id")
    visits = with_distinct(visits, "week", ["psn_no", "weekday"], "weeks_on_day")
    visits = with_distinct(visits, "week", ["psn_no"], "weeks")
    return visits.select(
        "mdtrt_id",
        weekly_dialysis_sessions=visits.sessions.sum().over(group_by=["psn_no", "week"]),
        usual_weekday_share=visits.weeks_on_day / visits.weeks,
    )


def undeclared_accidents(claims: ClaimsAsOf, base: ibis.Table) -> ibis.Table:
    """Stays for an injury within ACCIDENT_DAYS of an accident on record that name no third party (M27, R128):
    mdtrt_id, undeclared_accident (1).

    Where the record says that nobody else was to blame there is none to name; where it says nothing, traffic,
    assault and work have somebody who pays before the fund.
    """
    others = (_.ttp_flag == "1") | (_.ttp_flag.isnull() & _.acdt_type.isin(PAID_BY_OTHERS))
    accidents = claims["acdt_rec_d"].filter(others).select("psn_no", "acdt_time")
    joined = base.filter(base.kind == STAY).inner_join(accidents, "psn_no")
    gap = (joined.second - joined.acdt_time.epoch_seconds()) / SECONDS_A_DAY
    unnamed = (joined.rel_ttp_flag != "1").fill_null(True)
    hidden = joined.filter(gap.between(0, ACCIDENT_DAYS), unnamed, joined.dx3.re_search(INJURIES))
    return hidden.select("mdtrt_id", undeclared_accident=1).distinct()


def long_term_care_days(claims: ClaimsAsOf, base: ibis.Table) -> ibis.Table:
    """Days between the first and the last of a stay on which long-term care was charged (M08, R095):
    mdtrt_id, long_term_care_days."""
    services = claims["ltci_trt_d"].filter(_.serv_begntime.notnull(), _.serv_begntime < as_of_time())
    services = services.select(cared="psn_no", serv_day=_.serv_begntime.date())
    stays = base.filter(base.kind == STAY, base.los >= MIN_INNER_DAYS)
    inside = [
        stays.psn_no == services.cared,
        services.serv_day > stays.day,
        services.serv_day < stays.endtime.date(),
    ]
    joined = stays.inner_join(services, inside)
    return joined.group_by("mdtrt_id").aggregate(long_term_care_days=_.serv_day.nunique())
