"""The suspects as a workbook: a sheet a kind of subject, reasons in words, room for verdicts, what to pull first."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from reports.scheme_texts import scheme_name

SUBJECT_WORDS = {
    "hospital": ("医疗机构", "Hospitals"),
    "pharmacy": ("药店", "Pharmacies"),
    "prescriber": ("医师", "Prescribers"),
    "patient": ("参保人", "Patients"),
    "group": ("结伴群体", "Groups"),
    "visit": ("就诊", "Visits"),
}
# One of a kind, in English; Chinese has one word for one and many.
_ONE = {"hospital": "Hospital", "pharmacy": "Pharmacy", "prescriber": "Prescriber", "patient": "Patient", "group": "Group", "visit": "Visit"}  # fmt: skip
# Columns of a sheet of suspects: name → (Chinese head, English head, width in characters).
SUSPECT_COLUMNS = {
    "rank": ("排名", "Rank", 6),
    "subject_id": ("编号", "Id", 24),
    "name": ("名称", "Name", 22),
    "score": ("分数", "Score", 8),
    "amount_at_risk": ("涉及基金(元)", "Fund at stake (yuan)", 14),
    "scheme": ("疑似情形", "Suspected scheme", 22),
    "verdict": ("核查结论", "Verdict", 16),
    "verified": ("查实金额(元)", "Verified amount (yuan)", 14),
    "remark": ("备注", "Remark", 30),
    "dossier": ("卷宗", "Dossier", 9),
    "reason_1": ("理由一", "Reason 1", 48),
    "reason_2": ("理由二", "Reason 2", 48),
    "reason_3": ("理由三", "Reason 3", 48),
    "reason_4": ("理由四", "Reason 4", 48),
    "reason_5": ("理由五", "Reason 5", 48),
}
# What an investigator may find: clue_stas of insp_case_d → words.
VERDICTS = {
    "2": ("查实", "confirmed"),
    "4": ("部分查实", "partly confirmed"),
    "3": ("排除", "cleared"),
    "0": ("待查", "pending"),
}
PENDING = "0"
GUIDE_TITLES = ("说明", "Read me")
EVIDENCE_TITLES = ("证据", "Evidence")
# The line of the guide by which a filled workbook says to which night it belongs.
NIGHT_LINES = ("清单日期:{}", "Night: {}")
_EVIDENCE_HEADS = {  # fmt: skip
    "zh": (
        "对象类型",
        "对象编号",
        "对应理由",
        "疑似情形",
        "就诊号",
        "结算号",
        "明细号",
        "涉及基金(元)",
        "为何先查",
    ),
    "en": (
        "Kind",
        "Subject",
        "For reason",
        "Suspected scheme",
        "Visit",
        "Settlement",
        "Line",
        "Fund at stake (yuan)",
        "Why first",
    ),
}
_MEMBER_HEADS = {
    "zh": ("群体编号", "性质", "成员类型", "成员编号", "紧密程度"),
    "en": ("Group", "Kind", "Member type", "Member", "Weight"),
}
# Sections: a title and its lines. The night's figures follow.
_GUIDE = {
    "zh": (
        (
            "本表是什么",
            "这是 {as_of} 早晨的疑点清单:截至前一日已结算的全部数据里,按可疑程度排出的机构、药店、医师、参保人、结伴群体和就诊。",
            "疑点不是结论。分数高只说明应先去核查;系统从不认定欺诈。",
        ),
        (
            "怎么读",
            "每类对象一张表,第 1 名最可疑。分数在 0 到 1 之间,越高越该先查。",
            "“理由”写明:什么指标、数值多少、同类对象的中位数、超过多少同类。同类指同级别机构或同类参保人。",
            "“疑似情形”是分量最重的一种(编号见情形目录);空白表示没有哪一种特别突出。",
            "“涉及基金”是证据就诊的基金支付合计,同一对象的每次就诊只算一次;不同对象之间会重叠,不能相加。",
            "“卷宗”打开该对象的详细页面;本表须与 dossiers 文件夹放在一起。没有链接的没有卷宗。",
            "“证据”表列出先调阅哪些就诊、结算和明细,为哪条理由(空白为本身可疑的就诊),为什么;只作对照的就诊涉及基金为 0。每张表可筛选,首行固定。",
        ),
        (
            "怎么填结论",
            "浅黄色的三列由核查人员填写。“核查结论”从下拉列表里选:查实、部分查实、排除、待查;还没有查的留空。",
            "“查实金额”填核实的违规基金金额(元),没有就留空。“备注”写依据、文号或其他说明,随结论一起保存。",
            "可以筛选、排序、删去不归自己查的行;其他列的内容、表名和首行不要改。",
            "填好后存为 xlsx 交给运维人员,由其运行:fundguard cases import 本文件 --store 数据目录(结案日期不是当天的,加 --closed 日期)。",
            "空白和待查的行不取。结案日期之后的夜里,结论才参与训练和评分。同一文件交两次不会重复;与已有结论不一致的逐行报告,不会覆盖。",
        ),
    ),
    "en": (
        (
            "What this is",
            "The suspects on the morning of {as_of}: from all that had been settled by the day before, institutions, pharmacies, prescribers, patients, groups and visits in order of suspicion.",
            "A suspicion is no verdict. A high score says where to look first; the system never finds fraud by itself.",
        ),
        (
            "How to read it",
            "One sheet a kind of subject; rank 1 is most suspect. Scores run from 0 to 1.",
            "A reason says what was measured, its value, the median of the peers and how many of them lie below. Peers are institutions of the same level or patients of the same kind.",
            "The suspected scheme is the one that weighs most; empty where none stands out.",
            "Fund at stake adds the fund's payment for the visits in evidence, each visit once for a subject; subjects overlap, so the column does not add up.",
            "Dossier opens the page about the subject; keep this file beside its folder dossiers. A row without a link has no dossier.",
            "The evidence sheet says which visits, settlements and lines to pull first, for which reason (none where the visit is suspicious by itself), and why; a visit that only shows what a reason counts has nothing at stake. Every sheet can be filtered; its first row stays.",
        ),
        (
            "How to fill in verdicts",
            "The three light yellow columns are for the investigator. Choose the verdict from the list: confirmed, partly confirmed, cleared or pending; leave it empty where nobody has looked yet.",
            "The verified amount is the fund's money found to be wrongly paid, in yuan; empty where there is none. The remark (grounds, file number) is kept with the verdict.",
            "Filter, sort, and delete rows that are not yours as you like; leave the other columns, the names of the sheets and their first rows as they are.",
            "Save as xlsx and hand it to the operator, who runs: fundguard cases import FILE --store STORE (with --closed DATE where the case was not closed today).",
            "Empty and pending rows are left out. A verdict counts on the nights after its close date. Importing a file twice changes nothing; a verdict that differs from one already there is reported, never overwritten.",
        ),
    ),
}
_GUIDE_WIDTH = 100
_NIGHT_TITLES = ("本夜概况", "This night")
# Excel holds 1,048,576 rows; an inspector reads far fewer.
SHEET_ROWS = 20_000


def one_of(subject: str, language: str) -> str:
    """What one subject of a kind is called."""
    return _ONE[subject] if language == "en" else SUBJECT_WORDS[subject][0]


def write_workbook(
    path: Path,
    suspects: pd.DataFrame,
    evidence: pd.DataFrame,
    members: pd.DataFrame,
    names: pd.Series,
    as_of: str,
    language: str = "zh",
    more: list[tuple] = (),
    dossiers: dict[tuple[str, str], str] | None = None,
    figures: list[tuple[str, str]] = (),
    random_sample: frozenset[tuple[str, str]] = frozenset(),
) -> None:
    """Write `suspects.xlsx`.

    Args:
        suspects, evidence, members: as the contract's tables.
        names: what to call a subject, by subject_id; missing ones have no name.
        language: zh or en.
        more: further sheets, each as (names, heads and column widths by language or for both, rows).
        dossiers: (subject_type, subject_id) → path of its dossier, relative to the workbook's folder.
        figures: what else the guide says of the night: label and value, in the workbook's language.
        random_sample: (subject_type, subject_id) of those drawn at random, who have a row however far down they stand.
    """
    # Identifiers and names are written as plain strings: a cell that starts with = stays text, never a formula.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, options) as book:
        # Nothing in the file tells when it was written, so that a night run twice gives the same file.
        book.set_properties({"title": "fundguard", "created": pd.Timestamp(as_of).to_pydatetime()})
        style = _Style(book)
        _guide(book, style, _night(suspects, evidence, as_of, figures, language), as_of, language)
        for subject, words in SUBJECT_WORDS.items():
            rows = suspects[suspects.subject_type == subject].sort_values("rank")
            named = [(subject, subject_id) in random_sample for subject_id in rows.subject_id]
            rows = rows[(np.arange(len(rows)) < SHEET_ROWS) | np.array(named, dtype=bool)]
            sheet = book.add_worksheet(words[language == "en"])
            _suspect_sheet(sheet, style, rows, names, dossiers or {}, language)
        sheet = book.add_worksheet(EVIDENCE_TITLES[language == "en"])
        _table(
            sheet,
            style,
            _EVIDENCE_HEADS[language],
            _evidence_rows(_by_rank(evidence, suspects), language),
            (10, 24, 9, 22, 24, 24, 24, 14, 70),
        )
        for titles, heads, widths, rows in more:
            _table(book.add_worksheet(titles[language]), style, heads[language], rows, widths)
        sheet = book.add_worksheet("Members" if language == "en" else "群体成员")
        columns = ["group_id", "kind", "member_type", "member_id", "weight"]
        rows = members[columns].itertuples(index=False, name=None)
        _table(sheet, style, _MEMBER_HEADS[language], list(rows), (18, 14, 12, 26, 12))


class _Style:
    def __init__(self, book: xlsxwriter.Workbook):
        self.head = book.add_format(
            {
                "bold": True,
                "bg_color": "#1F4E79",
                "font_color": "white",
                "text_wrap": True,
                "valign": "vcenter",
            }
        )
        self.title = book.add_format(
            {"bold": True, "font_size": 14, "font_color": "#1F4E79", "valign": "bottom"}
        )
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.text = book.add_format({"valign": "top"})
        self.score = book.add_format({"num_format": "0.000", "valign": "top"})
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


def _guide(book, style: _Style, night: list[str], as_of: str, language: str) -> None:
    """How to read the lists, how to fill in verdicts, and the night's figures."""
    english = language == "en"
    sheet = book.add_worksheet(GUIDE_TITLES[english])
    sheet.set_column(0, 0, _GUIDE_WIDTH)
    sheet.hide_gridlines(2)
    lines = []
    for title, *said in (*_GUIDE[language], (_NIGHT_TITLES[english], *night)):
        lines.append((title, style.title))
        lines += [(line.replace("{as_of}", as_of), style.wrap) for line in said]
    for row, (line, line_format) in enumerate(lines):
        sheet.set_row(row, 24 if line_format is style.title else 16 * _lines_of(line))
        sheet.write_string(row, 0, line, line_format)
    sheet.set_landscape()


def _lines_of(text: str) -> int:
    """Lines that a text of the guide takes; a Chinese character is as wide as two others."""
    # Not every program makes a row as high as its text, and the letters may be wider than Excel's own.
    return math.ceil(sum(1 if letter.isascii() else 2 for letter in text) / (0.95 * _GUIDE_WIDTH))


def _night(
    suspects: pd.DataFrame, evidence: pd.DataFrame, as_of: str, figures: list[tuple[str, str]], language: str
) -> list[str]:
    """The night, how many of each kind there are, how deep a cut list goes, and the caller's figures."""
    english = language == "en"
    kinds = suspects.subject_type.value_counts()
    lines = [NIGHT_LINES[english].format(as_of)]
    lines += [_count(words[english], int(kinds.get(s, 0)), language) for s, words in SUBJECT_WORDS.items()]
    lines.append(_count(EVIDENCE_TITLES[english], len(evidence), language))
    return lines + [f"{label}: {value}" if english else f"{label}:{value}" for label, value in figures]


def _count(name: str, count: int, language: str) -> str:
    if language == "en":
        return f"{name}: {count:,}" + (f", the first {SHEET_ROWS:,} are here" if count > SHEET_ROWS else "")
    unit = "条" if name == EVIDENCE_TITLES[0] else "个"
    return f"{name}:{count:,} {unit}" + (f",本表列出前 {SHEET_ROWS:,} {unit}" if count > SHEET_ROWS else "")


def _suspect_sheet(
    sheet, style: _Style, rows: pd.DataFrame, names: pd.Series, dossiers: dict, language: str
) -> None:
    text, english = f"text_{language}", language == "en"
    content = []
    for row in rows.itertuples():
        why = [reason[text] for reason in row.reasons][:5]
        content.append(
            (
                row.rank, row.subject_id, names.get(row.subject_id, ""), row.score, row.amount_at_risk,
                scheme_name(row.scheme, language), None, None, None, None, *why, *[None] * (5 - len(why)),
            )
        )  # fmt: skip
    heads, widths = zip(*[(c[english], c[2]) for c in SUSPECT_COLUMNS.values()], strict=True)
    _table(sheet, style, heads, content, widths)
    _inputs(sheet, style, len(rows), language)
    for number, key in enumerate(zip(rows.subject_type, rows.subject_id, strict=True), 1):
        if key in dossiers:
            place = list(SUSPECT_COLUMNS).index("dossier")
            word = "open" if english else "打开"
            sheet.write_url(number, place, f"external:{dossiers[key]}", style.link, word)


def _inputs(sheet, style: _Style, count: int, language: str) -> None:
    """Mark the cells to write in, and let in only what `fundguard cases import` can read."""
    if not count:
        return
    english = language == "en"
    columns = {name: place for place, name in enumerate(SUSPECT_COLUMNS) if name in style.inputs}
    for name, column in columns.items():
        for row in range(1, count + 1):
            sheet.write_blank(row, column, None, style.inputs[name])
    words = [said[english] for said in VERDICTS.values()]
    refused = ("请从下拉列表选择。", "Please choose from the list.")[english]
    allowed = {"validate": "list", "source": words, "error_message": refused}
    sheet.data_validation(1, columns["verdict"], count, columns["verdict"], allowed)
    refused = ("请填金额(元),不小于 0。", "Please enter an amount in yuan, 0 or more.")[english]
    allowed = {"validate": "decimal", "criteria": ">=", "value": 0, "error_message": refused}
    sheet.data_validation(1, columns["verified"], count, columns["verified"], allowed)


def _by_rank(evidence: pd.DataFrame, suspects: pd.DataFrame) -> pd.DataFrame:
    """Evidence in the order of the sheets and of their ranks; that of one suspect in the order it has."""
    keys = ["subject_type", "subject_id"]
    ranked = evidence.merge(suspects[[*keys, "rank"]], on=keys)
    kind = ranked.subject_type.map({subject: place for place, subject in enumerate(SUBJECT_WORDS)})
    return ranked.assign(_kind=kind).sort_values(["_kind", "rank"], kind="stable")


def _evidence_rows(evidence: pd.DataFrame, language: str) -> list[tuple]:
    why = "why" if language == "zh" else "why_en"
    return [
        (
            one_of(r.subject_type, language),
            r.subject_id,
            int(r.nth) if pd.notna(r.nth) else None,
            scheme_name(r.scheme, language),
            r.mdtrt_id,
            r.setl_id,
            r.bkkp_sn,
            r.amount,
            getattr(r, why),
        )
        for r in evidence.head(SHEET_ROWS).itertuples()
    ]


# Heads of columns that run from 0 to 1; other fractions are money.
_UNIT_HEADS = {"分数", "Score", "紧密程度", "Weight"}


def _table(sheet, style: _Style, heads: tuple, rows: list[tuple], widths: tuple) -> None:
    """Header, rows, filter and frozen first row."""
    for column, (head, width) in enumerate(zip(heads, widths, strict=True)):
        sheet.write_string(0, column, head, style.head)
        sheet.set_column(column, column, width)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            number_format = style.score if heads[column] in _UNIT_HEADS else style.money
            _cell(
                sheet,
                number,
                column,
                value,
                number_format,
                style.wrap if widths[column] >= 40 else style.text,
            )
    sheet.autofilter(0, 0, max(len(rows), 1), len(heads) - 1)
    sheet.freeze_panes(1, 2)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)


def _cell(sheet, row: int, column: int, value, number_format, text_format) -> None:
    if isinstance(value, float) and not pd.isna(value):
        sheet.write_number(row, column, value, number_format)
    elif isinstance(value, int):
        sheet.write_number(row, column, value, text_format)
    elif isinstance(value, str) and value:
        sheet.write_string(row, column, value, text_format)
