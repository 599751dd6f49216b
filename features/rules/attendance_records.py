"""Sessions without a sign-in or a report (R101, R103, R104)."""

import ibis
from ibis import _

from claims.as_of import STAY, as_of_time
from features.distinct_counts import with_distinct
from features.rules.billed_lines import service_lines
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.finding_text import either, figure, iso_date, item_name, line_finding, sentence
from features.rules.rule_context import RuleContext
from features.visits.codelists import DIALYSIS, LARGE_EXAM, REHAB
from features.visits.registers import OUTAGE_VISITS, signed_days

OUTAGE = Parameter(
    OUTAGE_VISITS, "patients", "own starting value: so many without a sign-in are a device that failed"
)


def _without_sign_in(context: RuleContext, service: str, outage_patients: float) -> ibis.Table:
    """Sessions that the register of presence does not know, at places that keep it, since their first entry.

    A day on which a place had several patients and none signed in is taken for a failure of its device.
    """
    signs = signed_days(context.claims, service).drop("serv_type")
    since = signs.group_by("fixmedins_code").aggregate(since=_.day.min())
    rows = service_lines(context, service).filter(_.kind != STAY).inner_join(since, "fixmedins_code")
    rows = rows.filter(rows.day >= rows.since)
    rows = rows.left_join(signs.mutate(signed=True), ["psn_no", "fixmedins_code", "day"], rname="{name}_sign")
    day = ["fixmedins_code", "day"]
    rows = rows.mutate(_signed=rows.signed.fill_null(False).any().over(group_by=day))
    rows = with_distinct(rows, "psn_no", day, "_patients")
    return rows.filter(rows.signed.isnull(), rows._signed | (rows._patients < outage_patients))


def _without_report(context: RuleContext, report_days: float) -> ibis.Table:
    """Scans without a report of the person and place, at places that send reports, once it is due."""
    reports = context.claims["exam_rpt_d"]
    since = reports.group_by("fixmedins_code").aggregate(since=_.rpt_time.date().min())
    rows = service_lines(context, LARGE_EXAM).inner_join(since, "fixmedins_code")
    due = as_of_time().date().epoch_days() - report_days
    rows = rows.filter(rows.day >= rows.since, rows["at"] < due)
    written = reports.select(
        "psn_no", "fixmedins_code", written=_.rpt_time.date().epoch_days(), item=_.hilist_code
    )
    met = rows.inner_join(written, ["psn_no", "fixmedins_code"])
    met = met.filter(
        (met.written - met["at"]).between(0, report_days), (met.item == met.hilist_code).fill_null(True)
    )
    rows = rows.anti_join(met.select("mdtrt_id", "bkkp_sn"), ["mdtrt_id", "bkkp_sn"])
    return rows.select("mdtrt_id", "setl_id", "bkkp_sn", "hilist_code", "day", "amount", signed=True)


@rule(
    "R101", "透析无签到", "Dialysis without sign-in", "place", SUSPECT, "40(三)/38(三)", schemes="M28",
    needs="fee_list_d hilist_b psn_sign_d", filled="hilist_b.serv_type", outage_patients=OUTAGE,
)  # fmt: skip
def no_sign_in_dialysis(context: RuleContext, outage_patients: float) -> ibis.Table:
    """Dialysis on days without a sign-in of the person."""
    rows = _without_sign_in(context, DIALYSIS, outage_patients)
    message = sentence(
        "透析项目{item}于{day}收费{yuan}元,当日无本人实名签到",
        "dialysis {item} charged on {day} for {yuan} yuan; the patient did not sign in that day",
        item=item_name(rows.hilist_code), day=iso_date(rows.day), yuan=figure(rows.amount),
    )  # fmt: skip
    return line_finding(rows, rows.amount, message)


@rule(
    "R103", "大型检查无签到", "Scan without sign-in or report", "place", SUSPECT, "40(三)/38(三)",
    needs="fee_list_d hilist_b psn_sign_d", filled="hilist_b.serv_type", outage_patients=OUTAGE,
    report_days=Parameter(7, "days", "own starting value: a report may be written so much later"),
)  # fmt: skip
def unsigned_scan(context: RuleContext, outage_patients: float, report_days: float) -> ibis.Table:
    """Large examinations without a sign-in or a report."""
    keys = ["mdtrt_id", "setl_id", "bkkp_sn", "hilist_code", "day", "amount"]
    rows = _without_sign_in(context, LARGE_EXAM, outage_patients).select(*keys, signed=False)
    if "exam_rpt_d" in context.claims.present:
        rows = rows.union(_without_report(context, report_days))
    # One finding a line, also where both registers miss it.
    rows = rows.group_by(keys).aggregate(signed=_.signed.any())
    missing = either(
        rows.signed, ("无检查报告", "there is no report"),
        ("当日无本人实名签到", "the patient did not sign in that day"),
    )  # fmt: skip
    message = sentence(
        "大型检查{item}于{day}收费,{missing}", "examination {item} charged on {day}; {missing}",
        item=item_name(rows.hilist_code), day=iso_date(rows.day), missing=missing,
    )  # fmt: skip
    return line_finding(rows, rows.amount, message)


def _beyond_capacity(context: RuleContext, maximum_minutes: float) -> ibis.Table:
    """Rehabilitation beyond a therapist's minutes of a day, outside wards.

    How long a unit takes is in the catalogue (serv_mins); the therapist is the doctor in charge.
    """
    lasting = context.claims["hilist_b"].filter(_.serv_mins > 0).select("hilist_code", "serv_mins")
    work = service_lines(context, REHAB).filter(_.dr_code.notnull(), _.kind != STAY)
    work = work.inner_join(lasting, "hilist_code")
    order = ibis.window(
        group_by=["dr_code", "day"], order_by=["mdtrt_id", "bkkp_sn"], preceding=None, following=0
    )
    work = work.mutate(_took=work.cnt * work.serv_mins)
    work = work.mutate(_total=work._took.sum().over(order))
    over = work.mutate(_over=ibis.least(work._total - maximum_minutes, work._took)).filter(_._over > 0)
    message = sentence(
        "治疗师{who}于{day}累计{minutes}分钟", "therapist {who} had billed {minutes} minutes on {day}",
        who=over.dr_code, day=iso_date(over.day), minutes=figure(over._total),
    )  # fmt: skip
    return line_finding(over, over._over / over.serv_mins * over.unit, message)


@rule(
    "R104", "康复理疗无签到或超产能", "Rehabilitation without presence", "place", SUSPECT, "40(三)/38(三)",
    schemes="M45", needs="fee_list_d hilist_b psn_sign_d", filled="hilist_b.serv_type",
    outage_patients=OUTAGE,
    maximum_minutes=Parameter(480, "minutes a day", "own starting value: therapist-minutes >480/day"),
)  # fmt: skip
def no_sign_in_rehab(context: RuleContext, outage_patients: float, maximum_minutes: float) -> ibis.Table:
    """Rehabilitation without a sign-in, and beyond a therapist's minutes of a day."""
    rows = _without_sign_in(context, REHAB, outage_patients)
    message = sentence(
        "康复理疗{item}于{day}收费,当日无本人实名签到",
        "rehabilitation {item} charged on {day}; the patient did not sign in that day",
        item=item_name(rows.hilist_code), day=iso_date(rows.day),
    )  # fmt: skip
    no_sign_in = line_finding(rows, rows.amount, message)
    return no_sign_in.union(_beyond_capacity(context, maximum_minutes))
