"""Import of verdicts: what inspectors wrote into a run's workbook becomes rows of `insp_case_d`.

A case is named after the as-of date of its run and its subject, so the same file can come twice. Nothing is
taken from a file as long as one of its lines cannot be read or differs from a case that is there already.
"""

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from ibis import _
from openpyxl.utils.exceptions import InvalidFileException

from claims.as_of import CLEARED
from claims.duckdb_backend import connected
from claims.errors import InputError
from claims.store import Store, scratch
from reports.scheme_texts import NOT_DECIDED, SCHEMES
from reports.subject_words import PENDING, SUBJECT_WORDS, VERDICTS
from reports.suspect_sheet import SUSPECT_COLUMNS
from reports.workbook_guide import AS_OF_LINES, GUIDE_TITLES

TABLE = "insp_case_d"
_READ = ("subject_id", "scheme", "verdict", "verified", "remark")
_STATUS = {word: status for status, words in VERDICTS.items() for word in words}
# Title of a sheet → kind of subject, and which of two words is in the sheet's language.
_SHEETS = {
    title: (subject, english)
    for subject, titles in SUBJECT_WORDS.items()
    for english, title in enumerate(titles)
}
_CASE = pa.schema(
    [
        ("case_id", pa.string()), ("subject_type", pa.string()), ("subject_id", pa.string()),
        ("scheme", pa.string()), ("clue_stas", pa.string()), ("cfm_amt", pa.float64()), ("memo", pa.string()),
        ("close_date", pa.timestamp("us")),
    ]
)  # fmt: skip


class VerdictsRefused(InputError):
    """Verdicts cannot be taken; ``lines`` says of each which and why, without what it holds."""

    def __init__(self, source: str, lines: list[str]):
        super().__init__(f"{source}: {len(lines)} to mend, nothing was taken")
        self.lines = lines


@dataclass(frozen=True)
class Case:
    """A verdict as `insp_case_d` spells it; ``cfm_amt`` in yuan."""

    case_id: str
    subject_type: str
    subject_id: str
    scheme: str | None
    clue_stas: str
    cfm_amt: float | None
    memo: str | None


# Where a case comes from, the case, the day on which it was closed.
Found = tuple[str, Case, date]


def import_verdicts(file: Path, store: Store, closed: date) -> tuple[int, int]:
    """Add the verdicts of a filled workbook to the store, all or none.

    Args:
        file: `suspects.xlsx` of a run, in either language; rows whose verdict is empty or pending are left
            out.
        closed: the day on which the cases were closed; they are known to runs as of a later date.

    Returns:
        How many verdicts were taken, and how many the store held already.

    Raises:
        InputError: the file is no workbook of a run, or `closed` lies before its as-of date.
        VerdictsRefused: cells that cannot be read, or a case whose verdict, amount or remark is another
            already.
        StoreError: the store is empty or in use.
    """
    store.require_claims()
    as_of, found, wrong = read_verdicts(file)
    if closed < as_of:
        raise InputError(
            f"{file}: its cases cannot have been closed on {closed}, before its as-of date, {as_of}"
        )
    return take_cases([(where, case, closed) for where, case in found], store, str(file), wrong)


def take_cases(
    found: Sequence[Found], store: Store, source: str, wrong: Sequence[str] = ()
) -> tuple[int, int]:
    """Add cases to the store, all or none.

    Args:
        found: where each comes from, the case, the day on which it was closed.
        source: what they are read from, for the error.
        wrong: what could not be read there.

    Returns:
        How many were taken, and how many the store held already.

    Raises:
        VerdictsRefused: something could not be read, or a case is there already with another verdict, amount
            or remark.
        StoreError: the store is empty or in use.
    """
    store.require_claims()
    wrong = list(wrong)
    with store.locked(), scratch(store.path) as work:
        fresh, contradicted = _sorted_out(found, store, work)
        wrong += [line for _number, line in contradicted]
        if wrong:
            raise VerdictsRefused(source, wrong)
        return _load(store, fresh, work), len(found) - len(fresh)


def take_what_agrees(found: Sequence[Found], store: Store) -> tuple[int, int, list[tuple[int, str]]]:
    """Add cases to the store except those that contradict one that is there.

    Args:
        found: where each comes from, the case, the day on which it was closed.

    Returns:
        How many were taken; how many the store held already; of those that contradict it the place in
        ``found`` and how they differ.

    Raises:
        StoreError: the store is empty or in use.
    """
    store.require_claims()
    with store.locked(), scratch(store.path) as work:
        fresh, contradicted = _sorted_out(found, store, work)
        refused = {number for number, _line in contradicted}
        return _load(store, fresh, work), len(found) - len(fresh) - len(refused), contradicted


def _sorted_out(
    found: Sequence[Found], store: Store, work: Path
) -> tuple[list[tuple[Case, date]], list[tuple[int, str]]]:
    """Which cases are new, and which, by their place, differ from one of the same id and how."""
    known = _held(store, work, [case.case_id for _where, case, _closed in found])
    fresh, contradicted = [], []
    for number, (where, case, closed) in enumerate(found):
        other = known.setdefault(case.case_id, case)
        if other is case:
            fresh.append((case, closed))
        contradicted += [(number, f"{where}: {text}") for text in _differences(other, case)]
    return fresh, contradicted


def _held(store: Store, work: Path, case_ids: list[str]) -> dict[str, Case]:
    """The cases of these ids that the store holds."""
    held: dict[str, Case] = {}
    with connected(work) as con:
        tables = store.tables(con)
        if TABLE not in tables or not case_ids:
            return held
        rows = tables[TABLE].filter(_.case_id.isin(case_ids)).select(*Case.__dataclass_fields__)
        frame = rows.to_pandas().astype(object)
        frame = frame.where(frame.notna(), None)
        return {str(row.case_id): Case(*row) for row in frame.itertuples(index=False)}


def _differences(there: Case, here: Case) -> Iterator[str]:
    """How a case differs from the one of the same id in the store; remarks are not repeated."""
    if there.clue_stas != here.clue_stas:
        was, now = VERDICTS.get(there.clue_stas, (there.clue_stas,))[-1], VERDICTS[here.clue_stas][-1]
        yield f"the case is there already with another verdict ({was}, here {now})"
    if there.cfm_amt != here.cfm_amt:
        was, now = ("none" if c.cfm_amt is None else f"{c.cfm_amt:,.2f}" for c in (there, here))
        yield f"the case is there already with another verified amount ({was}, here {now})"
    if there.memo != here.memo:
        yield "the case is there already with another remark"


def _load(store: Store, cases: list[tuple[Case, date]], work: Path) -> int:
    """Put the cases through the checks that all rows go through; how many were kept."""
    if not cases:
        return 0
    rows = [
        dict(zip(_CASE.names, (*astuple(case), pd.Timestamp(closed)), strict=True)) for case, closed in cases
    ]
    folder = work / "cases"
    folder.mkdir()
    pq.write_table(pa.Table.from_pylist(rows, _CASE), folder / f"{TABLE}.parquet")
    # No translation of the region's codes: the verdicts are in the contract's.
    return store.ingest(folder, partial=True).tables[TABLE]["kept"]


def read_verdicts(file: Path) -> tuple[date, list[tuple[str, Case]], list[str]]:
    """Read a filled workbook.

    Returns:
        Its as-of date; the verdicts, each with its sheet and row; what cannot be read, with sheet, row and
        column.

    Raises:
        InputError: the file is no workbook of a run.
    """
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError, ValueError) as error:
        raise InputError(f"{file} is no workbook: save the filled list as .xlsx") from error
    as_of, found, wrong = _as_of(book, file), [], []
    for sheet in book.worksheets:
        rows = sheet.iter_rows(values_only=True)
        heads = next(rows, ())
        if sheet.title in _SHEETS:
            for where, case, faults in _cases(sheet.title, heads, rows, as_of):
                found += [(where, case)] if case else []
                wrong += [f"{where}{fault}" for fault in faults]
        elif set(SUSPECT_COLUMNS["verdict"][:2]) & set(heads):
            wrong.append(f"sheet {sheet.title}: was renamed, so the kind of its subjects is not known")
    book.close()
    return as_of, found, wrong


def _as_of(book: openpyxl.Workbook, file: Path) -> date:
    """The as-of date that the guide names."""
    titles = [title for title in GUIDE_TITLES if title in book.sheetnames]
    lines = [line for title in titles for (line,) in book[title].iter_rows(max_col=1, values_only=True)]
    for start in (pattern.format("") for pattern in AS_OF_LINES):
        for line in lines:
            if isinstance(line, str) and line.startswith(start):
                with contextlib.suppress(ValueError):
                    return date.fromisoformat(line.removeprefix(start).strip())
    raise InputError(f"{file}: no sheet {' or '.join(GUIDE_TITLES)} names the as-of date of the list")


def _cases(
    title: str, heads: tuple[Any, ...], rows: Iterator[tuple[Any, ...]], as_of: date
) -> Iterator[tuple[str, Case | None, list[str]]]:
    """The rows of a sheet in which somebody wrote: where, the case if it is decided, what is wrong."""
    subject, english = _SHEETS[title]
    columns = {name: SUSPECT_COLUMNS[name][english] for name in _READ}
    missing = [head for head in columns.values() if head not in heads]
    if missing:
        yield f"sheet {title}", None, [f": column {head} is missing" for head in missing]
        return
    places = {name: heads.index(head) for name, head in columns.items()}
    for number, cells in enumerate(rows, 2):
        written = {name: cells[place] if place < len(cells) else None for name, place in places.items()}
        case, faults = _case(written, subject, english, as_of)
        if case or faults:
            where = f"sheet {title}, row {number}"
            yield where, case, [f", column {columns[name]}: {fault}" for name, fault in faults]


def _case(
    cells: dict[str, Any], subject: str, english: int, as_of: date
) -> tuple[Case | None, list[tuple[str, str]]]:
    """The case of a row, None where it is open or cannot be read, and faults as (column, what is wrong)."""
    word = _text(cells["verdict"])
    status = _STATUS.get(word.lower()) if word else PENDING
    amount, faults = _verified(cells["verified"], word, status)
    if status is None:
        words = ", ".join(words[english] for words in VERDICTS.values())
        faults.insert(0, ("verdict", f"is none of {words}"))
    if faults or status is None or status == PENDING:
        return None, faults
    subject_id, named = cells["subject_id"], _text(cells["scheme"]) or ""
    scheme = "" if named in NOT_DECIDED else named.split(" ")[0]
    if not isinstance(subject_id, str):
        faults.append(("subject_id", "is not the text that was written there"))
    if scheme and scheme not in SCHEMES:
        faults.append(("scheme", "names no scheme"))
    if faults:
        return None, faults
    case_id = f"{as_of}/{subject}/{subject_id}"
    return Case(case_id, subject, subject_id, scheme or None, status, amount, _text(cells["remark"])), []


def _verified(cell: Any, word: str | None, status: str | None) -> tuple[float | None, list[tuple[str, str]]]:
    """The verified amount, and what is wrong with it given the verdict of the row."""
    try:
        amount = _amount(cell)
    except ValueError as error:
        return None, [("verified", str(error))]
    if amount and word is None:
        return amount, [("verified", "an amount without a verdict")]
    if amount and status in CLEARED:
        return amount, [("verified", "an amount on a cleared row")]
    return amount, []


def _text(cell: Any) -> str | None:
    return (str(cell).strip() or None) if cell is not None else None


def _amount(cell: Any) -> float | None:
    """Yuan, to the cent; None where nothing was written.

    Raises:
        ValueError: no number, or below 0.
    """
    text = _text(cell)
    if text is None:
        return None
    try:
        amount = float(text.replace(",", "").replace("\N{FULLWIDTH COMMA}", ""))
    except ValueError:
        amount = math.nan
    if not math.isfinite(amount) or isinstance(cell, bool):
        raise ValueError("is no amount in yuan")
    if amount < 0:
        raise ValueError("is below 0")
    return round(amount, 2)
