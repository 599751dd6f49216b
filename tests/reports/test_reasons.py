"""Reasons in words: every measure can be said in both languages, the strongest come first."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.comparison.peer_groups import PEER_WORDS
from features.comparison.peers import PercentileRank
from features.measures.catalogue import (
    CATALOGUE,
    LOW,
    SUBJECTS,
    expected_column,
    measures_of,
)
from reports.contradictions import contradiction
from reports.formatting import COVERED_WITHIN, measure_value
from reports.reasons import LEAST_CONTRIBUTION, MOST_REASONS, RULE_REASON, SUM_REASON, WEAK, reasons_of
from tests.reports.forbidden import reason_offences

FIELDS = {"code", "text_zh", "text_en", "value", "peer_median", "peer_percentile", "contribution"}
PEERS = {
    "visit": "outpatient",
    "patient": "chronic",
    "prescriber": "clinic",
    "pharmacy": "large",
    "hospital": "level2",
    "group": "groups",
}
EVERY = [(subject, column) for subject in SUBJECTS for column in measures_of(subject)]


def reasons_for(
    subject: str,
    contributions: dict,
    *,
    values=None,
    usual=1.0,
    share: float | None = 0.9,
    graph=0.0,
    rule=0.0,
    peers_count=900,
    highest=False,
    repeated=None,
    days_of_claims=None,
    unknown=(),
    scheme=None,
):
    """Reasons of a subject far from its peers in the suspicious direction wherever nothing else is said.

    Args:
        share: of the peers on the less suspicious side.
        unknown: measures that the model was not trained with.
    """
    measures = measures_of(subject)
    added = pd.Series(contributions, dtype=float).reindex([*measures, "graph", "rule", "base"]).fillna(0.0)
    added["graph"], added["rule"] = graph, rule
    added = added.drop(list(unknown))
    middle = pd.Series(usual, list(measures), dtype=float)
    far = {c: 10 * e.direction * e.materiality for c, (e, _days) in measures.items()}
    taken = middle.fillna(0) + pd.Series(far) if values is None else pd.Series(values, dtype=float)
    taken = taken.reindex([*measures, *map(expected_column, measures)])

    def percentile_rank(column, value, peers, expected):
        low = measures[column][0].direction == LOW
        beaten = 1 - share if share is not None and low else share
        return PercentileRank(beaten, peers_count, highest and not low, highest and low)

    return reasons_of(
        added.to_dict(),
        taken.to_dict(),
        measures,
        PEERS[subject],
        middle.to_dict(),
        percentile_rank,
        None if repeated is None else added.mul(repeated).to_dict(),
        days_of_claims=days_of_claims,
        scheme=scheme,
    )


def codes(reasons: list) -> list[str]:
    return [reason["code"].partition(".")[2] for reason in reasons]


def test_a_measure_that_came_after_the_model_was_trained_is_no_reason():
    found = reasons_for("patient", {"two_places_365d": 1.0}, unknown=["clustered_fills_365d"])
    assert codes(found) == ["two_places_365d"]


@pytest.mark.parametrize("subject, column", EVERY)
def test_every_measure_is_said_with_its_unit_its_value_and_its_peers(subject, column):
    entry, days = measures_of(subject)[column]
    more, less = (1.0, 0.0) if entry.unit == "flag" else (1234.0, 567.0)
    value, usual = (less, more) if entry.direction == LOW else (more, less)
    (reason,) = reasons_for(subject, {column: 1.0}, values={column: value}, usual=usual)
    assert set(reason) == FIELDS and reason["code"].endswith(f".{column}") and reason["contribution"] == 1.0
    assert reason_offences(reason) == []
    zh, en = reason["text_zh"], reason["text_en"]
    if contradiction(entry, value, PEERS[subject]):
        sentence_zh, sentence_en = contradiction(entry, value, PEERS[subject])
        assert zh == sentence_zh and en == sentence_en[0].upper() + sentence_en[1:]
        return
    assert entry.zh in zh and entry.en[1:] in en
    assert PEER_WORDS[PEERS[subject]][0] in zh and PEER_WORDS[PEERS[subject]][1] in en
    if entry.unit != "flag":
        for figure in (value, usual):
            assert measure_value(entry, figure, "zh") in zh and measure_value(entry, figure, "en") in en
    if days:
        assert {30: "近30天", 90: "近三个月", 365: "近一年", 1095: "近三年"}[days] in zh
        assert {30: "30 days", 90: "three months", 365: "last year", 1095: "three years"}[days] in en
    side = ("低于", "below") if entry.direction == LOW else ("高于", "above")
    # Of a flag it has been said that it is unusual.
    told = entry.unit != "flag"
    assert (side[0] in zh) is (side[1] in en) is told


def test_a_reason_says_what_the_mix_leads_one_to_expect():
    column = "exam_share_365d"
    mix = {column: 0.52, expected_column(column): 0.31}
    (reason,) = reasons_for("hospital", {column: 1.0}, values=mix, usual=0.2, share=0.97)
    assert reason["text_zh"].endswith(
        "52%,按其病种、年龄和就诊类别应为 31%,与应有水平之差高于 97.0% 的同类(二级医院)"
    )
    assert reason["text_en"].endswith(
        "52%; its diseases, ages and kinds of visit lead one to expect 31%, distance from that above 97.0% "
        "of them (level-2 hospitals)"
    )
    # Who is compared with the peers is told what they have.
    (plain,) = reasons_for("hospital", {column: 1.0}, values={column: 0.52}, usual=0.2, share=0.97)
    assert "52%,同类(二级医院)通常为 20%,高于 97.0% 的同类" in plain["text_zh"]
    assert (reason["value"], reason["peer_median"], reason["peer_percentile"]) == (0.52, 0.2, 0.97)


@pytest.mark.parametrize(
    "expected, usual, is_reason", [(0.53, 0.1, False), (0.31, 0.6, False), (0.31, 0.1, True)]
)
def test_what_the_mix_or_the_peers_lead_one_to_expect_is_no_reason(expected, usual, is_reason):
    mixed = {"exam_share_365d": 0.52, expected_column("exam_share_365d"): expected}
    values = mixed | {"non_surgical_zero_cash_share_365d": 0.9}
    found = reasons_for(
        "hospital",
        {"exam_share_365d": 2.0, "non_surgical_zero_cash_share_365d": 1.0},
        values=values,
        usual=usual,
    )
    assert ("exam_share_365d" in codes(found)) == is_reason and "non_surgical_zero_cash_share_365d" in codes(
        found
    )


def test_names_of_measures_are_there_in_both_languages():
    assert len(EVERY) > 300
    for entry in CATALOGUE.values():
        assert re.search("[一-鿿]", entry.zh) and not re.search("[一-鿿]", entry.en), entry.name


@pytest.mark.parametrize(
    "share, words", [(0.811, "81.1%"), (0.987, "98.7%"), (0.9999, "99.9%"), (1.0, "99.9%")]
)
def test_nobody_stands_above_all_of_his_peers(share, words):
    (reason,) = reasons_for("patient", {"stays_365d": 1.0}, share=share)
    assert f"高于 {words} 的同类" in reason["text_zh"] and f"above {words} of them" in reason["text_en"]
    assert reason["peer_percentile"] == share


@pytest.mark.parametrize("share, is_reason", [(0.81, True), (0.79, False), (0.501, False), (0.2, False)])
def test_no_reason_within_what_is_usual_among_the_peers(share, is_reason):
    low = next(c for c, (entry, _days) in measures_of("group").items() if entry.direction == LOW)
    for subject, column in (("patient", "stays_365d"), ("group", low)):
        found = reasons_for(subject, {column: 1.0}, share=share, usual=3.0)
        assert codes(found) == [column if is_reason else "slight"]


@pytest.mark.parametrize(
    "peers_count, share, highest, is_reason",
    [
        # The first of three is above two thirds of them, and beyond both others.
        (3, 2 / 3, True, True),
        (4, 0.75, True, True),
        (3, 0.5, False, False),
        (4, 0.625, False, False),
        # Of two one is always the higher.
        (2, 0.5, True, False),
    ],
)
def test_of_three_or_four_peers_the_first_is_a_reason(peers_count, share, highest, is_reason):
    low = next(c for c, (entry, _days) in measures_of("group").items() if entry.direction == LOW)
    for subject, column in (("hospital", "visits_365d"), ("group", low)):
        found = reasons_for(
            subject, {column: 1.0}, share=share, peers_count=peers_count, highest=highest, usual=3.0
        )
        assert codes(found) == [column if is_reason else "slight"]


def test_where_little_is_suspicious_those_above_are_counted():
    low = next(c for c, (entry, _days) in measures_of("group").items() if entry.direction == LOW)
    (reason,) = reasons_for("group", {low: 1.0}, usual=3.0)
    assert "低于 90.0% 的同类" in reason["text_zh"] and "below 90.0% of them" in reason["text_en"]


def test_of_a_few_peers_their_number_is_said():
    (first,) = reasons_for("hospital", {"visits_365d": 1.0}, share=0.83, peers_count=6, highest=True)
    assert first["text_zh"].endswith("6 个同类中最高") and first["text_en"].endswith("the highest of 6")
    (other,) = reasons_for("hospital", {"visits_365d": 1.0}, share=0.81, peers_count=6)
    assert other["text_zh"].endswith("高于其他 5 个同类中的 4 个")
    assert other["text_en"].endswith("above 4 of the 5 others")


@pytest.mark.parametrize("peers_count, few", [(2, True), (4, True), (5, False), (20, False)])
def test_too_few_peers_are_said_to_be_for_reference_only(peers_count, few):
    (reason,) = reasons_for(
        "hospital", {"visits_365d": 1.0}, share=0.9, peers_count=peers_count, highest=True
    )
    assert ("同类过少,仅供参考" in reason["text_zh"]) == few
    assert ("too few peers, for reference only" in reason["text_en"]) == few
    assert ("最高" in reason["text_zh"]) == ("highest" in reason["text_en"]) == (not few)


def test_an_only_one_is_compared_with_nobody():
    (only,) = reasons_for("hospital", {"visits_365d": 1.0}, share=None, peers_count=1, highest=True)
    assert (
        only["text_zh"].endswith("没有其他二级医院可比(同类过少,仅供参考)")
        and "通常为" not in only["text_zh"]
    )
    assert "no other of level-2 hospitals" in only["text_en"] and "median" not in only["text_en"]


def test_what_reads_as_usual_is_no_reason():
    measures = measures_of("hospital")
    share = next(c for c, (entry, _days) in measures.items() if entry.unit == "share")
    other = next(c for c, (e, _d) in measures.items() if e.family != measures[share][0].family)
    found = reasons_for(
        "hospital", {share: 1.0, other: 0.5}, values={share: 0.0002, other: 9.0}, usual=0.0001
    )
    assert codes(found) == [other]
    assert codes(reasons_for("patient", {"stays_365d": 1.0}, values={"stays_365d": 2.0}, usual=2.0)) == [
        "slight"
    ]


def test_what_is_not_known_of_the_peers_is_not_said():
    (reason,) = reasons_for("patient", {"stays_365d": 1.0}, usual=np.nan, share=None)
    assert "同类" not in reason["text_zh"]
    assert reason["peer_median"] is None and reason["peer_percentile"] is None
    assert reason_offences(reason) == []


def test_a_measure_without_a_value_is_no_reason():
    found = reasons_for(
        "patient", {"stays_365d": 9.0, "fund_pay_365d": 1.0}, values={"fund_pay_365d": 5000.0}
    )
    assert [reason["code"] for reason in found] == ["MONEY.fund_pay_365d"]


def test_somebody_of_whom_nothing_is_known_has_a_reason_all_the_same():
    (reason,) = reasons_for("patient", {"stays_365d": 0.5}, values={})
    assert (reason["code"], reason["contribution"], reason["value"]) == (SUM_REASON, 0.5, None)
    assert "没有单独一项" in reason["text_zh"] and "No single measure" in reason["text_en"]


def test_what_speaks_for_somebody_is_never_given_as_suspicion():
    (innocent,) = reasons_for("patient", {"stays_365d": -2.0, "fund_pay_365d": -0.5})
    assert (innocent["code"], innocent["contribution"]) == (SUM_REASON, 0.0)
    found = reasons_for("patient", {"stays_365d": -2.0, "fund_pay_365d": 0.5})
    assert codes(found) == ["fund_pay_365d"]


def test_findings_are_a_reason_where_no_measure_counts_them():
    found = reasons_for("patient", {"stays_365d": 0.5}, values={"stays_365d": 9.0}, rule=3.0)
    assert [reason["code"] for reason in found] == [RULE_REASON, "FREQUENCY.stays_365d"]
    assert found[0]["contribution"] == 3.0 and "审核规则" in found[0]["text_zh"]
    counted = reasons_for("patient", {"findings_365d": 0.5}, rule=3.0)
    assert [(r["code"], r["contribution"]) for r in counted] == [("RULES.findings_365d", 3.5)]
    assert codes(reasons_for("patient", {"stays_365d": 0.5}, rule=LEAST_CONTRIBUTION)) == ["stays_365d"]


def test_a_window_longer_than_the_claims_is_told_by_a_shorter_one():
    given = {"purchases_1095d": 2.0, "purchases_365d": 1.0}
    assert codes(reasons_for("patient", given)) == ["purchases_1095d"]
    assert codes(reasons_for("patient", given, days_of_claims=366)) == ["purchases_365d"]
    assert codes(reasons_for("patient", given, days_of_claims=365 - COVERED_WITHIN)) == ["purchases_365d"]
    assert codes(reasons_for("patient", given, days_of_claims=200)) == ["purchases_30d"]
    (three,) = reasons_for("patient", given, days_of_claims=1095)
    assert "近三年" in three["text_zh"]


def test_a_measure_known_by_a_longer_window_is_told_by_its_own_shorter_one():
    """Not by another measure of the family that happens to have the shorter window: being in two places at
    once is the reason, practising at two is not."""
    given = {"two_sites_share_1095d": 7.0, "places_365d": 0.2}
    assert codes(reasons_for("prescriber", given, days_of_claims=366)) == ["two_sites_share_365d"]
    assert codes(reasons_for("prescriber", {"places_365d": 0.2}, days_of_claims=366)) == ["places_365d"]


def test_a_measure_without_a_covered_window_is_told_since_the_data_begin():
    (reason,) = reasons_for(
        "patient",
        {"cash_share_365d": 1.0, "cash_share_1095d": 2.0},
        usual=0.9,
        days_of_claims=200,
        values={"cash_share_365d": 0.1, "cash_share_1095d": 0.1},
    )
    assert reason["code"].endswith("cash_share_365d") and reason["text_zh"].startswith(
        "有数据以来现金自付比例"
    )
    assert "since the data begin" in reason["text_en"]


@pytest.mark.parametrize("repeated, weak", [(1.0, False), (0.5, False), (0.49, True)])
def test_a_reason_that_another_training_would_not_give_is_weak(repeated, weak):
    (reason,) = reasons_for("patient", {"stays_365d": 1.0}, repeated=repeated)
    assert reason["text_zh"].endswith(WEAK[0]) == reason["text_en"].endswith(WEAK[1]) == weak


def test_a_family_is_told_by_a_measure_that_raises_the_score():
    given = {"stays_365d": -0.1, "purchases_365d": 0.9}
    assert codes(reasons_for("patient", given)) == ["purchases_365d"]
    usual_purchases = {"stays_365d": 99.0, "purchases_365d": 1.0}
    assert codes(reasons_for("patient", given, values=usual_purchases)) == ["slight"]


def test_the_day_after_death_is_a_sentence_not_a_comparison():
    (reason,) = reasons_for("visit", {"days_since_death": 1.0}, values={"days_since_death": 102.0}, usual=0.0)
    assert reason["text_zh"] == "死亡登记后第102天仍就医"
    assert reason["text_en"] == "Care received on day 102 after the registered death"


def test_a_flag_is_said_in_words():
    (reason,) = reasons_for("visit", {"two_places": 1.0}, values={"two_places": 1.0}, usual=0.0)
    assert reason["text_zh"] == "30分钟内两处刷卡,同类(普通门诊)通常没有此情况"
    assert "是" not in reason["text_zh"] and "yes" not in reason["text_en"]


@pytest.mark.parametrize(
    "contribution, counts", [(LEAST_CONTRIBUTION, False), (LEAST_CONTRIBUTION + 1e-9, True)]
)
def test_what_counts_next_to_nothing_is_left_out(contribution, counts):
    found = reasons_for("patient", {"stays_365d": 0.5, "fund_pay_365d": contribution})
    assert codes(found) == ["stays_365d", "fund_pay_365d"][: 1 + counts]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), subject=st.sampled_from(["patient", "pharmacy"]))
def test_whatever_the_contributions_no_reason_is_a_bad_one(seed, subject):
    random = np.random.default_rng(seed)
    measures = measures_of(subject)
    contributions = dict(zip(measures, random.normal(0, 0.3, len(measures)), strict=True))
    values = {
        c: v
        for c, v in zip(measures, random.poisson(1.0, len(measures)), strict=True)
        if random.random() < 0.9
    }
    usual = dict(zip(measures, random.poisson(1.0, len(measures)), strict=True))
    found = reasons_for(
        subject,
        contributions,
        values=values,
        usual=usual,
        share=float(random.random()),
        graph=float(random.normal()),
        rule=float(random.normal()),
        peers_count=int(random.integers(1, 40)),
        days_of_claims=int(random.integers(100, 1200)),
    )
    assert 1 <= len(found) <= MOST_REASONS
    assert [r["contribution"] for r in found] == sorted((r["contribution"] for r in found), reverse=True)
    families = [r["code"].partition(".")[0] for r in found if r["value"] is not None]
    assert len(families) == len(set(families))
    for reason in found:
        assert reason_offences(reason) == []
        assert reason["code"] == SUM_REASON or reason["contribution"] > LEAST_CONTRIBUTION
