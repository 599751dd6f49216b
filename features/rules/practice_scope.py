"""A doctor's licence, specialty, workload and presence (R008, R009, R118, R119)."""

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.finding_text import departments, sentence, whole_number
from features.rules.limit_checks import lines_not_allowed, lines_with_limits
from features.rules.limits_table import starts_with_limit
from features.rules.rule_context import RuleContext


@rule(
    "R008", "离职/停牌医师开单", "Prescriber not in practice", "prescriber", SUSPECT, "38(七)/40(二)",
    needs="dr_info_b", filled="dr_info_b.endtime",
)  # fmt: skip
def not_in_practice(context: RuleContext) -> ibis.Table:
    """Visits on a day on which none of the doctor's licences was valid."""
    # A prescription is filled later and elsewhere, so purchases say nothing of the day it was written.
    seen = context.facts.filter(context.facts.kind != PHARMACY, context.facts.dr_code.notnull())
    seen = seen.select("mdtrt_id", "dr_code", "fixmedins_code", "day", "medfee_sumamt")
    licences = context.claims["dr_info_b"].select("dr_code", first=_.begntime.date(), last=_.endtime.date())
    met = seen.inner_join(licences, "dr_code")
    working = met.filter((met["first"] <= met.day).fill_null(True), (met["last"] >= met.day).fill_null(True))
    # Any licence counts, wherever: doctors work in several places. Unknown doctors are another matter.
    bad = met.anti_join(working, "mdtrt_id")
    ends = bad.group_by("mdtrt_id").aggregate(
        amount_in_question=_.medfee_sumamt.max(),
        dr=_.dr_code.min(),
        begun=_["first"].min(),
        ended=_["last"].max(),
    )
    begun, ended = (ends[name].cast("string") for name in ("begun", "ended"))
    message = sentence(
        "医师{who}执业期为{begun}至{ended},本次就诊不在其内",
        "doctor {who} is licensed from {begun} to {ended}, which does not cover this visit",
        who=ends.dr, begun=(begun.fill_null(""), begun.fill_null("an unknown day")),
        ended=(ended.fill_null("今"), ended.fill_null("today")),
    )  # fmt: skip
    return ends.mutate(message=message)


@rule(
    "R009", "超执业范围/科室", "Outside licence scope", "prescriber", SUSPECT, "38(七)/40(二)",
    needs="fee_list_d dr_info_b hilist_lmt_b", filled="hilist_lmt_b.lmt_type=caty dr_info_b.caty",
)  # fmt: skip
def outside_scope(context: RuleContext) -> ibis.Table:
    """Items limited to a specialty, ordered by a doctor of another one."""
    scopes = context.claims["dr_info_b"].filter(_.caty.notnull()).select("dr_code", "caty").distinct()
    rows = lines_with_limits(context, "caty").inner_join(scopes, "dr_code")
    message = sentence(
        "“{item}”限{allowed}医师开单,开单医师为{own}医师",
        "“{item}” is for doctors of {allowed} to order; ordered by a doctor of {own}",
        item=rows.item, allowed=departments(rows["all"]), own=departments(rows.caty),
    )  # fmt: skip
    return lines_not_allowed(rows, starts_with_limit(rows, "caty"), message)


@rule(
    "R118", "医师工作量超限", "Doctor overload", "prescriber", SUSPECT, "38(二)", schemes="M40 M48",
    maximum_visits=Parameter(100, "outpatients a day", "own starting value: >100 visits/day"),
)  # fmt: skip
def doctor_overload(context: RuleContext, maximum_visits: float) -> ibis.Table:
    """Outpatients beyond a doctor's maximum of a day."""
    seen = context.facts.filter(context.facts.kind == OUTPATIENT, context.facts.dr_code.notnull())
    order = ibis.window(group_by=["dr_code", "day"], order_by=["second", "mdtrt_id"])
    seen = seen.mutate(nth=ibis.row_number().over(order) + 1)
    bad = seen.filter(seen.nth > maximum_visits)
    message = sentence(
        "医师{who}当日第{nth}名门诊患者", "outpatient no. {nth} of doctor {who} on that day",
        who=bad.dr_code, nth=whole_number(bad.nth),
    )  # fmt: skip
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)


@rule(
    "R119", "医师住院期间开方", "Doctor is inpatient", "prescriber", SUSPECT, "38(七)", schemes="M48",
    needs="dr_info_b", filled="dr_info_b.certno psn_info_b.certno",
)  # fmt: skip
def doctor_is_inpatient(context: RuleContext) -> ibis.Table:
    """Outpatients seen on days on which the doctor was a patient in bed."""
    facts = context.facts
    persons = context.claims["psn_info_b"].filter(_.certno.notnull()).select("psn_no", "certno")
    own = context.claims["dr_info_b"].filter(_.certno.notnull()).select("dr_code", "certno").distinct()
    own = own.inner_join(persons, "certno").select("dr_code", "psn_no")
    stays = facts.filter(facts.kind == STAY, facts.endtime.notnull())
    stays = stays.select("psn_no", first=stays.day, last=stays.endtime.date(), bed="fixmedins_code")
    stays = stays.inner_join(own, "psn_no").drop("psn_no")
    seen = facts.filter(facts.kind == OUTPATIENT, facts.dr_code.notnull())
    # On the days of admission and discharge there is time for both.
    met = seen.inner_join(stays, "dr_code").filter(lambda t: (t.day > t["first"]) & (t.day < t["last"]))
    message = sentence(
        "医师{who}{first}至{last}在{place}住院,其间仍接诊",
        "doctor {who} lay in {place} from {first} to {last} and saw patients meanwhile",
        who=met.dr_code, first=met["first"], last=met["last"], place=met.bed,
    )  # fmt: skip
    return met.select("mdtrt_id", amount_in_question=met.medfee_sumamt, message=message)
