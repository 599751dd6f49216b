"""Weights that outcomes may move: far after a fair draw, little after chosen cases, and never against proof."""

import numpy as np
import pandas as pd
import pytest

from models.fusion import PARTS, WEIGHTS, Fusion, calibrate, fit_weights, prior_weights, spreads


def inspected(size: int = 1000, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Subjects whose outcome follows the learnt part alone, whatever the evidence says."""
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
    # Outcomes that speak against every part: nothing may count in a subject's favour.
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


def test_whom_a_rule_convicts_is_not_cleared_by_looking_unlike_the_confirmed():
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
