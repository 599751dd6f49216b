"""The monthly supervision report as a page, and its table."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from markupsafe import Markup

from reports import charts
from reports.monthly_findings import MONTHLY, by_institution, by_rule, report_month
from reports.subject_words import severity_word
from reports.supervision_sheet import month_label, name_of
from reports.templates import render, render_body

_TEMPLATE = "supervision.html.j2"
# Months and institutions that the page lists; the Parquet table holds all.
MONTHS_SHOWN, PLACES_SHOWN, BARS = 24, 300, 12


def write_supervision(
    folder: Path,
    monthly: pd.DataFrame,
    totals: pd.DataFrame,
    names: pd.Series,
    as_of: date,
    language: str = "zh",
    shown: Callable[[str], str] = str,
) -> None:
    """Write `supervision.parquet` (the monthly table) and `supervision.html`, one file that loads nothing.

    Args:
        names: what to call an institution (and a rule, where its Chinese name will not do), by id.
        shown: what becomes of the page's text before it is written (a mask).
    """
    table = pa.Table.from_pandas(monthly, MONTHLY, preserve_index=False)
    pq.write_table(table, folder / "supervision.parquet")
    text = shown(page(monthly, totals, names, as_of, language))
    (folder / "supervision.html").write_text(text, encoding="utf-8")


def page(
    monthly: pd.DataFrame, totals: pd.DataFrame, names: pd.Series, as_of: date, language: str = "zh"
) -> str:
    """The report as HTML; arguments as of `write_supervision`."""
    return render(_TEMPLATE, **_printed(monthly, totals, names, as_of, language))


def body(
    monthly: pd.DataFrame, totals: pd.DataFrame, names: pd.Series, as_of: date, language: str = "zh"
) -> str:
    """The report without head and foot, for the console."""
    return render_body(_TEMPLATE, **_printed(monthly, totals, names, as_of, language))


def _printed(
    monthly: pd.DataFrame, totals: pd.DataFrame, names: pd.Series, as_of: date, language: str
) -> dict[str, Any]:
    """What the template prints."""
    month, words = report_month(as_of), _WORDS[language]
    shown = totals.copy()
    changes = [str(name) for name in shown if "_change" in str(name)]
    shown[changes] = shown[changes].mask(shown["month"] > month)
    shown = shown.tail(MONTHS_SHOWN)
    rules, places = _of_month(by_rule(monthly), month), _of_month(by_institution(monthly), month)
    rules["name"] = [name_of(names, r["rule_id"], r["rule_name"]) for r in rules.to_dict("records")]
    places["name"] = [name_of(names, code, "") for code in places["fixmedins_code"]]
    now = totals[totals["month"] == month]
    return dict(
        language=language,
        words=words,
        as_of=as_of.isoformat(),
        month=month,
        now=None if now.empty else now.iloc[0].to_dict(),
        months=[
            row | {"label": month_label(row["month"], as_of, language)}
            for row in reversed(shown.to_dict("records"))
        ],
        rules=[
            row | {"severity": severity_word(row["sev_deg"], language)} for row in rules.to_dict("records")
        ],
        places=places.head(PLACES_SHOWN).to_dict("records"),
        more=max(len(places) - PLACES_SHOWN, 0),
        charts=_charts(shown, rules, places, words),
    )


def _of_month(counts: pd.DataFrame, month: str) -> pd.DataFrame:
    return counts[counts["month"] == month].sort_values("amount", ascending=False, kind="stable")


def _charts(
    shown: pd.DataFrame, rules: pd.DataFrame, places: pd.DataFrame, words: dict[str, str]
) -> dict[str, Markup]:
    months, yuan = list(shown["month"]), words["yuan"]
    return {
        "money": charts.columns(months, list(shown["amount"].astype(float)), yuan),
        "visits_in_doubt": charts.columns(
            months, list(shown["visits_in_doubt"].astype(float)), words["visits_in_doubt"]
        ),
        "rules": charts.bars(_labels(rules, "rule_id"), list(rules["amount"]), yuan, BARS),
        "places": charts.bars(_labels(places, "fixmedins_code"), list(places["amount"]), yuan, BARS),
    }


def _labels(rows: pd.DataFrame, key: str) -> list[str]:
    return [f"{subject_id} {name}" for subject_id, name in zip(rows[key], rows["name"], strict=True)]


_WORDS = {
    "zh": {
        "title": "医保基金监管月报",
        "about": "规则审核的疑点与疑点对象的行为疑点统计,截至 {as_of} 早晨;月份为就诊月份。"
        "疑点不是结论,须经核实。",
        "month_of": "{month} 月报",
        "nothing": "本月没有疑点。",
        "institutions": "机构数",
        "visits_in_doubt": "就诊数",
        "lines": "明细数",
        "yuan": "争议基金(元)",
        "against": "比上月",
        "by_month": "按月",
        "by_rule": "按规则和情形",
        "by_place": "按机构",
        "month": "月份",
        "rule": "规则或情形",
        "severity": "程度",
        "place": "机构",
        "once": "一条明细违反几条规则,金额只计一次;一次就诊不超过其基金支付,因此各行之和大于合计。"
        "行为疑点指规则未查出、但达到起点分数的对象有争议的就诊。",
        "unfinished": "未满的月份不与上月比较。",
        "more": "另有 {more} 家机构,见 supervision.parquet。",
    },
    "en": {
        "title": "Monthly supervision report",
        "about": "What the audit rules found and what suspects' conduct puts in dispute, as of the morning "
        "of {as_of}; months are those of the visits. It is a suspicion to be verified, no verdict.",
        "month_of": "Report for {month}",
        "nothing": "Nothing is in dispute in this month.",
        "institutions": "Institutions",
        "visits_in_doubt": "Visits",
        "lines": "Lines",
        "yuan": "In dispute (yuan)",
        "against": "against month before",
        "by_month": "By month",
        "by_rule": "By rule and scheme",
        "by_place": "By institution",
        "month": "Month",
        "rule": "Rule or scheme",
        "severity": "Severity",
        "place": "Institution",
        "once": "A line that breaks several rules counts once in money, and a visit never more than the "
        "fund paid; the rows therefore add up to more than the total. Conduct: visits in dispute of suspects "
        "that reach the floor of the score, which no rule found.",
        "unfinished": "An unfinished month is not compared.",
        "more": "{more} more institutions are in supervision.parquet.",
    },
}
