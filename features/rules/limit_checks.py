"""What a limit of the catalogue asks of a visit and its patient, and the lines that break one."""

from collections.abc import Callable

import ibis
from ibis import _

from features.rules.billed_lines import LINE, charged_lines, goods_kind, icd_code
from features.rules.dictionary_values import BIRTH, BIRTH_DIAGNOSES, SEXES
from features.rules.limits_table import in_force, limit_number, limits_of, starts_with_limit
from features.rules.rule_context import RuleContext, cached_table

# Kinds that concern every drug or nearly every item; their rules first leave aside what cannot break them.
_JUDGED_ELSEWHERE = (
    "dise",
    "trac_prfx",
    "pric_uplmt_amt",
    "max_day_cnt",
    "cycl_max_cnt",
    "cycl_days",
    "year_uplmt_amt",
)
# Limits that a line keeps or breaks by itself: what allows a line, by kind; null where the data do not say.
_ALLOWED: dict[str, Callable[[ibis.Table], ibis.Value]] = {
    "gend": lambda t: (t.gend.isin(list(SEXES)) & ~t.birth).ifelse(t.value == t.gend, None),
    "age_low": lambda t: t.birth.ifelse(True, t.years >= limit_number(t)),
    "age_high": lambda t: t.birth.ifelse(True, t.years <= limit_number(t)),
    "age_day_high": lambda t: t.birth.ifelse(True, t.age_days <= limit_number(t)),
    # A pharmacy has no level, and some grade no clinic: their level is unknown.
    "medinslv": lambda t: t.is_pharmacy.ifelse(None, t.known_level).cast("float64") >= limit_number(t),
    "med_type": lambda t: starts_with_limit(t, "med_type"),
    "dept": lambda t: starts_with_limit(t, "dept_code"),
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
        ("diag", "label_diag", "exam_diag"), lambda t: t.dx.startswith(icd_code(t.value)).fill_null(False)
    ),
}


def _limited_lines(context: RuleContext) -> ibis.Table:
    """Lines paid within the fund's scope of items that have a limit, but for limits of nearly every item
    (`_JUDGED_ELSEWHERE`), whose rules select their lines themselves."""
    judged = limits_of(context).filter(~_.lmt_type.isin(_JUDGED_ELSEWHERE))
    lines = context.item_days.semi_join(judged, "hilist_code").filter((_.inscp > 0).fill_null(True))
    lines = charged_lines(context, lines)
    return lines.select(
        "mdtrt_id", "hilist_code", "day", "setl_id", "bkkp_sn", "amount", "charge",
        goods=goods_kind(lines.charge, lines.list_type),
    )  # fmt: skip


def lines_with_limits(context: RuleContext, *kinds: str) -> ibis.Table:
    """Lines with the limits of some kinds in force on their day, and the properties of their visit."""
    judged = limits_of(context, *kinds)
    lines = cached_table(context, "limited_lines", lambda: _limited_lines(context)).semi_join(
        judged, "hilist_code"
    )
    return in_force(lines.inner_join(_limited_visits(context), "mdtrt_id"), judged)


def _limited_visits(context: RuleContext) -> ibis.Table:
    lines = cached_table(context, "limited_lines", lambda: _limited_lines(context))
    return cached_table(
        context, "limited_visits", lambda: _visit_properties(context).semi_join(lines, "mdtrt_id")
    )


def _broken_limits(context: RuleContext) -> ibis.Table:
    """Lines that none of the limits of one kind allows, for all kinds of `_ALLOWED` in one query."""
    rows = lines_with_limits(context, *_ALLOWED)
    kept = ibis.cases(*[(rows.lmt_type == kind, allowed(rows)) for kind, allowed in _ALLOWED.items()])
    # Most lines keep their limits: only the columns that identify them are carried along.
    rows = rows.select(
        *LINE, "setl_id", "bkkp_sn", "amount", "goods", "lmt_type", "value", "all", "item",
        kept=kept.fill_null(True),
    )  # fmt: skip
    bad = rows.filter(~_.kept).anti_join(rows.filter(_.kept), [*LINE, "lmt_type"])
    return bad.inner_join(_limited_visits(context), "mdtrt_id")


def lines_breaking(context: RuleContext, kind: str, *which: str) -> ibis.Table:
    """Lines that no limit of a kind of `_ALLOWED` allows, of all goods or of some (DRUG, MATERIAL,
    SERVICE)."""
    rows = cached_table(context, "broken_limits", lambda: _broken_limits(context)).filter(_.lmt_type == kind)
    return rows.filter(rows.goods.isin(which)) if which else rows


def _visit_properties(context: RuleContext) -> ibis.Table:
    """The properties of a visit and its patient that limits refer to."""
    facts = context.facts
    graded = context.claims["fixmedins_b"].select("fixmedins_code", _graded=_.hosp_lv.notnull())
    return facts.left_join(graded, "fixmedins_code").select(
        "mdtrt_id", "psn_no", "fixmedins_code", "dr_code", "kind", "med_type", "insutype", "dept_code",
        "dise_no", "gend", "years", "age_days", "los", "is_pharmacy", "level", "second",
        dx=icd_code(facts.dscg_maindiag_code),
        known_level=_._graded.fill_null(False).ifelse(facts.level, None),
        birth=(facts.med_type.startswith(BIRTH) | facts.dx3.re_search(BIRTH_DIAGNOSES)).fill_null(False),
    )  # fmt: skip


def lines_not_allowed(rows: ibis.Table, allowed: ibis.Value, message: ibis.Value) -> ibis.Table:
    """Lines that no limit in force allows; an unknown (null) counts as allowed."""
    judged = rows.mutate(_ok=allowed.fill_null(True), message=message)
    bad = judged.filter(~_._ok).anti_join(judged.filter(_._ok), LINE)
    return bad.mutate(amount_in_question=bad.amount)
