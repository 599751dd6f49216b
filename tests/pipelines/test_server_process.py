"""Prefect's server: it is waited for, its port is its own, and it ends with whoever started it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx
import psutil
import pytest

from claims.errors import StoreError
from pipelines import server_process
from pipelines.server_process import await_health, prefect_server
from tests.conftest import ROOT, free_port, fundguard, marked
from tests.tiny import World


def test_a_port_that_is_taken_is_named_with_the_way_out(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = fundguard("serve", "--store", tmp_path, "--port", port)
    assert done.status == 1 and done.left_behind == []
    assert done.err == f"fundguard: port {port} is taken by another program: choose another with --port\n"


@contextmanager
def answering(statuses: list[int]) -> Iterator[str]:
    """A server that answers with these statuses in turn; its address."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses.pop(0))
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Health)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def process() -> Iterator[subprocess.Popen]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as alive:
        yield alive
        alive.kill()


def test_every_answer_but_a_good_one_is_asked_again_after_a_pause(monkeypatch, process):
    pauses: list[float] = []
    monkeypatch.setattr(server_process.time, "sleep", pauses.append)
    statuses = [503, 500, 404, 200]
    with answering(statuses) as api:
        await_health(process, api)
    assert pauses == [1, 1, 1] and statuses == []


def test_a_server_that_never_answers_well_is_given_up(monkeypatch, process):
    monkeypatch.setattr(server_process.time, "sleep", lambda _seconds: None)
    with (
        answering([503] * 5) as api,
        pytest.raises(StoreError, match="did not answer within 5 seconds$"),
    ):
        await_health(process, api, tries=5)
    with pytest.raises(StoreError, match="did not answer within 3 seconds$"):
        await_health(process, f"http://127.0.0.1:{free_port()}/api", tries=3)


def test_a_server_that_ended_is_not_waited_for(process):
    process.kill()
    process.wait()
    with pytest.raises(StoreError, match="^Prefect's server did not start"):
        await_health(process, "http://127.0.0.1:9/api")


def test_a_server_answers_on_the_loopback_address_and_is_gone_afterwards():
    with prefect_server() as api:
        assert api.startswith("http://127.0.0.1:") and httpx.get(f"{api}/health").is_success
        [server] = [p for p in psutil.Process().children() if "pipelines.server_process" in p.cmdline()]
    assert not server.is_running()


@pytest.mark.parametrize("how, status", [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_no_process_outlives_a_command_that_dies(tmp_path, how, status):
    """Nor does a scratch folder outlive the next command, or this one where it was asked to end."""
    world, store = World(), tmp_path / "store"
    world.person("anna")
    command = [sys.executable, "-m", "flows", "ingest", world.write(tmp_path / "in"), "--store", store]
    with marked() as (environment, alive):
        ran = subprocess.Popen(list(map(str, command)), cwd=ROOT, env=environment, stderr=subprocess.PIPE)
        while not any("pipelines.server_process" in p.cmdline() for p in alive()):
            assert ran.poll() is None
        os.kill(ran.pid, how)
        said = ran.communicate(timeout=60)[1].decode()
        _gone, left = psutil.wait_procs(alive(), timeout=30)
    assert (ran.returncode, left) == (status, [])
    assert said == ("fundguard: stopped by SIGTERM before the end\n" if how == signal.SIGTERM else "")
    assert how == signal.SIGKILL or not list(tmp_path.glob("store/.work-*"))


def test_a_flow_run_ends_with_the_one_that_started_it():
    """Of a worker that was killed; its child is one of a thread."""
    child = (
        "import time; from pipelines.server_process import end_with_parent; "
        "end_with_parent(); print(1, flush=True); time.sleep(99)"
    )
    parent = (
        "import subprocess, sys, threading, time\n"
        f"start = lambda: subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "thread = threading.Thread(target=start); thread.start(); thread.join(); time.sleep(99)"
    )
    with marked() as (environment, alive):
        ran = subprocess.Popen(
            [sys.executable, "-c", parent], cwd=ROOT, env=environment, stdout=subprocess.PIPE
        )
        assert ran.stdout.read(1) == b"1" and len(alive()) == 2
        ran.kill()
        _gone, left = psutil.wait_procs(alive(), timeout=30)
    assert left == []


def test_a_server_whose_parent_is_gone_by_the_time_it_starts_ends_at_once(tmp_path):
    command = [sys.executable, "-m", "pipelines.server_process", "0", str(os.getppid())]
    done = subprocess.run(command, cwd=ROOT, timeout=60, capture_output=True)
    assert done.returncode == 1
