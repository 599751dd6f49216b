"""Supervision: the month, the institutions, the work, what is open."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

import pandas as pd
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from claims.store_folder import runs_before
from console.access import link_of, needs, shown_to, user_of
from console.audit import record
from console.identifier_view import Shown, hidden, known_in, rewritten
from console.middleware import run_of
from console.models import Inspection, State, User
from console.options import options
from console.run_reader import Run
from console.views.inspection_cards import card
from console.words import language
from console.workload import by_model, by_person, by_scheme
from pipelines.cause_names import cause_names
from pipelines.monitoring_file import monitored
from reports import monthly_findings, night_status, portrait, supervision

# Cards of a column of the board at most.
_CARDS = 200


@require_GET
@needs("see_supervision")
def monthly(request: HttpRequest) -> HttpResponse:
    """The monthly report of the last run."""
    run = run_of(request)
    text = _monthly(run, language())
    text = rewritten(text, known_in(run, text), shown_to(request), link_of(request))
    record(user_of(request), "supervision", page="monthly")
    # Made by a template that escapes whatever comes from outside.
    context = {"body": mark_safe(text), "as_of": run.as_of}
    return render(request, "console/report.html", context)


@lru_cache(maxsize=8)
def _monthly(run: Run, chosen: str) -> str:
    counts = run.frame("supervision")
    names = pd.concat([_names(run), pd.Series(cause_names(chosen), dtype=object)])
    return supervision.body(counts, monthly_findings.totals(counts), names, run.as_of, chosen)


@lru_cache(maxsize=8)
def _names(run: Run) -> pd.Series:
    """Names of institutions, by code."""
    sql = "SELECT subject_id, name FROM read_parquet($directory) WHERE name IS NOT NULL"
    rows = run.rows(sql, {"directory": run.table("directory")})
    return pd.Series({row["subject_id"]: row["name"] for row in rows}, dtype=object)


@require_GET
@needs("see_supervision")
def portraits(request: HttpRequest) -> HttpResponse:
    """The grade of every institution, fewest points first."""
    run, shown, link = run_of(request), shown_to(request), link_of(request)
    known = {row["subject_id"]: row for row in _institutions(run)}
    user = user_of(request)
    rows = []
    for code, name, grade, points, text in portrait.sheet_rows(
        run.frame("portraits"), _names(run), language()
    ):
        row = known.get(code)
        if row is None or not user.sees(row["area"]):
            continue
        rows.append(
            {
                "id": hidden(code, row["subject_type"], shown),
                "name": "" if shown is Shown.NONE else name,
                "grade": grade,
                "points": points,
                "lines": text.splitlines()[1:],
                "link": link(row["subject_type"], code, row["area"]),
            }
        )
    record(user, "supervision", page="portraits")
    return render(request, "console/portraits.html", {"rows": rows, "as_of": run.as_of})


def _institutions(run: Run) -> list[dict[str, Any]]:
    sql = """SELECT subject_type, subject_id, area FROM read_parquet($directory)
        WHERE subject_type IN ('hospital', 'pharmacy')"""
    return run.rows(sql, {"directory": run.table("directory")})


@require_GET
@needs("see_supervision")
def workload(request: HttpRequest) -> HttpResponse:
    """Who has how much open, and how often alerts were confirmed."""
    found = _in_view(user_of(request), Inspection.objects.select_related("assignee"))
    context = {"people": by_person(found), "schemes": by_scheme(found), "models": by_model(found)}
    return render(request, "console/workload.html", context)


@require_GET
@needs("see_cases")
def board(request: HttpRequest) -> HttpResponse:
    """The open inspections, a column a state."""
    user = user_of(request)
    open_ = Inspection.objects.filter(closed_at=None).select_related("assignee").order_by("opened_at", "pk")
    found = _in_view(user, open_)
    columns = [
        ("pending", [i for i in found if i.state == State.PENDING]),
        ("checking", [i for i in found if i.state == State.CHECKING and not i.proposed]),
        ("waits", [i for i in found if i.proposed]),
    ]
    record(user, "list", kind="board")
    cards = [(name, [card(request, i) for i in part[:_CARDS]], len(part)) for name, part in columns]
    return render(request, "console/board.html", {"columns": cards, "see_draw": user.may("see_draw")})


def _in_view(user: User, inspections: Iterable[Inspection]) -> list[Inspection]:
    return [inspection for inspection in inspections if user.sees(inspection.area)]


@require_GET
@needs("see_status")
def status(request: HttpRequest) -> HttpResponse:
    """What the last nights said of themselves: counts, nobody."""
    nights = monitored(runs_before(options().store, date.max))
    # Made by a template that escapes whatever comes from outside.
    text = mark_safe(night_status.body(nights, language())) if nights else ""
    return render(request, "console/report.html", {"body": text})
