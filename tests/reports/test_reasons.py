"""Reasons in words: every measure can be said in both languages, the strongest come first."""

import re

import numpy as np
import pandas as pd
import pytest

import features  # noqa: F401  fills the catalogue
from features.comparison.peers import PEER_WORDS, Standing
from features.measures.catalogue import (
    CATALOGUE,
    FAMILIES,
    LOW,
    SUBJECTS,
    UNITS,
    expected_column,
    measures_of,
)
from reports.formatting import value_with_unit
from reports.reasons import LEAST_CONTRIBUTION, MOST_REASONS, reasons_of

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


def told(
    subject: str,
    contributions: dict,
    *,
    values=None,
    usual=1.0,
    share: float | None = 0.9,
    graph=0.0,
    peers_count=900,
    highest=False,
):
    """Reasons of a subject far from its peers in the suspicious direction wherever nothing else is said."""
    measures = measures_of(subject)
    given = pd.Series(contributions, dtype=float).reindex([*measures, "graph", "rule", "base"]).fillna(0.0)
    given["graph"] = graph
    middle = pd.Series(usual, list(measures), dtype=float)
    far = {c: 10 * e.direction * e.materiality for c, (e, _days) in measures.items()}
    taken = middle.fillna(0) + pd.Series(far) if values is None else pd.Series(values, dtype=float)
    taken = taken.reindex([*measures, *map(expected_column, measures)])
    standing = Standing(share, peers_count, highest)
    return reasons_of(
        given, taken, measures, PEERS[subject], middle, lambda column, value, peers, expected: standing
    )


@pytest.mark.parametrize("subject, column", EVERY)
def test_every_measure_is_said_with_its_unit_its_value_and_its_peers(subject, column):
    entry, days = measures_of(subject)[column]
    (reason,) = told(subject, {column: 1.0}, values={column: 1234.0}, usual=567.0)
    assert set(reason) == FIELDS and reason["code"].endswith(f".{column}") and reason["contribution"] == 1.0
    zh, en = reason["text_zh"], reason["text_en"]
    assert entry.zh in zh and entry.en[1:] in en
    assert PEER_WORDS[PEERS[subject]][0] in zh and PEER_WORDS[PEERS[subject]][1] in en
    assert not re.search(r"\b(nan|None)\b", zh + en)
    if entry.unit != "flag":
        unit_zh, unit_en, _format = UNITS[entry.unit]
        assert f"{unit_zh},同类" in zh and unit_en in en
        for text in (zh, en):
            digits = re.sub("[,%.0]", "", text)
            assert "1234" in digits and "567" in digits
    if days:
        assert {30: "近30天", 90: "近90天", 365: "近一年", 1095: "近三年"}[days] in zh
        assert {30: "30 days", 90: "90 days", 365: "last year", 1095: "three years"}[days] in en
    side = ("低于", "below") if entry.direction == LOW else ("高于", "above")
    assert side[0] in zh and side[1] in en


def test_a_reason_says_what_the_mix_leads_one_to_expect():
    column = "exam_share_365d"
    mix = {column: 0.52, expected_column(column): 0.31}
    (reason,) = told("hospital", {column: 1.0}, values=mix, usual=0.6, share=0.97)
    assert "52.0%,按其病种、年龄和就诊类别预期为 31.0%,同类(二级医院)中位数 60.0%" in reason["text_zh"]
    assert "与预期之差高于 97.0% 的同类" in reason["text_zh"]
    assert "52.0%; its diseases, ages and kinds of visit lead one to expect 31.0%" in reason["text_en"]
    assert "distance from what is expected above 97.0% of them" in reason["text_en"]
    assert (reason["value"], reason["peer_median"], reason["peer_percentile"]) == (0.52, 0.6, 0.97)


def test_what_the_mix_leads_one_to_expect_is_no_reason_beside_one_that_is_not():
    mixed = {"exam_share_365d": 0.52, expected_column("exam_share_365d"): 0.53, "zero_cash_share_365d": 0.4}
    contributions = {"exam_share_365d": 2.0, "zero_cash_share_365d": 1.0}
    (reason,) = told("hospital", contributions, values=mixed, usual=0.1)
    assert reason["code"] == "MONEY.zero_cash_share_365d"


def test_names_of_measures_are_there_in_both_languages():
    assert len(EVERY) > 300
    for entry in CATALOGUE.values():
        assert re.search("[一-鿿]", entry.zh) and not re.search("[一-鿿]", entry.en), entry.name


@pytest.mark.parametrize(
    "share, words", [(0.5, "50.0%"), (0.987, "98.7%"), (0.9999, "99.9%"), (1.0, "99.9%"), (0.0, "0.0%")]
)
def test_nobody_stands_above_all_of_his_peers(share, words):
    (reason,) = told("patient", {"stays_365d": 1.0}, share=share)
    assert f"高于 {words} 的同类" in reason["text_zh"] and f"above {words} of them" in reason["text_en"]
    assert reason["peer_percentile"] == share


def test_where_little_is_suspicious_those_above_are_counted():
    low = next(c for c, (entry, _days) in measures_of("group").items() if entry.direction == LOW)
    (reason,) = told("group", {low: 1.0}, share=0.1, usual=3.0)
    assert "低于 90.0% 的同类" in reason["text_zh"] and "below 90.0% of them" in reason["text_en"]


def test_of_a_few_peers_their_number_is_said():
    (first,) = told("hospital", {"visits_365d": 1.0}, share=0.75, peers_count=4, highest=True)
    assert first["text_zh"].endswith("4 个同类中最高") and first["text_en"].endswith("the highest of 4")
    (other,) = told("hospital", {"visits_365d": 1.0}, share=0.5, peers_count=4)
    assert other["text_zh"].endswith("高于其他 3 个同类中的 2 个") and other["text_en"].endswith(
        "above 2 of the 3 others"
    )


def test_what_reads_as_usual_is_no_reason():
    share = next(c for c, (entry, _days) in measures_of("hospital").items() if entry.unit == "share")
    other = next(
        c
        for c, (e, _d) in measures_of("hospital").items()
        if e.family != measures_of("hospital")[share][0].family
    )
    found = told("hospital", {share: 1.0, other: 0.5}, values={share: 0.0002, other: 9.0}, usual=0.0001)
    assert [reason["code"].split(".")[1] for reason in found] == [other]


def test_what_is_not_known_of_the_peers_is_not_said():
    (reason,) = told("patient", {"stays_365d": 1.0}, usual=np.nan, share=None)
    assert (
        "同类" not in reason["text_zh"]
        and reason["peer_median"] is None
        and reason["peer_percentile"] is None
    )
    assert not re.search(r"\bnan\b", reason["text_zh"] + reason["text_en"])


def test_a_measure_without_a_value_is_no_reason():
    found = told("patient", {"stays_365d": 9.0, "fund_pay_365d": 1.0}, values={"fund_pay_365d": 5000.0})
    assert [reason["code"] for reason in found] == ["MONEY.fund_pay_365d"]


def test_the_strongest_come_first_one_a_family_five_at_most():
    by_family = {}
    for column, (entry, _days) in measures_of("patient").items():
        by_family.setdefault(entry.family, []).append(column)
    assert len(by_family) > MOST_REASONS
    contributions = {}
    for number, columns in enumerate(by_family.values(), 1):
        contributions |= {column: 0.1 * number / (place + 1) for place, column in enumerate(columns)}
    found = told("patient", contributions)
    assert len(found) == MOST_REASONS
    sizes = [reason["contribution"] for reason in found]
    assert sizes == sorted(sizes, reverse=True)
    families = [reason["code"].partition(".")[0] for reason in found]
    assert len(set(families)) == MOST_REASONS and set(families) <= {name.upper() for name in FAMILIES}
    for reason in found:
        family, _dot, column = reason["code"].partition(".")
        inside = {c: contributions[c] for c in by_family[family.lower()]}
        # A family is told by its strongest measure and counts for all of them.
        assert column == max(inside, key=inside.get) and reason["contribution"] == pytest.approx(
            sum(inside.values())
        )


def test_what_counts_next_to_nothing_is_left_out_but_somebody_listed_gets_a_reason():
    strong, weak = {"stays_365d": 0.5}, {"fund_pay_365d": LEAST_CONTRIBUTION / 2}
    assert [r["code"] for r in told("patient", strong | weak)] == ["FREQUENCY.stays_365d"]
    assert [r["code"] for r in told("patient", weak)] == ["MONEY.fund_pay_365d"]


def test_company_is_a_reason_of_its_own():
    found = told("patient", {"stays_365d": 0.5}, graph=0.8)
    assert [reason["code"] for reason in found] == ["COMPANY.graph", "FREQUENCY.stays_365d"]
    assert (
        "反复" in found[0]["text_zh"]
        and "again and again" in found[0]["text_en"]
        and found[0]["value"] is None
    )


@pytest.mark.parametrize(
    "value, unit, zh, en",
    [
        (1234.6, "yuan", "1,235元", "1,235 yuan"),
        (0.1234, "share", "12.3%", "12.3%"),
        (-0.2, "visits", "0次", "0 visits"),
        (2.5, "days", "2.5天", "2.5 days"),
        (3.456, "ratio", "3.46倍", "3.46 times the usual"),
        (1, "flag", "是", "yes"),
        (0, "flag", "否", "no"),
    ],
)
def test_values_are_spelled_with_their_unit(value, unit, zh, en):
    assert (value_with_unit(value, unit, "zh"), value_with_unit(value, unit, "en")) == (zh, en)


def test_what_is_usual_among_the_peers_is_no_reason_beside_one_that_is_not():
    family = {column: entry.family for column, (entry, _days) in measures_of("patient").items()}
    stay, other = "stays_365d", next(c for c in family if family[c] != family["stays_365d"])
    middle = {column: 2.0 for column in family} | {stay: 1.0}
    found = told("patient", {stay: 0.5, other: 0.9}, values=middle | {stay: 9.0}, usual=middle)
    assert [reason["code"].split(".")[1] for reason in found] == [stay]


def test_an_only_one_is_compared_with_nobody():
    (only,) = told("hospital", {"visits_365d": 1.0}, share=0.5, peers_count=1, highest=True)
    assert only["text_zh"].endswith("没有同类可比") and "中位数" not in only["text_zh"]
    assert "no other of level-2 hospitals" in only["text_en"] and "median" not in only["text_en"]


def test_what_an_inspector_would_not_care_about_only_fills_up():
    columns = {}
    for column, (entry, _days) in measures_of("hospital").items():
        columns.setdefault(entry.family, column)
    first, *others = list(columns.values())[:6]
    little = {c: 1.0 + 0.5 * e.direction * e.materiality for c, (e, _days) in measures_of("hospital").items()}
    far = measures_of("hospital")[first][0]
    found = told(
        "hospital",
        {first: 0.1} | dict.fromkeys(others, 0.5),
        values=little | {first: 1 + 9 * far.direction * far.materiality},
    )
    named = [reason["code"].split(".")[1] for reason in found]
    assert len(named) == 3 and named[-1] == first


def test_a_family_is_told_by_a_measure_beyond_the_peers():
    family = {column: entry.family for column, (entry, _days) in measures_of("patient").items()}
    loud, quiet = [c for c in family if family[c] == family["stays_365d"]][:2]
    middle = {column: 2.0 for column in family}
    found = told("patient", {loud: 0.9, quiet: 0.4}, values=middle | {quiet: 99.0}, usual=middle)
    assert [reason["code"].split(".")[1] for reason in found] == [quiet]
