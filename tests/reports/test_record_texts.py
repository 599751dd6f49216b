"""Why a visit is evidence, in a sentence, for each way in which a visit can be."""

from dataclasses import replace

import pytest

from features.measures.catalogue import SUBJECTS, measures_of
from reports.record_texts import SHARED, FindingTold, SupportingRecord, record_text
from tests.reports.forbidden import offences

PATIENT, VISIT = measures_of("patient"), measures_of("visit")
STAYS = PATIENT["stays_365d"]
BILL, DEAD, TWO_PLACES, BACK, FOUND = (
    VISIT[c][0] for c in ("bill", "days_since_death", "two_places", "split_stay", "findings_of_visit")
)
DIED = FindingTold(
    "R001", ("死亡后就医购药", "Service after death"), ("死亡登记后第28天仍购药", "bought on day 28")
)
SPLIT = FindingTold("R084", ("分解住院", "Split stay"), ("3天内再入院", "back within 3 days"))
COUNTED = next(
    (entry, days) for entry, days in measures_of("hospital").values() if entry.base.endswith("/village")
)


@pytest.mark.parametrize(
    "record, zh, en",
    [
        (
            SupportingRecord("stay"),
            "这次住院单项不突出,多项指标略偏离同类。",
            "This stay deviates slightly in several ways.",
        ),
        (
            SupportingRecord("pharmacy", signs=((BILL, 812.4, 77.0),)),
            "这次购药本身可疑:费用总额 812元(同类 77元)。",
            "This purchase is suspicious by itself: total bill 812 yuan (median of its peers 77 yuan).",
        ),
        (
            SupportingRecord("pharmacy", signs=((DEAD, 102.0, 0.0), (TWO_PLACES, 1.0, 0.0))),
            "这次购药本身可疑:死亡登记后第102天仍购药、30分钟内两处刷卡。",
            "This purchase is suspicious by itself: medicine bought on day 102 after the registered death, "
            "card used at two places within 30 minutes.",
        ),
        (
            SupportingRecord("outpatient", link=("co_visitors", 3)),
            "这次门诊与另外3人同时就诊,这些人多次同行,难以用巧合解释。",
            "This outpatient visit was made together with 3 others, and they meet more often than "
            "chance explains.",
        ),
        (
            SupportingRecord("pharmacy", link=("co_oversupplied", 4)),
            "这次购药的医师或药店另有4人超量购药,远多于同类。",
            "This purchase went through a doctor or shop that oversupplies 4 others, far more than "
            "elsewhere.",
        ),
        (
            SupportingRecord("stay", judged=("2", "2024-09-07")),
            "这次住院单项不突出,多项指标略偏离同类。此次就诊已于2024-09-07结案:查实。",
            "This stay deviates slightly in several ways. Its own case closed on 2024-09-07: confirmed.",
        ),
        (
            SupportingRecord("pharmacy", measures_of("prescriber")["steered_share_365d"], 0.374),
            "这次购药属于“近一年处方集中到一家药店、超出患者平常去处的占比”所指的集中流向,"
            "这一流向超出通常的部分占37.4%。",
            'This purchase belongs to a flow counted in "share of purchases at one pharmacy beyond what '
            "patients' habits and colleagues' patients explain in the last year\", of which 37.4% is beyond "
            "the usual.",
        ),
        (
            SupportingRecord("pharmacy", link=("co_fillers", 6)),
            "这次购药与另外6人的处方出自同一医师、在同一药店成批取药,每批多为同一批人。",
            "This purchase was filled in one batch with prescriptions of one doctor for 6 others; batches at "
            "this pharmacy hold the same people again and again.",
        ),
        (
            SupportingRecord("stay", STAYS, finding=SPLIT),
            "这次住院有规则 R084(分解住院)的疑点:3天内再入院。",
            "This stay has a finding of rule R084 (Split stay): back within 3 days.",
        ),
        (
            SupportingRecord("stay", finding=SPLIT),
            "这次住院有规则 R084(分解住院)的疑点:3天内再入院。",
            "This stay has a finding of rule R084 (Split stay): back within 3 days.",
        ),
        (
            SupportingRecord("stay", finding=SPLIT, signs=((BACK, 1.0, 0.0), (BILL, 812.4, 77.0))),
            "这次住院有规则 R084(分解住院)的疑点:3天内再入院;费用总额 812元(同类 77元)。",
            "This stay has a finding of rule R084 (Split stay): back within 3 days; total bill 812 yuan "
            "(median of its peers 77 yuan).",
        ),
        (
            SupportingRecord("stay", finding=SPLIT, signs=((FOUND, 2.0, 0.0),)),
            "这次住院有规则 R084(分解住院)的疑点:3天内再入院。",
            "This stay has a finding of rule R084 (Split stay): back within 3 days.",
        ),
        (
            SupportingRecord("pharmacy", conduct="M40"),
            "这次购药是在医师引导患者集中前往的药店购药,且药价偏高。",
            "This purchase was made at pharmacies to which a doctor seems to send patients, at high prices.",
        ),
        (
            SupportingRecord("pharmacy", finding=DIED, conduct="M40"),
            "这次购药有规则 R001(死亡后就医购药)的疑点:死亡登记后第28天仍购药;"
            "争议金额主要因这次就诊是在医师引导患者集中前往的药店购药,且药价偏高。",
            "This purchase has a finding of rule R001 (Service after death): bought on day 28; most of the "
            "money is in dispute because it was made at pharmacies to which a doctor seems to send patients, "
            "at high prices.",
        ),
        (
            SupportingRecord("pharmacy", STAYS, finding=DIED, signs=((DEAD, 28.0, 0.0),)),
            "这次购药有规则 R001(死亡后就医购药)的疑点:死亡登记后第28天仍购药。",
            "This purchase has a finding of rule R001 (Service after death): bought on day 28.",
        ),
        (
            SupportingRecord("stay", STAYS, alone=1.0, counts=True),
            "这次住院是“近一年住院次数”所计的一次。",
            f'This stay is one of those counted in "{STAYS[0].en} in the last year".',
        ),
        (
            SupportingRecord("stay", STAYS),
            "“近一年住院次数”要把多次就诊合起来看,这次住院是同期最可疑的之一。",
            f'"{STAYS[0].en.capitalize()} in the last year" shows in several visits together; this stay is '
            "among the most suspicious of its period.",
        ),
        (
            SupportingRecord("pharmacy", PATIENT["fund_pay_365d"], alone=433.4),
            "这次购药计入“近一年基金支付”,本次为433元。",
            'This purchase is counted in "paid by the fund in the last year", with 433 yuan.',
        ),
        (
            SupportingRecord("pharmacy", PATIENT["co_visit_share_365d"], alone=1.0),
            "这次购药是“近一年结伴就诊占比”所计的一次。",
            'This purchase is one of those counted in "share of visits with regular companions in the last '
            'year".',
        ),
        (
            SupportingRecord("pharmacy", (TWO_PLACES, None), alone=1.0),
            "这次购药:30分钟内两处刷卡。",
            "This purchase: card used at two places within 30 minutes.",
        ),
    ],
)
def test_each_way_to_be_evidence(record, zh, en):
    assert record_text(record) == (zh, en)
    assert offences(zh) + offences(en) == []


def test_visits_of_one_count_say_what_they_share():
    zh, en = record_text(SupportingRecord("stay", COUNTED, alone=1.0, n=4))
    assert zh.startswith("这次住院与另外3次来自同一村居,共同构成“") and "is one of 4 from one village" in en
    alone, _en = record_text(SupportingRecord("stay", COUNTED, alone=1.0, n=1))
    assert "另外" not in alone and "所计的一次" in alone


def test_a_visit_of_two_places_names_the_other_and_not_the_sign_again():
    elsewhere = ("同一医保卡26分钟前在P7刷卡", "the same card was used 26 minutes before at P7")
    signs = ((measures_of("visit")["two_places"][0], 1.0, 0.0), (BILL, 812.0, None))
    counted = SupportingRecord("pharmacy", PATIENT["two_places_365d"], 1.0, signs=signs, elsewhere=elsewhere)
    zh, en = record_text(counted)
    assert zh.endswith(f";{elsewhere[0]}。") and zh.count("两处") == 1 and "费用总额" in zh
    assert en.endswith(f"; {elsewhere[1]}.")
    assert record_text(replace(counted, elsewhere=None))[0].count("两处") == 2
    # A visit that is suspicious by itself says what for.
    alone = record_text(SupportingRecord("pharmacy", signs=signs[:1], elsewhere=elsewhere))[0]
    assert alone == f"这次购药本身可疑:30分钟内两处刷卡;{elsewhere[0]}。"


def test_nothing_is_said_twice():
    same = SupportingRecord("pharmacy", PATIENT["fund_pay_365d"], alone=433.0, signs=((BILL, 433.0, 1.0),))
    other = SupportingRecord("pharmacy", PATIENT["fund_pay_365d"], alone=433.0, signs=((BILL, 500.0, 1.0),))
    assert "费用总额" not in record_text(same)[0] and "费用总额 500元" in record_text(other)[0]


@pytest.mark.parametrize("usual", [None, float("nan")])
def test_what_is_usual_is_left_out_where_it_is_not_known(usual):
    zh, en = record_text(SupportingRecord("stay", signs=((BILL, 5.0, usual),)))
    assert "同类" not in zh and "median" not in en and offences(zh + en) == []


def test_whatever_visits_are_counted_by_has_words():
    bases = {entry.base for subject in SUBJECTS for entry, _days in measures_of(subject).values()}
    assert {base.split("/")[1] for base in bases if "/" in base} <= set(SHARED)
