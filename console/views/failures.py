"""Pages for what went wrong: they name nobody, and no page that exists but is not to be seen."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The user lacks the right."""
    return render(request, "console/failure.html", {"message": "refused"}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such page, or it is not the user's to see."""
    return render(request, "console/failure.html", {"message": "not_found"}, status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Something failed."""
    return render(request, "console/failure.html", {"message": "server_error"}, status=500)
