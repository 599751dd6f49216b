"""Dialysis sessions and the dialysers that belong to them (R099, R100)."""

import ibis
from ibis import _

from claims.as_of import STAY
from features.rules.billed_lines import service_lines
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.dictionary_values import MATERIALS
from features.rules.finding_text import figure, line_finding, sentence
from features.rules.rule_context import RuleContext
from features.visits.codelists import DIALYSIS

# A session of dialysis uses one of these; the names are those of the national catalogue of consumables.
DIALYSER = "透析器"
_COUNTED = ("sessions", "dialysers")


def _sessions_so_far(rows: ibis.Table) -> ibis.Table:
    """Sessions of a person's day (done), of its week and month (in_week, in_month), and of these the day's
    and those that count before it (to_week, to_month): the days with a sign-in first, then by date."""
    # A session may be charged as several items (dialysis with perfusion): as many as of one of them.
    same = rows.group_by("psn_no", "day", "hilist_code").aggregate(
        done=_.cnt.sum(), no_sign_in=_.no_sign_in.max()
    )
    days = same.group_by("psn_no", "day").aggregate(done=_.done.max(), no_sign_in=_.no_sign_in.max())
    days = days.mutate(week=days.day.truncate("W"), month=days.day.truncate("M"))
    spans = {}
    for span in ("week", "month"):
        whole = ibis.window(group_by=["psn_no", span])
        so_far = ibis.window(
            group_by=["psn_no", span], order_by=["no_sign_in", "day"], preceding=None, following=0
        )
        spans[f"in_{span}"] = days.done.sum().over(whole)
        spans[f"to_{span}"] = days.done.sum().over(so_far)
    return days.mutate(**spans).drop("week", "month", "no_sign_in")


@rule(
    "R099", "血透次数超上限", "Too many dialysis sessions", "place", SUSPECT, "40(三)/38(三)", schemes="M28",
    needs="fee_list_d hilist_b", filled="hilist_b.serv_type",
    maximum_per_day=Parameter(1, "sessions", "own starting value: 2/day is one too many"),
    maximum_per_week=Parameter(3, "sessions", "dialysis 3/week, 丽水/黑河; some places 4"),
    maximum_per_month=Parameter(14, "sessions", "own starting value: >13-14/month"),
)  # fmt: skip
def too_much_dialysis(
    context: RuleContext, maximum_per_day: float, maximum_per_week: float, maximum_per_month: float
) -> ibis.Table:
    """Dialysis sessions beyond the number of a day, a week or a month. Where nobody signed in, a session is
    the one too many before those that were attended, so that one session is not in question twice (R101)."""
    attended = context.facts.select("mdtrt_id", no_sign_in=(_.no_sign_in > 0).fill_null(False).cast("int8"))
    rows = service_lines(context, DIALYSIS).inner_join(attended, "mdtrt_id")
    days = _sessions_so_far(rows)
    over = ibis.greatest(
        days.done - maximum_per_day, days.to_week - maximum_per_week, days.to_month - maximum_per_month
    )
    days = days.mutate(over=ibis.least(over, days.done)).filter(_.over > 0)
    # Of a day the charges without a sign-in are the ones too many, then the last.
    item_day, last_first = ["psn_no", "day", "hilist_code"], [ibis.desc("no_sign_in"), ibis.desc("mdtrt_id")]
    order = ibis.window(group_by=item_day, order_by=last_first, preceding=None, following=0)
    rows = rows.mutate(_later=rows.cnt.sum().over(order) - rows.cnt)
    met = rows.inner_join(days, ["psn_no", "day"])
    # Acute illness may need dialysis every day, so in a ward only a second session on a day is named.
    allowed = ibis.ifelse(met.kind == STAY, ibis.greatest(met.done - maximum_per_day, 0), met.over)
    met = met.mutate(_over=ibis.least(allowed - met._later, met.cnt)).filter(_._over > 0)
    limits = [f"{most:g}" for most in (maximum_per_day, maximum_per_week, maximum_per_month)]
    message = sentence(
        "当日透析{done}次,本周共{week}次,本月共{month}次(每日、每周、每月上限{limits}次)",
        "sessions of dialysis: {done} that day, {week} that week, {month} that month (at most {limits} a "
        "day, a week, a month)",
        done=figure(met.done), week=figure(met.in_week), month=figure(met.in_month),
        limits=("、".join(limits), ", ".join(limits)),
    )  # fmt: skip
    return line_finding(met, met._over * met.unit, message)


def _dialysis_items(context: RuleContext) -> ibis.Table:
    """Dialysers and dialysis by visit, day and item: mdtrt_id, setl_id, bkkp_sn, day, hilist_code, dialyser,
    cnt, amount."""
    names = context.claims["hilist_b"].filter(
        _.med_chrgitm_type == MATERIALS, _.hilist_name.contains(DIALYSER)
    )
    rows = context.item_days.mutate(
        dialyser=_.hilist_code.isin(names.hilist_code), session=(_.serv_type == DIALYSIS).fill_null(False)
    )
    rows = rows.filter(rows.dialyser | rows.session)
    return rows.group_by("mdtrt_id", "day", "hilist_code", "dialyser").aggregate(
        cnt=_.cnt.sum(), amount=_.amount.sum(), bkkp_sn=_.bkkp_sn.min(), setl_id=_.setl_id.min()
    )


def _dialysers_by_visit(context: RuleContext) -> ibis.Table:
    """Sessions and dialysers of a visit (numbers and yuan) with its person, place, month and time, the
    settlement and the first line of either (session_line, dialyser_line)."""
    items = _dialysis_items(context)
    # A session charged as several items (with perfusion) is one. Returned dialysers are netted in the month.
    days = items.group_by("mdtrt_id", "day").aggregate(
        sessions=_.cnt.max(where=~_.dialyser).fill_null(0),
        paid=_.amount.sum(where=~_.dialyser).fill_null(0),
        dialysers=_.cnt.sum(where=_.dialyser).fill_null(0),
        spent=_.amount.sum(where=_.dialyser).fill_null(0),
        session_line=_.bkkp_sn.min(where=~_.dialyser),
        dialyser_line=_.bkkp_sn.min(where=_.dialyser),
        setl_id=_.setl_id.min(),
    )
    visits = days.group_by("mdtrt_id").aggregate(
        **{name: days[name].sum() for name in ("sessions", "paid", "dialysers", "spent")},
        **{name: days[name].min() for name in ("session_line", "dialyser_line", "setl_id")},
    )
    who = context.facts.select("mdtrt_id", "psn_no", "fixmedins_code", "month", "second")
    return visits.inner_join(who, "mdtrt_id")


@rule(
    "R100", "透析器与透析次数不符", "Dialysers do not match sessions", "place", SUSPECT, "40(三)/38(三)",
    schemes="M28", needs="fee_list_d hilist_b", filled="hilist_b.serv_type",
    minimum_dialysers_per_session=Parameter(0.5, "dialysers", "own starting value: else none charged"),
)  # fmt: skip
def dialyser_mismatch(context: RuleContext, minimum_dialysers_per_session: float) -> ibis.Table:
    """Months in which a person's dialysers do not match the sessions; in question are the visits that lack
    the dialyser or have one too many."""
    visits = _dialysers_by_visit(context)
    place = ibis.window(group_by="fixmedins_code")
    sessions = visits.sessions.sum().over(place).nullif(0)
    visits = visits.mutate(_usual=visits.dialysers.sum().over(place) / sessions)
    # Of one person's month: a dialyser may be charged on another bill than its session.
    visits = visits.filter(_._usual >= minimum_dialysers_per_session)
    month = ["psn_no", "fixmedins_code", "month"]
    in_month = {f"_{name}": visits[name].sum().over(ibis.window(group_by=month)) for name in _COUNTED}
    odd = visits.mutate(**in_month).mutate(_off=_._dialysers - _._sessions).filter(_._off.abs() > 0.5)
    more = odd._off > 0
    odd = odd.mutate(_more=more, _own=(odd.dialysers - odd.sessions) * more.ifelse(1, -1))
    # The visits that are furthest off, the latest first, until the month's difference is explained.
    order = ibis.window(
        group_by=month, order_by=[ibis.desc("_own"), ibis.desc("second"), "mdtrt_id"], preceding=None,
        following=0,
    )  # fmt: skip
    odd = odd.filter(_._own > 0)
    odd = odd.mutate(_left=odd._off.abs() - odd._own.sum().over(order) + odd._own).filter(_._left > 0)
    unit = odd._more.ifelse(odd.spent / odd.dialysers.nullif(0), odd.paid / odd.sessions.nullif(0))
    message = sentence(
        "本月透析{sessions}次,透析器收费{dialysers}支",
        "sessions of dialysis charged that month: {sessions}; dialysers charged: {dialysers}",
        sessions=figure(odd._sessions), dialysers=figure(odd._dialysers),
    )  # fmt: skip
    return line_finding(
        odd.mutate(bkkp_sn=odd._more.ifelse(odd.dialyser_line, odd.session_line)),
        ibis.least(odd._own, odd._left) * unit,
        message,
    )
