"""Folders that are replaced whole: each version has a number of its own, and a link names the one in force.

    STORE/runs/2025-01-01                    link to ../versions/runs/2025-01-01.000002
    STORE/versions/runs/2025-01-01.000002/   the version in force
    STORE/versions/runs/2025-01-01.000003/   one that is being written, or whose writer died

The link is replaced in one step, so whoever opens a file below it finds the old version or the new one, never
none.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

_VERSIONS = "versions"
# Seconds between putting a version in force and removing the one before: whoever has followed the link by
# then has yet to open the file.
GRACE = 0.05


@contextlib.contextmanager
def replaced(store: Path, target: Path) -> Iterator[Path]:
    """A folder to write that then takes the place of the target, for its owner alone, or changes nothing.

    Args:
        target: ``STORE/KIND/NAME``; its parents are made.
    """
    kind = store / _VERSIONS / target.parent.name
    for folder in (store / _VERSIONS, kind, target.parent):
        folder.mkdir(exist_ok=True, mode=0o700)
    building = kind / f"{target.name}.{_latest(kind, target.name) + 1:06d}"
    building.mkdir(mode=0o700)
    try:
        yield building
        for path in (building, *building.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)
        flush(building)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    old = _in_force(target)
    _point(target, building)
    if old is not None:
        time.sleep(GRACE)
        shutil.rmtree(old)


def flush(folder: Path) -> None:
    """Have the disk hold everything below a folder before anything points at it."""
    for path in (*folder.rglob("*"), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_unlinked(store: Path) -> None:
    """Remove versions that no link names: their writer died, or died before it removed the old one."""
    for kind in (store / _VERSIONS).glob("*"):
        linked = {_in_force(link) for link in (store / kind.name).glob("*")}
        for path in kind.iterdir():
            if path.is_symlink():
                path.unlink()
            elif path not in linked:
                shutil.rmtree(path)


def _latest(kind: Path, name: str) -> int:
    """The highest number of a version of this name; 0 where there is none."""
    return max((int(path.suffix[1:]) for path in kind.glob(f"{name}.[0-9]*")), default=0)


def _in_force(target: Path) -> Path | None:
    """The version that a link names; None where there is no link."""
    return Path(os.path.normpath(target.parent / target.readlink())) if target.is_symlink() else None


def _point(target: Path, version: Path) -> None:
    """Have the link name a version: the one step that puts it in force."""
    link = version.with_name(f"{version.name}.link")
    link.symlink_to(os.path.relpath(version, target.parent))
    if target.is_dir() and not target.is_symlink():
        # A plain folder: of a copy of the store that followed its links.
        target.rename(version.with_name(f"{target.name}.copied"))
    link.replace(target)
    shutil.rmtree(version.with_name(f"{target.name}.copied"), ignore_errors=True)
