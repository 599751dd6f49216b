"""An inspection in a few words, for lists of them."""

from typing import Any

from django.http import HttpRequest

from console.access import shown_to
from console.identifier_view import Shown, hidden
from console.models import Inspection
from console.tokens import token_of


def card(request: HttpRequest, inspection: Inspection) -> dict[str, Any]:
    """The inspection with identifier and name as somebody may see them."""
    shown = shown_to(request, token_of(inspection.kind, inspection.subject_id))
    return {
        "inspection": inspection,
        "shown_id": hidden(inspection.subject_id, inspection.kind, shown),
        "name": "" if shown is Shown.NONE else inspection.name,
    }
