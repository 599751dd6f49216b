"""Facts and measures of a small town, taken once for all tests of the features."""

import pytest

from claims.duckdb_backend import connect
from claims.store import Store
from tests.features.town import Snapshot, Town, look


@pytest.fixture(scope="session")
def town_snapshot(tmp_path_factory) -> Snapshot:
    folder = tmp_path_factory.mktemp("town")
    world = Town(seed=1).world
    store = Store(folder / "store")
    assert store.ingest(world.write(folder / "in")).quarantine == {}
    con = connect(folder)
    return look(world, con, store.tables(con))
