"""A suspect on the terminal: story, reasons, papers, and what to check on site."""

import pandas as pd
import pytest

from reports.scheme_texts import on_site
from reports.suspect_text import PAPERS, suspect_text
from tests.reports.forbidden import offences

REASON = {"text_zh": "账单内容雷同的住院占比 92.0%", "text_en": "Stays with like bills: 92.0%"}


@pytest.fixture
def run(tmp_path):
    rows = [
        ("hospital", "H1", 1, 0.9123456, 151574.0, "M01", [REASON], "其中218人次雷同。", "218 of them."),
        ("patient", "p1", 900, 0.1, 0.0, None, [], None, None),
    ]
    columns = ["subject_type", "subject_id", "rank", "score", "amount_at_risk", "scheme", "reasons"]
    suspects = pd.DataFrame(rows, columns=[*columns, "story_zh", "story_en"])
    suspects.to_parquet(tmp_path / "suspects.parquet")
    papers = [("hospital", "H1", f"V{n}", f"S{n}", None, 800.0, 240.0) for n in range(PAPERS)]
    papers += [("hospital", "H1", "last", "S", "L1", 1.0, 1.0), ("visit", "H1", "other", "S", None, 1.0, 1.0)]
    names = ["subject_type", "subject_id", "mdtrt_id", "setl_id", "bkkp_sn", "amount", "disputed"]
    evidence = pd.DataFrame(papers, columns=names).assign(why="账单雷同。", why_en="Like bills.")
    evidence.to_parquet(tmp_path / "evidence.parquet")
    return tmp_path


@pytest.mark.parametrize(
    "language, words",
    [
        ("zh", ["医疗机构 H1", "第 1 名,分数 0.91,争议基金 151,574 元,M01 虚假住院", "其中218人次雷同。",
                "1. 账单内容雷同的住院占比 92.0%", "就诊 V0 结算 S0 争议 240 / 800 元:账单雷同。", "患者"]),
        ("en", ["Hospital H1", "rank 1, score 0.91, 151,574 yuan in dispute, M01 fake admission",
                "218 of them.", "visit V0 settlement S0 240 of 800 yuan: Like bills."]),
    ],
)  # fmt: skip
def test_says_what_happened_why_and_what_to_pull(run, language, words):
    text = suspect_text(run, "H1", language)
    assert all(word in text for word in words), [word for word in words if word not in text]
    assert "last" not in text and "other" not in text  # beyond the papers shown, and of another kind
    assert offences(text) == []


def test_who_is_not_explained_is_told_so_and_who_is_not_listed_is_nobody(run):
    assert "排名低于解释范围" in suspect_text(run, "p1", "zh")
    assert suspect_text(run, "p2", "zh") is None


def test_people_are_not_asked_for_ledgers():
    people, places = on_site(None, "zh", "group"), on_site(None, "zh", "hospital")
    assert "持卡" in people and "库存账" not in people and "库存账" in places
    assert on_site("M28", "zh", "patient") == on_site("M28", "zh", "hospital")


def test_no_ward_is_checked_where_nobody_stays():
    ward, clinic = (on_site("M10", "en", "hospital", ward) for ward in (True, False))
    assert "ward" in ward and "ward" not in clinic and clinic == on_site("M10", "en", "pharmacy")
    assert on_site("M28", "en", "hospital", ward=False) == on_site("M28", "en", "hospital")
