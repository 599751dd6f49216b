"""A console over a run made by hand, with a user of each role; every test has a database of its own."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.console.console_server import SERVER
from tests.postgresql_server import make_database

# Models can only be imported once Django is set up; of a session the store is one.
_STORE = Path(tempfile.mkdtemp(prefix="fundguard-console-"))
os.environ["FUNDGUARD_CONSOLE_STORE"] = str(_STORE)
if SERVER:
    os.environ["FUNDGUARD_CONSOLE_DATABASE"] = f"{SERVER}/console"
    make_database(SERVER, "console")
os.environ["DJANGO_SETTINGS_MODULE"] = "console.django_settings"

from console.start import prepare  # noqa: E402

prepare(_STORE)

from django.contrib.auth.models import Group  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402

from console.models import User  # noqa: E402
from console.options import options  # noqa: E402
from tests.console.made_run import AS_OF, BEFORE, NORTH, write_run  # noqa: E402

_EMPTY = _STORE / "console" / "empty.sqlite3"


@pytest.fixture(scope="session", autouse=True)
def _store() -> Iterator[None]:
    write_run(_STORE, BEFORE)
    write_run(_STORE, AS_OF)
    connections.close_all()
    if SERVER:
        make_database(SERVER, "empty", "console")
    else:
        shutil.copy(options().home / "console.sqlite3", _EMPTY)
    yield
    connections.close_all()
    shutil.rmtree(_STORE, ignore_errors=True)


@pytest.fixture
def store() -> Path:
    return _STORE


@pytest.fixture(autouse=True)
def database() -> Iterator[None]:
    """A database with the roles and nobody in it."""
    connections.close_all()
    if SERVER:
        make_database(SERVER, "console", "empty")
    else:
        for path in options().home.glob("console.sqlite3*"):
            path.unlink()
        shutil.copy(_EMPTY, options().home / "console.sqlite3")
    yield
    connections.close_all()
    shutil.rmtree(options().attachments, ignore_errors=True)


@pytest.fixture
def nothing_there() -> Iterator[None]:
    """A place where no console has been: no folder, and no tables."""
    connections.close_all()
    aside = options().home.with_name("aside")
    options().home.rename(aside)
    if SERVER:
        make_database(SERVER, "console")
    yield
    connections.close_all()
    shutil.rmtree(options().home, ignore_errors=True)
    aside.rename(options().home)


@pytest.fixture
def user() -> Callable[..., User]:
    def make(role: str, name: str | None = None, areas: str = NORTH) -> User:
        found = User.objects.create_user(
            name or role, password=None, areas=areas, is_staff=role == "operator"
        )
        found.groups.set(Group.objects.filter(name=role))
        return User.objects.get(pk=found.pk)

    return make


@pytest.fixture
def login(user) -> Callable[..., Client]:
    """A browser with a user of a role logged in; the user is its ``user``."""

    def logged_in(role: str, name: str | None = None, areas: str = NORTH) -> Client:
        client = Client(SERVER_NAME="localhost")
        client.user = user(role, name, areas)
        client.force_login(client.user, "django.contrib.auth.backends.ModelBackend")
        return client

    return logged_in
