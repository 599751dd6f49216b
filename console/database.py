"""The console's own database, as Django and PostgreSQL's programs want it described."""

from typing import Any
from urllib.parse import unquote, urlsplit

from claims.errors import StoreError
from console.options import Options

SQLITE_FILE = "console.sqlite3"


def databases(given: Options) -> dict[str, dict[str, Any]]:
    """The databases of Django: a SQLite file, or PostgreSQL.

    Raises:
        StoreError: the address is none of PostgreSQL, or holds a password.
    """
    if given.database is None:
        # A transaction that will write takes its lock at once: nobody has to give up half-way. Every commit
        # is on the disk before its page is shown.
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        sqlite = {"transaction_mode": "IMMEDIATE", "timeout": 30, "init_command": pragmas}
        file = given.home / SQLITE_FILE
        return {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": file, "OPTIONS": sqlite}}
    address = urlsplit(given.database)
    if address.scheme != "postgresql" or address.password is not None:
        raise StoreError("console.toml: database is postgresql://user@host/name, without the password")
    return {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": address.path.strip("/"),
            "USER": unquote(address.username or ""),
            "PASSWORD": given.database_password or "",
            "HOST": address.hostname or "",
            "PORT": str(address.port or ""),
            # A thread of the server keeps its connection.
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
        }
    }


def client_environment(given: Options) -> dict[str, str]:
    """What PostgreSQL's programs read of the database from their environment; the password is in no argument.

    Args:
        given: with an address of PostgreSQL.
    """
    database = databases(given)["default"]
    names = {"NAME": "PGDATABASE", "USER": "PGUSER", "PASSWORD": "PGPASSWORD", "HOST": "PGHOST"}
    names |= {"PORT": "PGPORT"}
    return {variable: database[name] for name, variable in names.items() if database[name]}
