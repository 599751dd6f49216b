"""The store: DuckDB over Parquet, one folder a table, partitioned by month, replaced whole.

    STORE/
      CURRENT            name of the generation in force
      claims-000007/     one generation (`claims.generations`)
      loads/             what each load brought (counts) and its quarantine
      runs/AS_OF/        lists, evidence and pages of an as-of date (`claims.versions`)
      evaluations/AS_OF/ how good past lists were, judged at an as-of date
      statements.db      compiled SQL of earlier runs (`claims.statement_cache`); may be deleted

A load builds the next generation beside the current one (months it does not touch are hard links) and
replaces the name in CURRENT, so a reader sees either all of a load or nothing of it.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO

import ibis
import pandas as pd

from claims.checks import Held, check
from claims.duckdb_backend import connected
from claims.errors import StoreError
from claims.generations import commit, committed_loads, remove_orphans, stored_tables, stored_waiting
from claims.lead_lines import evidence_visits, lines_of_visits
from claims.merge import Report, account, merge
from claims.pseudonyms import Key, write_mapping
from claims.store_folder import current, last_run, require_claims, runs_before
from claims.tables import TABLES
from claims.values import ValueMap
from claims.versions import remove_unlinked

# Begins the names of scratch folders in a store.
_WORK = ".work-"

__all__ = ["Report", "Store", "preview", "scratch"]


@contextlib.contextmanager
def scratch(inside: Path | None = None) -> Iterator[Path]:
    """A folder that only its owner reads and that is gone afterwards.

    Its process holds a lock on it; what a process left that died is removed by the next one.
    """
    # Beside other programs' files the name says whose it is.
    parent, prefix = (Path(tempfile.gettempdir()), ".fundguard-") if inside is None else (inside, _WORK)
    with _directory_lock(parent, fcntl.LOCK_EX), contextlib.ExitStack() as stack:
        _remove_dead_scratch(parent, prefix)
        work = tempfile.TemporaryDirectory(prefix=prefix, dir=parent)
        stack.enter_context(_directory_lock(Path(work.name), fcntl.LOCK_EX))
        alive = stack.pop_all()
    with work, alive:
        yield Path(work.name)


def _remove_dead_scratch(parent: Path, prefix: str) -> None:
    """Remove scratch folders whose process no longer holds its lock; another user's are left alone."""
    for folder in parent.glob(f"{prefix}*"):
        with (
            contextlib.suppress(BlockingIOError, PermissionError),
            _directory_lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB),
        ):
            shutil.rmtree(folder)


@contextlib.contextmanager
def _directory_lock(folder: Path, how: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


class Store:
    """A folder that holds the claims of all loads and the runs made from them."""

    def __init__(self, path: Path):
        self.path = path
        self._lock_held = False

    @property
    def statements(self) -> Path:
        """File of the compiled statements (`claims.statement_cache`)."""
        return self.path / "statements.db"

    @property
    def runs(self) -> Path:
        """Folder of the runs, one for each as-of date."""
        return self.path / "runs"

    def runs_before(self, as_of: date) -> list[Path]:
        """Folders of the runs of earlier as-of dates, oldest first; unfinished ones left out."""
        return runs_before(self.path, as_of)

    def last_run(self) -> Path:
        """Folder of the run of the latest as-of date.

        Raises:
            StoreError: there is no run yet.
        """
        return last_run(self.path)

    def lines(
        self, subject_id: str, subject_type: str | None = None, run: Path | None = None
    ) -> pd.DataFrame:
        """The fee lines of the visits in evidence against a subject: columns `claims.lead_lines.COLUMNS`.

        Args:
            subject_type: needed only where an id belongs to several kinds of subject.
            run: folder of a run; the last unless given.

        Raises:
            StoreError: there is no run, or it names no evidence against the subject.
        """
        visits = evidence_visits(run or self.last_run(), subject_id, subject_type)
        with scratch(self.path) as work, connected(work, self.statements) as con:
            return lines_of_visits(self.tables(con), visits)

    @property
    def generation(self) -> Path | None:
        """Folder of the claims in force; None before the first load."""
        return current(self.path)

    def tables(self, con: ibis.BaseBackend) -> dict[str, ibis.Table]:
        """The tables in force, as relations of the given connection, with the columns of the contract."""
        return stored_tables(con, self.generation)

    def table_names(self) -> set[str]:
        """Names of the tables that the store has."""
        return {path.name for path in self.generation.iterdir()} & set(TABLES) if self.generation else set()

    def require_claims(self) -> None:
        """Raise StoreError where nothing was ever loaded."""
        require_claims(self.path)

    def last_load(self) -> Report:
        """What the bureau's latest delivery brought; additions such as outcomes of inspections do not count.

        Raises:
            StoreError: nothing was ever loaded.
        """
        self.require_claims()
        return next(report for report in self.loads() if not report.partial)

    def loads(self) -> list[Report]:
        """What each load brought, latest first."""
        return committed_loads(self.path)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other load and run out of the store; within it this object may load.

        Raises:
            StoreError: another one is at work.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.path / ".lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StoreError(f"{_holder(lock)}{self.path} is in use by another load or run") from error
            lock.truncate(0)
            lock.write(f"{os.getpid()}")
            lock.flush()
            self._lock_held = True
            try:
                self._remove_leftovers()
                yield
            finally:
                self._lock_held = False

    def _remove_leftovers(self) -> None:
        """Remove what processes left that died; nobody else is at work here, for the lock is held."""
        remove_orphans(self.path)
        remove_unlinked(self.path)
        _remove_dead_scratch(self.path, _WORK)

    def ingest(
        self,
        source: Path,
        values: ValueMap | None = None,
        partial: bool = False,
        today: date | None = None,
        until: date | None = None,
        key: Key | None = None,
    ) -> Report:
        """Check a folder of tables and add its rows; loading the same files twice changes nothing.

        Required tables that the store has need not come again.

        Args:
            values: what the region's own codes mean.
            partial: the folder is an addition to the bureau's deliveries; the store holds claims already.
            today: claims of more than a year from this day are quarantined; None judges none.
            until: day on which the folder was read from a database.
            key: identifiers of persons are replaced under it; in an addition they are replaced already.

        Raises:
            InputError: the folder cannot be read (`claims.checks.check`).
            StoreError: `values` names a column that is no code or flag of the contract; nothing was ever
                loaded although `partial`; earlier loads had another key or none; another load or run is at
                work.
        """
        if partial:
            self.require_claims()
        lock = contextlib.nullcontext() if self._lock_held else self.locked()
        with lock, scratch(self.path) as work, connected(work, self.statements) as con:
            held = Held(self.tables(con), stored_waiting(con, self.generation))
            self._require_same_key(key, partial)
            load = check(con, source, work, held, values, today, key)
            merges = {name: merge(load, TABLES[name], held.tables.get(name)) for name in load.tables}
            report = account(load, held.tables, merges, partial)
            report.key = key.fingerprint if key else None
            report.until = until.isoformat() if until else None
            if key and key.mapping:
                write_mapping(con, key.mapping)
            commit(self.path, load, merges, report, work)
        return report

    def _require_same_key(self, key: Key | None, partial: bool) -> None:
        before = [report for report in self.loads() if not report.partial]
        if before and not partial and before[0].key != (key.fingerprint if key else None):
            had = "another pseudonym key" if before[0].key else "no pseudonym key"
            raise StoreError(
                f"the claims in {self.path} were loaded with {had}: persons would be taken for others"
            )


def _holder(lock: IO[str]) -> str:
    """Who has the lock since when."""
    lock.seek(0)
    process = lock.read().strip()
    since = datetime.fromtimestamp(os.fstat(lock.fileno()).st_mtime)
    return f"process {process}, since {since:%Y-%m-%d %H:%M:%S}: " if process else ""


def preview(
    source: Path, values: ValueMap | None = None, store: Store | None = None, today: date | None = None
) -> tuple[Report, list[tuple[str, str, int, str, str]]]:
    """What loading a folder would do; nothing is written.

    Args:
        store: the store it would be loaded into; None: an empty one.

    Returns:
        The report and the first quarantined rows as (table, file, row, field, reason), without their content.
    """
    with scratch() as work, connected(work) as con:
        generation = store.generation if store else None
        held = Held(stored_tables(con, generation), stored_waiting(con, generation))
        load = check(con, source, work, held, values, today)
        merges = {name: merge(load, TABLES[name], held.tables.get(name)) for name in load.tables}
        report = account(load, held.tables, merges, partial=False)
        first = load.quarantine.order_by("table", "file", "row").limit(20).drop("raw").to_pandas()
    return report, list(first.itertuples(index=False, name=None))
