"""Searching the audit log: each search against a loop over its entries, days as they are in Asia/Shanghai."""

import random
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from console.audit import record
from console.models import AuditEntry
from console.tokens import token_of
from tests.console.made_run import FIRST, HOSPITAL, SECOND

SHANGHAI, DAY = ZoneInfo("Asia/Shanghai"), date(2025, 1, 2)
SUBJECTS = {"": "", FIRST: token_of("patient", FIRST), HOSPITAL: token_of("hospital", HOSPITAL)}
# The first and the last moments of a day, and those next to them.
MOMENTS = [
    datetime(2025, 1, 1, 23, 59, 59, 999_999, SHANGHAI),
    datetime(2025, 1, 2, 0, 0, tzinfo=SHANGHAI),
    datetime(2025, 1, 2, 7, 59, tzinfo=SHANGHAI),  # of the day before in UTC
    datetime(2025, 1, 2, 23, 59, 59, 999_999, SHANGHAI),
    datetime(2025, 1, 3, 0, 0, tzinfo=SHANGHAI),
]


@pytest.fixture
def written(monkeypatch) -> list[AuditEntry]:
    """Entries of several people, actions, subjects and moments."""
    draw, entries = random.Random(4), []
    for _n in range(60):
        monkeypatch.setattr("console.audit.now", lambda: draw.choice(MOMENTS))
        action, who = draw.choice(["look", "list", "decided"]), draw.choice(["anna", "bert", "an"])
        entries.append(record(None, action, draw.choice(list(SUBJECTS.values())), username=who))
    monkeypatch.undo()
    return entries


def numbers(page: str) -> list[int]:
    """Numbers of the entries on a page."""
    return [int(number) for number in re.findall(r'<tr><td class="n">(\d+)</td>', page)]


SEARCHES = [
    {"username": "anna"},
    {"username": "an"},  # a whole name, not part of one
    {"action": "decided"},
    {"subject_id": FIRST},
    {"subject_id": f" {HOSPITAL} "},
    {"subject_id": SECOND},
    {"begin": DAY},
    {"end": DAY},
    {"begin": DAY, "end": DAY},
    {"begin": DAY + timedelta(1), "end": DAY},
    {"username": "bert", "action": "look", "subject_id": FIRST, "begin": DAY},
]
NOTHING = [{"subject_id": SECOND}, {"begin": DAY + timedelta(1), "end": DAY}]


@pytest.mark.parametrize("wanted", SEARCHES, ids=lambda wanted: " ".join(wanted))
def test_a_search_finds_what_a_loop_over_the_entries_finds(login, written, wanted):
    client = login("auditor")
    days = {entry.seq: entry.at.astimezone(SHANGHAI).date() for entry in written}
    expected = [
        entry.seq
        for entry in written
        if entry.username == wanted.get("username", entry.username)
        and entry.action == wanted.get("action", entry.action)
        and ("subject_id" not in wanted or entry.subject == SUBJECTS.get(wanted["subject_id"].strip(), "-"))
        and wanted.get("begin", date.min) <= days[entry.seq] <= wanted.get("end", date.max)
    ]
    page = client.post("/audit/", {name: str(value) for name, value in wanted.items()}).content.decode()
    found = [number for number in numbers(page) if number in days]
    assert found == expected[::-1], "the latest first"
    assert bool(expected) == (
        wanted.get("subject_id") != SECOND and wanted.get("begin") != DAY + timedelta(1)
    )


def test_what_is_no_date_finds_everything_and_is_no_search(login, written):
    client = login("auditor")
    page = client.post("/audit/", {"begin": "yesterday"}).content.decode()
    assert {entry.seq for entry in written} <= set(numbers(page))
    assert not AuditEntry.objects.filter(action="audit_searched").exists()
    client.post("/audit/", {"begin": str(DAY)})
    assert AuditEntry.objects.filter(action="audit_searched", username="auditor").count() == 1


def test_a_hundred_entries_are_a_page_and_a_search_goes_on_where_it_was(login):
    client = login("auditor")
    for n in range(101):
        record(None, "look" if n else "decided", username="anna")
    first = numbers(client.post("/audit/", {"username": "anna", "page": "1"}).content.decode())
    second = numbers(client.post("/audit/", {"username": "anna", "page": "2"}).content.decode())
    assert len(first) == 100 and len(second) == 1 and second[0] == min(first) - 1
    assert len(numbers(client.get("/audit/?page=2").content.decode())) >= 1
    # Beyond the end stands the last page, not an error.
    assert numbers(client.post("/audit/", {"username": "anna", "page": "9"}).content.decode()) == second
