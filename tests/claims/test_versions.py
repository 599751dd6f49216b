"""Folders that are replaced whole: readers find the old or the new, never none."""

import shutil
import threading
from pathlib import Path

import pytest

from claims.store import Store
from claims.versions import replaced


@pytest.fixture
def store(tmp_path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


def write(store: Path, text: str, name: str = "2025-01-01") -> Path:
    target = store / "runs" / name
    with replaced(store, target) as building:
        (building / "pages").mkdir()
        for file in ("run.json", "pages/1.html"):
            (building / file).write_text(text)
    return target


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_target_is_a_link_to_the_newest_version_and_older_ones_are_gone(store):
    for text in ("one", "two", "three"):
        target = write(store, text)
        assert (target / "pages/1.html").read_text() == text and target.is_dir()
    assert names(store / "versions/runs") == ["2025-01-01.000003"] and names(store / "runs") == ["2025-01-01"]
    assert not target.readlink().is_absolute()  # a store can be moved
    assert all(not path.stat().st_mode & 0o077 for path in (target, *target.rglob("*")))


def test_other_dates_are_left_alone(store):
    write(store, "one"), write(store, "two", "2025-01-02")
    assert (store / "runs/2025-01-01/run.json").read_text() == "one"
    assert names(store / "versions/runs") == ["2025-01-01.000001", "2025-01-02.000001"]


def test_what_fails_leaves_the_old_version_and_nothing_of_its_own(store):
    target = write(store, "one")
    with pytest.raises(OSError, match="disk full"), replaced(store, target) as building:
        (building / "run.json").write_text("half")
        raise OSError("disk full")
    assert (target / "run.json").read_text() == "one" and names(store / "versions/runs") == [
        "2025-01-01.000001"
    ]


def test_a_plain_folder_in_its_place_is_replaced_too(store, tmp_path):
    """As a copy of a store has that followed its links."""
    write(store, "one")
    copied = Path(shutil.copytree(store, tmp_path / "copied"))
    shutil.rmtree(copied / "versions")
    target = write(copied, "two")
    assert target.is_symlink() and (target / "run.json").read_text() == "two"
    assert names(copied / "versions/runs") == ["2025-01-01.000001"]


def test_the_next_who_opens_the_store_removes_what_no_link_names(store):
    write(store, "one")
    for name in ("2025-01-01.000000", "2025-01-01.000002", "2025-01-02.000001"):
        (store / "versions/runs" / name).mkdir()
        (store / "versions/runs" / name / "half").write_text("")
    (store / "versions/runs/2025-01-01.000002.link").symlink_to("nowhere")
    with Store(store).locked():
        assert names(store / "versions/runs") == ["2025-01-01.000001"]
    assert (store / "runs/2025-01-01/run.json").read_text() == "one"


def test_whoever_reads_by_name_always_finds_a_file(store):
    target, missing, done = write(store, "0"), [], threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                (target / "run.json").read_text()
            except FileNotFoundError as error:
                missing.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(60):
        write(store, str(number))
    done.set()
    reader.join()
    assert missing == [] and (target / "run.json").read_text() == "59"
