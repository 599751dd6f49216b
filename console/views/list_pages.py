"""The ranked lists: a page, a search, an export of the present view."""

import io
import math
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import xlsxwriter
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from console.access import needs, shown_to, user_of
from console.audit import record
from console.identifier_view import Shown, by_pseudonym, hidden
from console.middleware import run_of
from console.models import Inspection, State, User
from console.run_reader import Row, Run
from console.subject_lists import EXPORTED, ORDERS, PAGE, Wanted, choices, page_of
from console.todays_tasks import inspected
from console.tokens import token_of
from console.words import language, state_word, words
from reports.number_texts import MISSING
from reports.profile_words import profile
from reports.scheme_texts import scheme_name, scheme_or_pending
from reports.subject_words import SUBJECT_WORDS
from reports.workbook_tables import Formats, write_table

_FILTERS = ("scheme", "area", "level", "least", "state", "assignee", "order")
_MINE, _NOBODY = "mine", "nobody"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_EXPORT_HEADS = (
    ("rank", 8), ("change", 12), ("id", 24), ("name", 24), ("score", 10), ("part_model", 10),
    ("part_anomaly", 10), ("part_rule", 10), ("part_graph", 10), ("scheme", 24), ("money", 16),
    ("area", 14), ("state", 12), ("assignee", 14),
)  # fmt: skip


@require_GET
@needs("see_lists")
def ranked_list(request: HttpRequest, kind: str) -> HttpResponse:
    """A page of a list."""
    run, wanted = run_of(request), _wanted(request, kind)
    number = _number(request.GET.get("page"))
    rows, count = page_of(run, wanted, number)
    record(user_of(request), "list", kind=kind, page=number)
    given = {name: request.GET[name] for name in _FILTERS if request.GET.get(name)}
    pages = max(-(-count // PAGE), 1)
    context = {
        "kind": kind, "title": SUBJECT_WORDS[kind][language() == "en"], "as_of": run.as_of, "count": count,
        "rows": listed(request, rows), "page": number, "pages": pages, "given": given,
        "found_words": words()["found"].format(f"{count:,}"),
        "page_words": words()["page_of"].format(f"{number:,}", f"{pages:,}"),
        "query": urlencode(given), "searched": bool(request.session.get(f"search-{kind}")),
        "options": _options(run, kind, user_of(request)), "orders": _orders(),
        "blinded": any(row["rank"] is None for row in rows),
    }  # fmt: skip
    return render(request, "console/list.html", context)


@require_POST
@needs("see_lists")
def search_list(request: HttpRequest, kind: str) -> HttpResponse:
    """Keep the words searched in the session, so that no address holds an identifier."""
    _require_kind(kind)
    text = request.POST.get("text", "").strip()[:100]
    request.session[f"search-{kind}"] = text
    if text:
        record(user_of(request), "searched", kind=kind)
    return redirect(reverse("list", args=[kind]))


@require_GET
@needs("export")
def export_list(request: HttpRequest, kind: str) -> HttpResponse:
    """The present view as a workbook; identifiers as on the page."""
    run, wanted = run_of(request), _wanted(request, kind)
    rows, count = page_of(run, wanted, 1, EXPORTED)
    content = _workbook(kind, listed(request, rows))
    record(user_of(request), "exported", kind=kind, rows=min(count, EXPORTED))
    name = f"fundguard-{kind}-{run.as_of}.xlsx"
    return HttpResponse(content, _EXCEL, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def listed(request: HttpRequest, rows: list[Row]) -> list[dict[str, Any]]:
    """Rows of a list as a page shows them: with token, identifier, inspection and assignee."""
    inspections = Inspection.objects.filter(kind__in={row["subject_type"] for row in rows})
    if len(rows) <= PAGE:
        # Databases take so many parameters and no more; an export looks at all of its kind.
        inspections = inspections.filter(subject_id__in=[row["subject_id"] for row in rows])
    found = latest(inspections.select_related("assignee"))
    return [_shown(request, row, found.get((row["subject_type"], row["subject_id"]))) for row in rows]


def latest(inspections: Iterable[Inspection]) -> dict[tuple[str, str], Inspection]:
    """The last inspection of each subject."""
    ordered = sorted(inspections, key=lambda inspection: inspection.opened_at)
    return {(inspection.kind, inspection.subject_id): inspection for inspection in ordered}


def _shown(request: HttpRequest, row: Row, inspection: Inspection | None) -> dict[str, Any]:
    kind, subject_id = row["subject_type"], row["subject_id"]
    token = token_of(kind, subject_id)
    shown = shown_to(request, token)
    parts = [(name, row[f"{name}_score"]) for name in ("model", "anomaly", "rule", "graph")]
    before, now = row.get("rank_before"), row["rank"]
    climbed = None if before is None or now is None else before - now
    return row | {
        "token": token,
        "shown_id": hidden(subject_id, kind, shown),
        "shown_name": "" if shown is Shown.NONE else row["name"] or "",
        "parts": parts,
        "change": _change(climbed) if run_of(request).before and now is not None else MISSING,
        "inspection": inspection,
        "state": inspection.state if inspection else State.PENDING,
        "assignee": inspection.assignee if inspection else None,
    }


def _wanted(request: HttpRequest, kind: str) -> Wanted:
    """Which part of a list an address and the session name."""
    _require_kind(kind)
    given, user = request.GET, user_of(request)
    only, without = _by_inspection(kind, given.get("state", ""), given.get("assignee", ""), user)
    text = request.session.get(f"search-{kind}", "")
    named = by_pseudonym(run_of(request), kind).get(text) if text else None
    if named:
        only = named if only is None else [subject_id for subject_id in only if subject_id in named]
    elif text and not user.may("unmask"):
        # Whoever sees pseudonyms only could try out identifiers.
        only = []
    if named or not user.may("unmask"):
        text = ""
    blinded = inspected(run_of(request), kind) if user.blind else ()
    return Wanted(
        kind, user.prefixes, given.get("scheme", ""), given.get("area", ""),
        [level for level in given.get("level", "").split(",") if level], _yuan(given.get("least")), text,
        given.get("order", "rank"), only, without, blinded,
    )  # fmt: skip


def _by_inspection(
    kind: str, state: str, assignee: str, user: User
) -> tuple[list[str] | None, tuple[str, ...]]:
    """Subjects whose last inspection has a state or an assignee, and those that must not be in the list."""
    if state not in State.values and assignee not in (_MINE, _NOBODY):
        return None, ()
    found = latest(Inspection.objects.filter(kind=kind))
    fits = {
        key[1]: (state not in State.values or inspection.state == state)
        and (assignee not in (_MINE, _NOBODY) or inspection.assignee == (user if assignee == _MINE else None))
        for key, inspection in found.items()
    }
    # Nobody has opened an inspection of most subjects: those are to check, and nobody's.
    if state in ("", State.PENDING) and assignee in ("", _NOBODY):
        return None, tuple(subject_id for subject_id, fit in fits.items() if not fit)
    return [subject_id for subject_id, fit in fits.items() if fit], ()


def _options(run: Run, kind: str, user: User) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen in the filters."""
    chosen, found = language(), choices(run, kind)
    levels: dict[str, list[str]] = {}
    for code in found["level"]:
        ((_label, text),) = profile({"hosp_lv": code}, chosen)
        levels.setdefault(text, []).append(code)
    known = words()
    return {
        "scheme": [(code, scheme_name(code, chosen)) for code in found["scheme"]],
        "area": [(code, code) for code in found["area"] if user.sees(code)],
        "level": [(",".join(codes), text) for text, codes in levels.items()],
        "state": [(state, state_word(state)) for state in State.values],
        "assignee": [(_MINE, known["mine"]), (_NOBODY, known["nobody"])],
    }


def _orders() -> list[tuple[str, str]]:
    known = words()
    return [(name, known[name]) for name in ORDERS]


def _workbook(kind: str, rows: list[dict[str, Any]]) -> bytes:
    known, chosen, file = words(), language(), io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(SUBJECT_WORDS[kind][chosen == "en"][:31])
        heads = [known[name] for name, _width in _EXPORT_HEADS]
        cells = [
            (
                row["rank"], row["change"], row["shown_id"], row["shown_name"], row["score"],
                *(value for _name, value in row["parts"]), scheme_or_pending(row["scheme"], chosen),
                row["amount_at_risk"], row["area"], state_word(row["state"]),
                row["assignee"].username if row["assignee"] else "",
            )
            for row in rows
        ]  # fmt: skip
        write_table(sheet, Formats(book), heads, cells, [width for _name, width in _EXPORT_HEADS])
    return file.getvalue()


def _change(climbed: int | None) -> str:
    """How many places somebody climbed since the last night."""
    if not climbed:
        return words()["new" if climbed is None else "same"]
    return f"{'▲' if climbed > 0 else '▼'} {abs(climbed)}"


def _require_kind(kind: str) -> None:
    if kind not in SUBJECT_WORDS:
        raise Http404


def _number(text: str | None) -> int:
    return min(max(int(text), 1), 1_000_000) if text and text.isascii() and text.isdigit() else 1


def _yuan(text: str | None) -> float:
    try:
        amount = float(text or 0)
    except ValueError:
        return 0.0
    return max(amount, 0.0) if math.isfinite(amount) else 0.0
