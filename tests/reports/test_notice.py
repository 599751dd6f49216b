"""The notice for an institution: its findings by rule and line, and nothing it must not show."""

import pandas as pd
import pytest

from reports.notice import LINES, Form, institution_basis, page
from tests.reports.forbidden import page_offences

FORM = Form("某县医疗保障局", "张三 010-1", 10)
COLUMNS = [
    "rule_id",
    "rule_name",
    "sev_deg",
    "day",
    "mdtrt_id",
    "bkkp_sn",
    "vola_amt",
    "vola_cont",
    "vola_evid",
]
FINDINGS = pd.DataFrame(
    [
        (
            "R084",
            "分解住院",
            "高度可疑",
            "2024-12-03",
            "V2",
            None,
            1234.56,
            "3天内再入院<b>",
            "第三十八条(一)",
        ),
        ("R040", "项目限定频次", "明确违规", "2024-12-01", "V1", "L1", 99.4, "超过每日1次", "第三十八条(三)"),
        ("R084", "分解住院", "高度可疑", "2024-11-01", "V3", float("nan"), 100.0, "5天内再入院", None),
    ],
    columns=COLUMNS,
)


@pytest.mark.parametrize(
    "language, words",
    [
        (
            "zh",
            [
                "医保基金使用疑点告知单",
                "3 条记录",
                "10 个工作日",
                "整次就诊",
                "机构说明",
                "20250101-H1",
                "盖章",
            ],
        ),
        (
            "en",
            [
                "Notice of queried claims",
                "following 3 records",
                "10 working days",
                "whole visit",
                "2025-01-01",
            ],
        ),
    ],
)
def test_says_what_was_found_and_until_when_to_answer(language, words):
    text = page("H1", "二院", FINDINGS, len(FINDINGS), "2025-01-01", FORM, language)
    assert all(
        word in text for word in [*words, "H1 二院", "R084", "R040", "L1", "第三十八条(三)", "1,234.56"]
    )
    assert page_offences(text) == []
    assert "&lt;b&gt;" in text and "<b>3" not in text and "<script" not in text


def test_rules_are_summed_the_dearest_first_with_or_without_a_basis():
    text = page("H1", "二院", FINDINGS, 3, "2025-01-01", FORM, "zh")
    summary = text[: text.index("疑点明细")]
    assert summary.index("1,234") < summary.index(">100.00<") < summary.index(">99.40<")


def test_a_long_list_is_cut_but_counted():
    many = pd.concat([FINDINGS.iloc[[1]]] * (LINES + 5))
    text = page("H1", "", many, len(many), "2025-01-01", FORM, "en")
    assert text.count(">V1<") == LINES and f"following {LINES + 5} records" in text


@pytest.mark.parametrize(
    "basis, said",
    [
        (
            "《医疗保障基金使用监督管理条例》第三十八条第(一)项、第四十一条、第四十条",
            "《医疗保障基金使用监督管理条例》第三十八条第(一)项、第四十条",
        ),
        (
            "《医疗保障基金使用监督管理条例》第四十一条",
            "《医疗保障基金使用监督管理条例》第十五条(核验凭证、实名就医购药)",
        ),
        (
            "《医疗保障基金使用监督管理条例》第四十一条第一款第(二)项、第三十八条",
            "《医疗保障基金使用监督管理条例》第三十八条",
        ),
        (
            "《医疗保障基金使用监督管理条例》第四十一条第一款第(三)项;协议",
            "《医疗保障基金使用监督管理条例》第十五条(核验凭证、实名就医购药);协议",
        ),
        ("《医疗保障基金使用监督管理条例》第三十八条", "《医疗保障基金使用监督管理条例》第三十八条"),
        (None, ""),
    ],
)
def test_the_basis_is_that_of_an_institution(basis, said):
    assert institution_basis(basis) == said
