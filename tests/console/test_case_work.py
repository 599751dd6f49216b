"""Work on inspections: from the list to a verdict, by one or two persons, and nobody overwrites anybody."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from console.audit import faults
from console.case_work import needs_second
from console.models import Attachment, AuditEntry, Event, Inspection, State
from console.options import options
from console.run_reader import last_run
from console.todays_tasks import open_todays, to_visit
from console.tokens import token_of
from reports.number_texts import MISSING
from tests.console.exported_lists import exported
from tests.console.made_run import AS_OF, DRAWN, FIRST, MONEY, write_run

THIRD = "42080000000000003"
SMALL = {"state": "2", "scheme": "M10", "amount_found": "500", "amount_recovered": "", "reason": ""}


def begin(client, subject_id: str = THIRD) -> Inspection:
    """Take a subject from its dossier."""
    answer = client.post(reverse("open", args=[token_of("patient", subject_id)]), {"take": "1"})
    assert answer.status_code == 302
    return Inspection.objects.get(subject_id=subject_id)


def act(client, name: str, inspection: Inspection, **fields):
    fields = {"version": inspection.version} | fields
    return client.post(reverse(name, args=[inspection.pk]), fields)


def test_from_the_list_to_a_verdict(login):
    client = login("investigator")
    inspection = begin(client)
    assert (inspection.state, inspection.assignee) == (State.CHECKING, client.user)
    assert act(client, "decide", inspection, **SMALL).status_code == 302
    inspection.refresh_from_db()
    assert inspection.state == State.CONFIRMED and inspection.amount_found == Decimal(500)
    assert inspection.closed_at and inspection.decided_by == client.user
    assert [event.action for event in inspection.events.all()] == ["opened", "taken", "decided"]
    assert act(client, "recovered", inspection, amount_recovered="120.50").status_code == 302
    inspection.refresh_from_db()
    assert inspection.amount_recovered == Decimal("120.50") and not faults()
    # On the same list it is not opened again.
    assert client.post(reverse("open", args=[token_of("patient", THIRD)]), {"take": "1"}).status_code == 409


@pytest.mark.parametrize("name, fields", [
    ("decide", SMALL | {"reason": "mine"}),
    ("take", {}),
])  # fmt: skip
def test_a_stale_change_is_refused_with_what_was_changed(login, name, fields):
    client, boss = login("investigator"), login("supervisor")
    inspection = begin(client)
    old = inspection.version
    assert act(boss, "assign", inspection, to=client.user.pk).status_code == 302
    answer = act(client, name, inspection, **fields | {"version": old})
    assert answer.status_code == 409 and "分派" in answer.content.decode()
    assert "mine" in answer.content.decode() or name == "take"
    inspection.refresh_from_db()
    assert inspection.state == State.CHECKING and inspection.version == old + 1


def test_comments_do_not_get_in_the_way_of_each_other(login):
    client = login("investigator")
    inspection = begin(client)
    for text in ("one", "<script>two</script>"):
        assert act(client, "comment", inspection, text=text).status_code == 302
    assert act(client, "decide", inspection, **SMALL).status_code == 302
    page = client.get(reverse("case", args=[inspection.pk])).content.decode()
    assert "one" in page and "&lt;script&gt;two" in page and "<script>two" not in page


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "3", "reason": "", "amount_found": ""},
        {"state": "3", "reason": "fine", "amount_found": "5"},
        {"state": "2", "amount_found": ""},
        {"state": "2", "amount_found": "-1"},
        {"state": "pending", "amount_found": "5"},
        {"state": "", "amount_found": "5"},
        {"state": "2", "amount_found": "5", "scheme": "M99"},
    ],
)
def test_half_a_verdict_is_refused(login, fields):
    client = login("investigator")
    inspection = begin(client)
    assert act(client, "decide", inspection, **fields).status_code == 400
    inspection.refresh_from_db()
    assert inspection.is_open and not inspection.proposed


def test_much_money_takes_two_persons(login):
    client, boss = login("investigator"), login("supervisor")
    inspection = begin(client, FIRST)
    assert act(client, "decide", inspection, **SMALL | {"amount_found": "20000"}).status_code == 302
    inspection.refresh_from_db()
    assert inspection.is_open and inspection.proposed == State.CONFIRMED
    assert act(client, "approve", inspection).status_code == 403
    assert act(client, "decide", inspection, **SMALL).status_code == 409
    assert act(boss, "return", inspection, text="look again").status_code == 302
    inspection.refresh_from_db()
    assert not inspection.proposed and act(client, "decide", inspection, **SMALL | {"amount_found": "20000"})
    inspection.refresh_from_db()
    assert act(boss, "approve", inspection).status_code == 302
    inspection.refresh_from_db()
    assert inspection.state == State.CONFIRMED and inspection.approved_by == boss.user


def test_nobody_approves_his_own(login):
    boss, other = login("supervisor"), login("supervisor", "other")
    inspection = begin(boss, FIRST)
    act(boss, "decide", inspection, state="3", reason="an error of the register", amount_found="")
    inspection.refresh_from_db()
    assert inspection.proposed == State.CLEARED, f"{MONEY} yuan are cleared"
    assert act(boss, "approve", inspection).status_code == 409
    assert act(other, "approve", inspection).status_code == 302


@pytest.mark.parametrize(
    "state, found, at_risk, second",
    [
        (State.CONFIRMED, "10000", 52000, False),
        (State.CONFIRMED, "10000.01", 0, True),
        (State.CLEARED, None, 10000, False),
        (State.CLEARED, None, 10000.01, True),
        # Part of much is the rest of much cleared.
        (State.PARTLY, "1", 10000.01, True),
    ],
)
def test_the_limit_for_two_persons(state, found, at_risk, second):
    assert options().second_person_above == 10_000
    inspection = Inspection(amount_at_risk=at_risk)
    assert needs_second(inspection, state, Decimal(found) if found else None) is second


def test_work_is_given_to_those_who_may_do_it_there(login):
    boss = login("supervisor")
    south, auditor = login("investigator", "south", "420802"), login("auditor")
    client = login("investigator")
    inspection = begin(client)
    for other in (south, auditor):
        assert act(boss, "assign", inspection, to=other.user.pk).status_code == 400
    assert act(login("investigator", "second"), "decide", inspection, **SMALL).status_code == 409


def test_nobody_who_works_can_tell_the_drawn(login):
    client, boss = login("investigator", areas="4208"), login("supervisor")
    seen, known = client.get("/").content.decode(), boss.get("/").content.decode()
    assert "随机抽查" not in seen and known.count("随机抽查") == 1
    drawn, listed = Inspection.objects.get(drawn=True), Inspection.objects.filter(drawn=False)
    assert drawn.subject_id == DRAWN and drawn.is_open and listed.count() == 3
    # Whatever an investigator can see of an inspection is the same of all of today's.
    for other in listed:
        for name in ("run_as_of", "state", "assignee", "version", "proposed", "decided_by"):
            assert getattr(other, name) == getattr(drawn, name), name
        assert [(e.action, e.user, e.changes) for e in other.events.all()] == [
            (e.action, e.user, e.changes) for e in drawn.events.all()
        ]
    dossier = reverse("dossier", args=[token_of("patient", DRAWN)])
    for subject in [(drawn.kind, drawn.subject_id), *((o.kind, o.subject_id) for o in listed)]:
        page = client.get(reverse("dossier", args=[token_of(*subject)])).content.decode()
        assert "随机抽" not in page and "排名</" not in page.split("<aside")[0].split("<article")[1]
        assert "随机抽" not in client.get(reverse("print", args=[token_of(*subject)])).content.decode()
    for page in (client.get("/board/"), client.get(reverse("case", args=[drawn.pk]))):
        assert "随机抽" not in page.content.decode()
    assert "随机抽" in boss.get(dossier).content.decode() and "随机抽" in boss.get("/board/").content.decode()


@pytest.mark.parametrize("order", ["rank", "score"])
def test_a_list_tells_an_investigator_no_rank_of_whoever_is_inspected(login, order):
    """The drawn stands at rank 90: an export by rank would tell her from the first of the list."""
    client, boss = login("investigator", areas="4208"), login("supervisor")
    client.get("/")
    inspected = Inspection.objects.filter(kind="patient")
    assert DRAWN in inspected.values_list("subject_id", flat=True)
    # Rank, change, identifier, name, score …
    seen, known = (exported(who, "patient", order=order)[1:] for who in (client, boss))
    blind = seen[: inspected.count()]
    assert all(row[0] is None and row[1] == MISSING and row[4:9] == (None,) * 5 for row in blind)
    assert all(row[0] and row[4] is not None for row in [*seen[len(blind) :], *known])
    assert len(seen) == len(known) and 90 in [row[0] for row in known]
    page = client.get("/lists/patient/", {"order": order}).content.decode()
    assert page.count('<td class="n">—</td>') == len(blind) and "不显示排名和分数" in page
    assert "不显示排名和分数" not in boss.get("/lists/patient/").content.decode()


def test_the_order_of_todays_says_nothing(login, monkeypatch):
    """Under other secrets the drawn stands elsewhere; the order in which they were opened is the page's."""
    client, places = login("supervisor"), set()
    for secret in ("a", "b", "c", "d", "e", "f"):
        monkeypatch.setattr("console.todays_tasks.settings.SECRET_KEY", secret)
        run = last_run()
        rows = [row["subject_id"] for row in to_visit(run, client.user)]
        places.add(rows.index(DRAWN))
    assert len(places) > 1
    open_todays(run)
    assert [i.subject_id for i in Inspection.objects.order_by("opened_at")] == rows


def test_the_drawn_cannot_be_swapped(login, store):
    client, boss = login("investigator", areas="4208"), login("supervisor")
    client.get("/")
    inspection = Inspection.objects.get(drawn=True)
    assert act(boss, "withdraw", inspection, text="too far").status_code == 409
    # Another night that draws nobody takes nothing back, and opening it again finds the same one.
    try:
        write_run(store, AS_OF, drawn=False, run_id="run-2")
        client.get("/")
    finally:
        write_run(store, AS_OF)
    client.get("/")
    assert Inspection.objects.get(drawn=True).pk == inspection.pk
    taken = begin(client, DRAWN)
    assert taken.pk == inspection.pk and taken.drawn and taken.assignee == client.user
    assert act(client, "decide", taken, **SMALL).status_code == 302


def test_looking_at_the_day_again_asks_little_of_the_database(login):
    client = login("supervisor")
    client.get("/")
    with CaptureQueriesContext(connection) as first:
        open_todays(last_run())
    assert len(first) == 1, "one query, however many are listed"


def test_a_supervisor_withdraws_what_was_not_drawn(login):
    client, boss = login("investigator"), login("supervisor")
    inspection = begin(client)
    assert act(client, "withdraw", inspection, text="moved away").status_code == 403
    assert act(boss, "withdraw", inspection).status_code == 400, "a reason is needed"
    assert act(boss, "withdraw", inspection, text="moved away").status_code == 302
    inspection.refresh_from_db()
    assert inspection.state == State.WITHDRAWN and not inspection.is_open and inspection.decided_by is None
    assert act(client, "decide", inspection, **SMALL).status_code == 409
    page = client.get(reverse("case", args=[inspection.pk])).content.decode()
    assert "已撤销" in page and "moved away" in page


def test_files_are_kept_apart_and_given_out_to_be_saved(login):
    client = login("investigator")
    inspection = begin(client)
    page = b"%PDF-1.7 <script>alert(1)</script>"
    answer = act(client, "attach", inspection, file=SimpleUploadedFile("../../etc/证据.pdf", page))
    assert answer.status_code == 302
    kept = Attachment.objects.get()
    assert kept.name == "证据.pdf" and (options().attachments / str(kept.pk)).read_bytes() == page
    assert (options().attachments / str(kept.pk)).stat().st_mode & 0o777 == 0o600
    got = client.get(reverse("attachment", args=[kept.pk]))
    assert b"".join(got.streaming_content) == page
    assert got["Content-Disposition"].startswith("attachment") and got["X-Content-Type-Options"] == "nosniff"
    assert got["Content-Type"] == "application/octet-stream" and "sandbox" in got["Content-Security-Policy"]
    assert Event.objects.filter(action="attached").count() == 1
    (options().attachments / str(kept.pk)).chmod(0o600)
    (options().attachments / str(kept.pk)).write_bytes(b"%PDF-other")
    assert client.get(reverse("attachment", args=[kept.pk])).status_code == 404


@pytest.mark.parametrize(
    "name, content",
    [
        ("page.html", b"<script>alert(1)</script>"),
        ("page.svg", b"<svg onload='alert(1)'/>"),
        ("page.pdf", b"<html>"),
        ("run.exe", b"MZ"),
        ("note.txt", b"a\0b"),
        ("empty.txt", b""),
        ("large.txt", b"a" * 10_000_001),
        ("huge.txt", b"a" * 10_200_000),
    ],
)
def test_other_files_are_refused(login, name, content):
    client = login("investigator")
    inspection = begin(client)
    answer = act(client, "attach", inspection, file=SimpleUploadedFile(name, content))
    assert answer.status_code in (400, 409, 413) and not Attachment.objects.exists()
    assert not options().attachments.exists() or not list(options().attachments.iterdir())


def test_every_step_is_in_the_log(login):
    client = login("investigator")
    inspection = begin(client)
    client.get(reverse("dossier", args=[token_of("patient", THIRD)]))
    act(client, "decide", inspection, **SMALL)
    said = [entry.action for entry in AuditEntry.objects.order_by("seq") if entry.username == "investigator"]
    assert [action for action in said if action in ("opened", "taken", "look", "decided")] == [
        "opened",
        "taken",
        "look",
        "decided",
    ]
