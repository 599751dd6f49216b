"""The model registry that belongs to a store, and the way back to the champion before."""

from pathlib import Path

from claims.store import Store
from models.registry import Registry
from pipelines.settings import Settings, settings_of


def registry(store: Store, settings: Settings) -> Registry:
    """The MLflow registry that belongs to a store."""
    return Registry(settings.tracking(store.path), store.path / "mlartifacts")


def roll_back(path: Path, subject: str) -> str:
    """Make the champion before this one of a kind of subject the champion again; returns its version.

    Raises:
        StoreError: the store is empty, or another load or run is at work in it.
        RegistryError: there is no champion before.
    """
    store = Store(path)
    store.require_claims()
    with store.locked():
        return registry(store, settings_of(path)).roll_back(subject)
