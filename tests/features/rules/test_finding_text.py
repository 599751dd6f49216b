"""Sentences of findings: figures as a clerk writes them, unknown values as a dash."""

from datetime import date, datetime

import ibis
import pytest

from features.rules.finding_text import (
    duration,
    elapsed,
    figure,
    iso_date,
    line_finding,
    sentence,
    union_findings,
    whole_line_finding,
    whole_number,
)
from tests.features.rules.conftest import table
from tests.in_memory import engine


def text_of(value: ibis.Value) -> str:
    return engine().execute(value)


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
        (30, "30天"),
        (60, "60天"),
        (61, "2个月"),
        (90, "3个月"),
        (180, "6个月"),
        (365, "1年"),
        (366, "1年"),
        (730, "2年"),
    ],
)
def test_a_setting_is_stated_in_the_unit_that_people_use(days, text):
    assert duration(days) == text


@pytest.mark.parametrize(
    ("days", "text"), [(0.0, "0天"), (59.6, "60天"), (60.0, "60天"), (60.1, "约2个月"), (270.0, "约9个月")]
)
def test_many_days_are_months(days, text):
    assert text_of(elapsed(ibis.literal(days))) == text


@pytest.mark.parametrize("day", [date(2024, 3, 1), datetime(2024, 3, 1, 23, 59)])
def test_dates(day):
    assert text_of(iso_date(ibis.literal(day))) == "2024-03-01"


def test_a_sentence_joins_words_and_values_and_marks_what_is_unknown():
    assert text_of(sentence("项目", ibis.literal("甲"), "共", ibis.literal(3), "次")) == "项目甲共3次"
    assert text_of(sentence("科室", ibis.null("string"), "收费")) == "科室-收费"
    assert text_of(sentence(ibis.literal("甲"))) == "甲"


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
