"""The notebooks run from top to bottom on a small city, and are committed as text, without outputs."""

import os
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """The store of a small city with one run."""
    folder = tmp_path_factory.mktemp("notebooks")
    environment = os.environ | {"PREFECT_HOME": str(folder / "prefect")}
    fundguard = [sys.executable, "-m", "flows"]
    for arguments in (
        ["simulate", "--out", str(folder / "city"), "--persons", "2000"],
        ["run", str(folder / "city/input"), "--store", str(folder / "store"), "--as-of", "2025-01-01"],
    ):
        done = subprocess.run(
            fundguard + arguments, cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    return folder / "store"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs(path, store, monkeypatch, tmp_path):
    monkeypatch.setenv("FUNDGUARD_NOTEBOOK_STORE", str(store))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = jupytext.read(path)
    before = sorted(p.name for p in (store / "runs").rglob("*"))
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    pictures = [
        o for cell in notebook.cells for o in cell.get("outputs", []) if "image/png" in o.get("data", {})
    ]
    assert len(pictures) == {"suspect": 2, "challenger": 0}[path.stem]
    assert sorted(p.name for p in (store / "runs").rglob("*")) == before


def test_stand_as_text_only():
    assert {path.stem for path in NOTEBOOKS} == {"suspect", "challenger"}
    assert not list((ROOT / "notebooks").rglob("*.ipynb"))
