"""The first suspects of a run, on the terminal.

python -m reports.preview STORE/runs/AS_OF [zh]
"""

import sys
from pathlib import Path
from typing import Any

import pandas as pd

from reports.scheme_texts import scheme_name
from reports.subject_words import SUBJECT_WORDS

FIRST = 3
_WORDS = {
    "zh": ("疑点清单", "分数 {:.2f}", "争议基金 {:,.0f} 元"),
    "en": ("The workbook", "score {:.2f}", "{:,.0f} yuan of the fund in dispute"),
}


def preview(run: Path, language: str = "en") -> str:
    """Where the workbook is, and the first suspects of each kind, each with its strongest reason."""
    columns = ["subject_type", "subject_id", "rank", "score", "amount_at_risk", "scheme", "reasons"]
    suspects = pd.read_parquet(run / "suspects.parquet", columns=columns, filters=[("rank", "<=", FIRST)])
    suspects = suspects.sort_values("rank")
    lines = [f"{_WORDS[language][0]}: {run / 'suspects.xlsx'}"]
    for subject, words in SUBJECT_WORDS.items():
        found = suspects[suspects["subject_type"] == subject]
        if len(found):
            lines += ["", words[language == "en"]]
        for row in found.itertuples():
            lines += _suspect(row, language)
    return "\n".join(lines)


def _suspect(row: Any, language: str) -> list[str]:
    _head, score, money = _WORDS[language]
    facts = [score.format(row.score), money.format(row.amount_at_risk), scheme_name(row.scheme, language)]
    lines = [f"  {row.rank}  {row.subject_id}  " + "  ".join(fact for fact in facts if fact)]
    return lines + [f"     {reason[f'text_{language}']}" for reason in row.reasons[:1]]


if __name__ == "__main__":
    print(preview(Path(sys.argv[1]), *sys.argv[2:3]))
