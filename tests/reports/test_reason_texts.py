"""A reason about a share says how many of how many, where the share is one of counted rows."""

import pytest

from features.comparison.peers import PercentileRank
from features.measures.catalogue import CATALOGUE, measures_of
from reports.reason_texts import OF_NO_ROWS, measure_reason


@pytest.mark.parametrize(
    ("rows", "zh", "en"),
    [
        (1272.0, "50%(1,272次中636次)", "50% (636 of 1,272)"),
        (1271.0, "50%,", "50%;"),  # half a visit: the share is of something else
        (1272.01, "50%,", "50%;"),  # so it is where it comes near a whole visit by chance
        (None, "50%,", "50%;"),
        (0.0, "50%,", "50%;"),
    ],
)
def test_a_share_says_how_many_of_how_many(rows, zh, en):
    column = "template_share_365d"
    found = measure_reason(
        column, measures_of("hospital")[column], 0.5, 0.0,
        lambda *_given: PercentileRank(0.9, 30, False, False),
        "level2", 1.0, rows=rows,
    )  # fmt: skip
    assert zh in found["text_zh"] and en in found["text_en"]


@pytest.mark.parametrize(
    ("share", "rows", "said"),
    [
        (0.444444, 9.0, "44.4%(9次中4次)"),  # rounded to six decimals as every measure is
        (0.409091, 396.0, "40.9%(396次中162次)"),
        (0.4444, 9.0, "44.4%,"),
        (0.33, 9.0, "33%,"),
        (0.333333, 1959.0, "33.3%(1,959次中653次)"),
        (0.333333, 1962.0, "33.3%,"),  # of so many rows six decimals tell no count
    ],
)
def test_a_rounded_share_still_says_how_many(share, rows, said):
    column = "template_share_365d"
    found = measure_reason(
        column, measures_of("hospital")[column], share, 0.0,
        lambda *_given: PercentileRank(0.9, 30, False, False), "level2", 1.0, rows=rows,
    )  # fmt: skip
    assert said in found["text_zh"]


def test_a_share_of_yuan_counts_no_visits():
    """None of four visits was paid in cash, which says nothing about four visits."""
    percentile_rank = PercentileRank(0.9, 30, False, False)
    for column, said in (("cash_share_365d", False), ("non_surgical_zero_cash_share_365d", True)):
        measure = measures_of("hospital")[column]
        found = measure_reason(
            column, measure, 0.0, 0.2, lambda *_given: percentile_rank, "level2", 1.0, rows=4.0
        )
        assert ("(4次中0次)" in found["text_zh"]) is said
    assert {name for _subject, name in CATALOGUE} >= OF_NO_ROWS
