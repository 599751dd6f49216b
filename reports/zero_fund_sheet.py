"""Leads in which the fund has paid nothing: a sheet of the workbook beside the worklist, which is by money.

Medicine bought on a dead person's card and paid in cash costs the fund nothing, and shows that somebody
holds the card.
"""

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from reports.languages import text_in
from reports.scheme_texts import scheme_or_pending
from reports.subject_words import SUBJECT_WORDS, subject_word
from reports.workbook_guide import SHEET_ROWS
from reports.workbook_tables import Link, Row

SHEET_NAMES = {"zh": "零基金线索", "en": "No fund money"}
SHEET_HEADS = {
    "zh": ("类别", "编号", "名称", "卷宗", "分数", "疑似情形", "情况"),
    "en": ("Kind", "Id", "Name", "Dossier", "Score", "Suspected scheme", "What happened"),
}
SHEET_WIDTHS = (10, 24, 22, 8, 8, 22, 90)
# Schemes in which a register says that nobody may use the card, whoever pays.
SCHEMES = ("M09", "M36")
_OPEN = ("打开", "open")


def sheet_rows(
    suspects: pd.DataFrame,
    names: pd.Series,
    floor: float,
    language: str,
    dossiers: Mapping[tuple[str, str], str],
    judged: Collection[str] = (),
) -> list[Row]:
    """Rows under SHEET_HEADS: suspects of SCHEMES whose score reaches the floor with nothing in dispute, best
    score first.

    Args:
        suspects: as the contract's table.
        names: of institutions, by code.
        dossiers: (subject_type, subject_id) → path of the dossier.
        judged: visits that a closed case of their own has judged, which have no row.
    """
    suspected = suspects.scheme.isin(SCHEMES) & (suspects.score >= floor)
    closed = (suspects.subject_type == "visit") & suspects.subject_id.isin(judged)
    rows = suspects[suspected & (suspects.amount_at_risk <= 0) & ~closed]
    kinds = list(SUBJECT_WORDS)
    rows = rows.assign(_kind=rows.subject_type.map(kinds.index)).sort_values(
        ["score", "_kind", "rank"], ascending=[False, True, True], kind="stable"
    )
    return [_row(row, names, language, dossiers) for row in rows.head(SHEET_ROWS).itertuples()]


def _row(row: Any, names: pd.Series, language: str, dossiers: Mapping[tuple[str, str], str]) -> Row:
    path = dossiers.get((row.subject_type, row.subject_id))
    return (
        subject_word(row.subject_type, language),
        row.subject_id,
        names.get(row.subject_id, ""),
        Link(path, text_in(language, _OPEN)) if path else "",
        row.score,
        scheme_or_pending(row.scheme, language),
        getattr(row, f"story_{language}"),
    )
