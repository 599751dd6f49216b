"""The console as docs/console.md sets it up for a bureau: nginx in front, gunicorn, PostgreSQL."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT, free_port
from tests.console.console_server import PASSWORD
from tests.console.made_run import AS_OF, FIRST, write_run
from tests.postgresql_server import postgresql

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = pytest.mark.skipif(
    NGINX is None, reason="nginx is not installed (Debian: apt-get install nginx)"
)
HOST = "guard.bureau.example"
DOCS = (ROOT / "docs/console.md").read_text(encoding="utf-8")


def documented(begin: str, end: str) -> str:
    """An indented part of the page, from a line to the one before another."""
    found = re.search(rf"^    {re.escape(begin)}\n(.*?)(?=^{end})", DOCS, re.DOTALL | re.MULTILINE)
    assert found, begin
    return re.sub("^    ", "", found[1], flags=re.MULTILINE)


def replaced(text: str, **changes: str) -> str:
    for old, new in changes.values():
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def bureau(tmp_path_factory) -> Iterator[tuple[int, Path]]:
    """The port of nginx, and the folder with the logs of all that runs."""
    folder, port, inner = tmp_path_factory.mktemp("bureau"), free_port(), free_port()
    store = folder / "store"
    write_run(store, AS_OF)
    with postgresql() as server:
        settings = documented("# STORE/console.toml", r"\n    # /etc/systemd")
        database = "postgresql://fundguard@/console", f"{server.address}/postgres"
        (store / "console.toml").write_text(replaced(settings, database=database))
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("FUNDGUARD", "DJANGO"))}
        environment["FUNDGUARD_CONSOLE_PASSWORD"] = PASSWORD
        run = [sys.executable, "-m", "flows", "console"]
        for role in ("supervisor", "investigator"):
            command = [*run, "user", role, "--store", str(store), "--role", role, "--areas", "4208"]
            subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        with (folder / "console.log").open("w") as log:
            command = [*run, "--store", str(store), "--port", str(inner), "--workers", "2"]
            console = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
            nginx = _nginx(folder, port, inner)
            try:
                _wait(lambda: httpx.get(f"http://127.0.0.1:{inner}/login/", headers={"Host": HOST}))
                yield port, folder
            finally:
                for process in (nginx, console):
                    process.terminate()
                    process.wait(60)
        assert FIRST not in server.log.read_text()


def _nginx(folder: Path, port: int, inner: int) -> subprocess.Popen:
    """nginx with the documented server and a certificate that it signs itself."""
    openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    files = ["-subj", f"/CN={HOST}", "-keyout", str(folder / "guard.key"), "-out", str(folder / "guard.pem")]
    subprocess.run([*openssl, *files], check=True, capture_output=True)
    server = replaced(
        documented("# nginx", r"\n`fundguard console`"),
        listen=("443", f"127.0.0.1:{port}"),
        files=("/etc/ssl/", f"{folder}/"),
        inner=("127.0.0.1:8000", f"127.0.0.1:{inner}"),
    )
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi")
    )
    temporary += f"uwsgi_temp_path {folder}/uwsgi;\nscgi_temp_path {folder}/scgi;\n"
    # The tests' folder is root's alone where this is root.
    main = "user root;\n" if os.geteuid() == 0 else ""
    main += f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
    (folder / "nginx.conf").write_text(f"{main}http {{\n{temporary}{server}}}\n")
    assert NGINX
    return subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])


def _wait(ask: Callable[[], httpx.Response]) -> None:
    for _n in range(300):
        try:
            if ask().status_code < 500:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise TimeoutError("the console does not answer")


def browser(port: int) -> httpx.Client:
    headers = {"Host": HOST, "Referer": f"https://{HOST}/login/"}
    return httpx.Client(base_url=f"https://127.0.0.1:{port}", headers=headers, verify=False, timeout=30)


def post(client: httpx.Client, address: str, **more: object) -> httpx.Response:
    fields = {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
    return client.post(address, data=fields | dict(more.pop("fields", {})), **more)


def logged_in(port: int, name: str, password: str = PASSWORD) -> tuple[httpx.Client, httpx.Response]:
    client = browser(port)
    client.get("/login/")
    return client, post(client, "/login/", fields={"username": name, "password": password})


def test_cookies_and_headers_are_those_of_https(bureau):
    client, answer = logged_in(bureau[0], "supervisor")
    assert answer.status_code == 302 and answer.headers["location"] == "/"
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2 and all(
        "Secure" in c and "HttpOnly" in c and "SameSite=Strict" in c for c in cookies
    )
    page = client.get("/")
    assert page.status_code == 200 and "今日核查对象" in page.text
    headers = page.headers
    assert (
        headers["strict-transport-security"].startswith("max-age=") and "no-store" in headers["cache-control"]
    )
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert headers["x-frame-options"] == "DENY" and headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin" and "gunicorn" not in headers.get("server", "")
    assert re.findall("<script[^>]*>[^<]+", page.text) == [] and client.get("/static/console/keys.js").text


def test_another_name_is_not_answered(bureau):
    client = browser(bureau[0])
    assert client.get("/login/", headers={"Host": "another.example"}).status_code == 400


def test_a_forged_address_gives_no_further_tries(bureau):
    """The console counts by the address that nginx saw, whatever the browser says of itself."""
    for n in range(5):
        client = browser(bureau[0])
        client.get("/login/")
        given = {"X-Forwarded-For": f"203.0.113.{n}"}
        fields = {"username": "investigator", "password": "wrong"}
        last = post(client, "/login/", fields=fields, headers=given)
    assert last.status_code == 429
    assert logged_in(bureau[0], "supervisor")[1].status_code == 302, "another name may"


def test_a_file_of_the_largest_size_comes_through_and_a_larger_does_not(bureau):
    client, _answer = logged_in(bureau[0], "supervisor")
    token = re.search(r"/subjects/([\w-]+)/", client.get("/lists/patient/?page=2").text)[1]
    case = post(client, f"/subjects/{token}/open/", fields={"take": "1"}).headers["location"]
    for size, status in ((10_000_000, 302), (10_000_001, 409), (13_000_000, 413)):
        files = {"file": ("note.txt", b"a" * size, "text/plain")}
        assert post(client, f"{case}attach/", files=files).status_code == status, size


def test_no_log_holds_an_address_of_a_page(bureau):
    client, _answer = logged_in(bureau[0], "supervisor")
    token = re.search(r"/subjects/([\w-]+)/", client.get("/lists/patient/").text)[1]
    assert client.get(f"/subjects/{token}/").status_code == 200
    for name in ("console.log", "error.log"):
        text = (bureau[1] / name).read_text()
        assert token not in text and FIRST not in text and "/subjects/" not in text, name
    assert not list(bureau[1].glob("*access*"))
