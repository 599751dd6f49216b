"""Nights that were missed and nights of the past, by the command line."""

import hashlib
from pathlib import Path

import pytest

from claims.store import Store
from tests.conftest import fundguard
from tests.pipelines.test_random_kills import worlds

pytestmark = pytest.mark.slow


def digests(run: Path) -> dict[str, str]:
    return {
        str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in run.rglob("*")
        if path.is_file()
    }


def test_missed_nights_are_run_in_order_and_past_ones_stay_until_they_are_run_again(tmp_path):
    worlds(tmp_path)
    store = tmp_path / "store"
    runs = Store(store).runs
    first = fundguard("run", tmp_path / "day0", "--store", store, "--as-of", "2024-05-02")
    assert (first.status, first.err) == (0, "")
    before = digests(runs / "2024-05-02")
    loaded = fundguard("ingest", tmp_path / "day1", "--store", store)
    assert loaded.status == 0 and digests(runs / "2024-05-02") == before

    filled = fundguard("backfill", "--store", store, "--from", "2024-05-02", "--to", "2024-05-04")
    assert (filled.status, filled.err, filled.left_behind) == (0, "", [])
    assert [Path(line).name for line in filled.out.splitlines()] == ["2024-05-03", "2024-05-04"]
    assert digests(runs / "2024-05-02") == before
    status = fundguard("status", "--store", store)
    assert status.status == 0 and "2024-05-04" in status.out and status.out.startswith("2 loads")

    again = fundguard("nightly", "--store", store, "--as-of", "2024-05-02")
    assert again.status == 0 and digests(runs / "2024-05-02") != before
    # The visit of the first of May that came late is known now.
    listed = fundguard("show", "M00049", "--store", store, "--as-of", "2024-05-02")
    assert listed.status == 0, listed.err
