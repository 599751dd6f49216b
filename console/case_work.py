"""Work on inspections: every change says which version it saw, is kept as an event and in the audit log, and
a stale one is refused."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction

from console.audit import record
from console.clock import now
from console.models import Event, Inspection, State, User
from console.options import options
from console.run_reader import Row, Run
from console.tokens import token_of

OUTCOMES = (State.CONFIRMED, State.PARTLY, State.CLEARED)


class StaleError(RuntimeError):
    """Somebody else changed the inspection since; ``events`` say who did what."""

    def __init__(self, inspection: Inspection, events: list[Event]):
        super().__init__("the inspection was changed by somebody else")
        self.inspection, self.events = inspection, events


class NotNowError(ValueError):
    """The inspection is not in a state in which this can be done; the message is a key of the words."""


def opened(run: Run, row: Row, user: User | None, drawn: bool = False) -> Inspection:
    """The open inspection of a subject; one is opened where there is none.

    Raises:
        NotNowError: that of this run is closed already.
    """
    key = {"kind": row["subject_type"], "subject_id": row["subject_id"]}
    there = Inspection.objects.filter(**key, closed_at=None)
    # Where nothing is created, somebody opened it in between, or it was closed on the same list.
    found = there.first() or _created(run, row, user, drawn) or there.first()
    if found is None:
        raise NotNowError("closed_already")
    return found


@transaction.atomic
def _created(run: Run, row: Row, user: User | None, drawn: bool) -> Inspection | None:
    """A new inspection; None where there is one already. A violated constraint would stand in the log of
    PostgreSQL with the identifier."""
    created = Inspection(
        run_as_of=run.as_of, kind=row["subject_type"], subject_id=row["subject_id"], name=row["name"] or "",
        area=row["area"] or "", model=run.model(row["subject_type"]), score=row["score"],
        amount_at_risk=row["amount_at_risk"] or 0.0, scheme_listed=row["scheme"] or "", drawn=drawn,
        opened_at=now(),
    )  # fmt: skip
    Inspection.objects.bulk_create([created], ignore_conflicts=True)
    if not Inspection.objects.filter(pk=created.pk).exists():
        return None
    _keep(created, user, "opened", {})
    return created


def assigned(inspection: Inspection, version: int, user: User, to: User) -> Inspection:
    """Give an open inspection to somebody.

    Raises:
        StaleError, NotNowError.
        PermissionDenied: `to` may not work, or not in this area.
    """
    _require(inspection.is_open, "is_closed")
    if not (to.may("work") and to.sees(inspection.area)):
        raise PermissionDenied
    return _changed(inspection, version, user, "assigned", assignee=to)


def taken(inspection: Inspection, version: int, user: User) -> Inspection:
    """Begin to check: whoever it is assigned to, or, where it is nobody's, whoever takes it.

    Raises:
        StaleError, NotNowError.
    """
    _require(inspection.is_open, "is_closed")
    _require(inspection.assignee in (None, user), "is_anothers")
    return _changed(inspection, version, user, "taken", assignee=user, state=State.CHECKING)


def commented(inspection: Inspection, user: User, text: str) -> None:
    """Say something; a comment contradicts nobody's change."""
    with transaction.atomic():
        _keep(inspection, user, "commented", {}, text)


def commented_with(inspection: Inspection, user: User, name: str, attachment: str) -> None:
    """Say that a file was attached."""
    with transaction.atomic():
        _keep(inspection, user, "attached", {"attachment": attachment}, name)


def decided(inspection: Inspection, version: int, user: User, verdict: Mapping[str, Any]) -> Inspection:
    """Close an inspection, or propose to where it takes two.

    Args:
        verdict: state, scheme, amount_found, amount_recovered, reason.

    Raises:
        StaleError, NotNowError.
    """
    _require(inspection.is_open, "is_closed")
    _require(inspection.assignee == user, "is_anothers")
    _require(not inspection.proposed, "waits_for_second")
    state, fields = verdict["state"], {name: verdict[name] for name in verdict if name != "state"}
    if needs_second(inspection, state, verdict["amount_found"]):
        return _changed(inspection, version, user, "proposed", proposed=state, decided_by=user, **fields)
    closing: dict[str, Any] = {"state": state, "decided_by": user, "closed_at": now(), **fields}
    return _changed(inspection, version, user, "decided", **closing)


def needs_second(inspection: Inspection, state: str, amount_found: Decimal | None) -> bool:
    """Does a verdict take two persons: more was found, or more that was in dispute is cleared, than the
    limit?"""
    amount = float(amount_found or 0)
    if state != State.CONFIRMED:
        amount = max(amount, inspection.amount_at_risk)
    return amount > options().second_person_above


def approved(inspection: Inspection, version: int, user: User) -> Inspection:
    """Close an inspection with the verdict that somebody else proposed.

    Raises:
        StaleError, NotNowError.
    """
    _require(bool(inspection.proposed), "nothing_proposed")
    _require(inspection.decided_by != user, "own_proposal")
    closing: dict[str, Any] = {"state": inspection.proposed, "proposed": "", "approved_by": user}
    return _changed(inspection, version, user, "approved", closed_at=now(), **closing)


def returned(inspection: Inspection, version: int, user: User, text: str) -> Inspection:
    """Send a proposed verdict back, saying why.

    Raises:
        StaleError, NotNowError.
    """
    _require(bool(inspection.proposed), "nothing_proposed")
    _require(inspection.decided_by != user, "own_proposal")
    return _changed(inspection, version, user, "returned", text, proposed="", decided_by=None)


def withdrawn(inspection: Inspection, version: int, user: User, text: str) -> Inspection:
    """End an inspection without a verdict, saying why: no label comes of it. The drawn stay.

    Raises:
        StaleError, NotNowError.
    """
    _require(inspection.is_open, "is_closed")
    _require(not inspection.drawn, "drawn_stays")
    _require(not inspection.proposed, "waits_for_second")
    return _changed(inspection, version, user, "withdrawn", text, state=State.WITHDRAWN, closed_at=now())


def recovered(inspection: Inspection, version: int, user: User, amount: Decimal) -> Inspection:
    """State what was paid back, also after the end.

    Raises:
        StaleError, NotNowError.
    """
    _require(inspection.state in (State.CONFIRMED, State.PARTLY), "not_confirmed")
    return _changed(inspection, version, user, "recovered", amount_recovered=amount)


def _require(condition: bool, key: str) -> None:
    if not condition:
        raise NotNowError(key)


def _changed(
    inspection: Inspection, version: int, user: User, action: str, text: str = "", **fields: Any
) -> Inspection:
    """Write fields if nobody else wrote in between."""
    changes = {
        name: [_plain(getattr(inspection, name)), _plain(value)]
        for name, value in fields.items()
        if getattr(inspection, name) != value
    }
    with transaction.atomic():
        same = Inspection.objects.filter(pk=inspection.pk, version=version)
        if inspection.version != version or not same.update(version=models.F("version") + 1, **fields):
            raise StaleError(*_since(inspection, version))
        inspection.refresh_from_db()
        _keep(inspection, user, action, changes, text)
    return inspection


def _since(inspection: Inspection, version: int) -> tuple[Inspection, list[Event]]:
    inspection.refresh_from_db()
    return inspection, list(inspection.events.filter(version__gt=version).select_related("user"))


def _keep(
    inspection: Inspection, user: User | None, action: str, changes: dict[str, Any], text: str = ""
) -> None:
    """An event, and an entry of the audit log, in the same transaction as the change."""
    Event.objects.create(
        inspection=inspection, version=inspection.version, user=user, at=now(), action=action,
        changes=changes, text=text,
    )  # fmt: skip
    token = token_of(inspection.kind, inspection.subject_id)
    record(user, action, token, str(inspection.pk), version=inspection.version, changes=changes)


def _plain(value: Any) -> Any:
    """A value as it stands in an event."""
    if value is None or isinstance(value, int | str):
        return value if not isinstance(value, State) else value.value
    return value.username if isinstance(value, User) else str(value)
