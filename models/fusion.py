"""Parts → one score: a logistic sum that never falls when a part rises, weighed and calibrated by outcomes.

Every part comes with a weight that holds without any outcome. Outcomes move the weights, the farther the more there
are: freely where the inspected are as good as a random draw, little where somebody chose them, for chosen cases name
only the schemes that somebody looked for, and what nobody looked for must not sink.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

PARTS = ("model", "evidence", "isolation", "graph", "rule")
# Log-odds a unit of each part (see SubjectModel.parts for the units): evidence of about ten (three telling families
# at one in a hundred) makes a coin toss. Our own starting values.
BIAS = -6.0
WEIGHTS = {"evidence": 0.6, "isolation": 0.1, "graph": 1.0, "rule": 2.0}
# The learnt part starts from a quarter of its log-odds; looking unlike the confirmed starts from a fifth of that again.
TRUST, NEGATIVE_MODEL_WEIGHT = 0.25, 0.2
# How far outcomes may move a weight, as log-odds a standard deviation of its part (the prior's own standard
# deviation): after a random draw, and after many cases that somebody chose.
RANDOM_PRIOR_SD, TARGETED_PRIOR_SD = 1.0, 0.4
# With so many confirmed subjects the learnt part is trusted, and chosen cases are followed, half as far as that.
HALF_CONFIRMED = 60
# Proof is proof whatever other cases were like: rules and company never weigh less than without outcomes.
_FIRM = ("graph", "rule")
# Slope and level are drawn to one and zero as if by so many outcomes.
_PRIOR_OUTCOMES = 20.0
# Beyond this log-odds a probability can no longer be told from one, and ranks would tie.
_FARTHEST = 30.0


@dataclass(frozen=True)
class Fusion:
    """raw = slope × (bias + sum of weight × part) + level; a missing part adds nothing; score = expit(raw).

    Where the learnt part is negative its weight is ``negative_model_weight``, the less the more a rule has proved.

    Attributes:
        weights: by part, and ``negative_model_weight``; none negative.
    """

    weights: dict[str, float] = field(
        default_factory=lambda: WEIGHTS | {"model": 0.0, "negative_model_weight": 0.0}
    )
    bias: float = BIAS
    slope: float = 1.0
    level: float = 0.0

    @property
    def base(self) -> float:
        """Raw score of a subject with nothing against it."""
        return self.slope * self.bias + self.level

    def weight(self, part: str) -> float:
        """Log-odds that one unit of a part adds to the raw score."""
        return self.slope * self.weights[part]

    def trust(self, parts: pd.DataFrame) -> pd.Series:
        """Log-odds that one unit of each subject's learnt part adds to its raw score."""
        weight = self.weight("negative_model_weight") * (1 - parts["rule"].astype(float).fillna(0.0))
        return weight.where(parts["model"].astype(float).fillna(0.0) < 0, self.weight("model"))

    def raw(self, parts: pd.DataFrame) -> pd.Series:
        """Log-odds of being worth a visit."""
        known = parts[list(PARTS)].astype(float).fillna(0.0)
        other_parts = sum(self.weight(part) * known[part] for part in PARTS if part != "model")
        return self.base + self.trust(parts) * known["model"] + other_parts


def prior_weights(confirmed: int) -> Fusion:
    """The fusion to start from, which trusts the learnt part as far as so many confirmed subjects allow."""
    trust = TRUST * _known(confirmed)
    return Fusion(WEIGHTS | {"model": trust, "negative_model_weight": NEGATIVE_MODEL_WEIGHT * trust})


def _known(confirmed: int) -> float:
    return confirmed / (confirmed + HALF_CONFIRMED)


def weigh(parts: pd.DataFrame, target: pd.Series, spread: pd.Series, random_sample: bool) -> Fusion:
    """Move the weights from where they start to where inspected subjects want them: a logistic regression with a
    normal prior around the start and no negative weight (maximum a posteriori; MacKay 1992).

    Args:
        parts: inspected subjects × PARTS; the learnt part out of fold.
        target: 1 confirmed, 0 cleared.
        spread: standard deviation of each column of `_columns` over all subjects, for a common scale.
        drawn: the inspected are as good as a random draw; a few chosen cases name few schemes and move little.
    """
    confirmed = int(target.sum())
    start, prior_sd = (
        prior_weights(confirmed),
        RANDOM_PRIOR_SD if random_sample else TARGETED_PRIOR_SD * _known(confirmed),
    )
    names = list(start.weights)
    x, y = _columns(parts)[names].to_numpy(), target.to_numpy()
    middle = np.array([start.weights[name] for name in names])
    scale = spread[names].to_numpy() / prior_sd

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ theta[:-1] + theta[-1]
        away = (theta[:-1] - middle) * scale
        slopes = np.append(x.T @ (expit(z) - y) + away * scale, (expit(z) - y).sum())
        return np.sum(np.logaddexp(0, z) - y * z) + away @ away / 2, slopes

    least = [start.weights[name] if name in _FIRM else 0.0 for name in names]
    bounds = [(low, None) for low in least] + [(None, None)]
    found = minimize(loss, np.append(middle, start.bias), jac=True, method="L-BFGS-B", bounds=bounds).x
    return Fusion(dict(zip(names, map(float, found[:-1]), strict=True)), float(found[-1]))


def spreads(parts: pd.DataFrame) -> pd.Series:
    """Standard deviation of each weighted column over all subjects, never nothing."""
    return _columns(parts).std().fillna(0.0).clip(lower=1e-3)


def _columns(parts: pd.DataFrame) -> pd.DataFrame:
    """What the weights multiply: the parts, the learnt one split by its sign."""
    known = parts[list(PARTS)].astype(float).fillna(0.0)
    negative = known["model"].clip(upper=0) * (1 - known["rule"])
    return known.assign(model=known["model"].clip(lower=0), negative_model_weight=negative)


def calibrate(
    fusion: Fusion, parts: pd.DataFrame, target: pd.Series, weight: pd.Series, highest: float
) -> Fusion:
    """Set level and slope so that the score is a probability (Platt 1999), without changing the order.

    Args:
        parts: rows × PARTS; the learnt part out of fold.
        target: 1 confirmed, 0 not.
        weight: of each row.
        highest: raw score of the most suspect of all subjects; it stays where probabilities can be told apart.
    """
    raw, y, w = fusion.raw(parts).to_numpy(), target.to_numpy(), weight.to_numpy()

    def loss(theta: np.ndarray) -> float:
        z = theta[0] * raw + theta[1]
        penalty = _PRIOR_OUTCOMES / 2 * ((theta[0] - 1) ** 2 + (theta[1] / 4) ** 2)
        return np.sum(w * (np.logaddexp(0, z) - y * z)) + penalty

    steepest = np.clip(_FARTHEST / max(highest, 1.0), 0.2, 5.0)
    found = minimize(
        loss, [min(1.0, steepest), 0.0], method="L-BFGS-B", bounds=[(0.2, steepest), (None, None)]
    )
    return Fusion(fusion.weights, fusion.bias, float(found.x[0]), float(found.x[1]))


def probability(raw: pd.Series) -> pd.Series:
    """Log-odds to 0..1."""
    return pd.Series(expit(raw.to_numpy(dtype=float)), index=raw.index)
