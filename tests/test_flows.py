"""The commands as people run them: one line on failure, a schedule that fires, and nothing left behind."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import psutil
import pytest

import flows
from claims.errors import StoreError
from claims.store import Store
from models.registry import RegistryError
from tests.conftest import NIGHT, ROOT, City, fundguard, marked
from tests.tiny import World

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_run_says_where_it_is_and_nothing_else(city):
    assert (city.done.status, city.done.out, city.done.err) == (0, f"{city.run}\n", "")
    assert (city.run / "suspects.xlsx").exists()


def test_a_run_leaves_no_process_and_no_scratch_behind(city):
    assert city.done.left_behind == []
    assert {path.name for path in city.store.path.iterdir()} <= {
        ".lock", "CURRENT", "claims-000001", "loads", "mlartifacts", "mlflow.db", "runs",
    }  # fmt: skip
    assert [path.name for path in city.store.runs.iterdir()] == [NIGHT.isoformat()]


def test_the_run_page_shows_counts_and_nobody(city):
    """What Prefect keeps of the run: progress to the end, rows of the load, lengths of the lists."""
    with sqlite3.connect(Path(os.environ["PREFECT_HOME"]) / "prefect.db") as con:
        shown = dict(con.execute("select key, data from artifact_collection").fetchall())
        everything = "\n".join(con.iterdump())
    assert {"fundguard-run", "fundguard-rows", "fundguard-ranked"} <= set(shown)
    assert float(shown["fundguard-run"]) == 100
    assert "psn_info_b" in shown["fundguard-rows"] and "patient" in shown["fundguard-ranked"]
    ids = set(city.table("psn_info_b").psn_no) | set(city.table("mdtrt_d").mdtrt_id.dropna())
    assert not [number for number in ids if number in everything]


# What goes wrong


@pytest.fixture(scope="module")
def untrained(tmp_path_factory) -> Path:
    """A store that holds claims and no model."""
    world = World()
    world.hospital("H1")
    world.pharmacy("P1")
    for number in range(12):
        world.person(f"p{number}")
        for month in range(1, 5):
            world.visit(f"p{number}", "H1", f"2024-{month:02}-{number + 1:02} 09:00", lines=[("lab", 1, 30)])
    folder = tmp_path_factory.mktemp("untrained")
    Store(folder / "store").ingest(world.write(folder / "in"))
    return folder / "store"


@pytest.mark.parametrize(
    "arguments, status, words",
    [
        (["frobnicate"], 2, "frobnicate"),
        (["run", "{in}", "--store", "{store}", "--as-of", "someday"], 2, "someday"),
        (
            ["run", "{in}", "--store", "{store}", "--as-of", "2025-01-01"],
            1,
            "required table setl_d is missing",
        ),
    ],
)
def test_what_is_wrong_is_one_line_before_anything_is_started(tmp_path, arguments, status, words):
    world = World()
    world.person("p1")
    places = {"in": world.write(tmp_path / "in", without=("setl_d",)), "store": tmp_path / "store"}
    done = fundguard(*[text.format(**places) for text in arguments])
    assert done.status == status and done.out == ""
    assert done.err.startswith("fundguard: ") and done.err.count("\n") == 1 and words in done.err
    assert not places["store"].exists() and done.left_behind == []


@pytest.mark.slow
def test_nights_that_cannot_be_scored_say_why_and_write_nothing(untrained, tmp_path):
    empty = tmp_path / "empty"
    with pytest.raises(StoreError, match=f"^{empty} holds no claims yet: run 'fundguard ingest' first$"):
        flows.nightly_flow(empty, NIGHT)
    with pytest.raises(StoreError, match=f"^no claim in {untrained} was settled before 2023-01-01$"):
        flows.nightly_flow(untrained, date(2023, 1, 1))
    with Store(untrained).locked(), pytest.raises(StoreError, match="is in use by another load or run$"):
        flows.nightly_flow(untrained, NIGHT)
    with pytest.raises(RegistryError, match="^no champion model for visit: run 'fundguard train' first$"):
        flows.nightly_flow(untrained, NIGHT)
    assert not Store(untrained).runs.exists() and not list(untrained.glob(".work-*"))


# The schedule


def copied(city: City, folder: Path) -> Store:
    """A store with the city's claims and champions."""
    folder.mkdir()
    for path in city.store.path.iterdir():
        if path.name.startswith("claims-") or path.name == "loads":
            shutil.copytree(path, folder / path.name)
        elif path.name in ("CURRENT", "mlflow.db"):
            shutil.copy(path, folder)
    return Store(folder)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(condition, what: str, seconds: float = 400):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(1)
    pytest.fail(f"{what} did not happen within {seconds:.0f} seconds")


def flow_runs(port: int, state: str) -> list[dict]:
    try:
        wanted = {"flow_runs": {"state": {"type": {"any_": [state]}}}}
        answer = httpx.post(f"http://127.0.0.1:{port}/api/flow_runs/filter", json=wanted, timeout=20)
    except httpx.TransportError:
        return []
    return answer.json() if answer.is_success else []


@pytest.mark.slow
def test_the_schedule_fires_on_a_loopback_server_and_stops_without_a_trace(city, tmp_path):
    store, port, before = copied(city, tmp_path / "store"), free_port(), datetime.now(SHANGHAI).date()
    command = [sys.executable, "-m", "flows", "serve", "--store", store.path, "--every", "5", "--port", port]
    with marked() as (environment, alive):
        environment |= {"PREFECT_HOME": str(tmp_path / "prefect")}
        log = (tmp_path / "log").open("w")
        served = subprocess.Popen([*map(str, command)], cwd=ROOT, env=environment, stdout=log, stderr=log)
        done = wait_for(lambda: flow_runs(port, "COMPLETED"), "a scheduled night")
        assert done[0]["auto_scheduled"] and done[0]["parameters"]["store"] == str(store.path)
        nights = [path.name for path in store.runs.iterdir() if not path.name.startswith(".")]
        assert nights == [(before + timedelta(days=n)).isoformat() for n in (0, 1)][: len(nights)]
        assert (store.runs / nights[0] / "suspects.parquet").exists()
        listening = [
            c.laddr for p in alive() for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN
        ]
        assert port in {address.port for address in listening}
        assert {address.ip for address in listening} == {"127.0.0.1"}
        assert len(alive()) > 1
        served.send_signal(signal.SIGTERM)
        assert served.wait(60) == 0
        assert [" ".join(process.cmdline()) for process in alive()] == []
