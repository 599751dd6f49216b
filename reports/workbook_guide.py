"""The first sheet of the workbook: how to read the lists, how to fill in verdicts, and the run's figures."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from reports.subject_words import SUBJECT_WORDS
from reports.workbook_tables import Formats

GUIDE_TITLES = ("说明", "Read me")
EVIDENCE_TITLES = ("证据", "Evidence")
# The line of the guide by which a filled workbook says to which as-of date it belongs.
AS_OF_LINES = ("清单日期:{}", "Night: {}")
# Rows of a kind of subject, and of evidence: what a person can read; the Parquet tables hold all.
SHEET_ROWS = 500
EVIDENCE_SHEET_ROWS = 20_000
_WIDTH = 100
_FIGURES_TITLES = ("本夜概况", "This night")
# Sections: a title and its lines. The run's figures follow.
_SECTIONS = {
    "zh": (
        (
            "本表是什么",
            "这是 {as_of} 早晨的疑点清单:截至前一日已结算的全部数据里,按可疑程度排出的机构、药店、医师、"
            "参保人、结伴群体和就诊。",
            "疑点不是结论。分数高只说明应先去核查;系统从不认定欺诈。",
        ),
        (
            "怎么读",
            "每类对象一张表,第 1 名最可疑。分数在 0 到 1 之间,越高越该先查。",
            "“理由”写明:什么指标、数值多少、同类对象通常是多少、超过多少同类。同类指同级别机构或同类参保人。"
            "标有“(较弱)”的依据不够稳定,以后的名单可能不再列出,只作参考。",
            "“疑似情形”是自身特征最突出的一种(编号见情形目录);没有哪一种突出的写“待定”。",
            "“今日”按分数和争议基金排先后:金额大的只按一部分计入,免得规模大的一律在前;已随前面的对象一起核查的"
            "就诊不再计入。“预计追回”=分数×其余的争议基金。“已并入”的随所列对象一起核查;“冷却期”内曾排除、"
            "其后又无新情况的暂不核查;未达起点分数或预计追回不足一次上门核查成本的不安排。"
            "医师的争议大多在其医院的,先去医院;医院结案前由医师签下的就诊,视为随医院结案;"
            "群体在机构查实结案前于该机构的就诊,其基金向机构追回,同样视为结案。",
            "“争议就诊”列出有次序的对象的每一次争议就诊,供调取病历和结算单;不同对象可有同一次就诊。",
            "“零基金线索”是基金没有支付、但登记已死亡或被注销者的卡仍在使用的线索。“机构画像”给全部机构评级,"
            "其金额是在该机构发生的全部有争议就诊,不论疑点属于谁,因此与该机构卷宗的不同。",
            "“争议基金”只算有争议的部分:规则疑点算该条明细,费用偏高算超出部分,整次就诊存疑的才算整次;"
            "同一次就诊、同一条明细只算一次。不同对象之间会重叠,不能相加。“就诊基金支付”是整次就诊的基金支付。",
            "“卷宗”打开该对象的详细页面;本表须与 dossiers 文件夹放在一起。没有链接的没有卷宗。",
            "“证据”表列出先调阅哪些就诊、结算和明细,为哪条理由(空白为本身可疑的就诊),为什么;"
            "只作对照的就诊争议基金为 0。每张表可筛选,首行固定。",
        ),
        (
            "怎么填结论",
            "浅黄色的三列由核查人员填写。“核查结论”从下拉列表里选:查实、部分查实、排除、待查;"
            "还没有查的留空。",
            "“查实金额”填核实的违规基金金额(元),没有就留空。“备注”写依据、文号或其他说明,随结论一起保存。",
            "可以筛选、排序、删去不归自己查的行;其他列的内容、表名和首行不要改。",
            "填好后存为 xlsx 交给运维人员,由其运行:fundguard cases import 本文件 --store "
            "数据目录(结案日期不是当天的,加 --closed 日期)。",
            "空白和待查的行不取。结案日期之后的夜里,结论才参与训练和评分。同一文件交两次不会重复;"
            "与已有结论不一致的逐行报告,不会覆盖。",
        ),
    ),
    "en": (
        (
            "What this is",
            "The suspects on the morning of {as_of}: from all that had been settled by the day before, "
            "institutions, pharmacies, prescribers, patients, groups and visits in order of suspicion.",
            "A suspicion is no verdict. A high score says where to look first; the system never finds fraud "
            "by itself.",
        ),
        (
            "How to read it",
            "One sheet a kind of subject; rank 1 is most suspect. Scores run from 0 to 1.",
            "A reason says what was measured, its value, the median of the peers and how many of them lie "
            "below. Peers are institutions of the same level or patients of the same kind. One marked (weak) "
            "may not be given after the next training: take it as a hint.",
            "The suspected scheme is the one whose own signature stands out most; not decided where none "
            "does.",
            "Today is in order of score and money in dispute. A large sum counts for part of itself only, so "
            "that size alone never leads, and what is looked at with somebody before counts no more; "
            "expected is the score times the rest. Who is covered is visited together with the subject "
            "named; who was cleared lately and did nothing new is left alone; so is who stays below the "
            "floor of the score, or where less is expected back than a visit costs. Where most of a "
            "doctor's dispute lies in the hospital, the visit goes there; what the doctor signed before a "
            "case of that hospital was closed counts as judged with it. So does what a group did at an "
            "institution before a case of it was confirmed, for that money is demanded back from there.",
            "Visits in dispute lists every such visit of whoever has a place, to fetch its records by; two "
            "subjects may share one.",
            "No fund money lists cards of the registered dead or cancelled that are still used, at no cost "
            "to the fund. Portraits grade all institutions, by all visits in dispute there, whoever is "
            "suspected, so that they differ from an institution's dossier.",
            "In dispute is only what a finding or a measure disputes: a line, the excess over what is usual, "
            "the whole visit where all of it is in doubt; each line once. Subjects overlap, so the column "
            "does not add up. Paid by the fund is the payment for the whole visit.",
            "Dossier opens the page about the subject; keep this file beside its folder dossiers. A row "
            "without a link has no dossier.",
            "The evidence sheet says which visits, settlements and lines to pull first, for which reason "
            "(none where the visit is suspicious by itself), and why; a visit that only shows what a reason "
            "counts has nothing in dispute. Every sheet can be filtered; its first row stays.",
        ),
        (
            "How to fill in verdicts",
            "The three light yellow columns are for the investigator. Choose the verdict from the list: "
            "confirmed, partly confirmed, cleared or pending; leave it empty where nobody has looked yet.",
            "The verified amount is the fund's money found to be wrongly paid, in yuan; empty where there "
            "is none. The remark (grounds, file number) is kept with the verdict.",
            "Filter, sort, and delete rows that are not yours as you like; leave the other columns, the "
            "names of the sheets and their first rows as they are.",
            "Save as xlsx and hand it to the operator, who runs: fundguard cases import FILE --store STORE "
            "(with --closed DATE where the case was not closed today).",
            "Empty and pending rows are left out. A verdict counts on the nights after its close date. "
            "Importing a file twice changes nothing; a verdict that differs from one already there is "
            "reported, never overwritten.",
        ),
    ),
}


def write_guide(book: Any, formats: Formats, figures: Sequence[str], as_of: str, language: str) -> None:
    """Add the sheet.

    Args:
        book: `xlsxwriter.Workbook`.
        figures: lines about the run, as of `run_figures`.
    """
    english = language == "en"
    sheet = book.add_worksheet(GUIDE_TITLES[english])
    sheet.set_column(0, 0, _WIDTH)
    sheet.hide_gridlines(2)
    lines = []
    for title, *texts in (*_SECTIONS[language], (_FIGURES_TITLES[english], *figures)):
        lines.append((title, formats.title))
        lines += [(line.replace("{as_of}", as_of), formats.wrap) for line in texts]
    for row, (line, line_format) in enumerate(lines):
        sheet.set_row(row, 24 if line_format is formats.title else 16 * _lines_of(line))
        sheet.write_string(row, 0, line, line_format)
    sheet.set_landscape()


def _lines_of(text: str) -> int:
    """Lines that a text takes; a Chinese character is as wide as two others."""
    # Not every program makes a row as high as its text, and the letters may be wider than Excel's own.
    return math.ceil(sum(1 if letter.isascii() else 2 for letter in text) / (0.95 * _WIDTH))


def run_figures(
    suspects: pd.DataFrame,
    evidence: pd.DataFrame,
    as_of: str,
    figures: Sequence[tuple[str, str]],
    language: str,
) -> list[str]:
    """Lines about the run: as-of date, how many of each kind there are, how deep a cut list goes, more
    figures as label and value."""
    english = language == "en"
    kinds = suspects["subject_type"].value_counts()
    lines = [AS_OF_LINES[english].format(as_of)]
    lines += [
        _count(words[english], int(kinds.get(s, 0)), SHEET_ROWS, language)
        for s, words in SUBJECT_WORDS.items()
    ]
    lines.append(_count(EVIDENCE_TITLES[english], len(evidence), EVIDENCE_SHEET_ROWS, language))
    return lines + [f"{label}: {value}" if english else f"{label}:{value}" for label, value in figures]


def _count(name: str, count: int, most: int, language: str) -> str:
    """How many there are, and how many of them are in the workbook."""
    if language == "en":
        return f"{name}: {count:,}" + (f", the first {most:,} are here" if count > most else "")
    unit = "条" if name == EVIDENCE_TITLES[0] else "个"
    return f"{name}:{count:,} {unit}" + (f",本表列出前 {most:,} {unit}" if count > most else "")
