"""The claims behind a lead in one call: the fee lines of the visits that a run names as evidence."""

from pathlib import Path

import pandas as pd
import pytest

from claims.errors import StoreError
from claims.lead_lines import COLUMNS
from claims.store import Store
from tests.tiny import World


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    """A store with two stays and a run that names the first as evidence against anna and H1."""
    folder: Path = tmp_path_factory.mktemp("lead")
    world = World()
    world.person("anna")
    world.hospital("H1")
    first = world.stay("anna", "H1", "2024-03-01", 5, lines=[("BED", 5, 40.0)])
    world.stay("anna", "H1", "2024-06-01", 5, lines=[("BED", 5, 40.0)])
    store = Store(folder / "store")
    store.ingest(world.write(folder / "in"))
    rows = [("patient", "anna", first), ("hospital", "H1", first), ("patient", "anna", first)]
    for day in ("2024-12-31", "2025-01-01"):
        (store.runs / day).mkdir(parents=True)
        evidence = pd.DataFrame(rows, columns=["subject_type", "subject_id", "mdtrt_id"])
        evidence.to_parquet(store.runs / day / "evidence.parquet")
    return store


def test_the_lines_are_those_of_the_visits_in_evidence(store):
    found = store.lines("anna")
    assert list(found.columns) == list(COLUMNS) and len(found)
    assert found.mdtrt_id.nunique() == 1 and set(found.psn_no) == {"anna"}
    pd.testing.assert_frame_equal(found, store.lines("H1", "hospital", store.runs / "2024-12-31"))
    assert store.last_run().name == "2025-01-01"


@pytest.mark.parametrize("asked", [("nobody", None), ("anna", "hospital")])
def test_a_subject_without_evidence_is_told_so(store, asked):
    with pytest.raises(StoreError, match="names no evidence against"):
        store.lines(*asked)


def test_a_store_without_a_run_is_told_so(tmp_path):
    with pytest.raises(StoreError, match="holds no run yet"):
        Store(tmp_path).lines("anna")
