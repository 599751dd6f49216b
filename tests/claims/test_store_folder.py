"""What a store's folder says without reading a row, and that asking it imports nothing heavy."""

import subprocess
import sys
from datetime import date

import pytest

from claims.errors import InputError, StoreError
from claims.store_folder import (
    committed_reports,
    current,
    last_run,
    require_claims,
    require_source,
    runs_before,
)

# Libraries that take a tenth of a second or more to import.
HEAVY = ("ibis", "pandas", "numpy", "duckdb", "mlflow", "prefect", "lightgbm", "pydantic")


def test_an_empty_folder_holds_neither_claims_nor_runs(tmp_path):
    assert current(tmp_path) is None and runs_before(tmp_path, date.max) == []
    with pytest.raises(StoreError, match="holds no claims yet"):
        require_claims(tmp_path)
    with pytest.raises(StoreError, match="holds no run yet"):
        last_run(tmp_path)
    with pytest.raises(InputError, match="is not a folder of claim tables"):
        require_source(tmp_path / "nowhere")


def test_loads_past_the_generation_in_force_are_none(tmp_path):
    (tmp_path / "loads").mkdir()
    for number in (1, 2, 3):
        (tmp_path / "loads" / f"{number:06}.json").write_text("{}")
    assert committed_reports(tmp_path) == []
    (tmp_path / "CURRENT").write_text("claims-000002\n")
    assert [file.name for file in committed_reports(tmp_path)] == ["000002.json", "000001.json"]
    assert current(tmp_path) == tmp_path / "claims-000002"
    require_claims(tmp_path)


def test_runs_are_those_of_earlier_dates(tmp_path):
    for name in ("2024-12-31", "2025-01-01", ".2025-01-02.part"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    assert [run.name for run in runs_before(tmp_path, date(2025, 1, 1))] == ["2024-12-31"]
    assert last_run(tmp_path).name == "2025-01-01"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("run", "nowhere", "--store", "nowhere", "--as-of", "2025-01-01"),
        ("check", "nowhere"),
        ("show", "H1", "--store", "nowhere"),
        ("status", "--store", "nowhere"),
        ("evaluate", "--store", "nowhere", "--as-of", "2025-01-01"),
        ("rollback", "hospital", "--store", "nowhere"),
        ("cases", "import", "nowhere.xlsx", "--store", "nowhere"),
        ("nosuch",),
    ],
)
def test_help_and_plain_errors_import_nothing_heavy(tmp_path, arguments):
    code = (
        "import sys, commands\n"
        f"sys.argv = ['fundguard', *{arguments!r}]\n"
        "try:\n"
        "    status = commands.exit_status()\n"
        "except SystemExit as ended:\n"
        "    status = ended.code or 0\n"
        f"print(status, [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = "0" if arguments == ("--help",) else "2" if arguments == ("nosuch",) else "1"
    assert done.stdout.splitlines()[-1] == f"{expected} []"
