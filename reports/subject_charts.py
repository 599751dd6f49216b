"""Charts of a dossier: where a subject stands among its peers, on which days it was where, how many visits a
week."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from markupsafe import Markup

from features.measures.catalogue import UNITS, Measure
from reports import svg
from reports.charts import y_axis
from reports.contradictions import contradiction
from reports.formatting import measure_value, period
from reports.languages import text_in
from reports.svg import BLUE, GREY, LINE, PALE, RED, WIDTH

MOST_LANES = 14
_STRIP_STEP, _LANE_STEP, _WEEKS_HEIGHT = 40, 20, 170
# A label that leaves no room for the figures of its strip has a line of its own, so much higher.
_LABEL_STEP, _GAP = 16, 16
_LANE_LABEL = 0.32 * WIDTH
# Room for the label of a month on an axis of days.
_MONTH_WIDTH = 62
_QUANTILES = (0, 0.05, 0.25, 0.5, 0.75, 0.95)
_HALF = ("半数在", "middle half")
_MEDIAN = ("同类通常", "median")


@dataclass(frozen=True)
class Strip:
    """Where a subject stands among its peers on one measure.

    Attributes:
        number: that the page gives the measure.
        measure: with its window in days.
        quantiles: of the peers' values: 0, 5th, 25th, 50th, 75th and 95th of a hundred.
        value: the subject's own.
        days_of_claims: how many days the claims go back, where that is known.
    """

    number: int
    measure: tuple[Measure, int | None]
    quantiles: tuple[float, ...]
    value: float
    days_of_claims: int | None = None


def strip_of(
    number: int,
    measure: tuple[Measure, int | None],
    grid: np.ndarray,
    value: float,
    median: float | None,
    days_of_claims: int | None = None,
) -> Strip:
    """A strip from the sorted quantiles of the peers' values, evenly spaced.

    Args:
        median: of the peers as the reason states it; None where it states none.
    """
    least, low, first, middle, third, high = (float(q) for q in np.quantile(grid, _QUANTILES))
    middle = middle if median is None else median
    return Strip(number, measure, (least, low, first, middle, third, high), value, days_of_claims)


def is_compared(entry: Measure) -> bool:
    """Is a measure a number that a strip can show, rather than a flag or a record that contradicts itself?"""
    return entry.unit != "flag" and not contradiction(entry, 0.0, "")


def strips(rows: Sequence[Strip], language: str) -> Markup:
    """Where a subject stands among its peers, one strip a measure, with its name, its value and the peers'
    middle.

    Pale: from the 5th to the 95th of a hundred peers; blue: the middle half; white: the median; red: the
        subject.
    """
    elements: list[str] = []
    top = 0
    for strip in rows:
        elements += _strip(strip, top, language)
        top += _STRIP_STEP + _LABEL_STEP * _in_two_lines(strip, language)
    return svg.picture(WIDTH, top + 4, elements)


def _in_two_lines(strip: Strip, language: str) -> bool:
    """Do name and figures of a strip need a line each?"""
    room = WIDTH - svg.text_width(_figures(strip, language)) - _GAP
    return svg.text_width(_label(strip, language)) > room


def _strip(strip: Strip, top: float, language: str) -> list[str]:
    least, low, first, median, third, high = strip.quantiles
    place = _root_scale(min(least, strip.value), max(high, strip.value))
    below = _LABEL_STEP * _in_two_lines(strip, language)
    y, x = (
        top + below + 28,
        [10 + (WIDTH - 20) * place(q) for q in (low, first, median, third, high, strip.value)],
    )
    return [
        svg.text(0, top + 14, svg.shortened(_label(strip, language), WIDTH)),
        svg.text(WIDTH, top + below + 14, _figures(strip, language), "end", fill=GREY),
        svg.line(10, y, WIDTH - 10, y, LINE),
        svg.rect(x[0], y - 5, x[4] - x[0], 10, PALE),
        svg.rect(x[1], y - 5, x[3] - x[1], 10, BLUE),
        svg.rect(x[2] - 1, y - 5, 2, 10, "white"),
        svg.circle(x[5], y, 5, RED),
    ]


def _label(strip: Strip, language: str) -> str:
    """Number and name of a strip."""
    entry, days = strip.measure
    since_zh, since_en = period(days, strip.days_of_claims)
    name = text_in(language, (f"{since_zh}{entry.zh}", f"{entry.en} {since_en}".rstrip()))
    return f"{strip.number}  {name}"


def _figures(strip: Strip, language: str) -> str:
    """The subject's value, the peers' median and middle half."""
    entry, _days = strip.measure
    value, first, median, third = (
        measure_value(entry, v, language) for v in (strip.value, *strip.quantiles[2:5])
    )
    if entry.unit == "flag":
        return value
    unit = UNITS[entry.unit][1]
    if language == "en" and " " in unit:
        # A unit of several words is said once.
        first, median = first.removesuffix(f" {unit}"), median.removesuffix(f" {unit}")
        value = value.removesuffix(f" {unit}")
    half = f"{first}–{third}" if first != third else first
    return f"{value} · {text_in(language, _MEDIAN)} {median} · {text_in(language, _HALF)} {half}"


def _root_scale(low: float, high: float) -> Callable[[float], float]:
    """Values to 0..1, on a root scale, for most measures have long tails."""
    span = high - low or 1.0
    return lambda value: math.sqrt(max(value - low, 0.0) / span)


def calendar(days: pd.Series, lanes: pd.Series, marked: pd.Series) -> Markup:
    """Who or where (a lane each, the busiest first) on which day; red: what is marked.

    Args:
        days: dates.
        lanes: name of the lane.
        marked: is it what the picture points at?
    """
    order = list(lanes.value_counts(sort=True).index[:MOST_LANES])
    height = _LANE_STEP * len(order) + 24
    place, elements = _day_axis(_dates(days), _LANE_LABEL, height - 20)
    for row, lane in enumerate(order):
        y = _LANE_STEP * row + 12
        elements.append(svg.line(_LANE_LABEL, y, WIDTH, y))
        label = svg.shortened(str(lane), _LANE_LABEL - 10)
        elements.append(svg.text(_LANE_LABEL - 8, y + 4, label, "end"))
    rows = {lane: row for row, lane in enumerate(order)}
    visits = sorted(
        {
            (bool(mark), rows[lane], day)
            for day, lane, mark in zip(_dates(days), lanes, marked, strict=True)
            if lane in rows
        }
    )
    # Those marked are drawn last and lie in front.
    elements += [
        svg.circle(place(day), _LANE_STEP * row + 12, 3.5, RED if mark else PALE, "none" if mark else BLUE)
        for mark, row, day in visits
    ]
    return svg.picture(WIDTH, height, elements)


def weeks(weeks: pd.Series, total: pd.Series, marked: pd.Series) -> Markup:
    """Visits a week; red: those marked."""
    base, left = _WEEKS_HEIGHT - 22.0, 60.0
    scale, elements = y_axis(float(total.max()), base, left)
    place, axis = _day_axis(_dates(weeks), left + 4, base)
    elements += axis
    for week, n, red in zip(_dates(weeks), total, marked, strict=True):
        x = place(week) - 3
        elements.append(svg.rect(x, base - scale * float(n), 6, scale * float(n), PALE))
        if red:
            elements.append(svg.rect(x, base - scale * float(red), 6, scale * float(red), RED))
    return svg.picture(WIDTH, _WEEKS_HEIGHT, elements)


def _dates(days: pd.Series) -> list[date]:
    return [stamp.date() for stamp in pd.to_datetime(days)]


def _day_axis(days: Sequence[date], left: float, base: float) -> tuple[Callable[[date], float], list[str]]:
    """Place of each day between `left` and the right edge, and the months below `base`."""
    first, last = min(days), max(days)
    span = max((last - first).days, 1)
    room = WIDTH - left - 8

    def place(day: date) -> float:
        return left + 4 + (room - 4) * (day - first).days / span

    months = [stamp.date() for stamp in pd.date_range(first.replace(day=1), last, freq="MS")]
    months = [month for month in months if month >= first] or [first]
    every = max(math.ceil(len(months) * _MONTH_WIDTH / room), 1)
    elements = []
    for month in months[::every]:
        x = place(month)
        elements.append(svg.line(x, base, x, base + 4, GREY))
        # The last one must not run over the edge.
        anchor = "middle" if x + _MONTH_WIDTH / 2 < WIDTH and x - _MONTH_WIDTH / 2 > left - 20 else "start"
        anchor = "end" if x + _MONTH_WIDTH / 2 >= WIDTH else anchor
        elements.append(svg.text(x, base + 17, f"{month:%Y-%m}", anchor, 11))
    return place, elements
