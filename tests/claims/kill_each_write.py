"""Kill what writes to a store at each rename, write and unlink in turn, do it again, and compare; run by
test_generations.py.

    python kill_each_write.py WORK FOLDER FIRST STEP

WORK is one of `WORKS`. It runs each time in a process of its own, forked before any thread has begun. Prints
a JSON object: how many operations it makes, and for each at which it was killed what the store held after it
was done again. While it is dead, what stands in the store must be whole: the old or the new.
"""

import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from claims.store import Store
from claims.versions import replaced
from pipelines.cases import import_verdicts
from tests.pipelines.test_cases import Filled
from tests.tiny import World

OPERATIONS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod"}
RUN = "runs/2024-05-01"
PAGES = ("run.json", "suspects.xlsx", "dossiers/1.html")


def load(folder: Path, store: Path) -> None:
    """The second day's load."""
    Store(store).ingest(folder / "day1")


def verdicts(folder: Path, store: Path) -> None:
    """The import of a workbook with one verdict."""
    import_verdicts(folder / "suspects.xlsx", Store(store), date(2025, 2, 1))


def publish(_folder: Path, store: Path, text: str = "new") -> None:
    """A run that replaces the one of the same date; twice, so that what the first left is seen."""
    with Store(store).locked(), replaced(store, store / RUN) as building:
        (building / "dossiers").mkdir()
        for name in PAGES:
            (building / name).write_text(text, encoding="utf-8")


WORKS: dict[str, Callable[[Path, Path], None]] = {"load": load, "verdicts": verdicts, "publish": publish}


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


def workbook(file: Path) -> None:
    """The list of a run on which hospital H1 is confirmed."""
    form = Filled(file, "en")
    form.write("hospital", 2, verdict="confirmed", verified=5).saved()


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
    """Digests of the rows that a store holds, by table; its run; names that nothing done to it explains."""
    generation = store / (store / "CURRENT").read_text().strip()
    number = int(generation.name.removeprefix("claims-"))
    digests = {}
    for folder in sorted(generation.iterdir()):
        files = sorted(folder.rglob("*.parquet"))
        rows = sorted(repr(row) for file in files for row in pq.ParquetFile(file).read().to_pylist())
        digests[folder.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    loads = {f"{n:06d}.{end}" for n in range(1, number + 1) for end in ("json", "quarantine.parquet")}
    known = {generation.name, "CURRENT", "loads", ".lock", "runs", "versions", "statements.db"}
    left = {path.name for path in store.iterdir()} - known
    left |= {path.name for path in (store / "loads").iterdir()} ^ loads
    left |= {path.name for path in (store / "runs").iterdir()} ^ {Path(RUN).name}
    left |= {path.name for path in (store / "versions" / "runs").iterdir()} ^ {(store / RUN).resolve().name}
    return {"tables": digests, "run": pages(store), "left over": sorted(left)}


def pages(store: Path) -> list[str]:
    """What the pages of the run say."""
    return [(store / RUN / name).read_text(encoding="utf-8") for name in PAGES]


def whole(store: Path) -> bool:
    """Is there a generation that can be read, and a run of one piece?"""
    generation = store / (store / "CURRENT").read_text().strip()
    for file in generation.rglob("*.parquet"):
        pq.ParquetFile(file).read()
    return pages(store) in (["old"] * len(PAGES), ["new"] * len(PAGES))


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


def main(work: str, folder: Path, first: int, step: int) -> None:
    base, result, do = folder / "base", folder / "result", WORKS[work]

    def begin() -> None:
        worlds(folder)
        workbook(folder / "suspects.xlsx")
        Store(base).ingest(folder / "day0")
        publish(folder, base, "old")

    assert in_a_process(begin)

    def undisturbed() -> dict[str, object]:
        operations = count(folder / "whole", None)
        do(folder, folder / "whole")
        return {"operations": operations(), "held": held(folder / "whole")}

    shutil.copytree(base, folder / "whole", symlinks=True)
    assert in_a_process(undisturbed, result)
    found = json.loads(result.read_text())
    killed = {}
    for number in range(first, found["operations"] + 1, step):
        store = folder / f"killed-{number}"
        shutil.copytree(base, store, symlinks=True)

        def dying(store: Path = store, number: int = number) -> None:
            count(store, number)
            do(folder, store)

        def again(store: Path = store) -> dict[str, object]:
            do(folder, store)
            return held(store)

        assert not in_a_process(dying), f"{work} survived operation {number}"
        assert whole(store), f"not whole after a kill at operation {number} of {work}"
        assert in_a_process(again, result), f"{work} fails after a kill at operation {number}"
        killed[number] = json.loads(result.read_text())
    print(json.dumps(found | {"killed": killed}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
