"""The limits of the catalogue: which item is limited in which way, where and when.

A limit is a row of `hilist_lmt_b` (or a limit column of `hilist_b`): item, kind, value and, where it does not
hold everywhere and always, a level of institution (3, 2, 1) and dates. Of what is in force on a day, rows for
the institution's level come before rows for all, and these before the column of `hilist_b`. Rows that are
left of one item and kind are alternatives: a line is in order when one of them allows it. Kinds (`lmt_type`)
and what `lmt_value` holds:

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
    drug_class                  therapeutic group of the drug
    trac_prfx                   beginning of the item's trace codes
    pric_uplmt_amt              price ceiling, yuan a unit
    max_day_cnt                 most units a day
    cycl_max_cnt, cycl_days     at most so many units in so many days
    year_uplmt_amt              most yuan for a person in a calendar year
"""

from datetime import date

import ibis
from ibis import _

from features.rules.billed_lines import LINE
from features.rules.finding_text import SEPARATOR
from features.rules.rule_context import RuleContext, cached_table

# Limit columns of `hilist_b`, by kind; they hold at every level and on every day.
_CATALOGUE_COLUMNS = {
    "gend": "lmt_gend", "age_low": "lmt_age_low", "age_high": "lmt_age_high",
    "pric_uplmt_amt": "pric_uplmt_amt", "max_day_cnt": "max_day_cnt", "cycl_max_cnt": "cycl_max_cnt",
    "cycl_days": "cycl_days", "year_uplmt_amt": "year_uplmt_amt",
}  # fmt: skip
_ALWAYS = date(1, 1, 1), date(9999, 12, 31)


def limits_of(context: RuleContext, *kinds: str) -> ibis.Table:
    """Limits of some kinds from both tables, one row a value.

    Columns: hilist_code, lmt_type, value, all (in words), medinslv, first and last (days of validity), item
    (name), rank (0 for a level, 1 for all levels, 2 from `hilist_b`), contested (the item has limits of
    several ranks).
    """
    rows = cached_table(context, "limit_rows", lambda: _all_limits(context))
    return rows.filter(rows.lmt_type.isin(kinds)) if kinds else rows


def _all_limits(context: RuleContext) -> ibis.Table:
    items, own = context.claims["hilist_b"], context.claims["hilist_lmt_b"]
    first, last = (ibis.literal(day) for day in _ALWAYS)
    rows = own.select(
        "hilist_code", "lmt_type", "lmt_value", "medinslv", first=own.begndate.date().fill_null(first),
        last=own.enddate.date().fill_null(last), rank=own.medinslv.notnull().ifelse(0, 1),
    )  # fmt: skip
    columns = [
        items.filter(items[column].notnull()).select(
            "hilist_code", lmt_type=ibis.literal(kind), lmt_value=items[column].cast("string"),
            medinslv=ibis.null("string"), first=first, last=last, rank=ibis.literal(2, "int8"),
        )
        for kind, column in _CATALOGUE_COLUMNS.items()
    ]  # fmt: skip
    return _one_row_a_value(ibis.union(rows, *columns), items.select("hilist_code", "hilist_name"))


def _one_row_a_value(rows: ibis.Table, names: ibis.Table) -> ibis.Table:
    """Limits with the item's name, all values of the limit in words and whether ranks compete."""
    held = ["hilist_code", "lmt_type", "medinslv", "first", "last", "rank"]
    named = rows.left_join(names, "hilist_code").drop("hilist_code_right")
    # In a window, for few engines have ordered aggregates.
    together = ibis.window(group_by=held, order_by="lmt_value")
    item = ibis.window(group_by=["hilist_code", "lmt_type"])
    return named.select(
        *held,
        item=named.hilist_name.fill_null(named.hilist_code),
        contested=named["rank"].max().over(item) > named["rank"].min().over(item),
        all=named.lmt_value.collect().over(together).join(SEPARATOR).left(80),
        value=named.lmt_value,
    )


def in_force(rows: ibis.Table, judged: ibis.Table) -> ibis.Table:
    """Rows with the limits of their item that hold on their day at their level, one row a limit.

    Args:
        rows: hilist_code, day and level (of the institution), among others.
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


def with_limit(context: RuleContext, rows: ibis.Table, kind: str) -> ibis.Table:
    """Lines with the number that limits their item in a way (column of the kind's name).

    Args:
        rows: lines by visit, item and day; those whose item has no such limit in force are left out. Of
            several numbers of one rank the one begun last counts, and of these the largest.
    """
    placed = rows.inner_join(context.facts.select("mdtrt_id", "level"), "mdtrt_id")
    met = in_force(placed, limits_of(context, kind))
    met = met.mutate(**{kind: limit_number(met)}).filter(_[kind].notnull())
    order = ibis.window(group_by=LINE, order_by=["rank", ibis.desc("first"), ibis.desc(kind)])
    met = met.mutate(_nth=ibis.row_number().over(order)).filter(_._nth == 0)
    return met.select(*rows.columns, kind)


def lowest_limit(context: RuleContext, kind: str) -> ibis.Table:
    """The smallest number that limits an item in a way, anywhere and ever: hilist_code, lowest.

    Whatever keeps it keeps the limit in force, so that only the others need be looked at.
    """
    held = limits_of(context, kind)
    return held.group_by("hilist_code").aggregate(lowest=limit_number(held).min())


def limit_number(rows: ibis.Table) -> ibis.Value:
    """The value of a limit that is a number."""
    return rows.value.try_cast("float64")


def starts_with_limit(rows: ibis.Table, column: str) -> ibis.Value:
    """Does a column begin with the value? Null where the column is unknown."""
    return rows[column].startswith(rows.value)
