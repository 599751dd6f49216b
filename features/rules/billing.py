"""Rules about how lines are charged: prices, arithmetic, frequency, exclusions (R040-R057)."""

import ibis
from ibis import _

from claims.as_of import STAY
from features.rules.engine import CLEAR, SUSPECT, Parameter, RuleContext, rule
from features.rules.limits import LINE, cached_table, held_to, least
from features.visits.codelists import HOUSEKEEPING
from features.windows import YEAR

CARE, OPERATION, MATERIAL = "07", "06", "08"
# What `hilist_rela_b` says of two items: the first contains the second, the second is a part of the package
# that the first is, the first may be charged only where the second was.
CONTAINS, PACKAGE, REQUIRES, TESTED = "1", "2", "3", "4"
BIRTH = "52"
CEILING = "hilist_b.pric_uplmt_amt|hilist_lmt_b.lmt_type=pric_uplmt_amt"
# Values of `hilist_b.serv_type` beside those of features/facts.py: intensive care, anaesthesia.
INTENSIVE, ANAESTHESIA = "4", "5"


def _names(context: RuleContext, kind: str) -> ibis.Table:
    """Items that are limited in a way anywhere and ever: hilist_code, hilist_name, least."""
    names = context.claims["hilist_b"].select("hilist_code", "hilist_name")
    return least(context, kind).inner_join(names, "hilist_code")


def _often(context: RuleContext, kind: str) -> ibis.Table:
    """Lines (`_with_visit`) of a visit's items that on one day pass the smallest number of a limit."""
    items = _names(context, kind)
    over = context.item_days.inner_join(items, "hilist_code").filter(_.cnt > _.least)
    return _with_visit(context, items, over.select("mdtrt_id", "hilist_code").distinct())


def _with_visit(context: RuleContext, items: ibis.Table, only: ibis.Table | None = None) -> ibis.Table:
    """Lines of some items by visit, item and day, with facts of their visits.

    Args:
        only: mdtrt_id and hilist_code that matter, if not all.

    Adds ``back``, how many of the item the visit gave back on other days, and ``single``: the bill has one
    date for all days of a stay, which says nothing about a day.
    """
    rows = (
        context.item_days if only is None else context.item_days.semi_join(only, ["mdtrt_id", "hilist_code"])
    )
    rows = rows.inner_join(items, "hilist_code")
    returns = rows.filter(_.cnt < 0).group_by("mdtrt_id", "hilist_code").aggregate(back=-_.cnt.sum())
    rows = rows.filter(_.cnt > 0).left_join(returns, ["mdtrt_id", "hilist_code"], rname="{name}_returned")
    visits = context.facts.select(
        "mdtrt_id",
        "kind",
        "los",
        "psn_no",
        start="day",
        birth=_.med_type.startswith(BIRTH),
        single=((_.kind == STAY) & (_.los > 1) & _.idle_days.isnull()).fill_null(False),
    )
    rows = rows.inner_join(visits, "mdtrt_id")
    return rows.mutate(back=rows.back.fill_null(0), unit=rows.amount / rows.cnt)


def in_figures(value: ibis.Value) -> ibis.Value:
    return value.round(2).cast("string").re_replace(r"\.0$", "")


def _day(rows: ibis.Table) -> ibis.Value:
    return rows.day.strftime("%Y-%m-%d")


def line_finding(rows: ibis.Table, amount_in_question: ibis.Value, message: ibis.Value) -> ibis.Table:
    return rows.select(
        "mdtrt_id", "setl_id", "bkkp_sn", amount_in_question=amount_in_question.round(2), message=message
    )


@rule(
    "R040", "项目限定频次", "More than the daily maximum", "place", CLEAR, "38(三)",
    official="GZ10000102014000", needs="fee_list_d hilist_b",
    filled="hilist_b.max_day_cnt|hilist_lmt_b.lmt_type=max_day_cnt",
)  # fmt: skip
def above_daily_maximum(context: RuleContext) -> ibis.Table:
    # A newborn's bed and care stand on its mother's bill.
    rows = _often(context, "max_day_cnt").filter(~_.single, ~(_.birth & _.charge.isin(HOUSEKEEPING)))
    rows = held_to(context, rows, "max_day_cnt")
    # What a bed earns by itself may be posted for several days at once: it covers the days since the last.
    order = ibis.window(group_by=["mdtrt_id", "hilist_code"], order_by="day")
    since = ibis.coalesce(rows.day.lag().over(order).epoch_days(), rows.start.epoch_days() - 1)
    keeping = rows.charge.isin(HOUSEKEEPING) & (rows.kind == STAY)
    # What is posted once for the whole stay is counted against its days (R052).
    cached_table = (
        keeping & (rows.count().over(ibis.window(group_by=["mdtrt_id", "hilist_code"])) == 1) & (rows.los > 1)
    )
    covered = ibis.ifelse(keeping, ibis.greatest(rows.day.epoch_days() - since, 1), 1)
    rows = rows.mutate(
        _over=rows.cnt - rows.max_day_cnt * covered - rows.back, _once=cached_table.fill_null(False)
    )
    rows = rows.filter(rows._over > 0, ~rows._once)
    return line_finding(
        rows,
        rows._over * rows.unit,
        ibis.literal("项目") + rows.hilist_name + "于" + _day(rows) + "计" + in_figures(rows.cnt) + "次,超过每日"
        + in_figures(rows.max_day_cnt) + "次的上限",
    )  # fmt: skip


@rule(
    "R041", "周期超频次", "More often than its cycle", "place", CLEAR, "38(三)",
    needs="fee_list_d hilist_b",
    filled="hilist_b.cycl_days|hilist_lmt_b.lmt_type=cycl_days hilist_b.cycl_max_cnt|hilist_lmt_b.lmt_type=cycl_max_cnt",
)  # fmt: skip
def above_cycle(context: RuleContext) -> ibis.Table:
    rows = held_to(
        context,
        held_to(context, _with_visit(context, _names(context, "cycl_max_cnt")), "cycl_max_cnt"),
        "cycl_days",
    )
    rows = rows.mutate(at=_.day.epoch_days())
    rows = rows.mutate(net=ibis.greatest(rows.cnt - rows.back, 0))
    before = rows.select("psn_no", "hilist_code", past="at", had="net", other="mdtrt_id")
    met = rows.inner_join(
        before,
        ["psn_no", "hilist_code", before.past > rows["at"] - rows.cycl_days, before.past <= rows["at"]],
    )
    # Of one day, what stands on later visits does not count against an earlier one.
    met = met.filter((met.past < met["at"]) | (met.other <= met.mdtrt_id))
    keys = [
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
    sums = met.group_by(keys).aggregate(total=_.had.sum())
    sums = sums.mutate(_over=ibis.least(sums.total - sums.cycl_max_cnt, sums.net)).filter(_._over > 0)
    return line_finding(
        sums,
        sums._over * sums.unit,
        ibis.literal("项目") + sums.hilist_name + "在" + in_figures(sums.cycl_days) + "天周期内计"
        + in_figures(sums.total) + "次,上限" + in_figures(sums.cycl_max_cnt) + "次",
    )  # fmt: skip


@rule(
    "R042", "超限定报销总额", "Above the yearly cap of an item", "place", CLEAR, "38(六)",
    official="GZ10000102015000", needs="fee_list_d hilist_b",
    filled="hilist_b.year_uplmt_amt|hilist_lmt_b.lmt_type=year_uplmt_amt",
)  # fmt: skip
def above_yearly_cap(context: RuleContext) -> ibis.Table:
    rows = held_to(context, _with_visit(context, _names(context, "year_uplmt_amt")), "year_uplmt_amt").mutate(
        year=_.day.year()
    )
    rows = rows.mutate(net=rows.amount - ibis.least(rows.back, rows.cnt) * rows.unit)
    order = ibis.window(
        group_by=["psn_no", "hilist_code", "year"], order_by=["day", "mdtrt_id"], preceding=None, following=0
    )
    rows = rows.mutate(total=rows.net.sum().over(order))
    rows = rows.mutate(_over=ibis.least(rows.total - rows.year_uplmt_amt, rows.net)).filter(_._over > 0.005)
    return line_finding(
        rows,
        rows._over,
        ibis.literal("项目") + rows.hilist_name + "本年累计" + in_figures(rows.total) + "元,超过年度限额"
        + in_figures(rows.year_uplmt_amt) + "元",
    )  # fmt: skip


def _excluded(context: RuleContext) -> ibis.Table:
    """Lines of items of one exclusive group on one day but the dearest, which may stand."""
    items = (
        context.claims["hilist_b"]
        .filter(_.excl_grp.notnull())
        .select("hilist_code", "hilist_name", "excl_grp")
    )
    # Most items stand alone on their day.
    several = context.item_days.filter(_.cnt > 0).inner_join(items, "hilist_code")
    group = ["mdtrt_id", "day", "excl_grp"]
    met = several.group_by(group).aggregate(n=_.count()).filter(_.n > 1)
    several = several.semi_join(met, group).select("mdtrt_id", "hilist_code").distinct()
    rows = _with_visit(context, items, several).filter(~_.single, ~_.birth)
    rows = rows.mutate(net=rows.cnt - rows.back).filter(_.net > 0)
    order = ibis.window(group_by=group, order_by=[ibis.desc("amount"), "hilist_code"])
    first = rows.hilist_name.first().over(order)
    rows = rows.mutate(_nth=ibis.row_number().over(order), dearest=first)
    return rows.filter(rows._nth > 0)


@rule(
    "R043", "重复收费", "Items that exclude each other", "place", CLEAR, "38(三)",
    official="GZ10000102012000", needs="fee_list_d hilist_b", filled="hilist_b.excl_grp",
)  # fmt: skip
def charged_twice(context: RuleContext) -> ibis.Table:
    rows = cached_table(context, "excluded_items", lambda: _excluded(context)).filter(_.charge != CARE)
    message = ibis.literal("项目") + rows.hilist_name + "与" + rows.dearest + "不得同日收取,"
    return line_finding(rows, ibis.least(rows.net, rows.cnt) * rows.unit, message + _day(rows) + "均已收费")


@rule(
    "R053", "同日多级护理", "Two grades of care on a day", "place", CLEAR, "38(三)/40(三)",
    needs="fee_list_d hilist_b", filled="hilist_b.excl_grp",
)  # fmt: skip
def two_grades_of_care(context: RuleContext) -> ibis.Table:
    rows = cached_table(context, "excluded_items", lambda: _excluded(context)).filter(_.charge == CARE)
    message = ibis.literal("同日收取") + rows.dearest + "和" + rows.hilist_name + ","
    return line_finding(rows, ibis.least(rows.net, rows.cnt) * rows.unit, message + "日期" + _day(rows))


def _relations(context: RuleContext, kind: str) -> ibis.Table:
    """Pairs of `hilist_rela_b`, one row each: hilist_code, other, rela_days, valid from and until."""
    pairs = context.claims["hilist_rela_b"].filter(_.rela_type == kind)
    return pairs.select(
        "hilist_code", other="rela_hilist_code", rela_days="rela_days", valid="begndate", until="enddate"
    )


def _in_force(rows: ibis.Table) -> ibis.Value:
    from_then = (rows.valid.date() <= rows.day).fill_null(True)
    return from_then & (rows.until.date() >= rows.day).fill_null(True)


def _contained(context: RuleContext) -> ibis.Table:
    """Lines of items that another item charged on the same day contains."""
    pairs = _relations(context, CONTAINS)
    rows = context.item_days.filter(_.cnt > 0)
    outer = rows.inner_join(pairs, "hilist_code").filter(_in_force)
    outer = outer.select("mdtrt_id", "day", whole="hilist_code", hilist_code="other")
    both = rows.inner_join(outer, ["mdtrt_id", "day", "hilist_code"])
    names = context.claims["hilist_b"].select("hilist_code", "hilist_name")
    both = both.inner_join(names, "hilist_code")
    return both.inner_join(names.select(whole="hilist_code", whole_name="hilist_name"), "whole").order_by(
        "whole"
    )


@rule(
    "R044", "项目与耗材重复收费", "Material that the service contains", "place", CLEAR, "38(三)",
    needs="fee_list_d hilist_b hilist_rela_b", filled="hilist_rela_b.rela_type=1",
)  # fmt: skip
def material_in_service(context: RuleContext) -> ibis.Table:
    rows = _contained(context).filter(_.charge == MATERIAL)
    message = ibis.literal("耗材") + rows.hilist_name + "已含在项目" + rows.whole_name + "中,"
    return line_finding(rows, rows.amount, message + _day(rows) + "另行收费")


@rule(
    "R057", "静脉置管护理违规收费", "Improper catheter care", "place", SUSPECT, "38(三)/40(三)",
    needs="fee_list_d hilist_b hilist_rela_b",
    days=Parameter(YEAR, "days", "own starting value: a catheter may stay in for a year"),
)  # fmt: skip
def care_without_ground(context: RuleContext, days: float) -> ibis.Table:
    # Care of what nobody put in (the catalogue says what must have been), or that another item contains.
    unfounded = without(context, REQUIRES, days).filter(_.charge == CARE)
    inside = _contained(context).filter(_.charge == CARE)
    lone = line_finding(
        unfounded, unfounded.amount, ibis.literal("护理项目") + unfounded.hilist_name + "之前未见相应置管,"
        + _day(unfounded) + "收费",
    )  # fmt: skip
    double = line_finding(
        inside, inside.amount, ibis.literal("护理项目") + inside.hilist_name + "已含在项目"
        + inside.whole_name + "中," + _day(inside) + "另行收费",
    )  # fmt: skip
    return lone.union(double)


def without(context: RuleContext, kind: str, days: float) -> ibis.Table:
    """Lines of items that may be charged only where one of others was, and none was, so many days before."""
    pairs = _relations(context, kind)
    who = context.facts.select("mdtrt_id", "psn_no")
    rows = context.item_days.filter(_.cnt > 0)
    needy = rows.inner_join(pairs, "hilist_code").filter(_in_force).inner_join(who, "mdtrt_id")
    ground = rows.semi_join(pairs, rows.hilist_code == pairs.other).inner_join(who, "mdtrt_id")
    ground = ground.select("psn_no", other="hilist_code", done="day", there="mdtrt_id").mutate(
        at=_.done.epoch_days()
    )
    met = needy.left_join(ground, ["psn_no", "other"], rname="{name}_ground")
    behind = met.day.epoch_days() - met["at"]
    near = (met.there == met.mdtrt_id) | behind.between(0, ibis.coalesce(met.rela_days, days))
    keys = ["mdtrt_id", "hilist_code", "setl_id", "bkkp_sn", "day", "charge", "cnt", "amount"]
    found = met.mutate(near=near.fill_null(False)).group_by(keys).aggregate(any=_.near.any()).filter(~_.any)
    return found.inner_join(context.claims["hilist_b"].select("hilist_code", "hilist_name"), "hilist_code")


@rule(
    "R045", "分解收费", "A package charged in parts", "place", SUSPECT, "38(三)",
    official="GZ10000102013000", needs="fee_list_d hilist_b hilist_rela_b", filled="hilist_rela_b.rela_type=2",
)  # fmt: skip
def package_in_parts(context: RuleContext) -> ibis.Table:
    parts = _relations(context, PACKAGE).select(
        whole="hilist_code", hilist_code="other", valid="valid", until="until"
    )
    size = parts.group_by("whole").aggregate(parts=_.hilist_code.nunique())
    rows = context.item_days.filter(_.cnt > 0)
    done = rows.inner_join(parts, "hilist_code").filter(_in_force)
    sets = done.group_by("mdtrt_id", "day", "whole").aggregate(
        found=_.hilist_code.nunique(), amount=_.amount.sum(), bkkp_sn=_.bkkp_sn.max(), setl_id=_.setl_id.max()
    )
    sets = sets.inner_join(size, "whole").filter(_.found == _.parts, _.parts > 1)
    wholes = rows.semi_join(parts, rows.hilist_code == parts.whole)
    sets = sets.anti_join(wholes.select("mdtrt_id", "day", whole="hilist_code"), ["mdtrt_id", "day", "whole"])
    sets = sets.mutate(hilist_code=sets.whole)
    priced = held_to(context, sets, "pric_uplmt_amt").select(*LINE, price="pric_uplmt_amt")
    sets = sets.left_join(priced, LINE).drop(*[f"{name}_right" for name in LINE])
    sets = sets.inner_join(
        context.claims["hilist_b"].select("hilist_code", name="hilist_name"), "hilist_code"
    )
    return line_finding(
        sets,
        # What the parts cost above the package; nothing is certain where its price is not known.
        ibis.greatest(sets.amount - ibis.coalesce(sets.price, sets.amount), 0),
        ibis.literal("项目") + sets.name + "于" + _day(sets) + "分解为" + sets.parts.cast("string")
        + "个项目收费" + in_figures(sets.amount) + "元",
    )  # fmt: skip


@rule(
    "R046", "超限定单价收费", "Above the price ceiling", "place", CLEAR, "38(三)",
    official="GZ10000102001000", needs="fee_list_d hilist_b", filled=CEILING,
    tolerance=Parameter(0.01, "yuan", "own starting value: rounding of unit prices"),
)  # fmt: skip
def above_ceiling(context: RuleContext, tolerance: float) -> ibis.Table:
    rows = context.item_days.filter(_.cnt > 0).inner_join(least(context, "pric_uplmt_amt"), "hilist_code")
    rows = held_to(context, rows.filter(rows.pric > rows.least + tolerance), "pric_uplmt_amt")
    rows = rows.mutate(most=rows.pric_uplmt_amt).filter(_.pric > _.most + tolerance)
    return rows.select(
        "mdtrt_id",
        "setl_id",
        "bkkp_sn",
        amount_in_question=((rows.pric - rows.most) * rows.cnt).round(2),
        message=ibis.literal("项目") + rows.hilist_code + "单价" + rows.pric.round(2).cast("string")
        + "元,高于最高限价" + rows.most.round(2).cast("string") + "元",
    )  # fmt: skip


@rule(
    "R047", "手术未折价", "Second operation not discounted", "place", SUSPECT, "38(三)",
    official="GZ10000102002000", needs="fee_list_d hilist_b", filled=CEILING,
    share=Parameter(0.75, "share", "second operation through one incision 70-75 %, yingyan SUR-401"),
)  # fmt: skip
def second_operation(context: RuleContext, share: float) -> ibis.Table:
    done = context.item_days.filter(_.charge == OPERATION, _.cnt > 0)
    order = ibis.window(group_by=["mdtrt_id", "day"], order_by=[ibis.desc("pric"), "hilist_code"])
    rows = done.mutate(_nth=ibis.row_number().over(order)).filter(_._nth > 0)
    rows = held_to(context, rows, "pric_uplmt_amt").mutate(most=_.pric_uplmt_amt)
    rows = rows.filter(rows.pric > rows.most * share + 0.01)
    return line_finding(
        rows,
        (rows.pric - rows.most * share) * rows.cnt,
        ibis.literal("同日第二项及以上手术") + rows.hilist_code + "单价" + in_figures(rows.pric) + "元,未按"
        + f"{share:.0%}折价(限价" + in_figures(rows.most) + "元)",
    )  # fmt: skip


@rule(
    "R049", "结算明细异常", "Line arithmetic", "place", CLEAR, "38(七)",
    official="GZ10000201002000", needs="fee_list_d",
    tolerance=Parameter(0.05, "yuan", "R049: abs diff >0.05"),
    rounding=Parameter(0.005, "yuan a unit", "own starting value: prices rounded to the cent"),
)  # fmt: skip
def line_arithmetic(context: RuleContext, tolerance: float, rounding: float) -> ibis.Table:
    # A rule about single lines: one of the few that read them directly.
    lines = context.claims.lines.mutate(_made=(_.cnt * _.pric).abs(), _said=_.det_item_fee_sumamt.abs())
    wrong = lines.filter((lines._made - lines._said).abs() > tolerance + rounding * lines.cnt.abs())
    return line_finding(
        wrong,
        # Only what was charged above count × price; returns charge nothing.
        ibis.ifelse(wrong.cnt > 0, ibis.greatest(wrong._said - wrong._made, 0), 0),
        ibis.literal("项目") + wrong.hilist_code + "数量" + in_figures(wrong.cnt) + "×单价" + in_figures(wrong.pric)
        + "元与金额" + in_figures(wrong.det_item_fee_sumamt) + "元不符",
    )  # fmt: skip


@rule(
    "R052", "床位护理诊察天数超住院日", "Daily fee above the days", "place", CLEAR, "38(三)/40(三)",
    needs="fee_list_d hilist_b", filled="hilist_b.max_day_cnt|hilist_lmt_b.lmt_type=max_day_cnt",
    grace=Parameter(1, "days", "R052: sum > LOS(+1), the day of discharge may count"),
)  # fmt: skip
def more_days_than_stayed(context: RuleContext, grace: float) -> ibis.Table:
    # Beds of all kinds count together, and grades of care (`excl_grp`); a newborn's are on its mother's bill.
    keeping = context.claims["hilist_b"].filter(_.med_chrgitm_type.isin(HOUSEKEEPING))
    keeping = keeping.semi_join(least(context, "max_day_cnt").filter(_.least <= 1), "hilist_code")
    keeping = keeping.select("hilist_code", "hilist_name", kind_of=ibis.coalesce(_.excl_grp, _.hilist_code))
    stays = context.facts.filter(_.kind == STAY, _.los.notnull(), ~_.med_type.startswith(BIRTH))
    rows = context.item_days.inner_join(keeping, "hilist_code")
    rows = rows.inner_join(stays.select("mdtrt_id", "los"), "mdtrt_id")
    group = ["mdtrt_id", "los", "kind_of"]
    # Which items are limited to once a day is asked only where too many would be if all were.
    many = rows.group_by(group).aggregate(cnt=_.cnt.sum(where=_.cnt > 0)).filter(_.cnt - _.los - grace > 0)
    rows = held_to(context, rows.semi_join(many, group), "max_day_cnt").filter(_.max_day_cnt == 1)
    sums = rows.group_by("mdtrt_id", "los", "kind_of").aggregate(
        cnt=_.cnt.sum(), amount=_.amount.sum(), bkkp_sn=_.bkkp_sn.max(), setl_id=_.setl_id.max(),
        name=_.hilist_name.min(),
    )  # fmt: skip
    sums = sums.mutate(_over=sums.cnt - sums.los - grace).filter(_._over > 0)
    return line_finding(
        sums,
        sums._over * sums.amount / sums.cnt,
        ibis.literal("住院")
        + in_figures(sums.los)
        + "天,项目"
        + sums.name
        + "计"
        + in_figures(sums.cnt)
        + "天",
    )


@rule(
    "R054", "单日计量超物理上限", "More than 24 hours a day", "place", CLEAR, "38(三)/40(三)",
    needs="fee_list_d hilist_b",
    hours=Parameter(24, "hours", "hourly items <=24/day, official 限定频次"),
)  # fmt: skip
def above_a_day(context: RuleContext, hours: float) -> ibis.Table:
    # The catalogue says in the unit or in the name that an item is charged by the hour.
    items = context.claims["hilist_b"].filter(
        _.prcunt.contains("小时").fill_null(False) | _.hilist_name.re_search("[((]小时[))]")
    )
    rows = _with_visit(context, items.select("hilist_code", "hilist_name")).filter(~_.single)
    rows = rows.mutate(_over=rows.cnt - hours - rows.back).filter(_._over > 0)
    return line_finding(
        rows,
        rows._over * rows.unit,
        ibis.literal("按小时计费项目")
        + rows.hilist_name
        + "于"
        + _day(rows)
        + "计"
        + in_figures(rows.cnt)
        + "小时",
    )


@rule(
    "R055", "重症监护收费越界", "Intensive care outside the unit", "place", SUSPECT, "38(三)/40(三)",
    needs="fee_list_d hilist_b scs_cutd_d", filled="hilist_b.serv_type",
)  # fmt: skip
def intensive_care_outside(context: RuleContext) -> ibis.Table:
    units = context.claims["scs_cutd_d"].select(
        "mdtrt_id", entered=_.scs_cutd_inpool_time.date(), left=_.scs_cutd_exit_time.date()
    )
    # Places that send records of their units at all; both edge days count as days in the unit.
    sending = context.facts.semi_join(units, "mdtrt_id").select("fixmedins_code").distinct()
    visits = context.facts.semi_join(sending, "fixmedins_code").select("mdtrt_id")
    rows = context.item_days.filter(_.serv_type == INTENSIVE, _.cnt > 0).semi_join(visits, "mdtrt_id")
    inside = rows.inner_join(units, ["mdtrt_id", rows.day >= units.entered])
    inside = inside.filter((inside.day <= inside.left).fill_null(True))
    rows = rows.anti_join(inside.select("mdtrt_id", "day"), ["mdtrt_id", "day"])
    message = ibis.literal("重症监护项目") + rows.hilist_code + "于" + _day(rows)
    return line_finding(rows, rows.amount, message + "收费,当日无监护病房在室记录")


@rule(
    "R056", "麻醉时长虚计", "Anaesthesia billed beyond its record", "place", SUSPECT, "38(三)/40(三)",
    needs="fee_list_d hilist_b oprn_d", filled="hilist_b.serv_mins oprn_d.anst_endtime",
    grace=Parameter(60, "minutes", "own starting value: an hour begun is charged in full"),
)  # fmt: skip
def anaesthesia_too_long(context: RuleContext, grace: float) -> ibis.Table:
    records = context.claims["oprn_d"].filter(_.anst_begntime.notnull(), _.anst_endtime.notnull())
    # The surgeons of one operation bring one record each; the anaesthesia is the same.
    records = records.select("mdtrt_id", "anst_begntime", "anst_endtime").distinct()
    took = records.group_by("mdtrt_id").aggregate(
        took=((_.anst_endtime.epoch_seconds() - _.anst_begntime.epoch_seconds()) / 60).sum()
    )
    items = context.claims["hilist_b"].filter(_.serv_type == ANAESTHESIA, _.serv_mins > 0)
    rows = context.item_days.inner_join(items.select("hilist_code", "serv_mins"), "hilist_code")
    sums = rows.group_by("mdtrt_id").aggregate(
        billed=(_.cnt * _.serv_mins).sum(),
        amount=_.amount.sum(),
        bkkp_sn=_.bkkp_sn.max(),
        setl_id=_.setl_id.max(),
    )
    sums = sums.inner_join(took, "mdtrt_id").mutate(_over=_.billed - _.took).filter(_._over > grace)
    return line_finding(
        sums,
        sums._over * sums.amount / sums.billed,
        ibis.literal("麻醉计费") + in_figures(sums.billed) + "分钟,记录" + in_figures(sums.took) + "分钟",
    )
