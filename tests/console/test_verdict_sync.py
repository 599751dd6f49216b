"""A verdict becomes one row of insp_case_d, whatever is cut short or done twice."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from claims.duckdb_backend import connected
from claims.store import Store, scratch
from console.case_work import approved, assigned, decided, opened, taken, withdrawn
from console.models import Inspection, State
from console.run_reader import last_run
from console.subject_lists import subject_row
from console.verdict_sync import sync
from pipelines.cases import Case, take_cases
from tests.console.made_run import AS_OF, FIRST, SECOND
from tests.tiny import World

VERDICT = {"state": State.CONFIRMED, "scheme": "M10", "amount_found": Decimal("500.25"),
           "amount_recovered": None, "reason": "十二张处方"}  # fmt: skip


@pytest.fixture
def claims(tmp_path) -> Store:
    world = World()
    for person in (FIRST, SECOND):
        world.person(person)
    world.hospital("H1")
    world.stay(FIRST, "H1", "2024-03-01", days=5, fee=4000, lines=[("bed", 5, 30)])
    world.write(tmp_path / "in")
    store = Store(tmp_path / "store")
    store.ingest(tmp_path / "in")
    return store


def rows(store: Store) -> list[dict]:
    with scratch(store.path) as work, connected(work) as con:
        tables = store.tables(con)
        found = tables["insp_case_d"].to_pandas() if "insp_case_d" in tables else []
    return found.to_dict("records") if len(found) else []


def close(user, subject_id: str, **verdict) -> Inspection:
    run = last_run()
    inspection = opened(run, subject_row(run, "patient", subject_id), user)
    assigned(inspection, inspection.version, user, user)
    taken(inspection, inspection.version, user)
    return decided(inspection, inspection.version, user, VERDICT | verdict)


def test_a_verdict_arrives_once(claims, user):
    boss = user("supervisor")
    inspection = close(boss, SECOND)
    assert sync(claims) == (1, 0, [])
    (row,) = rows(claims)
    assert row["case_id"] == f"{AS_OF}/patient/{SECOND}" and row["subject_id"] == SECOND
    assert (row["clue_stas"], row["scheme"], row["cfm_amt"], row["memo"]) == (
        "2",
        "M10",
        500.25,
        "十二张处方",
    )
    assert row["close_date"].date() == timezone.localdate(inspection.closed_at)
    inspection.refresh_from_db()
    assert inspection.synced_at and sync(claims) == (0, 0, []) and len(rows(claims)) == 1


def test_a_sync_that_was_cut_short_is_finished(claims, user):
    close(user("supervisor"), SECOND)
    sync(claims)
    # As if the process had died between the store and the mark.
    Inspection.objects.update(synced_at=None)
    assert sync(claims) == (0, 1, []) and len(rows(claims)) == 1
    assert not Inspection.objects.filter(synced_at=None).exists()


def test_open_inspections_and_proposals_stay(claims, user):
    boss, other = user("supervisor"), user("supervisor", "other")
    inspection = close(boss, FIRST, state=State.CLEARED, amount_found=None)
    assert inspection.is_open and sync(claims) == (0, 0, []) and rows(claims) == []
    approved(inspection, inspection.version, other)
    assert sync(claims) == (1, 0, []) and rows(claims)[0]["clue_stas"] == "3"


def test_a_verdict_that_contradicts_the_workbooks_waits_and_the_others_go_through(claims, user):
    case = Case(f"{AS_OF}/patient/{SECOND}", "patient", SECOND, "M10", "3", None, None)
    take_cases([("sheet 1", case, date(2025, 1, 5))], claims, "workbook")
    boss, other = user("supervisor"), user("supervisor", "other")
    contradicted, agreed = close(boss, SECOND), close(boss, FIRST)
    approved(agreed, agreed.version, other) if agreed.proposed else None
    taken, held, lines = sync(claims)
    assert (taken, held) == (1, 0) and {row["subject_id"] for row in rows(claims)} == {FIRST, SECOND}
    # Verdict, amount and remark differ; each line says of which inspection, none names the person.
    assert len(lines) == 3 and all(str(contradicted.pk) in line and SECOND not in line for line in lines)
    contradicted.refresh_from_db()
    agreed.refresh_from_db()
    assert contradicted.synced_at is None and agreed.synced_at
    assert sync(claims) == (0, 0, lines)


def test_what_was_withdrawn_is_no_label(claims, user):
    boss, run = user("supervisor"), last_run()
    inspection = opened(run, subject_row(run, "patient", SECOND), boss)
    withdrawn(inspection, inspection.version, boss, "moved away")
    assert not inspection.is_open and sync(claims) == (0, 0, []) and rows(claims) == []
