"""The suspects as a workbook: a sheet a kind of subject, reasons in words, cells for verdicts, what to pull
first."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reports.scheme_texts import scheme_name
from reports.subject_words import SUBJECT_WORDS, link_word, subject_word
from reports.suspect_sheet import write_suspects
from reports.workbook_guide import EVIDENCE_SHEET_ROWS, EVIDENCE_TITLES, SHEET_ROWS, run_figures, write_guide
from reports.workbook_tables import Formats, Row, new_workbook, write_table

_EVIDENCE_HEADS = {
    "zh": (
        "对象类型", "对象编号", "对应理由", "疑似情形", "就诊号", "结算号", "明细号", "争议基金(元)",
        "就诊基金支付(元)", "为何先查",
    ),
    "en": (
        "Kind", "Subject", "For reason", "Suspected scheme", "Visit", "Settlement", "Line",
        "In dispute (yuan)", "Paid by the fund (yuan)", "Why first",
    ),
}  # fmt: skip
_EVIDENCE_WIDTHS = (10, 24, 9, 22, 24, 24, 24, 14, 14, 70)
_MEMBER_TITLES = {"zh": "群体成员", "en": "Members"}
_MEMBER_HEADS = {
    "zh": ("群体编号", "性质", "成员类型", "成员编号", "紧密程度"),
    "en": ("Group", "Kind", "Member type", "Member", "Weight"),
}
_MEMBER_WIDTHS = (18, 22, 12, 26, 12)
_MEMBER_COLUMNS = ["group_id", "kind", "member_type", "member_id", "weight"]
# A further sheet: titles, heads and column widths by language or for both, rows.
Sheet = tuple[Mapping[str, str], Mapping[str, Sequence[str]], Sequence[int], Sequence[Row]]


# So many of the further sheets stand before the lists.
FIRST = 3


def write_workbook(
    path: Path,
    suspects: pd.DataFrame,
    evidence: pd.DataFrame,
    members: pd.DataFrame,
    names: pd.Series,
    as_of: str,
    language: str = "zh",
    more: Sequence[Sheet] = (),
    dossiers: Mapping[tuple[str, str], str] | None = None,
    figures: Sequence[tuple[str, str]] = (),
    random_sample: frozenset[tuple[str, str]] = frozenset(),
) -> None:
    """Write `suspects.xlsx`.

    Args:
        suspects, evidence, members: as the contract's tables.
        names: what to call a subject, by subject_id; missing ones have no name.
        language: zh or en.
        more: further sheets, the first FIRST before the lists; the workbook opens on the first of them.
        dossiers: (subject_type, subject_id) → path of its dossier, relative to the workbook's folder.
        figures: what else the guide says of the run: label and value, in the workbook's language.
        random_sample: (subject_type, subject_id) of those drawn at random, who have a row however far down
            they stand.
    """
    with new_workbook(path, as_of) as book:
        formats = Formats(book)
        write_guide(book, formats, run_figures(suspects, evidence, as_of, figures, language), as_of, language)
        for place, sheet_of in enumerate(more[:FIRST]):
            sheet = _further_sheet(book, formats, sheet_of, language)
            if place == 0:
                # The first of them is what the morning begins with.
                sheet.activate()
        for subject, words in SUBJECT_WORDS.items():
            listed = _listed(suspects, subject, random_sample)
            sheet = book.add_worksheet(words[language == "en"])
            write_suspects(sheet, formats, listed, names, dossiers or {}, language)
        _evidence_sheet(book, formats, _by_rank(evidence, suspects), language)
        for sheet_of in more[FIRST:]:
            _further_sheet(book, formats, sheet_of, language)
        sheet = book.add_worksheet(_MEMBER_TITLES[language])
        rows = members[_MEMBER_COLUMNS].itertuples(index=False, name=None)
        content = [_member_row(row, language) for row in rows]
        write_table(sheet, formats, _MEMBER_HEADS[language], content, _MEMBER_WIDTHS)


def _further_sheet(book: Any, formats: Formats, sheet_of: Sheet, language: str) -> Any:
    titles, heads, widths, content = sheet_of
    sheet = book.add_worksheet(titles[language])
    write_table(sheet, formats, heads[language], content, widths)
    return sheet


def _listed(suspects: pd.DataFrame, subject: str, random_sample: frozenset[tuple[str, str]]) -> pd.DataFrame:
    """The suspects of a kind that its sheet holds: the first by rank and those drawn at random."""
    rows = suspects[suspects["subject_type"] == subject].sort_values("rank")
    sampled = [(subject, subject_id) in random_sample for subject_id in rows["subject_id"]]
    shown: pd.DataFrame = rows[(np.arange(len(rows)) < SHEET_ROWS) | np.array(sampled, dtype=bool)]
    return shown


def _by_rank(evidence: pd.DataFrame, suspects: pd.DataFrame) -> pd.DataFrame:
    """Evidence in the order of the sheets and of their ranks; that of one suspect in the order it has."""
    keys = ["subject_type", "subject_id"]
    ranked = evidence.merge(suspects[[*keys, "rank"]], on=keys)
    kind = ranked["subject_type"].map({subject: place for place, subject in enumerate(SUBJECT_WORDS)})
    return ranked.assign(_kind=kind).sort_values(["_kind", "rank"], kind="stable")


def _evidence_sheet(book: Any, formats: Formats, evidence: pd.DataFrame, language: str) -> None:
    sheet = book.add_worksheet(EVIDENCE_TITLES[language == "en"])
    rows = [_evidence_row(row, language) for row in evidence.head(EVIDENCE_SHEET_ROWS).itertuples()]
    write_table(sheet, formats, _EVIDENCE_HEADS[language], rows, _EVIDENCE_WIDTHS)


def _member_row(row: Row, language: str) -> Row:
    """A row of the contract's table of members under _MEMBER_HEADS."""
    group, kind, member_type, member, weight = row
    return group, link_word(kind, language), subject_word(member_type, language), member, weight


def _evidence_row(row: Any, language: str) -> Row:
    """A row of the contract's table under _EVIDENCE_HEADS."""
    return (
        subject_word(row.subject_type, language),
        row.subject_id,
        int(row.nth) if pd.notna(row.nth) else None,
        scheme_name(row.scheme, language),
        row.mdtrt_id,
        row.setl_id,
        row.bkkp_sn,
        row.disputed,
        row.amount,
        row.why if language == "zh" else row.why_en,
    )
