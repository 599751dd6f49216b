"""Items limited to a level of institution, a kind of visit or a department (R026-R029, R036, R037)."""

import ibis

from features.rules.billed_lines import DRUG, MATERIAL, SERVICE
from features.rules.declaration import CLEAR, SUSPECT, rule
from features.rules.finding_text import departments, kinds_of_visit, sentence, whole_line_finding
from features.rules.limit_checks import lines_breaking
from features.rules.rule_context import RuleContext


def _below_level(context: RuleContext, *which: str) -> ibis.Table:
    rows = lines_breaking(context, "medinslv", *which)
    message = sentence(
        "“{item}”限{least}级及以上医疗机构,本机构为{level}级",
        "“{item}” is for institutions of level {least} and above; this one is of level {level}",
        item=rows.item, least=rows.value, level=rows.level,
    )  # fmt: skip
    return whole_line_finding(rows, message)


def _outside_setting(context: RuleContext, *which: str) -> ibis.Table:
    rows = lines_breaking(context, "med_type", *which)
    message = sentence(
        "“{item}”限定就医方式({allowed}),本次为{kind}",
        "“{item}” is for {allowed} only; this visit is {kind}",
        item=rows.item, allowed=kinds_of_visit(rows["all"]), kind=kinds_of_visit(rows.med_type),
    )  # fmt: skip
    return whole_line_finding(rows, message)


def _outside_department(context: RuleContext, which: str) -> ibis.Table:
    rows = lines_breaking(context, "dept", which)
    message = sentence(
        "“{item}”限{allowed}使用,由{department}收费",
        "“{item}” is for {allowed} only; charged by {department}",
        item=rows.item, allowed=departments(rows["all"]), department=departments(rows.dept_code),
    )  # fmt: skip
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
