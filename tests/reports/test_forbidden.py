"""The search for what must not be shown finds it, and leaves alone what may stand there."""

import pandas as pd
import pytest
import xlsxwriter

from tests.reports.forbidden import offences, page_offences, reason_offences, run_offences, workbook_offences

REASON = {
    "code": "FREQUENCY.stays_365d",
    "text_zh": "近一年住院次数 9次,同类(慢病患者)通常为 1次,高于 99.0% 的同类",
    "text_en": "Stays in the last year: 9 visits; median of chronic patients: 1 visit, above 99.0% of them",
    "value": 9.0,
    "peer_median": 1.0,
    "peer_percentile": 0.99,
    "contribution": 1.2,
}


@pytest.mark.parametrize(
    "text",
    [
        "明细 nan",
        "模型 None",
        "NaT",
        "增长 inf 倍",
        "co_visit",
        "近一年 stays_365d 9次",
        "对原始分数(对数几率)的贡献",
        "log-odds",
        "分数 0.285",
        "余药 1,535.8天",
        "间隔 95天",
        "95 days of supply",
        "1,500小时",
        "1500 hours",
        "drug_resale",
        "统筹基金支付6.0元",
    ],
)
def test_the_forbidden_is_found(text):
    assert len(offences(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "剩余药量约4.2年",
        "死亡登记后第102天仍购药",
        "在 60天 内",
        "购药天数 120天",
        "Days with a purchase in the last year: 120 days",
        "near the Nancy clinic, infusion, information",
        "分数 0.29",
        "V000123456 P1_2",
        "2024-05-01",
        "请自收到之日起 10 个工作日内",
        "1,234.56",
        "个人账户支付6.5元",
        "fundguard cases import FILE --store STORE",
    ],
)
def test_the_permitted_is_left_alone(text):
    assert offences(text) == []


def test_pages_are_searched_in_what_is_seen():
    page = "<head><title>nan</title><style>.a_b { }</style></head><body><svg><text>None</text></svg>ok</body>"
    assert len(page_offences(page)) == 2


def test_workbooks_are_searched_as_they_are_shown(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "w.xlsx") as book:
        sheet = book.add_worksheet("list")
        sheet.write_number(0, 0, 0.123456)
        sheet.write_number(1, 0, 0.123456, book.add_format({"num_format": "0.00"}))
        sheet.write_string(2, 0, "nan")
    assert len(workbook_offences(tmp_path / "w.xlsx")) == 2


@pytest.mark.parametrize(
    "change, wrong",
    [
        ({}, 0),
        ({"value": 1.0}, 1),
        ({"value": 0.0}, 1),
        ({"contribution": -0.1}, 1),
        ({"text_zh": "2 个同类中最高"}, 1),
        ({"text_zh": "4 个同类中最高"}, 1),
        ({"text_zh": "5 个同类中最高"}, 0),
        ({"text_zh": "高于其他 3 个同类中的 2 个"}, 1),
        ({"text_en": "above 2 of the 3 others"}, 1),
        ({"text_zh": "高于其他 4 个同类中的 2 个"}, 0),
        ({"text_zh": "死亡登记后天数 102天,同类通常为 0天"}, 2),
        ({"text_zh": "死亡登记后第102天仍购药"}, 0),
        ({"text_en": "the lowest of 3"}, 1),
        ({"text_en": "flag None"}, 1),
        ({"peer_median": None}, 0),
    ],
)
def test_reasons_are_searched_and_weighed(change, wrong):
    assert len(reason_offences(REASON | change)) == wrong


def written(
    folder, text: str, month: str, nth: float | None, code: str, english: str = "", name: str = "血液透析"
) -> list[str]:
    """Offences of a run with one suspect, one reason, one paper and one finding, whose store has one item."""
    run = folder / "runs/2025-01-01"
    run.mkdir(parents=True)
    item = folder / "claims-000001/hilist_b/part-0.parquet"
    item.parent.mkdir(parents=True)
    pd.DataFrame({"hilist_name": [name, None]}).to_parquet(item)
    xlsxwriter.Workbook(run / "suspects.xlsx").close()
    reason = REASON | {"code": code, "text_zh": text, "peer_median": None}
    who = {"subject_type": ["hospital"], "subject_id": ["H1"]}
    suspects = pd.DataFrame(who | {"reasons": [[reason]], "story_zh": [None], "story_en": [None]})
    suspects.to_parquet(run / "suspects.parquet")
    pd.DataFrame(who | {"nth": [nth], "why_en": [english or None]}).to_parquet(run / "evidence.parquet")
    pd.DataFrame({"vola_cont_en": [english or None]}).to_parquet(run / "rule_hits.parquet")
    (run / "hospital-H1.en.html").write_text(f"<p>{english}</p>", encoding="utf-8")
    (run / "hospital-H1.zh.html").write_text("<p>无规则疑点。</p>", encoding="utf-8")
    pd.DataFrame({"month": [month]}).to_parquet(run / "supervision.parquet")
    return run_offences(run)


@pytest.mark.parametrize(
    "english, wrong",
    [
        ("dialysis “血液透析” charged", 0),  # the name of an item
        ("dialysis “血液滤过” charged", 3),  # no item: on the page, in the evidence and in the findings
        ("“血液透析”透析无签到", 3),
        ("closed\uff0ccleared", 3),
    ],
)
def test_chinese_in_english_is_found_but_for_names_of_the_data(tmp_path, english, wrong):
    found = written(tmp_path, "某项", "2024-12", None, "FREQUENCY.stays_365d", english)
    assert len([offence for offence in found if "Chinese in English" in offence]) == wrong


@pytest.mark.parametrize("month, wrong", [("2022-01", 0), ("2022-02", 1), ("2024-12", 1)])
def test_a_window_longer_than_the_data_is_found(tmp_path, month, wrong):
    assert len(written(tmp_path, "近三年住院次数 9次", month, None, "FREQUENCY.stays_1095d")) == wrong


@pytest.mark.parametrize(
    "code, nth, wrong",
    [
        ("FREQUENCY.outpatient_visits_365d", 1.0, 1),  # too few outpatient visits: no visit shows it
        ("FREQUENCY.outpatient_visits_365d", None, 0),
        ("MONEY.cash_share_365d", 1.0, 0),  # a bill without cash shows it
        ("FREQUENCY.stays_365d", 1.0, 0),
        ("COMPANY.graph", 1.0, 0),
    ],
)
def test_a_paper_for_too_few_is_found(tmp_path, code, nth, wrong):
    assert len(written(tmp_path, "门诊", "2024-12", nth, code)) == wrong
