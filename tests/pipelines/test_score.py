"""Ranking: by score, then money, then id, without ties; lists are cut where the settings say."""

import numpy as np
import pandas as pd
import pytest

from models.registry import Champion, RegistryError
from pipelines.score import Scored, Scores, ranked, ranked_lists, require_measures, uncontradicted_schemes
from pipelines.settings import Settings
from pipelines.snapshot import Measured


def scored(rows: dict[str, tuple[float, float]]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index", columns=["score", "amount_at_risk"])


def test_equal_scores_stand_by_money_and_equal_money_by_id():
    rows = {"b": (0.5, 10.0), "a": (0.5, 10.0), "d": (0.9, 0.0), "c": (0.5, 20.0), "e": (0.1, 99.0)}
    found = ranked(scored(rows))
    assert list(found.index) == ["d", "c", "a", "b", "e"] and list(found["rank"]) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_rows_does_not_matter(seed):
    random = np.random.default_rng(seed)
    rows = {f"p{n}": (float(random.integers(3)), float(random.integers(3))) for n in range(30)}
    frame = scored(rows)
    pd.testing.assert_frame_equal(ranked(frame.sample(frac=1, random_state=seed)), ranked(frame))
    slow = sorted(rows, key=lambda name: (-rows[name][0], -rows[name][1], name))
    assert list(ranked(frame).index) == slow


def test_the_list_of_visits_is_cut_and_the_others_are_whole():
    def kind(count: int, name: str) -> Scored:
        frame = scored({f"{name}{n:04}": (1 - n / count, 0.0) for n in range(count)})
        return Scored(None, f"fundguard-{name}/1", frame, ranked(frame), "2024-12-01")

    kinds = {"visit": kind(700, "visit"), "patient": kind(900, "patient")}
    scores = Scores(kinds, pd.DataFrame(), pd.DataFrame())
    found = ranked_lists(scores, Settings(visit_list_depth=500))
    assert found.subject_type.value_counts().to_dict() == {"patient": 900, "visit": 500}
    assert found.subject_id[0] == "visit0000" and found.index.is_unique
    assert scores.counts() == {"visit": 700, "patient": 900, "evidence": 0}


class Model:
    """As much of a model as its schema."""

    def __init__(self, *columns: str):
        self.spec = pd.DataFrame(index=list(columns))


@pytest.mark.parametrize(
    "columns, named",
    [(["a"], "(a)"), (["a", "b", "c"], "(a, b, c)"), (["a", "b", "c", "d"], "(a, b, c, …)")],
)
def test_a_champion_that_needs_measures_no_longer_taken_is_refused(columns, named):
    z_scores = pd.DataFrame({"kept": [0.0]}, ["p1"])
    nothing = pd.Series(np.nan, ["p1"])
    measured = Measured(z_scores, nothing, None, z_scores, nothing, nothing)
    champion = Champion(Model("kept", *columns), "fundguard-patient", "3", "2025-01-01")
    with pytest.raises(RegistryError) as refused:
        require_measures(champion, measured)
    assert str(refused.value) == (
        f"fundguard-patient version 3 needs measures that are no longer taken {named}: "
        "run 'fundguard train' first"
    )
    require_measures(Champion(Model("kept"), "fundguard-patient", "3", "2025-01-01"), measured)


def test_names_that_need_not_show_in_visits_are_not_held_against_them():
    """Three companion stays beside hundreds of dialysis sessions; dear prescriptions beside them."""
    signatures = pd.DataFrame(1.5, ["H1", "D1"], ["M02", "M28", "M40"])
    visits = pd.DataFrame({"M02": [3.0, 0.0], "M28": [559.0, 559.0]}, ["H1", "D1"])
    held = uncontradicted_schemes(pd.Series({"H1": "M02", "D1": "M40"}), signatures, visits)
    assert pd.isna(held["H1"]) and held["D1"] == "M40"
