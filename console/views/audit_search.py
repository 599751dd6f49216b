"""The audit log for whoever audits: search and verify."""

from datetime import datetime, time
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from console.access import needs, user_of
from console.audit import faults, record
from console.forms import AuditForm
from console.models import AuditEntry
from console.tokens import token_of
from console.words import AUDIT_ACTIONS, word, words
from reports.subject_words import SUBJECT_WORDS

_ENTRIES = 100


@require_http_methods(["GET", "POST"])
@needs("see_audit")
def audit_log(request: HttpRequest) -> HttpResponse:
    """The entries, latest first; a search is posted, so that no address holds an identifier."""
    actions = [(name, word(AUDIT_ACTIONS, name)) for name in AUDIT_ACTIONS]
    given = request.POST if request.method == "POST" else None
    form = AuditForm(given, actions=actions)
    entries = AuditEntry.objects.all()
    if given is not None and form.is_valid():
        entries = _searched(form.cleaned_data)
        record(user_of(request), "audit_searched")
    page = Paginator(entries, _ENTRIES).get_page((given or request.GET).get("page"))
    # Of a subject the log holds its token alone: its page says whom it means, to those who may see him.
    rows = [(entry, reverse("dossier", args=[entry.subject]) if entry.subject else "") for entry in page]
    context = {"form": form, "rows": rows, "page": page, "searched": given is not None}
    return render(request, "console/audit.html", context)


@require_POST
@needs("see_audit")
def verify_log(request: HttpRequest) -> HttpResponse:
    """Is the chain whole?"""
    found = faults()
    chain_words = words()["chain_good"].format(f"{AuditEntry.objects.count():,}")
    context = {"faults": found, "chain_words": chain_words}
    return render(request, "console/verified.html", context)


def _searched(wanted: dict[str, Any]) -> Any:
    entries = AuditEntry.objects.all()
    if wanted["username"]:
        entries = entries.filter(username=wanted["username"])
    if wanted["action"]:
        entries = entries.filter(action=wanted["action"])
    if wanted["subject_id"]:
        tokens = [token_of(kind, wanted["subject_id"].strip()) for kind in SUBJECT_WORDS]
        entries = entries.filter(subject__in=tokens)
    if wanted["begin"]:
        entries = entries.filter(at__gte=_moment(wanted["begin"], time.min))
    if wanted["end"]:
        entries = entries.filter(at__lte=_moment(wanted["end"], time.max))
    return entries


def _moment(day: Any, at: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, at))
