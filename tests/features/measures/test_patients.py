"""Measures of patients: those who are brought to hospital together, and those whom chance puts into one
ward."""

import pytest

from claims.store import Store, connect
from tests.features.town import look
from tests.tiny import World

RING = ["ring-1", "ring-2", "ring-3"]
COURSE = ["course-1", "course-2", "course-3"]
BILL = [("bed", 3, 50.0)]


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """The measures of the patients of a small world."""
    world = World()
    world.hospital("H1")
    rounds = ["2024-03-01", "2024-06-01", "2024-09-01"]
    for who in [*RING, *COURSE, "once", "ill"]:
        world.person(who)
    for day in rounds:
        for number, who in enumerate(RING):
            world.stay(who, "H1", f"{day[:-1]}{1 + number % 2}", 6, lines=BILL)
        for who in COURSE:
            world.stay(who, "H1", day, 3, lines=BILL, dscg_maindiag_code="Z51.1")
        # As often, on the same days, for the same disease, but not for the same time.
        world.stay("ill", "H1", day, 9, lines=BILL)
    world.stay("once", "H1", rounds[0], 6, lines=BILL)
    folder = tmp_path_factory.mktemp("patients")
    store = Store(folder / "store")
    store.ingest(world.write(folder / "in"))
    con = connect(folder)
    return look(world, con, store.tables(con)).measured["patient"]


def test_stays_like_those_of_others_are_counted_but_courses_are_not(patients):
    found = patients["twin_stays_365d"]
    assert (found[RING] == 3).all() and found["once"] == 1
    assert (found[[*COURSE, "ill"]] == 0).all()
