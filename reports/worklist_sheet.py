"""The worklist in words: a sheet of the workbook."""

from typing import Any

import pandas as pd

from reports.scheme_texts import scheme_name
from reports.subject_words import subject_word
from reports.workbook_tables import Row

SHEET_NAMES = {"zh": "今日", "en": "Today"}
SHEET_HEADS = {
    "zh": (
        "次序", "类别", "编号", "名称", "预计追回(元)", "分数", "涉及基金(元)", "疑似情形", "状态",
        "上次排名", "上次结案",
    ),
    "en": (
        "Order", "Kind", "Id", "Name", "Expected (yuan)", "Score", "Fund at stake (yuan)", "Suspected scheme",
        "Standing", "Rank before", "Last closed",
    ),
}  # fmt: skip
SHEET_WIDTHS = (6, 10, 24, 22, 14, 8, 14, 22, 26, 10, 12)
# Status of a row of the worklist → words.
STANDING = {
    "new": ("新上榜", "new"),
    "risen": ("排名上升", "risen"),
    "known": ("此前已上榜", "listed before"),
    "inspected": ("正在核查", "a case is open"),
    "cleared": ("近期已排除,暂不核查", "cleared lately, left alone"),
    "again": ("曾排除,其后又有新情况", "cleared before, with conduct since"),
    "confirmed": ("曾查实,其后无新情况", "confirmed before, nothing since"),
    "relapsed": ("曾查实,其后又有新情况", "confirmed before, with conduct since"),
}
# What is said of whoever is visited by lot.
AUDIT_SAMPLE = ("随机抽查,检验名单有无遗漏", "drawn at random, to learn what the list misses")
# Rows of the sheet beyond those that the inspectors can visit.
BELOW = 200


def sheet_rows(
    listed: pd.DataFrame, random_sample: pd.DataFrame, names: pd.Series, capacity: int, language: str
) -> list[Row]:
    """Rows under SHEET_HEADS: those to visit within the capacity first, of whom the random sample are the
    last; the next ones below, then who is left alone.

    Args:
        listed: `pipelines.select.worklist.worklist`.
        random_sample: of those drawn at random, rows of the contract's table of suspects.
        names: of institutions, by code.
    """
    first = max(capacity - len(random_sample), 0)
    placed = listed[listed["place"].notna()].head(capacity + BELOW)
    others = listed[listed["place"].isna()].head(BELOW)
    return [
        *_rows(placed[:first], names, language),
        *(_sampled_row(row, names, language) for row in random_sample.itertuples()),
        *_rows(placed[first:], names, language),
        *_rows(others, names, language),
    ]


def _rows(shown: pd.DataFrame, names: pd.Series, language: str) -> list[Row]:
    return [_row(row, names, language) for row in shown.itertuples()]


def _row(row: Any, names: pd.Series, language: str) -> Row:
    return (
        int(row.place) if pd.notna(row.place) else "",
        subject_word(row.subject_type, language),
        row.subject_id,
        names.get(row.subject_id, ""),
        row.expected,
        row.score,
        row.amount_at_risk,
        scheme_name(row.scheme, language),
        STANDING[row.status][language == "en"],
        int(row.rank_before) if pd.notna(row.rank_before) else "",
        str(row.last_closed)[:10] if pd.notna(row.last_closed) else "",
    )


def _sampled_row(row: Any, names: pd.Series, language: str) -> Row:
    return (
        "",
        subject_word(row.subject_type, language),
        row.subject_id,
        names.get(row.subject_id, ""),
        "",
        row.score,
        row.amount_at_risk,
        scheme_name(row.scheme, language),
        AUDIT_SAMPLE[language == "en"],
        "",
        "",
    )


def figures(listed: pd.DataFrame, random_sample: int, capacity: int, language: str) -> list[tuple[str, str]]:
    """What the guide says of the worklist: label and value; so many were drawn at random."""
    english = language == "en"
    first = listed[listed["place"].notna()].head(max(capacity - random_sample, 0))
    expected = (
        f"Expected money of the first {len(first)} to visit (each visit once, yuan)"
        if english
        else f"今日前 {len(first)} 个核查对象预计追回(每次就诊只计一次,元)"
    )
    counts = listed["status"].value_counts()
    sampled = AUDIT_SAMPLE[english]
    return [
        (expected, f"{first['expected'].sum():,.0f}"),
        (sampled[0].upper() + sampled[1:], f"{random_sample:,}"),
        *[(words[english], f"{counts[key]:,}") for key, words in STANDING.items() if key in counts],
    ]
