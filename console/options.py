"""What the operator of the console may set: in ``STORE/console.toml``, or by environment."""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from claims.errors import StoreError


class Options(BaseSettings):
    """Settings of the console; in the environment with the prefix FUNDGUARD_CONSOLE_.

    Attributes:
        store: the store whose runs are shown.
        data: folder of the database, the secret key and the attachments; ``STORE/console`` unless given.
        database: ``postgresql://user@host:port/name``; a SQLite file in ``data`` unless given. The password
            is taken from FUNDGUARD_CONSOLE_DATABASE_PASSWORD.
        hosts: names under which browsers may ask for the console.
        https: browsers reach it by HTTPS (a proxy in front ends TLS): cookies are marked secure.
        proxies: so many proxies stand in front, whose X-Forwarded-For is believed.
        second_person_above: verdicts above so many yuan (found, or in dispute where excluded) need a second
            person. Own starting value.
        attachment_mb: an attachment has so many megabytes at most.
        session_hours: a session without use ends after so many hours.
        failures: after so many failed logins of a name from an address, both wait ``wait_minutes``.
    """

    model_config = SettingsConfigDict(env_prefix="FUNDGUARD_CONSOLE_", extra="forbid", frozen=True)

    store: Path = Path("store")
    data: Path | None = None
    database: str | None = None
    database_password: str | None = None
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    https: bool = False
    proxies: int = Field(default=0, ge=0)
    second_person_above: float = Field(default=10_000.0, ge=0)
    attachment_mb: int = Field(default=10, ge=1)
    session_hours: int = Field(default=8, ge=1)
    failures: int = Field(default=5, ge=1)
    wait_minutes: int = Field(default=15, ge=1)

    @property
    def home(self) -> Path:
        """The folder of the console's own data."""
        return self.data or self.store / "console"

    @property
    def attachments(self) -> Path:
        """The folder of attachments; no part of it is served as a file."""
        return self.home / "attachments"

    @property
    def key_file(self) -> Path:
        """The file of the secret key."""
        return self.home / "secret.key"


@cache
def options() -> Options:
    """The settings of this process.

    Raises:
        StoreError: the file cannot be read, or it holds a key or value that is not known.
    """
    store = Options().store
    file = store / "console.toml"
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return Options(**{"store": store, **given})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"{file} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise StoreError(f"{file}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def secret_key() -> str:
    """The secret under which sessions are signed and addresses are made; empty before the first start."""
    file = options().key_file
    return file.read_text(encoding="ascii").strip() if file.exists() else ""
