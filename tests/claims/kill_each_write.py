"""Kill a load at each rename, write and unlink in turn, load again, and compare; run by test_generations.py.

    python kill_each_write.py FOLDER FIRST STEP

Every load runs in a process of its own, forked before any thread has begun. Prints a JSON object: how many
operations a load makes, and for each at which it was killed what the store held after the load that followed.
"""

import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from claims.store import Store
from tests.tiny import World

OPERATIONS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.chmod"}


def worlds(folder: Path) -> None:
    """Two days: the second corrects a visit of the first, moves it to another month and adds one."""
    world = World()
    world.person("anna")
    world.hospital("H1")
    for month in (1, 2, 3):
        world.visit("anna", "H1", f"2024-0{month}-05 09:00")
    del world.rows["hilist_b"][:]
    world.write(folder / "day0")
    world.rows["mdtrt_d"][0]["begntime"] = "2024-02-06 09:00"
    world.visit("anna", "H1", "2024-04-05 09:00")
    for name in ("psn_info_b", "fixmedins_b", "setl_d"):
        del world.rows[name][:-1]
    world.rows["setl_d"].append(world.rows["setl_d"][0] | {"setl_id": "S9", "mdtrt_id": "comes later"})
    world.write(folder / "day1", without=("psn_info_b", "fixmedins_b"))


def count(store: Path, kill_at: int | None) -> Callable[[], int]:
    """From now on count what this process changes under a folder; die at one of those changes."""
    done = 0

    def operation() -> None:
        nonlocal done
        done += 1
        if done == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(event: str, args: tuple) -> None:
        writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
        if (event in OPERATIONS or writes) and str(args[0]).startswith(str(store)):
            operation()

    sys.addaudithook(heard)
    query = Backend.raw_sql

    def raw_sql(self: Backend, sql: object, **kwargs: object) -> object:
        # Files that the database writes: before the statement, and when it is done.
        copies = str(sql).startswith("COPY")
        operation() if copies else None
        found = query(self, sql, **kwargs)
        operation() if copies else None
        return found

    Backend.raw_sql = raw_sql
    return lambda: done


def held(store: Path) -> dict[str, object]:
    """Digests of the rows that a store holds, by table, and names that no number of loads explains."""
    generation = store / (store / "CURRENT").read_text().strip()
    number = int(generation.name.removeprefix("claims-"))
    digests = {}
    for folder in sorted(generation.iterdir()):
        files = sorted(folder.rglob("*.parquet"))
        rows = sorted(repr(row) for file in files for row in pq.ParquetFile(file).read().to_pylist())
        digests[folder.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    loads = {f"{n:06d}.{end}" for n in range(1, number + 1) for end in ("json", "quarantine.parquet")}
    left = {path.name for path in store.iterdir()} - {generation.name, "CURRENT", "loads", ".lock"}
    left |= {path.name for path in (store / "loads").iterdir()} ^ loads
    return {"tables": digests, "left over": sorted(left)}


def in_a_process(work: Callable[[], object], result: Path | None = None) -> bool:
    """Did the work end as it should? Its result goes to a file."""
    if process := os.fork():
        return os.waitpid(process, 0)[1] == 0
    try:
        found = work()
        if result:
            result.write_text(json.dumps(found))
    except BaseException as error:
        print(repr(error), file=sys.stderr)
        os._exit(1)
    os._exit(0)


def main(folder: Path, first: int, step: int) -> None:
    day0, day1, base, result = (folder / name for name in ("day0", "day1", "base", "result"))
    assert in_a_process(lambda: worlds(folder))
    assert in_a_process(lambda: Store(base).ingest(day0).quarantine)

    def undisturbed() -> dict[str, object]:
        operations = count(folder / "whole", None)
        Store(folder / "whole").ingest(day1)
        return {"operations": operations(), "held": held(folder / "whole")}

    shutil.copytree(base, folder / "whole")
    assert in_a_process(undisturbed, result)
    found = json.loads(result.read_text())
    killed = {}
    for number in range(first, found["operations"] + 1, step):
        store = folder / f"killed-{number}"
        shutil.copytree(base, store)

        def dying(store: Path = store, number: int = number) -> None:
            count(store, number)
            Store(store).ingest(day1)

        def again(store: Path = store) -> dict[str, object]:
            Store(store).ingest(day1)
            return held(store)

        assert not in_a_process(dying), f"the load survived operation {number}"
        assert in_a_process(again, result), f"no load after a kill at operation {number}"
        killed[number] = json.loads(result.read_text())
    print(json.dumps(found | {"killed": killed}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
