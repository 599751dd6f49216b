"""Weights that outcomes move: far after a random sample, little after chosen cases, never below proof."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from models.fusion import PARTS, WEIGHTS, Fusion, calibrate, fit_weights, prior_weights, probability, spreads


def inspected(size: int = 1000, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Subjects whose outcome depends on the learnt part alone."""
    random = np.random.default_rng(seed)
    parts = pd.DataFrame(
        {
            "model": random.normal(0, 2, size),
            "evidence": random.exponential(3, size),
            "isolation": random.normal(size=size),
            "graph": random.uniform(size=size),
            "rule": np.where(random.random(size) < 0.1, 0.8, 0.0),
        }
    )
    target = (parts.model + random.logistic(size=size) > 1.5).astype(int)
    return parts, target


def moved(parts: pd.DataFrame, target: pd.Series, random_sample: bool) -> Fusion:
    return fit_weights(parts, target, spreads(parts), random_sample)


def test_outcomes_of_a_fair_draw_decide_the_weights_and_chosen_cases_move_them_less():
    parts, target = inspected()
    start, random_sample, chosen = (
        prior_weights(int(target.sum())),
        *(moved(parts, target, random_sample) for random_sample in (True, False)),
    )
    assert random_sample.weights["model"] > 0.7 and random_sample.weights["evidence"] < 0.1
    assert random_sample.weights["model"] > chosen.weights["model"] > start.weights["model"]
    assert random_sample.weights["evidence"] < chosen.weights["evidence"] < start.weights["evidence"]


def test_a_few_outcomes_move_little():
    parts, target = inspected()
    few, many = (
        moved(parts.head(n), target.head(n), random_sample=False).weights["evidence"] for n in (30, 1000)
    )
    assert many < few == pytest.approx(WEIGHTS["evidence"], rel=0.25)


@pytest.mark.parametrize("random_sample", [True, False])
def test_no_weight_is_negative_and_proof_keeps_its_own(random_sample):
    parts, target = inspected()
    # Outcomes that contradict every part: nothing may count in a subject's favour.
    found = moved(parts, 1 - target, random_sample)
    assert min(found.weights.values()) >= 0
    assert found.weights["rule"] >= WEIGHTS["rule"] and found.weights["graph"] >= WEIGHTS["graph"]


def test_the_score_never_falls_when_a_part_rises():
    parts, target = inspected()
    fusion = moved(parts, target, random_sample=True)
    for part in PARTS:
        more = parts.assign(**{part: parts[part] + 0.2})
        assert (fusion.raw(more) - fusion.raw(parts)).min() >= 0
    assert np.isfinite(fusion.raw(parts.assign(graph=np.nan, rule=np.nan, model=np.nan))).all()


def test_findings_of_rules_are_not_offset_by_looking_unlike_the_confirmed():
    fusion = Fusion(WEIGHTS | {"model": 1.0, "negative_model_weight": 1.0})
    unlike = pd.DataFrame(
        {"model": [-6.0, -6.0], "evidence": 0.0, "isolation": 0.0, "graph": 0.0, "rule": [0.0, 1.0]}
    )
    gained = fusion.raw(unlike) - fusion.raw(unlike.assign(model=0.0))
    assert gained.tolist() == [-6.0, 0.0]


def test_probabilities_mean_what_they_say_and_can_be_told_apart():
    parts, target = inspected(4000)
    fusion = moved(parts, target, random_sample=True)
    ones = pd.Series(1.0, target.index)
    found = calibrate(fusion, parts, target, ones, 200.0)
    assert found.slope * 200 <= 40 + 1e-6
    found = calibrate(fusion, parts, target, ones, float(fusion.raw(parts).max()))
    chance = 1 / (1 + np.exp(-found.raw(parts)))
    for low, high in ((0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1)):
        inside = chance.between(low, high)
        assert inside.sum() > 50 and target[inside].mean() == pytest.approx(chance[inside].mean(), abs=0.07)
    order = fusion.raw(parts).rank()
    pd.testing.assert_series_equal(found.raw(parts).rank(), order)


def one(**parts: float) -> pd.DataFrame:
    """One subject; parts that are not given are zero."""
    return pd.DataFrame([dict.fromkeys(PARTS, 0.0) | parts])


def test_the_raw_score_by_hand():
    weights = {
        "model": 2.0,
        "negative_model_weight": 0.5,
        "evidence": 3.0,
        "isolation": 5.0,
        "graph": 7.0,
        "rule": 11.0,
    }
    fusion = Fusion(weights, bias=-4.0, slope=0.5, level=1.0)
    assert fusion.base == -1.0 and fusion.weight("evidence") == 1.5
    for parts, raw in (
        (one(), 0.0), (one(model=1.0), 1.0), (one(model=0.5), 0.5), (one(model=-1.0), -0.25),
        (one(model=-1.0, rule=0.4), -0.15 + 2.2),
        (one(model=1.0, rule=0.4), 1.0 + 2.2), (one(evidence=1.0), 1.5), (one(isolation=1.0), 2.5),
        (one(graph=1.0), 3.5), (one(graph=np.nan, rule=np.nan, model=np.nan), 0.0),
        (one(model=-1.0, rule=np.nan), -0.25),
    ):  # fmt: skip
        assert fusion.raw(parts).item() == pytest.approx(raw - 1.0)


def test_without_outcomes_the_weights_are_the_stated_ones_and_the_learner_has_none():
    fusion = Fusion()
    assert fusion.weights == {
        "evidence": 0.6, "isolation": 0.1, "graph": 1.0, "rule": 2.0,
        "model": 0.0, "negative_model_weight": 0.0,
    }  # fmt: skip
    assert (fusion.bias, fusion.slope, fusion.level) == (-6.0, 1.0, 0.0)
    # Evidence of ten is even odds.
    assert probability(fusion.raw(one(evidence=10.0))).item() == 0.5


def test_the_learner_counts_half_at_sixty_confirmed():
    assert prior_weights(60).weights["model"] == 0.125 and prior_weights(0).weights["model"] == 0.0
    assert prior_weights(180).weights["model"] == pytest.approx(0.25 * 0.75)
    assert prior_weights(60).weights["negative_model_weight"] == pytest.approx(0.2 * 0.125)
    assert prior_weights(60).weights.items() >= WEIGHTS.items()


def slow_loss(
    theta: list[float], parts: pd.DataFrame, target: pd.Series, spread: pd.Series, prior_sd: float
) -> float:
    """Negative log posterior, subject by subject."""
    confirmed = int(target.sum())
    prior = prior_weights(confirmed).weights
    names = list(prior)
    total = 0.0
    for row, y in zip(parts.to_dict("records"), target, strict=True):
        z = theta[-1]
        for name, weight in zip(names, theta, strict=False):
            if name == "model":
                z += weight * max(row["model"], 0)
            elif name == "negative_model_weight":
                z += weight * min(row["model"], 0) * (1 - row["rule"])
            else:
                z += weight * row[name]
        total += np.logaddexp(0, z) - y * z
    return total + sum(
        ((weight - prior[name]) * spread[name] / prior_sd) ** 2 / 2
        for name, weight in zip(names, theta, strict=False)
    )


@pytest.mark.parametrize("random_sample", [True, False])
def test_the_weights_are_the_mode_of_the_posterior(random_sample):
    """Minimised without gradients from another start: the same weights."""
    parts, target = inspected(80, seed=4)
    spread = spreads(parts)
    confirmed = int(target.sum())
    prior_sd = 1.0 if random_sample else 0.4 * confirmed / (confirmed + 60)
    found = fit_weights(parts, target, spread, random_sample)
    names = list(found.weights)
    lowest = [{"graph": 1.0, "rule": 2.0}.get(name, 0.0) for name in names]
    slow = minimize(
        slow_loss, [max(0.5, low) for low in lowest] + [-1.0], (parts, target, spread, prior_sd),
        method="L-BFGS-B", bounds=[*((low, None) for low in lowest), (None, None)],
    ).x  # fmt: skip
    assert [*found.weights.values(), found.bias] == pytest.approx(list(slow), abs=0.02)
    assert (found.slope, found.level) == (1.0, 0.0)


def test_spreads_are_standard_deviations_of_the_columns_and_never_zero():
    parts = pd.concat([one(model=2.0, evidence=1.0, rule=0.5), one(model=-2.0, evidence=3.0, rule=0.5)])
    found = spreads(parts)
    assert found.to_dict() == pytest.approx(
        {
            "model": 2**0.5, "negative_model_weight": 0.5**0.5, "evidence": 2**0.5, "isolation": 1e-3,
            "graph": 1e-3, "rule": 1e-3,
        }
    )  # fmt: skip
    assert (spreads(one(model=1.0)) == 1e-3).all()


def slow_calibration(raw: np.ndarray, y: np.ndarray, w: np.ndarray, steepest: float) -> list[float]:
    def loss(theta):
        z = theta[0] * raw + theta[1]
        return np.sum(w * (np.logaddexp(0, z) - y * z)) + 10 * ((theta[0] - 1) ** 2 + theta[1] ** 2 / 16)

    return list(minimize(loss, [0.5, 1.0], method="L-BFGS-B", bounds=[(0.2, steepest), (None, None)]).x)


@pytest.mark.parametrize(
    "size, highest, steepest",
    # Of eight outcomes the prior decides as much as they do.
    [(300, 0.5, 5.0), (300, 1.0, 5.0), (300, 10.0, 3.0), (300, 60.0, 0.5), (300, 1000.0, 0.2), (8, 1.0, 5.0)],
)
def test_calibration_is_platts_with_bounds_that_keep_probabilities_apart(size, highest, steepest):
    parts, target = inspected(size, seed=2)
    weight = pd.Series(np.where(target == 1, 1.0, 0.4), target.index)
    fusion = Fusion(WEIGHTS | {"model": 0.02, "negative_model_weight": 0.02}, bias=-0.5)
    found = calibrate(fusion, parts, target, weight, highest)
    expected = slow_calibration(fusion.raw(parts).to_numpy(), target.to_numpy(), weight.to_numpy(), steepest)
    assert [found.slope, found.level] == pytest.approx(expected, abs=0.01)
    assert found.weights == fusion.weights and found.bias == fusion.bias
    assert 0.2 <= found.slope <= steepest


def test_probability_of_log_odds():
    found = probability(pd.Series([0.0, np.log(3)], ["a", "b"]))
    assert found.to_dict() == pytest.approx({"a": 0.5, "b": 0.75})
