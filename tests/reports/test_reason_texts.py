"""A reason about a share says how many of how many, where the share is one of counted rows."""

import pytest

from features.comparison.peers import Standing
from features.measures.catalogue import measures_of
from reports.reason_texts import measure_reason


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
        column, measures_of("hospital")[column], 0.5, 0.0, lambda *_given: Standing(0.9, 30, False, False),
        "level2", 1.0, rows=rows,
    )  # fmt: skip
    assert zh in found["text_zh"] and en in found["text_en"]
