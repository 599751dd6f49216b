"""Headers, cookies, logins, forged requests: what the framework promises is switched on."""

import subprocess
import sys

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from claims.errors import StoreError
from console.client_address import client_address
from console.database import databases
from console.middleware import LimitedUploads
from console.models import AuditEntry
from console.options import Options, options
from console.tokens import token_of
from tests.conftest import ROOT
from tests.console.console_server import PASSWORD
from tests.console.made_run import FIRST


def test_pages_allow_no_script_and_no_style_of_their_own(login):
    client = login("supervisor")
    for address in ("/", "/lists/patient/", reverse("dossier", args=[token_of("patient", FIRST)]),
                    reverse("monthly"), reverse("board"), "/login/"):  # fmt: skip
        answer = client.get(address, follow=address == "/login/")
        policy, text = answer["Content-Security-Policy"], answer.content.decode()
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "style=" not in text and "<style" not in text and " on" + "click" not in text
        assert all("src=" in script for script in text.split("<script")[1:])
        assert "http://" not in text.replace("http://www.w3.org", "") and "https://" not in text
        assert "no-store" in answer["Cache-Control"] and answer["X-Frame-Options"] == "DENY"


def test_styles_and_scripts_are_served_by_the_console_itself():
    client = Client(SERVER_NAME="localhost")
    for name in ("console.css", "keys.js", "icon.svg"):
        assert client.get(f"/static/console/{name}").status_code == 200
    assert "body" in client.get("/report.css").content.decode()


def test_a_forged_request_changes_nothing(login):
    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    client.cookies = login("investigator").cookies
    assert client.post(reverse("open", args=[token_of("patient", FIRST)]), {"take": "1"}).status_code == 403


def test_failed_logins_are_throttled_and_logged(user):
    known = user("investigator")
    known.set_password(PASSWORD)
    known.save()
    client = Client(SERVER_NAME="localhost")

    def attempt(password: str, name: str = "investigator") -> int:
        return client.post("/login/", {"username": name, "password": password}).status_code

    for _n in range(options().failures - 1):
        assert attempt("wrong") == 200
    assert attempt("wrong") == 429 and attempt(PASSWORD) == 429
    attempt("wrong", "somebody's password")
    failed = AuditEntry.objects.filter(action="login_failed")
    assert {entry.username for entry in failed} == {"investigator", "-"}
    assert "somebody" not in str([vars(entry) for entry in AuditEntry.objects.all()])


@pytest.mark.parametrize("proxies, forwarded, found", [
    (0, "203.0.113.7", "192.0.2.1"),
    (1, "203.0.113.7", "203.0.113.7"),
    (1, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
    (2, "198.51.100.1, 203.0.113.7, 203.0.113.8", "203.0.113.7"),
    (2, "203.0.113.7", "192.0.2.1"),
    (1, "<script>", "192.0.2.1"),
    (1, None, "192.0.2.1"),
])  # fmt: skip
def test_behind_proxies_the_address_is_the_one_that_the_outermost_saw(monkeypatch, proxies, forwarded, found):
    given = Options(proxies=proxies)
    monkeypatch.setattr("console.client_address.options", lambda: given)
    sent = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", **sent)) == found


def test_failures_from_one_address_lock_out_nobody_elsewhere(user, monkeypatch):
    known, given = user("investigator"), Options(proxies=1)
    known.set_password(PASSWORD)
    known.save()
    monkeypatch.setattr("console.client_address.options", lambda: given)

    def attempt(password: str, address: str) -> int:
        fields = {"username": "investigator", "password": password}
        client = Client(SERVER_NAME="localhost")
        return client.post("/login/", fields, HTTP_X_FORWARDED_FOR=f"192.0.2.9, {address}").status_code

    for _n in range(options().failures):
        attempt("wrong", "203.0.113.7")
    assert attempt(PASSWORD, "203.0.113.7") == 429 and attempt(PASSWORD, "203.0.113.8") == 302


def test_a_login_is_a_new_session_of_limited_life(user):
    known = user("investigator")
    known.set_password(PASSWORD)
    known.save()
    client = Client(SERVER_NAME="localhost")
    answer = client.post("/login/", {"username": "investigator", "password": PASSWORD})
    cookie = answer.cookies["sessionid"]
    assert answer.status_code == 302 and cookie["httponly"] and cookie["samesite"] == "Strict"
    assert not cookie["max-age"], "it ends with the browser"
    assert AuditEntry.objects.filter(action="login", username="investigator").count() == 1


@pytest.mark.parametrize("https", [True, False])
def test_cookies_are_secure_wherever_browsers_come_by_https(tmp_path, https):
    code = (
        "from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0, s.DEBUG)"
    )
    (tmp_path / "console.toml").write_text(f"https = {str(https).lower()}")
    environment = {
        "FUNDGUARD_CONSOLE_STORE": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "console.django_settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == [str(https)] * 3 + ["False"], done.stderr


def test_the_database_may_be_postgresql_and_its_password_stands_in_no_file():
    found = databases(Options(database="postgresql://console@db:5433/guard", database_password="secret"))
    assert found["default"] == {
        "ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True,
        "NAME": "guard", "USER": "console", "PASSWORD": "secret", "HOST": "db", "PORT": "5433",
    }  # fmt: skip
    for wrong in ("postgresql://console:secret@db/guard", "mysql://console@db/guard"):
        with pytest.raises(StoreError, match="without the password"):
            databases(Options(database=wrong))


def test_errors_tell_nothing(login):
    client = login("supervisor")
    client.raise_request_exception = False
    answer = client.get("/nowhere/42080000000000001/")
    assert answer.status_code == 404 and "42080000000000001" not in answer.content.decode()


def test_what_fails_is_logged_without_what_it_says():
    """The text of an error may quote a row; its place and kind are enough to mend it."""
    code = (
        "import logging, logging.config\n"
        "from console.django_settings import LOGGING\n"
        "logging.config.dictConfig(LOGGING)\n"
        "def inner(): raise KeyError('42080000000000001')\n"
        "try:\n"
        "    try: inner()\n"
        "    except KeyError as error: raise ValueError('42080000000000001') from error\n"
        "except ValueError: logging.getLogger('django.request').error('failed', exc_info=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "42080000000000001" not in done.stderr
    assert "failed" in done.stderr and "builtins.KeyError" in done.stderr and "in inner" in done.stderr
    assert done.stderr.index("ValueError") < done.stderr.index("KeyError")


@pytest.mark.parametrize("length, status", [
    ("", 200), ("10100000", 200), ("10100001", 413), ("-1", 413), ("x", 413),
])  # fmt: skip
def test_what_is_too_large_is_refused_before_it_is_read(length, status):
    assert options().attachment_mb == 10
    request = RequestFactory().post("/", CONTENT_LENGTH=length)
    assert LimitedUploads(lambda _request: HttpResponse(status=200))(request).status_code == status
