"""Writing and verifying the audit log."""

import hashlib
import json
from contextvars import ContextVar
from datetime import UTC
from typing import Any

from django.db import transaction
from django.db.models import Max

from console.clock import now
from console.models import AuditEntry, AuditHead, User

# What the first entry follows.
GENESIS = "0" * 64
NOBODY = "-"
# Who asks, for what is recorded where the request is not at hand.
ACTOR: ContextVar[User | None] = ContextVar("actor", default=None)


def record(
    user: User | None,
    action: str,
    subject: str = "",
    inspection: str = "",
    username: str | None = None,
    **details: Any,
) -> AuditEntry:
    """Append an entry; inside of a transaction it stands or falls with it.

    Args:
        subject: token of a subject.
        inspection: id of an inspection.
        username: where nobody is logged in, the name that somebody gave.
        details: what else is to be known, without identifiers.
    """
    with transaction.atomic():
        # The row of the head is the lock: entries are written one after the other.
        head = AuditHead.objects.select_for_update().get_or_create(pk=1, defaults={"hash": GENESIS})[0]
        actor = user or ACTOR.get()
        name = actor.username if actor else (username or NOBODY)
        entry = AuditEntry(
            seq=head.entries + 1, at=now(), username=name[:150], action=action, subject=subject,
            inspection=inspection, details=details, previous=head.hash,
        )  # fmt: skip
        entry.hash = hash_of(entry)
        entry.save()
        head.entries, head.hash = entry.seq, entry.hash
        head.save()
    return entry


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 of everything an entry says, and of the hash of the entry before."""
    said = [
        entry.seq,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.username,
        entry.action,
        entry.subject,
        entry.inspection,
        entry.details,
        entry.previous,
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def faults() -> list[str]:
    """What is wrong with the chain, entry by entry; empty where nobody touched it.

    The end is read first: what is written while the chain is read comes after it.
    """
    head = AuditHead.objects.filter(pk=1).first() or AuditHead(entries=0, hash=GENESIS)
    found, before, last = [], GENESIS, 0
    for entry in AuditEntry.objects.filter(seq__lte=head.entries).order_by("seq").iterator(2000):
        if entry.seq != last + 1:
            found.append(f"entries {last + 1} to {entry.seq - 1} are missing")
        if entry.previous != before:
            found.append(f"entry {entry.seq} does not follow the one before")
        if entry.hash != hash_of(entry):
            found.append(f"entry {entry.seq} was changed")
        before, last = entry.hash, entry.seq
    beyond = AuditEntry.objects.aggregate(last=Max("seq"))["last"] or 0
    if (head.entries, head.hash) != (last, before) or beyond > _written():
        found.append(f"the log ends at entry {max(last, beyond)}, not where it was last written")
    return found


def _written() -> int:
    """How many entries were written."""
    return AuditHead.objects.filter(pk=1).values_list("entries", flat=True).first() or 0
