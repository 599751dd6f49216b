"""A load is in force wholly or not at all, wherever it dies, and leaves nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from claims.duckdb_backend import connect
from claims.errors import InputError, StoreError
from claims.store import Store, scratch
from tests.tiny import World

ROOT = Path(__file__).parents[2]


def killed(work: str, folder: Path, first: int, step: int) -> dict:
    """What `kill_each_write.py` found."""
    command = [sys.executable, "-m", "tests.claims.kill_each_write", work, str(folder), str(first), str(step)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


ALL = [pytest.param("load", first, 5, marks=pytest.mark.slow) for first in range(1, 6)]
ALL += [pytest.param("verdicts", first, 5, marks=pytest.mark.slow) for first in range(1, 6)]


@pytest.mark.parametrize("work, first, step", [("load", 3, 9), ("verdicts", 4, 19), ("publish", 1, 1), *ALL])
def test_a_kill_at_any_operation_is_mended_by_doing_it_again(tmp_path, work, first, step):
    found = killed(work, tmp_path, first, step)
    assert found["operations"] > (15 if work == "publish" else 40) and found["held"]["left over"] == []
    assert found["held"]["run"] == (["new"] * 3 if work == "publish" else ["old"] * 3)
    assert len(found["killed"]) == len(range(first, found["operations"] + 1, step))
    for number, after in found["killed"].items():
        assert after == found["held"], f"killed at operation {number} of {found['operations']}"


@pytest.fixture
def store(tmp_path) -> Store:
    world = World()
    world.person("anna")
    world.hospital("H1")
    world.visit("anna", "H1", "2024-03-01 09:00")
    store = Store(tmp_path / "store")
    store.ingest(world.write(tmp_path / "in"))
    return store


def test_numbers_go_past_whatever_exists(store, tmp_path):
    """Leftovers of a load that died between the renames, as an earlier version could leave them."""
    (store.path / "claims-000002").mkdir()
    (store.path / "claims-000002" / "half").write_text("")
    (store.path / "loads" / "000002.json").write_text("{}")
    (store.path / "CURRENT.next").write_text("claims-000002\n")
    assert store.last_load().tables["mdtrt_d"]["kept"] == 1  # a report that was never committed is none
    report = store.ingest(tmp_path / "in")
    assert report.tables["mdtrt_d"]["identical"] == 1 and store.generation.name == "claims-000002"
    assert not (store.generation / "half").exists()
    assert sorted(path.name for path in store.path.iterdir()) == [
        ".lock",
        "CURRENT",
        "claims-000002",
        "loads",
        "statements.db",
    ]


def test_a_load_that_fails_leaves_the_store_as_it_was(store, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in store.generation.rglob("*")}
    (tmp_path / "in" / "mdtrt_d.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError):
        store.ingest(tmp_path / "in")
    assert {path: path.stat().st_mtime_ns for path in store.generation.rglob("*")} == before
    assert not list(store.path.glob(".work-*"))


def test_the_lock_names_its_holder_and_is_taken_once(store, tmp_path):
    with store.locked():
        store.ingest(tmp_path / "in")  # the holder itself may load
        with pytest.raises(
            StoreError, match=rf"^process {os.getpid()}, since .*store is in use by another load"
        ):
            Store(store.path).ingest(tmp_path / "in")
        with pytest.raises(StoreError, match="is in use"), store.locked():
            pass
    Store(store.path).ingest(tmp_path / "in")


def test_scratch_folders_of_the_living_stay(tmp_path):
    (tmp_path / ".work-dead").mkdir()
    (tmp_path / ".work-dead" / "rows").write_text("")
    with scratch(tmp_path) as one, scratch(tmp_path) as two:
        assert one.is_dir() and two.is_dir() and one != two
        assert not (tmp_path / ".work-dead").exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["it's", 'say "so"', "a [b] *", "多 层"])
def test_any_path_will_do(store, tmp_path, name):
    folder = tmp_path / name
    (tmp_path / "in").rename(folder)
    there = Store(folder / "store's")
    there.ingest(folder)
    assert there.ingest(folder).tables["mdtrt_d"]["identical"] == 1
    with scratch(folder) as work:
        con = connect(work)
        assert there.tables(con)["mdtrt_d"].count().execute() == 1
        con.disconnect()
