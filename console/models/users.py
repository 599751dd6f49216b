"""Who works with the console."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from console.roles import RIGHTS


class User(AbstractUser):
    """A user; what he may do follows from his groups (`console.roles`)."""

    areas = models.CharField(
        max_length=500,
        blank=True,
    )

    class Meta:
        permissions = tuple(RIGHTS.items())

    def may(self, right: str) -> bool:
        """Has the user a right (key of RIGHTS)?"""
        return self.has_perm(f"console.{right}")

    @property
    def blind(self) -> bool:
        """Works on inspections and must not tell which were drawn at random: of what is inspected he sees
        neither rank nor score."""
        return self.may("work") and not self.may("see_draw")

    @property
    def prefixes(self) -> list[str] | None:
        """Beginnings of the codes of areas that the user sees; None for all."""
        if self.may("all_areas"):
            return None
        return [code.strip() for code in self.areas.split(",") if code.strip()]

    def sees(self, area: str | None) -> bool:
        """May the user see what lies in an area? What lies nowhere is seen by those who see all."""
        prefixes = self.prefixes
        return prefixes is None or any((area or "").startswith(prefix) for prefix in prefixes)
