"""The course of a stay: overlaps, idle days, a day only, charges outside it (R050, R089-R091, R094)."""

import ibis
from ibis import _

from claims.as_of import STAY
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.dictionary_values import BIRTH, DAY_SURGERY, DIED, MOVED_ON, OPERATION, REFERRED
from features.rules.finding_text import figure, iso_date, item_name, place_name, sentence, whole_number
from features.rules.rule_context import RuleContext
from features.rules.stay_days import stays_with_days
from features.visits.codelists import BED_NURSING_ROUNDS


@rule(
    "R050", "计费日期超出住院期", "Charge outside the stay", "place", SUSPECT, "38(七)", schemes="M01 M10",
    official="GZ10000201008000", needs="fee_list_d",
    grace_days=Parameter(1, "days", "own starting value: emergency care before, results posted late"),
)  # fmt: skip
def charge_outside_stay(context: RuleContext, grace_days: float) -> ibis.Table:
    """Lines dated outside their stay."""
    stays = (
        stays_with_days(context)
        .filter(_["last"].notnull())
        .select("mdtrt_id", "first", "last", since="day", until="endtime")
    )
    rows = context.item_days.filter(_.cnt > 0).mutate(at=_.day.epoch_days()).inner_join(stays, "mdtrt_id")
    off = rows.filter((rows["at"] < rows["first"] - grace_days) | (rows["at"] > rows["last"] + grace_days))
    return off.select(
        "mdtrt_id",
        "setl_id",
        "bkkp_sn",
        amount_in_question=off.amount,
        message=sentence(
            "项目{item}计费日期{day}不在住院期间({since}至{until})",
            "{item} charged on {day}, outside the stay ({since} to {until})",
            item=item_name(off.hilist_code), day=iso_date(off.day), since=iso_date(off.since),
            until=iso_date(off.until.date()),
        ),
    )  # fmt: skip


@rule(
    "R089", "住院期间门诊或购药", "Outpatient or pharmacy during a stay", "patient", SUSPECT, "38(一)",
    schemes="M10 M13",
)  # fmt: skip
def outpatient_during_stay(context: RuleContext) -> ibis.Table:
    """Visits and purchases elsewhere on the inner days of a stay."""
    # Strictly between the days of admission and discharge; a course (dialysis) goes on during a stay.
    stays = stays_with_days(context).filter(_.los >= 2)
    stays = stays.select(
        "psn_no", "first", "last", bed="fixmedins_code", lay="mdtrt_id", since="day", until="endtime"
    )
    others = context.facts.filter(_.kind != STAY, ~_.course).mutate(at=_.day.epoch_days())
    met = others.inner_join(
        stays, [others.psn_no == stays.psn_no, others.at > stays.first, others.at < stays.last]
    )
    met = met.filter(met.bed != met.fixmedins_code)
    of_first = ("medfee_sumamt", "day", "bed", "since", "until")
    met = met.group_by("mdtrt_id").aggregate(**{name: met[name].argmin(met.lay) for name in of_first})
    return met.select(
        "mdtrt_id",
        amount_in_question=met.medfee_sumamt,
        message=sentence(
            "就诊或购药当日({day})患者正在{place}住院({since}至{until})",
            "on the day of the visit or purchase ({day}) the patient lay in {place} ({since} to {until})",
            place=place_name(met.bed), since=iso_date(met.since), until=iso_date(met.until.date()),
            day=iso_date(met.day),
        ),
    )  # fmt: skip


def _overlaps(context: RuleContext) -> ibis.Table:
    """Stays with an earlier stay of the person at another hospital, and the days they share (negative:
    none)."""
    # A newborn may lie elsewhere under its mother's card.
    stays = stays_with_days(context).filter(_.end_second.notnull(), ~_.med_type.startswith(BIRTH))
    early = stays.select(
        "psn_no", "second", "end_second", lay="mdtrt_id", bed="fixmedins_code", since="day", until="endtime"
    )
    late = stays.select(
        "mdtrt_id", "psn_no", "fixmedins_code", "second", "end_second", "los", "medfee_sumamt"
    )
    met = late.inner_join(early, "psn_no", rname="{name}_before")
    earlier = (met.second_before < met.second) | (
        (met.second_before == met.second) & (met.lay < met.mdtrt_id)
    )
    met = met.filter(met.bed != met.fixmedins_code, earlier)
    return met.mutate(shared=(ibis.least(met.end_second, met.end_second_before) - met.second) / 86400)


@rule(
    "R090", "住院重叠", "Two stays overlap", "patient", SUSPECT, "38(一)", schemes="M03",
    minimum_overlap_days=Parameter(1, "days", "own starting value: >=1 d in two hospitals"),
)  # fmt: skip
def overlapping_stays(context: RuleContext, minimum_overlap_days: float) -> ibis.Table:
    """The later of two overlapping stays at different hospitals."""
    met = _overlaps(context).filter(_.shared >= minimum_overlap_days)
    order = ibis.window(group_by="mdtrt_id", order_by=[ibis.desc("shared"), "lay"])
    longest = met.mutate(_nth=ibis.row_number().over(order)).filter(_._nth == 0)
    return longest.select(
        "mdtrt_id",
        # The share of the later stay that lies in both.
        amount_in_question=longest.medfee_sumamt
        * ibis.least(longest.shared / ibis.greatest(longest.los, 1), 1),
        message=sentence(
            "与在{place}的住院({since}至{until})重叠{days}天",
            "overlaps a stay at {place} ({since} to {until}); days in common: {days}",
            place=place_name(longest.bed), since=iso_date(longest.since),
            until=iso_date(longest.until.date()), days=figure(longest.shared.round(1)),
        ),
    )  # fmt: skip


def _idle_periods(stays: ibis.Table, billed: ibis.Table) -> ibis.Table:
    """Runs of days with bed, round and care charges only: mdtrt_id, _from, _to (the active day after), _run
    (days)."""
    active = billed.filter(~billed.charge.isin(BED_NURSING_ROUNDS).fill_null(False))
    # The day before admission and the day of discharge close the row of active days.
    ends = ibis.union(
        stays.select("mdtrt_id", at=stays["first"] - 1), stays.select("mdtrt_id", at=stays["last"])
    )
    marks = ibis.union(active.select("mdtrt_id", "at").distinct(), ends, distinct=True)
    marks = marks.inner_join(stays, "mdtrt_id")
    marks = marks.filter(marks["at"].between(marks["first"] - 1, marks["last"]))
    last = marks["at"].lag().over(ibis.window(group_by="mdtrt_id", order_by="at"))
    return marks.mutate(_from=last + 1, _run=marks["at"] - last - 1).select(
        "mdtrt_id", "_from", "_run", _to=marks["at"]
    )


@rule(
    "R091", "空窗日", "Idle days in a stay", "place", SUSPECT, "38(一)", schemes="M10 M01 M44",
    needs="fee_list_d hilist_b",
    minimum_idle_days=Parameter(3, "days", "挂床 >=3 idle days, yingyan C-302"),
)  # fmt: skip
def idle_stay(context: RuleContext, minimum_idle_days: float) -> ibis.Table:
    """Stays with consecutive days of bed, round and care charges only."""
    # `idle_days` is null where a bill carries one date for the whole stay and says nothing about its days.
    stays = stays_with_days(context).filter(_.idle_days >= minimum_idle_days, ~_.bed_days)
    stays = stays.select("mdtrt_id", "first", "last")
    billed = context.item_days.filter(_.cnt > 0).semi_join(stays, "mdtrt_id").mutate(at=_.day.epoch_days())
    gaps = _idle_periods(stays, billed).filter(_._run >= minimum_idle_days)
    kept = billed.filter(billed.charge.isin(BED_NURSING_ROUNDS)).group_by("mdtrt_id", "at")
    kept = kept.aggregate(spent=_.amount.sum())
    paid = gaps.left_join(
        kept, [gaps.mdtrt_id == kept.mdtrt_id, kept["at"] >= gaps._from, kept["at"] < gaps._to]
    )
    sums = paid.group_by("mdtrt_id").aggregate(spent=_.spent.sum().fill_null(0), run=_._run.max())
    message = sentence(
        "住院期间连续{days}天只有床位、诊查、护理费用",
        "{days} days of the stay in a row with charges for bed, round and care only",
        days=whole_number(sums.run),
    )
    # What the bed, the round and the care of the idle days cost.
    return sums.select("mdtrt_id", amount_in_question=sums.spent, message=message)


@rule(
    "R094", "超短住院", "Stay of a day", "place", SUSPECT, "38(二)", schemes="M04 M12",
    maximum_days=Parameter(1, "days", "own starting value: LOS<=1"),
    minimum_cost_ratio=Parameter(1.0, "times", "own starting value: costs as much as a whole stay"),
)  # fmt: skip
def full_cost_one_day_stay(
    context: RuleContext, maximum_days: float, minimum_cost_ratio: float
) -> ibis.Table:
    """Stays of a day, without a reason to leave early, that cost as much as usual ones."""
    stays = stays_with_days(context)
    operated = context.item_days.filter(_.charge == OPERATION, _.cnt > 0)
    short = stays.anti_join(operated, "mdtrt_id").filter(
        stays.los <= maximum_days,
        stays.cost_ratio >= minimum_cost_ratio,
        ~stays.course,
        # Operated, delivered, referred, died or moved on: there was a reason to leave early.
        ~stays.med_type.left(2).isin([DAY_SURGERY, BIRTH, REFERRED]),
        ~stays.dscg_way.isin(MOVED_ON + DIED).fill_null(False),
        ~(stays.days_since_death > 0).fill_null(False),
    )
    return short.select(
        "mdtrt_id",
        amount_in_question=short.medfee_sumamt,
        message=sentence(
            "住院{days}天,费用{yuan}元,为同病组通常水平的{times}倍",
            "days in hospital: {days}; {yuan} yuan, {times} times what is usual for the disease group",
            days=whole_number(short.los), yuan=whole_number(short.medfee_sumamt),
            times=figure(short.cost_ratio.round(1)),
        ),
    )  # fmt: skip
