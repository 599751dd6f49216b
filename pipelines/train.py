"""The step that trains: one model a kind of subject, logged and registered, the newest made champion."""

from datetime import date

import pandas as pd

from claims.known import CONFIRMED, Known, last_cases
from claims.store import Store
from features.catalogue import spec
from models.registry import Registry
from models.subject_model import SubjectModel
from pipelines.measure import Measured, Night
from pipelines.settings import Settings


def registry(store: Store, settings: Settings) -> Registry:
    """The MLflow registry that belongs to a store."""
    return Registry(settings.tracking(store.path), store.path / "mlartifacts")


def train(night: Night, store: Store, settings: Settings, as_of: date) -> dict[str, str]:
    """Train a model for every kind of subject that the night measured and make it champion.

    Returns:
        Kind of subject → version of its new champion.
    """
    models = registry(store, settings)
    versions = {}
    for subject, measured in night.subjects.items():
        model = fit_model(subject, measured, outcomes(night.known, subject), settings)
        sample = measured.differences.head(50)
        found = models.log(
            model,
            sample,
            measured.peers,
            as_of.isoformat(),
            {"visits": str(len(night.subjects["visit"].values))},
        )
        models.promote(subject, found)
        versions[subject] = found
    return versions


def fit_model(subject: str, measured: Measured, known: pd.Series, settings: Settings) -> SubjectModel:
    """Fit one kind of subject's model to a night and the outcomes known on it."""
    model = SubjectModel(subject, spec(subject), settings.seed)
    return model.fit(measured.differences, measured.peers, known, measured.graph, measured.rules)


def outcomes(known: Known, subject: str) -> pd.Series:
    """Outcomes known on the night: 1 confirmed or partly, 0 cleared, by subject_id; the latest case counts."""
    cases = last_cases(known, decided=True)
    mine = cases[cases.subject_type == subject].set_index("subject_id")
    return mine["clue_stas"].isin(CONFIRMED).astype(int)
