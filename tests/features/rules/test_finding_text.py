"""Sentences of findings: figures as a clerk writes them, unknown values as a dash."""

from datetime import date, datetime

import ibis
import pytest

from features.rules.finding_text import (
    BETWEEN,
    SEPARATOR,
    days_before,
    duration,
    either,
    elapsed,
    figure,
    iso_date,
    line_finding,
    listed,
    minutes_before,
    phrase,
    sentence,
    union_findings,
    whole_line_finding,
    whole_number,
    word_of,
)
from tests.features.rules.conftest import table
from tests.in_memory import engine


def text_of(value: ibis.Value) -> str:
    return engine().execute(value)


def both(pair: tuple) -> tuple[str, str]:
    """A part of a sentence in Chinese and English."""
    zh, en = map(text_of, pair)
    return zh, en


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (2.6, "3"), (2.4, "2"), (0.0, "0"), (-1.0, "-1"), (1_234_567.0, "1234567")],
)
def test_whole_numbers(value, text):
    assert text_of(whole_number(ibis.literal(value))) == text


@pytest.mark.parametrize(
    ("value", "text"), [(3.0, "3"), (3.5, "3.5"), (3.456, "3.46"), (10.0, "10"), (0.1, "0.1"), (-2.0, "-2")]
)
def test_figures(value, text):
    assert text_of(figure(ibis.literal(value))) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (30, ("30天", "30 days")),
        (60, ("60天", "60 days")),
        (61, ("2个月", "2 months")),
        (90, ("3个月", "3 months")),
        (180, ("6个月", "6 months")),
        (365, ("1年", "a year")),
        (366, ("1年", "a year")),
        (730, ("2年", "2 years")),
    ],
)
def test_a_setting_is_stated_in_the_unit_that_people_use(days, text):
    assert duration(days) == text


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [
        (0.0, "0天", "0 days"),
        (59.6, "60天", "60 days"),
        (60.0, "60天", "60 days"),
        (60.1, "约2个月", "about 2 months"),
        (270.0, "约9个月", "about 9 months"),
    ],
)
def test_many_days_are_months(days, zh, en):
    assert both(elapsed(ibis.literal(days))) == (zh, en)


@pytest.mark.parametrize(
    ("told", "amount", "texts"),
    [
        (minutes_before, 0.4, ("不足1分钟前", "less than a minute before")),
        (minutes_before, 23.0, ("23分钟前", "23 minutes before")),
        (days_before, 0.0, ("同日", "on the same day")),
        (days_before, 3.0, ("3天前", "3 days before")),
    ],
)
def test_nothing_is_nought_days_or_minutes_ago(told, amount, texts):
    assert both(told(ibis.literal(amount))) == texts


@pytest.mark.parametrize("day", [date(2024, 3, 1), datetime(2024, 3, 1, 23, 59)])
def test_dates(day):
    assert text_of(iso_date(ibis.literal(day))) == "2024-03-01"


def test_a_sentence_joins_words_and_values_in_both_languages_and_marks_what_is_unknown():
    told = sentence("项目{item}共{n}次", "{n} times {item}", item=ibis.literal("甲"), n=ibis.literal(3))
    assert text_of(told).split(BETWEEN) == ["项目甲共3次", "3 times 甲"]
    told = sentence("科室{who}收费", "charged by {who}", who=ibis.null("string"))
    assert text_of(told).split(BETWEEN) == ["科室-收费", "charged by -"]
    assert text_of(sentence("甲", "one")).split(BETWEEN) == ["甲", "one"]


@pytest.mark.parametrize("code", ["3", "4", "9", None])
def test_a_word_of_a_sentence_is_another_in_each_language(code):
    words = {"3": ("服刑", "in prison"), "4": ("失踪", "missing")}
    expected = words.get(code, ("不详", "unknown"))
    assert both(word_of(ibis.literal(code, "string"), words, ("不详", "unknown"))) == expected


@pytest.mark.parametrize(("test", "expected"), [(True, ("早3天", "3 days early")), (False, ("晚", "late"))])
def test_one_part_of_a_sentence_or_another(test, expected):
    early = phrase("早{n}天", "{n} days early", n=ibis.literal(3))
    assert both(either(ibis.literal(test), early, ("晚", "late"))) == expected


def test_values_of_a_limit_stand_in_a_row():
    assert both(listed(ibis.literal(SEPARATOR.join(["I10", "I11"])))) == ("I10、I11", "I10, I11")


LINES = "mdtrt_id setl_id bkkp_sn amount:float64"


def test_a_line_as_a_whole():
    rows = table(LINES, ("v", "s", "l", 12.5))
    found = whole_line_finding(rows, ibis.literal("因")).to_pandas()
    assert found[["amount_in_question", "message"]].values.tolist() == [[12.5, "因"]]


def test_a_line_with_an_amount_of_its_own():
    rows = table(LINES, ("v", "s", "l", 12.5))
    found = line_finding(rows, rows.amount / 3, ibis.literal("因")).to_pandas()
    assert found.iloc[0].to_dict() == {
        "mdtrt_id": "v", "setl_id": "s", "bkkp_sn": "l", "amount_in_question": 4.17, "message": "因",
    }  # fmt: skip


def test_findings_of_several_queries():
    rows = table(LINES, ("v", "s", "l", 1.0)), table(LINES, ("w", "s", "l", 2.0))
    found = union_findings(*[whole_line_finding(row, ibis.literal("因")) for row in rows]).to_pandas()
    assert sorted(found.mdtrt_id) == ["v", "w"]
    assert list(found.columns) == ["mdtrt_id", "setl_id", "bkkp_sn", "amount_in_question", "message"]
