"""Fusion of the parts into one score: logistic regression with non-negative weights, and calibration.

Every part has a prior weight that holds without any outcome. Outcomes move the weights, the farther the more
there are: freely where the inspected are as good as a random sample, little where somebody chose them,
because chosen cases show only the schemes that somebody looked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

FloatArray = npt.NDArray[np.float64]

PARTS = ("model", "evidence", "isolation", "graph", "rule")
# Log-odds of a subject without any part: how common conduct worth an inspection is before anything is known.
# One in twenty institutions, one in ninety doctors, one in four hundred persons, visits and groups. Own
# starting values, checked by reliability on generated cities (`docs/decisions.md`, 2026-11-28).
BIAS = -6.0
BIASES = {"hospital": -3.0, "pharmacy": -3.0, "prescriber": -4.5}
# Log-odds by a unit of each part (units: `SubjectModel.parts`). Own starting values.
WEIGHTS = {"evidence": 0.6, "isolation": 0.1, "graph": 1.0, "rule": 2.0}
# Prior weight of the learnt log-odds with many confirmed subjects, and the share of it that negative ones
# have (those of subjects unlike the confirmed). Own starting values.
MODEL_WEIGHT, NEGATIVE_MODEL_WEIGHT = 0.25, 0.2
# Standard deviation of the prior around the start, in log-odds by a standard deviation of the part: after a
# random sample, and after many chosen cases. Own starting values (`benchmarks/fusing.py`).
RANDOM_PRIOR_SD, TARGETED_PRIOR_SD = 1.0, 0.4
# Number of confirmed subjects at which the prior model weight and the prior's width after chosen cases are
# half of that. Own starting value.
HALF_CONFIRMED = 60
# Findings of rules and links are evidence whatever the other cases were like: never below their prior
# weights.
_NEVER_REDUCED = ("graph", "rule")
# Slope and level of the calibration are shrunk toward one and zero with the weight of so many outcomes; the
# prior of the level is so many times as wide. Own starting values.
_PRIOR_OUTCOMES, _LEVEL_SD = 20.0, 4.0
# Bounds of the slope, and the largest log-odds after calibration: beyond it probabilities round to one and
# ranks tie.
_SLOPES, _MAX_LOG_ODDS = (0.2, 5.0), 30.0
# Smallest standard deviation of a part: one that never varies has no scale of its own.
_MIN_SD = 1e-3


@dataclass(frozen=True)
class Fusion:
    """raw = slope × (bias + sum of weight × part) + level; a missing part adds nothing; score = expit(raw).

    Where the learnt part is negative its weight is ``negative_model_weight`` × (1 − rule part): the findings
    of rules are not offset by looking unlike the confirmed.

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
        """Raw score of a subject whose parts are all zero."""
        return self.slope * self.bias + self.level

    def weight(self, part: str) -> float:
        """Log-odds that one unit of a part adds to the raw score."""
        return self.slope * self.weights[part]

    def model_weight(self, parts: pd.DataFrame) -> pd.Series:
        """Log-odds that one unit of each subject's learnt part adds to its raw score."""
        negative = self.weight("negative_model_weight") * (1 - parts["rule"].astype(float).fillna(0.0))
        return negative.where(parts["model"].astype(float).fillna(0.0) < 0, self.weight("model"))

    def raw(self, parts: pd.DataFrame) -> pd.Series:
        """Log-odds of being worth an inspection."""
        known = _known(parts)
        others = sum((self.weight(part) * known[part] for part in PARTS if part != "model"), start=0.0)
        return self.base + self.model_weight(parts) * known["model"] + others


def prior_fusion(subject: str) -> Fusion:
    """The fusion of a kind of subject without outcomes."""
    return Fusion(bias=BIASES.get(subject, BIAS))


def prior_weights(confirmed: int) -> Fusion:
    """The fusion before any outcome is used, given the number of confirmed subjects the learner was trained
    on."""
    weight = MODEL_WEIGHT * _reliance(confirmed)
    return Fusion(WEIGHTS | {"model": weight, "negative_model_weight": NEGATIVE_MODEL_WEIGHT * weight})


def _reliance(confirmed: int) -> float:
    """0 to 1, rising with the number of confirmed subjects."""
    return confirmed / (confirmed + HALF_CONFIRMED)


def fit_weights(parts: pd.DataFrame, target: pd.Series, spread: pd.Series, random_sample: bool) -> Fusion:
    """Fit the weights to the outcomes: logistic regression with a normal prior around `prior_weights` and no
    negative weight (maximum a posteriori; MacKay 1992).

    Args:
        parts: inspected subjects × PARTS; the learnt part out of fold.
        target: 1 confirmed, 0 cleared.
        spread: `spreads` over all subjects, for a common scale.
        random_sample: the inspected are as good as a random sample; otherwise the prior is narrower.
    """
    confirmed = int(target.sum())
    start = prior_weights(confirmed)
    prior_sd = RANDOM_PRIOR_SD if random_sample else TARGETED_PRIOR_SD * _reliance(confirmed)
    names = list(start.weights)
    mean = np.array([start.weights[name] for name in names])
    loss = _posterior_loss(
        _columns(parts)[names].to_numpy(), target.to_numpy(), mean, spread[names].to_numpy() / prior_sd
    )
    lowest = [start.weights[name] if name in _NEVER_REDUCED else 0.0 for name in names]
    bounds = [*((low, None) for low in lowest), (None, None)]
    found = minimize(loss, np.append(mean, start.bias), jac=True, method="L-BFGS-B", bounds=bounds).x
    return Fusion(dict(zip(names, map(float, found[:-1]), strict=True)), float(found[-1]))


def _posterior_loss(
    x: FloatArray, y: npt.NDArray[np.int64], mean: FloatArray, scale: FloatArray
) -> Callable[[FloatArray], tuple[float, FloatArray]]:
    """Negative log posterior and its gradient, as a function of (weights, bias); the bias has no prior.

    Args:
        x: subjects × weighted columns.
        y: 1 confirmed, 0 cleared.
        mean, scale: mean and inverse standard deviation of the prior of each weight.
    """

    def loss(theta: FloatArray) -> tuple[float, FloatArray]:
        z = x @ theta[:-1] + theta[-1]
        away = (theta[:-1] - mean) * scale
        gradient = np.append(x.T @ (expit(z) - y) + away * scale, (expit(z) - y).sum())
        return np.sum(np.logaddexp(0, z) - y * z) + away @ away / 2, gradient

    return loss


def spreads(parts: pd.DataFrame) -> pd.Series:
    """Standard deviation of each weighted column over all subjects, at least _MIN_SD."""
    return _columns(parts).std().fillna(0.0).clip(lower=_MIN_SD)


def _known(parts: pd.DataFrame) -> pd.DataFrame:
    """The numeric parts; a missing one counts as zero."""
    return parts[list(PARTS)].astype(float).fillna(0.0)


def _columns(parts: pd.DataFrame) -> pd.DataFrame:
    """What the weights multiply: the parts, the learnt one split by its sign."""
    known = _known(parts)
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
        highest: largest raw score of all subjects; it stays where probabilities are distinguishable.
    """
    raw, y, w = fusion.raw(parts).to_numpy(), target.to_numpy(), weight.to_numpy()

    def loss(theta: FloatArray) -> float:
        z = theta[0] * raw + theta[1]
        penalty = _PRIOR_OUTCOMES / 2 * ((theta[0] - 1) ** 2 + (theta[1] / _LEVEL_SD) ** 2)
        return float(np.sum(w * (np.logaddexp(0, z) - y * z)) + penalty)

    flattest, steepest = _SLOPES[0], float(np.clip(_MAX_LOG_ODDS / max(highest, 1.0), *_SLOPES))
    bounds = [(flattest, steepest), (None, None)]
    found = minimize(loss, [min(1.0, steepest), 0.0], method="L-BFGS-B", bounds=bounds)
    return Fusion(fusion.weights, fusion.bias, float(found.x[0]), float(found.x[1]))


def probability(raw: pd.Series) -> pd.Series:
    """Log-odds to 0..1."""
    return pd.Series(expit(raw.to_numpy(dtype=float)), index=raw.index)
