"""A dossier says who, why and what to pull, in both languages, and neither loads nor runs anything."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.measures.catalogue import measures_of
from reports.dossier import LANGUAGES, Dossier, body, file_name, page, write
from reports.last_case import LastCase
from reports.masking import Mask
from reports.network_chart import network
from reports.reasons import WEAK
from reports.subject_charts import calendar, strip_of, weeks
from tests.reports.forbidden import page_offences

EVIL = "<script>alert(1)</script>"
REASON = {
    "code": "STAY.split_stays_365d",
    "text_zh": "近一年分解住院 7次",
    "text_en": "Split stays in the last year: 7",
    "value": 7.0,
    "peer_median": 0.0,
    "peer_percentile": 0.99,
    "contribution": 2.0,
}
GIVEN = Dossier(
    subject="hospital",
    subject_id="H1",
    name=EVIL,
    peers="level2",
    peers_count=12,
    rank=3,
    of=40,
    score=0.71,
    amount=12345.6,
    scheme="M03",
    ward=True,
    random_sample=False,
    history=[("2024-12-31", 9, 0.41)],
    last_case=LastCase("2", "2024-10-26", "M16", 3, 4_103.0),
    doctors=[(f"D{n}", 9 - n, 90.0 - n) for n in range(7)],
    first_visits=[
        {
            "mdtrt_id": "V9",
            "day": "2024-11-02",
            "place": "H1",
            "person": "P9",
            "amount": 90.0,
            "disputed": 70.0,
        }
    ],
    members=[],
    reasons=[REASON],
    favourable=[REASON | {"text_zh": "现金自付比例 35.0%", "text_en": "Share paid in cash: 35.0%"}],
    strips=[strip_of(1, measures_of("hospital")["stays_365d"], np.linspace(0, 3, 401), 7.0, 0.0)],
    pictures={},
    lanes_left=0,
    hub=None,
    through=[],
    link_kind=None,
    profile={"hosp_lv": "05", "biznet": "1", "admdvs": "420800", "aprv_bed_cnt": 40},
    story=("近一年收治就诊住院40人次,其中9人次有疑点。", "40 visits, 9 of them are in doubt."),
    money=[("M03", 2, 9000.0, 9500.0), (None, 1, 3345.6, 4000.0)],
    supporting_records={
        1: [
            {
                "mdtrt_id": "V2",
                "setl_id": "S2",
                "day": "2024-05-02",
                "place": "H1",
                "person": "p8",
                "amount": 1234.0,
                "disputed": 77.0,
                "lines": [{"bkkp_sn": "L5", "item": "血液透析" + EVIL, "amount": 77.0}],
                "why": "这次住院是所计的一次。",
                "why_en": "This stay is one of those counted.",
            },
        ],
    },
    evidence=[
        {
            "mdtrt_id": "V1",
            "day": "2024-05-01",
            "place": "H1 " + EVIL,
            "person": "p7",
            "scheme": "M03",
            "why": "出院后3天再入院",
            "why_en": "back after 3 days",
            "amount": 5000.0,
            "disputed": 5000.0,
        },
    ],
    evidence_count=3,
    findings=[
        {
            "rule_id": "R084",
            "rule_name": "分解住院",
            "rule_en": "Split stay",
            "sev_deg": "高度可疑",
            "n": 2,
            "amount": 900.0,
            "example": "出院后3天" + EVIL,
            "example_en": "3 days after discharge" + EVIL,
            "basis": "第三十八条(一)",
            "basis_en": "article 38, item (1)",
        }
    ],
    innocent=[
        ("急诊", "an emergency", 0, 3),
        ("分娩及计划生育", "childbirth", 1, 3),
        ("转诊", "a referral", 2, 3),
    ],
    similar=[
        {"subject_id": "H9", "clue_stas": "3", "close_date": "2024-02-01", "scheme": "M03", "likeness": 0.8}
    ],
    origin={"run": "r-1", "as_of": "2025-01-01"},
)


@pytest.mark.parametrize(
    "language, stated",
    [
        (
            "zh",
            [
                "近一年收治就诊住院40人次,其中9人次有疑点。",
                "近一年分解住院 7次",
                "M03 分解住院",
                "其他疑点",
                "合计",
                "级别 二级 · 性质 营利性 · 区划代码 420800 · 核定床位 40张",
                "两次出院小结",
                "出院后3天再入院",
                "急诊",
                "排除",
                "现金自付比例 35.0%",
                "第三十八条(一)",
                "出院后3天&lt;",
            ],
        ),
        (
            "en",
            [
                "40 visits, 9 of them are in doubt.",
                "Split stays in the last year: 7",
                "M03 split admission",
                "both discharge summaries",
                "back after 3 days",
                "an emergency",
                "cleared",
                "Split stay",
                "highly suspicious",
                "Share paid in cash: 35.0%",
                "article 38, item (1)",
                "3 days after discharge&lt;",
            ],
        ),
    ],
)
def test_says_why_what_to_pull_and_what_weighs_against_it(language, stated):
    text = page(GIVEN, language)
    for words in [*stated, "R084", "H9", "2024-12-31", "r-1", "12,346", "V1"]:
        assert words in text, words


@pytest.mark.parametrize(
    "language, given, headed",
    [
        ("zh", "近一年药费 12,964元,同类(慢病患者)通常为 217元", "理由 1:近一年药费 12,964元"),
        (
            "en",
            "Medicine in the last year: 12,964 yuan; median of all: 217",
            "Reason 1: Medicine in the last year: 12,964 yuan",
        ),
        ("zh", "30分钟内两处刷卡", "理由 1:30分钟内两处刷卡"),
    ],
)
def test_papers_stand_under_what_their_reason_is_about(language, given, headed):
    text = page(replace(GIVEN, reasons=[REASON | {f"text_{language}": given}]), language)
    assert f'<p class="reason">{headed}</p>' in text


def test_money_in_dispute_says_how_it_is_reckoned():
    stay = replace(GIVEN, money=[("M10", 1, 825.0, 1008.0)])
    assert "基金支付×无检查治疗的床日÷住院床日;住院期间在外就医购药的,按规则所涉" in page(stay, "zh")
    assert "M10 phantom bed stay: the fund&#39;s payment × days without any treatment" in page(
        replace(stay, subject="visit", peers="outpatient"), "en"
    )
    # A reseller's hoarding is told as resale: the two parts of the money belong together.
    resale = replace(GIVEN, scheme="M19", money=[("M19", 9, 90.0, 90.0), ("M05", 14, 40.0, 90.0)])
    assert page(resale, "zh").count("(情况说明计入M19)") == 1 and "(told with M19)" in page(resale, "en")
    assert "情况说明计入" not in page(replace(resale, scheme="M05"), "zh")
    together = replace(resale, subject="group", scheme="M02", money=[("M01", 9, 90.0, 90.0)])
    assert "(情况说明计入M02)" in page(together, "zh")
    assert "情况说明计入" not in page(replace(together, subject="hospital"), "zh")
    assert "已扣除同类" in page(stay, "zh") and "已扣除同类" not in page(replace(GIVEN, money=[]), "zh")


@pytest.mark.parametrize(
    "language, stated, absent",
    [
        ("zh", ["药店 P1 大药房(占关联就诊 47%)", "不一定碰面"], "同行越不可能"),
        (
            "en",
            ["Pharmacy P1 大药房 (47% of the linked visits)", "need not have met"],
            "A line is joint attendance",
        ),
    ],
)
def test_a_ring_that_never_meets_names_the_shop_it_goes_through(language, stated, absent):
    edges = pd.DataFrame({"a": ["p1"], "b": ["p2"], "neg_log10_fdr": [9.0]})
    drawn = network(edges, ["p1", "p2"], "p1")
    text = page(
        replace(
            GIVEN,
            subject="group",
            peers="groups",
            hub="p1",
            through=[("pharmacy", "P1 大药房", 0.47)],
            link_kind="drug_resale",
            pictures={"network": drawn},
        ),
        language,
    )
    assert all(words in text for words in stated) and absent not in text


@pytest.mark.parametrize(
    "language, stated", [("zh", "这次住院是所计的一次。"), ("en", "This stay is one of those counted.")]
)
def test_under_a_reason_stand_its_papers_with_settlement_and_lines(language, stated):
    text = page(GIVEN, language)
    reason, supporting_records, other = (
        text.index(words) for words in (REASON[f"text_{language}"], "V2", "V1<")
    )
    assert reason < supporting_records < other
    assert all(words in text for words in ("S2", "L5", "p8", "1,234", "77", stated))


def test_a_title_names_one_subject():
    assert "<h1>Hospital H1" in page(GIVEN, "en") and "<h1>医疗机构 H1" in page(GIVEN, "zh")


@pytest.mark.parametrize("language, words", [("zh", "随机抽中"), ("en", "Drawn at random")])
def test_who_was_drawn_is_told_that_it_is_no_suspicion(language, words):
    assert words in page(replace(GIVEN, random_sample=True), language) and words not in page(GIVEN, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_loads_nothing_and_runs_nothing(language):
    text = page(GIVEN, language)
    assert EVIL not in text and "&lt;script&gt;" in text and "<script" not in text
    assert "default-src 'none'" in text and "src=" not in text and "@import" not in text


def test_a_suspect_without_past_cases_findings_or_pictures_has_a_page():
    bare = replace(GIVEN, similar=[], findings=[], favourable=[], history=[], strips=[], scheme=None)
    text = page(bare, "en")
    assert "There is no past case to compare with." in text and "not decided" in text


def test_files_of_any_id_stay_in_their_folder(tmp_path):
    write(tmp_path, replace(GIVEN, subject_id="../../H1 #%"), Mask((), "run"))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2 and all(name.startswith("hospital-") and "#" not in name for name in names)
    assert file_name("hospital", "H1", "zh") == "hospital-H1.zh.html"
    assert file_name("hospital", "a/b", "zh") != file_name("hospital", "a-b", "zh")


def test_a_masked_dossier_names_nobody(tmp_path):
    mask = Mask({"H1", "p7", "V1", "H9"}, "run")
    write(tmp_path, GIVEN, mask)
    for path in tmp_path.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not any(f">{known}<" in text or f" {known} " in text for known in mask.known)
        assert mask.one("H1") in path.name and mask.one("p7") in text and "R084" in text
    assert mask("p7-H1") == f"{mask.one('p7')}-{mask.one('H1')}"
    trace = "81020375411188898888"
    assert (
        trace not in mask(f"追溯码{trace}已于")
        and "2024-01-02" in mask("2024-01-02")
        and trace in Mask((), "run")(trace)
    )
    assert mask("by p7.") == f"by {mask.one('p7')}."
    assert mask.one("H1") == Mask({"H1"}, "run").one("H1") != Mask({"H1"}, "another run").one("H1")


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_stands_on_it_that_an_inspector_must_not_see(language):
    days = pd.Series(pd.date_range("2024-01-01", periods=20, freq="7D"))
    places, marked = pd.Series(["二院"] * 20), pd.Series([False] * 19 + [True])
    edges = pd.DataFrame({"a": ["p1"], "b": ["p2"], "neg_log10_fdr": [9.123456]})
    shown = replace(
        GIVEN,
        subject="group",
        score=0.712345,
        pictures={
            "calendar": calendar(days, places, marked),
            "weeks": weeks(days, pd.Series([3] * 20), pd.Series([0] * 19 + [1])),
            "network": network(edges, ["p1", "p2"], "p1"),
        },
        link_kind="co_visit",
        evidence=[*GIVEN.evidence, GIVEN.evidence[0] | {"amount": float("nan"), "scheme": None}],
        supporting_records={1: [GIVEN.supporting_records[1][0] | {"setl_id": float("nan")}]},
        origin={"run": "r-1", "as_of": "2025-01-01", "claims": "claims-000001", "model": None},
    )
    assert page_offences(page(shown, language)) == []


def test_a_subject_without_evidence_has_no_empty_table_of_money():
    assert "Money in dispute" not in page(replace(GIVEN, money=[]), "en")


def test_money_of_one_visit_is_not_divided_by_schemes():
    given = replace(GIVEN, money=[("M22", 1, 95.0, 118.0)])
    assert "Money in dispute" in page(replace(given, subject="patient"), "en")
    assert "Money in dispute" not in page(replace(given, subject="visit"), "en")


def test_the_head_says_that_the_subject_was_inspected_and_what_is_new_since():
    zh, en = page(GIVEN, "zh"), page(GIVEN, "en")
    assert "2024-10-26曾核查,结果为查实(M16 空刷套刷门诊统筹);其后新增有争议的就诊3次,4,103元。" in zh
    assert "Inspected before, confirmed on 2024-10-26 (M16" in en and "since: 3 visits, 4,103 yuan." in en
    nothing_new = replace(GIVEN, last_case=LastCase("3", "2024-10-26", None, 0, 0.0))
    assert "结果为排除;其后无新增争议。" in page(nothing_new, "zh")
    still_open = replace(GIVEN, last_case=LastCase("0", "", None, 2, 9.0))
    assert "已立案,尚未结案。" in page(still_open, "zh") and "A case is open." in page(still_open, "en")
    assert "曾核查" not in page(replace(GIVEN, last_case=None), "zh")


@pytest.mark.parametrize(
    "scheme, yuan, told",
    [
        (None, 9000.0, "待定(争议以M03 分解住院为主)"),
        (None, 3000.0, "<b>待定</b>"),  # less than half of the money
        ("M01", 9000.0, "<b>M01 虚假住院</b>"),
    ],
)
def test_an_undecided_dossier_says_what_most_of_the_money_is_for(scheme, yuan, told):
    dossier = replace(GIVEN, scheme=scheme, money=[("M03", 2, yuan, 9500.0), (None, 1, 3345.6, 4000.0)])
    assert told in page(dossier, "zh")


def test_the_visits_to_begin_with_are_listed_where_there_are_others():
    zh = page(GIVEN, "zh")
    assert "建议先查的就诊(2024-11-02)" in zh and "V9" in zh and "P9" in zh
    assert "建议先查的就诊" not in page(replace(GIVEN, money=[("M03", 1, 70.0, 90.0)]), "zh")


def test_the_doctors_of_an_institution_with_most_in_dispute_are_told():
    text = page(GIVEN, "zh")
    assert "争议就诊的医师" in text and "按接诊或开方医师列出争议最多的 5 名,共 7 名。" in text
    assert "<td>D4</td>" in text and "<td>D5</td>" not in text
    assert "争议就诊的医师" not in page(replace(GIVEN, doctors=[]), "zh")


@pytest.mark.parametrize("language, mark", [("zh", "标有“(较弱)”的理由"), ("en", "A reason marked (weak)")])
def test_what_weak_means_is_said_where_a_reason_is(language, mark):
    weak = REASON | {f"text_{code}": REASON[f"text_{code}"] + WEAK[code == "en"] for code in ("zh", "en")}
    assert mark in body(replace(GIVEN, reasons=[REASON, weak]), language)
    assert mark not in body(GIVEN, language)
