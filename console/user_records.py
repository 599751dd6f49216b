"""Roles as groups, and what the audit log says of users: logins, changes of users and of rights."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import m2m_changed, post_save

from console.audit import record
from console.models import User
from console.roles import ROLES, USER_RIGHTS

# Fields of a user that say what he may do.
_WATCHED = ("username", "areas", "is_active", "is_staff", "is_superuser", "password")


def make_roles() -> None:
    """Make the groups of the roles that are not there; the rights of those that are stay as somebody set
    them."""
    for role, rights in ROLES.items():
        group, created = Group.objects.get_or_create(name=role)
        if created:
            names = [*rights, *(USER_RIGHTS if role == "operator" else ())]
            group.permissions.set(
                Permission.objects.filter(content_type__app_label="console", codename__in=names)
            )


def connect() -> None:
    """Have changes recorded wherever they are made."""
    user_logged_in.connect(_logged_in, dispatch_uid="login")
    user_logged_out.connect(_logged_out, dispatch_uid="logout")
    user_login_failed.connect(_login_failed, dispatch_uid="login_failed")
    post_save.connect(_saved, sender=User, dispatch_uid="user_saved")
    m2m_changed.connect(_rights, sender=User.groups.through, dispatch_uid="user_groups")
    m2m_changed.connect(_rights, sender=User.user_permissions.through, dispatch_uid="user_rights")
    m2m_changed.connect(_rights, sender=Group.permissions.through, dispatch_uid="group_rights")


def _logged_in(user: User, **_signal: Any) -> None:
    record(user, "login")


def _logged_out(user: User | None, **_signal: Any) -> None:
    record(user, "logout")


def _login_failed(credentials: dict[str, Any], **_signal: Any) -> None:
    # Somebody may type his password into the field of the name: only names that there are are kept.
    name = str(credentials.get("username") or "")
    known = User.objects.filter(username=name).exists()
    record(None, "login_failed", username=name if known else None)


def _saved(instance: User, created: bool, update_fields: Any = None, **_signal: Any) -> None:
    if update_fields and not set(update_fields) & set(_WATCHED):
        return
    state = {name: getattr(instance, name) for name in ("areas", "is_active", "is_staff", "is_superuser")}
    record(None, "user_changed", whose=instance.username, created=created, **state)


def _rights(action: str, instance: Any, model: Any, pk_set: set[int] | None, **_signal: Any) -> None:
    if action not in ("post_add", "post_remove", "post_clear"):
        return
    found = model.objects.filter(pk__in=pk_set or ())
    names = [str(one.codename if isinstance(one, Permission) else one) for one in found]
    whose = instance.username if isinstance(instance, User) else str(instance)
    record(None, "rights_changed", whose=whose, how=action.removeprefix("post_"), which=sorted(names))
