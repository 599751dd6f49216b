"""Backup and restore of what the console keeps: database, attachments and secret key, in one file."""

import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from claims.errors import InputError, StoreError
from console.options import options

_DATABASE = "console.sqlite3"
_MANIFEST = "manifest.json"


def backup(target: Path) -> None:
    """Write everything into a tar file for its owner alone, while the console runs.

    The database is copied first: an attachment that comes later is in the file too, and nothing refers to it.

    Raises:
        StoreError: the database is PostgreSQL, which pg_dump backs up; or the file is there already.
    """
    _require_sqlite()
    home = options().home
    with tempfile.TemporaryDirectory(dir=home) as work:
        copy = Path(work) / _DATABASE
        with (
            closing(sqlite3.connect(f"file:{home / _DATABASE}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as copied,
        ):
            source.backup(copied)
        manifest = Path(work) / _MANIFEST
        manifest.write_text(json.dumps({"format": 1, "entries": _log_entries(copy)}), encoding="utf-8")
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise StoreError(f"{target} is there already") from error
        with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as out:
            out.add(manifest, _MANIFEST)
            out.add(copy, _DATABASE)
            out.add(options().key_file, "secret.key")
            if options().attachments.is_dir():
                out.add(options().attachments, "attachments")


def restore(source: Path) -> None:
    """Put a backup in place where there is no console yet.

    Raises:
        InputError: the file is no backup.
        StoreError: there is a console's database already.
    """
    _require_sqlite()
    home = options().home
    if (home / _DATABASE).exists():
        raise StoreError(f"{home} holds a console already: move it away first")
    home.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=home.parent) as work:
        try:
            with tarfile.open(source) as kept:
                kept.extractall(work, filter="data")
        except tarfile.TarError as error:
            raise InputError(f"{source} is no backup of the console") from error
        if not (Path(work) / _MANIFEST).exists() or not (Path(work) / _DATABASE).exists():
            raise InputError(f"{source} is no backup of the console")
        (Path(work) / _MANIFEST).unlink()
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(mode=0o700)
        for path in Path(work).iterdir():
            path.replace(home / path.name)
    for path in (home, *home.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _log_entries(database: Path) -> int:
    """How many entries the audit log of a copy has."""
    with closing(sqlite3.connect(database)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM console_auditentry").fetchone()
    return int(count)


def _require_sqlite() -> None:
    if options().database is not None:
        raise StoreError("the database is PostgreSQL: use pg_dump, and copy attachments and secret.key")
