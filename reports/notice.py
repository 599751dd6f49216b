"""What an institution can be shown, on a bureau's form: its own findings and visits, for its statement within
the appeal period.

Nothing about other subjects, no score, no rank: a notice says what was found in its own claims and on what
basis.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reports.subject_words import severity_word
from reports.templates import render
from reports.workbook_tables import Formats, new_workbook, write_table

LINES = 500
# Columns of the findings: name of the rule, what was found, legal basis.
_TOLD = {"zh": ("rule_name", "vola_cont", "basis"), "en": ("rule_en", "vola_cont_en", "basis_en")}


# Columns of the findings that may name somebody in a sentence.
TEXTS = ("vola_cont", "vola_cont_en")


@dataclass(frozen=True)
class Form:
    """What a bureau prints on its notices.

    Attributes:
        office: who issues them; empty leaves a line to fill in.
        contact: whom to answer to, likewise.
        days: length of the appeal period in working days.
    """

    office: str
    contact: str
    days: int


def page(
    code: str, name: str, findings: pd.DataFrame, as_of: str, form: Form, language: str, attached: str
) -> str:
    """The notice as one HTML page.

    Args:
        findings: as `pipelines.explain.notices.notices`, of this institution, latest first.
        attached: name of the file with all findings, which is told where the page does not list them.
    """
    told = dict(zip(_TOLD[language], ("rule", "what", "basis"), strict=True))
    shown = findings[["rule_id", "day", "mdtrt_id", "bkkp_sn", "vola_amt", *told]].rename(columns=told)
    findings = shown.assign(severity=[severity_word(degree, language) for degree in findings.sev_deg])
    keys = ["rule_id", "rule", "severity", "basis"]
    rules = findings.groupby(keys, as_index=False, dropna=False).agg(
        n=("mdtrt_id", "size"), amount=("vola_amt", "sum")
    )
    lines = findings.groupby(["mdtrt_id", "bkkp_sn"], dropna=False).vola_amt.max()
    return render(
        "notice.html.j2",
        language=language,
        words=WORDS[language],
        code=code,
        name=name,
        as_of=as_of,
        number=f"{as_of.replace('-', '')}-{code}",
        form=form,
        count=len(findings),
        lines=len(lines),
        total=float(lines.sum()),
        rules=rules.sort_values("amount", ascending=False).to_dict("records"),
        rows=findings.head(LINES).to_dict("records"),
        attached=attached if len(findings) > LINES else "",
    )


def write_attachment(path: Path, findings: pd.DataFrame, as_of: str, language: str) -> None:
    """Write all findings as a workbook with a column for the institution's statement.

    Args:
        findings: as of `page`.
    """
    words, (rule, what, _basis) = WORDS[language], _TOLD[language]
    columns = {
        "rule_id": (words["code"], 8), rule: (words["rule"], 22), "day": (words["day"], 12),
        "mdtrt_id": (words["visit"], 24), "bkkp_sn": (words["line"], 24), what: (words["what"], 70),
        "vola_amt": (words["yuan"], 14),
    }  # fmt: skip
    heads, widths = zip(*columns.values(), (words["answer"], 40), strict=True)
    rows = findings[list(columns)].assign(bkkp_sn=findings.bkkp_sn.fillna(words["whole_visit"]), answer="")
    with new_workbook(path, as_of) as book:
        sheet = book.add_worksheet(words["rows"])
        write_table(sheet, Formats(book), heads, list(rows.itertuples(index=False, name=None)), widths)


WORDS = {
    "zh": {
        "title": "医保基金使用疑点告知单",
        "number": "编号",
        "office": "发出单位",
        "date": "日期",
        "contact": "联系人及电话",
        "deadline": "答复期限",
        "days": "自收到之日起 {days} 个工作日内",
        "total": "合计(同一明细只计一次)",
        "seal": "(发出单位盖章)",
        "signed": "机构签收:____________    日期:____________",
        "about": "根据截至 {as_of} 的结算数据,贵机构有 {count} 条记录存在疑点,请在答复期限内逐条说明"
        "并附材料;逾期未说明的,按规定处理。疑点不是结论。",
        "rules": "疑点汇总",
        "code": "规则编号",
        "rule": "规则",
        "severity": "程度",
        "count": "条数",
        "yuan": "涉及基金(元)",
        "basis": "依据",
        "rows": "疑点明细",
        "unlisted": "下表为就诊日期最近的 {m} 条;全部 {n} 条见附表 {file}。",
        "visit": "就诊号",
        "line": "明细号",
        "whole_visit": "整次就诊",
        "day": "日期",
        "what": "情况",
        "answer": "机构说明",
    },
    "en": {
        "title": "Notice of queried claims",
        "number": "Number",
        "office": "Issued by",
        "date": "Date",
        "contact": "Contact",
        "deadline": "To be answered",
        "days": "within {days} working days of receipt",
        "total": "Total (each line once)",
        "seal": "(seal of the issuing office)",
        "signed": "Received by: ____________    Date: ____________",
        "about": "From what had been settled by {as_of}, {count} records of your institution "
        "are queried. Please explain each, with papers, in time; afterwards they are dealt with by the "
        "rules. A query is no verdict.",
        "rules": "Summary",
        "code": "Rule id",
        "rule": "Rule",
        "severity": "Severity",
        "count": "Records",
        "yuan": "Fund concerned (yuan)",
        "basis": "Basis",
        "rows": "Records",
        "unlisted": "The {m} latest are listed; all {n} are in the attached table {file}.",
        "visit": "Visit",
        "line": "Line",
        "whole_visit": "whole visit",
        "day": "Day",
        "what": "What was found",
        "answer": "Your statement",
    },
}
