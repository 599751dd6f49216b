"""Commands are killed at random moments: what stands in the store stays whole, no process is left behind, and
doing it again gives what an undisturbed run gives."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import psutil
import pytest

from claims.store import Store
from tests.conftest import ROOT, fundguard, marked
from tests.pipelines.test_cases import Filled
from tests.tiny import World

# So many kills in all; the seed is part of a failure's name.
KILLS, SEED = int(os.environ.get("KILLS", "200")), 15
FIRST = date(2024, 5, 1)
# Share of the kills that each command gets: those that take long are killed more often.
COMMANDS = {"ingest": 0.3, "cases": 0.2, "rollback": 0.1, "train": 0.1, "nightly": 0.3}


def worlds(folder: Path) -> None:
    world = World.of_regulars()
    world.write(folder / "day0")
    world.visit("p0", "H1", "2024-05-01 09:00", lines=[("lab", 2, 30)])
    world.write(folder / "day1")
    Filled(folder / "suspects.xlsx", "en", FIRST.isoformat()).write("hospital", 2, verdict="cleared").saved()


def command(name: str, folder: Path, store: Path) -> list[object]:
    return {
        "ingest": ["ingest", folder / "day1", "--store", store],
        "cases": ["cases", "import", folder / "suspects.xlsx", "--store", store, "--closed", FIRST],
        "rollback": ["rollback", "hospital", "--store", store],
        "train": ["train", "--store", store, "--as-of", FIRST, "--promote"],
        "nightly": ["nightly", "--store", store, "--as-of", FIRST],
    }[name]


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A store with claims, two models of each kind and a run."""
    folder = tmp_path_factory.mktemp("kills")
    worlds(folder)
    store = folder / "store"
    for arguments in (
        ["run", folder / "day0", "--store", store, "--as-of", FIRST],
        ["train", "--store", store, "--as-of", FIRST, "--promote"],
    ):
        done = fundguard(*arguments)
        assert done.status == 0, done.err
    return folder


def content(store: Path) -> dict[str, str]:
    """Digests of the rows of the claims and of the tables of the run, by name."""
    held = Store(store)
    files = {str(path.relative_to(held.generation)): path for path in held.generation.rglob("*.parquet")}
    files |= {f"run/{path.name}": path for path in (held.runs / FIRST.isoformat()).glob("*.parquet")}
    return {
        name: hashlib.sha256(pd.read_parquet(path).to_csv().encode()).hexdigest()
        for name, path in files.items()
    }


def claims_of(found: dict[str, str]) -> dict[str, str]:
    return {name: digest for name, digest in found.items() if not name.startswith("run/")}


def run_of(found: dict[str, str]) -> dict[str, str]:
    return {name: digest for name, digest in found.items() if name.startswith("run/")}


def left_over(store: Path) -> set[str]:
    held = Store(store)
    known = {"CURRENT", ".lock", "loads", "runs", "versions", "mlflow.db", "mlartifacts", "run.log"}
    found = {path.name for path in store.iterdir()} - known - {held.generation.name}
    linked = {link.resolve().name for link in held.runs.iterdir()}
    return found | ({path.name for path in (store / "versions/runs").iterdir()} ^ linked)


def killed(arguments: list[object], after: float) -> bool:
    """Was a command killed so many seconds after it began, with nothing of it left?"""
    with marked() as (environment, alive):
        ran = subprocess.Popen(
            [sys.executable, "-m", "flows", *map(str, arguments)], cwd=ROOT, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            ran.wait(after)
        except subprocess.TimeoutExpired:
            ran.kill()
        ran.wait()
        _gone, left = psutil.wait_procs(alive(), timeout=60)
    assert left == []
    return ran.returncode == -9


def timed(work: Callable[[], object]) -> float:
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_killed_at_random_is_mended_by_doing_it_again(base, tmp_path, name):
    rng = random.Random(f"{SEED} {name}")
    whole, store = tmp_path / "whole", tmp_path / "killed"
    for target in (whole, store):
        shutil.copytree(base / "store", target, symlinks=True)
    arguments, before = command(name, base, store), content(store)
    seconds = timed(lambda: fundguard(*command(name, base, whole)))
    after = content(whole)
    deaths = 0
    for number in range(max(1, round(KILLS * COMMANDS[name]))):
        moment = rng.uniform(0, seconds)
        deaths += killed(arguments, moment)
        found = content(store)
        assert set(found) in (set(before), set(after)), f"kill {number} after {moment:.2f} s"
        assert all(found[key] in (before.get(key), after.get(key)) for key in found), (
            f"{number}: {moment:.2f} s"
        )
    done = fundguard(*arguments)
    assert done.status == 0, done.err
    assert content(store) == after and left_over(store) == set() and deaths
