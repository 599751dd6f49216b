"""Charts of a run: every value is there, none overlaps, the same data give the same picture."""

import pandas as pd
import pytest

from reports.charts import bars, columns, reliability
from reports.svg import BLUE
from tests.reports.pictures import Picture

LABELS = [f"H{n} 第{n}人民医院住院部及门诊部综合楼" for n in range(15)]


def test_bars_show_the_first_with_their_values():
    picture = Picture(bars(LABELS, [1000.0 * (15 - n) for n in range(15)], "基金支付(元)"))
    assert len(picture.all("rect", fill=BLUE)) == 12 and picture.faults() == []
    texts = [words.text for words in picture.words()]
    assert "15,000" in texts and "4,000" in texts and "3,000" not in texts and "基金支付(元)" in texts
    longest, second = (float(bar.get("width")) for bar in picture.all("rect", fill=BLUE)[:2])
    assert second / longest == pytest.approx(14 / 15, abs=0.001)


@pytest.mark.parametrize("values", [[], [0.0], [0.0, 0.0]])
def test_bars_of_nothing(values):
    assert Picture(bars(LABELS[: len(values)], values, "yuan")).faults() == []


def test_a_name_is_shown_as_it_is():
    assert "&lt;b&gt;$x$" in bars(["<b>$x$"], [1.0], "yuan")


@pytest.mark.parametrize("count", [1, 12, 24, 60])
def test_columns_of_any_number_of_months(count):
    months = [str(month) for month in pd.period_range("2020-01", periods=count, freq="M")]
    picture = Picture(columns(months, [float(n) for n in range(count)], "就诊数"))
    assert len(picture.all("rect", fill=BLUE)) == count and picture.faults() == []
    assert months[0] in [words.text for words in picture.words()]


def test_a_reliable_score_lies_on_the_diagonal():
    curve = pd.DataFrame({"predicted": [0.1, 0.5, 0.9], "confirmed": [0.1, 0.5, 0.9], "n": [40, 1200, 7]})
    picture = Picture(reliability(curve))
    diagonal = picture.all("line")[0]
    ends = [float(diagonal.get(name)) for name in ("x1", "y1", "x2", "y2")]
    for dot in picture.all("circle"):
        x, y = float(dot.get("cx")), float(dot.get("cy"))
        assert (x - ends[0]) / (ends[2] - ends[0]) == pytest.approx(
            (y - ends[1]) / (ends[3] - ends[1]), abs=0.01
        )
    assert "1,200" in [words.text for words in picture.words()] and picture.faults() == []


def test_numbers_of_groups_stand_inside_the_picture_and_off_the_marks():
    curve = pd.DataFrame({"predicted": [0.1, 0.9], "confirmed": [0.0, 1.0], "n": [28, 12]})
    words = {words.text: words for words in Picture(reliability(curve)).words()}
    assert words["12"].top >= 0 and not words["28"].overlaps(words["0%"])


def test_the_same_data_give_the_same_picture():
    assert bars(["a"], [1.0], "yuan") == bars(["a"], [1.0], "yuan")
