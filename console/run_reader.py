"""Reading a run: the link is resolved once, so that a request sees one version of one night.

A night that is run again replaces the version and removes the old one. Whoever was reading it gets
`RunReplaced` and begins again (`console.middleware.RunOfRequest`).
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from claims import store_folder
from claims.errors import StoreError
from console.options import options

# Memory for queries; the lists of a large city take a tenth of it.
_MEMORY = "1GB"
Row = dict[str, Any]


class RunReplaced(RuntimeError):
    """The version that a request was reading is no longer there."""


@dataclass(frozen=True)
class Run:
    """A version of a run.

    Attributes:
        folder: ``STORE/versions/runs/AS_OF.NNNNNN``, not the link.
        before: the version of the run before it, if any.
    """

    folder: Path
    before: Path | None

    @property
    def as_of(self) -> date:
        """The date on whose morning its list is read."""
        return date.fromisoformat(self.folder.name[:10])

    @cached_property
    def info(self) -> Row:
        """`run.json`."""
        with _watched(self.folder):
            found: Row = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        return found

    def model(self, kind: str) -> str:
        """Which model scored a kind of subject; empty where none did."""
        return str(self.info["models"].get(kind) or "")

    def table(self, name: str) -> str:
        """The file of a table, to be bound as a parameter of ``read_parquet``."""
        return str(self.folder / f"{name}.parquet")

    def rows(self, sql: str, values: Mapping[str, Any]) -> list[Row]:
        """The rows of a query; tables are ``read_parquet($name)``, values are bound, nothing is pasted."""
        with _watched(self.folder):
            found = _cursor().execute(sql, dict(values))
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def frame(self, name: str) -> pd.DataFrame:
        """A small table of the run."""
        with _watched(self.folder):
            return pd.read_parquet(self.table(name))

    def text(self, name: str) -> str:
        """A text file of the run."""
        with _watched(self.folder):
            return (self.folder / name).read_text(encoding="utf-8")


class _watched:
    """Turns a failure to read into `RunReplaced` where the version is gone."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError | duckdb.Error) and not self.folder.is_dir():
            raise RunReplaced(self.folder.name) from error


def last_run() -> Run:
    """The run of the latest as-of date, as it is now.

    Raises:
        StoreError: there is no run yet, or it was made before runs had what the console needs.
    """
    store = options().store
    latest = store_folder.last_run(store)
    earlier = store_folder.runs_before(store, date.fromisoformat(latest.name))
    run = _run(latest.resolve(), earlier[-1].resolve() if earlier else None)
    if run.folder.is_dir() and not Path(run.table("directory")).exists():
        raise StoreError(f"the run of {run.as_of} lacks directory.parquet: run that night again")
    return run


@lru_cache(maxsize=8)
def _run(folder: Path, before: Path | None) -> Run:
    """One object a version, so that what was read of it is read once."""
    return Run(folder, before)


_local = threading.local()
_opening = threading.Lock()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """A database in memory that holds nothing; opened after a server has forked its workers."""
    return duckdb.connect(config={"memory_limit": _MEMORY, "autoinstall_known_extensions": "false"})


def _cursor() -> duckdb.DuckDBPyConnection:
    """This thread's own."""
    if not hasattr(_local, "cursor"):
        with _opening:
            _local.cursor = _database().cursor()
    cursor: duckdb.DuckDBPyConnection = _local.cursor
    return cursor
