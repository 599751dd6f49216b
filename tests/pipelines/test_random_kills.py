"""Commands die at random moments and at each of their writes: what stands in the store stays whole, no
process is left behind, and doing it again gives what an undisturbed run gives."""

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import httpx
import pandas as pd
import psutil
import pytest

from claims.store import Store
from pipelines.champions import registry
from pipelines.settings import settings_of
from tests.conftest import ROOT, free_port, fundguard, marked
from tests.pipelines.kill_at_random import left_over
from tests.pipelines.observed_command import copied
from tests.pipelines.test_cases import Filled
from tests.tiny import World

# The seed is part of a failure's name. KILLS are those of the three commands that take a second.
KILLS, SEED = int(os.environ.get("KILLS", "200")), 15
# Seconds between two stops of a command that takes long, on average.
PAUSE = 2.0
FIRST = date(2024, 5, 1)
# Share of the kills that each command gets.
QUICK = {"ingest": 0.5, "cases": 0.4, "rollback": 0.1}
KINDS = ("visit", "patient", "hospital")

pytestmark = pytest.mark.slow


def worlds(folder: Path) -> None:
    world = World.of_regulars()
    world.write(folder / "day0")
    world.visit("p0", "H1", "2024-05-01 09:00", lines=[("lab", 2, 30)])
    world.write(folder / "day1")
    Filled(folder / "suspects.xlsx", "en", FIRST.isoformat()).write("hospital", 2, verdict="cleared").saved()


def command(name: str, folder: Path, store: Path) -> list[object]:
    return {
        "run": ["run", folder / "day0", "--store", store, "--as-of", FIRST],
        "train": ["train", "--store", store, "--as-of", FIRST, "--promote"],
        "nightly": ["nightly", "--store", store, "--as-of", FIRST],
    }[name]


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A store with claims, two models of each kind and a run; the commands that made it were observed."""
    folder = tmp_path_factory.mktemp("kills")
    worlds(folder)
    (folder / "empty").mkdir()
    observed(command("run", folder, folder / "store"), folder / "store", folder / "copies-run")
    copied(folder / "store", folder / "after-run")
    observed(command("train", folder, folder / "store"), folder / "store", folder / "copies-train")
    return folder


def observed(arguments: list[object], store: Path, copies: Path) -> None:
    """Run a command; a copy of its store is made before each change, and at random moments.

    At those it is stopped, so that what it leaves does not change while it is copied.
    """
    copies.mkdir()
    rng = random.Random(f"{SEED} {arguments[0]}")
    command = [sys.executable, "-m", "tests.pipelines.observed_command", store, copies, *arguments]
    with marked() as (environment, alive):
        ran = subprocess.Popen([*map(str, command)], cwd=ROOT, env=environment, stderr=subprocess.PIPE)
        for number in range(10_000):
            time.sleep(rng.expovariate(1 / PAUSE))
            # Not `Popen.send_signal`, which would already reap a command that has ended.
            os.kill(ran.pid, signal.SIGSTOP)
            if os.waitid(os.P_PID, ran.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT).si_code != os.CLD_STOPPED:
                break
            copied(store, copies / f"stop-{number:04}")
            os.kill(ran.pid, signal.SIGCONT)
        assert ran.wait() == 0, ran.stderr.read().decode()
        _gone, left = psutil.wait_procs(alive(), timeout=60)
    assert left == []


def parts(store: Path) -> tuple[str, str]:
    """Digests of the claims with their loads, and of the runs."""
    found = []
    for names in (("CURRENT", "claims-*", "loads"), ("runs", "versions")):
        inside = (path for name in names for top in store.glob(name) for path in (top, *top.rglob("*")))
        content = [
            f"{path.relative_to(store)} {hashlib.sha256(path.read_bytes()).hexdigest()}"
            for path in sorted(inside)
            if path.is_file()
        ]
        found.append(hashlib.sha256("\n".join(content).encode()).hexdigest())
    return found[0], found[1]


def opened(store: Path) -> Path:
    """A store after the next command has taken its lock."""
    with Store(store).locked():
        return store


def tables(store: Path) -> dict[str, str]:
    """What the run of the date says, by table; not from which generation, which a load done again numbers
    anew."""
    files = (Store(store).runs / FIRST.isoformat()).glob("*.parquet")
    return {path.name: re.sub(r"claims-\d{6}", "claims", pd.read_parquet(path).to_csv()) for path in files}


def models(store: Path) -> bytes:
    file = store / "mlflow.db"
    return file.read_bytes() if file.exists() else b""


@pytest.mark.parametrize(
    "name, before, end", [("run", "empty", "after-run"), ("train", "after-run", "store")]
)
def test_wherever_a_command_stops_the_store_is_as_before_or_as_after(base, name, before, end):
    check_copies(base / f"copies-{name}", base / before, base / end, name, base)


def test_wherever_a_night_stops_the_store_is_as_before_or_as_after(base, tmp_path):
    store = tmp_path / "store"
    copied(base / "store", store)
    observed(command("nightly", base, store), store, tmp_path / "copies")
    check_copies(tmp_path / "copies", base / "store", store, "nightly", base)


def check_copies(copies: Path, before: Path, end: Path, name: str, folder: Path) -> None:
    """Each copy is as before or as after, once it is opened; one amid training is done again."""
    known = [set(pair) for pair in zip(parts(before), parts(end), strict=True)]
    stores = sorted(path for path in copies.iterdir() if path.is_dir())
    amid = [path for path in stores if models(path) not in (models(before), models(end))]
    seen = {path.name: parts(opened(path)) for path in stores}
    torn = {path for path, found in seen.items() if found[0] not in known[0] or found[1] not in known[1]}
    assert torn == set()
    # SQLite takes its journal back when the database is opened.
    left = {path.name: set(left_over(path)) - {"mlflow.db-journal"} for path in stores}
    assert {path: names for path, names in left.items() if names} == {}
    stops = sum(path.startswith("stop") for path in seen)
    print(f"{name}: {stops} stops, {len(seen) - stops} changes, {len(amid)} amid training")
    assert stops > 5 and len(seen) > 30
    if amid:
        _done_again(random.Random(SEED).choice(amid), end, name, folder)
    shutil.rmtree(copies)


def _done_again(again: Path, end: Path, name: str, folder: Path) -> None:
    """The command goes through and gives what an undisturbed one gave, with models that can be loaded."""
    done = fundguard(*command(name, folder, again))
    assert done.status == 0, f"{again.name}: {done.err}"
    assert left_over(again) == [] and tables(again) == tables(end)
    held = registry(Store(again), settings_of(again))
    assert all(held.champion(kind).as_of == FIRST.isoformat() for kind in KINDS)


@pytest.mark.parametrize("name", QUICK)
def test_a_command_killed_at_random_is_mended_by_doing_it_again(base, name):
    kills = max(1, round(KILLS * QUICK[name]))
    line = [sys.executable, "-m", "tests.pipelines.kill_at_random", name, base, kills, SEED]
    done = subprocess.run([*map(str, line)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    print(name, found)
    assert found["old"] > kills / 3


def test_models_can_be_kept_after_a_kill_while_their_database_was_created(tmp_path):
    code = "from pathlib import Path; from models.registry import Registry; "
    code += (
        f"Registry('sqlite:///{tmp_path}/mlflow.db', Path('{tmp_path}/models')).log_evaluation('', {{}}, '')"
    )
    ran = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    while not list(tmp_path.rglob("mlflow.db-journal")):
        assert ran.poll() is None
    time.sleep(0.5)
    ran.kill()
    ran.wait()
    again = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr[-500:]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlflow.db", "models"]


@pytest.mark.parametrize("after", [3.0, 20.0])
def test_a_night_that_is_killed_leaves_no_process(base, tmp_path, after):
    store = tmp_path / "store"
    copied(base / "store", store)
    with marked() as (environment, alive):
        line = [sys.executable, "-m", "flows", *command("nightly", base, store)]
        ran = subprocess.Popen([*map(str, line)], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        time.sleep(after)
        ran.kill()
        assert ran.wait() == -signal.SIGKILL
        _gone, left = psutil.wait_procs(alive(), timeout=60)
    assert left == [] and parts(opened(store)) == parts(base / "store") and left_over(store) == []


def test_serve_that_is_killed_amid_a_night_leaves_no_process(base, tmp_path):
    store, port = tmp_path / "store", free_port()
    copied(base / "store", store)
    line = [sys.executable, "-m", "flows", "serve", "--store", store, "--every", "5", "--port", port]
    with marked() as (environment, alive):
        environment |= {"PREFECT_HOME": str(tmp_path / "prefect")}
        ran = subprocess.Popen(
            [*map(str, line)], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 300
        while not list(store.glob(".work-*")):
            assert ran.poll() is None and time.monotonic() < end, "no night began"
            time.sleep(0.5)
        ran.kill()
        ran.wait()
        _gone, left = psutil.wait_procs(alive(), timeout=90)
    assert left == [] and parts(opened(store)) == parts(base / "store") and left_over(store) == []
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/api/health")
