"""Measures that count audit findings, the same for every kind of subject that has visits."""

from ibis import Table, Value

from features.measures.catalogue import FLOW, SUBJECTS, declare, measure, shared
from features.measures.formulas import ratio
from features.windows import YEAR

# Schemes that findings of any rule are evidence of.
SCHEMES = "M01 M03 M05 M09 M10 M16 M20 M28"


@shared("审核规则发现", "audit findings", "findings", "rules", windows=FLOW)
def findings(v: Table, w: Value) -> Value:
    return v.findings.sum(where=w).fill_null(0)


@shared("审核发现金额占基金比例", "share of fund payment with findings", "share", "rules")
def findings_share(v: Table, w: Value) -> Value:
    return ratio(v.findings_amount.sum(where=w).fill_null(0), v.fund_pay_sumamt.sum(where=w))


@shared("有审核发现的就诊占比", "share of visits with findings", "share", "rules")
def visits_with_findings(v: Table, w: Value) -> Value:
    return (v.findings > 0).mean(where=w)


@shared(
    "购药超支付范围的就诊占比", "share of visits with medicine out of scope", "share", "rules",
    windows=(YEAR,),
)  # fmt: skip
def out_of_scope_share(v: Table, w: Value) -> Value:
    return (v.out_of_scope > 0).mean(where=w)


@measure("visit", "审核规则发现", "audit findings", "findings", "rules", SCHEMES, materiality=1)
def findings_of_visit(v: Table, w: Value) -> Value:
    return v.findings


@measure("visit", "审核发现金额", "fund payment with findings", "yuan", "rules", SCHEMES, materiality=100)
def findings_amount(v: Table, w: Value) -> Value:
    return v.findings_amount


for _subject in SUBJECTS[1:]:
    declare(_subject, findings, SCHEMES, materiality=1)
    declare(_subject, findings_share, SCHEMES, materiality=0.05)
    declare(_subject, visits_with_findings, SCHEMES, materiality=0.05)
for _subject in ("patient", "prescriber", "pharmacy"):
    declare(_subject, out_of_scope_share, "M07", materiality=0.05)
