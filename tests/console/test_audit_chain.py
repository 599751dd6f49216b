"""The audit log: nothing can be changed, left out, put in or cut off without being seen."""

import re
from itertools import product

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction

from console.audit import GENESIS, faults, hash_of, record
from console.models import AuditEntry, AuditHead, Event
from console.models.audit_entries import AppendOnlyError

TABLES = ("console_auditentry", "console_event")


@pytest.fixture
def log(user):
    """Five entries, made by way of the console."""
    boss = user("supervisor")
    for n in range(5):
        record(boss, "look", subject=f"token-{n}", nth=n)
    return AuditEntry.objects.order_by("seq")


def tamper(sql: str) -> None:
    """As somebody would who has the database's file, or its owner's password."""
    with connection.cursor() as cursor:
        for table, what in product(TABLES, ("UPDATE", "DELETE")):
            of = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {table}_no_{what}{of}")
        cursor.execute(sql)


def test_entries_follow_each_other(log):
    assert faults() == []
    entries = list(log)
    assert entries[0].previous == GENESIS
    assert all(b.previous == a.hash for a, b in zip(entries, entries[1:], strict=False))
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))


@pytest.mark.parametrize("sql, fault_words", [
    ("UPDATE console_auditentry SET username = 'another' WHERE seq = 3", "entry 3 was changed"),
    ("UPDATE console_auditentry SET at = '2020-01-01 00:00:00' WHERE seq = 3", "entry 3 was changed"),
    ("UPDATE console_auditentry SET details = '{}' WHERE seq = 5", "entry 5 was changed"),
    ("DELETE FROM console_auditentry WHERE seq = 3", "entries 3 to 3 are missing"),
    ("DELETE FROM console_auditentry WHERE seq >= 4", "the log ends at entry 3"),
    ("DELETE FROM console_auditentry", "the log ends at entry 0"),
    ("UPDATE console_audithead SET entries = 2", "not where it was last written"),
])  # fmt: skip
def test_tampering_is_seen(log, sql, fault_words):
    tamper(sql)
    assert any(fault_words in fault for fault in faults()), faults()


def test_a_changed_entry_with_a_new_hash_breaks_the_chain(log):
    entry = log[2]
    entry.username = "another"
    new = f"username = 'another', hash = '{hash_of(entry)}'"
    tamper(f"UPDATE console_auditentry SET {new} WHERE seq = {entry.seq}")
    assert faults() == [f"entry {entry.seq + 1} does not follow the one before"]


@pytest.mark.parametrize("sql", [
    "UPDATE console_auditentry SET username = 'another'",
    "DELETE FROM console_auditentry",
    "UPDATE console_event SET text = 'another'",
    "DELETE FROM console_event",
    "TRUNCATE console_auditentry",
    "TRUNCATE console_event",
])  # fmt: skip
def test_the_database_itself_refuses_changes(log, sql, user):
    if sql.startswith("TRUNCATE") and connection.vendor == "sqlite":
        pytest.skip("SQLite knows no TRUNCATE")
    from console.case_work import opened
    from console.run_reader import last_run
    from console.subject_lists import subject_row
    from tests.console.made_run import FIRST

    run = last_run()
    opened(run, subject_row(run, "patient", FIRST), None)
    assert Event.objects.count() == 1
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert faults() == []


def test_the_program_refuses_changes(log):
    entry = log[0]
    with pytest.raises(AppendOnlyError):
        entry.save()
    with pytest.raises(AppendOnlyError):
        entry.delete()


def test_what_is_taken_back_leaves_no_entry(log):
    count = len(log)
    with pytest.raises(RuntimeError), transaction.atomic():
        record(None, "look")
        raise RuntimeError
    assert AuditEntry.objects.count() == count == AuditHead.objects.get().entries and faults() == []


def test_changes_of_users_and_rights_are_logged(login, user):
    operator, other = login("operator"), user("investigator")
    form = {
        "username": "investigator", "areas": "420802", "is_active": "on",
        "groups": [Group.objects.get(name="supervisor").pk],
    }  # fmt: skip
    answer = operator.post(f"/admin/console/user/{other.pk}/change/", form)
    assert answer.status_code == 302, answer.content.decode()
    mine = AuditEntry.objects.filter(username="operator")
    changed = mine.get(action="user_changed")
    assert changed.details["whose"] == "investigator" and changed.details["areas"] == "420802"
    rights = {entry.details["how"]: entry.details["which"] for entry in mine.filter(action="rights_changed")}
    assert rights == {"add": ["supervisor"], "remove": ["investigator"]}


def test_the_auditor_verifies(login, log):
    auditor = login("auditor")
    assert "✓" in auditor.post("/audit/verify/").content.decode()
    tamper("UPDATE console_auditentry SET username = 'another' WHERE seq = 3")
    assert "entry 3 was changed" in auditor.post("/audit/verify/").content.decode()


def test_what_is_written_while_the_chain_is_read_is_no_fault(log, monkeypatch):
    """Between the reading of the end and that of the entries others go on writing."""
    read, more = hash_of, []

    def meanwhile(entry: AuditEntry) -> str:
        if not more:
            more.append(entry.seq)
            record(None, "look", subject="another")
        return read(entry)

    monkeypatch.setattr("console.audit.hash_of", meanwhile)
    assert faults() == [] and more == [1] and AuditHead.objects.get().entries == AuditEntry.objects.count()


def test_an_entry_put_in_behind_the_end_is_seen(log):
    last = log.last()
    forged = AuditEntry(seq=last.seq + 1, at=last.at, username="another", action="look", previous=last.hash)
    forged.hash = hash_of(forged)
    forged.save()
    assert faults() == [f"the log ends at entry {forged.seq}, not where it was last written"]


def test_the_log_is_read_in_words(login, user):
    client, other = login("operator"), user("investigator")
    form = {"username": "investigator", "areas": "420802", "is_active": "on"}
    client.post(f"/admin/console/user/{other.pk}/change/", form)
    boss = login("supervisor")
    for address in ("/lists/patient/?page=2", "/board/", "/supervision/monthly/", "/lists/hospital/export/"):
        assert boss.get(address).status_code == 200
    auditor = login("auditor")
    text = auditor.get("/audit/").content.decode()
    for said in (
        "参保人 · 第几页 2",
        "在办看板",
        "监管月报",
        "行数 1",
        "对象 investigator",
        "启用 是",
        "核查员",
    ):
        assert said in text, said
    assert "查看随机抽查名单" in text and "Can add" not in text and "fundguard |" not in text
    cells = "".join(part.split("</td>")[0] for part in text.split('<td class="small">')[1:])
    assert not re.search("kind|page|whose|is_active|monthly|patient", cells), cells
    auditor.cookies["django_language"] = "en"
    assert "page 2" in auditor.get("/audit/").content.decode()
