"""Amounts, scores and expected numbers in words, next to where the words change."""

import math

import pandas as pd
import pytest

from reports.number_texts import MISSING, amount_text, expected_text, is_missing, score_text, yuan_text


@pytest.mark.parametrize(
    "amount, zh, en",
    [
        (0.0, "0元", "0 yuan"),
        (0.01, "不足1元", "less than 1 yuan"),
        (0.499, "不足1元", "less than 1 yuan"),
        (0.5, "0元", "0 yuan"),
        (0.51, "1元", "1 yuan"),
        (1234.5, "1,234元", "1,234 yuan"),
        (-80.0, "-80元", "-80 yuan"),
        (-0.2, "0元", "0 yuan"),
    ],
)
def test_a_sum_that_rounds_to_nothing_is_said_to_be_less_than_one(amount, zh, en):
    assert (yuan_text(amount, "zh"), yuan_text(amount, "en")) == (zh, en)


@pytest.mark.parametrize(
    "expected, zh, en",
    [
        (0.0, "不足1", "less than one"),
        (0.999, "不足1", "less than one"),
        (1.0, "1", "1"),
        (1500.4, "1,500", "1,500"),
    ],
)
def test_an_expected_number_below_one_is_said_in_words(expected, zh, en):
    assert (expected_text(expected, "zh"), expected_text(expected, "en")) == (zh, en)


@pytest.mark.parametrize("absent", [None, math.nan, math.inf, -math.inf])
def test_what_is_missing_is_no_number(absent):
    assert is_missing(absent) and amount_text(absent) == score_text(absent) == MISSING
    assert amount_text(0) == "0" and score_text(0) == "0.00"


@pytest.mark.parametrize("absent", [pd.NA, pd.NaT])
def test_missing_values_of_pandas_are_known_by_their_type(absent):
    assert is_missing(absent) and not is_missing(str(absent)) and not is_missing(0)
