"""The one form in which everybody hands in visits: honest care, schemes and look-alikes alike.

A draft has no ids: persons, places, doctors and items are numbers, times are seconds
since the first midnight. Ids are handed out at the end, after everything is sorted by time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

# Column of a visit: type and default. `pooled` means that the pooled fund pays at a pharmacy, `waived` that
# the patient pays nothing, `fixed` that the visit does not give way when two cannot both be, `plant` the
# number of the scheme or look-alike it belongs to (0 = neither), `listed` that the visit itself is one of
# its subjects.
VISIT: dict[str, tuple[str, Any]] = {
    "person": ("int32", None),
    "place": ("int32", None),
    "doctor": ("int32", -1),
    "med": ("int16", None),
    "begin": ("int64", None),
    "end": ("int64", -1),
    "settle": ("int64", -1),
    "diagnosis": ("int16", -1),
    "group": ("int16", -1),
    "department": ("str", ""),
    "pooled": ("bool", False),
    "waived": ("bool", False),
    "prescribed": ("int16", 0),  # days a prescription is good for, 0 = none on file
    "injury": ("bool", False),
    "third_party": ("bool", False),
    "signed": ("bool", True),
    "card": ("bool", False),  # always the plastic card, never a face or a telephone
    "fixed": ("bool", False),
    "plant": ("int32", 0),
    "listed": ("bool", False),
}
LINE: dict[str, tuple[str, Any]] = {
    "visit": ("int64", None),  # position of the visit in its draft
    "item": ("int16", None),
    "time": ("int64", None),
    "count": ("float64", 1.0),
    "price": ("float64", None),
    "trace": ("int32", 0),  # 0 own codes, NO_SALE, NO_CODE, or a number shared by lines that show one box
}
NO_SALE, NO_CODE = -1, -2


@dataclass(frozen=True)
class Drafts:
    """Visits (columns of VISIT) and their fee lines (columns of LINE; ``visit`` is a position)."""

    visits: pd.DataFrame
    lines: pd.DataFrame

    def marked(self, **columns: Any) -> "Drafts":
        """The same drafts with these columns of the visits set."""
        return Drafts(self.visits.assign(**columns), self.lines)

    def take(self, rows: np.ndarray) -> "Drafts":
        """The visits at these positions (unique, ascending) and their lines."""
        position = np.full(len(self.visits), -1, dtype=np.int64)
        position[rows] = np.arange(len(rows))
        visit = position[self.lines.visit.to_numpy()]
        lines = self.lines.loc[visit >= 0].assign(visit=visit[visit >= 0]).reset_index(drop=True)
        return Drafts(self.visits.iloc[rows].reset_index(drop=True), lines)


def visits(**columns: Any) -> pd.DataFrame:
    """A frame of visits with every column in its type; what is left out gets its default."""
    size = len(columns["person"])
    return _typed(VISIT, columns, size)


def lines(**columns: Any) -> pd.DataFrame:
    """A frame of fee lines with every column in its type; what is left out gets its default."""
    return _typed(LINE, columns, len(columns["visit"]))


def _typed(form: dict[str, tuple[str, Any]], columns: dict[str, Any], size: int) -> pd.DataFrame:
    data: dict[str, Any] = {}
    for name, (dtype, default) in form.items():
        value = columns.get(name, default)
        if dtype == "str":
            data[name] = pd.Categorical([value]).take(np.zeros(size, dtype=np.int8))
        else:
            data[name] = (
                np.full(size, value, dtype) if np.isscalar(value) else np.asarray(value).astype(dtype)
            )
    return pd.DataFrame(data)


def together(drafts: Iterable[Drafts]) -> Drafts:
    """All visits in one draft, lines pointing at their new positions."""
    drafts = list(drafts)
    parts = [draft for draft in drafts if len(draft.visits)] or drafts[:1]
    starts = np.cumsum([0, *(len(part.visits) for part in parts[:-1])])
    return Drafts(
        _stack([part.visits for part in parts]),
        _stack(
            [
                part.lines.assign(visit=part.lines.visit + start)
                for part, start in zip(parts, starts, strict=True)
            ]
        ),
    )


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Like concat, but text columns stay categories."""
    for name in frames[0].columns[frames[0].dtypes == "category"]:
        union = pd.api.types.union_categoricals
        kinds = pd.CategoricalDtype(union([frame[name] for frame in frames]).categories)
        frames = [frame.assign(**{name: frame[name].astype(kinds)}) for frame in frames]
    return pd.concat(frames, ignore_index=True)


def ragged(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row number and place within the row for rows with `counts` entries each."""
    counts = np.asarray(counts, dtype=np.int64)
    row = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    return row, place
