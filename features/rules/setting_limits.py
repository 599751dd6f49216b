"""Items limited to a level of institution, a kind of visit or a department (R026-R029, R036, R037)."""

import ibis

from features.rules.billed_lines import DRUG, MATERIAL, SERVICE
from features.rules.declaration import CLEAR, SUSPECT, rule
from features.rules.finding_text import departments, kinds_of_visit, sentence, whole_line_finding
from features.rules.limit_checks import lines_breaking
from features.rules.rule_context import RuleContext


def _below_level(context: RuleContext, *which: str) -> ibis.Table:
    rows = lines_breaking(context, "medinslv", *which)
    return whole_line_finding(
        rows, sentence("“", rows.item, "”限", rows.value, "级及以上医疗机构,本机构为", rows.level, "级")
    )


def _outside_setting(context: RuleContext, *which: str) -> ibis.Table:
    rows = lines_breaking(context, "med_type", *which)
    message = sentence("“", rows.item, "”限定就医方式(", kinds_of_visit(rows["all"]), "),本次为")
    return whole_line_finding(rows, message + kinds_of_visit(rows.med_type))


def _outside_department(context: RuleContext, which: str) -> ibis.Table:
    rows = lines_breaking(context, "dept", which)
    message = sentence("“", rows.item, "”限", departments(rows["all"]), "使用,由")
    message = message + departments(rows.dept_code) + "收费"
    return whole_line_finding(rows, message)


@rule(
    "R026", "药品限医疗机构级别", "Institution-level limit (drug)", "place", CLEAR, "38(六)",
    official="GZ10000101012000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=medinslv",
)  # fmt: skip
def drug_level(context: RuleContext) -> ibis.Table:
    """Drugs charged below the level of institution they are limited to."""
    return _below_level(context, DRUG)


@rule(
    "R027", "项目限医疗机构级别", "Institution-level limit (service)", "place", CLEAR, "38(六)",
    official="GZ10000102011000", needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=medinslv",
)  # fmt: skip
def service_level(context: RuleContext) -> ibis.Table:
    """Services charged below the level of institution they are limited to."""
    return _below_level(context, SERVICE)


@rule(
    "R028", "药品限就医方式", "Drug: inpatient or outpatient only", "place", CLEAR, "38(六)",
    needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=med_type",
)  # fmt: skip
def drug_setting(context: RuleContext) -> ibis.Table:
    """Drugs charged in another kind of visit than they are limited to."""
    return _outside_setting(context, DRUG)


@rule(
    "R029", "项目限就医方式", "Service: setting limit", "place", CLEAR, "38(六)", official="GZ10000102009000",
    needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=med_type",
)  # fmt: skip
def service_setting(context: RuleContext) -> ibis.Table:
    """Services charged in another kind of visit than they are limited to."""
    return _outside_setting(context, SERVICE)


@rule(
    "R036", "项目限科室", "Service department limit", "place", SUSPECT, "38(六)", official="GZ10000102008000",
    needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=dept mdtrt_d.dept_code",
)  # fmt: skip
def service_department(context: RuleContext) -> ibis.Table:
    """Services charged by another department than they are limited to."""
    return _outside_department(context, SERVICE)


@rule(
    "R037", "耗材与科室不符", "Consumable-department conflict", "place", SUSPECT, "38(六)",
    official="GZ10000303002000", needs="fee_list_d hilist_lmt_b",
    filled="hilist_lmt_b.lmt_type=dept mdtrt_d.dept_code",
)  # fmt: skip
def material_department(context: RuleContext) -> ibis.Table:
    """Materials charged by another department than they are limited to."""
    return _outside_department(context, MATERIAL)
