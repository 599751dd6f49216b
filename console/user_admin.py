"""Administration of users, by Django's own pages; every change is in the audit log."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from console.models import User


class ConsoleUserAdmin(UserAdmin):  # type: ignore[type-arg]  # has none when it runs
    """Users with their areas and roles. What a role may do is fixed; an operator makes nobody superuser."""

    list_display = ("username", "last_name", "areas", "is_active", "last_login")
    list_filter = ("groups", "is_active")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (None, {"fields": ("last_name", "first_name", "areas", "groups", "is_active", "is_staff")}),
    )
    filter_horizontal = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Nobody changes his own rights."""
        return ("areas", "groups", "is_active", "is_staff") if obj == request.user else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Users are made inactive: the log names them."""
        return False


def register() -> None:
    """Register users, and nothing else."""
    admin.site.unregister(Group)
    admin.site.register(User, ConsoleUserAdmin)
    admin.site.site_header = admin.site.site_title = "fundguard"
