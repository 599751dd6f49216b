"""Measures that count audit findings, the same for every kind of subject that has visits."""

from ibis import Table, Value

from features.measures.catalogue import ALL_WINDOWS, CONTEXT, declare, measure, shared
from features.measures.formulas import ratio
from features.windows import YEAR

# What the findings of the rules say against a subject is the rule part of its score (`models.rule_part`),
# which weighs each rule by its rarity; their plain number reflects size and common faults of billing.
NO_SCHEME = ""


@shared(
    "规则审核疑点", "audit findings", "findings", "rules", windows=ALL_WINDOWS, evidence_weight=CONTEXT,
    statistic="count",
)  # fmt: skip
def findings(v: Table, w: Value) -> Value:
    """Findings of audit rules against the visits."""
    return v.findings.sum(where=w).fill_null(0)


@shared(
    "疑点金额占基金支付的比例",
    "share of fund payment with findings",
    "share",
    "rules",
    evidence_weight=CONTEXT,
)  # fmt: skip
def findings_share(v: Table, w: Value) -> Value:
    """Yuan of findings ÷ fund payment."""
    return ratio(v.findings_amount.sum(where=w).fill_null(0), v.fund_pay_sumamt.sum(where=w))


@shared("有规则疑点的就诊占比", "share of visits with findings", "share", "rules", evidence_weight=CONTEXT)
def visits_with_findings_share(v: Table, w: Value) -> Value:
    """Visits with a finding ÷ visits."""
    return (v.findings > 0).mean(where=w)


@shared(
    "购药超支付范围的就诊占比", "share of visits with medicine out of scope", "share", "rules",
    windows=(YEAR,),
)  # fmt: skip
def out_of_scope_share(v: Table, w: Value) -> Value:
    """Visits with medicine outside the fund's scope of payment ÷ visits."""
    return (v.out_of_scope > 0).mean(where=w)


@measure("visit", "规则审核疑点", "audit findings", "findings", "rules", NO_SCHEME, materiality=1)
def findings_of_visit(v: Table, w: Value) -> Value:
    """Findings of audit rules against the visit."""
    return v.findings


@measure("visit", "疑点金额", "fund payment with findings", "yuan", "rules", NO_SCHEME, materiality=100)
def findings_amount(v: Table, w: Value) -> Value:
    """Yuan of findings against the visit."""
    return v.findings_amount


for _subject in ("patient", "prescriber", "pharmacy", "hospital"):
    declare(_subject, findings, NO_SCHEME, materiality=1, support="visits")
    declare(_subject, findings_share, NO_SCHEME, materiality=0.05)
    declare(_subject, visits_with_findings_share, NO_SCHEME, materiality=0.05, support="visits")
declare("group", findings, NO_SCHEME, materiality=1)
declare("group", findings_share, NO_SCHEME, materiality=0.05)
declare("group", visits_with_findings_share, NO_SCHEME, materiality=0.05)
for _subject in ("patient", "prescriber", "pharmacy"):
    declare(_subject, out_of_scope_share, "M07", materiality=0.05, support="visits")
