"""The only place where the console reads the clock."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """This moment, with its time zone."""
    return timezone.now()


def local(moment: datetime) -> datetime:
    """A moment in Asia/Shanghai."""
    return timezone.localtime(moment)
