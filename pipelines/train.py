"""The step that trains: a challenger for every kind of subject, logged and registered; the better one is champion."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from claims.as_of import CONFIRMED, ClaimsAsOf, last_cases
from claims.store import Store
from features.measures.catalogue import spec
from models.evaluation import probability_better
from models.registry import Champion, Registry, RegistryError
from models.subject_model import SubjectModel
from pipelines.measure import Measured, Snapshot, lacking
from pipelines.settings import Settings
from reports.model_card import card

# A challenger takes over when it ranks better in this share of the bootstrap's draws.
SURE = 0.9


@dataclass(frozen=True)
class Trained:
    """What became of a training: the version that was logged, the champion now in force, and why."""

    version: str
    champion: str
    why: str


def registry(store: Store, settings: Settings) -> Registry:
    """The MLflow registry that belongs to a store."""
    return Registry(settings.tracking(store.path), store.path / "mlartifacts")


def train(
    snapshot: Snapshot, store: Store, settings: Settings, as_of: date, promote: bool = False
) -> dict[str, Trained]:
    """Train a challenger for every kind of subject that the night measured; it becomes champion if it is better.

    Args:
        promote: make the challengers champions whatever the comparison says.

    Returns:
        What became of it, by kind of subject.
    """
    models = registry(store, settings)
    found, tags = {}, _tags(snapshot)
    for subject, measured in snapshot.subjects.items():
        cases = decided(snapshot.claims, subject)
        model = fit_model(subject, measured, labels(cases), settings)
        sample = measured.differences.head(50)
        text = card(model, cases, len(measured.values), as_of, tags)
        version = models.log(model, sample, measured.peers, as_of.isoformat(), tags, text)
        champion = _champion(models, subject)
        wins, why = (True, "by command") if promote else compare(champion, model, measured, cases, as_of)
        if wins:
            models.promote(subject, version)
        found[subject] = Trained(version, version if wins else champion.version, why)
    return found


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
    """Does a challenger take over, and why: judged by outcomes that neither has seen, on the same night.

    The challenger's scores are out of fold; the champion's are of outcomes closed since it was trained.
    """
    if champion is None:
        return True, "there was no champion"
    if lacking(champion.model.spec, measured):
        return True, f"version {champion.version} needs measures that are no longer taken"
    if champion.as_of >= as_of.isoformat():
        return True, f"version {champion.version} knows of {champion.as_of}"
    later = cases[cases.close_date.astype(str).str[:10] >= champion.as_of].index
    seen = later if champion.model.learner else cases.index
    if model.held_out is None and champion.model.learner is None:
        return True, "neither has outcomes to learn from; the newer peers count"
    if model.held_out is None:
        return False, "too few outcomes to learn from"
    judged = model.held_out[model.held_out.inspected & model.held_out.index.isin(seen)]
    if judged.target.nunique() < 2:
        return False, f"{len(judged)} new outcomes are too few to compare by"
    parts = champion.model.parts(measured.differences, measured.peers, measured.graph, measured.rules)
    sure = probability_better(judged.target, judged.score, champion.model.score(parts)["score"])
    return sure >= SURE, f"better with confidence {sure:.2f} on {len(judged)} new outcomes; {SURE} is needed"


def fit_model(subject: str, measured: Measured, known: pd.Series, settings: Settings) -> SubjectModel:
    """Fit one kind of subject's model to a night and the outcomes known on it."""
    model = SubjectModel(subject, spec(subject), settings.seed, settings.tuning_budget)
    return model.fit(measured.differences, measured.peers, known, measured.graph, measured.rules)


def decided(claims: ClaimsAsOf, subject: str) -> pd.DataFrame:
    """The last decided case of each inspected subject of a kind: columns of `insp_case_d`, by subject_id."""
    cases = last_cases(claims, decided=True)
    return cases[cases.subject_type == subject].set_index("subject_id")


def outcomes(claims: ClaimsAsOf, subject: str) -> pd.Series:
    """Outcomes known on the night: 1 confirmed or partly, 0 cleared, by subject_id; the latest case counts."""
    return labels(decided(claims, subject))


def labels(cases: pd.DataFrame) -> pd.Series:
    """What decided cases say: 1 confirmed or partly confirmed, 0 cleared."""
    return cases["clue_stas"].isin(CONFIRMED).astype(int)
