"""A PostgreSQL server of the tests' own, from Debian's package; tests that need it are skipped without it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import free_port

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))


class Server(NamedTuple):
    """A server that is running: its address with the user, without a database, and its log."""

    address: str
    log: Path


@contextmanager
def postgresql() -> Iterator[Server]:
    """A server that believes everybody on loopback."""
    pytest.importorskip(
        "psycopg", reason="the driver psycopg is not installed (pip install fundguard[postgresql])"
    )
    if not PROGRAMS:
        pytest.skip("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
    folder, port = Path(tempfile.mkdtemp(prefix="fundguard-postgresql-", dir="/tmp")), free_port()
    folder.chmod(0o777)
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
    data = folder / "data"
    try:
        _as_server("initdb", "-D", data, "-U", "reader", "--auth=trust", "--no-sync", "-E", "UTF8")
        _as_server("pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
        try:
            yield Server(f"postgresql://reader@127.0.0.1:{port}", folder / "log")
        finally:
            _as_server("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_database(server: str, name: str, template: str = "template1") -> None:
    """A new database in place of one that may be there."""
    import psycopg

    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")


def _as_server(name: str, *arguments: object) -> None:
    """Run a program as PostgreSQL's own user where this is root, who must not run the server."""
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    command = [*user, str(PROGRAMS[-1] / name), *map(str, arguments)]
    subprocess.run(command, capture_output=True, text=True, cwd="/", check=True)
