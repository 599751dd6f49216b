"""The step that trains: a challenger for every kind of subject, logged and registered; the better model is
champion."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from claims.as_of import CONFIRMED, ClaimsAsOf, last_cases
from claims.store import Store
from features.measures.catalogue import spec
from models.evaluation import probability_better
from models.registry import Champion, Registry, RegistryError
from models.subject_model import SubjectModel
from pipelines.champions import registry
from pipelines.file_backed import BATCH_ROWS
from pipelines.settings import Settings
from pipelines.snapshot import Measured, Snapshot, missing_measures
from pipelines.step_log import Figure, logged_step
from reports.model_card import card

# A challenger takes over when it ranks better in this share of the bootstrap samples.
MIN_PROMOTION_PROBABILITY = 0.9
# More subjects than this do not change a forest or a calibration that matters, and would not fit in memory.
FITTED_ROWS = 500_000


@dataclass(frozen=True)
class Trained:
    """The outcome of one training: the version that was logged, the champion now in force, and why."""

    version: str
    champion: str
    why: str


@dataclass(frozen=True)
class Training:
    """The outcome of the step, by kind of subject."""

    subjects: dict[str, Trained]

    def counts(self) -> Mapping[str, Figure]:
        """Models trained, and how many of them became champion."""
        won = sum(found.version == found.champion for found in self.subjects.values())
        return {"trained": len(self.subjects), "promoted": won}


@logged_step("train")
def train(
    snapshot: Snapshot, store: Store, settings: Settings, as_of: date, promote: bool = False
) -> Training:
    """Train a challenger for every kind of subject that was measured; it becomes champion if it is better.

    Args:
        promote: make the challengers champions whatever the comparison says.
    """
    models, tags = registry(store, settings), _tags(snapshot)
    found = {
        subject: _train_one(snapshot, subject, models, settings, as_of, tags, promote)
        for subject in snapshot.subjects
    }
    return Training(found)


def _train_one(
    snapshot: Snapshot,
    subject: str,
    models: Registry,
    settings: Settings,
    as_of: date,
    tags: dict[str, str],
    promote: bool,
) -> Trained:
    measured, cases = snapshot.subjects[subject], decided(snapshot.claims, subject)
    model = fit_model(subject, measured, labels(cases), settings)
    text = card(model, cases, len(measured.values), as_of, tags)
    sample = measured.z_scores.head(50)
    version = models.log(model, sample, as_of.isoformat(), tags, text)
    champion = _champion(models, subject)
    wins, why = (True, "by command") if promote else compare(champion, model, measured, cases, as_of)
    if wins or champion is None:
        models.promote(subject, version)
        return Trained(version, version, why)
    return Trained(version, champion.version, why)


def _tags(snapshot: Snapshot) -> dict[str, str]:
    begun = snapshot.claims.visits.begntime
    first, last = snapshot.claims.visits.aggregate(first=begun.min(), last=begun.max()).execute().iloc[0]
    return {
        "visits": str(len(snapshot.subjects["visit"].values)),
        "claims": f"{first:%Y-%m-%d} – {last:%Y-%m-%d}",
    }


def _champion(models: Registry, subject: str) -> Champion | None:
    try:
        return models.champion(subject)
    except RegistryError:
        return None


def compare(
    champion: Champion | None, model: SubjectModel, measured: Measured, cases: pd.DataFrame, as_of: date
) -> tuple[bool, str]:
    """Does a challenger take over, and why: by outcomes that neither was trained on, in one snapshot.

    The challenger's scores are out of fold; the champion's are of outcomes closed since it was trained.
    """
    if champion is None:
        return True, "there was no champion"
    if missing_measures(champion.model.spec, measured):
        return True, f"version {champion.version} needs measures that are no longer taken"
    if champion.as_of >= as_of.isoformat():
        return True, f"version {champion.version} knows of {champion.as_of}"
    if model.out_of_fold_scores is None:
        if champion.model.learner is None:
            return True, "neither has outcomes to learn from; the newer peers count"
        return False, "too few outcomes to learn from"
    later = cases[cases.close_date.astype(str).str[:10] >= champion.as_of].index
    unseen = later if champion.model.learner else cases.index
    judged = model.out_of_fold_scores[
        model.out_of_fold_scores.inspected & model.out_of_fold_scores.index.isin(unseen)
    ]
    if judged.target.nunique() < 2:
        return False, f"{len(judged)} new outcomes are too few to compare by"
    scores = champion.model.score(measured_parts(champion.model, measured))["score"]
    sure = probability_better(judged.target, judged.score, scores)
    least = MIN_PROMOTION_PROBABILITY
    return (
        sure >= least,
        f"better with confidence {sure:.2f} on {len(judged)} new outcomes; {least} is needed",
    )


def measured_parts(model: SubjectModel, measured: Measured) -> pd.DataFrame:
    """The parts of the score of every measured subject (`SubjectModel.parts`)."""
    rows, graph, rules = measured.z_scores, measured.graph, measured.rules
    # Each subject's parts are its own, so they can be taken in batches; one at least, that has the columns.
    begins = range(0, max(len(rows), 1), BATCH_ROWS)
    return pd.concat([model.parts(rows.iloc[begin : begin + BATCH_ROWS], graph, rules) for begin in begins])


def fit_model(subject: str, measured: Measured, known: pd.Series, settings: Settings) -> SubjectModel:
    """Fit the model of one kind of subject to a snapshot and the outcomes known by then."""
    model = SubjectModel(subject, spec(subject), settings.seed, settings.tuning_budget)
    return model.fit(fitted_rows(measured.z_scores, known), known, measured.graph, measured.rules)


def fitted_rows(z_scores: pd.DataFrame, known: pd.Series) -> pd.DataFrame:
    """The subjects to fit on: all, or the inspected and an even sample of at most FITTED_ROWS.

    Args:
        known: outcomes by subject_id of the inspected.
    """
    if len(z_scores) <= FITTED_ROWS:
        return z_scores
    chosen = z_scores.index.isin(known.index)
    chosen[:: math.ceil(len(z_scores) / FITTED_ROWS)] = True
    return z_scores[chosen]


def decided(claims: ClaimsAsOf, subject: str) -> pd.DataFrame:
    """The last decided case of each inspected subject of a kind: columns of `insp_case_d`, by subject_id."""
    cases = last_cases(claims, decided=True)
    return cases[cases.subject_type == subject].set_index("subject_id")


def outcomes(claims: ClaimsAsOf, subject: str) -> pd.Series:
    """Outcomes by subject_id: 1 confirmed or partly confirmed, 0 cleared; the last decided case counts."""
    return labels(decided(claims, subject))


def labels(cases: pd.DataFrame) -> pd.Series:
    """Outcomes of decided cases: 1 confirmed or partly confirmed, 0 cleared."""
    return cases["clue_stas"].isin(CONFIRMED).astype(int)
