"""The audit log: each entry carries the hash of the one before, so that none can be changed or left out."""

from typing import Any, NoReturn

from django.db import models


class AppendOnlyError(RuntimeError):
    """Somebody tried to change or remove an entry of the audit log."""


class AuditEntry(models.Model):
    """Who did what, when, to whom. ``subject`` is a token (`console.tokens`): the log names nobody."""

    seq = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    username = models.CharField(max_length=150, db_index=True)
    action = models.CharField(max_length=24, db_index=True)
    subject = models.CharField(max_length=400, blank=True, db_index=True)
    inspection = models.CharField(max_length=36, blank=True)
    details = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-seq"]

    def save(self, *_args: Any, **_kwargs: Any) -> None:
        """Insert the entry; there is no other way.

        Raises:
            AppendOnlyError: the entry stands already.
        """
        if not self._state.adding:
            raise AppendOnlyError("an entry of the audit log is never changed")
        super().save(force_insert=True)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused."""
        raise AppendOnlyError("an entry of the audit log is never removed")


class AuditHead(models.Model):
    """The end of the chain: how many entries there are, and the hash of the last."""

    entries = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64)
