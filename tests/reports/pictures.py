"""What a picture holds: elements by tag, and texts with their boxes, so that tests can look for overlap."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

from reports.svg import text_width

# Fonts are narrower than the safe estimate by which room is left.
NARROWER = 0.9


@dataclass(frozen=True)
class Words:
    """A text of a picture and the box it takes."""

    text: str
    left: float
    right: float
    top: float
    bottom: float

    def overlaps(self, other: "Words") -> bool:
        """Do two texts share room?"""
        beside = self.left < other.right and other.left < self.right
        return beside and self.top < other.bottom and other.top < self.bottom


class Picture:
    """An SVG element, read."""

    def __init__(self, markup: str):
        self.root = ElementTree.fromstring(str(markup))
        self.width, self.height = (float(self.root.get(name)) for name in ("width", "height"))

    def all(self, tag: str, **attributes: str) -> list[ElementTree.Element]:
        """Elements of a tag with these attributes."""
        return [e for e in self.root.iter(tag) if all(e.get(k) == v for k, v in attributes.items())]

    def words(self) -> list[Words]:
        """The texts with their boxes."""
        return [_words(element) for element in self.root.iter("text")]

    def faults(self) -> list[str]:
        """Texts that overlap one another or run over the edge."""
        words = self.words()
        over = [
            w.text for w in words if w.left < -1 or w.right > self.width + 1 or w.bottom > self.height + 1
        ]
        pairs = [(a, b) for n, a in enumerate(words) for b in words[n + 1 :]]
        return over + [f"{a.text} × {b.text}" for a, b in pairs if a.overlaps(b)]


def _words(element: ElementTree.Element) -> Words:
    x, y, size = (float(element.get(name)) for name in ("x", "y", "font-size"))
    wide = NARROWER * text_width(element.text or "", size)
    left = {"start": x, "middle": x - wide / 2, "end": x - wide}[element.get("text-anchor")]
    return Words(element.text or "", left, left + wide, y - 0.8 * size, y + 0.1 * size)
