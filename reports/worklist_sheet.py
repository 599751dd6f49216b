"""The worklist in words: a sheet of the workbook."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from reports.languages import text_in
from reports.scheme_texts import scheme_or_pending
from reports.subject_words import VERDICTS, subject_word
from reports.workbook_tables import Link, Row

SHEET_NAMES = {"zh": "今日", "en": "Today"}
SHEET_HEADS = {
    "zh": (
        "次序", "类别", "编号", "名称", "卷宗", "疑似情形", "查什么", "争议基金(元,尚未结案)",
        "预计追回(元)", "分数", "状态", "上次结果", "上次排名", "未列入原因",
    ),
    "en": (
        "Order", "Kind", "Id", "Name", "Dossier", "Suspected scheme", "What happened",
        "In dispute, not judged yet (yuan)", "Expected (yuan)", "Score", "Status",
        "Last outcome", "Rank before", "Why not",
    ),
}  # fmt: skip
SHEET_WIDTHS = (6, 10, 22, 22, 8, 20, 60, 14, 14, 8, 20, 20, 10, 30)
# Status of a row of the worklist → words.
STATUS_WORDS = {
    "new": ("新上榜", "new"),
    "risen": ("排名上升", "risen"),
    "known": ("此前已上榜", "listed before"),
    "inspected": ("正在核查", "a case is open"),
    "cleared": ("近期已排除,暂不核查", "cleared lately, left alone"),
    "again": ("曾排除,其后又有新情况", "cleared before, with conduct since"),
    "confirmed": ("曾查实,其后无新情况", "confirmed before, nothing since"),
    "relapsed": ("曾查实,其后又有新情况", "confirmed before, with conduct since"),
}
# Why a row has no place → words; {subject} who covers it, {until} the end of a cool-down.
_WHY_NOT = {
    "covered": ("已并入{subject}", "covered by {subject}"),
    "explained": ("已并入{subject},由其行为引起", "folded under {subject}, whose conduct explains it"),
    "below": ("未达起点分数", "below the floor of the score"),
    "nothing": ("无尚未结案的争议基金", "nothing in dispute that is not judged"),
    "little": ("预计追回不足一次上门核查的成本", "less is expected back than a visit costs"),
    "inspected": ("正在核查,待结案", "a case is open"),
    "cleared": ("已排除,冷却期至{until}", "cleared, left alone until {until}"),
    "confirmed": ("已查实,其后无新情况", "confirmed, nothing since"),
}
# What is said of whoever is visited by lot.
AUDIT_SAMPLE = ("随机抽查,检验名单有无遗漏", "drawn at random, to learn what the list misses")
# Rows of the sheet beyond those that the inspectors can visit.
BELOW = 200
_OPEN = ("打开", "open")
Stories = Mapping[tuple[str, str], str]


def sheet_rows(
    listed: pd.DataFrame,
    random_sample: pd.DataFrame,
    names: pd.Series,
    capacity: int,
    language: str,
    stories: Stories,
    dossiers: Mapping[tuple[str, str], str],
) -> list[Row]:
    """Rows under SHEET_HEADS: those to visit within the capacity first, of whom the random sample are the
    last; the next ones below, then who is left alone.

    Args:
        listed: `pipelines.select.worklist.worklist`.
        random_sample: of those drawn at random, rows of the contract's table of suspects.
        names: of institutions, by code.
        stories: (subject_type, subject_id) → what happened, in the language.
        dossiers: (subject_type, subject_id) → path of the dossier.
    """
    first = max(capacity - len(random_sample), 0)
    placed = listed[listed["place"].notna()].head(capacity + BELOW)
    others = listed[listed["place"].isna()].head(BELOW)
    sheet = _Sheet(names, language, stories, dossiers)
    return [
        *map(sheet.row, placed[:first].itertuples()),
        *map(sheet.sampled_row, random_sample.itertuples()),
        *map(sheet.row, placed[first:].itertuples()),
        *map(sheet.row, others.itertuples()),
    ]


class _Sheet:
    """The words of a row."""

    def __init__(
        self, names: pd.Series, language: str, stories: Stories, dossiers: Mapping[tuple[str, str], str]
    ):
        self.names, self.language, self.stories, self.dossiers = names, language, stories, dossiers

    def row(self, row: Any) -> Row:
        """A row of the worklist."""
        return (
            int(row.place) if pd.notna(row.place) else "",
            *self._head(row),
            row.disputed,
            row.expected,
            row.score,
            text_in(self.language, STATUS_WORDS[row.status]),
            self._last(row),
            int(row.rank_before) if pd.notna(row.rank_before) else "",
            self._why_not(row),
        )

    def sampled_row(self, row: Any) -> Row:
        """A row of somebody drawn at random."""
        drawn = text_in(self.language, AUDIT_SAMPLE)
        return ("", *self._head(row), row.amount_at_risk, "", row.score, drawn, "", "", "")

    def _head(self, row: Any) -> Row:
        key = row.subject_type, row.subject_id
        path = self.dossiers.get(key)
        return (
            subject_word(row.subject_type, self.language),
            row.subject_id,
            self.names.get(row.subject_id, ""),
            Link(path, text_in(self.language, _OPEN)) if path else "",
            scheme_or_pending(row.scheme, self.language),
            self.stories.get(key, ""),
        )

    def _last(self, row: Any) -> str:
        """The last outcome and its day."""
        if pd.isna(row.last_closed):
            return ""
        verdict = VERDICTS.get(str(row.last_outcome), VERDICTS["0"])
        return f"{text_in(self.language, verdict)} {str(row.last_closed)[:10]}"

    def _why_not(self, row: Any) -> str:
        if not isinstance(row.why_not, str):
            return ""
        subject = until = ""
        if row.why_not in ("covered", "explained"):
            name = self.names.get(row.covered_id, "")
            kind = subject_word(row.covered_type, self.language)
            subject = " ".join(part for part in (kind, row.covered_id, name) if part)
        if row.why_not == "cleared":
            until = str(row.until)[:10]
        return text_in(self.language, _WHY_NOT[row.why_not]).format(subject=subject, until=until)


def figures(listed: pd.DataFrame, random_sample: int, capacity: int, language: str) -> list[tuple[str, str]]:
    """What the guide says of the worklist: label and value; so many were drawn at random."""
    english = language == "en"
    first = listed[listed["place"].notna()].head(max(capacity - random_sample, 0))
    expected = (
        f"Expected money of the first {len(first)} to visit (each visit once, yuan)"
        if english
        else f"今日前 {len(first)} 个核查对象预计追回(每次就诊只计一次,元)"
    )
    unplaced = int(listed["place"].isna().sum())
    without = (
        f"Without a place (the {min(unplaced, BELOW)} with most money in dispute are listed)"
        if english
        else f"未安排核查(列出争议基金最多的 {min(unplaced, BELOW)} 个)"
    )
    counts = listed["status"].value_counts()
    sampled = AUDIT_SAMPLE[english]
    return [
        (expected, f"{first['expected'].sum():,.0f}"),
        (sampled[0].upper() + sampled[1:], f"{random_sample:,}"),
        (without, f"{unplaced:,}"),
        *[(words[english], f"{counts[key]:,}") for key, words in STATUS_WORDS.items() if key in counts],
    ]
