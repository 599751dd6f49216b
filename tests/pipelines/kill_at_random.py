"""Kill what writes to a store at random moments, again and again; run by test_random_kills.py.

    python -m tests.pipelines.kill_at_random WORK FOLDER KILLS SEED

FOLDER holds `store`, `day1` and `suspects.xlsx`. Each try runs in a process of its own, forked before any
thread has begun. After each kill the store must show the old or the new, whole; at the end the work is done
once more and nothing may be left over. Prints a JSON object: how many died, and with what in force.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

from claims.generations import current
from claims.store import Store
from models.registry import Registry
from pipelines.cases import import_verdicts
from pipelines.champions import registry, roll_back
from pipelines.ingest import ingest
from pipelines.settings import settings_of
from tests.claims.kill_each_write import in_a_process

DAY = date(2024, 5, 1)
KIND = "hospital"


def load(folder: Path, store: Path) -> None:
    """The load of the second day."""
    kept = Store(store)
    with kept.locked():
        ingest(kept, folder / "day1", settings_of(store), DAY)


def verdicts(folder: Path, store: Path) -> None:
    """The import of a workbook with one verdict."""
    import_verdicts(folder / "suspects.xlsx", Store(store), DAY)


def rollback(_folder: Path, store: Path) -> None:
    """Back to the champion before."""
    roll_back(store, KIND)


WORKS: dict[str, Callable[[Path, Path], None]] = {"ingest": load, "cases": verdicts, "rollback": rollback}


def in_force(store: Path) -> str:
    """Digest of the claims in force, the models that are served and every run, as a reader finds them."""
    with closing(sqlite3.connect(store / "mlflow.db")) as con:
        served = con.execute("SELECT name, alias, version FROM registered_model_aliases ORDER BY 1, 2")
        found = hashlib.sha256(repr(served.fetchall()).encode())
    generation = current(store)
    for folder in (generation, *sorted((store / "runs").iterdir())):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            found.update(f"{path.relative_to(store)}".encode() + path.read_bytes())
    return found.hexdigest()


def champion(store: Path) -> None:
    """Fails unless the champion can be loaded."""
    kept: Registry = registry(Store(store), settings_of(store))
    kept.champion(KIND)


def left_over(store: Path) -> list[str]:
    """Names that nothing done to a store explains."""
    generation = current(store)
    known = {
        "CURRENT",
        ".lock",
        "loads",
        "runs",
        "versions",
        "mlflow.db",
        "mlartifacts",
        "run.log",
        "statements.db",
    }
    found = {path.name for path in store.iterdir()} - known - {generation.name if generation else ""}
    links = list((store / "runs").glob("*"))
    found |= {path.name for path in store.glob("versions/runs/*")} ^ {link.resolve().name for link in links}
    return sorted(found)


def dies(work: Callable[[], object], after: float) -> bool:
    """Did a process that does this die when it was killed so many seconds after it began?"""
    if process := os.fork():
        time.sleep(after)
        os.kill(process, signal.SIGKILL)
        return os.WIFSIGNALED(os.waitpid(process, 0)[1])
    try:
        work()
        os._exit(0)
    except BaseException as error:
        print(repr(error), file=sys.stderr)
        os._exit(1)


def main(name: str, folder: Path, kills: int, seed: str) -> None:
    rng, do = random.Random(f"{seed} {name}"), WORKS[name]
    base, whole, store = folder / "store", folder / f"whole-{name}", folder / f"killed-{name}"
    for target in (whole, store):
        shutil.copytree(base, target, symlinks=True)
    begin = time.monotonic()
    assert in_a_process(lambda: do(folder, whole))
    seconds = time.monotonic() - begin
    known = {in_force(base): "old", in_force(whole): "new"}
    seen: Counter[str] = Counter()
    for number in range(kills):
        moment = rng.uniform(0, seconds)
        if not dies(lambda: do(folder, store), moment):
            seen["was over"] += 1
        elif (shown := in_force(store)) in known:
            seen[known[shown]] += 1
        else:
            raise AssertionError(f"kill {number} of {name} after {moment:.3f} of {seconds:.3f} s")
        if name == "rollback":
            assert in_a_process(lambda: champion(store)), f"no champion after kill {number}"
        if in_force(store) != in_force(base):
            # It came through: the next kill finds the store of the beginning again.
            shutil.rmtree(store)
            shutil.copytree(base, store, symlinks=True)
    assert in_a_process(lambda: do(folder, store))
    assert in_force(store) == in_force(whole) and left_over(store) == [], left_over(store)
    print(json.dumps({"seconds": round(seconds, 2)} | dict(seen)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
