"""Charts of a dossier: names, values and peers of each reason; days and weeks with what is in evidence."""

import numpy as np
import pandas as pd
import pytest

from features.measures.catalogue import SUBJECTS, measures_of
from reports.subject_charts import MOST_LANES, calendar, is_compared, strip_of, strips, weeks
from reports.svg import BLUE, PALE, RED
from tests.reports.forbidden import offences
from tests.reports.pictures import Picture

GRID = np.linspace(0, 4, 401)
STAYS = measures_of("patient")["stays_365d"]


@pytest.mark.parametrize(
    "language, name, figures",
    [
        ("zh", "1  近一年住院次数", "9次 · 同类通常 2次 · 半数在 1次–3次"),
        (
            "en",
            f"1  {STAYS[0].en} in the last year",
            "9 visits · median 2 visits · middle half 1 visit–3 visits",
        ),
    ],
)
def test_a_strip_has_its_name_its_value_and_its_peers(language, name, figures):
    picture = Picture(strips([strip_of(1, STAYS, GRID, 9.0, None)], language))
    assert [words.text for words in picture.words()] == [name, figures] and picture.faults() == []


def test_a_strip_states_the_median_of_its_reason():
    picture = Picture(strips([strip_of(1, STAYS, GRID, 9.0, 1.6)], "zh"))
    assert "同类通常 2次" in picture.words()[1].text
    picture = Picture(strips([strip_of(1, STAYS, GRID, 9.0, 0.0)], "zh"))
    assert "同类通常 0次" in picture.words()[1].text


def test_places_on_a_strip_are_in_order():
    picture = Picture(strips([strip_of(1, STAYS, GRID, 9.0, None)], "zh"))
    pale, blue = (picture.all("rect", fill=colour)[0] for colour in (PALE, BLUE))
    subject = float(picture.all("circle", fill=RED)[0].get("cx"))
    assert float(pale.get("x")) < float(blue.get("x"))
    end = float(blue.get("x")) + float(blue.get("width"))
    assert end < float(pale.get("x")) + float(pale.get("width")) < subject


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_strip_of_any_measure_overlaps_is_cut_or_shows_what_it_must_not(subject, language):
    for measure in measures_of(subject).values():
        # Of a year of claims, so that the longest words for a window stand in it.
        strip = strip_of(5, measure, 1000 * GRID, 12_345.678, None, 366)
        picture = Picture(strips([strip, strip], language))
        name, figures = (words.text for words in picture.words()[:2])
        assert picture.faults() == [] and offences(name) + offences(figures, name) == []
        assert not name.endswith("…")


def test_a_long_name_has_a_line_of_its_own():
    """The picture grows by a line a strip that needs it, and strips below move down."""
    long = max(measures_of("pharmacy").values(), key=lambda measure: len(measure[0].en))
    rows = [strip_of(1, STAYS, GRID, 9.0, None), strip_of(2, long, GRID, 9.0, None)]
    heights = [float(Picture(strips(given, "en")).root.get("height")) for given in (rows[:1], rows[1:], rows)]
    assert heights[1] == heights[0] + 16 and heights[2] == heights[0] + heights[1] - 4


@pytest.mark.parametrize(
    "subject, column, compared",
    [("visit", "days_since_death", False), ("visit", "two_places", False), ("patient", "stays_365d", True)],
)
def test_flags_and_contradictions_have_no_strip(subject, column, compared):
    assert is_compared(measures_of(subject)[column][0]) == compared


@pytest.mark.parametrize(
    "first, last", [("2024-01-05", "2024-12-30"), ("2024-05-07", "2024-05-07"), ("2024-01-31", "2024-02-02")]
)
def test_a_calendar_has_a_dot_a_visit_and_a_lane_a_place(first, last):
    days = pd.Series(list(pd.date_range(first, last, freq="1D")))
    lanes = pd.Series([f"第{n % 3}人民医院" for n in range(len(days))])
    picture = Picture(calendar(days, lanes, pd.Series([n == 0 for n in range(len(days))])))
    assert len(picture.all("circle")) == len(days) and len(picture.all("circle", fill=RED)) == 1
    assert picture.faults() == [] and "第0人民医院" in [words.text for words in picture.words()]
    # What is in evidence lies in front.
    assert picture.all("circle")[-1].get("fill") == RED


def test_a_calendar_shows_the_busiest_places():
    lanes = pd.Series(["busy"] * 3 + [f"place{n}" for n in range(MOST_LANES + 5)])
    days = pd.Series(pd.date_range("2024-01-01", periods=len(lanes)))
    texts = [words.text for words in Picture(calendar(days, lanes, pd.Series([False] * len(lanes)))).words()]
    assert texts.count("busy") == 1 and sum(text.startswith("place") for text in texts) == MOST_LANES - 1


def test_weeks_show_what_is_in_evidence_within_the_total():
    when = pd.Series(pd.date_range("2024-01-01", periods=52, freq="7D"))
    total = pd.Series(range(1, 53))
    picture = Picture(weeks(when, total, pd.Series([0] * 51 + [26])))
    bars = picture.all("rect", fill=PALE)
    (red,) = picture.all("rect", fill=RED)
    assert len(bars) == 52 and picture.faults() == []
    assert float(red.get("height")) == pytest.approx(float(bars[-1].get("height")) / 2, abs=0.2)
