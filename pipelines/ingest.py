"""The step that loads a folder of claim tables into the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from claims.store import Report, Store
from pipelines.settings import Settings
from pipelines.step_log import Figure, logged_step


@dataclass(frozen=True)
class Load:
    """Claims in the store: what their last load brought, and the name of the generation in force."""

    report: Report
    generation: str

    def counts(self) -> Mapping[str, Figure]:
        """Rows read, kept, quarantined, set aside and identical, of all tables."""
        tables = self.report.tables.values()
        names = ("in", "kept", "quarantined", "set_aside", "identical")
        return {name: sum(table[name] for table in tables) for name in names}


@logged_step("ingest")
def ingest(store: Store, source: Path, settings: Settings, today: date) -> Load:
    """Check a folder and add its rows to the store (`claims.store.Store.ingest`).

    Args:
        today: claims of more than a year after this day are quarantined.

    Raises:
        InputError: the folder cannot be read.
        StoreError: the settings translate a column that holds no codes.
    """
    return _in_force(store, store.ingest(source, settings.values, today=today))


def last_load(store: Store) -> Load:
    """The latest load of a whole folder.

    Raises:
        StoreError: nothing was ever loaded.
    """
    return _in_force(store, store.last_load())


def _in_force(store: Store, report: Report) -> Load:
    generation = store.generation
    assert generation is not None
    return Load(report, generation.name)
