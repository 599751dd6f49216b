"""What a store's folder says of itself without reading a row: the claims in force, the loads, the runs.

Commands ask this module first, so that a plain error answers at once; it imports nothing that takes long.
"""

import re
from datetime import date
from pathlib import Path

from claims.errors import InputError, StoreError

_NUMBER = re.compile(r"(?:claims-)?(\d{6,})(?:\..*)?")
_AS_OF = re.compile(r"\d{4}-\d\d-\d\d")


def current(store: Path) -> Path | None:
    """Folder of the generation in force; None before the first load."""
    pointer = store / "CURRENT"
    return store / pointer.read_text().strip() if pointer.exists() else None


def number_of(path: Path) -> int:
    """Number of a generation or of a load's file; 0 for anything else."""
    found = _NUMBER.fullmatch(path.name)
    return int(found[1]) if found else 0


def committed_reports(store: Path) -> list[Path]:
    """Files that record what each load brought, latest first; what a load left that died is no load."""
    generation = current(store)
    last = number_of(generation) if generation else 0
    files = sorted((store / "loads").glob("*.json"), key=number_of, reverse=True)
    return [file for file in files if number_of(file) <= last]


def require_claims(store: Path) -> None:
    """Raise StoreError where nothing was ever loaded."""
    if current(store) is None:
        raise StoreError(f"{store} holds no claims yet: run 'fundguard ingest' first")


def require_source(source: Path) -> None:
    """Raise InputError where there is no folder to load from."""
    if not source.is_dir():
        raise InputError(f"{source} is not a folder of claim tables")


def runs_before(store: Path, as_of: date) -> list[Path]:
    """Folders of the runs of earlier as-of dates, oldest first; unfinished ones left out."""
    found = [path for path in (store / "runs").glob("*") if _AS_OF.fullmatch(path.name)]
    return sorted(path for path in found if path.name < as_of.isoformat())


def last_run(store: Path) -> Path:
    """Folder of the run of the latest as-of date.

    Raises:
        StoreError: there is no run yet.
    """
    found = runs_before(store, date.max)
    if not found:
        raise StoreError(f"{store} holds no run yet: run 'fundguard run' first")
    return found[-1]
