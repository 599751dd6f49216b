"""An inspection: its page, and what can be done with it."""

import io
from collections.abc import Callable
from typing import Any

from django import forms
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from claims.errors import StoreError
from console import case_work
from console.access import inspection_in_view, needs, shown_to, user_of
from console.attached_files import FileRefusedError, attached, content_of
from console.audit import record
from console.case_work import NotNowError, StaleError
from console.forms import (
    AmountForm,
    AssignForm,
    AttachForm,
    CommentForm,
    ReturnForm,
    VerdictForm,
    VersionForm,
)
from console.identifier_view import hidden
from console.middleware import run_of
from console.models import Attachment, Inspection, State
from console.options import options
from console.run_reader import RunReplaced
from console.subject_lists import rows_of
from console.tokens import token_of
from console.words import words

# Of a change that was refused, what the log keeps.
LOGGED = ("version", "state", "scheme", "amount_found", "amount_recovered", "reason", "to")


@require_GET
@needs("see_cases")
def case(request: HttpRequest, pk: Any) -> HttpResponse:
    """The page of an inspection."""
    inspection = inspection_in_view(request, pk)
    record(user_of(request), "look", _token(inspection), str(inspection.pk))
    return render(request, "console/case.html", case_context(request, inspection))


@require_POST
@needs("work")
def take(request: HttpRequest, pk: Any) -> HttpResponse:
    """Begin to check."""
    return _done(request, pk, VersionForm, lambda i, d, u: case_work.taken(i, d["version"], u))


@require_POST
@needs("assign")
def assign(request: HttpRequest, pk: Any) -> HttpResponse:
    """Give it to somebody."""
    return _done(request, pk, AssignForm, lambda i, d, u: case_work.assigned(i, d["version"], u, d["to"]))


@require_POST
@needs("work")
def comment(request: HttpRequest, pk: Any) -> HttpResponse:
    """Say something."""
    return _done(request, pk, CommentForm, lambda i, d, u: case_work.commented(i, u, d["text"]))


@require_POST
@needs("work")
def attach(request: HttpRequest, pk: Any) -> HttpResponse:
    """Attach a file."""
    return _done(request, pk, AttachForm, lambda i, d, u: attached(i, u, d["file"]))


@require_POST
@needs("work")
def decide(request: HttpRequest, pk: Any) -> HttpResponse:
    """Close it, or propose to."""

    def act(inspection: Inspection, data: dict[str, Any], user: Any) -> None:
        verdict = {name: value for name, value in data.items() if name != "version"}
        case_work.decided(inspection, data["version"], user, verdict)

    return _done(request, pk, VerdictForm, act)


@require_POST
@needs("approve")
def approve(request: HttpRequest, pk: Any) -> HttpResponse:
    """Close it with the verdict that somebody else proposed."""
    return _done(request, pk, VersionForm, lambda i, d, u: case_work.approved(i, d["version"], u))


@require_POST
@needs("approve")
def send_back(request: HttpRequest, pk: Any) -> HttpResponse:
    """Send a proposed verdict back."""
    return _done(request, pk, ReturnForm, lambda i, d, u: case_work.returned(i, d["version"], u, d["text"]))


@require_POST
@needs("assign")
def withdraw(request: HttpRequest, pk: Any) -> HttpResponse:
    """End it without a verdict."""
    return _done(request, pk, ReturnForm, lambda i, d, u: case_work.withdrawn(i, d["version"], u, d["text"]))


@require_POST
@needs("work")
def recover(request: HttpRequest, pk: Any) -> HttpResponse:
    """State what was recovered."""
    return _done(
        request,
        pk,
        AmountForm,
        lambda i, d, u: case_work.recovered(i, d["version"], u, d["amount_recovered"]),
    )


@require_GET
@needs("see_cases")
def download(request: HttpRequest, pk: Any) -> FileResponse | HttpResponse:
    """An attachment, to be saved: it is never shown as a page."""
    attachment = get_object_or_404(Attachment.objects.select_related("inspection"), pk=pk)
    inspection = inspection_in_view(request, attachment.inspection_id)
    try:
        content = content_of(attachment)
    except FileNotFoundError as error:
        raise Http404 from error
    record(user_of(request), "downloaded", _token(inspection), str(inspection.pk), attachment=str(pk))
    response = FileResponse(
        io.BytesIO(content),
        as_attachment=True,
        filename=attachment.name,
        content_type="application/octet-stream",
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def case_context(request: HttpRequest, inspection: Inspection) -> dict[str, Any]:
    """What the page of an inspection, or the panel beside a dossier, shows."""
    user, token = user_of(request), _token(inspection)
    given = {"version": inspection.version}
    mine = inspection.assignee == user
    open_ = inspection.is_open
    may_act = {
        "take": user.may("work") and open_ and inspection.state == State.PENDING
        and inspection.assignee in (None, user),
        "assign": user.may("assign") and open_,
        "decide": user.may("work") and open_ and mine and not inspection.proposed,
        "approve": user.may("approve") and bool(inspection.proposed) and inspection.decided_by != user,
        "withdraw": user.may("assign") and open_ and not inspection.drawn and not inspection.proposed,
        "comment": user.may("work"),
        "recover": user.may("work") and inspection.state in (State.CONFIRMED, State.PARTLY),
    }  # fmt: skip
    scheme = inspection.scheme_listed
    return {
        "inspection": inspection, "case_token": token if _is_listed(request, inspection) else "",
        "case_id": hidden(inspection.subject_id, inspection.kind, shown_to(request, token)),
        "case_events": inspection.events.select_related("user"),
        "case_attachments": inspection.attachments.select_related("user"),
        "may_act": may_act, "assign_form": AssignForm(inspection=inspection, initial=given),
        "verdict_form": VerdictForm(initial=given | {"scheme": scheme}),
        "comment_form": CommentForm(), "attach_form": AttachForm(), "return_form": ReturnForm(initial=given),
        "amount_form": AmountForm(initial=given),
        "second_note": words()["second_note"].format(f"{options().second_person_above:,.0f}"),
        "file_note": words()["file"].format(options().attachment_mb),
        "see_draw": user.may("see_draw"), "may_read_cases": user.may("see_cases"),
    }  # fmt: skip


def refused(request: HttpRequest, key: str, inspection: Inspection | None = None) -> HttpResponse:
    """Say why something cannot be done now; nothing was changed."""
    context = {"key": key, "inspection": inspection}
    return render(request, "console/refused.html", context, status=409)


def _done(request: HttpRequest, pk: Any, form_class: Callable[..., forms.Form], act: Any) -> HttpResponse:
    """Do something with an inspection and show its page, or say why it was not done."""
    inspection = inspection_in_view(request, pk)
    more = {"inspection": inspection} if form_class is AssignForm else {}
    form = form_class(request.POST, request.FILES, **more)
    if not form.is_valid():
        context = case_context(request, inspection) | {"errors": form.errors, "failed_form": form}
        if form_class is VerdictForm:
            context["verdict_form"] = form
        return render(request, "console/case.html", context, status=400)
    try:
        act(inspection, form.cleaned_data, user_of(request))
    except StaleError as stale:
        _log_refusal(request, inspection, form)
        return _stale(request, stale, form)
    except NotNowError as reason:
        _log_refusal(request, inspection, form)
        return refused(request, str(reason), inspection)
    except FileRefusedError:
        return refused(request, "wrong", inspection)
    return redirect("case", pk)


def _log_refusal(request: HttpRequest, inspection: Inspection, form: forms.Form) -> None:
    """Keep in the log what somebody wanted, too: a verdict that came too late is not lost."""
    wanted = form.cleaned_data.items()
    given = {name: [None, str(value)] for name, value in wanted if name in LOGGED and value is not None}
    record(user_of(request), "refused", _token(inspection), str(inspection.pk), given=given)


def _stale(request: HttpRequest, stale: StaleError, form: forms.Form) -> HttpResponse:
    """What somebody else changed in between, and what was filled in."""
    yours = [(name, value) for name, value in form.cleaned_data.items() if name != "version" and value]
    context = {"inspection": stale.inspection, "events": stale.events, "yours": yours}
    return render(request, "console/stale.html", context, status=409)


def _token(inspection: Inspection) -> str:
    return token_of(inspection.kind, inspection.subject_id)


def _is_listed(request: HttpRequest, inspection: Inspection) -> bool:
    """Does the present run list the subject?"""
    key = inspection.kind, inspection.subject_id
    try:
        return key in rows_of(run_of(request), [key])
    except (RunReplaced, StoreError):
        return False
