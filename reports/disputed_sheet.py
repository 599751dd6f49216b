"""All visits in dispute of whoever is to be visited: a sheet of the workbook, from which records are
fetched."""

from typing import Any

import pandas as pd

from reports.scheme_texts import dispute_name
from reports.subject_words import subject_word
from reports.workbook_guide import EVIDENCE_SHEET_ROWS
from reports.workbook_tables import Row

SHEET_NAMES = {"zh": "争议就诊", "en": "Visits in dispute"}
SHEET_HEADS = {
    "zh": (
        "次序", "类别", "编号", "就诊号", "日期", "参保人", "机构编号", "机构名称", "医师", "争议情形",
        "争议基金(元)", "就诊基金支付(元)",
    ),
    "en": (
        "Order", "Kind", "Id", "Visit", "Day", "Patient", "Institution", "Name", "Doctor",
        "In dispute for", "In dispute (yuan)", "Paid by the fund (yuan)",
    ),
}  # fmt: skip
SHEET_WIDTHS = (6, 10, 22, 24, 12, 22, 16, 22, 16, 24, 14, 14)


def sheet_rows(disputes: pd.DataFrame, names: pd.Series, language: str) -> list[Row]:
    """Rows under SHEET_HEADS.

    Args:
        disputes: of whoever has a place, in order of places and then of money: place, subject_type,
            subject_id, mdtrt_id, day, psn_no, fixmedins_code, dr_code, scheme, disputed, amount (yuan).
        names: of institutions, by code.
    """
    return [_row(row, names, language) for row in disputes.head(EVIDENCE_SHEET_ROWS).itertuples()]


def _row(row: Any, names: pd.Series, language: str) -> Row:
    return (
        int(row.place),
        subject_word(row.subject_type, language),
        row.subject_id,
        row.mdtrt_id,
        str(row.day)[:10],
        row.psn_no,
        row.fixmedins_code,
        names.get(row.fixmedins_code, ""),
        row.dr_code if isinstance(row.dr_code, str) else "",
        dispute_name(row.scheme if isinstance(row.scheme, str) else None, language),
        row.disputed,
        row.amount,
    )
