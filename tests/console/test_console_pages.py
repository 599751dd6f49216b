"""Every address of the console, asked for by each role and by nobody."""

import re
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from console.case_work import assigned, opened, taken
from console.models import Attachment, Inspection
from console.roles import RIGHTS, ROLES
from console.run_reader import last_run
from console.subject_lists import subject_row
from console.tokens import token_of
from tests.conftest import ROOT
from tests.console.made_run import FIRST, NORTH, SECOND, SOUTH

READ, FOUND, MISSING, REFUSED = 200, 302, 404, 403
# Address → method, and the roles that may; what others get is a refusal. None: everybody who is logged in.
EVERYBODY, ANYBODY = set(ROLES), None
LISTS = {"investigator", "supervisor", "auditor", "data_scientist"}
CASES = {"investigator", "supervisor", "auditor"}
WORKERS = {"investigator", "supervisor"}
ALLOWED = {
    "login": ("get", ANYBODY),
    "report_css": ("get", ANYBODY),
    "set_language": ("post", ANYBODY),
    "logout": ("post", ANYBODY),
    "password": ("get", EVERYBODY),
    "today": ("get", EVERYBODY),
    "list": ("get", LISTS),
    "search": ("post", LISTS),
    "export": ("get", {"investigator", "supervisor", "data_scientist"}),
    "dossier": ("get", LISTS),
    "print": ("get", LISTS),
    "unmask": ("post", WORKERS),
    "open": ("post", WORKERS),
    "case": ("get", CASES),
    "take": ("post", WORKERS),
    "assign": ("post", {"supervisor"}),
    "comment": ("post", WORKERS),
    "attach": ("post", WORKERS),
    "decide": ("post", WORKERS),
    "approve": ("post", {"supervisor"}),
    "return": ("post", {"supervisor"}),
    "withdraw": ("post", {"supervisor"}),
    "recovered": ("post", WORKERS),
    "attachment": ("get", CASES),
    "board": ("get", CASES),
    "monthly": ("get", {"supervisor", "auditor", "data_scientist"}),
    "portraits": ("get", {"supervisor", "auditor", "data_scientist"}),
    "workload": ("get", {"supervisor", "auditor", "data_scientist"}),
    "audit": ("get", {"auditor"}),
    "verify": ("post", {"auditor"}),
    "status": ("get", {"supervisor", "operator"}),
}
# What stands in an address → the values of the north and the south; an investigator is of the north.
OF_SUBJECTS = ("dossier", "print", "unmask", "open")
OF_CASES = ("case", "take", "assign", "comment", "attach", "decide", "approve", "return", "withdraw",
            "recovered")  # fmt: skip


def case_of(subject_id: str, user) -> Inspection:
    run = last_run()
    inspection = opened(run, subject_row(run, "patient", subject_id), user)
    assigned(inspection, inspection.version, user, user)
    return taken(inspection, inspection.version, user)


def addresses(name: str, subject_id: str, inspection: Inspection, attachment: Attachment) -> str:
    if name in ("list", "search", "export"):
        return reverse(name, args=["patient"])
    if name in OF_SUBJECTS:
        return reverse(name, args=[token_of("patient", subject_id)])
    if name in OF_CASES:
        return reverse(name, args=[inspection.pk])
    return reverse(name, args=[attachment.pk] if name == "attachment" else [])


@pytest.fixture
def cases(user):
    """An inspection with an attachment in each area."""
    boss = user("supervisor", "boss")
    found = {}
    for area, subject_id in ((NORTH, FIRST), (SOUTH, SECOND)):
        inspection = case_of(subject_id, boss)
        kept = Attachment.objects.create(
            inspection=inspection, name="a.txt", size=1, sha256="0" * 64, user=boss, at=inspection.opened_at
        )
        found[area] = (subject_id, inspection, kept)
    return found


def ask(client: Client, name: str, where) -> int:
    method, _roles = ALLOWED[name]
    return getattr(client, method)(addresses(name, *where)).status_code


def test_no_address_is_left_out():
    named = {p.name for p in get_resolver().url_patterns if isinstance(p, URLPattern)}
    assert named == set(ALLOWED)


@pytest.mark.parametrize("name", ALLOWED)
def test_nobody_is_sent_to_log_in(cases, name):
    status = ask(Client(SERVER_NAME="localhost"), name, cases[NORTH])
    assert status in ((READ, FOUND) if ALLOWED[name][1] is ANYBODY else (FOUND,))
    if ALLOWED[name][1] is not ANYBODY:
        answer = getattr(Client(SERVER_NAME="localhost"), ALLOWED[name][0])(addresses(name, *cases[NORTH]))
        assert answer.url.startswith("/login/")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_what_it_may_and_a_refusal_for_the_rest(login, cases, role):
    walked, client = {}, login(role)
    for name, (_method, roles) in ALLOWED.items():
        client.force_login(client.user, "django.contrib.auth.backends.ModelBackend")
        walked[name] = ask(client, name, cases[NORTH])
        allowed = roles is ANYBODY or role in roles
        # A form that was not filled in is answered by 400, one that comes at the wrong time by 409.
        expected = (READ, FOUND, 400, 409) if allowed else (REFUSED,)
        if name == "attachment" and allowed:
            expected = (MISSING,)  # its file is not there
        assert walked[name] in expected, (name, walked[name])
    assert sum(status == REFUSED for status in walked.values()) == sum(
        roles is not ANYBODY and role not in roles for _method, roles in ALLOWED.values()
    )


@pytest.mark.parametrize("name", [*OF_SUBJECTS, *OF_CASES, "attachment"])
def test_what_lies_outside_of_the_area_looks_as_if_it_were_not_there(login, cases, name):
    client = login("investigator")
    inside, outside = ask(client, name, cases[NORTH]), ask(client, name, cases[SOUTH])
    if name not in ("assign", "approve", "return", "withdraw"):
        assert outside == MISSING and (inside != MISSING or name == "attachment")
    else:
        assert inside == outside == REFUSED
    assert client.get(reverse("case", args=[uuid4()])).status_code == MISSING
    assert client.get(reverse("dossier", args=["bm9ib2R5LW1hZGUtdGhpcw"])).status_code == MISSING


def test_an_investigator_without_an_area_sees_nobody(login):
    client = login("investigator", areas="")
    text = client.get("/lists/patient/").content.decode()
    assert 'class="open"' not in text
    assert client.get(reverse("dossier", args=[token_of("patient", FIRST)])).status_code == MISSING


@pytest.mark.parametrize("role", ROLES)
def test_administration_is_the_operators(login, role):
    status = login(role).get("/admin/console/user/").status_code
    assert status == (READ if role == "operator" else FOUND)


def test_an_operator_changes_rights_of_others_and_not_his_own(login, user):
    client, other = login("operator"), user("auditor")
    own = client.get(f"/admin/console/user/{client.user.pk}/change/").content.decode()
    others = client.get(f"/admin/console/user/{other.pk}/change/").content.decode()
    assert 'name="groups"' in others and 'name="groups"' not in own and "is_superuser" not in others


def test_every_right_of_a_role_is_declared_and_used():
    source = "".join(p.read_text() for p in (ROOT / "console").rglob("*.py"))
    assert {right for rights in ROLES.values() for right in rights} == set(RIGHTS)
    assert all(re.search(rf'(needs|may)\((?:"\w+", )*"{right}"', source) for right in RIGHTS)
    assert get_user_model()._meta.app_label == "console"
