"""The month's folder of reports: what of a run and its evaluation is kept, where, and never half of it."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from claims.errors import StoreError
from claims.store import Store
from pipelines import monthly
from pipelines.monthly import first_of_month, write_monthly

AS_OF = date(2025, 1, 1)
OF_RUN = ("supervision.html", "supervision.parquet", "overview.html", "status.html")


@pytest.fixture
def store(tmp_path) -> Store:
    """A store with a run of New Year's Day."""
    found = Store(tmp_path / "store")
    written(found.runs / AS_OF.isoformat(), *OF_RUN, "suspects.parquet", "suspects.xlsx")
    return found


def written(folder: Path, *names: str, text: str = "first") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"{name} {text}", encoding="utf-8")
    return folder


def kept(store: Store, month: str) -> dict[str, str]:
    folder = store.path / "reports" / month
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


@pytest.mark.parametrize(
    "day, first",
    [
        (date(2025, 1, 1), date(2025, 1, 1)),
        (date(2025, 1, 31), date(2025, 1, 1)),
        (date(2024, 2, 29), date(2024, 2, 1)),
    ],
)
def test_the_reports_of_a_month_are_made_on_its_first_day(day, first):
    assert first_of_month(day) == first


def test_reports_of_run_and_evaluation_are_kept_under_the_month_before(store, tmp_path):
    evaluation = written(tmp_path / "evaluation", "evaluation.html", "metrics.parquet")
    found = write_monthly(store, evaluation, AS_OF)
    assert found.folder == store.path / "reports" / "2024-12" and found.counts() == {"files": 5}
    # Lists of suspects and what else an evaluation holds are none of the month's reports.
    assert set(kept(store, "2024-12")) == {*OF_RUN, "evaluation.html"}


def test_what_was_not_written_is_left_out_and_counted(store, tmp_path):
    (store.runs / AS_OF.isoformat() / "status.html").unlink()
    found = write_monthly(store, tmp_path / "no evaluation", AS_OF)
    assert set(kept(store, "2024-12")) == set(OF_RUN) - {"status.html"} and found.files == 3


def test_a_run_of_later_leaves_the_month_as_it_was_kept(store, tmp_path):
    write_monthly(store, tmp_path, AS_OF)
    written(store.runs / AS_OF.isoformat(), *OF_RUN, text="replaced")
    assert kept(store, "2024-12")["overview.html"] == "overview.html first"
    # Asked for once more it is that of the run as it is now, and of another month there is another folder.
    write_monthly(store, tmp_path, AS_OF)
    assert kept(store, "2024-12")["overview.html"] == "overview.html replaced"
    written(store.runs / "2025-02-01", "overview.html")
    write_monthly(store, tmp_path, date(2025, 2, 1))
    assert sorted(path.name for path in (store.path / "reports").iterdir()) == ["2024-12", "2025-01"]


def test_without_a_run_of_that_day_nothing_is_kept_and_the_way_to_one_is_named(store, tmp_path):
    with pytest.raises(StoreError, match="fundguard backfill --from 2025-02-01 --to 2025-02-01"):
        write_monthly(store, tmp_path, date(2025, 2, 1))
    assert not (store.path / "reports").exists()


def test_a_copy_that_breaks_off_leaves_the_month_before_it_whole(store, tmp_path, monkeypatch):
    write_monthly(store, tmp_path, AS_OF)
    written(store.runs / AS_OF.isoformat(), *OF_RUN, text="replaced")
    copy, copied = shutil.copy, []

    def breaking(source: Path, target: Path) -> None:
        if copied:
            raise OSError(28, "No space left on device")
        copied.append(copy(source, target))

    monkeypatch.setattr(monthly.shutil, "copy", breaking)
    with pytest.raises(OSError, match="No space"):
        write_monthly(store, tmp_path, AS_OF)
    assert set(kept(store, "2024-12").values()) == {f"{name} first" for name in OF_RUN}
