"""How long the console's pages take while many people work with them at once.

    python -m benchmarks.console_load STORE [--users 50] [--rounds 4] [--pause 0] [--workers 1]

Serves the last run of STORE as `fundguard console` does, with a database of its own in a temporary folder,
and has every user walk through the pages, each user one request at a time. Prints p95 and median a page. A
pause is the mean time (seconds, exponentially distributed) that a user looks at a page; without one all
ask all the time.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

# In a process of its own: users, sessions and inspections need Django on the server's settings.
_SETUP = """
import json, sys
from pathlib import Path
from console.start import prepare
prepare(Path(sys.argv[1]))
from django.contrib.auth.models import Group
from django.test import Client
from console.case_work import opened
from console.models import User
from console.run_reader import last_run
from console.subject_lists import Wanted, page_of
from console.tokens import token_of
from reports.subject_words import SUBJECT_WORDS
sessions = []
for n in range(int(sys.argv[2])):
    user = User.objects.create_user(f"user{n}")
    user.groups.set(Group.objects.filter(name="supervisor"))
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    sessions.append(client.cookies["sessionid"].value)
run = last_run()
last = page_of(run, Wanted("patient", None), 1, 1_000_000)[0][-1]["subject_id"]
lists = {kind: page_of(run, Wanted(kind, None), 1)[0] for kind in SUBJECT_WORDS}
print(json.dumps({
    "sessions": sessions,
    "tokens": {kind: token_of(kind, rows[0]["subject_id"]) for kind, rows in lists.items() if rows},
    "unexplained": token_of("patient", last),
    "cases": [str(opened(run, row, None).pk) for row in lists["patient"][2:22]],
}))
"""


@dataclass(frozen=True)
class Served:
    """A console that is running.

    Attributes:
        server: its first process.
        address: where.
        environment: of processes that work on the same database.
        sessions: of users who are logged in, a cookie each; they may do all that supervisors may.
        tokens: kind of subject → the first of its list.
        unexplained: the last of the patients, of whom no dossier was drawn.
        cases: ids of open inspections.
    """

    server: psutil.Process
    address: str
    environment: dict[str, str]
    sessions: list[str]
    tokens: dict[str, str]
    unexplained: str
    cases: list[str]

    def cpu(self) -> float:
        """Seconds of CPU that the server has used, all of its processes together."""
        used = [process.cpu_times() for process in (self.server, *self.server.children(recursive=True))]
        return sum(times.user + times.system for times in used)

    def pages(self) -> dict[str, str]:
        """The pages that people look at: name → address."""
        dossiers = {f"dossier: {kind}": f"/subjects/{token}/" for kind, token in self.tokens.items()}
        return {
            "today": "/", "list": "/lists/patient/", "list, filtered and sorted":
            "/lists/patient/?least=100&order=money", "list, last page": "/lists/visit/?page=100000",
            **dossiers, "dossier of tables alone": f"/subjects/{self.unexplained}/",
            "print view": f"/subjects/{self.tokens['patient']}/print/",
            "inspection": f"/inspections/{self.cases[0]}/", "board": "/board/",
            "monthly report": "/supervision/monthly/", "portraits": "/supervision/portraits/",
            "workload": "/supervision/workload/", "nights": "/status/",
        }  # fmt: skip


@contextmanager
def served(store: Path, users: int, port: int, workers: int = 1, **options: str) -> Iterator[Served]:
    """Serve a store's last run over a new database, with users who are logged in.

    Args:
        options: further settings of the console (`console.options`), by name.
    """
    with tempfile.TemporaryDirectory() as data:
        given = {"store": str(store), "data": data} | options
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("FUNDGUARD_CONSOLE")}
        environment = inherited | {f"FUNDGUARD_CONSOLE_{k.upper()}": v for k, v in given.items()}
        found = json.loads(script(_SETUP, environment, str(store), str(users)))
        command = [sys.executable, "-m", "flows", "console", "--store", str(store), "--port", str(port)]
        server = subprocess.Popen([*command, "--workers", str(workers)], env=environment)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address, server)
            yield Served(psutil.Process(server.pid), address, environment, **found)
        finally:
            server.terminate()
            server.wait(60)


def script(code: str, environment: dict[str, str], *arguments: str) -> str:
    """What a program prints that works on the database of a console."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def _wait(address: str, server: subprocess.Popen) -> None:
    for _n in range(600):
        if server.poll() is not None:
            raise RuntimeError("the console ended")
        try:
            httpx.get(f"{address}/login/", timeout=5)
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise TimeoutError(address)


def browser(console: Served, session: str) -> httpx.Client:
    """A user's browser."""
    client = httpx.Client(base_url=console.address, timeout=120)
    client.cookies.set("sessionid", session)
    return client


def post(client: httpx.Client, address: str, **fields: object) -> httpx.Response:
    """Send a form; the first page that a browser asked for gave it the token."""
    if "csrftoken" not in client.cookies:
        client.get("/password/")
    fields["csrfmiddlewaretoken"] = client.cookies["csrftoken"]
    return client.post(address, data=fields, headers={"Referer": str(client.base_url)})


def measured(console: Served, rounds: int, pause: float = 0.0) -> dict[str, list[float]]:
    """Seconds of every request, by page; all users at once.

    Raises:
        RuntimeError: a page was not answered with 200.
    """
    pages = console.pages()
    spent: dict[str, list[float]] = {name: [] for name in pages}

    def walk(session: str) -> None:
        chance = random.Random(session)
        with browser(console, session) as client:
            for name in [name for _n in range(rounds) for name in chance.sample(list(pages), len(pages))]:
                if pause:
                    time.sleep(chance.expovariate(1 / pause))
                begin = time.perf_counter()
                status = client.get(pages[name]).status_code
                spent[name].append(time.perf_counter() - begin)
                if status != 200:
                    raise RuntimeError(f"{name}: {status}")

    with ThreadPoolExecutor(len(console.sessions)) as pool:
        list(pool.map(walk, console.sessions))
    return spent


def p95(times: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(times, n=20)[-1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--port", type=int, default=8009)
    given = parser.parse_args()
    with served(given.store.resolve(), given.users, given.port, given.workers) as console:
        begin, before = time.perf_counter(), console.cpu()
        spent = measured(console, given.rounds, given.pause)
        seconds, cpu = time.perf_counter() - begin, console.cpu() - before
    print(f"{'page':<28}{'p95 ms':>8}{'median':>8}")
    for name, times in spent.items():
        print(f"{name:<28}{1000 * p95(times):>8,.0f}{1000 * statistics.median(times):>8,.0f}")
    requests = sum(map(len, spent.values()))
    print(
        f"{requests:,} requests of {given.users} users in {seconds:.0f} s, {cpu / requests:.3f} s of CPU each"
    )


if __name__ == "__main__":
    main()
