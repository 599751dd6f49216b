"""The worklist's sheet: whom to visit, the random sample, then who waits and who is left alone."""

from datetime import date

import pandas as pd
import pytest

from reports.workbook_tables import Link
from reports.worklist_sheet import BELOW, SHEET_HEADS, SHEET_WIDTHS, STATUS_WORDS, figures, sheet_rows
from tests.reports.forbidden import offences

COLUMNS = ["subject_type", "subject_id", "place", "expected", "score", "disputed", "scheme", "status",
           "rank_before", "last_closed", "last_outcome", "why_not", "covered_type", "covered_id",
           "until"]  # fmt: skip
NAMES = pd.Series({"H1": "二院"})
STORIES = {("hospital", "H1"): "近一年收治就诊住院237人次。"}
DOSSIERS = {("hospital", "H1"): "dossiers/hospital-H1.zh.html"}
SAMPLED = pd.DataFrame(
    [("pharmacy", "P9", 0.03, 10.0, None)],
    columns=["subject_type", "subject_id", "score", "amount_at_risk", "scheme"],
)


def listed(placed: int, alone: int = 1) -> pd.DataFrame:
    nothing = (None,) * 6
    closed = pd.Timestamp("2024-05-01")
    rows = [("hospital", "H1", 1.0, 1000.0, 0.9, 2000.0, "M01", "relapsed", 7.0, closed, "2", *nothing[2:])]
    rows += [
        ("patient", f"p{n}", n, 10.0, 0.5, 20.0, None, "new", None, *nothing) for n in range(2, placed + 1)
    ]
    left = ("cleared", 3.0, closed, "3", "cleared", None, None, date(2024, 10, 28))
    rows += [("patient", f"q{n}", None, None, 0.4, 5.0, None, *left) for n in range(alone)]
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_rows_fit_their_heads_and_show_nothing_they_must_not(language):
    rows = sheet_rows(listed(3), SAMPLED, NAMES, 2, language, STORIES, DOSSIERS)
    assert {len(row) for row in rows} == {len(SHEET_HEADS[language])} == {len(SHEET_WIDTHS)}
    assert [o for row in rows for cell in row if isinstance(cell, str) for o in offences(cell)] == []


def test_the_sample_comes_last_among_those_to_visit():
    rows = sheet_rows(listed(4), SAMPLED, NAMES, 3, "zh", STORIES, DOSSIERS)
    assert [row[2] for row in rows] == ["H1", "p2", "P9", "p3", "p4", "q0"]
    link, story = Link(DOSSIERS["hospital", "H1"], "打开"), STORIES["hospital", "H1"]
    assert rows[0][:7] == (1, "医疗机构", "H1", "二院", link, "M01 虚假住院", story)
    assert rows[0][7:] == (2000.0, 1000.0, 0.9, STATUS_WORDS["relapsed"][0], "查实 2024-05-01", 7, "")
    assert rows[1][5] == "待定" and rows[1][4] == ""
    assert rows[2][10] == "随机抽查,检验名单有无遗漏" and rows[-1][10] == "近期已排除,暂不核查"
    assert rows[-1][11] == "排除 2024-05-01" and rows[-1][13] == "已排除,冷却期至2024-10-28"


@pytest.mark.parametrize(
    "why, zh, en",
    [
        ("covered", "已并入医疗机构 H1 二院", "covered by Hospital H1 二院"),
        (
            "explained",
            "已并入医疗机构 H1 二院,由其行为引起",
            "folded under Hospital H1 二院, whose conduct explains it",
        ),
        ("below", "未达起点分数", "below the floor of the score"),
        ("nothing", "无尚未结案的争议基金", "nothing in dispute that is not judged"),
        ("little", "预计追回不足一次上门核查的成本", "less is expected back than a visit costs"),
        ("inspected", "正在核查,待结案", "a case is open"),
        ("confirmed", "已查实,其后无新情况", "confirmed, nothing since"),
    ],
)
def test_who_has_no_place_is_told_why(why, zh, en):
    frame = listed(1).assign(why_not=[None, why], covered_type="hospital", covered_id="H1")
    for language, words in (("zh", zh), ("en", en)):
        assert sheet_rows(frame, SAMPLED.head(0), NAMES, 1, language, {}, {})[-1][13] == words


def test_long_lists_are_cut():
    rows = sheet_rows(listed(2 * BELOW, BELOW + 9), SAMPLED.head(0), NAMES, 20, "en", {}, {})
    assert len(rows) == 20 + BELOW + BELOW


def test_figures_count_the_expected_money_of_those_to_visit():
    found = dict(figures(listed(4), 1, 3, "zh"))
    assert found["今日前 2 个核查对象预计追回(每次就诊只计一次,元)"] == "1,010"
    assert found["新上榜"] == "3" and found["随机抽查,检验名单有无遗漏"] == "1" and "正在核查" not in found
    assert dict(figures(listed(4), 0, 9, "en"))["Drawn at random, to learn what the list misses"] == "0"


def test_it_is_said_how_many_have_no_place_and_are_not_on_the_sheet():
    many = dict(figures(listed(2, BELOW + 9), 0, 9, "zh"))
    assert many[f"未安排核查(列出争议基金最多的 {BELOW} 个)"] == f"{BELOW + 9}"
    few = dict(figures(listed(4), 0, 9, "en"))
    assert few["Without a place (the 1 with most money in dispute are listed)"] == "1"
