"""Fifty users at once, and a thousand verdicts that contradict each other: slow, and nothing is lost."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT, free_port
from tests.console.made_run import AS_OF, FIRST, HOSPITAL, write_run

pytestmark = pytest.mark.slow

PASSWORD = "a long enough passphrase"
USERS, ROUNDS = 50, 4
CASES, WRITERS = 20, 50
# Against the pages of a run made by hand; on a quiet machine of two cores.
P95 = 3.0
# Run in a process of its own: users, cases and tokens need Django on the store of the server.
_SETUP = """
import sys
from pathlib import Path
from console.start import make_user, prepare
prepare(Path(sys.argv[1]))
for n in range({users}):
    make_user(f"user{{n}}", "supervisor", "", {password!r})
from console.case_work import opened
from console.run_reader import last_run
from console.subject_lists import subject_row
from console.tokens import token_of
run = last_run()
for rank in range(3, 3 + {cases}):
    inspection = opened(run, subject_row(run, "patient", f"420800000000000{{rank:02}}"), None)
    print("case", inspection.pk)
print("patient", token_of("patient", {patient!r}))
print("hospital", token_of("hospital", {hospital!r}))
"""
_COUNTS = """
import sys, json
from pathlib import Path
from console.start import prepare
prepare(Path(sys.argv[1]))
from console.audit import faults
from console.models import AuditEntry, Event, Inspection
print(json.dumps({
    "versions": {str(i.pk): i.version for i in Inspection.objects.all()},
    "amounts": {str(i.pk): str(i.amount_found) for i in Inspection.objects.all()},
    "events": [[str(e.inspection_id), e.version, e.changes] for e in Event.objects.filter(action="decided")],
    "logged": {a: AuditEntry.objects.filter(action=a).count() for a in ("decided", "refused")},
    "faults": faults(),
}))
"""
_COUNTS = """
import sys, json
from pathlib import Path
from console.start import prepare
prepare(Path(sys.argv[1]))
from console.audit import faults
from console.models import AuditEntry, Event, Inspection
print(json.dumps({
    "versions": {str(i.pk): i.version for i in Inspection.objects.all()},
    "last": {str(i.pk): i.assignee.username if i.assignee else None for i in Inspection.objects.all()},
    "events": [[str(e.inspection_id), e.version, e.action, e.changes, e.user.username]
               for e in Event.objects.exclude(action="opened").order_by("id")],
    "logged": AuditEntry.objects.filter(action="assigned").count(),
    "faults": faults(),
}))
"""


def run(code: str, store: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FUNDGUARD_CONSOLE")}
    command = [sys.executable, "-c", code, str(store)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[tuple[str, Path, dict[str, list[str]]]]:
    store = tmp_path_factory.mktemp("load") / "store"
    write_run(store, AS_OF)
    found: dict[str, list[str]] = {}
    code = _SETUP.format(users=USERS, password=PASSWORD, cases=CASES, patient=FIRST, hospital=HOSPITAL)
    for line in run(code, store).splitlines():
        name, value = line.split()
        found.setdefault(name, []).append(value)
    port = free_port()
    command = [sys.executable, "-m", "flows", "console", "--store", str(store), "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address)
        yield address, store, found
    finally:
        server.terminate()
        server.wait(60)


def _wait(address: str) -> None:
    for _n in range(300):
        try:
            httpx.get(f"{address}/login/", timeout=5)
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise TimeoutError(address)


def logged_in(address: str, name: str) -> httpx.Client:
    client = httpx.Client(base_url=address, timeout=120)
    client.get("/login/")
    answer = post(client, "/login/", username=name, password=PASSWORD)
    assert answer.status_code == 302, answer.text
    return client


def post(client: httpx.Client, address: str, **fields: object) -> httpx.Response:
    fields["csrfmiddlewaretoken"] = client.cookies["csrftoken"]
    return client.post(address, data=fields, headers={"Referer": str(client.base_url)})


@pytest.fixture(scope="module")
def clients(served) -> Iterator[list[httpx.Client]]:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: logged_in(served[0], f"user{n}"), range(USERS)))
    yield found
    for client in found:
        client.close()


def test_fifty_users_at_once(served, clients):
    _address, _store, found = served
    pages = {
        "today": "/", "list": "/lists/patient/", "filtered list": "/lists/patient/?scheme=M10&order=money",
        "dossier": f"/subjects/{found['patient'][0]}/",
        "dossier of tables": f"/subjects/{found['hospital'][0]}/",
        "inspection": f"/inspections/{found['case'][0]}/", "board": "/board/",
        "monthly report": "/supervision/monthly/", "portraits": "/supervision/portraits/",
        "workload": "/supervision/workload/",
    }  # fmt: skip
    spent: dict[str, list[float]] = {name: [] for name in pages}

    def walk(client: httpx.Client) -> None:
        for _round in range(ROUNDS):
            for name, address in pages.items():
                begin = time.perf_counter()
                assert client.get(address).status_code == 200
                spent[name].append(time.perf_counter() - begin)

    with ThreadPoolExecutor(USERS) as pool:
        list(pool.map(walk, clients))
    p95 = {name: statistics.quantiles(times, n=20)[-1] for name, times in spent.items()}
    for name, seconds in p95.items():
        print(f"{name}: p95 {seconds * 1000:.0f} ms, median {statistics.median(spent[name]) * 1000:.0f} ms")
    assert all(len(times) == USERS * ROUNDS for times in spent.values())
    assert max(p95.values()) < P95


def test_a_thousand_contradicting_verdicts(served):
    """In fifty windows of one person every case is decided otherwise, having seen the same version."""
    address, store, found = served
    cases = found["case"]
    with ThreadPoolExecutor(8) as pool:
        windows = list(pool.map(lambda _n: logged_in(address, "user0"), range(WRITERS)))
    for case in cases:
        assert post(windows[0], f"/inspections/{case}/take/", version=1).status_code == 302

    def write(number: int) -> tuple[str, int]:
        case, writer = cases[number % CASES], number // CASES
        verdict = {"state": "2", "amount_found": 100 + writer, "version": 2}
        answer = post(windows[writer], f"/inspections/{case}/decide/", **verdict)
        assert answer.status_code in (302, 409), answer.status_code
        return case, answer.status_code

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = Counter(pool.map(write, range(CASES * WRITERS)))
    after = json.loads(run(_COUNTS, store))
    won = {case: answers[case, 302] for case in cases}
    print(f"{sum(won.values())} taken, {sum(answers.values()) - sum(won.values())} refused")
    assert sum(answers.values()) == CASES * WRITERS == 1_000 and set(won.values()) == {1}
    for case in cases:
        (event,) = [event for event in after["events"] if event[0] == case]
        assert after["versions"][case] == 3 == event[1]
        assert float(after["amounts"][case]) == float(event[2]["amount_found"][1])
    assert after["logged"] == {"decided": CASES, "refused": CASES * (WRITERS - 1)} and after["faults"] == []
