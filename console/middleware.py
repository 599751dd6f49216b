"""What happens around every request: language, run, and what browsers may keep."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from claims.errors import StoreError
from console.audit import ACTOR
from console.models import User
from console.options import options
from console.run_reader import Run, RunReplaced, last_run

# Bytes of a form around its file.
_FORM = 100_000
Next = Callable[[HttpRequest], HttpResponse]


class LimitedUploads:
    """Refuses what is larger than an attachment may be before any of it is read."""

    def __init__(self, get_response: Next):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or refuse; what comes without its length is not read at all."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) <= options().attachment_mb * 1_000_000 + _FORM:
            return self.get_response(request)
        return HttpResponse(status=413)


class LanguageByChoice:
    """The language that somebody switched to; Chinese, whatever the browser would like."""

    def __init__(self, get_response: Next):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the language of the cookie."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        known = dict(settings.LANGUAGES)
        with translation.override(chosen if chosen in known else settings.LANGUAGE_CODE):
            return self.get_response(request)


class NothingCached:
    """Pages about persons stay in no cache; files that anybody may have are left alone."""

    def __init__(self, get_response: Next):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with no-store."""
        response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store")
        return response


class ActorOfRequest:
    """Tells the audit log who asks."""

    def __init__(self, get_response: Next):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as the user."""
        token = ACTOR.set(request.user if isinstance(request.user, User) else None)
        try:
            return self.get_response(request)
        finally:
            ACTOR.reset(token)


class RunOfRequest:
    """`request.run`: the last run, resolved once, when it is first asked for.

    Where the night replaced its version while the request was read, the view is asked once more: views read
    the run before they write.
    """

    def __init__(self, get_response: Next):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with a run at hand."""
        _attach(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Ask once more, or say that there is no run."""
        if isinstance(error, RunReplaced) and request.resolver_match and not hasattr(request, "asked_again"):
            request.asked_again = True  # type: ignore[attr-defined]
            _attach(request)
            view, arguments = request.resolver_match.func, request.resolver_match
            try:
                answer: HttpResponse = view(request, *arguments.args, **arguments.kwargs)
                return answer
            except (RunReplaced, StoreError) as again:
                error = again
        if isinstance(error, RunReplaced | StoreError):
            return render(request, "console/no_run.html", status=503)
        return None


def _attach(request: Any) -> None:
    request.run = SimpleLazyObject(last_run)


def run_of(request: HttpRequest) -> Run:
    """The run of a request."""
    run: Run = request.run  # type: ignore[attr-defined]
    return run
