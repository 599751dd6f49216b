"""What an institution can be shown: its own findings and visits, for its statement within the appeal period.

Nothing about other subjects, no score, no rank: a notice says what was found in its own claims and on what
    basis.
"""

import pandas as pd

from reports.templates import render

LINES = 500


def page(
    code: str, name: str, findings: pd.DataFrame, count: int, as_of: str, days: int, language: str
) -> str:
    """The notice as one HTML page.

    Args:
        findings: rule_id, rule_name, sev_deg, day, mdtrt_id, bkkp_sn, vola_amt, vola_cont, vola_evid, of this
            institution, latest first.
        count: how many findings there are in all.
        days: length of the appeal period in working days.
    """
    keys = ["rule_id", "rule_name", "sev_deg", "vola_evid"]
    rules = findings.groupby(keys, as_index=False, dropna=False).agg(
        n=("mdtrt_id", "size"), amount=("vola_amt", "sum")
    )
    return render(
        "notice.html.j2",
        language=language,
        words=WORDS[language],
        code=code,
        name=name,
        as_of=as_of,
        days=days,
        count=count,
        rules=rules.sort_values("amount", ascending=False).to_dict("records"),
        rows=findings.head(LINES).to_dict("records"),
    )


WORDS = {
    "zh": {
        "title": "医保基金使用疑点告知单",
        "about": "根据截至 {as_of} 的结算数据,贵机构以下 {count} 条记录存在疑点,请自收到之日起 {days} "
        "个工作日内逐条说明并附材料;逾期未说明的,按规定处理。疑点不是结论。",
        "rules": "疑点汇总",
        "rule": "规则",
        "severity": "程度",
        "count": "条数",
        "yuan": "涉及基金(元)",
        "basis": "依据",
        "rows": "疑点明细",
        "visit": "就诊号",
        "line": "明细号",
        "whole_visit": "整次就诊",
        "day": "日期",
        "what": "情况",
        "answer": "机构说明",
    },
    "en": {
        "title": "Notice of queried claims",
        "about": "From what had been settled by {as_of}, the following {count} records of your institution "
        "are queried. Please explain each, with papers, within {days} working days of receipt; afterwards "
        "they are dealt with by the rules. A query is no verdict.",
        "rules": "Summary",
        "rule": "Rule",
        "severity": "Severity",
        "count": "Records",
        "yuan": "Fund concerned (yuan)",
        "basis": "Basis",
        "rows": "Records",
        "visit": "Visit",
        "line": "Line",
        "whole_visit": "whole visit",
        "day": "Day",
        "what": "What was found",
        "answer": "Your statement",
    },
}
