"""Inspections: who looks into which subject, what came of it, and every step on the way."""

import uuid

from django.conf import settings
from django.db import models


class State(models.TextChoices):
    """How far an inspection is; the outcomes are spelled as clue_stas of insp_case_d. One that was withdrawn
    has none."""

    PENDING = "pending"
    CHECKING = "checking"
    CONFIRMED = "2"
    CLEARED = "3"
    PARTLY = "4"
    WITHDRAWN = "off"


class Inspection(models.Model):
    """A subject that somebody looks into.

    ``run_as_of``, ``score``, ``amount_at_risk``, ``scheme_listed`` and ``model`` are what the list said when
    the inspection was opened; amounts are yuan. ``version`` grows with every change: whoever saves says which
    he saw, and a stale change is refused. ``proposed`` is a verdict that waits for a second person.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run_as_of = models.DateField()
    kind = models.CharField(max_length=16)
    subject_id = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True)
    area = models.CharField(max_length=20, blank=True)
    model = models.CharField(max_length=100, blank=True)
    score = models.FloatField()
    amount_at_risk = models.FloatField()
    scheme_listed = models.CharField(max_length=8, blank=True)
    drawn = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="inspections"
    )
    proposed = models.CharField(max_length=8, choices=State.choices, blank=True)
    scheme = models.CharField(max_length=8, blank=True)
    amount_found = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    amount_recovered = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    reason = models.TextField(blank=True, max_length=2000)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run_as_of", "kind", "subject_id"], name="one_a_run"),
            models.UniqueConstraint(
                fields=["kind", "subject_id"], condition=models.Q(closed_at=None), name="one_open"
            ),
        ]
        indexes = [models.Index(fields=["kind", "state"]), models.Index(fields=["assignee", "closed_at"])]

    @property
    def is_open(self) -> bool:
        """Has nobody closed it?"""
        return self.closed_at is None

    @property
    def case_id(self) -> str:
        """Its name in insp_case_d, the same as that of a verdict in the workbook of the run."""
        return f"{self.run_as_of}/{self.kind}/{self.subject_id}"


class Event(models.Model):
    """A step of an inspection: what was changed from what to what, or a comment. Never changed, never
    removed."""

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="events")
    version = models.PositiveIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT)
    at = models.DateTimeField()
    action = models.CharField(max_length=16)
    changes = models.JSONField(default=dict)
    text = models.TextField(blank=True, max_length=4000)

    class Meta:
        ordering = ["id"]


class Attachment(models.Model):
    """A file of an inspection; its content lies in the folder of attachments under its id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=150)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
