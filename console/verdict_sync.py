"""Closed inspections become rows of `insp_case_d`, each once."""

from django.utils import timezone

from claims.store import Store
from console.clock import now
from console.models import Inspection, State
from pipelines.cases import Case, take_what_agrees


def sync(store: Store) -> tuple[int, int, list[str]]:
    """Hand the verdicts of closed inspections to the store; one that it holds already is left as it is, one
    that contradicts what it holds waits until one of the two is mended.

    The store is written first: where this is cut short, the next call finds the rows there and only marks
    them.

    Returns:
        How many the store took; how many it held already; of each that contradicts it, which and how.

    Raises:
        StoreError: the store is empty or in use.
    """
    ended = Inspection.objects.filter(synced_at=None).exclude(closed_at=None)
    closed = list(ended.exclude(state=State.WITHDRAWN).order_by("closed_at"))
    found = [
        (f"inspection {inspection.pk}", _case(inspection), timezone.localdate(inspection.closed_at))
        for inspection in closed
    ]
    taken, held, contradicted = take_what_agrees(found, store) if found else (0, 0, [])
    waiting = {number for number, _line in contradicted}
    done = [inspection.pk for number, inspection in enumerate(closed) if number not in waiting]
    Inspection.objects.filter(pk__in=done).update(synced_at=now())
    return taken, held, [line for _number, line in contradicted]


def _case(inspection: Inspection) -> Case:
    amount = inspection.amount_found
    return Case(
        inspection.case_id,
        inspection.kind,
        inspection.subject_id,
        inspection.scheme or None,
        inspection.state,
        None if amount is None else float(amount),
        inspection.reason or None,
    )
