"""The morning's list in words: a sheet of the workbook."""

import pandas as pd

from reports.scheme_texts import scheme_name
from reports.workbook import one_of

SHEET_NAMES = {"zh": "今日", "en": "Today"}
SHEET_HEADS = {
    "zh": ("次序", "类别", "编号", "名称", "预计追回(元)", "分数", "涉及基金(元)", "疑似情形", "状态", "上次排名", "上次结案"),
    "en": ("Order", "Kind", "Id", "Name", "Expected (yuan)", "Score", "Fund at stake (yuan)", "Suspected scheme", "Standing", "Rank before", "Last closed"),
}  # fmt: skip
SHEET_WIDTHS = (6, 10, 24, 22, 14, 8, 14, 22, 26, 10, 12)
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
DRAWN = ("随机抽查,检验名单有无遗漏", "drawn at random, to learn what the list misses")
# Rows of the sheet beyond those that the inspectors can visit.
BELOW = 200


def sheet_rows(
    listed: pd.DataFrame, random_sample: pd.DataFrame, names: pd.Series, capacity: int, language: str
) -> list[tuple]:
    """Rows under SHEET_HEADS: those to visit within the capacity first, of whom the drawn are the last; the next ones
    below, then who is left alone.

    Args:
        listed: `pipelines.select.worklist.worklist`.
        random_sample: of those drawn at random, rows of the contract's table of suspects.
        names: of institutions, by code.
    """
    english = language == "en"
    first = max(capacity - len(random_sample), 0)
    placed = listed[listed.place.notna()].head(capacity + BELOW)
    alone = listed[listed.place.isna()].head(BELOW)
    by_lot = [
        (
            "", one_of(r.subject_type, language), r.subject_id, names.get(r.subject_id, ""), "", r.score,
            r.amount_at_risk, scheme_name(r.scheme, language), DRAWN[english], "", "",
        )
        for r in random_sample.itertuples()
    ]  # fmt: skip
    return [
        *_rows(placed[:first], names, language), *by_lot, *_rows(placed[first:], names, language),
        *_rows(alone, names, language),
    ]  # fmt: skip


def _rows(shown: pd.DataFrame, names: pd.Series, language: str) -> list[tuple]:
    english = language == "en"
    return [
        (
            int(r.place) if pd.notna(r.place) else "", one_of(r.subject_type, language), r.subject_id,
            names.get(r.subject_id, ""), r.expected, r.score, r.amount_at_risk, scheme_name(r.scheme, language),
            STANDING[r.status][english], int(r.rank_before) if pd.notna(r.rank_before) else "",
            str(r.last_closed)[:10] if pd.notna(r.last_closed) else "",
        )
        for r in shown.itertuples()
    ]  # fmt: skip


def figures(listed: pd.DataFrame, random_sample: int, capacity: int, language: str) -> list[tuple[str, str]]:
    """What the guide says of the morning: label and value; so many were drawn at random."""
    first = listed[listed.place.notna()].head(max(capacity - random_sample, 0))
    standing = listed.status.value_counts()
    english = language == "en"
    money = f"{first.expected.sum():,.0f}"
    found = [
        (
            f"Expected money of the first {len(first)} to visit (each visit once, yuan)"
            if english
            else f"今日前 {len(first)} 个核查对象预计追回(每次就诊只计一次,元)",
            money,
        )
    ]
    told = [(words[english], f"{standing[key]:,}") for key, words in STANDING.items() if key in standing]
    lot = DRAWN[english]
    return found + [(lot[0].upper() + lot[1:], f"{random_sample:,}"), *told]
