"""Closed inspections become rows of `insp_case_d`, each once."""

from django.utils import timezone

from claims.store import Store
from console.clock import now
from console.models import Inspection
from pipelines.cases import Case, take_cases


def sync(store: Store) -> tuple[int, int]:
    """Hand closed inspections to the store; one that it holds already is left as it is.

    The store is written first: where this is cut short, the next call finds the rows there and only marks
    them.

    Returns:
        How many the store took, and how many it held already.

    Raises:
        VerdictsRefused: the store holds a case of a closed inspection with another outcome.
        StoreError: the store is empty or in use.
    """
    closed = list(Inspection.objects.filter(synced_at=None).exclude(closed_at=None).order_by("closed_at"))
    found = [
        (f"inspection {inspection.pk}", _case(inspection), timezone.localdate(inspection.closed_at))
        for inspection in closed
    ]
    taken, held = take_cases(found, store, "the console") if found else (0, 0)
    Inspection.objects.filter(pk__in=[inspection.pk for inspection in closed]).update(synced_at=now())
    return taken, held


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
