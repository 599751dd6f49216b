"""Pictures of a page, as SVG elements: text stays text, the same data give the same picture.

Matplotlib draws; words are left to the page around, so that one picture serves both languages.
"""

import functools
import io
import warnings
from collections.abc import Callable

import networkx
import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.collections import LineCollection
from matplotlib.dates import DateFormatter, MonthLocator
from matplotlib.figure import Figure

INK, BLUE, RED, PALE = "#333333", "#1F4E79", "#C00000", "#BDD0E3"
WIDTH, FONT = 7.2, 8
MOST_LANES = 14
_SEED = 0


def picture(draw: Callable[..., Figure]) -> Callable[..., Markup]:
    """Make a function that draws a figure return it as an element of a page; the keyword `key` makes the
    names inside the element its own. The same data give the same element."""

    @functools.wraps(draw)
    def drawn(*data, **options) -> Markup:
        settings = {
            # A name may hold a dollar sign; text stays text, so that the reader's own fonts show Chinese.
            "text.parse_math": False, "svg.fonttype": "none", "svg.hashsalt": options.pop("key"),
            "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"],
        }  # fmt: skip
        target = io.StringIO()
        with rc_context(settings), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
            draw(*data, **options).savefig(target, format="svg", metadata={"Date": None, "Creator": None})
        text = target.getvalue()
        return Markup(text[text.index("<svg") :])

    return drawn


def plain(axes) -> None:
    """Take away what does not inform."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=FONT)


@picture
def strips(rows: list[tuple[int, np.ndarray, float]]) -> Figure:
    """Where a subject stands among its peers, one strip a measure.

    Pale: from the 5th to the 95th of a hundred peers; blue: the middle half; white: the median; red: the subject.

    Args:
        rows: number that the page gives the measure, sorted quantiles of the peers' values, evenly spaced, and the
            subject's own value.
    """
    figure = Figure(figsize=(WIDTH, 0.25 + 0.32 * len(rows)))
    axes = figure.add_axes((0.05, 0.02, 0.93, 0.96))
    lines, ends = [], []
    for row, (number, grid, value) in enumerate(rows):
        quantiles = np.quantile(grid, [0.05, 0.25, 0.5, 0.75, 0.95])
        low, high = min(grid[0], value), max(quantiles[-1], value)
        place = _scale(low, high)
        x = [place(q) for q in quantiles]
        lines += [([(x[0], -row), (x[4], -row)], PALE), ([(x[1], -row), (x[3], -row)], BLUE)]
        ends.append((place(value), x[2], -row))
        axes.text(-0.02, -row, str(number), ha="right", va="center", fontsize=FONT + 1, color=INK)
    axes.hlines([y for _v, _m, y in ends], 0, 1, colors="#DDDDDD", lw=1, zorder=1)
    segments, colours = zip(*lines, strict=True)
    axes.add_collection(LineCollection(segments, colors=colours, linewidths=10, zorder=2))
    axes.scatter(
        [m for _v, m, _y in ends], [y for _v, _m, y in ends], marker="|", s=90, c="white", lw=2, zorder=4
    )
    axes.scatter([v for v, _m, _y in ends], [y for _v, _m, y in ends], s=60, c=RED, zorder=5)
    axes.set(xlim=(-0.04, 1.04), ylim=(-len(rows) + 0.5, 0.5))
    axes.axis("off")
    return figure


def _scale(low: float, high: float):
    """Values to 0..1, on a root scale, for most measures have long tails."""
    span = high - low or 1.0
    return lambda value: float(np.sqrt(max(value - low, 0.0) / span))


@picture
def calendar(days: pd.Series, lanes: pd.Series, marked: pd.Series) -> Figure:
    """Who or where (a lane each, the busiest first) on which day; red: what is in evidence.

    Args:
        days: dates.
        lanes: name of the lane.
        marked: in evidence?
    """
    order = lanes.value_counts(sort=True).index[:MOST_LANES]
    place = {lane: -number for number, lane in enumerate(order)}
    shown = lanes.isin(order)
    y = lanes[shown].map(place)
    figure = Figure(figsize=(WIDTH, 0.75 + 0.24 * len(order)))
    axes = figure.add_axes((0.30, 0.45 / figure.get_figheight(), 0.68, 1 - 0.5 / figure.get_figheight()))
    colours = marked[shown].map({True: RED, False: PALE})
    front = np.argsort(marked[shown].to_numpy(), kind="stable")
    axes.scatter(
        pd.to_datetime(days[shown]).to_numpy()[front], y.to_numpy()[front], c=colours.to_numpy()[front], s=26,
        edgecolors=BLUE, linewidths=0.4, zorder=3,
    )  # fmt: skip
    axes.set_yticks(list(place.values()), [str(lane) for lane in place])
    axes.set_ylim(-len(order) + 0.4, 0.6)
    _dated(axes)
    axes.grid(axis="y", color="#EEEEEE")
    return figure


@picture
def weeks(weeks: pd.Series, total: pd.Series, marked: pd.Series) -> Figure:
    """Visits a week; red: those in evidence."""
    figure = Figure(figsize=(WIDTH, 1.9))
    axes = figure.add_axes((0.09, 0.2, 0.89, 0.76))
    when = pd.to_datetime(weeks)
    axes.vlines(when, 0, total, colors=PALE, lw=6)
    axes.vlines(when, 0, marked, colors=RED, lw=6)
    axes.set_ylim(0, None)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    _dated(axes)
    return figure


def _dated(axes) -> None:
    axes.xaxis.set_major_locator(MonthLocator(interval=2))
    axes.xaxis.set_major_formatter(DateFormatter("%Y-%m"))
    plain(axes)


@picture
def network(edges: pd.DataFrame, members: list[str], hub: str | None) -> Figure:
    """Who meets whom beyond chance; the thicker the line the less chance explains it; red: the hub.

    Args:
        edges: a, b, surprise.
        members: ids; those without an edge stand alone.
    """
    graph = networkx.Graph()
    graph.add_nodes_from(members)
    graph.add_weighted_edges_from(edges[["a", "b", "neg_log10_fdr"]].itertuples(index=False, name=None))
    spot = networkx.spring_layout(graph, seed=_SEED, weight=None, iterations=40)
    figure = Figure(figsize=(WIDTH, 4.2))
    axes = figure.add_axes((0, 0, 1, 1))
    most = edges["neg_log10_fdr"].max() if len(edges) else 1.0
    lines = [(spot[a], spot[b]) for a, b in zip(edges["a"], edges["b"], strict=True)]
    widths = 0.3 + 2.2 * edges["neg_log10_fdr"].to_numpy() / most
    axes.add_collection(LineCollection(lines, linewidths=widths, colors=PALE, zorder=1))
    points = np.array([spot[name] for name in graph])
    colours = [RED if name == hub else BLUE for name in graph]
    axes.scatter(points[:, 0], points[:, 1], s=60, c=colours, zorder=2)
    if len(graph) <= 25:
        for name in graph:
            axes.annotate(
                str(name),
                spot[name],
                xytext=(0, 6),
                textcoords="offset points",
                ha="center",
                fontsize=6,
                color=INK,
            )
    axes.margins(0.08)
    axes.axis("off")
    return figure


@picture
def bars(labels: list[str], values: list[float], unit: str, most: int = 12, digits: int = 0) -> Figure:
    """The longest bars first, each with its label at the left."""
    labels = [label if len(label) <= 28 else label[:27] + "…" for label in labels][:most][::-1]
    values = list(values)[:most][::-1]
    height = 0.7 + 0.3 * max(len(values), 1)
    figure = Figure(figsize=(WIDTH, height))
    # The reader's Chinese font is wider than any known here: a character is as wide as it is high.
    widest = max((sum(1.0 if char > "\u2e80" else 0.65 for char in label) for label in labels), default=0)
    left = (widest * FONT + 12) / 72 / WIDTH
    axes = figure.add_axes((left, 0.6 / height, 0.96 - left, 1 - 0.7 / height))
    axes.barh(range(len(values)), values, color=BLUE, height=0.7)
    axes.set_yticks(range(len(values)), labels)
    axes.set_xlabel(unit)
    axes.xaxis.set_major_formatter(f"{{x:,.{digits}f}}")
    plain(axes)
    return figure


@picture
def columns(months: list[str], values: list[float], unit: str) -> Figure:
    """A column for each month."""
    figure = Figure(figsize=(WIDTH, 2.8))
    axes = figure.add_axes((0.13, 0.25, 0.85, 0.7))
    axes.bar(range(len(values)), values, color=BLUE, width=0.7)
    step = max(len(months) // 12, 1)
    axes.set_xticks(list(range(len(months)))[::step], months[::step], rotation=45, ha="right")
    axes.set_ylabel(unit)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    plain(axes)
    return figure


@picture
def reliability(curve: pd.DataFrame) -> Figure:
    """Predicted probability against the share that came true, a dot a group; on the line, the score means what it says.

    Args:
        curve: predicted, confirmed (shares), n.
    """
    figure = Figure(figsize=(3.4, 3.0), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1)
    axes.plot(curve["predicted"], curve["confirmed"], color=BLUE, marker="o", linewidth=1)
    for row in curve.itertuples():
        axes.annotate(
            f"{row.n:.0f}",
            (row.predicted, row.confirmed),
            fontsize=FONT,
            xytext=(4, 4),
            textcoords="offset points",
        )
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.09))
    plain(axes)
    return figure
