"""Charts of the pages about a run: bars, columns by month, reliability of a score."""

from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup

from reports import svg
from reports.svg import BLUE, GREY, LINE, PALE, WIDTH

_BAR, _BAR_STEP = 14, 22
_COLUMNS_HEIGHT, _LEFT, _BOTTOM, _TOP = 220, 74, 26, 22
# Room for a month's label, so that neighbours stay apart.
_MONTH_WIDTH = 58
# Side of the square of a reliability chart.
_SIDE = 300
# A share confirmed below this has its number above.
_NEAR_AXIS = 0.1


def bars(
    labels: Sequence[str], values: Sequence[float], unit: str, most: int = 12, digits: int = 0
) -> Markup:
    """The first bars, each with its label at the left and its value at its end.

    Args:
        values: largest first.
        unit: what the values are, said above the bars.
        most: bars at most.
        digits: decimals of the values.
    """
    labels, values = list(labels)[:most], [float(value) for value in values][:most]
    left = min(max((svg.text_width(label) for label in labels), default=0), 0.42 * WIDTH) + 8
    room = WIDTH - left - max((svg.text_width(f"{v:,.{digits}f}") for v in values), default=0) - 8
    highest = max([*values, 0.0]) or 1.0
    elements = [svg.text(left, 12, unit, fill=GREY)]
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = 20 + _BAR_STEP * place
        long = room * max(value, 0.0) / highest
        elements += [
            svg.text(left - 6, y + 11, svg.shortened(label, left - 8), "end"),
            svg.rect(left, y, long, _BAR, BLUE),
            svg.text(left + long + 4, y + 11, f"{value:,.{digits}f}"),
        ]
    return svg.picture(WIDTH, 24 + _BAR_STEP * len(values), elements)


def columns(months: Sequence[str], values: Sequence[float], unit: str) -> Markup:
    """A column for each month, oldest first; `unit` says what the values are."""
    base = _COLUMNS_HEIGHT - _BOTTOM
    scale, elements = y_axis(max([*values, 0.0]), base, _LEFT)
    step = (WIDTH - _LEFT) / max(len(months), 1)
    every = max(int(-(-_MONTH_WIDTH // step)), 1)
    elements.append(svg.text(0, 12, unit, fill=GREY))
    for place, (month, value) in enumerate(zip(months, values, strict=True)):
        x, high = _LEFT + step * place, scale * value
        wide = min(step * 0.7, 40)
        elements.append(svg.rect(x + (step - wide) / 2, base - high, wide, high, BLUE))
        if place % every == 0:
            elements.append(svg.text(x + step / 2, base + 16, month, "middle"))
    return svg.picture(WIDTH, _COLUMNS_HEIGHT, elements)


def y_axis(highest: float, base: float, left: float) -> tuple[float, list[str]]:
    """Lines and numbers of a vertical axis from 0: pixels a unit, and the elements.

    Args:
        base: where 0 stands, in pixels from the top.
        left: where the picture's columns begin.
    """
    marks = svg.ticks(highest)
    scale = (base - _TOP) / marks[-1]
    elements = []
    for mark in marks:
        y = base - scale * mark
        elements.append(svg.line(left, y, WIDTH, y))
        elements.append(svg.text(left - 6, y + 4, svg.tick_text(mark), "end"))
    return scale, elements


def reliability(curve: pd.DataFrame) -> Markup:
    """Predicted probability against the share that came true, a dot a group; on the diagonal, the score
    means what it says.

    Args:
        curve: predicted, confirmed (shares), n.
    """
    left, top = 44.0, 24.0

    def x(share: float) -> float:
        return left + _SIDE * share

    def y(share: float) -> float:
        return top + _SIDE * (1 - share)

    elements = [svg.line(x(0), y(0), x(1), y(1), PALE, 2)]
    for mark in (0.0, 0.25, 0.5, 0.75, 1.0):
        elements += [
            svg.line(x(0), y(mark), x(1), y(mark), LINE),
            svg.text(left - 6, y(mark) + 4, f"{mark:.0%}", "end"),
            svg.text(x(mark), top + _SIDE + 18, f"{mark:.0%}", "middle"),
        ]
    points = [(float(p), float(c), int(n)) for p, c, n in curve[["predicted", "confirmed", "n"]].to_numpy()]
    for (p, c, _n), (q, d, _m) in zip(points, points[1:], strict=False):
        elements.append(svg.line(x(p), y(c), x(q), y(d), BLUE, 1.5))
    for place, (p, c, n) in enumerate(points):
        elements.append(svg.circle(x(p), y(c), 4, BLUE))
        # Above and below in turn, for neighbouring groups may lie close together; never among the marks.
        above = place % 2 or c < _NEAR_AXIS
        elements.append(svg.text(x(p), y(c) + (-8 if above else 18), f"{n:,}", "middle", 11, GREY))
    return svg.picture(left + _SIDE + 24, top + _SIDE + 30, elements)
