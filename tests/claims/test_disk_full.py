"""A disk that is full: what was there stays whole, and the next try with room succeeds."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from claims.store import Store
from claims.versions import replaced
from tests.tiny import World

SIZE = 24 * 2**20


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """A small disk of its own."""
    if os.geteuid():
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Fill the disk but for so many bytes."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "filler").write_bytes(b"x" * (free - leave))
    return disk / "filler"


def files(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("leave", [0, 2**14])
def test_a_load_on_a_full_disk_leaves_the_claims_and_goes_through_with_room(disk, tmp_path, leave):
    world = World()
    world.person("anna")
    world.hospital("H1")
    world.visit("anna", "H1", "2024-03-01 09:00")
    store = Store(disk / "store")
    store.ingest(world.write(tmp_path / "day0"))
    before = files(store.generation)
    world.visit("anna", "H1", "2024-04-01 09:00")
    world.write(tmp_path / "day1")
    filler = fill(disk, leave)
    with pytest.raises(Exception, match="(?i)no space left on device"):
        store.ingest(tmp_path / "day1")
    assert files(store.generation) == before
    filler.unlink()
    assert store.ingest(tmp_path / "day1").tables["mdtrt_d"]["kept"] == 1
    assert not list(store.path.glob(".work-*"))


def test_a_run_on_a_full_disk_leaves_the_one_before(disk):
    store, run = disk, disk / "runs/2025-01-01"
    with replaced(store, run) as building:
        (building / "run.json").write_text("old")
    fill(disk, 2**14)
    with pytest.raises(OSError, match="No space left"), replaced(store, run) as building:
        (building / "suspects.xlsx").write_bytes(b"x" * 2**20)
    assert (run / "run.json").read_text() == "old" and len(list((disk / "versions/runs").iterdir())) == 1
