"""Rules that compare an item with the limits of the catalogue: sex, age, level, setting, indication, course.

A limit is a row of `hilist_lmt_b` (or a limit column of `hilist_b`): item, kind, value and, where it does not
hold everywhere and always, a level of institution (3, 2, 1) and dates. Of what is in force on a day, rows for the
institution's level come before rows for all, and these before the column of `hilist_b`. Rows that are left of one
item and kind are alternatives: a line is in order when one of them allows it. Kinds (`lmt_type`) and what
`lmt_value` holds:

    gend                        1 men only, 2 women only
    age_low, age_high           completed years
    age_day_high                days of life
    medinslv                    lowest level of institution: 1, 2 or 3
    med_type, dept, caty        beginning of the kinds of visit, departments, doctor's specialties allowed
    diag, label_diag, exam_diag beginning of the ICD-10 codes for which it is paid, labelled, indicated
    dise                        registered chronic disease whose list holds the drug
    wkinj_only, matn_only       1: paid by work-injury or maternity insurance alone
    nopay, nopay_alone          1: a herb never paid, or not without another herb
    course_days, supply_days    most days of use in a course, most days of supply at once
    visit_cnt                   most units for one operation
    drug_class                  group of drugs that do the same
    trac_prfx                   beginning of the item's trace codes
    pric_uplmt_amt              price ceiling, yuan a unit
    max_day_cnt                 most units a day
    cycl_max_cnt, cycl_days     at most so many units in so many days
    year_uplmt_amt              most yuan for a person in a calendar year
"""

from collections.abc import Callable
from datetime import date
from functools import reduce
from operator import add

import ibis
from ibis import _

from claims.as_of import STAY
from features.rules.engine import CLEAR, SUSPECT, Parameter, RuleContext, rule
from features.visits.codelists import DRUGS

DRUG, MATERIAL, SERVICE = "drug", "material", "service"
# Of `hilist_rela_b`: the first item may be charged only where one of the second was.
REQUIRES = "3"
LINE = ["mdtrt_id", "hilist_code", "day"]
COMPLETED_CHILDHOOD = 18
# A newborn is treated on its mother's card: the limits of its items are not hers (schemes.md §6).
_BIRTH = "^(O8|P|Z38)"
_SEX = {"1": "男性", "2": "女性"}
# Limit columns of `hilist_b`, by kind; they hold at every level and on every day.
_COLUMNS = {
    "gend": "lmt_gend", "age_low": "lmt_age_low", "age_high": "lmt_age_high", "pric_uplmt_amt": "pric_uplmt_amt",
    "max_day_cnt": "max_day_cnt", "cycl_max_cnt": "cycl_max_cnt", "cycl_days": "cycl_days",
    "year_uplmt_amt": "year_uplmt_amt",
}  # fmt: skip
# Kinds that concern every drug or nearly every item; their rules first leave aside what cannot break them.
_APART = ("dise", "trac_prfx", "pric_uplmt_amt", "max_day_cnt", "cycl_max_cnt", "cycl_days", "year_uplmt_amt")
_EVER = date(1, 1, 1), date(9999, 12, 31)


def goods(charge: ibis.Value, list_type: ibis.Value) -> ibis.Value:
    """Drug, material or service."""
    return ibis.cases(
        ((charge.isin(DRUGS) | list_type.startswith("1")).fill_null(False), DRUG),
        (((charge == "08") | list_type.startswith("3")).fill_null(False), MATERIAL),
        else_=SERVICE,
    )


def code_of(value: ibis.Value) -> ibis.Value:
    """ICD code without dots and case."""
    return value.upper().re_replace("[^A-Z0-9]", "").nullif("")


def cached_table(context: RuleContext, name: str, build: Callable[[], ibis.Table]) -> ibis.Table:
    """A table that several rules look at, made for the first of them."""
    if name not in context.cache:
        context.cache[name] = context.claims.con.create_table(name, build(), overwrite=True)
    return context.cache[name]


def charged(context: RuleContext, lines: ibis.Table | None = None) -> ibis.Table:
    """Lines (visit, item, day) that cost something and that the visit did not give back on another day."""
    lines = context.item_days if lines is None else lines
    undone = cached_table(context, "undone_items", lambda: _undone(context))
    return lines.filter(_.cnt > 0, _.amount > 0).anti_join(undone, ["mdtrt_id", "hilist_code"])


def drugs_of(context: RuleContext) -> ibis.Table:
    """Drugs of a visit without a bed, or with sales: net of what it gave back.

    Columns: mdtrt_id, hilist_code, charge, days_per_unit, cnt, amount and unit (yuan), bkkp_sn, setl_id.
    """
    # Most drug lines stand on the bills of stays, where no purchase is to be looked at.
    visits = context.facts.filter((_.kind != STAY) | _.boxes.notnull())

    def build() -> ibis.Table:
        lines = context.item_days.filter(_.charge.isin(DRUGS)).semi_join(visits, "mdtrt_id")
        items = lines.group_by("mdtrt_id", "hilist_code").aggregate(
            cnt=_.cnt.sum(), amount=_.amount.sum().round(2), bkkp_sn=_.bkkp_sn.min(), setl_id=_.setl_id.min(),
            # The same on every line of an item.
            charge=_.charge.arbitrary(), days_per_unit=_.days_per_unit.arbitrary(),
        )  # fmt: skip
        return items.filter(_.cnt > 0, _.amount > 0).mutate(unit=_.amount / _.cnt)

    return cached_table(context, "drugs_of", build)


def _undone(context: RuleContext) -> ibis.Table:
    returned = context.item_days.filter(_.cnt < 0).select("mdtrt_id", "hilist_code").distinct()
    sums = context.item_days.semi_join(returned, ["mdtrt_id", "hilist_code"]).group_by(
        "mdtrt_id", "hilist_code"
    )
    return sums.aggregate(net=_.cnt.sum()).filter(_.net <= 0).select("mdtrt_id", "hilist_code")


def limits(context: RuleContext, *kinds: str) -> ibis.Table:
    """Limits of some kinds from both tables, one row a value.

    Columns: hilist_code, lmt_type, value, all (in words), medinslv, first and last (days of validity), item (name),
    rank (0 for a level, 1 for all levels, 2 from `hilist_b`), contested (the item has limits of several ranks).
    """
    rows = cached_table(context, "limit_rows", lambda: _limits(context))
    return rows.filter(rows.lmt_type.isin(kinds)) if kinds else rows


def _limits(context: RuleContext) -> ibis.Table:
    items, own = context.claims["hilist_b"], context.claims["hilist_lmt_b"]
    ever = {"first": ibis.literal(_EVER[0]), "last": ibis.literal(_EVER[1])}
    rows = [
        own.select(
            "hilist_code", "lmt_type", "lmt_value", "medinslv", first=own.begndate.date().fill_null(ever["first"]),
            last=own.enddate.date().fill_null(ever["last"]), rank=own.medinslv.notnull().ifelse(0, 1),
        )
    ]  # fmt: skip
    for kind, column in _COLUMNS.items():
        rows.append(
            items.filter(items[column].notnull()).select(
                "hilist_code", lmt_type=ibis.literal(kind), lmt_value=items[column].cast("string"),
                medinslv=ibis.null("string"), **ever, rank=ibis.literal(2, "int8"),
            )
        )  # fmt: skip
    held = ["hilist_code", "lmt_type", "medinslv", "first", "last", "rank"]
    together = ibis.union(*rows).group_by(held).aggregate(values=_.lmt_value.collect(order_by=_.lmt_value))
    names = items.select("hilist_code", "hilist_name")
    together = together.left_join(names, "hilist_code").drop("hilist_code_right")
    ranks = together["rank"].max().over(ibis.window(group_by=["hilist_code", "lmt_type"]))
    together = together.mutate(
        item=together.hilist_name.fill_null(together.hilist_code),
        contested=ranks > together["rank"].min().over(ibis.window(group_by=["hilist_code", "lmt_type"])),
        all=together["values"].join("、").left(80),
        # One row a value: Ibis 12 writes functions over arrays in a way that DuckDB 2 refuses.
        value=together["values"],
    )
    return together.drop("values", "hilist_name").unnest("value")


def in_force(rows: ibis.Table, judged: ibis.Table) -> ibis.Table:
    """Rows with the limits of their item that hold on their day at their level, one row a limit.

    Args:
        rows: hilist_code, day and level (of the institution) beside others.
        judged: some of `limits`.
    """
    met = rows.inner_join(judged, "hilist_code").filter(
        _["first"] <= _.day, _["last"] >= _.day, (_.medinslv == _.level).fill_null(True)
    )
    stronger = judged.filter(_.contested).select(
        "hilist_code", "lmt_type", above="rank", since="first", until="last", there="medinslv"
    )
    stronger = stronger.view()
    return met.anti_join(
        stronger,
        [
            "hilist_code",
            "lmt_type",
            stronger.above < met["rank"],
            stronger.since <= met.day,
            stronger.until >= met.day,
            (stronger.there == met.level).fill_null(True),
        ],
    )


def held_to(context: RuleContext, rows: ibis.Table, kind: str) -> ibis.Table:
    """Lines with the number that limits their item in a way (column of the kind's name).

    Args:
        rows: lines by visit, item and day; those whose item has no such limit in force are left out. Of several
            numbers of one rank the one begun last counts, and of these the largest.
    """
    placed = rows.inner_join(context.facts.select("mdtrt_id", "level"), "mdtrt_id")
    met = in_force(placed, limits(context, kind))
    met = met.mutate(**{kind: number(met)}).filter(_[kind].notnull())
    order = ibis.window(group_by=LINE, order_by=["rank", ibis.desc("first"), ibis.desc(kind)])
    met = met.mutate(_nth=ibis.row_number().over(order)).filter(_._nth == 0)
    return met.select(*rows.columns, kind)


def least(context: RuleContext, kind: str) -> ibis.Table:
    """The smallest number that limits an item in a way, anywhere and ever: hilist_code, least.

    Whatever keeps it keeps the limit in force, so that only the others need be looked at.
    """
    held = limits(context, kind)
    return held.group_by("hilist_code").aggregate(least=number(held).min())


# Limits that a line keeps or breaks by itself: what a line of the kind must be; null where it is not told.
_KEPT: dict[str, Callable[[ibis.Table], ibis.Value]] = {
    "gend": lambda t: (t.gend.isin(list(_SEX)) & ~t.birth).ifelse(t.value == t.gend, None),
    "age_low": lambda t: t.birth.ifelse(True, t.years >= number(t)),
    "age_high": lambda t: t.birth.ifelse(True, t.years <= number(t)),
    "age_day_high": lambda t: t.birth.ifelse(True, t.age_days <= number(t)),
    # A pharmacy has no level, and some grade no clinic: nothing can be said of them.
    "medinslv": lambda t: t.is_pharmacy.ifelse(None, t.known_level).cast("float64") >= number(t),
    "med_type": lambda t: starts(t, "med_type"),
    "dept": lambda t: starts(t, "dept_code"),
    "wkinj_only": lambda t: ~t.insutype.isin(["310", "390"]),
    # Childbirth and family planning by kind of visit, fund or diagnosis (O: pregnancy, Z3: care around it).
    "matn_only": lambda t: (
        t.med_type.left(2).isin(["51", "52", "53"])
        | (t.insutype == "510").fill_null(False)
        | t.birth
        | t.dx.re_search("^(O|Z3)").fill_null(False)
    ),
    "nopay": lambda t: ibis.literal(False),
    **dict.fromkeys(
        ("diag", "label_diag", "exam_diag"), lambda t: t.dx.startswith(code_of(t.value)).fill_null(False)
    ),
}


def _limited_lines(context: RuleContext) -> ibis.Table:
    """Lines that the fund pays of items that have a limit of the visit: not those whose limits concern every drug
    or nearly every item (`_APART`), which their rules look at by themselves."""
    judged = limits(context).filter(~_.lmt_type.isin(_APART))
    lines = context.item_days.semi_join(judged, "hilist_code").filter((_.inscp > 0).fill_null(True))
    lines = charged(context, lines)
    return lines.select(
        "mdtrt_id", "hilist_code", "day", "setl_id", "bkkp_sn", "amount", "charge",
        goods=goods(lines.charge, lines.list_type),
    )  # fmt: skip


def limited(context: RuleContext, *kinds: str) -> ibis.Table:
    """Lines with the limits of some kinds that were in force on their day, and what a limit asks of their visit."""
    judged = limits(context, *kinds)
    lines = cached_table(context, "limited_lines", lambda: _limited_lines(context)).semi_join(
        judged, "hilist_code"
    )
    return in_force(lines.inner_join(_limited_visits(context), "mdtrt_id"), judged)


def _limited_visits(context: RuleContext) -> ibis.Table:
    lines = cached_table(context, "limited_lines", lambda: _limited_lines(context))
    return cached_table(context, "limited_visits", lambda: _visits(context).semi_join(lines, "mdtrt_id"))


def _broken_limits(context: RuleContext) -> ibis.Table:
    """Lines that none of the limits of one kind allows: judged in one go for all kinds of `_KEPT`."""
    rows = limited(context, *_KEPT)
    kept = ibis.cases(*[(rows.lmt_type == kind, allowed(rows)) for kind, allowed in _KEPT.items()])
    # Of the many lines that keep their limits no more is carried along than it takes to know them.
    rows = rows.select(
        *LINE, "setl_id", "bkkp_sn", "amount", "goods", "lmt_type", "value", "all", "item",
        kept=kept.fill_null(True),
    )  # fmt: skip
    bad = rows.filter(~_.kept).anti_join(rows.filter(_.kept), [*LINE, "lmt_type"])
    return bad.inner_join(_limited_visits(context), "mdtrt_id")


def broken(context: RuleContext, kind: str, *which: str) -> ibis.Table:
    """Lines that no limit of a kind of `_KEPT` allows, of drugs, materials or services if so asked."""
    rows = cached_table(context, "broken_limits", lambda: _broken_limits(context)).filter(_.lmt_type == kind)
    return rows.filter(rows.goods.isin(which)) if which else rows


def _visits(context: RuleContext) -> ibis.Table:
    """What a limit may ask of a visit and its patient."""
    facts = context.facts
    told = context.claims["fixmedins_b"].select("fixmedins_code", _graded=_.hosp_lv.notnull())
    return facts.left_join(told, "fixmedins_code").select(
        "mdtrt_id", "psn_no", "fixmedins_code", "dr_code", "kind", "med_type", "insutype", "dept_code",
        "dise_no", "gend", "years", "age_days", "los", "is_pharmacy", "level", "second",
        dx=code_of(facts.dscg_maindiag_code),
        known_level=_._graded.fill_null(False).ifelse(facts.level, None),
        birth=(facts.med_type.startswith("52") | facts.dx3.re_search(_BIRTH)).fill_null(False),
    )  # fmt: skip


def number(rows: ibis.Table) -> ibis.Value:
    """The value of a limit that is a number."""
    return rows.value.try_cast("float64")


def starts(rows: ibis.Table, column: str) -> ibis.Value:
    """Does a column begin with the value? Null where nothing is told."""
    return rows[column].startswith(rows.value)


def breaches(rows: ibis.Table, allowed: ibis.Value, message: ibis.Value) -> ibis.Table:
    """Lines that no limit in force allows; what is not told is allowed."""
    judged = rows.mutate(_ok=allowed.fill_null(True), message=message)
    bad = judged.filter(~_._ok).anti_join(judged.filter(_._ok), LINE)
    return bad.mutate(amount_in_question=bad.amount)


def text(value: ibis.Value) -> ibis.Value:
    """A whole number in a sentence."""
    return value.round().cast("int64").cast("string")


def said(*parts: str | ibis.Value) -> ibis.Value:
    """A sentence of words and values; what is not told stands as a dash."""
    words = [
        ibis.literal(part) if isinstance(part, str) else part.cast("string").fill_null("-") for part in parts
    ]
    return reduce(add, words)


def _found(rows: ibis.Table, message: ibis.Value) -> ibis.Table:
    """Lines that break a limit, with the sentence; what they cost offends."""
    return rows.mutate(amount_in_question=rows.amount, message=message)


def _sex(context: RuleContext, *which: str) -> ibis.Table:
    rows = broken(context, "gend", *which)
    only, person = (value.cases(*_SEX.items(), else_="") for value in (rows.value, rows.gend))
    return _found(rows, said("“", rows.item, "”限", only, "使用,参保人为", person))


def _age(rows: ibis.Table, limit: str, unit: str, age: str) -> ibis.Table:
    message = said("“", rows.item, f"”限{limit}", text(number(rows)), f"{unit}使用,参保人")
    return _found(rows, message + text(rows[age]) + unit)


def _too_old(rows: ibis.Table) -> ibis.Table:
    return _age(rows, "不超过", "岁", "years")


def _too_young(context: RuleContext, *which: str) -> ibis.Table:
    return _age(broken(context, "age_low", *which), "不小于", "岁", "years")


def _no_newborn(context: RuleContext, *which: str) -> ibis.Table:
    return _age(broken(context, "age_day_high", *which), "出生不超过", "天", "age_days")


def _both(*found: ibis.Table) -> ibis.Table:
    return ibis.union(
        *[table.select("mdtrt_id", "setl_id", "bkkp_sn", "amount_in_question", "message") for table in found]
    )


@rule(
    "R012", "药品区分性别", "Drug-sex conflict", "place", CLEAR, "38(六)/40(三)",
    official="GZ10000301004000", needs="fee_list_d hilist_b",
)  # fmt: skip
def drug_sex(context: RuleContext) -> ibis.Table:
    return _sex(context, DRUG)


@rule(
    "R013", "项目区分性别", "Service-sex conflict", "place", CLEAR, "38(六)/40(三)",
    official="GZ10000302004000", needs="fee_list_d hilist_b",
)  # fmt: skip
def service_sex(context: RuleContext) -> ibis.Table:
    return _sex(context, SERVICE)


@rule(
    "R015", "医用耗材与性别不符", "Consumable-sex conflict", "place", CLEAR, "38(六)/40(三)",
    needs="fee_list_d hilist_b",
)  # fmt: skip
def material_sex(context: RuleContext) -> ibis.Table:
    return _sex(context, MATERIAL)


@rule(
    "R016", "药品儿童专用/限儿童", "Paediatric-only drug to adult", "place", CLEAR, "38(六)",
    official="GZ10000301002000", needs="fee_list_d hilist_b",
)  # fmt: skip
def drug_too_old(context: RuleContext) -> ibis.Table:
    return _too_old(broken(context, "age_high", DRUG))


@rule(
    "R017", "药品限新生儿", "Neonate-only drug", "place", CLEAR, "38(六)",
    official="GZ10000101006000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=age_day_high",
)  # fmt: skip
def drug_neonate(context: RuleContext) -> ibis.Table:
    return _no_newborn(context, DRUG)


@rule(
    "R018", "儿童禁用药", "Contraindicated in children", "prescriber", SUSPECT, "38(二)",
    official="GZ10000301003000", needs="fee_list_d hilist_b",
)  # fmt: skip
def drug_too_young(context: RuleContext) -> ibis.Table:
    return _too_young(context, DRUG)


@rule(
    "R019", "项目儿童专用/限儿童/新生儿", "Child-only service", "place", CLEAR, "38(六)",
    official="GZ10000302003000", needs="fee_list_d hilist_b",
)  # fmt: skip
def child_service(context: RuleContext) -> ibis.Table:
    old = broken(context, "age_high", SERVICE).filter(lambda t: number(t) <= COMPLETED_CHILDHOOD)
    return _both(_too_old(old), _no_newborn(context, SERVICE))


@rule(
    "R020", "耗材限新生儿/儿童", "Child-only consumable", "place", CLEAR, "38(六)",
    official="GZ10000103001000", needs="fee_list_d hilist_b",
)  # fmt: skip
def child_material(context: RuleContext) -> ibis.Table:
    return _both(_too_old(broken(context, "age_high", MATERIAL)), _no_newborn(context, MATERIAL))


@rule(
    "R021", "项目限年龄", "Service age range", "place", CLEAR, "38(六)", needs="fee_list_d hilist_b"
)  # fmt: skip
def service_age(context: RuleContext) -> ibis.Table:
    old = broken(context, "age_high", SERVICE).filter(lambda t: number(t) > COMPLETED_CHILDHOOD)
    return _both(_too_old(old), _too_young(context, SERVICE))


def _level(context: RuleContext, *which: str) -> ibis.Table:
    rows = broken(context, "medinslv", *which)
    return _found(
        rows, said("“", rows.item, "”限", rows.value, "级及以上医疗机构,本机构为", rows.level, "级")
    )


@rule(
    "R026", "药品限医疗机构级别", "Institution-level limit (drug)", "place", CLEAR, "38(六)",
    official="GZ10000101012000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=medinslv",
)  # fmt: skip
def drug_level(context: RuleContext) -> ibis.Table:
    return _level(context, DRUG)


@rule(
    "R027", "项目限医疗机构级别", "Institution-level limit (service)", "place", CLEAR, "38(六)",
    official="GZ10000102011000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=medinslv",
)  # fmt: skip
def service_level(context: RuleContext) -> ibis.Table:
    return _level(context, SERVICE)


def _setting(context: RuleContext, *which: str) -> ibis.Table:
    rows = broken(context, "med_type", *which)
    message = said("“", rows.item, "”限定就医方式(", rows["all"], "),本次医疗类别为")
    return _found(rows, message + rows.med_type)


@rule(
    "R028", "药品限就医方式", "Drug: inpatient or outpatient only", "place", CLEAR, "38(六)",
    needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=med_type",
)  # fmt: skip
def drug_setting(context: RuleContext) -> ibis.Table:
    return _setting(context, DRUG)


@rule(
    "R029", "项目限就医方式", "Service: setting limit", "place", CLEAR, "38(六)",
    official="GZ10000102009000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=med_type",
)  # fmt: skip
def service_setting(context: RuleContext) -> ibis.Table:
    return _setting(context, SERVICE)


@rule(
    "R022", "药品/项目限工伤", "Work-injury-only item", "place", CLEAR, "38(六)",
    official="GZ10000101001000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=wkinj_only mdtrt_d.insutype",
)  # fmt: skip
def work_injury_only(context: RuleContext) -> ibis.Table:
    rows = broken(context, "wkinj_only")
    message = said("“", rows.item, "”限工伤保险支付,由基本医疗保险(险种", rows.insutype, ")结算")
    return _found(rows, message)


@rule(
    "R023", "药品/项目限生育", "Maternity-only item", "place", CLEAR, "38(六)",
    official="GZ10000101002000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=matn_only",
)  # fmt: skip
def maternity_only(context: RuleContext) -> ibis.Table:
    rows = broken(context, "matn_only")
    return _found(rows, said("“", rows.item, "”限生育保险支付,本次医疗类别为", rows.med_type))


def _department(context: RuleContext, which: str) -> ibis.Table:
    rows = broken(context, "dept", which)
    message = said("“", rows.item, "”限科室", rows["all"], ",由科室", rows.dept_code, "收费")
    return _found(rows, message)


@rule(
    "R036", "项目限科室", "Service department limit", "place", SUSPECT, "38(六)",
    official="GZ10000102008000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=dept mdtrt_d.dept_code",
)  # fmt: skip
def service_department(context: RuleContext) -> ibis.Table:
    return _department(context, SERVICE)


@rule(
    "R037", "耗材与科室不符", "Consumable-department conflict", "place", SUSPECT, "38(六)",
    official="GZ10000303002000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=dept mdtrt_d.dept_code",
)  # fmt: skip
def material_department(context: RuleContext) -> ibis.Table:
    return _department(context, MATERIAL)


HISTORY = Parameter(180, "days", "R024: diagnosis in the visit or within 180 days before")


def _indication(context: RuleContext, kind: str, history: float, *which: str) -> ibis.Table:
    """Lines without a diagnosis that allows them, in the visit or in the person's history.

    The contract carries one diagnosis a visit, so nothing here is more than a suspicion.
    """
    # Whoever is registered for a disease whose list holds the drug was examined for it.
    lists = limits(context, "dise").select("hilist_code", dise_no="value").distinct()
    rows = broken(context, kind, *which).anti_join(lists, ["hilist_code", "dise_no"])
    rows = rows.mutate(value=code_of(rows.value))
    message = said("“", rows.item, "”限定适应症", rows["all"], ",")
    message = (
        message + text(ibis.literal(history)) + "天内诊断无一符合(本次" + rows.dx.fill_null("未填") + ")"
    )
    bad = _found(rows, message)
    told = context.facts.select("psn_no", other=code_of(_.dscg_maindiag_code), seen=_.day).filter(
        _.other.notnull()
    )
    met = bad.inner_join(told, "psn_no")
    back = (met.day.epoch_seconds() - met.seen.epoch_seconds()) / 86400
    met = met.filter(back.between(0, history))
    # Nobody without a single diagnosis on record can be said to lack one.
    return bad.semi_join(met, LINE).anti_join(met.filter(starts(met, "other")), LINE)


@rule(
    "R024", "药品限适应症", "Restricted indication", "place", SUSPECT, "38(六)",
    official="GZ10000101008000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=diag mdtrt_d.dscg_maindiag_code",
    history=HISTORY,
)  # fmt: skip
def drug_indication(context: RuleContext, history: float) -> ibis.Table:
    return _indication(context, "diag", history, DRUG)


@rule(
    "R038", "项目限适应症/超适应症", "Service indication", "place", SUSPECT, "38(六)",
    official="GZ10000102007000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=diag mdtrt_d.dscg_maindiag_code",
    history=HISTORY,
)  # fmt: skip
def service_indication(context: RuleContext, history: float) -> ibis.Table:
    return _indication(context, "diag", history, SERVICE)


@rule(
    "R063", "耗材限疾病", "Consumable disease limit", "place", SUSPECT, "38(六)",
    needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=diag mdtrt_d.dscg_maindiag_code", history=HISTORY,
)  # fmt: skip
def material_indication(context: RuleContext, history: float) -> ibis.Table:
    return _indication(context, "diag", history, MATERIAL)


@rule(
    "R071", "超说明书适应症", "Off-label indication", "prescriber", SUSPECT, "38(二)",
    official="GZ10000301007000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=label_diag mdtrt_d.dscg_maindiag_code",
    history=HISTORY,
)  # fmt: skip
def off_label(context: RuleContext, history: float) -> ibis.Table:
    return _indication(context, "label_diag", history, DRUG)


@rule(
    "R075", "无指征检查", "Test without indication", "prescriber", SUSPECT, "38(二)",
    official="GZ10000302001000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=exam_diag mdtrt_d.dscg_maindiag_code",
    history=HISTORY,
)  # fmt: skip
def test_without_indication(context: RuleContext, history: float) -> ibis.Table:
    return _indication(context, "exam_diag", history, SERVICE)


@rule(
    "R032", "药品超病种目录", "Outside disease list", "place", SUSPECT, "38(六)",
    official="GZ10000101011000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=dise mdtrt_d.dise_no",
)  # fmt: skip
def outside_disease_list(context: RuleContext) -> ibis.Table:
    lists = limits(context, "dise")
    # Only diseases that have a list; in stays the code is a DRG or DIP group, no registered disease.
    listed = lists.select(dise_no=_.value).distinct()
    visits = (
        context.facts.filter(context.facts.kind != STAY)
        .select("mdtrt_id", "dise_no", "level")
        .semi_join(listed, "dise_no")
    )
    lines = context.item_days.filter(_.charge.isin(DRUGS), (_.inscp > 0).fill_null(True))
    lines = charged(context, lines.inner_join(visits, "mdtrt_id"))
    met = in_force(lines, lists)
    bad = lines.anti_join(met.filter(met.value == met.dise_no), LINE)
    return _found(bad, said("药品", bad.hilist_code, "不在门诊慢特病病种", bad.dise_no, "的用药目录内"))


@rule(
    "R033", "饮片单复方不予支付", "Herb never payable", "place", CLEAR, "38(六)",
    official="GZ10000101003000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=nopay",
)  # fmt: skip
def herb_never(context: RuleContext) -> ibis.Table:
    rows = broken(context, "nopay", DRUG)
    return _found(rows, said("“", rows.item, "”单味或复方均不予支付,已由基金结算"))


@rule(
    "R034", "饮片单方不予支付", "Herb not payable alone", "place", CLEAR, "38(六)",
    official="GZ10000101004000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=nopay_alone",
)  # fmt: skip
def herb_alone(context: RuleContext) -> ibis.Table:
    # A prescription is what was charged in a visit on a day; another herb beside them makes it a compound.
    herbs = charged(context).filter(_.charge == "10")
    alone = limited(context, "nopay_alone").filter(_.goods == DRUG)
    others = herbs.anti_join(alone, LINE).select("mdtrt_id", "day").distinct()
    bad = alone.anti_join(others, ["mdtrt_id", "day"])
    return _found(bad, said("“", bad.item, "”单方使用不予支付,同方无其他饮片"))


PAUSE = Parameter(30, "days", "own starting value: a longer pause begins a new course")


def _course(context: RuleContext, pause: float, which: str) -> ibis.Table:
    """Days of use beyond what a course may have; a course ends with a pause."""
    rows = limited(context, "course_days").filter(_.goods == which)
    rows = rows.select(*LINE, "setl_id", "bkkp_sn", "amount", "psn_no", "value", "item")
    # Whoever had the item on no more days than the shortest course allows cannot have gone beyond one.
    used = rows.group_by("psn_no", "hilist_code").aggregate(days=_.day.nunique(), least=number(rows).min())
    rows = rows.semi_join(used.filter(_.days > _.least), ["psn_no", "hilist_code"])
    days = rows.select("psn_no", "hilist_code", "day").distinct()
    order = ibis.window(group_by=["psn_no", "hilist_code"], order_by="day")
    gap = (days.day.epoch_seconds() - days.day.lag().over(order).epoch_seconds()) / 86400
    days = days.mutate(_new=(gap > pause).fill_null(True).cast("int64"))
    days = days.mutate(_course=days._new.cumsum(group_by=["psn_no", "hilist_code"], order_by="day"))
    within = ibis.window(group_by=["psn_no", "hilist_code", "_course"], order_by="day")
    days = days.mutate(nth=ibis.row_number().over(within) + 1)
    rows = rows.inner_join(days, ["psn_no", "hilist_code", "day"])
    message = said("“", rows.item, "”每疗程限", text(number(rows)), "天,本次为第", text(rows.nth), "天")
    return breaches(rows, rows.nth <= number(rows), message)


@rule(
    "R030", "药品限支付疗程", "Drug course limit", "place", SUSPECT, "38(六)",
    official="GZ10000101010000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=course_days", pause=PAUSE,
)  # fmt: skip
def drug_course(context: RuleContext, pause: float) -> ibis.Table:
    return _course(context, pause, DRUG)


@rule(
    "R039", "项目限支付疗程", "Service course limit", "place", SUSPECT, "38(六)",
    official="GZ10000102010000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=course_days", pause=PAUSE,
)  # fmt: skip
def service_course(context: RuleContext, pause: float) -> ibis.Table:
    return _course(context, pause, SERVICE)


@rule(
    "R058", "医用耗材数量超标", "Consumable quantity limit", "place", SUSPECT, "38(三)/40(三)",
    official="GZ10000303003000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=visit_cnt",
)  # fmt: skip
def material_quantity(context: RuleContext) -> ibis.Table:
    most = limited(context, "visit_cnt").filter(_.goods == MATERIAL)
    most = most.group_by("mdtrt_id", "hilist_code").aggregate(item=_.item.min(), most=number(most).max())
    lines = context.item_days.semi_join(most, ["mdtrt_id", "hilist_code"])
    rows = lines.group_by("mdtrt_id", "hilist_code").aggregate(
        total=_.cnt.sum(), spent=_.amount.sum(), bkkp_sn=_.bkkp_sn.min(), setl_id=_.setl_id.min()
    )
    rows = rows.inner_join(most, ["mdtrt_id", "hilist_code"])
    # The norm is for one operation: two operations may take twice as much.
    cut = context.item_days.filter(_.charge == "06").group_by("mdtrt_id").aggregate(operations=_.cnt.sum())
    rows = rows.left_join(cut, "mdtrt_id").drop("mdtrt_id_right")
    rows = rows.mutate(most=rows.most * ibis.greatest(rows.operations.fill_null(1), 1))
    bad = rows.filter(rows.total > rows.most)
    message = said(
        "耗材“", bad.item, "”本次计费", bad.total.cast("string"), ",高于标准", bad.most.cast("string")
    )
    return bad.mutate(
        amount_in_question=((bad.total - bad.most) * bad.spent / bad.total).round(2), message=message
    )


def _unaccompanied(context: RuleContext, which: str, near: float) -> ibis.Table:
    """Lines whose item makes no sense without another one, which the person did not get within days."""
    pairs = context.claims["hilist_rela_b"].filter(_.rela_type == REQUIRES)
    pairs = pairs.select(
        "hilist_code", "rela_days", need="rela_hilist_code", first=_.begndate.date(), last=_.enddate.date()
    )
    persons = context.facts.select("mdtrt_id", "psn_no")
    rows = charged(context).inner_join(pairs, "hilist_code").inner_join(persons, "mdtrt_id")
    rows = rows.filter(goods(rows.charge, rows.list_type) == which)
    rows = rows.filter(
        (rows["first"] <= rows.day).fill_null(True), (rows["last"] >= rows.day).fill_null(True)
    )
    had = charged(context).semi_join(pairs, [_.hilist_code == pairs.need]).inner_join(persons, "mdtrt_id")
    had = had.select("psn_no", need="hilist_code", had="day", where="mdtrt_id")
    met = rows.inner_join(had, ["psn_no", "need"])
    apart = (met.day.epoch_seconds() - met.had.epoch_seconds()).abs() / 86400
    met = met.filter((met.where == met.mdtrt_id) | (apart <= met.rela_days.fill_null(near)))
    bad = rows.anti_join(met, LINE)
    message = said("项目", bad.hilist_code, "应与", bad.need, f"等同时使用,前后{near:g}天内未见")
    return bad.mutate(amount_in_question=bad.amount, message=message)


NEAR = Parameter(7, "days", "own starting value: paid on one day, done on another")


@rule(
    "R059", "耗材与项目不符", "Consumable without procedure", "place", SUSPECT, "38(四)/40(三)",
    official="GZ10000303001000", needs="fee_list_d hilist_rela_b", filled="hilist_rela_b.rela_type=3", near=NEAR,
)  # fmt: skip
def material_alone(context: RuleContext, near: float) -> ibis.Table:
    return _unaccompanied(context, MATERIAL, near)


@rule(
    "R062", "药品与服务项目不符", "Drug needs procedure", "place", SUSPECT, "38(四)",
    official="GZ10000301001000", needs="fee_list_d hilist_rela_b", filled="hilist_rela_b.rela_type=3", near=NEAR,
)  # fmt: skip
def drug_alone(context: RuleContext, near: float) -> ibis.Table:
    return _unaccompanied(context, DRUG, near)


# --- Limits of diagnoses and operations (`icd_lmt_b`: icd_code is a prefix of at least three characters) ---


def _coded(context: RuleContext, column: str, icd_type: str, kind: str) -> ibis.Table:
    """Visits whose code has a limit of a kind, with its value."""
    # Codes are few and visits many, so what a code means is worked out once a code.
    told = context.facts.select(raw=column).distinct().mutate(code=code_of(_.raw)).filter(_.code.notnull())
    table = context.claims["icd_lmt_b"].filter(_.icd_type == icd_type, _.lmt_type == kind)
    table = table.select(
        prefix=code_of(_.icd_code), value=_.lmt_value, first=_.begndate.date(), last=_.enddate.date()
    )
    codes = told.mutate(stem=_.code.left(3))
    codes = codes.inner_join(table, [codes.stem == table.prefix.left(3)])
    codes = codes.filter(codes.code.startswith(codes.prefix))
    codes = codes.select("raw", "code", "value", "first", "last")
    rows = context.facts.inner_join(codes, [context.facts[column] == codes.raw])
    rows = rows.mutate(birth=(rows.med_type.startswith("52") | rows.code.re_search(_BIRTH)).fill_null(False))
    return rows.filter(
        (rows["first"] <= rows.day).fill_null(True), (rows["last"] >= rows.day).fill_null(True)
    )


@rule(
    "R010", "诊断与性别不符", "Diagnosis-sex conflict", "place", CLEAR, "38(六)/40(三)",
    official="GZ10000204006000", needs="icd_lmt_b", filled="icd_lmt_b.lmt_type=gend mdtrt_d.dscg_maindiag_code",
)  # fmt: skip
def diagnosis_sex(context: RuleContext) -> ibis.Table:
    rows = _coded(context, "dscg_maindiag_code", "1", "gend")
    bad = rows.filter(rows.gend.isin(list(_SEX)), rows.gend != rows.value)
    message = said("诊断", bad.code, "限", bad.value.cases(*_SEX.items(), else_=""), ",参保人性别不符")
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)


@rule(
    "R011", "诊断与年龄不符", "Diagnosis-age conflict", "place", SUSPECT, "38(六)/40(三)",
    official="GZ10000204007000", needs="icd_lmt_b", filled="mdtrt_d.dscg_maindiag_code",
)  # fmt: skip
def diagnosis_age(context: RuleContext) -> ibis.Table:
    low, high = (_coded(context, "dscg_maindiag_code", "1", kind) for kind in ("age_low", "age_high"))
    bad = ibis.union(
        low.filter(low.years < low.value.try_cast("float64")),
        high.filter(high.years > high.value.try_cast("float64")),
    )
    bad = bad.filter(~bad.birth)
    message = said("诊断", bad.code, "限年龄", bad.value, "岁,参保人", text(bad.years), "岁")
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)


@rule(
    "R014", "手术编码与性别不符", "Operation-sex conflict", "place", CLEAR, "38(六)/40(三)",
    official="GZ10000201005000", needs="icd_lmt_b", filled="mdtrt_d.oprn_oprt_code",
)  # fmt: skip
def operation_sex(context: RuleContext) -> ibis.Table:
    rows = _coded(context, "oprn_oprt_code", "2", "gend")
    bad = rows.filter(rows.gend.isin(list(_SEX)), rows.gend != rows.value)
    message = said("手术", bad.code, "限", bad.value.cases(*_SEX.items(), else_=""), ",参保人性别不符")
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)
