"""Whom to visit today: the first of the worklist and those drawn at random, so mixed that nobody tells them
apart."""

import hashlib

from django.conf import settings

from console.case_work import NotNowError, opened
from console.models import Inspection, User
from console.run_reader import Row, Run
from console.subject_lists import rows_of

Key = tuple[str, str]


def to_visit(run: Run, user: User) -> list[Row]:
    """The rows of today's subjects in the areas of a user, with ``drawn``, in an order that follows from
    nothing but a secret."""
    drawn = drawn_of(run)
    wanted = set(drawn) | set(_first(run, _capacity(run) - len(drawn)))
    rows = rows_of(run, sorted(wanted))
    seen = [row | {"drawn": key in drawn} for key, row in rows.items() if user.sees(row["area"])]
    return sorted(seen, key=_shuffled)


def drawn_of(run: Run) -> list[Key]:
    """Who was drawn at random."""
    sql = "SELECT subject_type, subject_id FROM read_parquet($sample) ORDER BY ALL"
    rows = run.rows(sql, {"sample": run.table("audit_sample")})
    return [(row["subject_type"], row["subject_id"]) for row in rows]


def open_drawn(run: Run) -> None:
    """Open the inspections of the drawn: only a verdict ends them, whatever later nights draw."""
    keys = drawn_of(run)
    missing = [
        key
        for key in keys
        if not Inspection.objects.filter(run_as_of=run.as_of, kind=key[0], subject_id=key[1]).exists()
    ]
    rows = rows_of(run, missing) if missing else {}
    for key in missing:
        if key in rows:
            _open(run, rows[key])


def _open(run: Run, row: Row) -> None:
    try:
        inspection = opened(run, row, None, drawn=True)
    except NotNowError:
        return
    if not inspection.drawn:
        Inspection.objects.filter(pk=inspection.pk).update(drawn=True)


def on_todays_list(run: Run, key: Key) -> bool:
    """Is a subject one of today's?"""
    return key in drawn_of(run) or key in _first(run, _capacity(run))


def _capacity(run: Run) -> int:
    return int(run.info["random_draw"]["capacity"])


def _first(run: Run, number: int) -> list[Key]:
    sql = """SELECT subject_type, subject_id FROM read_parquet($worklist)
        WHERE place IS NOT NULL ORDER BY place LIMIT $number"""
    rows = run.rows(sql, {"worklist": run.table("worklist"), "number": max(number, 0)})
    return [(row["subject_type"], row["subject_id"]) for row in rows]


def _shuffled(row: Row) -> str:
    text = f"{settings.SECRET_KEY}|{row['subject_type']}|{row['subject_id']}"
    return hashlib.sha256(text.encode()).hexdigest()
