"""Tables on sheets of a workbook: formats, cells, header, filter, frozen first row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from reports.number_texts import is_missing

# Heads of columns that run from 0 to 1; other fractions are money.
_UNIT_HEADS = {"分数", "Score", "紧密程度", "Weight"}
# Columns of so many characters hold sentences.
_WRAPPED_WIDTH = 40
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Link:
    """A cell that opens a file beside the workbook."""

    path: str
    text: str


@contextmanager
def new_workbook(path: Path, as_of: str) -> Iterator[xlsxwriter.Workbook]:
    """A workbook that is written when the context ends; the same content gives the same file.

    Args:
        as_of: ISO day that stands for the time of writing.
    """
    # Identifiers and names are written as plain strings: a cell that starts with = stays text, never a
    # formula.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"title": "fundguard", "created": datetime.fromisoformat(as_of)})
        yield book


class Formats:
    """The formats of a workbook's cells.

    Attributes:
        inputs: column of a suspects' sheet to write in → format of its cells.
    """

    def __init__(self, book: xlsxwriter.Workbook):
        head = {
            "bold": True,
            "bg_color": "#1F4E79",
            "font_color": "white",
            "text_wrap": True,
            "valign": "vcenter",
        }
        self.head = book.add_format(head)
        self.title = book.add_format(
            {"bold": True, "font_size": 14, "font_color": "#1F4E79", "valign": "bottom"}
        )
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.text = book.add_format({"valign": "top"})
        self.score = book.add_format({"num_format": "0.00", "valign": "top"})
        self.money = book.add_format({"num_format": "#,##0.00", "valign": "top"})
        self.link = book.add_format({"font_color": "#0563C1", "underline": 1, "valign": "top"})
        # Cells to write in; a border, because the background hides the lines of the grid.
        cell = {"bg_color": "#FFF6D6", "border": 1, "border_color": "#D9D9D9", "valign": "top"}
        self.inputs = {
            "verdict": book.add_format(cell),
            "verified": book.add_format(cell | {"num_format": "#,##0.00"}),
            # Text, so that a remark that begins with = or - stays what was written.
            "remark": book.add_format(cell | {"num_format": "@", "text_wrap": True}),
        }


def write_table(
    sheet: Any, formats: Formats, heads: Sequence[str], rows: Sequence[Row], widths: Sequence[int]
) -> None:
    """Write header and rows; filter, freeze the first row and set up printing.

    Args:
        sheet: `xlsxwriter.worksheet.Worksheet`.
        widths: of the columns, in characters.
    """
    for column, (head, width) in enumerate(zip(heads, widths, strict=True)):
        sheet.write_string(0, column, head, formats.head)
        sheet.set_column(column, column, width)
    numbers = [formats.score if head in _UNIT_HEADS else formats.money for head in heads]
    texts = [formats.wrap if width >= _WRAPPED_WIDTH else formats.text for width in widths]
    for place, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if isinstance(value, Link):
                sheet.write_url(place, column, f"external:{value.path}", formats.link, value.text)
            else:
                _cell(sheet, place, column, value, numbers[column], texts[column])
    sheet.autofilter(0, 0, max(len(rows), 1), len(heads) - 1)
    sheet.freeze_panes(1, 2)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)


def _cell(sheet: Any, row: int, column: int, value: Any, number_format: Any, text_format: Any) -> None:
    if is_missing(value):
        return
    if isinstance(value, float):
        sheet.write_number(row, column, value, number_format)
    elif isinstance(value, int):
        sheet.write_number(row, column, value, text_format)
    elif isinstance(value, str) and value:
        sheet.write_string(row, column, value, text_format)
