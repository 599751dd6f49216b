"""The application as Django knows it: what it does when it is ready."""

from typing import Any

from django.apps import AppConfig


class ConsoleApp(AppConfig):
    """The console."""

    name = "console"
    verbose_name = "fundguard"

    def ready(self) -> None:
        """Connect what is logged of users to where it happens."""
        from django.db.models.signals import post_migrate

        from console import user_admin, user_records

        user_admin.register()
        user_records.connect()
        post_migrate.connect(_make_roles, sender=self)


def _make_roles(**_signal: Any) -> None:
    from console.user_records import make_roles

    make_roles()
