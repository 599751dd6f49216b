"""Districts, towns and villages on a plane in kilometres, and who goes how far."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

# A made-up prefecture; districts follow as its fifth and sixth digit.
PREFECTURE = "4291"
VILLAGES_A_TOWN = (4, 11)
TOWNS_A_DISTRICT = (3, 8)


@dataclass(frozen=True)
class Geography:
    """Villages and urban communities: code, district, town, x, y in km, weight, market day (0 to 4), seat."""

    villages: pd.DataFrame

    def distance(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Kilometres from each village (rows) to each of the places (columns)."""
        v = self.villages
        return np.hypot(v.x.to_numpy()[:, None] - x, v.y.to_numpy()[:, None] - y)


def settle(rng: np.random.Generator, districts: int) -> Geography:
    """A seat for each district with dense communities, and towns around it with scattered villages."""
    rows = []
    angle = rng.uniform(0, 2 * np.pi, districts)
    radius = np.where(np.arange(districts) == 0, 0, rng.uniform(18, 60, districts))
    for d in range(districts):
        seat = radius[d] * np.cos(angle[d]), radius[d] * np.sin(angle[d])
        code = f"{PREFECTURE}{d + 1:02d}"
        for t in range(int(rng.integers(*TOWNS_A_DISTRICT)) + 1):
            spread = 1.5 if t == 0 else 2.5
            at = seat if t == 0 else tuple(np.asarray(seat) + rng.normal(0, 11, 2))
            market = int(rng.integers(0, 5))
            for v in range(int(rng.integers(*VILLAGES_A_TOWN))):
                x, y = np.asarray(at) + rng.normal(0, spread, 2)
                weight = rng.gamma(2.0) * (4.5 if t == 0 else 1.0) * (2.0 if d == 0 else 1.0)
                rows.append(
                    (f"{code}{t:03d}{v + 1:03d}", code, f"{code}{t:03d}", x, y, weight, market, t == 0)
                )
    columns = ["code", "district", "town", "x", "y", "weight", "market", "seat"]
    return Geography(pd.DataFrame(rows, columns=columns))


def gravity(distance: np.ndarray, pull: np.ndarray, reach: np.ndarray | float) -> np.ndarray:
    """Cumulative probabilities, villages by places: pull of a place, fading with distance over its reach."""
    weight = pull * np.exp(-distance / reach)
    weight += 1e-9 * pull
    return np.cumsum(weight / weight.sum(1, keepdims=True), axis=1)


def choose(rng: np.random.Generator, cumulative: np.ndarray, village: np.ndarray) -> np.ndarray:
    """One place for each entry of `village`, drawn from the village's row of cumulative probabilities."""
    out = np.empty(len(village), dtype=np.int64)
    for part in range(0, len(village), 50_000):
        rows = cumulative[village[part : part + 50_000]]
        out[part : part + 50_000] = (rng.random(len(rows))[:, None] > rows).sum(1)
    return np.minimum(out, cumulative.shape[1] - 1)
