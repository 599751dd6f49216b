"""Items limited to indications: restricted payment, label, examination (R024, R038, R063, R071, R075)."""

import ibis
from ibis import _

from features.rules.billed_lines import DRUG, LINE, MATERIAL, SERVICE, icd_code
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.finding_text import duration, listed, sentence, whole_line_finding
from features.rules.limit_checks import lines_breaking
from features.rules.limits_table import limits_of, starts_with_limit
from features.rules.rule_context import RuleContext

HISTORY = Parameter(180, "days", "own starting value: diagnosis in the visit or within 180 days before")


def _without_indication(context: RuleContext, kind: str, history_days: float, *which: str) -> ibis.Table:
    """Lines without a diagnosis that allows them, in the visit or in the person's history.

    The contract carries one diagnosis a visit, so nothing here is more than a suspicion.
    """
    # Whoever is registered for a disease whose list holds the drug was examined for it.
    lists = limits_of(context, "dise").select("hilist_code", dise_no="value").distinct()
    rows = lines_breaking(context, kind, *which).anti_join(lists, ["hilist_code", "dise_no"])
    rows = rows.mutate(value=icd_code(rows.value))
    message = sentence(
        "“{item}”限定诊断编码{codes},{span}内诊断无一符合(本次{dx})",
        "“{item}” is limited to diagnoses {codes}; none within {span} is one of them (this visit: {dx})",
        item=rows.item, codes=listed(rows["all"]), span=duration(history_days),
        dx=(rows.dx.fill_null("未填"), rows.dx.fill_null("not stated")),
    )  # fmt: skip
    bad = whole_line_finding(rows, message)
    diagnosed = context.facts.select("psn_no", other=icd_code(_.dscg_maindiag_code), seen=_.day)
    met = bad.inner_join(diagnosed.filter(_.other.notnull()), "psn_no")
    met = met.filter((met.day.epoch_days() - met.seen.epoch_days()).between(0, history_days))
    # Without a single diagnosis on record the indication is unknown, not missing.
    return bad.semi_join(met, LINE).anti_join(met.filter(starts_with_limit(met, "other")), LINE)


@rule(
    "R024", "药品限适应症", "Restricted indication", "place", SUSPECT, "38(六)", schemes="M07",
    official="GZ10000101008000", needs="fee_list_d hilist_lmt_b",
    filled="hilist_lmt_b.lmt_type=diag mdtrt_d.dscg_maindiag_code", history_days=HISTORY,
)  # fmt: skip
def drug_indication(context: RuleContext, history_days: float) -> ibis.Table:
    """Drugs without a diagnosis of their restricted indication."""
    return _without_indication(context, "diag", history_days, DRUG)


@rule(
    "R038", "项目限适应症/超适应症", "Service indication", "place", SUSPECT, "38(六)",
    official="GZ10000102007000", needs="fee_list_d hilist_lmt_b",
    filled="hilist_lmt_b.lmt_type=diag mdtrt_d.dscg_maindiag_code", history_days=HISTORY,
)  # fmt: skip
def service_indication(context: RuleContext, history_days: float) -> ibis.Table:
    """Services without a diagnosis of their restricted indication."""
    return _without_indication(context, "diag", history_days, SERVICE)


@rule(
    "R063", "耗材限疾病", "Consumable disease limit", "place", SUSPECT, "38(六)", schemes="M29",
    needs="fee_list_d hilist_lmt_b", filled="hilist_lmt_b.lmt_type=diag mdtrt_d.dscg_maindiag_code",
    history_days=HISTORY,
)  # fmt: skip
def material_indication(context: RuleContext, history_days: float) -> ibis.Table:
    """Materials without a diagnosis of their restricted indication."""
    return _without_indication(context, "diag", history_days, MATERIAL)


@rule(
    "R071", "超说明书适应症", "Off-label indication", "prescriber", SUSPECT, "38(二)", schemes="M07",
    official="GZ10000301007000", needs="fee_list_d hilist_lmt_b",
    filled="hilist_lmt_b.lmt_type=label_diag mdtrt_d.dscg_maindiag_code", history_days=HISTORY,
)  # fmt: skip
def off_label(context: RuleContext, history_days: float) -> ibis.Table:
    """Drugs without a diagnosis of the label."""
    return _without_indication(context, "label_diag", history_days, DRUG)


@rule(
    "R075", "无指征检查", "Test without indication", "prescriber", SUSPECT, "38(二)", schemes="M33",
    official="GZ10000302001000", needs="fee_list_d hilist_lmt_b",
    filled="hilist_lmt_b.lmt_type=exam_diag mdtrt_d.dscg_maindiag_code", history_days=HISTORY,
)  # fmt: skip
def test_without_indication(context: RuleContext, history_days: float) -> ibis.Table:
    """Examinations without a diagnosis that indicates them."""
    return _without_indication(context, "exam_diag", history_days, SERVICE)
