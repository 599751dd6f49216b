"""The course of a stay: what came before it, when the patient came back, idle days, visits outside it (M03,
M10, M12, M13, M31)."""

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.leave_one_out import sum_elsewhere
from features.rounding import rounded
from features.visits.codelists import COURSES
from features.visits.stay_benchmarks import PRIOR_STAYS
from features.visits.timestamps import SECONDS_A_DAY
from features.visits.visit_base import outside_courses

# A readmission within so many days is looked at as a split stay (M03, R084; public rule sets use 7 to 15
# days).
SPLIT_DAYS = 15
# A readmission to the same hospital within so many days counts whatever its cause (R085; ZB10000205008000).
READMISSION_DAYS = 31
# A stay may begin on the day before the last discharge (transfers are booked overnight); by more, stays
# overlap.
OVERLAP_DAYS = 1
# A stay of so many days that another follows at once in the same place is settled by the month (wards of
# psychiatry and rehabilitation): who cuts a stay in two cuts it earlier. Own starting value.
INTERIM_DAYS = 25
# An admission elsewhere within so many days of a consultation is looked at as a referral (M31: 1 to 3 days).
REFERRAL_DAYS = 3
# An admission so many days after an outpatient visit to the hospital converts it (M13: same day or the day
# after).
CONVERSION_DAYS = 1
# Only stays of so many days have a day that is neither the first nor the last (R089 exempts both).
MIN_INNER_DAYS = 2
# How a disease is usually treated is known from so many visits (own starting value).
MIN_TREATED = 8


def idle_days(base: ibis.Table, content: ibis.Table) -> ibis.Table:
    """Days of a stay with nothing but bed, round and nursing, the mark of a phantom bed stay (M10): mdtrt_id,
    idle_days; null where a bill carries one date for a stay of several days and so says nothing of them.

    Args:
        content: `features.visits.bill_lines.bill_content`.
    """
    stays = base.filter(base.kind == STAY, base.los.notnull()).select("mdtrt_id", "los")
    joined = stays.inner_join(content.select("mdtrt_id", "active_days", "billed_days"), "mdtrt_id")
    dated = (joined.billed_days > 1) | (joined.los <= 1)
    idle = ibis.greatest(joined.los - joined.active_days, 0)
    return joined.select("mdtrt_id", idle_days=dated.ifelse(idle, None))


def stay_sequence(base: ibis.Table) -> ibis.Table:
    """Each stay against the person's stay before (M03): mdtrt_id, days_since_discharge (from discharge to
    admission), same_place, same_disease, same_doctor, overlap (of more than OVERLAP_DAYS), interim (goes on
    where a stay of INTERIM_DAYS was settled)."""
    order = ibis.window(group_by="psn_no", order_by=["second", "mdtrt_id"])
    stays = base.filter(base.kind == STAY)
    compared = ("fixmedins_code", "dr_code", "dx3", "second", "end_second")
    stays = stays.mutate(**{f"last_{name}": stays[name].lag().over(order) for name in compared})
    stays = stays.mutate(days_since_discharge=(stays.second - stays.last_end_second) / SECONDS_A_DAY)
    same_place = stays.fixmedins_code == stays.last_fixmedins_code
    long = stays.last_end_second - stays.last_second >= INTERIM_DAYS * SECONDS_A_DAY
    # By the calendar: who leaves in the morning and is admitted the next afternoon goes on the day after.
    nights = stays.day.epoch_days() - (stays.last_end_second / SECONDS_A_DAY).floor()
    return stays.select(
        "mdtrt_id",
        "days_since_discharge",
        same_place=same_place,
        same_disease=stays.dx3 == stays.last_dx3,
        same_doctor=stays.dr_code == stays.last_dr_code,
        overlap=(stays.days_since_discharge < -OVERLAP_DAYS).fill_null(False),
        interim=(same_place & nights.between(-OVERLAP_DAYS, OVERLAP_DAYS) & long).fill_null(False),
    )


def split_stay(facts: ibis.Table) -> ibis.Value:
    """Readmitted to the same hospital with the same disease (or one not recorded) within SPLIT_DAYS."""
    return _readmitted(facts, SPLIT_DAYS, facts.same_disease | facts.dx3.isnull())


def readmitted_31d(facts: ibis.Table) -> ibis.Value:
    """Readmitted to the same hospital within READMISSION_DAYS for whatever cause."""
    return _readmitted(facts, READMISSION_DAYS, ibis.literal(True))


def same_doctor_readmission(facts: ibis.Table) -> ibis.Value:
    """Readmitted by the same doctor within SPLIT_DAYS for whatever disease; an honest second disease mostly
    belongs to another department."""
    return _readmitted(facts, SPLIT_DAYS, facts.same_doctor)


def _readmitted(facts: ibis.Table, days: int, alike: ibis.Value) -> ibis.Value:
    """A stay outside a course of treatment that follows another in the same hospital within so many days and
    is alike, other than the next month of a long stay; null where the visit is no stay."""
    soon = facts.days_since_discharge.between(-OVERLAP_DAYS, days) & facts.same_place & alike
    return ibis.ifelse(facts.kind == STAY, soon.fill_null(False) & ~facts.course & ~facts.interim, None)


def expected_readmissions(facts: ibis.Table) -> ibis.Table:
    """What is usual of readmissions to the same hospital (M03), of stays outside courses of treatment:
    mdtrt_id, readmission_expected (share of stays with the disease that follow another within
    READMISSION_DAYS in all other hospitals), split_excess (share of the split stays of the hospital's other
    patients that their diseases do not explain, 0 to 1; near 0 where there are few)."""
    stays = facts.filter(facts.kind == STAY, ~facts.course)
    stays = stays.select(
        "mdtrt_id",
        "psn_no",
        "fixmedins_code",
        "dx3",
        again=stays.readmitted_31d.cast("float64"),
        split=stays.split.cast("float64"),
        stay=1.0,
    )
    stays = stays.mutate(expected=_share_elsewhere(stays, "again"), usual=_share_elsewhere(stays, "split"))
    excess = _excess_of_others(stays.split, stays.usual)
    return stays.select("mdtrt_id", readmission_expected="expected", split_excess=excess)


def _excess_of_others(event: ibis.Value, usual: ibis.Value) -> ibis.Value:
    """Share of the events of a hospital's other patients that is beyond the usual, 0 to 1."""
    seen, expected = (sum_elsewhere(value, "psn_no", "fixmedins_code") for value in (event, usual))
    # One more of each: a single event proves no habit. Rounded, so that the order in which an engine adds up
    # does not show.
    return rounded((1 - (expected + 1) / (seen + 1)).clip(0.0, 1.0), 6)


def _share_elsewhere(stays: ibis.Table, event: str) -> ibis.Value:
    """Share of an event among stays with the disease in all other hospitals, shrunk toward the share of all
    diseases there."""
    overall = sum_elsewhere(stays[event], "fixmedins_code") / sum_elsewhere(
        stays.stay, "fixmedins_code"
    ).nullif(0)
    return (sum_elsewhere(stays[event], "fixmedins_code", "dx3") + PRIOR_STAYS * overall) / (
        sum_elsewhere(stays.stay, "fixmedins_code", "dx3") + PRIOR_STAYS
    )


def outside_excess(facts: ibis.Table) -> ibis.Table:
    """Whether a hospital's other inpatients are seen elsewhere as well (M10), of stays with inner days and
    outside courses of treatment: mdtrt_id, outside_excess (share of their stays with outside visits that the
    rate by inner day of all other hospitals does not explain, 0 to 1; near 0 where there are few)."""
    stays = facts.filter(facts.kind == STAY, facts.los >= MIN_INNER_DAYS, ~facts.course)
    stays = stays.select(
        "mdtrt_id",
        "psn_no",
        "fixmedins_code",
        outside=(stays.outside_visits.fill_null(0) > 0).cast("float64"),
        inner_days=(stays.los - 1).cast("float64"),
    )
    outside, days = (sum_elsewhere(stays[name], "fixmedins_code") for name in ("outside", "inner_days"))
    stays = stays.mutate(usual=outside / days.nullif(0) * stays.inner_days)
    return stays.select("mdtrt_id", outside_excess=_excess_of_others(stays.outside, stays.usual))


def outside_visits(base: ibis.Table, content: ibis.Table) -> ibis.Table:
    """Visits to other institutions between the first and the last day of a stay (M10, R089): mdtrt_id,
    outside_visits. Sessions of a course are given elsewhere by arrangement and do not count."""
    stays = base.filter(base.kind == STAY, base.los >= MIN_INNER_DAYS).select(
        "mdtrt_id", "psn_no", "fixmedins_code", first=_.day, last=_.endtime.date()
    )
    others = outside_courses(base, content).select(
        "psn_no", where=_.fixmedins_code, other_day=_.day, other=_.mdtrt_id
    )
    met = stays.inner_join(
        others,
        [stays.psn_no == others.psn_no, others.other_day > stays.first, others.other_day < stays.last],
    )
    met = met.filter(met.where != met.fixmedins_code)
    return met.group_by("mdtrt_id").aggregate(outside_visits=_.other.nunique())


def referred_admissions(base: ibis.Table) -> ibis.Table:
    """Where a patient was admitted within REFERRAL_DAYS of an outpatient visit, if elsewhere (M31): mdtrt_id
    (of the outpatient visit), referred_to (institution; the first code of several), referred_stay (mdtrt_id
    of the stay there)."""
    stays = base.filter(base.kind == STAY, ~base.dx3.isin(COURSES).fill_null(False))
    stays = stays.select("psn_no", admitted=_.second, referred_to=_.fixmedins_code, referred_stay=_.mdtrt_id)
    seen = base.filter(base.kind == OUTPATIENT).select("mdtrt_id", "psn_no", "fixmedins_code", "second")
    met = seen.inner_join(stays, "psn_no")
    soon = (met.admitted - met.second).between(0, REFERRAL_DAYS * SECONDS_A_DAY)
    met = met.filter(soon, met.referred_to != met.fixmedins_code)
    first = met.group_by("mdtrt_id").aggregate(referred_to=_.referred_to.min())
    there = met.inner_join(first, ["mdtrt_id", "referred_to"]).group_by("mdtrt_id", "referred_to")
    return there.aggregate(referred_stay=_.referred_stay.min())


def converted_admissions(base: ibis.Table) -> ibis.Table:
    """Stays that began on the day of an outpatient visit to the same hospital or CONVERSION_DAYS after it
    (M13): mdtrt_id, converted."""
    stays = base.filter(base.kind == STAY).select("mdtrt_id", "psn_no", "fixmedins_code", "day")
    seen = base.filter(base.kind == OUTPATIENT).select("psn_no", "fixmedins_code", "day")
    days = [seen.mutate(day=_.day + ibis.interval(days=k)) for k in range(CONVERSION_DAYS + 1)]
    seen = ibis.union(*days, distinct=True)
    return stays.semi_join(seen, ["psn_no", "fixmedins_code", "day"]).select("mdtrt_id", converted=True)


def outpatient_rate(base: ibis.Table) -> ibis.Table:
    """How often the disease that led to a stay is treated without one, in all hospitals (M12): mdtrt_id,
    outpatient_rate; of diseases with MIN_TREATED visits."""
    treated = base.filter(base.kind != PHARMACY, base.dx3.notnull())
    rates = treated.group_by("dx3").aggregate(_n=_.count(), outpatient_rate=(_.kind == OUTPATIENT).mean())
    stays = treated.filter(treated.kind == STAY).select("mdtrt_id", "dx3")
    known = rates.filter(rates._n >= MIN_TREATED)
    return stays.inner_join(known, "dx3").select("mdtrt_id", "outpatient_rate")
