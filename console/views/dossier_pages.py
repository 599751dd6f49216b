"""A subject's dossier, for the screen and for paper."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET, require_POST

from console.access import link_of, needs, no_link, shown_to, subject_in_view, unmask, user_of
from console.audit import record
from console.case_work import NotNowError, opened, taken
from console.identifier_view import Shown, hidden
from console.middleware import run_of
from console.models import Inspection, User
from console.run_reader import Row, Run
from console.subject_dossier import dossier_of, shown_body
from console.subject_lists import rows_of
from console.todays_tasks import inspected
from console.tokens import Subject, token_of
from console.views.case_pages import case_context, refused
from console.words import language


@require_GET
@needs("see_lists")
def dossier(request: HttpRequest, token: str) -> HttpResponse:
    """The dossier with the work on it beside."""
    context = _context(request, token)
    record(user_of(request), "look", token)
    return render(request, "console/dossier.html", context)


@require_GET
@needs("see_lists")
def print_dossier(request: HttpRequest, token: str) -> HttpResponse:
    """The dossier alone, for paper."""
    context = _context(request, token, linked=False)
    record(user_of(request), "printed", token)
    return render(request, "console/print.html", context)


@require_POST
@needs("unmask")
def show_identifiers(request: HttpRequest, token: str) -> HttpResponse:
    """Show the identifiers of a dossier; it is logged."""
    subject_in_view(request, token)
    record(user_of(request), "unmasked", token)
    unmask(request, token)
    return redirect("dossier", token)


@require_POST
@needs("work", "assign")
def open_inspection(request: HttpRequest, token: str) -> HttpResponse:
    """Open an inspection of a subject; whoever works takes it with that."""
    run, user = run_of(request), user_of(request)
    _subject, row = subject_in_view(request, token)
    try:
        inspection = opened(run, row, user)
        if request.POST.get("take") and user.may("work"):
            taken(inspection, inspection.version, user)
    except NotNowError as reason:
        return refused(request, str(reason))
    return redirect("case", inspection.pk)


def _context(request: HttpRequest, token: str, linked: bool = True) -> dict[str, Any]:
    run, user = run_of(request), user_of(request)
    subject, row = subject_in_view(request, token)
    shown = shown_to(request, token)
    found = dossier_of(run, *subject)
    assert found is not None, "the run lists the subject"
    link = link_of(request) if linked else no_link
    inspections = list(
        Inspection.objects.filter(kind=subject.kind, subject_id=subject.subject_id).order_by("-opened_at")
    )
    current = next((inspection for inspection in inspections if inspection.is_open), None)
    blind = user.blind and subject.subject_id in inspected(run, subject.kind)
    text = shown_body(run, found[0], found[1], language(), shown, link, blind)
    context: dict[str, Any] = {
        "token": token, "kind": subject.kind, "shown_id": hidden(subject.subject_id, subject.kind, shown),
        "as_of": run.as_of, "whole": found[1],
        # Made by templates that escape whatever comes from outside.
        "body": mark_safe(text),
        "can_unmask": shown is not Shown.ALL and user.may("unmask"), "unmasked": shown is Shown.ALL,
        "members": _members(request, run, subject, shown) if subject.kind == "group" else [],
        "inspections": inspections, "last_case": _last_case(run, subject),
        "see_draw": user.may("see_draw"), "may_open": user.may("work") or user.may("assign"),
        "may_work": user.may("work"), "may_read_cases": user.may("see_cases"),
    }  # fmt: skip
    return context | (case_context(request, current) if current and user.may("see_cases") else {})


def _last_case(run: Run, subject: Subject) -> Row | None:
    """Outcome and day of the last case that the night knew, wherever its verdict was written."""
    sql = """SELECT last_outcome AS outcome, last_closed AS closed FROM read_parquet($worklist)
        WHERE subject_type = $kind AND subject_id = $id AND last_outcome IS NOT NULL"""
    values = {"worklist": run.table("worklist"), "kind": subject.kind, "id": subject.subject_id}
    return next(iter(run.rows(sql, values)), None)


def _members(request: HttpRequest, run: Run, subject: Subject, shown: Shown) -> list[Row]:
    """The members of a group, each with the address of its page."""
    sql = """SELECT member_type, member_id, weight FROM read_parquet($members)
        WHERE group_id = $id ORDER BY member_type, weight DESC, member_id"""
    rows = run.rows(sql, {"members": run.table("group_members"), "id": subject.subject_id})
    listed = rows_of(run, [(row["member_type"], row["member_id"]) for row in rows])
    user: User = user_of(request)
    found = []
    for row in rows:
        key = row["member_type"], row["member_id"]
        other = listed.get(key)
        seen = other is not None and user.sees(other["area"])
        found.append(
            row
            | {
                "shown_id": hidden(row["member_id"], row["member_type"], shown),
                "name": "" if shown is Shown.NONE or other is None else other["name"] or "",
                "token": token_of(*key) if seen else "",
                "rank": other["rank"] if other and seen else None,
            }
        )
    return found
