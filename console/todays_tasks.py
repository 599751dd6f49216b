"""Whom to visit today: the first of the worklist and those drawn at random, so mixed that nobody tells them
apart."""

import hashlib
from functools import lru_cache

from django.conf import settings
from django.db.models import Q

from console.case_work import NotNowError, opened
from console.models import Inspection, User
from console.run_reader import Row, Run
from console.subject_lists import rows_of

Key = tuple[str, str]


def to_visit(run: Run, user: User) -> list[Row]:
    """The rows of today's subjects in the areas of a user, with ``drawn``, in an order that follows from
    nothing but a secret."""
    drawn = todays(run)
    rows = rows_of(run, sorted(drawn))
    seen = [row | {"drawn": drawn[key]} for key, row in rows.items() if user.sees(row["area"])]
    return sorted(seen, key=lambda row: _shuffled((row["subject_type"], row["subject_id"])))


@lru_cache(maxsize=8)
def todays(run: Run) -> dict[Key, bool]:
    """Today's subjects, and which of them were drawn at random; as many as can be visited in a day."""
    sql = "SELECT subject_type, subject_id FROM read_parquet($sample) ORDER BY ALL"
    sampled = run.rows(sql, {"sample": run.table("audit_sample")})
    drawn = [(row["subject_type"], row["subject_id"]) for row in sampled]
    sql = """SELECT subject_type, subject_id FROM read_parquet($worklist)
        WHERE place IS NOT NULL ORDER BY place LIMIT $number"""
    number = max(int(run.info["random_draw"]["capacity"]) - len(drawn), 0)
    first = run.rows(sql, {"worklist": run.table("worklist"), "number": number})
    listed = [(row["subject_type"], row["subject_id"]) for row in first]
    return dict.fromkeys(listed, False) | dict.fromkeys(drawn, True)


def inspected(run: Run, kind: str) -> list[str]:
    """The subjects of a kind that somebody inspects or is to inspect today, in an order that follows from
    nothing but a secret."""
    open_ = Inspection.objects.filter(kind=kind, closed_at=None).values_list("subject_id", flat=True)
    found = {*open_, *(subject_id for of, subject_id in todays(run) if of == kind)}
    return sorted(found, key=lambda subject_id: _shuffled((kind, subject_id)))


def open_todays(run: Run) -> None:
    """Open the inspections of all of today's subjects, the drawn among them: were only those opened, anybody
    could tell them. What stays undone stays open, whatever later nights list."""
    drawn = todays(run)
    open_or_of_today = Inspection.objects.filter(Q(closed_at=None) | Q(run_as_of=run.as_of))
    there = {
        (found.kind, found.subject_id): found
        for found in open_or_of_today.filter(subject_id__in=[subject_id for _kind, subject_id in drawn])
    }
    missing = [key for key in sorted(drawn, key=_shuffled) if key not in there]
    rows = rows_of(run, missing) if missing else {}
    for key in missing:
        if key in rows:
            _open(run, rows[key], drawn[key])
    unmarked = [found.pk for key, found in there.items() if drawn.get(key) and not found.drawn]
    if unmarked:
        Inspection.objects.filter(pk__in=unmarked).update(drawn=True)


def _open(run: Run, row: Row, drawn: bool) -> None:
    try:
        opened(run, row, None, drawn)
    except NotNowError:
        return


def _shuffled(key: Key) -> str:
    return hashlib.sha256(f"{settings.SECRET_KEY}|{key[0]}|{key[1]}".encode()).hexdigest()
