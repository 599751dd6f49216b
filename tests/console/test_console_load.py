"""Fifty users at once are all answered, and of a thousand contradicting verdicts nothing is lost."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.console_load import Served, browser, measured, p95, post, script, served
from tests.conftest import free_port
from tests.console.made_run import write_run
from tests.postgresql_server import postgresql

pytestmark = pytest.mark.slow

USERS, ROUNDS = 50, 1
CASES, WRITERS = 20, 50
_COUNTS = """
import json, sys
from pathlib import Path
from console.start import prepare
prepare(Path(sys.argv[1]))
from console.audit import faults
from console.models import AuditEntry, Event, Inspection
print(json.dumps({
    "versions": {str(i.pk): i.version for i in Inspection.objects.all()},
    "amounts": {str(i.pk): str(i.amount_found) for i in Inspection.objects.all()},
    "events": [[str(e.inspection_id), e.version, e.changes] for e in Event.objects.filter(action="decided")],
    "logged": [[e.inspection, e.action, (e.details.get("changes") or e.details["given"])["amount_found"][1]]
               for e in AuditEntry.objects.filter(action__in=("decided", "refused"))],
    "faults": faults(),
}))
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """A store with a run made by hand; `benchmarks.console_load` measures that of a city."""
    made = tmp_path_factory.mktemp("load") / "store"
    write_run(made)
    return made


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def console(request, store) -> Iterator[Served]:
    """The console over each kind of database; with PostgreSQL in two processes."""
    if request.param == "sqlite":
        with served(store, USERS, free_port()) as found:
            yield found
        return
    with (
        postgresql() as server,
        served(store, USERS, free_port(), 2, database=f"{server.address}/postgres") as found,
    ):
        yield found


def test_fifty_users_at_once(console):
    before = console.cpu()
    spent = measured(console, ROUNDS)
    cpu = (console.cpu() - before) / sum(map(len, spent.values()))
    print(f"{cpu:.3f} s of CPU a request")
    for name, times in spent.items():
        print(f"{name}: p95 {1000 * p95(times):,.0f} ms")
    assert spent and all(len(times) == USERS * ROUNDS for times in spent.values())


def test_a_thousand_contradicting_verdicts(console, store):
    """In fifty windows of one person every case is decided otherwise, having seen the same version."""
    cases = console.cases
    windows = [browser(console, console.sessions[0]) for _n in range(WRITERS)]
    for window in windows:
        # A window's first page gives it its token; two first pages at once would give it two.
        assert window.get("/password/").status_code == 200
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
    after = json.loads(script(_COUNTS, console.environment, str(store)))
    won = {case: answers[case, 302] for case in cases}
    print(f"{sum(won.values())} taken, {sum(answers.values()) - sum(won.values())} refused")
    assert sum(answers.values()) == CASES * WRITERS == 1_000 and set(won.values()) == {1}
    for case in cases:
        (event,) = [event for event in after["events"] if event[0] == case]
        assert after["versions"][case] == 3 == event[1]
        assert float(after["amounts"][case]) == float(event[2]["amount_found"][1])
    # Each of the thousand is in the log with what it said: the first of each case as its verdict.
    said = Counter((case, float(amount)) for case, _action, amount in after["logged"])
    assert said == Counter((case, 100.0 + writer) for case in cases for writer in range(WRITERS))
    actions = Counter(action for _case, action, _amount in after["logged"])
    assert actions == {"decided": CASES, "refused": CASES * (WRITERS - 1)} and after["faults"] == []
