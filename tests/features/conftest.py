"""Facts and measures of a small town, taken once for all tests of the features."""

import pytest

from claims.store import Store
from tests.features.town import Snapshot, Town, look
from tests.in_memory import engine


@pytest.fixture(scope="session")
def town_snapshot(tmp_path_factory) -> Snapshot:
    folder = tmp_path_factory.mktemp("town")
    world = Town(seed=1).world
    store = Store(folder / "store")
    assert store.ingest(world.write(folder / "in")).quarantine == {}
    con = engine()
    return look(world, con, store.tables(con))
