"""The step that loads a folder of claim tables, or those of a database, into the store."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from claims.pseudonyms import read_key
from claims.sql_source import extract, is_address
from claims.store import Report, Store, scratch
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
def ingest(store: Store, source: Path | str, settings: Settings, today: date) -> Load:
    """Check a folder or a database and add its rows to the store (`claims.store.Store.ingest`).

    Args:
        source: a folder, or the address of a database (`claims.sql_source`).
        today: claims of more than a year after this day are quarantined.

    Raises:
        InputError: the source cannot be read.
        ConnectionError: the database went away.
        StoreError: the settings translate a column that holds no codes.
    """
    key = read_key(settings.pseudonym_key_file, settings.pseudonym_map)
    if not is_address(source):
        return _in_force(store, store.ingest(Path(source), settings.values, today=today, key=key))
    since = read_from(store, settings)
    store.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with extracted(str(source), store.path, since) as folder:
        load = store.ingest(folder, settings.values, today=today, until=today, key=key)
        return _in_force(store, load)


@contextmanager
def extracted(address: str, inside: Path | None, since: date | None = None) -> Iterator[Path]:
    """The tables of a database as a folder, for as long as the context lasts."""
    with scratch(inside) as work:
        folder = work / "tables"
        folder.mkdir()
        extract(address, folder, since)
        yield folder


def read_from(store: Store, settings: Settings) -> date | None:
    """The day from which a database is read; None, everything, where none was read before."""
    read = [report.until for report in store.loads() if report.until]
    return date.fromisoformat(read[0]) - timedelta(days=settings.late_days) if read else None


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
