"""Commands of the console: start it, add users, verify the log, back up and restore.

The module `commands` puts them on the command line; Django is imported when one of them runs.
"""

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from claims.errors import InputError, StoreError

# Roles as options; a test holds them equal to `console.roles.ROLES`.
Role = Literal["operator", "investigator", "supervisor", "auditor", "data_scientist"]
_PASSWORD = "FUNDGUARD_CONSOLE_PASSWORD"

console = App(name="console", help="The investigators' web pages.", version_flags=[])


@console.default
def serve_console(
    *,
    store: Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 1,
    sample_users: bool = False,
) -> None:
    """Serve the console; it shows the last run of the store, whatever the nights do.

    Parameters
    ----------
    store
        The store whose runs are shown.
    host
        Address to listen on; leave it on loopback and put a proxy in front (docs/console.md).
    port
        Port to listen on.
    workers
        Processes; more than one where the database is PostgreSQL.
    sample_users
        Add an investigator, a supervisor and an auditor for a demonstration; their password is taken from
            FUNDGUARD_CONSOLE_PASSWORD or asked for.
    """
    _prepared(store)
    from django.core.wsgi import get_wsgi_application

    from console.server import Server
    from console.start import SAMPLE_USERS, make_sample_users

    if sample_users:
        make_sample_users(_password("the sample users"))
        print(f"users: {', '.join(SAMPLE_USERS)}")
    print(f"http://{host}:{port}/", flush=True)
    Server(get_wsgi_application(), f"{host}:{port}", workers).run()


@console.command(name="user")
def user_command(
    name: str, /, *, store: Path, role: Role, areas: Annotated[str, Parameter(negative=())] = ""
) -> None:
    """Add a user, or give one another role, areas and password.

    The password is taken from FUNDGUARD_CONSOLE_PASSWORD or asked for.

    Parameters
    ----------
    name
        The name to log in with.
    store
        The store whose console is meant.
    role
        What the user does.
    areas
        Codes of the areas whose subjects the user sees, separated by commas.
    """
    _prepared(store)
    from console.start import make_user

    make_user(name, role, areas, _password(name))
    print(f"{name}: {role}")


@console.command(name="verify")
def verify_command(*, store: Path) -> None:
    """Verify the chain of the audit log.

    Parameters
    ----------
    store
        The store whose console is meant.
    """
    _prepared(store)
    from console.audit import faults
    from console.models import AuditHead

    found = faults()
    if found:
        raise InputError(f"the audit log was tampered with: {'; '.join(found)}")
    head = AuditHead.objects.filter(pk=1).first()
    count, last = (head.entries, head.hash) if head else (0, "-")
    print(f"{count:,} entries, the chain is whole; it ends with {last}")


@console.command(name="backup")
def backup_command(file: Path, /, *, store: Path) -> None:
    """Write database, attachments and secret key into one file, while the console runs.

    Parameters
    ----------
    file
        The file to write, tar.gz.
    store
        The store whose console is meant.
    """
    _prepared(store)
    from console.backup import backup

    backup(file)
    print(file)


@console.command(name="restore")
def restore_command(file: Path, /, *, store: Path) -> None:
    """Put a backup in place where there is no console yet, and verify its audit log.

    Parameters
    ----------
    file
        The backup.
    store
        The store whose console is meant.
    """
    os.environ["FUNDGUARD_CONSOLE_STORE"] = str(store.resolve())
    from console.backup import restore

    restore(file)
    verify_command(store=store)


def sync_command(*, store: Path) -> None:
    """Hand the verdicts of the console to the store, each once; the next training learns from them.

    Parameters
    ----------
    store
        The store whose console is meant.
    """
    _prepared(store)
    from claims.store import Store
    from console.verdict_sync import sync

    taken, held, contradicted = sync(Store(store))
    print(f"{taken:,} verdicts taken, {held:,} there already")
    if contradicted:
        print("\n".join(contradicted), file=sys.stderr)
        raise InputError("what contradicts the store waits until one of the two is mended")


def _prepared(store: Path) -> None:
    """Set up Django, or say what is missing."""
    try:
        import django  # noqa: F401
    except ModuleNotFoundError as error:
        raise StoreError("the console is not installed: pip install 'fundguard[console]'") from error
    from console.start import prepare

    prepare(store)


def _password(whose: str) -> str:
    try:
        return os.environ.get(_PASSWORD) or getpass.getpass(f"Password of {whose}: ")
    except EOFError as error:
        raise InputError(f"no password was given; set {_PASSWORD} where nobody can be asked") from error
