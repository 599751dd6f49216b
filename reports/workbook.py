"""The suspects as a workbook: a sheet a kind of subject, reasons in words, what to pull first, how to read it."""

from pathlib import Path

import pandas as pd
import xlsxwriter

from reports.schemes import scheme_name

SUBJECT_WORDS = {
    "hospital": ("医疗机构", "Hospitals"),
    "pharmacy": ("药店", "Pharmacies"),
    "prescriber": ("医师", "Prescribers"),
    "patient": ("参保人", "Patients"),
    "group": ("结伴群体", "Groups"),
    "visit": ("就诊", "Visits"),
}
_SUSPECT_HEADS = {
    "zh": ("排名", "编号", "名称", "分数", "涉及基金(元)", "疑似情形", "理由一", "理由二", "理由三", "理由四", "理由五"),
    "en": ("Rank", "Id", "Name", "Score", "Fund at stake (yuan)", "Suspected scheme", "Reason 1", "Reason 2", "Reason 3", "Reason 4", "Reason 5"),
}  # fmt: skip
_EVIDENCE_HEADS = {
    "zh": ("对象类型", "对象编号", "疑似情形", "就诊号", "结算号", "基金支付(元)", "为何先查"),
    "en": (
        "Kind",
        "Subject",
        "Suspected scheme",
        "Visit",
        "Settlement",
        "Paid by the fund (yuan)",
        "Why first",
    ),
}
_MEMBER_HEADS = {
    "zh": ("群体编号", "性质", "成员类型", "成员编号", "紧密程度"),
    "en": ("Group", "Kind", "Member type", "Member", "Weight"),
}
_GUIDE = {
    "zh": (
        "本表是什么",
        "这是 {as_of} 早晨的疑点清单:截至前一日已结算的全部数据里,按可疑程度排出的机构、药店、医师、参保人、结伴群体和就诊。",
        "疑点不是结论。分数高只说明应先去核查;系统从不认定欺诈。",
        "怎么读",
        "每类对象一张表,第 1 名最可疑。分数在 0 到 1 之间,越高越该先查。",
        "“理由”写明:什么指标、数值多少、同类对象的中位数、超过多少同类。同类指同级别机构或同类参保人。",
        "“疑似情形”是分量最重的一种(编号见情形目录);空白表示没有哪一种特别突出。",
        "“涉及基金”是证据就诊的基金支付合计,同一对象的每次就诊只算一次;不同对象之间会重叠,不能相加。",
        "“证据”表列出先调阅哪些就诊、为什么。每张表可筛选,首行固定。",
        "本夜概况",
    ),
    "en": (
        "What this is",
        "The suspects on the morning of {as_of}: from all that had been settled by the day before, institutions, pharmacies, prescribers, patients, groups and visits in order of suspicion.",
        "A suspicion is no verdict. A high score says where to look first; the system never finds fraud by itself.",
        "How to read it",
        "One sheet a kind of subject; rank 1 is most suspect. Scores run from 0 to 1.",
        "A reason says what was measured, its value, the median of the peers and how many of them lie below. Peers are institutions of the same level or patients of the same kind.",
        "The suspected scheme is the one that weighs most; empty where none stands out.",
        "Fund at stake adds the fund's payment for the visits in evidence, each visit once for a subject; subjects overlap, so the column does not add up.",
        "The evidence sheet says which visits to pull first and why. Every sheet can be filtered; its first row stays.",
        "This night",
    ),
}
# Excel holds 1,048,576 rows; an inspector reads far fewer.
SHEET_ROWS = 20_000


def write_workbook(
    path: Path,
    suspects: pd.DataFrame,
    evidence: pd.DataFrame,
    members: pd.DataFrame,
    names: pd.Series,
    as_of: str,
    language: str = "zh",
    more: list[tuple] = (),
) -> None:
    """Write `suspects.xlsx`.

    Args:
        suspects, evidence, members: as the contract's tables.
        names: what to call a subject, by subject_id; missing ones have no name.
        language: zh or en.
        more: further sheets, each as (names, heads and column widths by language or for both, rows).
    """
    # Identifiers and names are written as plain strings: a cell that starts with = stays text, never a formula.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, options) as book:
        # Nothing in the file tells when it was written, so that a night run twice gives the same file.
        book.set_properties({"title": "fundguard", "created": pd.Timestamp(as_of).to_pydatetime()})
        style = _Style(book)
        _guide(book, style, suspects, as_of, language)
        for subject, words in SUBJECT_WORDS.items():
            rows = suspects[suspects.subject_type == subject].sort_values("rank").head(SHEET_ROWS)
            _suspect_sheet(book, style, words[language == "en"], rows, names, language)
        sheet = book.add_worksheet("Evidence" if language == "en" else "证据")
        _table(
            sheet,
            style,
            _EVIDENCE_HEADS[language],
            _evidence_rows(evidence, language),
            (10, 24, 22, 24, 24, 14, 60),
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
        self.title = book.add_format({"bold": True, "font_size": 14, "font_color": "#1F4E79"})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.text = book.add_format({"valign": "top"})
        self.score = book.add_format({"num_format": "0.000", "valign": "top"})
        self.money = book.add_format({"num_format": "#,##0.00", "valign": "top"})


def _guide(book, style: _Style, suspects: pd.DataFrame, as_of: str, language: str) -> None:
    sheet = book.add_worksheet("Read me" if language == "en" else "说明")
    sheet.set_column(0, 0, 120)
    sheet.hide_gridlines(2)
    lines = _GUIDE[language]
    titles = {0, 3, len(lines) - 1}
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, line.format(as_of=as_of), style.title if row in titles else style.wrap)
    for row, (subject, words) in enumerate(SUBJECT_WORDS.items(), len(lines)):
        count = int((suspects.subject_type == subject).sum())
        name = words[language == "en"]
        sheet.write_string(row, 0, f"{name}: {count:,}" if language == "en" else f"{name}:{count:,} 个")


def _suspect_sheet(
    book, style: _Style, title: str, rows: pd.DataFrame, names: pd.Series, language: str
) -> None:
    sheet = book.add_worksheet(title)
    text = "text_zh" if language == "zh" else "text_en"
    content = []
    for row in rows.itertuples():
        why = [reason[text] for reason in row.reasons][:5]
        content.append(
            (
                row.rank, row.subject_id, names.get(row.subject_id, ""), row.score, row.amount_at_risk,
                scheme_name(row.scheme, language), *why, *[""] * (5 - len(why)),
            )
        )  # fmt: skip
    _table(sheet, style, _SUSPECT_HEADS[language], content, (6, 24, 22, 8, 14, 22, 48, 48, 48, 48, 48))


def _evidence_rows(evidence: pd.DataFrame, language: str) -> list[tuple]:
    words = {subject: words[language == "en"] for subject, words in SUBJECT_WORDS.items()}
    why = "why" if language == "zh" else "why_en"
    return [
        (
            words[r.subject_type],
            r.subject_id,
            scheme_name(r.scheme, language),
            r.mdtrt_id,
            r.setl_id,
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
