"""The console on a real PostgreSQL: what is tested on SQLite holds there, too."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.postgresql_server import PROGRAMS, postgresql

# Migrations and triggers, the chain, locking and two persons, backup and restore, throttled logins.
FILES = (
    "test_audit_chain.py",
    "test_case_work.py",
    "test_console_backup.py",
    "test_console_security.py::test_failed_logins_are_throttled_and_logged",
)


@pytest.fixture(scope="module")
def done():
    """Those files of tests, run with a server, and the server's log."""
    with postgresql() as server:
        environment = os.environ | {"TEST_CONSOLE_POSTGRESQL": server.address, "PATH": _path()}
        environment = {k: v for k, v in environment.items() if not k.startswith("PYTEST_XDIST")}
        files = [f"tests/console/{name}" for name in FILES]
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *files]
        tests = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        yield tests, server.log.read_text()


def _path() -> str:
    return f"{PROGRAMS[-1]}:{os.environ['PATH']}" if PROGRAMS else os.environ["PATH"]


def test_what_holds_on_sqlite_holds_on_postgresql(done):
    tests, _log = done
    assert tests.returncode == 0, tests.stdout[-5_000:]
    assert " skipped" not in tests.stdout.splitlines()[-1]


def test_the_servers_log_names_nobody(done):
    """It quotes rows that violate a constraint, so none may: two who open the same inspection do not."""
    _tests, log = done
    assert "append-only" in log and "42080000000000" not in log
