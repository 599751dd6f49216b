"""The command line, copying its store before each change that it makes to it; run by test_random_kills.py.

    python -m tests.pipelines.observed_command STORE COPIES ARGUMENTS...

A copy holds what a kill at that moment would leave: whatever the kernel was asked to write is kept.
"""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Lock

# Changes of the file system that Python announces; SQLite and DuckDB make theirs unheard.
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink"}
SCRATCH = ".work-"


def copied(store: Path, to: Path) -> None:
    """A store as it stands; of scratch folders the name alone."""
    if store.exists():
        shutil.copytree(store, to, symlinks=True, ignore=_scratch)


def _scratch(folder: str, names: list[str]) -> list[str]:
    return names if Path(folder).name.startswith(SCRATCH) else []


def before_each_change(store: Path, act: Callable[[int], None]) -> None:
    """From now on call a function before each change that this process makes to a store, scratch left out."""
    lock, count, busy = Lock(), 0, False

    def heard(event: str, args: tuple) -> None:
        nonlocal count, busy
        opened = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
        if busy or not (event in CHANGES or opened):
            return
        path = os.fsdecode(args[0]) if isinstance(args[0], str | bytes | os.PathLike) else ""
        if path.startswith(f"{store}{os.sep}") and f"{os.sep}{SCRATCH}" not in path:
            with lock:
                busy = True
                count += 1
                act(count)
                busy = False

    sys.addaudithook(heard)


if __name__ == "__main__":
    kept, copies = Path(sys.argv[1]), Path(sys.argv[2])
    before_each_change(kept, lambda number: copied(kept, copies / f"change-{number:04}"))
    sys.argv = ["fundguard", *sys.argv[3:]]
    from commands import main

    main()
