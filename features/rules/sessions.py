"""Rules about sessions that need presence: dialysis, scans, rehabilitation, long-term care (R095-R104)."""

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, STAY
from features.rules.billing import MATERIAL, TESTED, in_figures, line_finding, without
from features.rules.engine import SUSPECT, Parameter, RuleContext, rule
from features.visits.codelists import DIALYSIS, DRUGS, LARGE_EXAM, REHAB

# A session of dialysis uses one of these; the names are those of the national catalogue of consumables.
DIALYSER = "透析器"


def _sessions(context: RuleContext, service: str) -> ibis.Table:
    """Lines of a service with the person, the place and the kind of visit."""
    visits = context.facts.select("mdtrt_id", "psn_no", "fixmedins_code", "kind", "dr_code")
    rows = context.item_days.filter(_.serv_type == service, _.cnt > 0).inner_join(visits, "mdtrt_id")
    return rows.mutate(at=rows.day.epoch_days(), unit=rows.amount / rows.cnt)


@rule(
    "R095", "住院与长护重叠", "Long-term care during a stay", "patient", SUSPECT, "41(二)",
    needs="ltci_trt_d", filled="ltci_trt_d.serv_begntime",
)  # fmt: skip
def care_during_stay(context: RuleContext) -> ibis.Table:
    # Services on inner days of a stay; on the days of admission and discharge the person was at home as well.
    stays = context.facts.filter(_.care_days > 0)
    services = context.claims["ltci_trt_d"].filter(
        _.serv_begntime.notnull(), _.serv_begntime < context.claims.as_of
    )
    services = services.select("psn_no", "fund_payamt", serv_day=_.serv_begntime.date())
    met = stays.inner_join(
        services,
        ["psn_no", services.serv_day > stays.day, services.serv_day < stays.endtime.date()],
    )
    sums = met.group_by("mdtrt_id", "care_days", "medfee_sumamt", "fund_pay_sumamt").aggregate(
        paid=_.fund_payamt.sum().fill_null(0)
    )
    return sums.select(
        "mdtrt_id",
        # The care was paid by its own fund; the engine takes the stay's share of this, so undo it.
        amount_in_question=(sums.paid * sums.medfee_sumamt / sums.fund_pay_sumamt.nullif(0)).fill_null(0),
        message=ibis.literal("住院期间仍有") + sums.care_days.cast("string") + "天长期护理服务记录,长护基金支付"
        + in_figures(sums.paid) + "元",
    )  # fmt: skip


@rule(
    "R098", "失能等级可疑", "Disability contradicted", "patient", SUSPECT, "41",
    filled="ltci_trt_d.dsabasmt_lv",
    level=Parameter(4, "level", "R098: level>=4 of 0-5"),
    visits=Parameter(3, "visits a month", "R098: >=3 self visits/month"),
)  # fmt: skip
def able_disabled(context: RuleContext, level: float, visits: float) -> ibis.Table:
    graded = context.claims["ltci_trt_d"].filter(_.dsabasmt_lv.try_cast("float64") >= level)
    graded = graded.select(
        "psn_no", since=_.trt_begndate, until=_.trt_enddate, grade=_.dsabasmt_lv
    ).distinct()
    # Somebody else may fetch medicine; dialysis patients are brought.
    seen = context.facts.filter(_.kind == OUTPATIENT, ~_.course)
    met = seen.inner_join(graded, ["psn_no", seen.begntime >= graded.since])
    met = met.filter((met.begntime <= met.until).fill_null(True))
    met = met.group_by("mdtrt_id", "psn_no", "month", "second", "medfee_sumamt").aggregate(
        grade=_.grade.max()
    )
    order = ibis.window(group_by=["psn_no", "month"], order_by=["second", "mdtrt_id"])
    met = met.mutate(_nth=ibis.row_number().over(order) + 1).filter(_._nth >= visits)
    return met.select(
        "mdtrt_id",
        # What contradicts the grade is no loss of its own.
        amount_in_question=ibis.literal(0.0),
        message=ibis.literal("失能等级")
        + met.grade
        + "级,当月第"
        + met._nth.cast("string")
        + "次自行门诊就医",
    )


@rule(
    "R099", "血透次数超上限", "Too many dialysis sessions", "place", SUSPECT, "40(三)/38(三)",
    needs="fee_list_d hilist_b", filled="hilist_b.serv_type",
    a_day=Parameter(1, "sessions", "R099: 2/day is one too many"),
    a_week=Parameter(3, "sessions", "dialysis 3/week, 丽水/黑河; some places 4"),
    a_month=Parameter(14, "sessions", "R099: >13-14/month"),
)  # fmt: skip
def too_much_dialysis(context: RuleContext, a_day: float, a_week: float, a_month: float) -> ibis.Table:
    rows = _sessions(context, DIALYSIS)
    # A session may be charged as several items (dialysis with perfusion): as many as of one of them.
    same = rows.group_by("psn_no", "day", "hilist_code").aggregate(done=_.cnt.sum())
    days = same.group_by("psn_no", "day").aggregate(done=_.done.max())
    days = days.mutate(week=days.day.truncate("W"), month=days.day.truncate("M"))
    spans = {
        span: days.done.sum().over(
            ibis.window(group_by=["psn_no", span], order_by="day", preceding=None, following=0)
        )
        for span in ("week", "month")
    }
    days = days.mutate(in_week=spans["week"], in_month=spans["month"])
    over = ibis.greatest(days.done - a_day, days.in_week - a_week, days.in_month - a_month)
    days = days.mutate(over=ibis.least(over, days.done)).filter(_.over > 0)
    # The last charges of the day are the ones too many. Acute illness may need dialysis every day, so in a
    # ward only a second session on a day is named.
    order = ibis.window(
        group_by=["psn_no", "day", "hilist_code"],
        order_by=[ibis.desc("mdtrt_id")],
        preceding=None,
        following=0,
    )
    rows = rows.mutate(_later=rows.cnt.sum().over(order) - rows.cnt)
    met = rows.inner_join(
        days.select("psn_no", "day", "done", "in_week", "in_month", "over"), ["psn_no", "day"]
    )
    allowed = ibis.ifelse(met.kind == STAY, ibis.greatest(met.done - a_day, 0), met.over)
    met = met.mutate(_over=ibis.least(allowed - met._later, met.cnt)).filter(_._over > 0)
    return line_finding(
        met,
        met._over * met.unit,
        ibis.literal("当日透析") + in_figures(met.done) + "次,本周累计" + in_figures(met.in_week) + "次,本月累计"
        + in_figures(met.in_month) + "次",
    )  # fmt: skip


@rule(
    "R100", "透析器与透析次数不符", "Dialysers do not match sessions", "place", SUSPECT, "40(三)/38(三)",
    needs="fee_list_d hilist_b", filled="hilist_b.serv_type",
    kept=Parameter(0.5, "dialysers a session", "own starting value: below it a place charges none by habit"),
)  # fmt: skip
def dialysers_match(context: RuleContext, kept: float) -> ibis.Table:
    names = context.claims["hilist_b"].filter(
        _.med_chrgitm_type == MATERIAL, _.hilist_name.contains(DIALYSER)
    )
    rows = context.item_days.mutate(
        dialyser=_.hilist_code.isin(names.hilist_code), session=(_.serv_type == DIALYSIS).fill_null(False)
    )
    rows = rows.filter(rows.dialyser | rows.session)
    # A session charged as several items (with perfusion) is one. Returned dialysers are netted in the month.
    items = rows.group_by("mdtrt_id", "day", "hilist_code", "dialyser").aggregate(
        cnt=_.cnt.sum(), amount=_.amount.sum(), bkkp_sn=_.bkkp_sn.max(), setl_id=_.setl_id.max()
    )
    days = items.group_by("mdtrt_id", "day").aggregate(
        sessions=_.cnt.max(where=~_.dialyser).fill_null(0),
        paid=_.amount.sum(where=~_.dialyser).fill_null(0),
        dialysers=_.cnt.sum(where=_.dialyser).fill_null(0),
        spent=_.amount.sum(where=_.dialyser).fill_null(0),
    )
    who = context.facts.select("mdtrt_id", "psn_no", "fixmedins_code", "month", "second")
    visits = days.group_by("mdtrt_id").aggregate(
        **{name: days[name].sum() for name in ("sessions", "paid", "dialysers", "spent")}
    )
    visits = visits.inner_join(who, "mdtrt_id")
    place = ibis.window(group_by="fixmedins_code")
    visits = visits.mutate(
        _usual=visits.dialysers.sum().over(place) / visits.sessions.sum().over(place).nullif(0)
    )
    # Of one person's month: a dialyser may be charged on another bill than its session.
    sums = visits.filter(_._usual >= kept).group_by("psn_no", "fixmedins_code", "month").aggregate(
        mdtrt_id=_.mdtrt_id.argmax(_.second),
        **{name: _[name].sum() for name in ("sessions", "paid", "dialysers", "spent")},
    )  # fmt: skip
    odd = sums.mutate(_off=sums.dialysers - sums.sessions).filter(_._off.abs() > 0.5)
    return odd.select(
        "mdtrt_id",
        amount_in_question=ibis.ifelse(
            odd._off > 0,
            odd._off * odd.spent / odd.dialysers.nullif(0),
            -odd._off * odd.paid / odd.sessions.nullif(0),
        ).round(2),
        message=ibis.literal("本月透析")
        + in_figures(odd.sessions)
        + "次,透析器收费"
        + in_figures(odd.dialysers)
        + "支",
    )


def _unsigned(context: RuleContext, service: str, outage: float) -> ibis.Table:
    """Sessions that the register of presence does not know, at places that keep it, since their first entry.

    A day on which a place had several patients and none signed in is taken for a failure of its device.
    """
    signs = context.claims["psn_sign_d"].filter(_.serv_type == service)
    signs = signs.select("psn_no", "fixmedins_code", day=_.sign_in_time.date()).distinct()
    since = signs.group_by("fixmedins_code").aggregate(since=_.day.min())
    rows = _sessions(context, service).filter(_.kind != STAY).inner_join(since, "fixmedins_code")
    rows = rows.filter(rows.day >= rows.since)
    rows = rows.left_join(signs.mutate(signed=True), ["psn_no", "fixmedins_code", "day"], rname="{name}_sign")
    day = ibis.window(group_by=["fixmedins_code", "day"])
    rows = rows.mutate(
        _signed=rows.signed.fill_null(False).any().over(day), _patients=rows.psn_no.nunique().over(day)
    )
    return rows.filter(rows.signed.isnull(), rows._signed | (rows._patients < outage))


OUTAGE = Parameter(5, "patients", "own starting value: so many without a sign-in are a device that failed")


@rule(
    "R101", "透析无签到", "Dialysis without sign-in", "place", SUSPECT, "40(三)/38(三)",
    needs="fee_list_d hilist_b psn_sign_d", filled="hilist_b.serv_type", outage=OUTAGE,
)  # fmt: skip
def unsigned_dialysis(context: RuleContext, outage: float) -> ibis.Table:
    rows = _unsigned(context, DIALYSIS, outage)
    message = ibis.literal("透析项目") + rows.hilist_code + "于" + rows.day.strftime("%Y-%m-%d")
    return line_finding(
        rows, rows.amount, message + "收费" + in_figures(rows.amount) + "元,当日无本人实名签到"
    )


@rule(
    "R102", "促红素无指征", "EPO without a blood test", "place", SUSPECT, "40(三)/38(三)",
    needs="fee_list_d hilist_b hilist_rela_b", filled="hilist_rela_b.rela_type=4",
    days=Parameter(30, "days", "R102: no Hb in 30 d"),
)  # fmt: skip
def drug_without_test(context: RuleContext, days: float) -> ibis.Table:
    # Which drug asks for which test stands in the catalogue (hilist_rela_b, kind 4).
    rows = without(context, TESTED, days).filter(_.charge.isin(DRUGS))
    message = ibis.literal("药品") + rows.hilist_name + "于" + rows.day.strftime("%Y-%m-%d")
    return line_finding(rows, rows.amount, message + f"收费,此前{int(days)}天内无规定的检验")


@rule(
    "R103", "大型检查无签到", "Scan without sign-in or report", "place", SUSPECT, "40(三)/38(三)",
    needs="fee_list_d hilist_b psn_sign_d", filled="hilist_b.serv_type", outage=OUTAGE,
    days=Parameter(7, "days", "own starting value: a report may be written so much later"),
)  # fmt: skip
def unsigned_scan(context: RuleContext, outage: float, days: float) -> ibis.Table:
    rows = _unsigned(context, LARGE_EXAM, outage).mutate(message=ibis.literal("当日无本人实名签到"))
    rows = rows.select("mdtrt_id", "setl_id", "bkkp_sn", "hilist_code", "day", "amount", "message")
    if "exam_rpt_d" in context.claims.present:
        rows = rows.union(_unreported(context, days))
    # One finding a line; what both registers miss is said once.
    keys = ["mdtrt_id", "setl_id", "bkkp_sn", "hilist_code", "day", "amount"]
    rows = rows.group_by(keys).aggregate(message=_.message.max())
    message = ibis.literal("大型检查") + rows.hilist_code + "于" + rows.day.strftime("%Y-%m-%d")
    return line_finding(rows, rows.amount, message + "收费," + rows.message)


def _unreported(context: RuleContext, days: float) -> ibis.Table:
    """Scans without a report of the person and place, at places that send reports, once it is due."""
    reports = context.claims["exam_rpt_d"]
    since = reports.group_by("fixmedins_code").aggregate(since=_.rpt_time.date().min())
    rows = _sessions(context, LARGE_EXAM).inner_join(since, "fixmedins_code")
    due = ibis.literal(context.claims.as_of).date().epoch_days() - days
    rows = rows.filter(rows.day >= rows.since, rows["at"] < due)
    written = reports.select(
        "psn_no", "fixmedins_code", written=_.rpt_time.date().epoch_days(), item=_.hilist_code
    )
    met = rows.inner_join(written, ["psn_no", "fixmedins_code"])
    met = met.filter(
        (met.written - met["at"]).between(0, days), (met.item == met.hilist_code).fill_null(True)
    )
    rows = rows.anti_join(met.select("mdtrt_id", "bkkp_sn"), ["mdtrt_id", "bkkp_sn"])
    message = ibis.literal("无检查报告")
    return rows.select("mdtrt_id", "setl_id", "bkkp_sn", "hilist_code", "day", "amount", message=message)


@rule(
    "R104", "康复理疗无签到或超产能", "Rehabilitation without presence", "place", SUSPECT, "40(三)/38(三)",
    needs="fee_list_d hilist_b psn_sign_d", filled="hilist_b.serv_type", outage=OUTAGE,
    minutes=Parameter(480, "minutes a day", "R104: therapist-minutes >480/day"),
)  # fmt: skip
def unsigned_rehab(context: RuleContext, outage: float, minutes: float) -> ibis.Table:
    rows = _unsigned(context, REHAB, outage)
    message = ibis.literal("康复理疗") + rows.hilist_code + "于" + rows.day.strftime("%Y-%m-%d")
    unsigned = line_finding(rows, rows.amount, message + "收费,当日无本人实名签到")
    # How long a unit takes stands in the catalogue (serv_mins); therapists are known by the doctor in charge.
    lasting = context.claims["hilist_b"].filter(_.serv_mins > 0).select("hilist_code", "serv_mins")
    work = (
        _sessions(context, REHAB)
        .filter(_.dr_code.notnull(), _.kind != STAY)
        .inner_join(lasting, "hilist_code")
    )
    order = ibis.window(
        group_by=["dr_code", "day"], order_by=["mdtrt_id", "bkkp_sn"], preceding=None, following=0
    )
    work = work.mutate(_took=work.cnt * work.serv_mins)
    work = work.mutate(_total=work._took.sum().over(order))
    over = work.mutate(_over=ibis.least(work._total - minutes, work._took)).filter(_._over > 0)
    message = ibis.literal("治疗师") + over.dr_code + "于" + over.day.strftime("%Y-%m-%d") + "累计"
    crowded = line_finding(
        over, over._over / over.serv_mins * over.unit, message + in_figures(over._total) + "分钟"
    )
    return unsigned.union(crowded)
