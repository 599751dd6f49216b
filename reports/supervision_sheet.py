"""The monthly supervision report as a sheet of the workbook."""

from datetime import date
from typing import Any

import pandas as pd

from reports.monthly_findings import ALL_WORDS, by_institution, by_rule, report_month

SHEET_HEADS = {
    "zh": (
        "月份", "口径", "编号", "名称", "机构数", "就诊数", "明细数", "争议基金(元)", "就诊数比上月",
        "金额比上月(元)", "金额比上月(%)",
    ),
    "en": (
        "Month", "By", "Id", "Name", "Institutions", "Visits", "Lines", "In dispute (yuan)",
        "Visits against month before", "In dispute against month before (yuan)",
        "In dispute against month before (%)",
    ),
}  # fmt: skip
SHEET_WIDTHS = (10, 12, 14, 36, 10, 10, 10, 16, 14, 16, 14)
SHEET_NAMES = {"zh": "月度监管", "en": "Monthly supervision"}
_SCOPES = {"zh": ("合计", "规则或情形", "机构"), "en": ("Total", "Rule or scheme", "Institution")}
_UNFINISHED = {"zh": "(未满)", "en": " (unfinished)"}


def sheet_rows(
    totals: pd.DataFrame,
    monthly: pd.DataFrame,
    names: pd.Series,
    as_of: date,
    language: str = "zh",
    most: int = 20_000,
) -> list[tuple[Any, ...]]:
    """Rows for a workbook sheet under SHEET_HEADS: of each month the total, its rules, its institutions.

    Latest month first; of an unfinished month no change is stated.

    Args:
        names: what to call an institution (and a rule, where its Chinese name will not do), by id.
        most: rows at most.
    """
    total, rule, place = _SCOPES[language]
    rules, places = by_rule(monthly), by_institution(monthly)
    rules["name"] = [name_of(names, r["rule_id"], r["rule_name"]) for r in rules.to_dict("records")]
    places["name"] = [name_of(names, code, "") for code in places["fixmedins_code"]]
    parts = [
        (total, totals.assign(id="", name=ALL_WORDS[language])),
        (rule, rules.rename(columns={"rule_id": "id"})),
        (place, places.rename(columns={"fixmedins_code": "id"})),
    ]
    rows: list[tuple[Any, ...]] = []
    for month in reversed(list(totals["month"])):
        for scope, frame in parts:
            rows += _rows(scope, frame[frame["month"] == month], month, as_of, language)
        if len(rows) >= most:
            break
    return rows[:most]


def month_label(month: str, as_of: date, language: str) -> str:
    """A month, with a word when it was not over."""
    return month if month <= report_month(as_of) else month + _UNFINISHED[language]


def name_of(names: pd.Series, subject_id: str, otherwise: str) -> str:
    """Name of an institution or rule; another text where it has none."""
    name = names.get(subject_id)
    return name if isinstance(name, str) and name else otherwise


def _rows(scope: str, frame: pd.DataFrame, month: str, as_of: date, language: str) -> list[tuple[Any, ...]]:
    label, over = month_label(month, as_of, language), month <= report_month(as_of)
    found = frame.sort_values("amount", ascending=False, kind="stable").to_dict("records")
    return [
        (
            label, scope, row["id"], row["name"], int(row["institutions"]), int(row["visits_in_doubt"]),
            int(row["lines"]), float(row["amount"]), *(_changes(row) if over else (None, None, None)),
        )
        for row in found
    ]  # fmt: skip


def _changes(row: dict[Any, Any]) -> tuple[int | None, float | None, float | None]:
    """Change in visits, in money, and in money in per cent; none in the first month."""
    if pd.isna(row["visits_in_doubt_change"]):
        return None, None, None
    share = None if pd.isna(row["amount_change_pct"]) else float(row["amount_change_pct"])
    return int(row["visits_in_doubt_change"]), float(row["amount_change"]), share
