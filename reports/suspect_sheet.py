"""The suspects of one kind as a sheet of the workbook, with cells for verdicts."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from reports.scheme_texts import scheme_or_pending
from reports.subject_words import VERDICTS
from reports.workbook_tables import Formats, Row, write_table

# Columns: name → (Chinese head, English head, width in characters).
SUSPECT_COLUMNS = {
    "rank": ("排名", "Rank", 6),
    "subject_id": ("编号", "Id", 24),
    "name": ("名称", "Name", 22),
    "score": ("分数", "Score", 8),
    "amount_at_risk": ("争议基金(元)", "In dispute (yuan)", 14),
    "scheme": ("疑似情形", "Suspected scheme", 22),
    "verdict": ("核查结论", "Verdict", 16),
    "verified": ("查实金额(元)", "Verified amount (yuan)", 14),
    "remark": ("备注", "Remark", 30),
    "dossier": ("卷宗", "Dossier", 9),
    "story": ("情况", "What happened", 60),
    "reason_1": ("理由一", "Reason 1", 48),
    "reason_2": ("理由二", "Reason 2", 48),
    "reason_3": ("理由三", "Reason 3", 48),
    "reason_4": ("理由四", "Reason 4", 48),
    "reason_5": ("理由五", "Reason 5", 48),
    "explained_by": ("并入(由其行为引起)", "Folded under (explained by)", 22),
}
_REASONS = sum(name.startswith("reason_") for name in SUSPECT_COLUMNS)
# Verdict, verified amount, remark and link, which are written apart.
_TO_FILL_IN = (None,) * 4
_OPEN = ("打开", "open")
_CHOOSE = ("请从下拉列表选择。", "Please choose from the list.")
_AMOUNT = ("请填金额(元),不小于 0。", "Please enter an amount in yuan, 0 or more.")


def write_suspects(
    sheet: Any,
    formats: Formats,
    suspects: pd.DataFrame,
    names: pd.Series,
    dossiers: Mapping[tuple[str, str], str],
    language: str,
) -> None:
    """Write the suspects of one kind.

    Args:
        sheet: `xlsxwriter.worksheet.Worksheet`.
        suspects: as the contract's table, in order of rank.
        names: what to call a subject, by subject_id.
        dossiers: (subject_type, subject_id) → path of its dossier, relative to the workbook's folder.
    """
    english = language == "en"
    heads = [en if english else zh for zh, en, _width in SUSPECT_COLUMNS.values()]
    widths = [width for _zh, _en, width in SUSPECT_COLUMNS.values()]
    rows = [_row(row, names, language) for row in suspects.itertuples()]
    write_table(sheet, formats, heads, rows, widths)
    if rows:
        _verdict_cells(sheet, formats, len(rows), language)
    place = list(SUSPECT_COLUMNS).index("dossier")
    for number, key in enumerate(zip(suspects["subject_type"], suspects["subject_id"], strict=True), 1):
        if key in dossiers:
            sheet.write_url(number, place, f"external:{dossiers[key]}", formats.link, _OPEN[english])


def _row(row: Any, names: pd.Series, language: str) -> Row:
    """A row of the contract's table under SUSPECT_COLUMNS."""
    reasons = [reason[f"text_{language}"] for reason in row.reasons][:_REASONS]
    reasons += [None] * (_REASONS - len(reasons))
    return (
        row.rank,
        row.subject_id,
        names.get(row.subject_id, ""),
        row.score,
        row.amount_at_risk,
        scheme_or_pending(row.scheme, language),
        *_TO_FILL_IN,
        getattr(row, f"story_{language}"),
        *reasons,
        row.explained_by,
    )


def _verdict_cells(sheet: Any, formats: Formats, count: int, language: str) -> None:
    """Mark the cells to write in, and let in only what `fundguard cases import` can read."""
    english = language == "en"
    columns = {name: place for place, name in enumerate(SUSPECT_COLUMNS) if name in formats.inputs}
    for name, column in columns.items():
        for row in range(1, count + 1):
            sheet.write_blank(row, column, None, formats.inputs[name])
    words = [verdict[english] for verdict in VERDICTS.values()]
    chosen = {"validate": "list", "source": words, "error_message": _CHOOSE[english]}
    sheet.data_validation(1, columns["verdict"], count, columns["verdict"], chosen)
    amount = {"validate": "decimal", "criteria": ">=", "value": 0, "error_message": _AMOUNT[english]}
    sheet.data_validation(1, columns["verified"], count, columns["verified"], amount)
