"""A story says who did what, how often of how often, against what is usual, and the money in dispute."""

from dataclasses import replace

import pytest

from features.measures.catalogue import measures_of
from reports.scheme_conduct import CONDUCT, of_one
from reports.scheme_texts import SCHEMES
from reports.story_texts import Conduct, story
from tests.reports.forbidden import offences

TELLING = (*measures_of("hospital")["template_share_365d"], 0.92, 0.0, 225.0)
HOSPITAL = Conduct(
    subject="hospital", scheme="M01", nearest=(), visits=237, persons=180, places=1, doubted=218,
    doubted_persons=160, doubted_days=40, others=(), first="2025-03-01", last="2025-12-20",
    disputed=151_574.0, paid=160_000.0, begin_with=("2025-10-12", 18), telling=TELLING, peers="level1",
)  # fmt: skip
KINDS = ("hospital", "pharmacy", "prescriber", "patient", "group", "visit")


def test_the_story_of_a_hospital_in_full():
    zh, en = story(HOSPITAL)
    assert zh == (
        "近一年门诊、住院共237人次,其中218人次(92%)属账单与他人近乎相同、与多人同时入院或缺少真实诊疗的情况,疑似虚假住院,涉及160人,"
        "分布在2025-03-01至2025-12-20的40天。近一年账单内容雷同的非手术住院占比为92%(225次中207次),同类通常为0%。"
        "争议基金151,574元(所涉就诊基金共支付160,000元)。建议先查2025-10-12的18人次。"
    )
    for words in (
        "237",
        "218 of them (92%, 160 people)",
        "92% (207 of 225)",
        "151,574",
        "18 visits of 2025-10-12",
    ):
        assert words in en


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", [*SCHEMES, "X01", None])
def test_every_scheme_is_told_of_every_kind_in_both_languages(kind, scheme):
    words = ("住院", "stay") if kind == "visit" else ("", "")
    zh, en = story(replace(HOSPITAL, subject=kind, scheme=scheme, nearest=("M02",), visit_words=words))
    assert offences(zh) == offences(en) == []
    assert "{" not in zh + en and "  " not in en and "。。" not in zh
    assert not any("一" <= letter <= "鿿" for letter in en) and "151,574" in zh and "151,574" in en
    if scheme in CONDUCT:
        english = of_one(CONDUCT[scheme][1]) if kind == "visit" else CONDUCT[scheme][1]
        assert CONDUCT[scheme][0] in zh and english in en


@pytest.mark.parametrize(
    ("before", "zh", "en"),
    [
        ((2, 2491.4), "其中一年以前的2次,争议2,491元。", "Of that 2,491 yuan in 2 visits before that year."),
        ((1, 1516.0), "其中一年以前的1次,争议1,516元。", "Of that 1,516 yuan in 1 visit before that year."),
    ],
)
def test_money_of_visits_before_the_year_is_told_apart(before, zh, en):
    """The visits counted and the money add up for whoever reads them."""
    told = story(replace(HOSPITAL, before=before))
    assert zh in told[0] and en in told[1]
    for nothing in ((0, 0.0), (3, 0.0), (1, 0.4)):
        assert "一年以前" not in story(replace(HOSPITAL, before=nothing))[0]


def test_what_earlier_cases_have_judged_is_told_apart():
    """The story's money and that of the worklist, which counts what is not judged, are told in one place."""
    zh, en = story(replace(HOSPITAL, disputed=303_807.25, judged=196_566.38))
    assert "其中196,566元已随既往案件结案,尚余107,241元。" in zh
    assert "Of it 196,566 yuan were judged in closed cases; 107,241 yuan remain." in en
    assert "已随既往案件结案" not in story(replace(HOSPITAL, judged=0.4))[0]


@pytest.mark.parametrize("yuan, told", [(9000.0, True), (300.0, False)])
def test_where_no_scheme_stands_out_what_most_of_the_money_is_for_is_told(yuan, told):
    undecided = replace(HOSPITAL, scheme=None, others=(("M28", 40, yuan), (None, 2, 610.6)))
    zh, en = story(undecided)
    assert ("疑似情形待定,争议以M28 血透虚计为主。" in zh) is told
    assert ("the money is mostly for M28 padded dialysis" in en) is told


def test_what_else_is_in_dispute_is_named():
    zh, en = story(replace(HOSPITAL, others=(("M28", 40, 9000.0), ("M10", 2, 610.6))))
    assert "另涉M28 血透虚计40次(9,000元)、M10 挂床住院2次(611元)。" in zh
    assert (
        "Other visits in dispute: M28 padded dialysis (40, 9,000 yuan), M10 phantom bed stay (2, 611 yuan)."
        in en
    )


def test_what_shows_no_scheme_is_accounted_for():
    others = (("M28", 53, 9000.0), (None, 19, 610.6))
    also = story(replace(HOSPITAL, others=others))[0]
    assert "另涉M28 血透虚计53次(9,000元)、其余19次(611元)。" in also
    zh, en = story(replace(HOSPITAL, scheme=None, others=others))
    assert "有疑点" in zh and "上述疑点包括M28 血透虚计53次(9,000元)、其余19次(611元)。" in zh
    assert "By scheme: M28 padded dialysis (53, 9,000 yuan), all others (19, 611 yuan)." in en


def test_visits_disputed_for_others_are_not_told_as_those_of_the_named_scheme():
    zh, en = story(replace(HOSPITAL, for_scheme=False, others=(("M28", 218, 151_574.0),)))
    assert "其中218人次(92%)有疑点" in zh and "虚假住院" not in zh and "上述疑点包括M28" in zh
    assert "218 of them (92%, 160 people) are in doubt" in en


def test_visits_that_cost_the_fund_nothing_are_told_so_beside_others_that_did():
    zh, en = story(replace(HOSPITAL, subject="patient", scheme="M09", doubted=6, unpaid=True, disputed=4.0,
                           paid=139.0, telling=None, others=((None, 1, 4.0),)))  # fmt: skip
    assert "的40天,费用由现金或个人账户支付。另涉其他疑点1次(4元)。争议基金4元" in zh
    assert "Other visits in dispute: 1 (4 yuan)." in en
    assert "to 2025-12-20, at no cost to the fund." in en


def test_one_day_is_told_as_the_day_of_the_visits():
    zh, en = story(replace(HOSPITAL, last=HOSPITAL.first))
    assert "涉及160人,在2025-03-01。" in zh and ", on 2025-03-01." in en


def test_where_nothing_stands_out_the_nearest_are_named():
    zh, en = story(replace(HOSPITAL, scheme=None, nearest=("M02", "M11")))
    assert "疑似情形待定,最接近M02 结伴住院、M11 诱导住院。" in zh and "M11 induced admission" in en
    assert "疑似情形待定。" in story(replace(HOSPITAL, scheme=None))[0]


def test_what_visits_are_in_dispute_for_is_told_instead_of_what_is_merely_nearest():
    told = replace(HOSPITAL, scheme=None, nearest=("M24", "M02"), others=(("M28", 253, 76_866.0),))
    zh, en = story(told)
    assert "M28 血透虚计253次" in zh and zh.endswith("疑似情形待定,争议以M28 血透虚计为主。")
    assert "M24" not in zh + en
    # Findings of rules without a scheme name none.
    assert "最接近M24" in story(replace(told, others=((None, 3, 60.0),)))[0]


def test_who_has_nothing_in_dispute_is_told_without_numbers_of_nothing():
    none = replace(HOSPITAL, doubted=0, first=None, last=None, begin_with=None, disputed=0.0)
    zh, en = story(none)
    assert zh.startswith("近一年门诊、住院共237人次。") and "没有列入争议" in zh and "建议先查" not in zh
    assert "Nothing that the fund paid" in en


def test_a_group_with_an_honest_reason_is_told_so():
    none = replace(HOSPITAL, subject="group", visits=0, doubted=0, persons=3, disputed=0.0, begin_with=None)
    zh, en = story(none)
    assert zh.startswith("3名成员,近一年没有超出正常解释的一同就诊。") and en.startswith(
        "3 members, whose visits together all"
    )
    told = story(replace(none, excuse=("同住家庭", "a household")))
    assert told[0].startswith("3名成员,近一年没有超出正常解释的一同就诊(同住家庭)。")
    assert told[1].startswith("3 members, whose visits together all have an honest explanation: a household.")
    innocent = story(replace(none, scheme=None, nearest=("M02", "M15")))
    assert "M02" not in "".join(innocent) and "待定" not in innocent[0]


def test_where_all_fell_on_one_day_there_is_no_day_to_begin_with():
    assert "建议先查" not in story(replace(HOSPITAL, doubted_days=1))[0]
    zh, en = story(replace(HOSPITAL, begin_with=("2025-10-12", 1)))
    assert "建议先查2025-10-12的1人次。" in zh and "Begin with the visit of 2025-10-12." in en


def test_what_is_usual_is_said_of_the_named_scheme_only():
    """A count that equals the visits in doubt by chance is not the one that was stated."""
    entry, days, *_rest = measures_of("hospital")["visits_after_death_365d"]
    counted = replace(HOSPITAL, scheme=entry.schemes[0], doubted=9, telling=(entry, days, 9.0, 0.0, None))
    assert f"{entry.zh}为9次" not in story(counted)[0] and f"{entry.zh}9次" not in story(counted)[0]
    assert f"{entry.zh}为9次" in story(replace(counted, for_scheme=False))[0]


@pytest.mark.parametrize("doubted, visits, stated", [(218, 237, True), (3, 19, False), (30, 25, False)])
def test_a_share_is_told_of_many_and_only_of_the_whole(doubted, visits, stated):
    assert ("%)" in story(replace(HOSPITAL, doubted=doubted, visits=visits))[0]) is stated


def test_a_contradiction_is_told_as_one():
    entry = measures_of("visit")["days_since_death"]
    zh, en = story(replace(HOSPITAL, subject="visit", scheme="M09", visit_words=("购药", "purchase"),
                           telling=(*entry, 102.0, 0.0, None), peers="purchase"))  # fmt: skip
    assert "死亡登记后第102天仍购药。" in zh and "day 102 after the registered death" in en
    assert "发生在死亡登记之后" not in zh


def test_a_visit_says_whose_it_was_and_where():
    zh, en = story(replace(HOSPITAL, subject="visit", visit_words=("住院", "stay"), person="42",
                           place="县医院", telling=None))  # fmt: skip
    assert zh.startswith("2025-03-01,参保人42在县医院住院,属账单与他人近乎相同")
    assert en.startswith("The stay of 42 at 县医院 on 2025-03-01 has nearly the same bills")


def test_a_doctor_is_told_with_where_he_practises():
    zh, en = story(replace(HOSPITAL, subject="prescriber", place="县医院"))
    assert zh.startswith("县医院医师,近一年为180名患者看诊、开药共237人次") and en.startswith(
        "Doctor at 县医院: 237"
    )
    assert story(replace(HOSPITAL, subject="prescriber"))[0].startswith("近一年为180名患者")


@pytest.mark.parametrize(
    ("n", "zh", "en"),
    [
        (218, "这218人次均在大药房 P1,均经医师D7。", "All of these were at 大药房 P1 and under doctor D7."),
        (1, "这1人次在大药房 P1,经医师D7。", "It was at 大药房 P1 and under doctor D7."),
        (190, "这218人次中,190人次在大药房 P1,均经医师D7。",
         "Of these, 190 were at 大药房 P1 and all were under doctor D7."),
    ],
)  # fmt: skip
def test_who_is_at_the_other_end_of_a_flow_is_named(n, zh, en):
    doubted = 1 if n == 1 else 218
    shared = (("fixmedins_code", "大药房 P1", n), ("dr_code", "D7", doubted))
    told = story(replace(HOSPITAL, subject="group", shared=shared, doubted=doubted))
    assert zh in told[0] and en in told[1]
    assert "这218" not in story(HOSPITAL)[0]


def test_a_number_that_was_told_is_not_told_again():
    dead = (*measures_of("patient")["uses_after_death_365d"], 5.0, 0.0, None)
    stated = replace(HOSPITAL, subject="patient", scheme="M09", doubted=5, visits=20, telling=dead)
    zh, en = story(stated)
    assert f"。同类近一年{dead[0].zh}通常为0次。" in zh and f"{dead[0].zh}5次" not in zh
    assert f"{dead[0].en[1:]} in the last year: median of its peers 0" in en
    assert "5次,同类通常为0次。" in story(replace(stated, doubted=4))[0]
    assert "5 visits; median of its peers: 0 visits." in story(replace(stated, doubted=4))[1]


@pytest.mark.parametrize(
    ("n", "zh", "en"),
    [
        (2, "其中2次属患者在他院住院期间的外出就医购药,疑似挂床", "For example, on the day"),
        (1, "其中2次属住院期间多日无检查治疗", "1 of them during a stay elsewhere: on the day"),
    ],
)
def test_visits_during_a_stay_elsewhere_say_where_the_bed_was(n, zh, en):
    """The village clinic where the visits were has no beds: the stay that they put in doubt is named."""
    bed = (
        "就诊当日(2024-12-25)患者正在医院95524住院",
        "on the day of the visit the patient lay in 医院95524",
    )
    phantom = replace(HOSPITAL, subject="patient", scheme="M10", visits=19, doubted=2, telling=None)
    told = story(replace(phantom, during_stay=(n, bed)))
    assert zh in told[0] and f"如{bed[0]}。" in told[0] and en in told[1] and "医院95524." in told[1]
    assert ("多日无检查治疗" in told[0]) is (n == 1)
    stays = story(phantom)
    assert "其中2次属住院期间多日无检查治疗" in stays[0] and "他院" not in stays[0]


def test_money_of_one_visit_is_that_of_the_visit():
    zh, en = story(replace(HOSPITAL, subject="visit", visit_words=("住院", "stay")))
    assert "(本次基金共支付160,000元)" in zh and "paid for this visit." in en


def test_visits_that_are_all_in_doubt_are_told_so():
    zh, en = story(replace(HOSPITAL, subject="patient", visits=4, doubted=4, places=1))
    assert zh.startswith("近一年在1家机构就诊、购药4次,均属账单与他人近乎相同")
    assert en.startswith("4 visits at 1 site in the last year; all of them have nearly the same bills")
    zh, en = story(replace(HOSPITAL, subject="patient", visits=1, doubted=1, places=1, scheme="M27"))
    assert zh.startswith("近一年在1家机构就诊、购药1次,为事故外伤")
    assert en.startswith("1 visit at 1 site in the last year; it was for injuries")
    one, two = (
        story(replace(HOSPITAL, subject="patient", visits=4, doubted=n, places=1, scheme=None))[1]
        for n in (1, 2)
    )
    assert "1 of them is in doubt" in one and "2 of them are in doubt" in two


@pytest.mark.parametrize(
    "days, told", [(2, "在2025-03-01和2025-12-20"), (3, "分布在2025-03-01至2025-12-20的3天")]
)
def test_two_days_are_both_told(days, told):
    assert told in story(replace(HOSPITAL, doubted_days=days))[0]


def test_what_is_usual_follows_the_visits_it_is_about():
    zh, _en = story(replace(HOSPITAL, others=(("M28", 40, 9000.0),)))
    assert zh.index("同类通常") < zh.index("另涉M28") < zh.index("争议基金")


def test_what_the_mix_leads_one_to_expect_is_told_instead_of_what_is_usual():
    """A share of 61.3% beside a median of 60.8% would be no reason."""
    telling = (*measures_of("hospital")["outpatient_drug_share_365d"], 0.613, 0.608, None)
    zh, en = story(replace(HOSPITAL, telling=telling, expected=0.509))
    assert "为61.3%,按其病种、年龄和就诊类别应为 50.9%。" in zh and "60.8%" not in zh + en
    assert "61.3%; its diseases, ages and kinds of visit lead one to expect 50.9%." in en
    zh, en = story(replace(HOSPITAL, telling=telling))
    assert "61.3%,同类通常为60.8%。" in zh and "应为" not in zh and "expect" not in en


def test_no_window_is_longer_than_the_claims_go_back():
    assert "近一年账单内容雷同" in story(replace(HOSPITAL, days_of_claims=400))[0]
    assert "有数据以来账单内容雷同" in story(replace(HOSPITAL, days_of_claims=200))[0]


@pytest.mark.parametrize(
    "disputed, paid, text",
    [
        (0.19, 0.19, "争议基金不足1元,即所涉就诊的全部基金支付。"),
        (100.0, 100.2, "争议基金100元,即所涉就诊的全部基金支付。"),
        (100.0, 101.0, "争议基金100元(所涉就诊基金共支付101元)。"),
        (0.0, 0.0, "费用由现金或个人账户支付,统筹基金没有支付。"),
        (0.0, 10.0, "目前没有列入争议的基金支付。"),
    ],
)
def test_money_is_told_without_repeating_it(disputed, paid, text):
    assert text in story(replace(HOSPITAL, disputed=disputed, paid=paid))[0]
