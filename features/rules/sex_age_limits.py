"""Items limited to a sex or an age (R012, R013, R015-R021)."""

import ibis

from features.rules.billed_lines import DRUG, MATERIAL, SERVICE
from features.rules.declaration import CLEAR, SUSPECT, rule
from features.rules.dictionary_values import SEXES
from features.rules.finding_text import (
    Pair,
    sentence,
    union_findings,
    whole_line_finding,
    whole_number,
    word_of,
)
from features.rules.limit_checks import lines_breaking
from features.rules.limits_table import limit_number
from features.rules.rule_context import RuleContext

COMPLETED_CHILDHOOD = 18


def _sex_conflict(context: RuleContext, *which: str) -> ibis.Table:
    rows = lines_breaking(context, "gend", *which)
    message = sentence(
        "“{item}”限{only}使用,参保人为{person}",
        "“{item}” is for {only} only, not for {person} as here",
        item=rows.item, only=word_of(rows.value, SEXES, ("", "")), person=word_of(rows.gend, SEXES, ("", "")),
    )  # fmt: skip
    return whole_line_finding(rows, message)


def _age_finding(rows: ibis.Table, limit: Pair, unit: Pair, age: str) -> ibis.Table:
    message = sentence(
        "“{item}”限{limit}{years}{unit}使用,参保人{age}{unit}",
        "“{item}” is for patients {limit} {years} {unit} old; this one is {age} {unit} old",
        item=rows.item, limit=limit, unit=unit, years=whole_number(limit_number(rows)),
        age=whole_number(rows[age]),
    )  # fmt: skip
    return whole_line_finding(rows, message)


def _too_old(rows: ibis.Table) -> ibis.Table:
    return _age_finding(rows, ("不超过", "at most"), ("岁", "years"), "years")


def _too_young(context: RuleContext, *which: str) -> ibis.Table:
    rows = lines_breaking(context, "age_low", *which)
    return _age_finding(rows, ("不小于", "at least"), ("岁", "years"), "years")


def _past_newborn_age(context: RuleContext, *which: str) -> ibis.Table:
    rows = lines_breaking(context, "age_day_high", *which)
    return _age_finding(rows, ("出生不超过", "at most"), ("天", "days"), "age_days")


@rule(
    "R012", "药品区分性别", "Drug-sex conflict", "place", CLEAR, "38(六)/40(三)", official="GZ10000301004000",
    needs="fee_list_d hilist_b",
)  # fmt: skip
def drug_sex(context: RuleContext) -> ibis.Table:
    """Drugs limited to the other sex."""
    return _sex_conflict(context, DRUG)


@rule(
    "R013", "项目区分性别", "Service-sex conflict", "place", CLEAR, "38(六)/40(三)",
    official="GZ10000302004000", needs="fee_list_d hilist_b",
)  # fmt: skip
def service_sex(context: RuleContext) -> ibis.Table:
    """Services limited to the other sex."""
    return _sex_conflict(context, SERVICE)


@rule(
    "R015", "医用耗材与性别不符", "Consumable-sex conflict", "place", CLEAR, "38(六)/40(三)", schemes="M29",
    needs="fee_list_d hilist_b",
)  # fmt: skip
def material_sex(context: RuleContext) -> ibis.Table:
    """Materials limited to the other sex."""
    return _sex_conflict(context, MATERIAL)


@rule(
    "R016", "药品儿童专用/限儿童", "Paediatric-only drug to adult", "place", CLEAR, "38(六)",
    official="GZ10000301002000", needs="fee_list_d hilist_b",
)  # fmt: skip
def drug_too_old(context: RuleContext) -> ibis.Table:
    """Drugs for children given to older persons."""
    return _too_old(lines_breaking(context, "age_high", DRUG))


@rule(
    "R017", "药品限新生儿", "Neonate-only drug", "place", CLEAR, "38(六)", official="GZ10000101006000",
    needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=age_day_high",
)  # fmt: skip
def drug_neonate(context: RuleContext) -> ibis.Table:
    """Drugs for newborns given to older persons."""
    return _past_newborn_age(context, DRUG)


@rule(
    "R018", "儿童禁用药", "Contraindicated in children", "prescriber", SUSPECT, "38(二)",
    official="GZ10000301003000", needs="fee_list_d hilist_b",
)  # fmt: skip
def drug_too_young(context: RuleContext) -> ibis.Table:
    """Drugs given to persons below the lowest age."""
    return _too_young(context, DRUG)


@rule(
    "R019", "项目儿童专用/限儿童/新生儿", "Child-only service", "place", CLEAR, "38(六)",
    official="GZ10000302003000", needs="fee_list_d hilist_b",
)  # fmt: skip
def child_service(context: RuleContext) -> ibis.Table:
    """Services for children or newborns given to older persons."""
    old = lines_breaking(context, "age_high", SERVICE).filter(
        lambda t: limit_number(t) <= COMPLETED_CHILDHOOD
    )
    return union_findings(_too_old(old), _past_newborn_age(context, SERVICE))


@rule(
    "R020", "耗材限新生儿/儿童", "Child-only consumable", "place", CLEAR, "38(六)",
    official="GZ10000103001000", needs="fee_list_d hilist_b",
)  # fmt: skip
def child_material(context: RuleContext) -> ibis.Table:
    """Materials for children or newborns used on older persons."""
    return union_findings(
        _too_old(lines_breaking(context, "age_high", MATERIAL)), _past_newborn_age(context, MATERIAL)
    )


@rule(
    "R021", "项目限年龄", "Service age range", "place", CLEAR, "38(六)", needs="fee_list_d hilist_b",
)  # fmt: skip
def service_age(context: RuleContext) -> ibis.Table:
    """Services given outside their age range (upper limits of adults, all lower limits)."""
    old = lines_breaking(context, "age_high", SERVICE).filter(lambda t: limit_number(t) > COMPLETED_CHILDHOOD)
    return union_findings(_too_old(old), _too_young(context, SERVICE))
