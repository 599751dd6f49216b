"""What `make demo` ends with."""

import pandas as pd
import pytest

from reports.preview import preview

KEY = ["subject_type", "subject_id"]


@pytest.fixture
def run(tmp_path):
    """A worklist of seven, of whom six have a place; the story of the first alone is known."""
    listed = pd.DataFrame({"place": pd.array([3, 1, 2, 4, 5, 6, None], dtype="Int64")})
    listed[KEY] = [("patient", f"p{n}") for n in range(7)]
    listed.loc[1, KEY] = "hospital", "H1"
    listed["disputed"], listed["scheme"] = 1234.4, "M10"
    listed.loc[2, "scheme"] = None
    listed.to_parquet(tmp_path / "worklist.parquet")
    suspects = listed[KEY].assign(story_zh=None, story_en=None)
    suspects.loc[1, ["story_zh", "story_en"]] = "空床。", "Empty beds."
    suspects.to_parquet(tmp_path / "suspects.parquet")
    return tmp_path


def test_names_the_workbook_and_whom_to_visit_first(run):
    assert preview(run).splitlines() == [
        f"The workbook: {run / 'suspects.xlsx'} (sheet “Today”)",
        "",
        "  1  Hospital H1  M10 phantom bed stay  1,234 yuan of the fund in dispute",
        "     Empty beds.",
        "",
        "  2  Patient p2  not decided  1,234 yuan of the fund in dispute",
        "",
        "  3  Patient p0  M10 phantom bed stay  1,234 yuan of the fund in dispute",
        "",
        "  4  Patient p3  M10 phantom bed stay  1,234 yuan of the fund in dispute",
        "",
        "  5  Patient p4  M10 phantom bed stay  1,234 yuan of the fund in dispute",
    ]


def test_speaks_chinese_on_request(run):
    assert preview(run, "zh").splitlines()[:4] == [
        f"疑点清单: {run / 'suspects.xlsx'} (工作表“今日”)",
        "",
        "  1  医疗机构 H1  M10 挂床住院  争议基金 1,234 元",
        "     空床。",
    ]


def test_an_empty_list_says_so(run):
    listed = pd.read_parquet(run / "worklist.parquet")
    listed[listed.place.isna()].to_parquet(run / "worklist.parquet")
    assert preview(run).splitlines()[1:] == ["Nobody to visit"]
