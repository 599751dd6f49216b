"""Who may see what: rights of views, areas of subjects, identifiers of a dossier."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from console.identifier_view import Link, Shown
from console.middleware import run_of
from console.models import Inspection, User
from console.run_reader import Row
from console.subject_lists import rows_of
from console.tokens import Subject, subject_of, token_of

View = Callable[..., HttpResponseBase]
# Subjects whose identifiers somebody asked to see, for as long as he is logged in.
_UNMASKED = "unmasked"


def needs(*rights: str) -> Callable[[View], View]:
    """A view for those who have one of some rights; others are refused, nobody is sent to log in."""

    def decorated(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not any(user_of(request).may(right) for right in rights):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast(View, login_required(checked))

    return decorated


def user_of(request: HttpRequest) -> User:
    """Who asks; views ask only after the login."""
    return cast(User, request.user)


def subject_in_view(request: HttpRequest, token: str) -> tuple[Subject, Row]:
    """The subject of an address and its row in the run.

    Raises:
        Http404: nobody made the token, the run does not list the subject, or it lies outside of the areas of
            the user: the three look the same.
    """
    subject = subject_of(token)
    row = rows_of(run_of(request), [subject]).get((subject.kind, subject.subject_id)) if subject else None
    if subject is None or row is None or not user_of(request).sees(row["area"]):
        raise Http404
    return subject, row


def inspection_in_view(request: HttpRequest, pk: Any) -> Inspection:
    """An inspection in the areas of the user.

    Raises:
        Http404: there is none, or it lies outside.
    """
    found = get_object_or_404(Inspection.objects.select_related("assignee", "decided_by"), pk=pk)
    if not user_of(request).sees(found.area):
        raise Http404
    return found


def shown_to(request: HttpRequest, token: str = "") -> Shown:
    """Which identifiers somebody sees on a page, or on that of a subject."""
    user = user_of(request)
    if not user.may("see_institutions"):
        return Shown.NONE
    unmasked = token in request.session.get(_UNMASKED, ()) and user.may("unmask")
    return Shown.ALL if unmasked else Shown.PLACES


def unmask(request: HttpRequest, token: str) -> None:
    """Show the identifiers of a dossier from now on."""
    request.session[_UNMASKED] = sorted({*request.session.get(_UNMASKED, ()), token})


def link_of(request: HttpRequest) -> Link:
    """Addresses of the subjects that the user may see."""
    user = user_of(request)

    def link(kind: str, subject_id: str, area: str | None) -> str | None:
        return reverse("dossier", args=[token_of(kind, subject_id)]) if user.sees(area) else None

    return link


def no_link(_kind: str, _subject_id: str, _area: str | None) -> None:
    """On paper nothing leads anywhere."""
