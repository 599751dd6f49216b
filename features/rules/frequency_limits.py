"""Items charged more often than a day, a cycle, a year or a stay allows (R040-R042, R052, R054)."""

import ibis
from ibis import _

from claims.as_of import STAY
from features.rules.billed_lines import lines_with_visit
from features.rules.declaration import CLEAR, Parameter, rule
from features.rules.dictionary_values import BIRTH
from features.rules.finding_text import figure, iso_date, line_finding, sentence
from features.rules.limits_table import lowest_limit, with_limit
from features.rules.rule_context import RuleContext
from features.visits.codelists import BED_NURSING_ROUNDS

# Where the catalogue says how often an item may be charged in how many days.
CYCLE = (
    "hilist_b.cycl_days|hilist_lmt_b.lmt_type=cycl_days "
    "hilist_b.cycl_max_cnt|hilist_lmt_b.lmt_type=cycl_max_cnt"
)

# What identifies the line of a visit and day when a cycle is counted.
_CYCLE_LINE = [
    "mdtrt_id",
    "setl_id",
    "bkkp_sn",
    "hilist_name",
    "day",
    "net",
    "unit",
    "cycl_days",
    "cycl_max_cnt",
]


def _limited_items(context: RuleContext, kind: str) -> ibis.Table:
    """Items that are limited in a way anywhere and ever: hilist_code, hilist_name, lowest."""
    names = context.claims["hilist_b"].select("hilist_code", "hilist_name")
    return lowest_limit(context, kind).inner_join(names, "hilist_code")


def _above_lowest_limit(context: RuleContext, kind: str) -> ibis.Table:
    """Lines (`_with_visit`) of a visit's items that on one day pass the smallest number of a limit."""
    items = _limited_items(context, kind)
    over = context.item_days.inner_join(items, "hilist_code").filter(_.cnt > _.lowest)
    return lines_with_visit(context, items, over.select("mdtrt_id", "hilist_code").distinct())


def _with_covered_days(rows: ibis.Table) -> ibis.Table:
    """Lines with the days that each covers (_covered) and whether it is the only one of its stay (_once).

    Bed, round and care charges may be posted for several days at once: a line covers the days since the one
    before. What is posted once for the whole stay is checked against the length of the stay (R052).
    """
    item = ["mdtrt_id", "hilist_code"]
    before = rows.day.lag().over(ibis.window(group_by=item, order_by="day"))
    since = ibis.coalesce(before.epoch_days(), rows.start.epoch_days() - 1)
    keeping = rows.charge.isin(BED_NURSING_ROUNDS) & (rows.kind == STAY)
    once = keeping & (rows.count().over(ibis.window(group_by=item)) == 1) & (rows.los > 1)
    covered = ibis.ifelse(keeping, ibis.greatest(rows.day.epoch_days() - since, 1), 1)
    return rows.mutate(_covered=covered, _once=once.fill_null(False))


@rule(
    "R040", "项目限定频次", "More than the daily maximum", "place", CLEAR, "38(三)",
    official="GZ10000102014000", needs="fee_list_d hilist_b",
    filled="hilist_b.max_day_cnt|hilist_lmt_b.lmt_type=max_day_cnt",
)  # fmt: skip
def above_daily_maximum(context: RuleContext) -> ibis.Table:
    """Items charged more often on a day than their daily maximum; the excess is in question."""
    # A newborn's bed and care stand on its mother's bill.
    rows = _above_lowest_limit(context, "max_day_cnt").filter(
        ~_.single, ~(_.birth & _.charge.isin(BED_NURSING_ROUNDS))
    )
    rows = with_limit(context, rows, "max_day_cnt")
    rows = _with_covered_days(rows)
    rows = rows.mutate(_over=rows.cnt - rows.max_day_cnt * rows._covered - rows.back)
    rows = rows.filter(rows._over > 0, ~rows._once)
    return line_finding(
        rows,
        rows._over * rows.unit,
        sentence(
            "项目“{item}”于{day}计{n}次,超过每日{most}次的上限",
            "“{item}” charged {n} times on {day}; at most {most} a day are allowed",
            item=rows.hilist_name, day=iso_date(rows.day), n=figure(rows.cnt), most=figure(rows.max_day_cnt),
        ),
    )  # fmt: skip


@rule(
    "R041", "周期超频次", "More often than its cycle", "place", CLEAR, "38(三)", needs="fee_list_d hilist_b",
    filled=CYCLE,
)  # fmt: skip
def above_cycle(context: RuleContext) -> ibis.Table:
    """Items charged more often than allowed within a rolling cycle of days; the excess is in question."""
    items = _limited_items(context, "cycl_max_cnt")
    rows = with_limit(context, lines_with_visit(context, items), "cycl_max_cnt")
    rows = with_limit(context, rows, "cycl_days").mutate(at=_.day.epoch_days())
    rows = rows.mutate(net=ibis.greatest(rows.cnt - rows.back, 0))
    before = rows.select("psn_no", "hilist_code", past="at", had="net", other="mdtrt_id")
    met = rows.inner_join(
        before,
        ["psn_no", "hilist_code", before.past > rows["at"] - rows.cycl_days, before.past <= rows["at"]],
    )
    # Of one day, what stands on later visits does not count against an earlier one.
    met = met.filter((met.past < met["at"]) | (met.other <= met.mdtrt_id))
    sums = met.group_by(_CYCLE_LINE).aggregate(total=_.had.sum())
    sums = sums.mutate(_over=ibis.least(sums.total - sums.cycl_max_cnt, sums.net)).filter(_._over > 0)
    message = sentence(
        "项目“{item}”在{days}天周期内计{n}次,上限{most}次",
        "“{item}” charged {n} times within {days} days; at most {most} are allowed",
        item=sums.hilist_name, days=figure(sums.cycl_days), n=figure(sums.total),
        most=figure(sums.cycl_max_cnt),
    )  # fmt: skip
    return line_finding(sums, sums._over * sums.unit, message)


@rule(
    "R042", "超限定报销总额", "Above the yearly cap of an item", "place", CLEAR, "38(六)",
    official="GZ10000102015000", needs="fee_list_d hilist_b",
    filled="hilist_b.year_uplmt_amt|hilist_lmt_b.lmt_type=year_uplmt_amt",
)  # fmt: skip
def above_yearly_cap(context: RuleContext) -> ibis.Table:
    """Items charged beyond a person's yearly cap; the excess is in question."""
    rows = with_limit(
        context, lines_with_visit(context, _limited_items(context, "year_uplmt_amt")), "year_uplmt_amt"
    ).mutate(year=_.day.year())
    rows = rows.mutate(net=rows.amount - ibis.least(rows.back, rows.cnt) * rows.unit)
    order = ibis.window(
        group_by=["psn_no", "hilist_code", "year"], order_by=["day", "mdtrt_id"], preceding=None, following=0
    )
    rows = rows.mutate(total=rows.net.sum().over(order))
    rows = rows.mutate(_over=ibis.least(rows.total - rows.year_uplmt_amt, rows.net)).filter(_._over > 0.005)
    return line_finding(
        rows,
        rows._over,
        sentence(
            "项目“{item}”本年累计{yuan}元,超过年度限额{most}元",
            "{yuan} yuan of “{item}” charged this year; the cap of a year is {most} yuan",
            item=rows.hilist_name, yuan=figure(rows.total), most=figure(rows.year_uplmt_amt),
        ),
    )  # fmt: skip


def _daily_housekeeping(context: RuleContext) -> ibis.Table:
    """Bed, round and care items that may be charged once a day: hilist_code, hilist_name, kind_of.

    Beds of all kinds count together, and grades of care (`excl_grp`).
    """
    items = context.claims["hilist_b"].filter(_.med_chrgitm_type.isin(BED_NURSING_ROUNDS))
    items = items.semi_join(lowest_limit(context, "max_day_cnt").filter(_.lowest <= 1), "hilist_code")
    return items.select("hilist_code", "hilist_name", kind_of=ibis.coalesce(_.excl_grp, _.hilist_code))


@rule(
    "R052", "床位护理诊察天数超住院日", "Daily fee above the days", "place", CLEAR, "38(三)/40(三)",
    schemes="M01", needs="fee_list_d hilist_b",
    filled="hilist_b.max_day_cnt|hilist_lmt_b.lmt_type=max_day_cnt",
    grace_days=Parameter(1, "days", "own starting value: sum > LOS(+1), the day of discharge may count"),
)  # fmt: skip
def more_days_than_stayed(context: RuleContext, grace_days: float) -> ibis.Table:
    """Bed, round or care charged for more days than the stay lasted."""
    # A newborn's bed and care are on its mother's bill.
    stays = context.facts.filter(_.kind == STAY, _.los.notnull(), ~_.med_type.startswith(BIRTH))
    rows = context.item_days.inner_join(_daily_housekeeping(context), "hilist_code")
    rows = rows.inner_join(stays.select("mdtrt_id", "los"), "mdtrt_id")
    group = ["mdtrt_id", "los", "kind_of"]
    # Whether an item is limited to once a day is looked up only where the count would exceed it.
    many = (
        rows.group_by(group).aggregate(cnt=_.cnt.sum(where=_.cnt > 0)).filter(_.cnt - _.los - grace_days > 0)
    )
    rows = with_limit(context, rows.semi_join(many, group), "max_day_cnt").filter(_.max_day_cnt == 1)
    sums = rows.group_by("mdtrt_id", "los", "kind_of").aggregate(
        cnt=_.cnt.sum(), amount=_.amount.sum(), bkkp_sn=_.bkkp_sn.max(), setl_id=_.setl_id.max(),
        name=_.hilist_name.min(),
    )  # fmt: skip
    sums = sums.mutate(_over=sums.cnt - sums.los - grace_days).filter(_._over > 0)
    return line_finding(
        sums,
        sums._over * sums.amount / sums.cnt,
        sentence(
            "住院{los}天,项目{item}计{n}天", "“{item}” charged for {n} days of a stay of {los}",
            los=figure(sums.los), item=sums.name, n=figure(sums.cnt),
        ),
    )  # fmt: skip


@rule(
    "R054", "单日计量超物理上限", "More than 24 hours a day", "place", CLEAR, "38(三)/40(三)", schemes="M01",
    needs="fee_list_d hilist_b",
    maximum_hours=Parameter(24, "hours", "hourly items <=24/day, official 限定频次"),
)  # fmt: skip
def above_a_day(context: RuleContext, maximum_hours: float) -> ibis.Table:
    """Items charged by the hour for more hours than a day has."""
    # The catalogue says in the unit or in the name that an item is charged by the hour.
    items = context.claims["hilist_b"].filter(
        _.prcunt.contains("小时").fill_null(False) | _.hilist_name.re_search("[((]小时[))]")
    )
    rows = lines_with_visit(context, items.select("hilist_code", "hilist_name")).filter(~_.single)
    rows = rows.mutate(_over=rows.cnt - maximum_hours - rows.back).filter(_._over > 0)
    return line_finding(
        rows,
        rows._over * rows.unit,
        sentence(
            "按小时计费项目{item}于{day}计{n}小时", "“{item}”, charged by the hour, has {n} hours on {day}",
            item=rows.hilist_name, day=iso_date(rows.day), n=figure(rows.cnt),
        ),
    )  # fmt: skip
