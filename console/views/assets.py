"""The style of reports, as a file: the pages of the console allow no style within them."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from reports.templates import render


@require_GET
@cache_control(max_age=3600)
def report_css(_request: HttpRequest) -> HttpResponse:
    """`page.css.j2` of the reports."""
    return HttpResponse(render("page.css.j2"), "text/css; charset=utf-8")
