"""The notebooks run from top to bottom on a small city, and are kept as text, without outputs."""

import shutil
import sqlite3
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

from claims.store import Store
from pipelines.champions import registry
from pipelines.settings import settings_of

ROOT = Path(__file__).parents[1]
# Each notebook measures the city anew: they run with `make notebooks` and the slow suite.
pytestmark = pytest.mark.slow


@pytest.fixture
def store(city, tmp_path) -> Path:
    """A copy of the shared city's store; what is logged to its MLflow stays in the copy."""
    copy = tmp_path / "store"
    shutil.copytree(city.store.path, copy)
    with sqlite3.connect(copy / "mlflow.db") as database:
        database.execute("UPDATE experiments SET artifact_location = ?", [(copy / "mlartifacts").as_uri()])
    return copy


@pytest.fixture
def executed(store, tmp_path, monkeypatch):
    """Runs a notebook from another folder and returns its cells with their outputs."""
    monkeypatch.setenv("FUNDGUARD_NOTEBOOK_STORE", str(store))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))

    def execute(name: str) -> list:
        notebook = jupytext.read(ROOT / "notebooks" / f"{name}.py")
        where = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(notebook, timeout=600, resources=where).execute()
        return notebook.cells

    return execute


def pictures(cells: list) -> int:
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def test_suspect_shows_two_pictures_and_writes_nothing(executed, store):
    before = files(store)
    assert pictures(executed("suspect")) == 2
    assert files(store) == before


def test_challenger_is_logged_as_the_next_version(executed, store, city):
    models = registry(Store(store), settings_of(store))
    champions = {subject: models.champion(subject).version for subject in ("visit", "patient", "hospital")}
    assert set(champions.values()) == {"1"}
    before, shared = files(store / "runs"), files(city.store.path)
    cells = executed("challenger")
    said = "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))
    assert "the champion is version 1, the challenger version 2" in said
    assert "champion now: version " in said
    assert files(store / "runs") == before
    assert files(city.store.path) == shared


def test_stand_as_text_only():
    folder = ROOT / "notebooks"
    assert {path.name for path in folder.iterdir() if not path.name.startswith((".", "_"))} == {
        "suspect.py",
        "challenger.py",
    }
