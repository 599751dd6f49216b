"""Who is champion: the first, the better on outcomes neither has seen, whoever is ordered; and never by
luck."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import pipelines.train
from models.registry import Champion
from models.subject_model import SubjectModel
from pipelines.settings import Settings
from pipelines.train import compare, fit_model, fitted_rows, measured_parts
from reports.model_card import card
from tests.pipelines.test_evaluate import GUILTY, PATIENTS, cases, measured

BEFORE, NOW = date(2024, 10, 1), date(2025, 1, 1)
# A third of the outcomes were known when the champion was trained.
EARLY, LATE = PATIENTS[:120], PATIENTS[120:360]


def trained(known: pd.Series) -> SubjectModel:
    return fit_model("patient", measured(1), known, Settings())


def truth(patients: list[str]) -> pd.Series:
    return pd.Series([int(p in GUILTY) for p in patients], patients)


@pytest.fixture(scope="module")
def now() -> pd.DataFrame:
    return cases({p: date(2024, 9, 1) for p in EARLY} | {p: date(2024, 12, 1) for p in LATE})


@pytest.fixture(scope="module")
def challenger() -> SubjectModel:
    return trained(truth(EARLY + LATE))


def champion(model: SubjectModel, as_of: date = BEFORE) -> Champion:
    return Champion(model, "fundguard-patient", "1", as_of.isoformat())


def test_the_first_takes_over_and_so_does_a_training_of_the_same_night(challenger, now):
    assert compare(None, challenger, measured(1), now, NOW) == (True, "there was no champion")
    assert compare(champion(challenger, NOW), challenger, measured(1), now, NOW)[0]


def test_a_better_one_takes_over(challenger, now):
    """The champion was taught by outcomes assigned at random."""
    lot = pd.Series(np.random.default_rng(3).permutation(truth(EARLY)), EARLY)
    wins, why = compare(champion(trained(lot)), challenger, measured(1), now, NOW)
    assert wins and "on 240 new outcomes" in why


def test_a_worse_one_does_not(now):
    lot = pd.Series(np.random.default_rng(3).permutation(truth(EARLY + LATE)), EARLY + LATE)
    good = trained(truth(EARLY))
    worse = trained(lot)
    # What it is judged by is the truth, whatever it was taught.
    worse.out_of_fold_scores = worse.out_of_fold_scores.assign(
        target=truth(PATIENTS)[worse.out_of_fold_scores.index]
    )
    wins, _why = compare(champion(good), worse, measured(1), now, NOW)
    assert not wins


def test_without_new_outcomes_the_champion_stays(challenger, now):
    wins, why = compare(champion(challenger, date(2024, 12, 15)), challenger, measured(1), now, NOW)
    assert not wins and why == "0 new outcomes are too few to compare by"


def test_the_card_counts_and_names_nobody(challenger, now):
    text = card(challenger, now, len(PATIENTS), NOW, {"visits": "1000", "claims": "2024"})
    confirmed = int(truth(EARLY + LATE).sum())
    assert f"{confirmed} confirmed, {360 - confirmed} cleared" in text
    assert "| M05 " in text and f"| {confirmed} |" in text
    assert not [p for p in PATIENTS if f" {p} " in text or f"{p}," in text]
    unlearnt = card(trained(truth([])), now, len(PATIENTS), NOW, {"visits": "1000", "claims": "2024"})
    assert "too few outcomes to learn from" in unlearnt and "How good" not in unlearnt


def test_few_subjects_are_all_fitted_on_and_of_many_the_inspected_and_an_even_sample(monkeypatch):
    z_scores = measured(1).z_scores
    known = pd.Series(1, [PATIENTS[1], PATIENTS[7]])
    assert fitted_rows(z_scores, known) is z_scores
    monkeypatch.setattr(pipelines.train, "FITTED_ROWS", len(z_scores) // 4)
    some = fitted_rows(z_scores, known)
    assert set(known.index) <= set(some.index)
    even = z_scores.index[::4].drop(known.index, errors="ignore")
    assert list(some.index.drop(known.index)) == list(even)


def test_parts_taken_in_batches_are_those_taken_at_once(challenger, monkeypatch):
    whole = measured_parts(challenger, measured(1))
    monkeypatch.setattr(pipelines.train, "BATCH_ROWS", 37)
    pd.testing.assert_frame_equal(measured_parts(challenger, measured(1)), whole, check_exact=True)
