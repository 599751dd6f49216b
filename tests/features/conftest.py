"""The night of a small town, taken once for all tests of the features."""

import pytest

from claims.store import Store
from tests.features.town import Night, Town, look


@pytest.fixture(scope="session")
def a_night(tmp_path_factory) -> Night:
    folder = tmp_path_factory.mktemp("town")
    return look(Town(seed=1).world, Store(folder / "store"), folder)
