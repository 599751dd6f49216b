"""Whether z-values mean what they say: their shares beyond 1 % and 0.1 % in cities without guilt.

    fundguard simulate --out CITY --guilt 0 …
    python -m benchmarks.calibration CITY STORE AS_OF [CITY STORE AS_OF …]

Prints, by kind of subject and peer group, the share of (subject, measure) z-values beyond the two levels, and
the measures whose share is more than BOUND times a level. Measures without weight are left out, for they are
no evidence. Writes the QQ plot to docs/img/calibration.svg. z-values below a level are wanted: a difference
has to be material as well (`Measure.materiality`), and discrete counts leave gaps.
"""

import sys
from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.stats import norm

from benchmarks.cities import KINDS, ROOT, City, cities, table
from features.measures.catalogue import spec
from reports import svg

LEVELS = (0.01, 0.001)
# The bound on the share beyond a level, in levels.
BOUND = 2.0
# A measure is printed only where so many subjects have it, or its share beyond 0.1 % says nothing.
MIN_SUBJECTS = 1_000
PICTURE = ROOT / "docs/img/calibration.svg"
_COLOURS = dict(zip(KINDS, (svg.BLUE, svg.RED, svg.INK, svg.GREY, svg.PALE), strict=True))
# Powers of ten of the plot's axes, and their length in pixels.
_DECADES, _SIDE = 5, 300


def z_values(cities: Iterable[City]) -> pd.DataFrame:
    """One row a z-value of a measure with weight: kind, peers, column, z."""
    frames = []
    for city in cities:
        for kind in KINDS:
            columns = spec(kind).query("evidence_weight > 0 and schemes.str.len() > 0").index
            seen = city.subjects[kind]
            z = seen.z_scores[columns].assign(kind=kind, peers=seen.peers)
            frames.append(z.melt(["kind", "peers"], var_name="column", value_name="z").dropna())
    return pd.concat(frames, ignore_index=True)


def shares(z: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Share of z-values beyond each of LEVELS, by columns of `z_values`: n, and a column a level."""
    beyond = {level: z.z > norm.isf(level) for level in LEVELS}
    grouped = z[by].assign(n=1, **{str(level): found for level, found in beyond.items()}).groupby(by)
    found = grouped.sum()
    for level in LEVELS:
        found[str(level)] /= found["n"]
    return found


def qq_plot(z: pd.DataFrame) -> str:
    """By kind: how often a significance is expected against how often it is seen, both in powers of ten. On
    the diagonal z-values mean what they say; below it they are on the safe side."""
    elements = [svg.line(*_at(0, 0), *_at(_DECADES, _DECADES), svg.PALE, 2)]
    for decade in range(_DECADES + 1):
        mark = "1" if decade == 0 else f"1/{10**decade:,}"
        elements += [
            svg.text(_at(0, decade)[0] - 6, _at(0, decade)[1] + 4, mark, "end"),
            svg.text(_at(decade, 0)[0], _at(decade, 0)[1] + 18, mark, "middle"),
            svg.line(*_at(0, decade), *_at(_DECADES, decade)),
        ]
    elements.append(svg.text(_at(0, 0)[0], 14, "probability stated; below: share of honest values seen"))
    for place, (kind, own) in enumerate(z.groupby("kind")):
        elements += _curve(own.z.to_numpy(), _COLOURS[str(kind)])
        elements.append(
            svg.text(_at(0.2, 0)[0], _at(0, 4.7)[1] + 16 * place, str(kind), fill=_COLOURS[str(kind)])
        )
    return str(svg.picture(_SIDE + 130, _SIDE + 70, elements))


def _curve(z: np.ndarray, colour: str) -> list[str]:
    """Stated against seen of the most significant values, evenly spaced in powers of ten."""
    stated = np.sort(-norm.logsf(z) / np.log(10))[::-1]
    places = np.unique(np.geomspace(1, len(stated), 40).astype(int))
    seen = np.log10(len(stated) / places)
    points = [
        _at(*pair) for pair in zip(seen.clip(0, _DECADES), stated[places - 1].clip(0, _DECADES), strict=True)
    ]
    return [svg.line(*a, *b, colour, 1.5) for a, b in zip(points, points[1:], strict=False)]


def _at(across: float, up: float) -> tuple[float, float]:
    """A point of the plot, in pixels, from powers of ten."""
    return 80 + _SIDE * across / _DECADES, 30 + _SIDE * (1 - up / _DECADES)


def _print(found: pd.DataFrame) -> None:
    heads = [*found.index.names, "z-values", *(f"beyond {level:.1%}" for level in LEVELS)]
    rows = [
        [
            *(key if isinstance(key, tuple) else (key,)),
            f"{int(row.n):,}",
            *(f"{row[str(v)]:.2%}" for v in LEVELS),
        ]
        for key, row in found.iterrows()
    ]
    table(heads, rows)


def main(arguments: list[str]) -> None:
    z = z_values(cities(arguments))
    _print(shares(z, ["kind", "peers"]))
    each = shares(z, ["kind", "column"])
    often = (each["n"] >= MIN_SUBJECTS) & ((each["0.01"] > BOUND * 0.01) | (each["0.001"] > BOUND * 0.001))
    print("\nMeasures beyond the bound:")
    _print(each[often])
    # A picture in a file of its own names its language, which one inside a page need not.
    file = qq_plot(z).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" ', 1)
    PICTURE.write_text(file + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
