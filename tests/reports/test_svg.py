"""Elements of pictures: escaped text, short numbers, widths and ticks."""

import pytest

from reports import svg


def test_elements_are_escaped_and_short():
    assert svg.text(1.26, 2, "<a&b>", "end", 11, "red") == (
        '<text x="1.3" y="2" text-anchor="end" font-size="11" fill="red">&lt;a&amp;b&gt;</text>'
    )
    assert svg.rect(0.04, 1, 2, 3, "red") == '<rect x="0" y="1" width="2" height="3" fill="red"/>'
    assert str(svg.picture(10, 5, [svg.circle(1, 1, 2, "red")])).startswith('<svg viewBox="0 0 10 5"')


def test_chinese_is_wider():
    assert svg.text_width("医院", 10) == 20 and svg.text_width("ab", 10) == pytest.approx(12)


@pytest.mark.parametrize("words, width, cut", [("医院", 24, "医院"), ("医院药店", 24, "医…"), ("医", 1, "…")])
def test_what_is_too_long_is_cut(words, width, cut):
    assert svg.shortened(words, width, 12) == cut


@pytest.mark.parametrize(
    "highest, found",
    [
        (0, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (30, [0, 10, 20, 30]),
        (27_142, [0, 10_000, 20_000, 30_000]),
        (0.9, [0, 0.5, 1]),
    ],
)
def test_ticks_are_round_and_reach_the_highest(highest, found):
    assert svg.ticks(highest) == pytest.approx(found)


@pytest.mark.parametrize("highest", [0.003, 1, 7, 99, 101, 12_345, 9e8])
def test_ticks_of_any_height(highest):
    found = svg.ticks(highest)
    assert found[0] == 0 and found[-1] >= highest * (1 - 1e-9) and 2 <= len(found) <= 6


def test_tick_words():
    assert [svg.tick_text(value) for value in (0, 1000, 0.5, 0.25)] == ["0", "1,000", "0.5", "0.25"]
