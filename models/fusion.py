"""Parts → one score: a logistic sum that never falls when a part rises, calibrated where outcomes allow."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

PARTS = ("model", "evidence", "isolation", "graph", "rule")
# Log-odds a unit of each part (see SubjectModel.parts for the units): evidence of about ten (three telling families
# at one in a hundred) makes a coin toss. Our own starting values. They decide the order of the list and outcomes do
# not change them, for outcomes name only the schemes that somebody chose to look for; outcomes set how far the
# learnt part is trusted, and the level and slope of the probability.
BIAS = -6.0
WEIGHTS = {"evidence": 0.6, "isolation": 0.1, "graph": 1.0, "rule": 2.0}
# The learnt part gets a quarter of its log-odds where outcomes abound, half of that at so many confirmed subjects.
TRUST, TRUST_CONFIRMED = 0.25, 60
# Slope and level are drawn to one and zero as if by so many outcomes.
_PRIOR_OUTCOMES = 20.0


@dataclass(frozen=True)
class Fusion:
    """raw = slope × (bias + sum of weight × part) + level; a missing part adds nothing; score = expit(raw).

    Attributes:
        weights: by part, none negative.
    """

    weights: dict[str, float] = field(default_factory=lambda: WEIGHTS | {"model": 0.0})
    slope: float = 1.0
    level: float = 0.0

    @property
    def base(self) -> float:
        """Raw score of a subject with nothing against it."""
        return self.slope * BIAS + self.level

    def weight(self, part: str) -> float:
        """Log-odds that one unit of a part adds to the raw score."""
        return self.slope * self.weights[part]

    def raw(self, parts: pd.DataFrame) -> pd.Series:
        """Log-odds of being worth a visit."""
        return self.base + sum(self.weight(part) * parts[part].astype(float).fillna(0.0) for part in PARTS)


def trusting(confirmed: int) -> Fusion:
    """The fusion that trusts the learnt part as far as so many confirmed subjects allow."""
    return Fusion(WEIGHTS | {"model": TRUST * confirmed / (confirmed + TRUST_CONFIRMED)})


def calibrate(fusion: Fusion, parts: pd.DataFrame, target: pd.Series, weight: pd.Series) -> Fusion:
    """Set level and slope so that the score is a probability (Platt 1999), without changing the order.

    Args:
        parts: rows × PARTS; the learnt part out of fold.
        target: 1 confirmed, 0 not.
        weight: of each row.
    """
    raw, y, w = fusion.raw(parts).to_numpy(), target.to_numpy(), weight.to_numpy()

    def loss(theta: np.ndarray) -> float:
        z = theta[0] * raw + theta[1]
        drawn = _PRIOR_OUTCOMES / 2 * ((theta[0] - 1) ** 2 + (theta[1] / 4) ** 2)
        return np.sum(w * (np.logaddexp(0, z) - y * z)) + drawn

    found = minimize(loss, [1.0, 0.0], method="L-BFGS-B", bounds=[(0.2, 5.0), (None, None)])
    return Fusion(fusion.weights, float(found.x[0]), float(found.x[1]))


def probability(raw: pd.Series) -> pd.Series:
    """Log-odds to 0..1."""
    return pd.Series(expit(raw.to_numpy(dtype=float)), index=raw.index)
