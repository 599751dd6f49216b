"""Who may not see an identifier sees none: not on pages, in addresses, in exports or in the log."""

import logging

import pytest
from django.urls import reverse

from console.audit import record
from console.identifier_view import AREA, Identifier, Shown, hidden, rewritten
from console.models import AuditEntry
from console.tokens import subject_of, token_of
from tests.console.exported_lists import exported
from tests.console.made_run import (
    DOCTOR,
    DRAWN,
    FIRST,
    GROUP,
    HOSPITAL,
    NAME,
    PHARMACY,
    SECOND,
    SETTLEMENT,
    VISIT,
)  # fmt: skip

PERSONS = (FIRST, SECOND, DRAWN, DOCTOR, VISIT, SETTLEMENT, "L4208001")
PLACES = (HOSPITAL, PHARMACY, NAME)
SUBJECTS = [("patient", FIRST), ("patient", SECOND), ("patient", "42080000000000003"), ("group", GROUP),
            ("hospital", HOSPITAL), ("prescriber", DOCTOR), ("visit", VISIT)]  # fmt: skip


def pages() -> list[str]:
    kinds = ("patient", "hospital", "prescriber", "group", "visit")
    found = ["/", *(reverse("list", args=[kind]) for kind in kinds)]
    tokens = [token_of(*subject) for subject in SUBJECTS]
    found += [reverse(name, args=[token]) for token in tokens for name in ("dossier", "print")]
    return [*found, reverse("monthly"), reverse("portraits"), reverse("workload")]


def text_of(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code in (200, 403), address
    return answer.content.decode()


@pytest.mark.parametrize("role, unseen", [("data_scientist", PERSONS + PLACES), ("auditor", PERSONS)])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_name_nobody(login, role, unseen, language):
    client = login(role)
    client.cookies["django_language"] = language
    for address in pages():
        text = text_of(client, address)
        assert not [word for word in unseen if word in text], address
    assert HOSPITAL in text_of(login("auditor", "other"), "/lists/hospital/")


def test_whoever_may_asks_and_it_is_logged(login):
    client = login("investigator", areas="4208")
    token = token_of("patient", FIRST)
    address = reverse("dossier", args=[token])
    assert FIRST not in text_of(client, address)
    assert client.post(reverse("unmask", args=[token])).status_code == 302
    text = text_of(client, address)
    assert FIRST in text and VISIT in text and SETTLEMENT in text
    entry = AuditEntry.objects.get(action="unmasked")
    assert (entry.username, entry.subject) == ("investigator", token)
    # Of one dossier only, and of nobody else's session.
    assert SECOND not in text_of(client, reverse("dossier", args=[token_of("patient", SECOND)]))
    assert FIRST not in text_of(login("investigator", "other", "4208"), address)


def test_the_export_shows_no_more_than_the_page(login):
    cells = [str(cell) for row in exported(login("data_scientist"), "hospital") for cell in row]
    assert hidden(HOSPITAL, "hospital", Shown.NONE) in cells
    assert not {HOSPITAL, NAME} & set(cells) and "未变" in cells


def test_an_export_is_the_present_view(login):
    client = login("supervisor")

    def ids(**query: str) -> list[str]:
        heads, *rows = exported(client, "patient", **query)
        return [row[heads.index("编号")] for row in rows]

    first, second = (hidden(who, "patient", Shown.NONE) for who in (FIRST, SECOND))
    assert len(ids()) == 90 and ids()[:2] == [first, second]
    assert ids(scheme="M03") == [second] and ids(least="1000") == [first]
    assert ids(area="420802")[0] == second and ids(order="money")[0] == first
    client.post("/lists/patient/search/", {"text": SECOND})
    assert ids() == [second] and ids(least="1000") == []
    assert ids(least="nan") == ids(least="inf") == ids(least="much") == [second]


def test_no_address_and_no_log_holds_an_identifier(login, caplog):
    caplog.set_level(logging.DEBUG)
    client = login("investigator", areas="4208")
    for address in pages():
        text = text_of(client, address)
        links = [part.split('"')[0] for part in text.split('href="')[1:]]
        assert not [link for link in [address, *links] for word in PERSONS + PLACES if word in link]
    answer = client.post("/lists/patient/search/", {"text": FIRST})
    assert FIRST not in answer.url and text_of(client, answer.url).count('class="open"') == 1
    logged = [str(vars(entry)) for entry in AuditEntry.objects.all()] + [caplog.text]
    assert not [word for word in PERSONS + PLACES for line in logged if word in line]


def test_whoever_sees_pseudonyms_cannot_try_out_identifiers(login):
    client = login("data_scientist")
    answer = client.post("/lists/patient/search/", {"text": FIRST})
    assert text_of(client, answer.url).count('class="open"') == 0


@pytest.mark.parametrize("role", ["data_scientist", "investigator"])
def test_everybody_finds_a_subject_by_the_pseudonym_that_pages_show(login, role):
    client = login(role, areas="4208")
    name = hidden(FIRST, "patient", Shown.NONE)
    assert name in text_of(client, "/lists/patient/")
    answer = client.post("/lists/patient/search/", {"text": name})
    text = text_of(client, answer.url)
    assert text.count('class="open"') == 1 and token_of("patient", FIRST) in text
    assert text_of(client, "/lists/patient/?state=checking").count('class="open"') == 0
    client.post("/lists/patient/search/", {"text": ""})
    assert text_of(client, answer.url).count('class="open"') == 50


def test_a_token_is_opaque_and_nobody_can_make_one():
    token = token_of("patient", FIRST)
    assert FIRST not in token and subject_of(token) == ("patient", FIRST)
    assert token == token_of("patient", FIRST) != token_of("patient", SECOND)
    for forged in (token[:-2] + "AA", "", "%%%", token[1:], "é"):
        assert subject_of(forged) is None


def test_a_pseudonym_is_the_same_in_text_picture_and_table():
    known = {FIRST: Identifier("patient", "1", None), HOSPITAL: Identifier("hospital", "1", "北区医院")}
    text = f"<p>{FIRST}-{HOSPITAL} 北区医院 &amp; 8102037541118889</p><svg><text>{FIRST}</text></svg>"
    shown = rewritten(text, known, Shown.NONE, lambda kind, word, area: f"/{kind}/")
    name = hidden(FIRST, "patient", Shown.NONE)
    assert shown.count(f'<a href="/patient/">{name}</a>') == 2 and "&amp;" in shown
    assert (
        hidden("420801100001", AREA, Shown.PLACES)
        == "420801100001"
        != hidden("420801100001", AREA, Shown.NONE)
    )
    assert not [word for word in (FIRST, HOSPITAL, "北区医院", "8102037541118889") if word in shown]
    seen = rewritten(text, known, Shown.ALL, lambda kind, word, area: None)
    assert seen == text


def test_the_audit_log_finds_a_subject_by_its_identifier(login):
    record(None, "look", token_of("patient", FIRST))
    client = login("auditor")
    answer = client.post("/audit/", {"subject_id": FIRST})
    text = answer.content.decode()
    link = reverse("dossier", args=[token_of("patient", FIRST)])
    assert text.count(link) == 1 and text.count("<tr>") == 2
    assert link not in client.post("/audit/", {"subject_id": SECOND}).content.decode()
