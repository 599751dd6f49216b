"""The form in which all kinds of care hand over their visits and lines."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from benchmarks.blind.catalogue import items

VISIT = [
    "psn",
    "inst",
    "med_type",
    "begin",
    "end",
    "doctor",
    "icd",
    "dise_no",
    "dept",
    "trum",
    "ttp",
    "cert",
    "pooled",
    "waived",
    "lag",
]
LINE = ["visit", "item", "cnt", "pric", "time", "doctor", "rx", "sale"]


@dataclass
class Sheet:
    """Visits by number and lines that point to them; parts are collected and joined once."""

    visits: list[pd.DataFrame] = field(default_factory=list)
    lines: list[pd.DataFrame] = field(default_factory=list)
    count: int = 0

    def enter(self, visits: pd.DataFrame) -> np.ndarray:
        """Add visits (columns `VISIT`, missing ones null) and return their numbers."""
        number = np.arange(self.count, self.count + len(visits))
        self.count += len(visits)
        self.visits.append(visits.reindex(columns=VISIT))
        return number

    def charge(
        self,
        visit: np.ndarray,
        item: np.ndarray | int,
        cnt: np.ndarray | float,
        time: np.ndarray,
        price: np.ndarray | float = 1.0,
        **more: object,
    ) -> None:
        """Add lines: `price` is a factor on the catalogue's price of services, or on all if `all_items`."""
        if not len(visit):
            return
        table, every = items(), bool(more.pop("all_items", False))
        item = np.broadcast_to(item, len(visit))
        factor = np.where(
            every | ~table.drug.to_numpy()[item] & table.list_type.ne("301").to_numpy()[item], price, 1
        )
        pric = np.round(table.price.to_numpy()[item] * factor, 2)
        frame = pd.DataFrame({"visit": visit, "item": item, "cnt": cnt, "pric": pric, "time": time, **more})
        self.lines.append(frame[frame.cnt > 0])

    def joined(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """All visits and all lines."""
        visits = pd.concat(self.visits, ignore_index=True)
        return visits, pd.concat(self.lines, ignore_index=True).reindex(columns=LINE)
