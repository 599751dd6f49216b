"""Rules about who prescribes, and how often the same is done again (R008, R009, R078, R118, R119, R129)."""

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.rules.engine import SUSPECT, Parameter, RuleContext, rule
from features.rules.limits import breaches, charged, limited, said, starts, text
from features.visits.codelists import LARGE_EXAM


@rule(
    "R008", "离职/停牌医师开单", "Prescriber not in practice", "prescriber", SUSPECT, "38(七)/40(二)",
    needs="dr_info_b", filled="dr_info_b.endtime",
)  # fmt: skip
def not_in_practice(context: RuleContext) -> ibis.Table:
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
    span = ends.begun.cast("string").fill_null("") + "至" + ends.ended.cast("string").fill_null("今")
    return ends.mutate(message=said("医师", ends.dr, "执业期为", span, ",本次就诊不在其内"))


@rule(
    "R009", "超执业范围/科室", "Outside licence scope", "prescriber", SUSPECT, "38(七)/40(二)",
    needs="fee_list_d dr_info_b hilist_lmt_b", filled="hilist_lmt_b.lmt_type=caty dr_info_b.caty",
)  # fmt: skip
def outside_scope(context: RuleContext) -> ibis.Table:
    scopes = context.claims["dr_info_b"].filter(_.caty.notnull()).select("dr_code", "caty").distinct()
    rows = limited(context, "caty").inner_join(scopes, "dr_code")
    message = said("“", rows.item, "”限", rows["all"], "科别医师,开单医师科别为", rows.caty)
    return breaches(rows, starts(rows, "caty"), message)


@rule(
    "R078", "重复检查", "Repeat test", "place", SUSPECT, "38(二)",
    needs="fee_list_d hilist_b", filled="hilist_b.serv_type",
    days=Parameter(7, "days", "R078: same test <7 d (CT/MRI)"),
)  # fmt: skip
def repeat_test(context: RuleContext, days: float) -> ibis.Table:
    visits = context.facts.select(
        "mdtrt_id", "psn_no", "fixmedins_code", "level", "med_type", "course", "second"
    )
    scans = charged(context).filter(_.serv_type == LARGE_EXAM).inner_join(visits, "mdtrt_id")
    order = ibis.window(group_by=["psn_no", "hilist_code"], order_by=["day", "second", "mdtrt_id"])
    lagged = {
        f"last_{name}": scans[name].lag().over(order)
        for name in ("mdtrt_id", "day", "fixmedins_code", "level")
    }
    scans = scans.mutate(**lagged)
    scans = scans.mutate(gap=(scans.day.epoch_seconds() - scans.last_day.epoch_seconds()) / 86400)
    # Follow-up in one stay, emergencies, courses and what a higher hospital looks at again are left alone.
    bad = scans.filter(
        scans.gap < days, scans.mdtrt_id != scans.last_mdtrt_id, ~scans.course,
        scans.med_type.left(2) != "13",
        ~((scans.level > scans.last_level) & (scans.fixmedins_code != scans.last_fixmedins_code)),
    )  # fmt: skip
    message = said("项目", bad.hilist_code, text(bad.gap), "天前已在", bad.last_fixmedins_code, "做过")
    return bad.mutate(amount_in_question=bad.amount, message=message)


@rule(
    "R118", "医师工作量超限", "Doctor overload", "prescriber", SUSPECT, "38(二)",
    visits=Parameter(100, "outpatients a day", "R118: >100 visits/day"),
)  # fmt: skip
def overload(context: RuleContext, visits: float) -> ibis.Table:
    seen = context.facts.filter(context.facts.kind == OUTPATIENT, context.facts.dr_code.notnull())
    order = ibis.window(group_by=["dr_code", "day"], order_by=["second", "mdtrt_id"])
    seen = seen.mutate(nth=ibis.row_number().over(order) + 1)
    bad = seen.filter(seen.nth > visits)
    message = said("医师", bad.dr_code, "当日第", text(bad.nth), "名门诊患者")
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)


@rule(
    "R119", "医师住院期间开方", "Doctor is inpatient", "prescriber", SUSPECT, "38(七)",
    needs="dr_info_b", filled="dr_info_b.certno psn_info_b.certno",
)  # fmt: skip
def doctor_in_bed(context: RuleContext) -> ibis.Table:
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
    message = said(
        "医师", met.dr_code, met["first"].cast("string"), "至", met["last"].cast("string"), "在", met.bed
    )
    return met.select("mdtrt_id", amount_in_question=met.medfee_sumamt, message=message + "住院,其间仍接诊")


@rule(
    "R129", "同机多人/同电话", "Shared phone", "patient", SUSPECT, "41(一)",
    filled="psn_info_b.tel",
    persons=Parameter(2, "persons on one phone", "bureau scripts: phone >2 persons"),
    days=Parameter(1, "days between their visits", "own starting value: together is within a day"),
)  # fmt: skip
def shared_phone(context: RuleContext, persons: float, days: float) -> ibis.Table:
    # Families share a phone and a village; the unrelated come from several.
    people = context.claims["psn_info_b"].filter(_.tel.notnull()).select("psn_no", "tel", "live_admdvs")
    shared = people.group_by("tel").aggregate(n=_.psn_no.nunique(), villages=_.live_admdvs.nunique())
    shared = shared.filter(shared.n > persons, shared.villages > 1)
    visits = context.facts.filter(context.facts.kind == PHARMACY).select(
        "mdtrt_id", "psn_no", "fixmedins_code", "second", "medfee_sumamt"
    )
    visits = visits.inner_join(people, "psn_no").inner_join(shared, "tel")
    order = ibis.window(group_by=["tel", "fixmedins_code"], order_by=["second", "mdtrt_id"])
    visits = visits.mutate(
        gap=(visits.second - visits.second.lag().over(order)) / 86400, last=visits.psn_no.lag().over(order)
    )
    bad = visits.filter(visits["last"] != visits.psn_no, visits.gap <= days)
    message = said(
        "与另一参保人共用电话(共", text(bad.n), "人,来自", text(bad.villages), "个村社)并在同店相继购药"
    )
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)
