"""Measures that count audit findings, the same for every kind of subject that has visits."""

from features.measures.catalogue import FLOW, HINT, SUBJECTS, YEAR, measure

ALL = " ".join(f"M{number:02d}" for number in (1, 3, 5, 9, 10, 16, 20, 28))

for _subject in SUBJECTS[1:]:

    @measure(
        _subject,
        "审核规则发现",
        "audit findings",
        "findings",
        ALL,
        materiality=1,
        family="rules",
        windows=FLOW,
    )
    def findings(v, w):
        return v.findings.sum(where=w).fill_null(0)

    @measure(
        _subject, "审核发现金额占基金比例", "share of fund payment with findings", "share", ALL, materiality=0.05,
        family="rules", evidence_weight=HINT,
    )  # fmt: skip
    def findings_share(v, w):
        return v.findings_amount.sum(where=w).fill_null(0) / v.fund_pay_sumamt.sum(where=w).nullif(0)

    @measure(
        _subject,
        "有审核发现的就诊占比",
        "share of visits with findings",
        "share",
        ALL,
        materiality=0.05,
        family="rules",
    )
    def visits_with_findings(v, w):
        return (v.findings > 0).mean(where=w)


for _subject in ("patient", "prescriber", "pharmacy"):

    @measure(
        _subject,
        "购药超支付范围的就诊占比",
        "share of visits with medicine out of scope",
        "share",
        "M07",
        materiality=0.05,
        family="rules",
        windows=(YEAR,),
    )
    def out_of_scope_share(v, w):
        return (v.out_of_scope > 0).mean(where=w)


@measure("visit", "审核规则发现", "audit findings", "findings", ALL, materiality=1, family="rules")
def findings_of_visit(v, w):
    return v.findings


@measure("visit", "审核发现金额", "fund payment with findings", "yuan", ALL, materiality=100, family="rules")
def findings_amount(v, w):
    return v.findings_amount
