"""What happens before the console serves: its folder, its secret, its tables, its users."""

import os
import secrets
from pathlib import Path

from claims.errors import StoreError
from console.options import options

# Sample users of a demonstration: name → role. They see every area.
SAMPLE_USERS = {"investigator": "investigator", "supervisor": "supervisor", "auditor": "auditor"}


def prepare(store: Path) -> None:
    """Set up the console's folder and Django; nothing is written to the store beside ``console/``."""
    os.environ["FUNDGUARD_CONSOLE_STORE"] = str(store.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "console.django_settings"
    if not store.is_dir():
        raise StoreError(f"there is no store {store}")
    home = options().home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    _make_secret()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


def _make_secret() -> None:
    """A secret of its own for each console, for its owner alone."""
    file = options().key_file
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as target:
            target.write(secrets.token_urlsafe(48))


def make_user(name: str, role: str, areas: str, password: str) -> None:
    """Add a user, or give one that there is a role, areas and a password.

    Raises:
        StoreError: the password is too weak, or there is no such role.
    """
    from django.contrib.auth.models import Group
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    from console.models import User
    from console.roles import ROLES

    if role not in ROLES:
        raise StoreError(f"there is no role {role}: the roles are {', '.join(ROLES)}")
    user = User.objects.filter(username=name).first() or User(username=name)
    user.areas, user.is_staff, user.is_active = areas, role == "operator", True
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise StoreError(f"the password of {name}: {' '.join(error.messages)}") from error
    user.set_password(password)
    user.save()
    user.groups.set(Group.objects.filter(name=role))


def make_sample_users(password: str) -> None:
    """The users of a demonstration, all with one password; those that there are keep what they have."""
    from console.models import User

    for name, role in SAMPLE_USERS.items():
        if not User.objects.filter(username=name).exists():
            # Every code of an area begins with a digit.
            areas = ",".join("0123456789") if role == "investigator" else ""
            make_user(name, role, areas, password)
