"""Lists judged by what came after them, on nights made up: guilty patients are known by few measures."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from features.measures.catalogue import spec
from models.registry import Registry, RegistryError
from pipelines.backtest import Past
from pipelines.evaluate import evaluate_past
from pipelines.settings import Settings
from pipelines.snapshot import Measured, missing_measures
from pipelines.train import fit_model

COLUMNS = list(spec("patient").index)
# Guilt shows in measures that are evidence: size and counts of findings carry no weight.
TELLING = list(spec("patient").query("evidence_weight > 0").index[:6])
PATIENTS = [f"p{n}" for n in range(420)]
GUILTY = set(PATIENTS[::6])
LAST = date(2025, 1, 1)
NIGHTS = [LAST - timedelta(days=90 * n) for n in (3, 2, 1, 0)]


def measured(seed: int) -> Measured:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(420, len(COLUMNS))), PATIENTS, COLUMNS)
    frame.loc[sorted(GUILTY), TELLING] += 2.5
    nothing = pd.Series(np.nan, PATIENTS)
    return Measured(frame, pd.Series("older", PATIENTS), None, frame, nothing, nothing)


def cases(closed: dict[str, date]) -> pd.DataFrame:
    rows = [
        ("2" if p in GUILTY else "3", "M05", day - timedelta(days=40), 100.0, day)
        for p, day in closed.items()
    ]
    columns = ["clue_stas", "scheme", "enddate", "cfm_amt", "close_date"]
    return pd.DataFrame(rows, list(closed), columns)


def past(closed: dict[str, date]) -> list[Past]:
    return [
        Past(
            snapshot,
            {"patient": measured(n)},
            {"patient": cases({p: d for p, d in closed.items() if d < snapshot})},
        )
        for n, snapshot in enumerate(NIGHTS)
    ]


@pytest.fixture(scope="module")
def rolled() -> list[Past]:
    """A case every other day, of guilty and innocent by turns."""
    order = [p for pair in zip(sorted(GUILTY), sorted(set(PATIENTS) - GUILTY), strict=False) for p in pair]
    return past({p: LAST - timedelta(days=340 - 2 * n) for n, p in enumerate(order)})


def test_lists_of_the_past_are_judged_by_what_came_after(rolled):
    found = evaluate_past(rolled, Settings())
    assert found.how == {"patient": "prequential"} and found.suspicious == {"patient": {}}
    figures = found.figures[found.figures.population == "new"].set_index("metric")
    assert figures.value["auc"] > 0.8 and figures.low["auc"] > 0.6
    # Half of those tested are guilty: the first of the list are more often, beyond chance.
    assert figures.low["precision_at_50"] > figures.confirmed["auc"] / figures.tested["auc"]
    # Of the outcomes only those of the last two windows are tested: the first two nights only teach.
    closed = rolled[-1].cases["patient"].close_date
    assert figures.tested["auc"] == (closed >= NIGHTS[1]).sum() - (closed >= NIGHTS[3]).sum()
    assert found.curves["patient"].n.sum() == figures.tested["auc"]


def test_outcomes_in_one_list_are_cross_validated():
    day = LAST - timedelta(days=5)
    found = evaluate_past(past(dict.fromkeys(PATIENTS[:120], day)), Settings())
    assert found.how == {"patient": "cross-validated"}
    figures = found.figures.set_index(["population", "metric"])
    assert figures.value["all", "auc"] > 0.8 and figures.tested["all", "auc"] == 120


def test_a_handful_of_outcomes_says_nothing():
    found = evaluate_past(past(dict.fromkeys(PATIENTS[:15], LAST - timedelta(days=5))), Settings())
    assert found.how == {} and found.figures.empty


def test_outcomes_that_mean_nothing_are_not_found(rolled):
    """Outcomes assigned at random: the same machinery must not rank them."""
    lot = pd.Series(np.random.default_rng(7).integers(0, 2, 420), PATIENTS)
    by_lot = [
        Past(
            snapshot.as_of,
            snapshot.subjects,
            {"patient": c.assign(clue_stas=lot[c.index].map({1: "2", 0: "3"}))},
        )
        for snapshot in rolled
        for c in [snapshot.cases["patient"]]
    ]
    figures = evaluate_past(by_lot, Settings()).figures.set_index(["population", "metric"])
    assert figures.low["all", "auc"] < 0.5 < figures.high["all", "auc"]


def test_a_measure_that_is_no_longer_taken_is_named(tmp_path):
    snapshot = measured(0)
    model = fit_model("patient", snapshot, pd.Series(dtype=int), Settings())
    assert missing_measures(model.spec, snapshot) == []
    fewer = Measured(
        snapshot.values,
        snapshot.peers,
        None,
        snapshot.z_scores.drop(columns=COLUMNS[4]),
        snapshot.graph,
        snapshot.rules,
    )
    assert missing_measures(model.spec, fewer) == [COLUMNS[4]]
    registry = Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "mlartifacts")
    with pytest.raises(RegistryError, match="^no earlier champion model for patient to go back to$"):
        registry.roll_back("patient")
