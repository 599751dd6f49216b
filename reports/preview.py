"""The first places of a run's worklist, on the terminal.

python -m reports.preview STORE/runs/AS_OF [zh]
"""

import sys
from pathlib import Path
from typing import Any

import pandas as pd

from reports.languages import text_in
from reports.scheme_texts import scheme_or_pending
from reports.subject_words import subject_word
from reports.worklist_sheet import SHEET_NAMES

FIRST = 5
_WORKBOOK = ("疑点清单: {} (工作表“{}”)", "The workbook: {} (sheet “{}”)")
_DISPUTED = ("争议基金 {:,.0f} 元", "{:,.0f} yuan of the fund in dispute")
_NOBODY = ("无须上门核查的对象", "Nobody to visit")


def preview(run: Path, language: str = "en") -> str:
    """Where the workbook is, and whom to visit first: who, for what, and what happened."""
    placed = pd.read_parquet(run / "worklist.parquet", filters=[("place", "<=", FIRST)]).sort_values("place")
    key = ["subject_type", "subject_id"]
    story = f"story_{language}"
    told = pd.read_parquet(run / "suspects.parquet", columns=[*key, story])
    lines = [text_in(language, _WORKBOOK).format(run / "suspects.xlsx", SHEET_NAMES[language])]
    for row in placed.merge(told.rename(columns={story: "story"}), on=key, how="left").itertuples():
        lines += ["", *_place(row, language)]
    return "\n".join(lines if len(placed) else [*lines, text_in(language, _NOBODY)])


def _place(row: Any, language: str) -> list[str]:
    who = f"{subject_word(row.subject_type, language)} {row.subject_id}"
    money = text_in(language, _DISPUTED).format(row.disputed)
    head = f"{row.place:>3}  {who}  {scheme_or_pending(row.scheme, language)}  {money}"
    return [head, *([f"     {row.story}"] if isinstance(row.story, str) else [])]


if __name__ == "__main__":
    print(preview(Path(sys.argv[1]), *sys.argv[2:3]))
