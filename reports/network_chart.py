"""The links of a group as a picture: members on a circle, the doctors and institutions they share inside
it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from reports import svg
from reports.svg import BLUE, GREY, INK, LINE, PALE, RED, WIDTH

# Members named at most: the core and those of most links; all of them in a small group.
MOST_NAMED, SMALL_GROUP = 6, 16
# Radius of the circle: so much a member, within bounds.
_RADIUS_A_MEMBER, _RADII, _MARGIN = 14, (70, 170), 40
_HUB_COLOUR = "#B7791F"
_HUB_RADIUS = 0.38
_LABEL = 190.0
Point = tuple[float, float]


@dataclass(frozen=True)
class Hub:
    """A doctor or institution that members share.

    Attributes:
        label: what it is called.
        members: who goes through it.
    """

    label: str
    members: frozenset[str]


def network(
    edges: pd.DataFrame, members: Sequence[str], core: str | None, hubs: Sequence[Hub] = ()
) -> Markup:
    """Who is linked to whom beyond chance; the thicker the line the less chance explains it; red: the core
    member.

    Args:
        edges: a, b, neg_log10_fdr.
        members: ids; those without an edge stand alone.
        core: the member who holds the group together.
        hubs: doctors and institutions that members share.
    """
    pairs = [(str(a), str(b), float(w)) for a, b, w in edges[["a", "b", "neg_log10_fdr"]].to_numpy()]
    order = _around(members, pairs)
    radius = float(_RADII[1] if hubs else min(max(_RADIUS_A_MEMBER * len(order), _RADII[0]), _RADII[1]))
    middle = WIDTH / 2, radius + _MARGIN
    spots = {name: _spot(middle, place, len(order), radius) for place, name in enumerate(order)}
    within = radius * _HUB_RADIUS if len(hubs) > 1 else 0.0
    inner = {n: _spot(middle, n, len(hubs), within) for n in range(len(hubs))}
    highest = max((weight for _a, _b, weight in pairs), default=1.0) or 1.0
    elements = [svg.line(*spots[a], *spots[b], PALE, 0.4 + 2.4 * w / highest) for a, b, w in pairs]
    for n, hub in enumerate(hubs):
        elements += [svg.line(*inner[n], *spots[m], LINE) for m in order if m in hub.members]
    elements += [svg.circle(*spots[m], 7 if m == core else 5, RED if m == core else BLUE) for m in order]
    for n, hub in enumerate(hubs):
        elements += _hub(*inner[n], hub.label)
    elements += [_label(middle, spots[m], m, RED if m == core else INK) for m in _named(order, pairs, core)]
    return svg.picture(WIDTH, 2 * (radius + _MARGIN), elements)


def _spot(middle: Point, place: int, of: int, radius: float) -> Point:
    """A place on the circle, the first at the top."""
    angle = 2 * math.pi * place / max(of, 1) - math.pi / 2
    return middle[0] + radius * math.cos(angle), middle[1] + radius * math.sin(angle)


def _around(members: Sequence[str], pairs: Iterable[tuple[str, str, float]]) -> list[str]:
    """Members in an order that puts those of strong links beside each other: each time the one most strongly
    linked to the last few."""
    links: dict[str, dict[str, float]] = {member: {} for member in members}
    for a, b, weight in pairs:
        links[a][b] = links[b][a] = weight
    left = sorted(links, key=lambda m: (-sum(links[m].values()), m))
    order: list[str] = []
    while left:
        nearest = max(left, key=lambda m: sum(links[m].get(o, 0.0) for o in order[-3:])) if order else left[0]
        order.append(nearest)
        left.remove(nearest)
    return order


def _named(order: Sequence[str], pairs: Iterable[tuple[str, str, float]], core: str | None) -> list[str]:
    """The members whose name is written: all of a small group, else the core and those of the strongest
    links."""
    if len(order) <= SMALL_GROUP:
        return list(order)
    strength = dict.fromkeys(order, 0.0)
    for a, b, weight in pairs:
        strength[a] += weight
        strength[b] += weight
    strongest = sorted(order, key=lambda m: (m != core, -strength[m], m))
    return _apart(strongest, order)


def _apart(strongest: Sequence[str], order: Sequence[str]) -> list[str]:
    """The first names that are no neighbours on the circle, so that their labels stay apart."""
    place = {name: n for n, name in enumerate(order)}
    room = math.ceil(len(order) / SMALL_GROUP)
    chosen: list[str] = []
    for name in strongest:
        away = [abs(place[name] - place[other]) for other in chosen]
        if all(min(gap, len(order) - gap) >= room for gap in away):
            chosen.append(name)
        if len(chosen) == MOST_NAMED:
            break
    return chosen


def _label(middle: Point, spot: Point, name: str, fill: str) -> str:
    """A member's name outside the circle."""
    x, y = spot
    side = x - middle[0]
    if abs(side) < 1:
        return svg.text(x, y + (22 if y > middle[1] else -12), name, "middle", 11, fill)
    away = 10 if side > 0 else -10
    return svg.text(x + away, y + 4, svg.shortened(name, _LABEL), "start" if side > 0 else "end", 11, fill)


def _hub(x: float, y: float, label: str) -> list[str]:
    """A hub as a square with its name below, on white so that lines do not cross it."""
    words = svg.shortened(label, _LABEL)
    wide = svg.text_width(words, 12)
    return [
        svg.rect(x - 8, y - 8, 16, 16, _HUB_COLOUR),
        svg.rect(x - wide / 2 - 2, y + 10, wide + 4, 16, "white"),
        svg.text(x, y + 22, words, "middle", 12, GREY),
    ]
