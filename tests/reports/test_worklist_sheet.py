"""The worklist's sheet: whom to visit, the random sample, then who waits and who is left alone."""

import pandas as pd
import pytest

from reports.worklist_sheet import BELOW, SHEET_HEADS, SHEET_WIDTHS, STANDING, figures, sheet_rows
from tests.reports.forbidden import offences

COLUMNS = ["subject_type", "subject_id", "place", "expected", "score", "amount_at_risk", "scheme", "status",
           "rank_before", "last_closed"]  # fmt: skip
NAMES = pd.Series({"H1": "二院"})
SAMPLED = pd.DataFrame(
    [("pharmacy", "P9", 0.03, 10.0, None)],
    columns=["subject_type", "subject_id", "score", "amount_at_risk", "scheme"],
)


def listed(placed: int, alone: int = 1) -> pd.DataFrame:
    rows = [("hospital", "H1", 1.0, 1000.0, 0.9, 2000.0, "M01", "relapsed", 7.0, pd.Timestamp("2024-05-01"))]
    rows += [("patient", f"p{n}", n, 10.0, 0.5, 20.0, None, "new", None, None) for n in range(2, placed + 1)]
    rows += [("patient", f"q{n}", None, 0.0, 0.4, 5.0, None, "cleared", 3.0, None) for n in range(alone)]
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_rows_fit_their_heads_and_show_nothing_they_must_not(language):
    rows = sheet_rows(listed(3), SAMPLED, NAMES, 2, language)
    assert {len(row) for row in rows} == {len(SHEET_HEADS[language])} == {len(SHEET_WIDTHS)}
    assert [o for row in rows for cell in row if isinstance(cell, str) for o in offences(cell)] == []


def test_the_sample_comes_last_among_those_to_visit():
    rows = sheet_rows(listed(4), SAMPLED, NAMES, 3, "zh")
    assert [row[2] for row in rows] == ["H1", "p2", "P9", "p3", "p4", "q0"]
    assert rows[0][:5] == (1, "医疗机构", "H1", "二院", 1000.0)
    assert rows[0][5:] == (0.9, 2000.0, "M01 虚假住院", STANDING["relapsed"][0], 7, "2024-05-01")
    assert rows[2][8] == "随机抽查,检验名单有无遗漏" and rows[-1][8] == "近期已排除,暂不核查"


def test_long_lists_are_cut():
    rows = sheet_rows(listed(2 * BELOW, BELOW + 9), SAMPLED.head(0), NAMES, 20, "en")
    assert len(rows) == 20 + BELOW + BELOW


def test_figures_count_the_expected_money_of_those_to_visit():
    found = dict(figures(listed(4), 1, 3, "zh"))
    assert found["今日前 2 个核查对象预计追回(每次就诊只计一次,元)"] == "1,010"
    assert found["新上榜"] == "3" and found["随机抽查,检验名单有无遗漏"] == "1" and "正在核查" not in found
    assert dict(figures(listed(4), 0, 9, "en"))["Drawn at random, to learn what the list misses"] == "0"
