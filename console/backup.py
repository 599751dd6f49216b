"""Backup and restore of what the console keeps: database, attachments and secret key, in one file."""

import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from claims.errors import InputError, StoreError
from console.database import SQLITE_FILE, client_environment
from console.options import options

_MANIFEST, _DUMP = "manifest.json", "console.dump"


def backup(target: Path) -> None:
    """Write everything into a tar file for its owner alone, while the console runs.

    The database is copied first: an attachment that comes later is in the file too, and nothing refers to it.

    Raises:
        StoreError: the file is there already, or pg_dump is missing or fails.
    """
    with tempfile.TemporaryDirectory(dir=options().home) as work:
        copy = Path(work) / _database_name()
        if options().database is None:
            _copy_sqlite(copy)
        else:
            _client("pg_dump", "--format=custom", f"--file={copy}")
        manifest = Path(work) / _MANIFEST
        manifest.write_text(json.dumps({"format": 1}), encoding="utf-8")
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise StoreError(f"{target} is there already") from error
        with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as out:
            out.add(manifest, _MANIFEST)
            out.add(copy, copy.name)
            out.add(options().key_file, "secret.key")
            if options().attachments.is_dir():
                out.add(options().attachments, "attachments")


def restore(source: Path) -> None:
    """Put a backup in place where there is no console yet: with PostgreSQL, an empty database.

    Raises:
        InputError: the file is no backup, or one of the other kind of database.
        StoreError: there is a console's database already, or pg_restore is missing or fails.
    """
    home = options().home
    if (home / SQLITE_FILE).exists():
        raise StoreError(f"{home} holds a console already: move it away first")
    home.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=home.parent) as work:
        database = _unpacked(source, Path(work))
        if options().database is not None:
            arguments = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
            name = client_environment(options())["PGDATABASE"]
            _client("pg_restore", *arguments, f"--dbname={name}", str(database))
            database.unlink()
        (Path(work) / _MANIFEST).unlink()
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(mode=0o700)
        for path in Path(work).iterdir():
            path.replace(home / path.name)
    for path in (home, *home.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _database_name() -> str:
    return SQLITE_FILE if options().database is None else _DUMP


def _unpacked(source: Path, work: Path) -> Path:
    """The database of a backup, which is unpacked into a folder."""
    try:
        with tarfile.open(source) as kept:
            for member in kept:
                _unpack(kept, member, work, source)
    except tarfile.TarError as error:
        raise InputError(f"{source} is no backup of the console") from error
    if not (work / _MANIFEST).exists():
        raise InputError(f"{source} is no backup of the console")
    if not (work / _database_name()).exists():
        raise InputError(f"{source} is a backup of a console with the other kind of database")
    return work / _database_name()


def _unpack(kept: tarfile.TarFile, member: tarfile.TarInfo, work: Path, source: Path) -> None:
    """Write a file or make a folder of a backup inside of another folder, and nothing else anywhere."""
    # By hand: `extractall` of Python before 3.11.4, which Debian 12 has, knows no filter.
    target = (work / member.name).resolve()
    content = kept.extractfile(member) if member.isfile() else None
    if not target.is_relative_to(work.resolve()) or (content is None and not member.isdir()):
        raise InputError(f"{source} is no backup of the console: it holds {member.name}")
    if content is None:
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with content, target.open("wb") as out:
        shutil.copyfileobj(content, out)


def _copy_sqlite(copy: Path) -> None:
    file = options().home / SQLITE_FILE
    with (
        closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy)) as copied,
    ):
        source.backup(copied)


def _client(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the database."""
    environment = os.environ | client_environment(options())
    command = [program, "--no-password", *arguments]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise StoreError(f"{program} is not installed (Debian: apt-get install postgresql-client)") from error
    if done.returncode:
        # Its first line says what failed; later ones may quote rows.
        raise StoreError(done.stderr.strip().splitlines()[0] if done.stderr.strip() else f"{program} failed")
