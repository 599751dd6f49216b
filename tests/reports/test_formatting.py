"""Values in words: units, natural durations, and a missing value that is never printed as a number."""

import math

import pandas as pd
import pytest

from features.measures.catalogue import CATALOGUE, UNITS
from reports.formatting import (
    COUNTED_DAYS,
    COVERED_WITHIN,
    days_text,
    is_covered,
    measure_value,
    period,
    share_of_peers,
    value_with_unit,
)
from reports.number_texts import amount_text, is_missing, score_text
from tests.reports.forbidden import offences


@pytest.mark.parametrize(
    "value, unit, zh, en",
    [
        (1234.6, "yuan", "1,235元", "1,235 yuan"),
        (1, "yuan", "1元", "1 yuan"),
        (0.1234, "share", "12.3%", "12.3%"),
        (-0.0001, "share", "0%", "0%"),
        (-0.013, "share", "持平或更低", "none"),
        (-0.2, "visits", "0次", "0 visits"),
        (1, "visits", "1次", "1 visit"),
        (2, "findings", "2条", "2 findings"),
        (1, "boxes", "1盒", "1 box"),
        (2.5, "days", "2.5天", "2.5 days"),
        (60, "days", "60天", "60 days"),
        (60.1, "days", "约2个月", "about 2 months"),
        (95, "days", "约3个月", "about 3 months"),
        (364, "days", "约12个月", "about 12 months"),
        (365, "days", "约1年", "about 1 year"),
        (1535.8, "days", "约4.2年", "about 4.2 years"),
        (95, "days_per_visit", "约3个月/次", "about 3 months a visit"),
        (45, "seconds", "45秒", "45 seconds"),
        (59, "seconds", "59秒", "59 seconds"),
        (60, "seconds", "约1分钟", "about 1 minute"),
        (3599, "seconds", "约60分钟", "about 60 minutes"),
        (7200, "seconds", "约2小时", "about 2 hours"),
        (2 * 86_400 - 1, "seconds", "约48小时", "about 48 hours"),
        (2 * 86_400, "seconds", "2天", "2 days"),
        (95 * 86_400, "seconds", "约3个月", "about 3 months"),
        (3.456, "ratio", "3.46倍", "3.46 times the usual"),
        (1, "flag", "是", "yes"),
        (0, "flag", "否", "no"),
    ],
)
def test_values_stand_with_their_unit(value, unit, zh, en):
    assert (value_with_unit(value, unit, "zh"), value_with_unit(value, unit, "en")) == (zh, en)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_a_missing_value_is_said_to_be_missing(unit, value):
    assert (value_with_unit(value, unit, "zh"), value_with_unit(value, unit, "en")) == ("不详", "not known")


@pytest.mark.parametrize("value", [0, 1, 59.96, 61, 400, 12_345.678])
def test_no_value_of_any_measure_is_written_in_a_forbidden_way(value):
    for entry in CATALOGUE.values():
        for language, name in (("zh", entry.zh), ("en", entry.en)):
            assert offences(f"{name} {measure_value(entry, value, language)}") == [], entry.name


def test_days_that_are_counted_stay_days():
    counted = [entry for entry in CATALOGUE.values() if entry.name in COUNTED_DAYS]
    assert {entry.name for entry in counted} == COUNTED_DAYS and {e.unit for e in counted} == {"days"}
    assert {measure_value(entry, 120.0, "zh") for entry in counted} == {"120天"}
    stock = CATALOGUE["patient", "max_days_on_hand"]
    assert measure_value(stock, 120.0, "zh") == "约4个月" == days_text(120.0, "zh")


@pytest.mark.parametrize(
    "value, missing",
    [
        (None, True),
        (math.nan, True),
        (pd.NaT, True),
        (pd.NA, True),
        (math.inf, True),
        (0, False),
        ("", False),
    ],
)
def test_what_is_missing(value, missing):
    assert is_missing(value) is missing


def test_windows_in_words():
    assert period(None) == ("", "") and period(90) == ("近三个月", "in the last three months")
    assert period(365, 365 - COVERED_WITHIN)[0] == "近一年"
    assert period(365, 364 - COVERED_WITHIN) == ("有数据以来", "since the data begin")
    assert is_covered(365, None) and not is_covered(1095, 366)


def test_scores_and_amounts():
    assert (score_text(0.285), score_text(1), score_text(math.nan), score_text(None)) == (
        "0.28",
        "1.00",
        "—",
        "—",
    )
    assert (amount_text(1234.5), amount_text(0), amount_text(math.nan)) == ("1,234", "0", "—")
    assert (share_of_peers(1.0), share_of_peers(0.5)) == ("99.9%", "50.0%")
