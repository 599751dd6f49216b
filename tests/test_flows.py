"""The commands as people run them: one line on failure, a schedule that fires, and nothing left behind."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextvars import copy_context
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import duckdb
import httpx
import psutil
import pytest
import yaml
from cyclopts import App

import commands
import flows
from claims.adapters import ADAPTERS
from claims.errors import StoreError
from claims.store import Store
from features.measures.catalogue import SUBJECTS
from models.registry import RegistryError
from pipelines.champions import roll_back
from pipelines.settings import Settings
from tests.conftest import AS_OF, ROOT, City, free_port, fundguard, marked
from tests.identifiers import identifiers_in, identifiers_of
from tests.tiny import World

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_run_says_where_it_is_and_nothing_else(city):
    assert (city.done.status, city.done.out, city.done.err) == (0, f"{city.run}\n", "")
    assert (city.run / "suspects.xlsx").exists()


def test_a_run_leaves_no_process_and_no_scratch_behind(city):
    assert city.done.left_behind == []
    assert {path.name for path in city.store.path.iterdir()} <= {
        ".lock", "CURRENT", "claims-000001", "loads", "mlartifacts", "mlflow.db", "run.log", "runs",
        "statements.db", "versions",
    }  # fmt: skip
    assert [path.name for path in city.store.runs.iterdir()] == [AS_OF.isoformat()]


def test_the_run_page_shows_counts_and_nobody(city):
    """What Prefect keeps of the run: progress to the end, rows of the load, lengths of the lists."""
    with sqlite3.connect(Path(os.environ["PREFECT_HOME"]) / "prefect.db") as con:
        shown = dict(con.execute("select key, data from artifact_collection").fetchall())
        everything = "\n".join(con.iterdump())
    assert {"fundguard-run", "fundguard-rows", "fundguard-ranked", "fundguard-status"} <= set(shown)
    assert float(shown["fundguard-run"]) == 100
    assert "psn_info_b" in shown["fundguard-rows"] and "patient" in shown["fundguard-ranked"]
    assert identifiers_in(everything.encode(), identifiers_of(city.source)) == set()


def test_a_flow_run_is_named_by_flow_store_and_date(city):
    with sqlite3.connect(Path(os.environ["PREFECT_HOME"]) / "prefect.db") as con:
        names = {name for (name,) in con.execute("select name from flow_run").fetchall()}
    assert f"run {city.store.path.resolve()} {AS_OF}" in names


def test_the_status_is_said_in_words(city):
    done = fundguard("status", "--store", city.store.path)
    assert (done.status, done.err) == (0, "")
    first, night = done.out.splitlines()
    assert first == "1 loads, the last by claims-000001"
    assert re.fullmatch(
        rf"{AS_OF}: [\d,]+ visits on 2024-12-31 \(usually [\d,]+\), .* models 0 days old", night
    )


def test_a_status_with_an_alarm_is_one_line_and_status_3(city, tmp_path):
    store = copied(city, tmp_path / "store")
    shutil.copytree(city.run, store.runs / AS_OF.isoformat())
    file = store.runs / AS_OF.isoformat() / "monitoring.json"
    seen = json.loads(file.read_text()) | {
        "alarms": {"old_model": {"days": 91, "kinds": ["visit"], "limit": 90}}
    }
    file.write_text(json.dumps(seen))
    done = fundguard("status", "--store", store.path)
    said = "something is off: models were trained 91 days ago (limit: 90 days): visits"
    assert (done.status, done.err) == (3, f"fundguard: as of {AS_OF} {said}\n")


@pytest.mark.slow
def test_a_flow_run_whose_process_died_is_marked_crashed(tmp_path):
    world, store = World(), tmp_path / "store"
    world.person("anna")
    arguments = ["ingest", str(world.write(tmp_path / "in")), "--store", str(store)]
    with marked() as (environment, _alive):
        environment |= {"PREFECT_HOME": str(tmp_path / "prefect")}
        command = [sys.executable, "-m", "flows", *arguments]
        ran = subprocess.Popen(command, cwd=ROOT, env=environment)
        wait_for(lambda: list(store.glob(".work-*/raw*")) or list(store.glob(".work-*")), "a load")
        ran.kill()
        ran.wait()
        assert subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL).returncode == 0
    with sqlite3.connect(tmp_path / "prefect/prefect.db") as con:
        states = [state for (state,) in con.execute("select state_type from flow_run order by created")]
    assert states == ["CRASHED", "COMPLETED"]


# What goes wrong


@pytest.fixture(scope="module")
def untrained(tmp_path_factory) -> Path:
    """A store that holds claims and no model."""
    world = World.of_regulars()
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


@pytest.mark.parametrize("command", [["train"], ["evaluate"], ["nightly"], ["rollback", "patient"]])
def test_an_empty_store_is_named_before_anything_is_started(tmp_path, command):
    store = tmp_path / "none"
    as_of = [] if "rollback" in command else ["--as-of", "2025-01-01"]
    done = fundguard(*command, "--store", store, *as_of)
    assert done.status == 1
    assert done.err == f"fundguard: {store} holds no claims yet: run 'fundguard ingest' first\n"
    assert not store.exists() and done.left_behind == []


def test_the_kinds_and_data_sets_of_the_command_line_are_those_declared():
    assert set(get_args(commands.Kind)) == set(SUBJECTS)
    assert set(get_args(commands.Dataset)) == set(ADAPTERS)


def test_rollback_of_an_unknown_kind_names_the_kinds(tmp_path):
    done = fundguard("rollback", "doctor", "--store", tmp_path)
    assert done.status == 2 and done.err.count("\n") == 1
    assert all(kind in done.err for kind in ("doctor", *SUBJECTS))


def test_rollback_waits_for_no_one(untrained):
    """It takes the lock of the store, as every command does that changes something in it."""
    with Store(untrained).locked(), pytest.raises(StoreError, match="is in use by another load or run$"):
        roll_back(untrained, "patient")
    with pytest.raises(RegistryError, match="^no earlier champion model for patient to go back to$"):
        roll_back(untrained, "patient")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["frobnicate"]])
def test_help_and_wrong_options_import_no_library_that_takes_seconds(arguments):
    code = (
        "import sys, contextlib, commands\n"
        "with contextlib.suppress(SystemExit):\n"
        "    commands.main()\n"
        "print(sorted({'prefect', 'mlflow', 'pandas', 'ibis', 'duckdb', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.endswith("[]\n") and "Traceback" not in done.stderr


def options_of(app: App) -> Iterator[tuple[str, str | None]]:
    """Every option and argument of the commands of an app, and what its help says."""
    for name in app:
        command = app[name]
        if name.startswith("-"):
            continue
        yield from options_of(command)
        if command.default_command:
            for option in command.assemble_argument_collection(parse_docstring=True):
                yield f"{name} {option.name}", option.parameter.help


def test_every_option_has_help():
    helped = dict(options_of(commands.app))
    assert {"backfill --from", "run --store", "user --role", "import FILE"} <= set(helped)
    assert [option for option, text in helped.items() if not text] == []


def status_of(monkeypatch, *arguments: object) -> int:
    """Run the launcher in this process, in a context of its own; its exit status."""
    monkeypatch.setattr(sys, "argv", ["fundguard", *map(str, arguments)])
    return copy_context().run(commands.exit_status)


def test_an_error_leaves_stderr_to_whoever_speaks_next(monkeypatch, capfd, tmp_path):
    assert status_of(monkeypatch, "check", tmp_path / "nowhere") == 1
    os.write(2, b"spoken later\n")
    err = capfd.readouterr().err
    assert err.startswith("fundguard: ") and err.endswith("spoken later\n") and err.count("\n") == 2


def test_debug_is_an_option_of_the_launcher_and_shows_the_traceback(monkeypatch, capfd, tmp_path):
    assert status_of(monkeypatch, "check", tmp_path / "nowhere", "--debug") == 1
    err = capfd.readouterr().err
    assert "Traceback" in err and "InputError" in err and err.splitlines()[-1].startswith("fundguard: ")
    # The word alone, where it is no option of the launcher's, turns nothing on.
    monkeypatch.setattr(sys, "argv", ["pytest", "--debug"])
    assert not flows.DEBUG.get()


def fails_with(error: Exception):
    def work() -> None:
        raise error

    return work


def test_an_unexpected_error_is_named_and_its_text_is_kept_back():
    patient = str(4208 * 10**6 + 1)
    with pytest.raises(flows.StepFailed, match="^step 'measure' failed with KeyError; --debug") as failed:
        flows.guarded("measure", fails_with(KeyError(patient)))
    assert patient not in "".join(traceback.format_exception(failed.value))
    assert failed.value.error.args == (patient,)


def test_a_full_disk_is_said_whoever_noticed_it():
    full = duckdb.IOException("IO Error: Could not write file: No space left on device, row 4208000001")
    with pytest.raises(OSError, match="^step 'measure' found no space left on the disk$"):
        flows.guarded("measure", fails_with(full))


@pytest.mark.parametrize(
    "error", [StoreError("is empty"), RegistryError("no champion"), OSError("disk full")]
)
def test_an_expected_error_is_let_through(error):
    with pytest.raises(type(error), match=str(error)):
        flows.guarded("score", fails_with(error))


def test_flows_are_made_when_they_are_asked_for():
    assert flows.nightly_flow.name == "nightly" and flows.nightly_flow is flows.nightly_flow
    with pytest.raises(AttributeError, match="morning_flow"):
        _ = flows.morning_flow


@pytest.mark.slow
def test_runs_that_cannot_be_scored_say_why_and_write_nothing(untrained, tmp_path):
    empty = tmp_path / "empty"
    with pytest.raises(StoreError, match=f"^{empty} holds no claims yet: run 'fundguard ingest' first$"):
        flows.nightly_flow(empty, AS_OF)
    with pytest.raises(StoreError, match=f"^no claim in {untrained} was settled before 2023-01-01$"):
        flows.nightly_flow(untrained, date(2023, 1, 1))
    with Store(untrained).locked(), pytest.raises(StoreError, match="is in use by another load or run$"):
        flows.nightly_flow(untrained, AS_OF)
    with pytest.raises(RegistryError, match="^no champion model for visit: run 'fundguard train' first$"):
        flows.nightly_flow(untrained, AS_OF)
    assert not Store(untrained).runs.exists() and not list(untrained.glob(".work-*"))


@pytest.mark.slow
def test_a_failed_run_is_one_line_though_its_database_was_open(untrained):
    """DuckDB's binding complains at exit of connections that an error kept alive."""
    done = fundguard("train", "--store", untrained, "--as-of", "2023-01-01")
    assert (done.status, done.err) == (
        1,
        f"fundguard: no claim in {untrained} was settled before 2023-01-01\n",
    )


# The schedule


@pytest.mark.parametrize("name", ["nightly", "train", "report"])
def test_a_deployment_is_in_the_zone_of_the_bureau_and_runs_the_flow_of_its_name(name, tmp_path):
    flows.set_up_prefect()
    made = flows._deployment(getattr(flows, name), {"store": str(tmp_path)}, cron="0 22 * * 6")
    [schedule] = made.schedules
    assert (schedule.schedule.cron, schedule.schedule.timezone) == ("0 22 * * 6", "Asia/Shanghai")
    assert made.name == name and made.entrypoint == f"{ROOT / 'flows.py'}:{name}_flow"
    assert made.parameters == {"store": str(tmp_path)}


def test_the_work_pool_has_the_deployments_that_serve_has():
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    schedules = {one["name"]: one["schedules"] for one in declared}
    defaults = Settings()
    assert schedules == {
        name: [{"cron": cron, "timezone": "Asia/Shanghai"}]
        for name, cron in (
            ("nightly", defaults.nightly_cron),
            ("train", defaults.training_cron),
            ("report", defaults.report_cron),
        )
    }
    assert all(getattr(flows, one["entrypoint"].partition(":")[2]).name == one["name"] for one in declared)


def test_a_backfill_backwards_is_refused(untrained):
    done = fundguard("backfill", "--store", untrained, "--from", "2024-05-02", "--to", "2024-05-01")
    assert (done.status, done.err) == (1, "fundguard: --to 2024-05-01 lies before --from 2024-05-02\n")


def copied(city: City, folder: Path) -> Store:
    """A store with the city's claims and champions."""
    folder.mkdir()
    for path in city.store.path.iterdir():
        if path.name.startswith("claims-") or path.name == "loads":
            shutil.copytree(path, folder / path.name)
        elif path.name in ("CURRENT", "mlflow.db", "statements.db"):
            shutil.copy(path, folder)
    return Store(folder)


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
        done = wait_for(lambda: flow_runs(port, "COMPLETED"), "a scheduled run")
        assert done[0]["auto_scheduled"] and done[0]["parameters"]["store"] == str(store.path)
        runs = [path.name for path in store.runs.iterdir() if not path.name.startswith(".")]
        assert runs == [(before + timedelta(days=n)).isoformat() for n in (0, 1)][: len(runs)]
        assert (store.runs / runs[0] / "suspects.parquet").exists()
        listening = [
            c.laddr for p in alive() for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN
        ]
        assert port in {address.port for address in listening}
        assert {address.ip for address in listening} == {"127.0.0.1"}
        assert len(alive()) > 1
        served.send_signal(signal.SIGTERM)
        assert served.wait(60) == 0
        assert [" ".join(process.cmdline()) for process in alive()] == []
