"""Rules about the course of stays: split, overlapping, empty, crowded (R050, R084-R094)."""

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, STAY
from features.rules.engine import SUSPECT, Parameter, RuleContext, rule
from features.visits.codelists import HOUSEKEEPING
from features.windows import YEAR

# Left by doctor's order to another hospital or to the community; died (fields.md, dscg_way).
MOVED_ON, DIED = ["2", "3"], ["5"]
# Referred in from elsewhere, admitted from the emergency room, admitted for a birth.
REFERRED, EMERGENCY, BIRTH = "23", "24", "52"
DAY_SURGERY, BED_DAYS = "28", "2105"
OPERATION = "06"


def _stays(context: RuleContext) -> ibis.Table:
    """Stays with what a rule asks again and again: first and last day as numbers, the day they ended."""
    facts = context.facts.filter(_.kind == STAY)
    return facts.mutate(
        first=facts.day.epoch_days(),
        last=facts.endtime.date().epoch_days(),
        # Psychiatric and rehabilitation wards that settle by bed-days (schemes.md §6).
        bed_days=facts.med_type.startswith(BED_DAYS).fill_null(False),
    )


def _text(number: ibis.Value) -> ibis.Value:
    return number.round().cast("int64").cast("string")


def _date(day: ibis.Value) -> ibis.Value:
    return day.strftime("%Y-%m-%d")


@rule(
    "R084", "分解住院", "Split stay", "place", SUSPECT, "38(一)",
    official="GZ10000204001000",
    days=Parameter(15, "days", "yingyan C-301, range 3-31"),
    cycles=Parameter(3, "stays", "own starting value: so many stays for one tumour in a year are a course"),
)  # fmt: skip
def split_stay(context: RuleContext, days: float, cycles: float) -> ibis.Table:
    stays = _stays(context)
    order = ibis.window(group_by="psn_no", order_by=["second", "mdtrt_id"])
    course = ibis.window(group_by=["psn_no", "fixmedins_code", "dx3"])
    stays = stays.mutate(
        _left=stays.dscg_way.lag().over(order),
        _rounds=stays.mdtrt_id.count().over(course),
        _tumour=stays.dx3.between("C00", "C97").fill_null(False),
    )
    again = stays.filter(
        stays.gap_days.between(-1, days),
        stays.same_place,
        stays.same_disease,
        # Chemotherapy, radiotherapy and dialysis come back by plan, and so do the cycles of one tumour.
        ~stays.course,
        ~(stays._tumour & (stays._rounds >= cycles)),
        # Nor are upward referrals and the way back, emergencies, births, day surgery and bed-day schemes.
        ~stays._left.isin(MOVED_ON).fill_null(False),
        stays.refl_old_mdtrt_id.isnull(),
        ~stays.med_type.left(2).isin([REFERRED, EMERGENCY, BIRTH, DAY_SURGERY]),
        ~stays.bed_days,
    )
    return again.select(
        "mdtrt_id",
        amount_in_question=again.medfee_sumamt,
        message=ibis.literal("出院后")
        + _text(ibis.greatest(again.gap_days, 0))
        + "天内因同一疾病("
        + again.dx3
        + ")再次入住同一医院",
    )


@rule(
    "R085", "31天非计划再入院率异常", "31-day readmission", "place", SUSPECT, "38(一)",
    official="ZB10000205008000",
    days=Parameter(31, "days", "official ZB10000205008000"),
    rate=Parameter(0.08, "share", "illustrative maximum, schemes.md §5"),
    least=Parameter(30, "stays", "schemes.md §5: n>=30"),
)  # fmt: skip
def readmissions(context: RuleContext, days: float, rate: float, least: float) -> ibis.Table:
    stays = _stays(context).filter(~_.course, ~_.bed_days, _.days_ago <= YEAR)
    stays = stays.mutate(_back=(stays.gap_days.between(-1, days) & stays.same_place).fill_null(False))
    places = stays.group_by("fixmedins_code", "level").aggregate(_n=_.count(), _rate=_._back.mean())
    places = places.filter(places._n >= least)
    level = ibis.window(group_by="level")
    places = places.mutate(
        _top=places._rate.quantile(0.95).over(level), _usual=places._rate.median().over(level)
    )
    # Above nearly all peers, the maximum and twice the usual: among few peers one is always the highest.
    odd = places.filter(places._rate >= places._top, places._rate > rate, places._rate > 2 * places._usual)
    back = stays.filter(_._back).inner_join(odd.drop("level"), "fixmedins_code")
    return back.select(
        "mdtrt_id",
        # The share of readmissions that peers do not have.
        amount_in_question=back.medfee_sumamt * (1 - back._usual / back._rate),
        message=ibis.literal("该院一年内31天再入院率") + (back._rate * 100).round(1).cast("string")
        + "%,同级中位" + (back._usual * 100).round(1).cast("string") + "%;本次为出院后"
        + _text(back.gap_days) + "天再入院",
    )  # fmt: skip


@rule(
    "R086", "频繁门诊", "Frequent outpatient", "patient", SUSPECT, "38(二)/41",
    official="GZ10000204002000",
    visits=Parameter(15, "visits", "R086: >=15 in 30 days"),
    days=Parameter(30, "days", "R086"),
)  # fmt: skip
def frequent_outpatient(context: RuleContext, visits: float, days: float) -> ibis.Table:
    # Dialysis, chemotherapy and daily rehabilitation come often by plan.
    seen = context.facts.filter(_.kind == OUTPATIENT, ~_.course, _.rehab.fill_null(0) == 0)
    return _crowded(seen, visits, days, "次门诊")


@rule(
    "R088", "频繁住院", "Frequent admission", "patient", SUSPECT, "38(二)/41",
    official="GZ10000204004000",
    stays=Parameter(6, "stays", "R088: >=6 a year (peer P99)"),
    days=Parameter(YEAR, "days", "R088: a year"),
)  # fmt: skip
def frequent_stays(context: RuleContext, stays: float, days: float) -> ibis.Table:
    taken = _stays(context).filter(
        ~_.course,
        ~_.bed_days,
        _.refl_old_mdtrt_id.isnull(),
        ~_.med_type.left(2).isin([REFERRED, DAY_SURGERY]),
    )
    return _crowded(taken, stays, days, "次住院")


def _crowded(visits: ibis.Table, most: float, days: float, noun: str) -> ibis.Table:
    """Visits that are at least the so-manieth of their person within so many days."""
    order = ibis.window(group_by="psn_no", order_by=["second", "mdtrt_id"])
    # The visit (most - 1) places before: were it within the days, this one is one too many.
    before = visits.mutate(_first=visits.second.lag(int(most) - 1).over(order))
    over = before.filter(before.second - before._first < days * 86400)
    return over.select(
        "mdtrt_id",
        amount_in_question=over.medfee_sumamt,
        message=ibis.literal(f"{int(days)}天内至少第{int(most)}{noun},首次距今次")
        + _text((over.second - over._first) / 86400)
        + "天",
    )


@rule(
    "R089", "住院期间门诊或购药", "Outpatient or pharmacy during a stay", "patient", SUSPECT, "38(一)",
)  # fmt: skip
def out_during_stay(context: RuleContext) -> ibis.Table:
    # Strictly between the days of admission and discharge; a course (dialysis) goes on during a stay.
    stays = _stays(context).filter(_.los >= 2)
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
        message=ibis.literal("在医院") + met.bed + "住院期间(" + _date(met.since) + "至"
        + _date(met.until.date()) + ")于" + _date(met.day) + "在其他机构就诊或购药",
    )  # fmt: skip


@rule(
    "R090", "住院重叠", "Two stays overlap", "patient", SUSPECT, "38(一)",
    days=Parameter(1, "days", "R090: >=1 d in two hospitals"),
)  # fmt: skip
def overlapping_stays(context: RuleContext, days: float) -> ibis.Table:
    stays = _stays(context).filter(_.end_second.notnull())
    # A newborn may lie elsewhere under its mother's card.
    stays = stays.filter(~stays.med_type.startswith(BIRTH))
    early = stays.select(
        "psn_no", "second", "end_second", lay="mdtrt_id", bed="fixmedins_code", since="day", until="endtime"
    )
    late = stays.select(
        "mdtrt_id", "psn_no", "fixmedins_code", "second", "end_second", "los", "medfee_sumamt"
    )
    met = late.inner_join(early, "psn_no", rname="{name}_before")
    met = met.filter(
        met.bed != met.fixmedins_code,
        (met.second_before < met.second) | ((met.second_before == met.second) & (met.lay < met.mdtrt_id)),
    )
    met = met.mutate(shared=(ibis.least(met.end_second, met.end_second_before) - met.second) / 86400)
    met = met.filter(met.shared >= days)
    longest = met.mutate(
        _nth=ibis.row_number().over(ibis.window(group_by="mdtrt_id", order_by=[ibis.desc("shared"), "lay"]))
    ).filter(_._nth == 0)
    return longest.select(
        "mdtrt_id",
        # The share of the later stay that lies in both.
        amount_in_question=longest.medfee_sumamt
        * ibis.least(longest.shared / ibis.greatest(longest.los, 1), 1),
        message=ibis.literal("与在医院") + longest.bed + "的住院(" + _date(longest.since) + "至"
        + _date(longest.until.date()) + ")重叠" + longest.shared.round(1).cast("string") + "天",
    )  # fmt: skip


@rule(
    "R091", "空窗日", "Idle days in a stay", "place", SUSPECT, "38(一)",
    needs="fee_list_d hilist_b",
    days=Parameter(3, "days", "挂床 >=3 idle days, yingyan C-302"),
)  # fmt: skip
def idle_stay(context: RuleContext, days: float) -> ibis.Table:
    # `idle_days` is null where a bill carries one date for the whole stay and says nothing about its days.
    stays = _stays(context).filter(_.idle_days >= days, ~_.bed_days)
    stays = stays.select("mdtrt_id", "first", "last")
    billed = context.item_days.filter(_.cnt > 0).semi_join(stays, "mdtrt_id").mutate(at=_.day.epoch_days())
    active = (
        billed.filter(~billed.charge.isin(HOUSEKEEPING).fill_null(False)).select("mdtrt_id", "at").distinct()
    )
    # The day before admission and the day of discharge close the row of active days.
    ends = ibis.union(
        stays.select("mdtrt_id", at=stays["first"] - 1), stays.select("mdtrt_id", at=stays["last"])
    )
    marks = ibis.union(active, ends, distinct=True).inner_join(stays, "mdtrt_id")
    marks = marks.filter(marks["at"].between(marks["first"] - 1, marks["last"]))
    order = ibis.window(group_by="mdtrt_id", order_by="at")
    gaps = marks.mutate(
        _from=marks["at"].lag().over(order) + 1, _run=marks["at"] - marks["at"].lag().over(order) - 1
    )
    gaps = gaps.filter(gaps._run >= days).select("mdtrt_id", "_from", "_run", _to=gaps["at"])
    kept = (
        billed.filter(billed.charge.isin(HOUSEKEEPING))
        .group_by("mdtrt_id", "at")
        .aggregate(spent=_.amount.sum())
    )
    paid = gaps.left_join(
        kept, [gaps.mdtrt_id == kept.mdtrt_id, kept["at"] >= gaps._from, kept["at"] < gaps._to]
    )
    sums = paid.group_by("mdtrt_id").aggregate(spent=_.spent.sum().fill_null(0), run=_._run.max())
    return sums.select(
        "mdtrt_id",
        # What the bed, the round and the care of the idle days cost.
        amount_in_question=sums.spent,
        message=ibis.literal("住院期间连续") + _text(sums.run) + "天只有床位、诊查、护理费用",
    )


@rule(
    "R092", "在院人数超床位", "More patients than beds", "place", SUSPECT, "40(三)",
    filled="fixmedins_b.aprv_bed_cnt",
    ratio=Parameter(1.1, "times", "R092: daily census > beds x1.1"),
)  # fmt: skip
def crowded_hospital(context: RuleContext, ratio: float) -> ibis.Table:
    # Insured patients alone; a stay whose end is not known is taken to end with its settlement. A stay counts
    # up to the day before discharge, so that a bed may change hands within a day; day surgery takes no bed.
    stays = _stays(context).filter(_.beds > 0, ~_.med_type.startswith(DAY_SURGERY))
    stays = stays.mutate(out=ibis.coalesce(stays["last"], stays.setl_time.date().epoch_days()))
    stays = stays.filter(stays.out > stays["first"])
    steps = ibis.union(
        stays.select("fixmedins_code", at=stays["first"], step=1),
        stays.select("fixmedins_code", at=stays.out, step=-1),
    )
    daily = steps.group_by("fixmedins_code", "at").aggregate(step=_.step.sum())
    order = ibis.window(group_by="fixmedins_code", order_by="at", preceding=None, following=0)
    census = daily.select("fixmedins_code", first=daily["at"], census=daily.step.sum().over(order))
    full = stays.inner_join(census, ["fixmedins_code", "first"])
    full = full.filter(full.census > full.beds * ratio)
    return full.select(
        "mdtrt_id",
        # The share of the patients of that day who have no bed.
        amount_in_question=full.medfee_sumamt * (1 - full.beds * ratio / full.census),
        message=ibis.literal("入院当日(") + _date(full.day) + ")在院参保患者" + _text(full.census) + "人,"
        + "批准床位" + _text(full.beds) + "张",
    )  # fmt: skip


@rule(
    "R093", "床位重复占用", "One bed, two patients", "place", SUSPECT, "40(三)",
    filled="mdtrt_d.adm_bed",
    days=Parameter(2, "days", "own starting value: patients are moved to another bed within a stay"),
    careless=Parameter(0.05, "share", "own starting value: above it a hospital's bed numbers say nothing"),
)  # fmt: skip
def shared_bed(context: RuleContext, days: float, careless: float) -> ibis.Table:
    bed = ["fixmedins_code", "dept_code", "adm_bed"]
    stays = _stays(context).filter(_.adm_bed.notnull(), _.end_second.notnull())
    # Mother and child share a card, not a bed; extra beds in the corridor have no number of their own.
    stays = stays.filter(~stays.med_type.startswith(BIRTH), ~stays.adm_bed.contains("加"))
    stays = stays.mutate(dept_code=stays.dept_code.fill_null(""))
    order = ibis.window(group_by=bed, order_by=["second", "mdtrt_id"], preceding=(None, 1))
    stays = stays.mutate(
        _free=stays.end_second.max().over(order),
        _others=stays.psn_no.nunique().over(ibis.window(group_by=bed)),
    )
    # The first on a bed found it free (the least of a value and nothing is the value).
    stays = stays.mutate(
        _shared=ibis.ifelse(
            stays._free.notnull(), (ibis.least(stays.end_second, stays._free) - stays.second) / 86400, None
        )
    )
    stays = stays.mutate(_met=((stays._shared >= days) & (stays._others > 1)).fill_null(False))
    # Only the bed of admission is on record; where nobody
    # keeps it up, many beds seem shared, and R092 has to look.
    place = ibis.window(group_by="fixmedins_code")
    met = stays.mutate(_share=stays._met.mean().over(place)).filter(_._met, _._share <= careless)
    return met.select(
        "mdtrt_id",
        amount_in_question=met.medfee_sumamt * ibis.least(met._shared / ibis.greatest(met.los, 1), 1),
        message=ibis.literal("床位") + met.adm_bed + "在入院时仍登记有其他在院患者,重叠"
        + met._shared.round(1).cast("string") + "天",
    )  # fmt: skip


@rule(
    "R094", "超短住院", "Stay of a day", "place", SUSPECT, "38(二)",
    days=Parameter(1, "days", "R094: LOS<=1"),
    ratio=Parameter(1.0, "times", "own starting value: a day's stay that costs what a whole one does"),
)  # fmt: skip
def day_stay(context: RuleContext, days: float, ratio: float) -> ibis.Table:
    stays = _stays(context)
    operated = context.item_days.filter(_.charge == OPERATION, _.cnt > 0)
    short = stays.anti_join(operated, "mdtrt_id").filter(
        stays.los <= days,
        stays.cost_ratio >= ratio,
        ~stays.course,
        # Operated, delivered, referred, died or moved on: there was a reason to leave early.
        ~stays.med_type.left(2).isin([DAY_SURGERY, BIRTH, REFERRED]),
        ~stays.dscg_way.isin(MOVED_ON + DIED).fill_null(False),
        ~(stays.days_dead > 0).fill_null(False),
    )
    return short.select(
        "mdtrt_id",
        amount_in_question=short.medfee_sumamt,
        message=ibis.literal("住院") + _text(short.los) + "天,费用" + _text(short.medfee_sumamt)
        + "元,为同病组通常水平的" + short.cost_ratio.round(1).cast("string") + "倍",
    )  # fmt: skip


@rule(
    "R050", "计费日期超出住院期", "Charge outside the stay", "place", SUSPECT, "38(七)",
    official="GZ10000201008000", needs="fee_list_d",
    grace=Parameter(1, "days", "own starting value: emergency care before, results posted late"),
)  # fmt: skip
def charge_outside_stay(context: RuleContext, grace: float) -> ibis.Table:
    stays = (
        _stays(context)
        .filter(_["last"].notnull())
        .select("mdtrt_id", "first", "last", since="day", until="endtime")
    )
    rows = context.item_days.filter(_.cnt > 0).mutate(at=_.day.epoch_days()).inner_join(stays, "mdtrt_id")
    off = rows.filter((rows["at"] < rows["first"] - grace) | (rows["at"] > rows["last"] + grace))
    return off.select(
        "mdtrt_id",
        "setl_id",
        "bkkp_sn",
        amount_in_question=off.amount,
        message=ibis.literal("项目") + off.hilist_code + "计费日期" + _date(off.day) + "不在住院期间("
        + _date(off.since) + "至" + _date(off.until.date()) + ")",
    )  # fmt: skip
