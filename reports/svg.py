"""Elements of SVG pictures as text: shapes, words, scales and ticks. The same data give the same picture."""

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

INK, GREY, LINE, BLUE, RED, PALE = "#333333", "#777777", "#DDDDDD", "#1F4E79", "#C00000", "#BDD0E3"
# Width of a picture on the page, in pixels; narrower screens and paper scale it.
WIDTH = 880
SIZE = 12
# A Chinese character is as wide as it is high; others are narrower. Fonts differ, so these are on the safe
# side.
_WIDE, _NARROW = 1.0, 0.6


def picture(width: float, height: float, elements: Sequence[str]) -> Markup:
    """The elements as one picture."""
    head = (
        f'<svg viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" height="{_n(height)}" role="img">'
    )
    return Markup(head + "".join(elements) + "</svg>")


def text(x: float, y: float, words: str, anchor: str = "start", size: float = SIZE, fill: str = INK) -> str:
    """Words whose baseline is at y; `anchor` start, middle or end."""
    place = f'x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" font-size="{_n(size)}" fill="{fill}"'
    return f"<text {place}>{escape(words)}</text>"


def line(x1: float, y1: float, x2: float, y2: float, stroke: str = LINE, width: float = 1) -> str:
    """A straight line."""
    ends = f'x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"'
    return f'<line {ends} stroke="{stroke}" stroke-width="{_n(width)}"/>'


def rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    """A filled rectangle."""
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="{fill}"/>'


def circle(x: float, y: float, radius: float, fill: str, stroke: str = "none") -> str:
    """A filled circle."""
    return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}" stroke="{stroke}"/>'


def text_width(words: str, size: float = SIZE) -> float:
    """About how wide words are, in pixels."""
    return size * sum(_WIDE if char > "\u2e80" else _NARROW for char in words)


def shortened(words: str, width: float, size: float = SIZE) -> str:
    """Words cut to a width in pixels, with an ellipsis where something is cut."""
    if text_width(words, size) <= width:
        return words
    while words and text_width(words + "…", size) > width:
        words = words[:-1]
    return words + "…"


def ticks(highest: float, most: int = 5) -> list[float]:
    """Round numbers from 0 to the first one that is not below the highest, `most` at most."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / (most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    return [step * place for place in range(math.ceil(highest / step - 1e-9) + 1)]


def tick_text(value: float) -> str:
    """A tick without needless decimals."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}".rstrip("0")


def _n(value: float) -> str:
    """A coordinate with one decimal at most, for a shorter page."""
    return f"{value:.1f}".removesuffix(".0")
