"""Today: whom to visit, and what is one's own."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from console.access import needs, no_link, shown_to, user_of
from console.audit import record
from console.identifier_view import known_in, rewritten
from console.middleware import run_of
from console.models import Inspection, User
from console.page import first_page
from console.todays_tasks import open_todays, to_visit
from console.views.inspection_cards import card
from console.views.list_pages import listed
from console.words import language


@require_GET
@needs("see_lists", "see_status", "see_audit")
def today(request: HttpRequest) -> HttpResponse:
    """The start page; whoever sees no lists is sent to his own first page."""
    user = user_of(request)
    if not user.may("see_lists"):
        return redirect(first_page(user))
    run = run_of(request)
    open_todays(run)
    rows = _told(request, listed(request, to_visit(run, user)))
    if not user.may("see_draw"):
        rows = [row | {"drawn": False} for row in rows]
    record(user, "list", kind="today")
    context = {
        "as_of": run.as_of,
        "rows": rows,
        "mine": [card(request, inspection) for inspection in _mine(user)],
    }
    return render(request, "console/today.html", context)


def _mine(user: User) -> list[Inspection]:
    return list(Inspection.objects.filter(assignee=user, closed_at=None).order_by("opened_at", "pk"))


def _told(request: HttpRequest, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with what happened, as far as the user may see identifiers in it."""
    stories = [escape(row[f"story_{language()}"] or "") for row in rows]
    known = known_in(run_of(request), " ".join(stories))
    return [
        # Escaped above.
        row | {"told": mark_safe(rewritten(story, known, shown_to(request, row["token"]), no_link))}
        for row, story in zip(rows, stories, strict=True)
    ]
