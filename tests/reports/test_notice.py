"""The notice for an institution: its findings by rule and line, and nothing it must not show."""

import pandas as pd
import pytest

from reports.notice import LINES, Form, page, write_attachment
from tests.reports.forbidden import cjk_in, page_offences, texts_of_page

FORM = Form("某县医疗保障局", "张三 010-1", 10)
COLUMNS = [
    "rule_id", "rule_name", "rule_en", "sev_deg", "day", "mdtrt_id", "bkkp_sn", "vola_amt", "vola_cont",
    "vola_cont_en", "basis", "basis_en",
]  # fmt: skip
FINDINGS = pd.DataFrame(
    [
        ("R084", "分解住院", "Split stay", "高度可疑", "2024-12-03", "V2", None, 1234.56, "3天内再入院<b>",
         "back within 3 days<b>", "第三十八条(一)", "article 38, item (1)"),
        ("R040", "项目限定频次", "More than the daily maximum", "明确违规", "2024-12-01", "V1", "L1", 99.4,
         "超过每日1次", "more than once a day", "第三十八条(三)", "article 38, item (3)"),
        ("R084", "分解住院", "Split stay", "高度可疑", "2024-11-01", "V3", float("nan"), 100.0, "5天内再入院",
         "back within 5 days", "第三十八条(一)", "article 38, item (1)"),
    ],
    columns=COLUMNS,
)  # fmt: skip


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
                "第三十八条(三)",
                "超过每日1次",
                "高度可疑",
            ],
        ),
        (
            "en",
            [
                "Notice of queried claims",
                "by 2025-01-01, 3 records",
                "10 working days",
                "whole visit",
                "2025-01-01",
                "article 38, item (3)",
                "more than once a day",
                "highly suspicious",
            ],
        ),
    ],
)
def test_says_what_was_found_and_until_when_to_answer(language, words):
    text = page("H1", "二院", FINDINGS, "2025-01-01", FORM, language, "all.xlsx")
    assert all(word in text for word in [*words, "H1 二院", "R084", "R040", "L1", "1,234.56"])
    assert page_offences(text) == []
    assert "&lt;b&gt;" in text and "<b>3" not in text and "<script" not in text


def test_the_findings_of_a_rule_are_summed_the_dearest_first():
    text = page("H1", "二院", FINDINGS, "2025-01-01", FORM, "zh", "all.xlsx")
    summary = text[: text.index("疑点明细")]
    assert summary.index(">1,334.56<") < summary.index(">99.40<")


def test_the_total_counts_a_line_that_two_rules_found_once():
    """As its money: four findings of three lines."""
    twice = FINDINGS.iloc[[1]].assign(rule_id="R041", rule_en="More than the daily maximum of a sort")
    text = page("H1", "", pd.concat([FINDINGS, twice]), "2025-01-01", FORM, "en", "")
    total = text[text.index("Total (each line once)") :]
    assert ">3</td><td" in total.split("1,434.06")[0] and "4 records" in text


def test_a_long_list_is_cut_but_counted():
    many = pd.concat([FINDINGS.iloc[[1]]] * (LINES + 5))
    text = page("H1", "", many, "2025-01-01", FORM, "en", "all.xlsx")
    assert text.count(">V1<") == LINES and f"{LINES + 5} records of your institution" in text
    assert f"The {LINES} latest are listed; all {LINES + 5} are in the attached table all.xlsx." in text
    whole = page("H1", "", many.head(LINES), "2025-01-01", FORM, "en", "all.xlsx")
    assert "listed" not in whole


def test_an_english_notice_is_english_but_for_the_names_of_the_data():
    form = Form("County bureau", "010-1", 10)
    text = page("H1", "", FINDINGS, "2025-01-01", form, "en", "all.xlsx")
    assert cjk_in(texts_of_page(text)) == []


def test_the_attached_table_holds_every_finding_as_text(tmp_path):
    many = pd.concat([FINDINGS] * 200, ignore_index=True)
    write_attachment(tmp_path / "all.xlsx", many, "2025-01-01", "zh")
    found = pd.read_excel(tmp_path / "all.xlsx", dtype=str)
    assert len(found) == len(many) and list(found["就诊号"]) == list(many.mdtrt_id)
    assert list(found["涉及基金(元)"].astype(float)) == list(many.vola_amt)
    assert set(found["明细号"]) == set(many.bkkp_sn.fillna("整次就诊")) and found["机构说明"].isna().all()
