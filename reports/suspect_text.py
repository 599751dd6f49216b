"""A suspect on the terminal: what happened, the reasons, and which papers to pull."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from reports.languages import text_in
from reports.number_texts import MISSING, amount_text, score_text
from reports.scheme_texts import on_site, scheme_or_pending
from reports.subject_words import subject_word

Row = dict[str, Any]
# Papers that are listed.
PAPERS = 12
_RANK = ("第 {} 名,分数 {},争议基金 {} 元,{}", "rank {}, score {}, {} yuan in dispute, {}")
_HEADS = {
    "reasons": ("为何可疑", "Why"),
    "papers": ("先调阅", "Pull first"),
    "on_site": ("现场核查什么", "What to check on site"),
}
_PAPER = ("就诊 {} 结算 {}{} 争议 {} / {} 元:{}", "visit {} settlement {}{} {} of {} yuan: {}")
_LINE = (" 明细 {}", " line {}")
_NO_REASONS = ("排名低于解释范围,无理由文字。", "Ranked below the depth that is explained: no reasons.")


def suspect_text(run: Path, subject_id: str, language: str) -> str | None:
    """What a run says of a subject, of every kind that has its id; None where it lists none.

    Args:
        run: folder of the run.
    """
    suspects, evidence = (_rows(run / f"{name}.parquet", subject_id) for name in ("suspects", "evidence"))
    parts = []
    for row in sorted(suspects, key=lambda row: str(row["subject_type"])):
        papers = [paper for paper in evidence if paper["subject_type"] == row["subject_type"]]
        parts += _suspect(row, papers, language)
    return "\n".join(parts) if parts else None


def _rows(file: Path, subject_id: str) -> list[Row]:
    """The rows of a subject; without pandas, which takes longer to import than they to read."""
    rows: list[Row] = pq.read_table(file, filters=[("subject_id", "==", subject_id)]).to_pylist()
    return rows


def _suspect(row: Row, evidence: list[Row], language: str) -> list[str]:
    scheme = scheme_or_pending(row["scheme"], language)
    head = text_in(language, _RANK).format(
        row["rank"], score_text(row["score"]), amount_text(row["amount_at_risk"]), scheme
    )
    lines = [f"{subject_word(row['subject_type'], language)} {row['subject_id']}", head]
    if not row["reasons"]:
        return [*lines, text_in(language, _NO_REASONS)]
    lines += ["", row[f"story_{language}"] or "", "", text_in(language, _HEADS["reasons"])]
    lines += [f"  {n}. {reason[f'text_{language}']}" for n, reason in enumerate(row["reasons"], 1)]
    lines += ["", text_in(language, _HEADS["papers"])]
    lines += [f"  {_paper(paper, language)}" for paper in evidence[:PAPERS]]
    text = on_site(row["scheme"], language, row["subject_type"])
    return [*lines, "", text_in(language, _HEADS["on_site"]), f"  {text}"]


def _paper(paper: Row, language: str) -> str:
    line = text_in(language, _LINE).format(paper["bkkp_sn"]) if paper["bkkp_sn"] else ""
    why = paper["why"] if language == "zh" else paper["why_en"]
    disputed, amount = amount_text(paper["disputed"]), amount_text(paper["amount"])
    settlement = paper["setl_id"] or MISSING
    return text_in(language, _PAPER).format(paper["mdtrt_id"], settlement, line, disputed, amount, why)
