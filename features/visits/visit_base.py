"""The base of all facts: one row a visit, with its person, its institution, and what follows from its own
columns."""

import ibis
from ibis import _

from claims.as_of import STAY, ClaimsAsOf, as_of_time
from features.visits.codelists import COURSES
from features.visits.timestamps import (
    SECONDS_A_DAY,
    SECONDS_A_YEAR,
    at_night,
    calendar_days,
    completed_years,
)


def visit_base(claims: ClaimsAsOf) -> ibis.Table:
    """One row a visit: columns of `claims.as_of.ClaimsAsOf.visits`, of its person and of its institution, and

    dr_code; prescribing_dr (the same, until `pipelines.network_result` leaves out what a group with an honest
    reason buys); dx3 (three characters of the diagnosis); dx_group (disease group, else dx3); age (years),
    years (completed), age_days; day, week, month (dates); days_ago (before the as-of instant, with
    fractions); night; second, end_second (epoch); los (days, of stays); fund_share, cash_share (of the bill).
    """
    visits = claims.visits.left_join(_persons(claims), "psn_no").drop("psn_no_right")
    visits = visits.left_join(_institutions(claims), "fixmedins_code").drop("fixmedins_code_right")
    stay_days = calendar_days(visits.begntime, visits.endtime)
    return visits.mutate(
        dr_code=visits.chfpdr_code,
        prescribing_dr=visits.chfpdr_code,
        **_diagnosis(visits),
        **_age(visits),
        **_time(visits),
        los=ibis.ifelse(visits.kind == STAY, stay_days, None),
        fund_share=visits.fund_pay_sumamt / visits.medfee_sumamt,
        cash_share=visits.cash_payamt / visits.medfee_sumamt,
    ).drop("brdy", "chfpdr_code")


def _persons(claims: ClaimsAsOf) -> ibis.Table:
    return claims["psn_info_b"].select(
        "psn_no",
        gend=_.gend,
        brdy=_.brdy,
        village=_.live_admdvs,
        emp_no=_.emp_no,
        # People on medical assistance, whose stays cost them nothing (psn_idet_type 2301-2307, M30).
        poor=_.psn_idet_type.startswith("230").fill_null(False),
    )


def _institutions(claims: ClaimsAsOf) -> ibis.Table:
    return claims["fixmedins_b"].select(
        "fixmedins_code",
        level=hospital_level(_.hosp_lv),
        beds=_.aprv_bed_cnt,
        chain=_.prnt_medins_code,
        is_pharmacy=(_.fixmedins_type == "2").fill_null(_.fixmedins_code.startswith("P")),
    )


def planned_course(dx3: ibis.Value, dialysis: ibis.Value) -> ibis.Value:
    """Is a visit one of a course of treatment that brings the patient back by plan?

    Args:
        dx3: three characters of its diagnosis.
        dialysis: sessions on its bill, missing for none.
    """
    return dx3.isin(COURSES).fill_null(False) | (dialysis.fill_null(0) > 0)


def outside_courses(visits: ibis.Table, content: ibis.Table) -> ibis.Table:
    """The visits that are of no course of treatment.

    Args:
        content: dialysis (sessions on the bill) by mdtrt_id.
    """
    rows = visits.left_join(content.select("mdtrt_id", "dialysis"), "mdtrt_id").drop("mdtrt_id_right")
    return rows.filter(~planned_course(rows.dx3, rows.dialysis)).drop("dialysis")


def hospital_level(hosp_lv: ibis.Value) -> ibis.Value:
    """Third, second or first level ("3", "2", "1"), or "0" for none.

    From the national dictionary of `hosp_lv`: 01-04 三级, 05-07 二级, 08-10 一级, 11 none. Systems that store
    a number drop its leading zero.
    """
    code = hosp_lv.strip().lpad(2, "0")
    return ibis.cases(
        (code.isin(["01", "02", "03", "04"]), "3"),
        (code.isin(["05", "06", "07"]), "2"),
        (code.isin(["08", "09", "10"]), "1"),
        else_="0",
    )


def _diagnosis(visits: ibis.Table) -> dict[str, ibis.Value]:
    code = visits.dscg_maindiag_code.upper().re_replace("[^A-Z0-9]", "")
    dx3 = code.left(3).nullif("")
    return {"dx3": dx3, "dx_group": ibis.coalesce(visits.dise_no, dx3)}


def _age(visits: ibis.Table) -> dict[str, ibis.Value]:
    birth, day = visits.brdy, visits.begntime
    return {
        "age": (day.epoch_seconds() - birth.epoch_seconds()) / SECONDS_A_YEAR,
        "years": completed_years(birth, day),
        "age_days": calendar_days(birth, day),
    }


def _time(visits: ibis.Table) -> dict[str, ibis.Value]:
    start = visits.begntime
    return {
        "day": start.date(),
        "week": start.truncate("W"),
        "month": start.truncate("M"),
        "days_ago": (as_of_time().epoch_seconds() - start.epoch_seconds()) / SECONDS_A_DAY,
        "night": at_night(start),
        "second": start.epoch_seconds(),
        "end_second": visits.endtime.epoch_seconds(),
    }
