"""The workbook as an inspector opens it: sheets, filters, words, and nothing a spreadsheet would execute."""

import openpyxl
import pandas as pd
import pytest

from reports.workbook import write_workbook
from reports.workbook_guide import SHEET_ROWS
from tests.reports.forbidden import workbook_offences

DANGEROUS = ['=HYPERLINK("http://x")', "+1+1", "-2", "@SUM(A1)", "https://x.example", "0042"]
REASON = {"text_zh": "近一年住院次数 9次", "text_en": "Stays in the last year: 9 visits"}


def suspects() -> pd.DataFrame:
    rows = [
        (
            "patient",
            f"p{rank}",
            rank,
            1 / rank,
            100.5 * rank,
            "M05" if rank == 1 else None,
            [REASON] * min(rank, 5),
        )
        for rank in (3, 1, 2)
    ]
    rows += [
        ("pharmacy", subject, rank, 0.5, 10.0, None, [{"text_zh": subject, "text_en": subject}])
        for rank, subject in enumerate(DANGEROUS, 1)
    ]
    names = ["subject_type", "subject_id", "rank", "score", "amount_at_risk", "scheme", "reasons"]
    frame = pd.DataFrame(rows, columns=names).astype({"scheme": object})
    return frame.assign(
        explained_by=None, story_zh="近一年购药9次。", story_en="9 purchases in the last year."
    )


EVIDENCE = pd.DataFrame(
    [("patient", "p1", "M05", "=1+1", "S1", "L1", 4321.5, 21.5, "购药金额 4,322元", "spent 4,322 yuan", 2)],
    columns=[
        "subject_type",
        "subject_id",
        "scheme",
        "mdtrt_id",
        "setl_id",
        "bkkp_sn",
        "amount",
        "disputed",
        "why",
        "why_en",
        "nth",
    ],
)
MEMBERS = pd.DataFrame(
    [("G1", "co_visit", "patient", "p1", 1.0), ("G1", "co_visit", "patient", "p2", 0.5)],
    columns=["group_id", "kind", "member_type", "member_id", "weight"],
)
NAMES = pd.Series({DANGEROUS[0]: "=cmd|' /C calc'!A0", "0042": "仁心药店"})


def written(folder, language: str, **more):
    path = folder / "suspects.xlsx"
    write_workbook(path, suspects(), EVIDENCE, MEMBERS, NAMES, "2025-01-01", language, **more)
    return openpyxl.load_workbook(path)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return written(tmp_path_factory.mktemp("zh"), "zh")


@pytest.fixture(scope="module")
def english(tmp_path_factory):
    return written(tmp_path_factory.mktemp("en"), "en")


def column(sheet, head: str) -> list:
    heads = [cell.value for cell in sheet[1]]
    return [cell.value for cell in list(sheet.columns)[heads.index(head)][1:]]


def test_one_sheet_a_kind_and_one_that_says_how_to_read_it(book, english):
    assert book.sheetnames == [
        "说明",
        "医疗机构",
        "药店",
        "医师",
        "参保人",
        "结伴群体",
        "就诊",
        "证据",
        "群体成员",
    ]
    assert english.sheetnames == [
        "Read me",
        "Hospitals",
        "Pharmacies",
        "Prescribers",
        "Patients",
        "Groups",
        "Visits",
        "Evidence",
        "Members",
    ]
    guide = [row[0].value or "" for row in book["说明"].rows]
    assert any("2025-01-01" in line for line in guide) and "参保人:3 个" in guide and "药店:6 个" in guide
    assert any("2025-01-01" in row[0].value for row in english["Read me"].rows)


def test_lists_can_be_filtered_and_keep_their_header_in_sight(book):
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "C2"
        assert sheet.auto_filter.ref.startswith("A1:") and sheet["A1"].font.bold
    assert book["参保人"].auto_filter.ref == "A1:Q4"


def test_suspects_stand_in_order_with_their_reasons_in_words(book):
    sheet = book["参保人"]
    assert column(sheet, "排名") == [1, 2, 3] and column(sheet, "编号") == ["p1", "p2", "p3"]
    assert column(sheet, "分数") == [1, 0.5, pytest.approx(1 / 3)]
    assert column(sheet, "争议基金(元)") == [100.5, 201, 301.5]
    assert column(sheet, "疑似情形") == ["M05 超量购药", "待定", "待定"]
    assert column(sheet, "情况") == ["近一年购药9次。"] * 3
    assert column(sheet, "理由一") == [REASON["text_zh"]] * 3
    assert column(sheet, "理由三") == [None, None, REASON["text_zh"]]


def test_english_on_request(english):
    sheet = english["Patients"]
    assert column(sheet, "Reason 1") == [REASON["text_en"]] * 3
    assert column(sheet, "Suspected scheme")[0] == "M05 over-quantity drug purchasing"
    assert column(english["Evidence"], "Why first") == ["spent 4,322 yuan"]
    text = [str(c.value) for s in english.worksheets for row in s.rows for c in row if c.value is not None]
    assert not any("一" <= letter <= "鿿" for value in text if value != "仁心药店" for letter in value)


def test_nothing_is_executed_or_turned_into_another_thing(book):
    cells = [cell for sheet in book.worksheets for row in sheet.rows for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]
    sheet = book["药店"]
    assert column(sheet, "编号") == DANGEROUS and column(sheet, "理由一") == DANGEROUS
    assert column(sheet, "名称")[0] == "=cmd|' /C calc'!A0" and column(sheet, "名称")[-1] == "仁心药店"
    assert column(book["证据"], "就诊号") == ["=1+1"]


@pytest.mark.parametrize(
    "language, title, heads, words",
    [
        ("zh", "参保人", ["核查结论", "查实金额(元)", "备注"], '"查实,部分查实,排除,待查"'),
        (
            "en",
            "Patients",
            ["Verdict", "Verified amount (yuan)", "Remark"],
            '"confirmed,partly confirmed,cleared,pending"',
        ),
    ],
)
def test_room_for_verdicts_is_seen_and_lets_in_what_can_be_read(book, english, language, title, heads, words):
    sheet = (book if language == "zh" else english)[title]
    assert [cell.value for cell in sheet["G1":"I1"][0]] == heads
    cells = [cell for row in sheet["G2":"I4"] for cell in row]
    assert {cell.value for cell in cells} == {None}
    assert {cell.fill.start_color.rgb for cell in cells} == {"FFFFF6D6"} and sheet[
        "F2"
    ].fill.fill_type is None
    allowed = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert set(allowed) == {"G2:G4", "H2:H4"}
    assert (allowed["G2:G4"].type, allowed["G2:G4"].formula1) == ("list", words)
    amount = allowed["H2:H4"]
    assert (amount.type, amount.operator, amount.formula1) == ("decimal", "greaterThanOrEqual", "0")
    # A remark that begins with = stays what was written.
    assert sheet["H2"].number_format == "#,##0.00" and sheet["I2"].number_format == "@"


def test_every_sheet_of_suspects_has_room_and_an_empty_one_no_rule(book):
    for sheet in book.worksheets[1:7]:
        assert "核查结论" in [cell.value for cell in sheet[1]]
        rules = sheet.data_validations.dataValidation if sheet.data_validations else []
        assert len(rules) == (2 if sheet.title in ("参保人", "药店") else 0)
    assert "核查结论" not in [cell.value for cell in book["证据"][1]]


def test_dossiers_are_linked_where_there_are_any(tmp_path):
    dossiers = {
        ("patient", "p2"): "dossiers/patient-p2.zh.html",
        ("pharmacy", "0042"): "dossiers/pharmacy-0042.zh.html",
        # Of another kind than the one of that id that is listed.
        ("hospital", "p1"): "dossiers/hospital-p1.zh.html",
    }
    book = written(tmp_path, "zh", dossiers=dossiers)
    links = {
        (sheet.title, cell.coordinate): (cell.value, cell.hyperlink.target.replace("\\", "/"))
        for sheet in book.worksheets
        for row in sheet.rows
        for cell in row
        if cell.hyperlink
    }
    assert links == {
        ("参保人", "J3"): ("打开", "dossiers/patient-p2.zh.html"),
        ("药店", "J7"): ("打开", "dossiers/pharmacy-0042.zh.html"),
    }
    assert book["参保人"]["J1"].value == "卷宗"


def guide(book) -> list[str]:
    return [row[0].value for row in book.worksheets[0].rows]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_guide_says_how_verdicts_come_back_and_what_the_night_brought(tmp_path, language):
    lines = guide(written(tmp_path, language, figures=[("前 50 名 {涉及}", "1,234 元"), ("=1+1", "2")]))
    assert any("fundguard cases import" in line and "--store" in line for line in lines)
    said = {
        "zh": [
            "本夜概况",
            "清单日期:2025-01-01",
            "医疗机构:0 个",
            "药店:6 个",
            "医师:0 个",
            "参保人:3 个",
            "结伴群体:0 个",
            "就诊:0 个",
            "证据:1 条",
            "前 50 名 {涉及}:1,234 元",
            "=1+1:2",
        ],
        "en": [
            "This night",
            "Night: 2025-01-01",
            "Hospitals: 0",
            "Pharmacies: 6",
            "Prescribers: 0",
            "Patients: 3",
            "Groups: 0",
            "Visits: 0",
            "Evidence: 1",
            "前 50 名 {涉及}: 1,234 元",
            "=1+1: 2",
        ],
    }
    assert lines[-11:] == said[language]


@pytest.mark.parametrize(
    "language, line",
    [("zh", "就诊:502 个,本表列出前 500 个"), ("en", "Visits: 502, the first 500 are here")],
)
def test_a_list_that_is_cut_says_how_deep_it_goes_and_has_a_row_for_the_drawn(tmp_path, language, line):
    count = SHEET_ROWS + 2
    visits = pd.DataFrame({"subject_id": [f"v{n}" for n in range(count)], "rank": range(1, count + 1)})
    visits = visits.assign(
        subject_type="visit",
        score=0.5,
        amount_at_risk=1.0,
        scheme=None,
        reasons=[[]] * count,
        story_zh=None,
        story_en=None,
    )
    visits = visits.assign(story_zh=None, story_en=None, explained_by=None)
    random_sample = frozenset([("visit", f"v{count - 1}")])
    write_workbook(
        tmp_path / "cut.xlsx",
        visits,
        EVIDENCE,
        MEMBERS,
        NAMES,
        "2025-01-01",
        language,
        random_sample=random_sample,
    )
    book = openpyxl.load_workbook(tmp_path / "cut.xlsx", read_only=True)
    assert line in [row[0] for row in book.worksheets[0].iter_rows(values_only=True)]
    last = list(book.worksheets[6].iter_rows(min_row=SHEET_ROWS, max_col=2, values_only=True))
    assert last == [
        (SHEET_ROWS - 1, f"v{SHEET_ROWS - 2}"),
        (SHEET_ROWS, f"v{SHEET_ROWS - 1}"),
        (count, f"v{count - 1}"),
    ]


def test_evidence_and_members(book):
    assert column(book["证据"], "为何先查") == ["购药金额 4,322元"]
    assert column(book["证据"], "就诊基金支付(元)") == [4321.5]
    assert column(book["证据"], "争议基金(元)") == [21.5]
    assert column(book["证据"], "对应理由") == [2] and column(book["证据"], "明细号") == ["L1"]
    assert column(book["群体成员"], "成员编号") == ["p1", "p2"]


def test_evidence_of_the_first_in_the_list_comes_first(tmp_path):
    rows = pd.concat([EVIDENCE.assign(subject_id=subject) for subject in ("p3", "p1", "p2")])
    rows = pd.concat([rows, EVIDENCE.assign(subject_type="pharmacy", subject_id="0042")])
    write_workbook(tmp_path / "w.xlsx", suspects(), rows, MEMBERS, NAMES, "2025-01-01", "zh")
    sheet = openpyxl.load_workbook(tmp_path / "w.xlsx")["证据"]
    assert column(sheet, "对象编号") == ["0042", "p1", "p2", "p3"]


def test_the_same_night_gives_the_same_file(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        written(tmp_path / name, "zh")
    assert (tmp_path / "one/suspects.xlsx").read_bytes() == (tmp_path / "two/suspects.xlsx").read_bytes()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_stands_in_it_that_an_inspector_must_not_see(tmp_path, language):
    rows = suspects().assign(score=0.123456)
    evidence = EVIDENCE.assign(bkkp_sn=float("nan"), setl_id=None, amount=float("nan"))
    write_workbook(tmp_path / "w.xlsx", rows, evidence, MEMBERS, NAMES, "2025-01-01", language)
    assert workbook_offences(tmp_path / "w.xlsx") == []


def test_members_stand_in_words(book, english):
    assert column(book["群体成员"], "性质") == ["结伴就诊"] * 2
    assert column(book["群体成员"], "成员类型") == ["参保人"] * 2
    assert column(english["Members"], "Kind") == ["visits together"] * 2
    assert book["群体成员"]["E2"].number_format == book["参保人"]["D2"].number_format == "0.00"
