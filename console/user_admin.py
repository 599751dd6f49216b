"""Administration of users, by Django's own pages; every change is in the audit log."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import lazystr

from console.models import User
from console.words import ROLES, USER_WORDS, word


class _Said:
    """A word in the language of whoever reads it."""

    def __init__(self, key: str):
        self.key = key

    def __str__(self) -> str:
        return word(USER_WORDS, self.key)


class RoleFilter(admin.SimpleListFilter):
    """Users of a role."""

    title, parameter_name = lazystr(_Said("role")), "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The roles."""
        return [(role, word(ROLES, role)) for role in ROLES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Those who have it."""
        return queryset.filter(groups__name=self.value()) if self.value() in ROLES else queryset


class RoleChoice(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # has none when it runs
    """Roles by what they are called."""

    def label_from_instance(self, obj: Any) -> str:
        """Its name in the language of the page."""
        return word(ROLES, obj.name)


class ConsoleUserAdmin(UserAdmin):  # type: ignore[type-arg]  # has none when it runs
    """Users with their areas and roles. What a role may do is fixed; an operator makes nobody superuser."""

    list_display = ("username", "last_name", "role", "areas", "is_active", "last_login")
    list_filter = (RoleFilter, "is_active")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (None, {"fields": ("last_name", "first_name", "areas", "groups", "is_active", "is_staff")}),
    )
    filter_horizontal = ()

    class Media:
        """How the pages look."""

        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("console/user_admin.css",)}

    @admin.display(description=lazystr(_Said("role")))
    def role(self, user: User) -> str:
        """What the user does."""
        return ", ".join(word(ROLES, group.name) for group in user.groups.all())

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """What areas are, in words."""
        if db_field.name == "areas":
            kwargs["help_text"] = str(_Said("areas_help"))
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Roles in words."""
        if db_field.name == "groups":
            kwargs |= {"form_class": RoleChoice, "label": str(_Said("role")), "help_text": ""}
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Nobody changes his own rights."""
        return ("areas", "groups", "is_active", "is_staff") if obj == request.user else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Users are made inactive: the log names them."""
        return False


def register() -> None:
    """Register users, and nothing else; what the model calls them is said in the language of the page."""
    meta, areas = User._meta, User._meta.get_field("areas")
    meta.verbose_name, meta.verbose_name_plural = lazystr(_Said("user")), lazystr(_Said("users"))
    areas.verbose_name = lazystr(_Said("areas"))
    admin.site.unregister(Group)
    admin.site.register(User, ConsoleUserAdmin)
    admin.site.enable_nav_sidebar = False
    admin.site.site_header = admin.site.site_title = "fundguard"
