"""A day's folder holds what changed; rows whose parent comes later wait and are taken then, counted once."""

from datetime import date

import pandas as pd
import pytest

from claims.as_of import claims_as_of
from claims.duckdb_backend import connect
from claims.errors import InputError
from claims.store import Store, preview
from tests.tiny import World

DAY = pd.Timestamp("2024-03-01")


@pytest.fixture
def world() -> World:
    world = World()
    for name in ("anna", "bo"):
        world.person(name)
    world.hospital("H1")
    for day in range(3):
        world.visit("anna", "H1", str(DAY + pd.Timedelta(days=day, hours=9)), lines=[("lab", 1, 30)])
    return world


def part_of(world: World, folder, **rows: list[int]):
    """A folder with these rows of these tables only."""
    folder.mkdir(parents=True)
    for table, numbers in rows.items():
        frame = world.frame(table)
        frame[frame.index.isin(numbers)].to_parquet(folder / f"{table}.parquet", index=False)
    return folder


def held(store: Store, tmp_path, table: str) -> list:
    con = connect(tmp_path)
    rows = store.tables(con)
    frame = rows[table].to_pandas() if table in rows else pd.DataFrame()
    con.disconnect()
    return sorted(frame.iloc[:, 0]) if len(frame) else []


@pytest.fixture
def store(world, tmp_path) -> Store:
    store = Store(tmp_path / "store")
    first = part_of(
        world, tmp_path / "day0", psn_info_b=[0], fixmedins_b=[0], mdtrt_d=[0], setl_d=[0], fee_list_d=[0]
    )
    assert store.ingest(first).quarantine == {}
    return store


def test_a_folder_of_the_day_alone(world, store, tmp_path):
    report = store.ingest(part_of(world, tmp_path / "day1", mdtrt_d=[1], setl_d=[1], fee_list_d=[1]))
    assert {name: counts["kept"] for name, counts in report.tables.items()} == {
        "mdtrt_d": 1, "setl_d": 1, "fee_list_d": 1,
    }  # fmt: skip
    assert report.quarantine == {} and store.last_load() == report
    assert held(store, tmp_path, "mdtrt_d") == ["M00001", "M00002"]
    assert held(store, tmp_path, "psn_info_b") == ["anna"]


def test_lines_and_settlements_wait_for_their_visit(world, store, tmp_path):
    early = part_of(world, tmp_path / "day1", setl_d=[1], fee_list_d=[1, 2])
    report = store.ingest(early)
    assert report.quarantine == {
        "not found in its parent table: fee_list_d.mdtrt_id": 2,
        "not found in its parent table: setl_d.mdtrt_id": 1,
    }
    assert report.waiting == {"setl_d": 1, "fee_list_d": 2} and report.taken_later == {}
    again = store.ingest(early)  # sent again they are counted again, and wait once
    assert again.waiting == report.waiting and again.tables["fee_list_d"]["quarantined"] == 2

    later = store.ingest(part_of(world, tmp_path / "day2", mdtrt_d=[1]))
    assert later.tables == {"mdtrt_d": {"in": 1, "kept": 1, "quarantined": 0, "set_aside": 0, "identical": 0}}
    assert later.taken_later == {"setl_d": 1, "fee_list_d": 1} and later.waiting == {"fee_list_d": 1}
    assert held(store, tmp_path, "fee_list_d") == ["L00001", "L00002"]

    last = store.ingest(part_of(world, tmp_path / "day3", mdtrt_d=[2]))
    assert last.taken_later == {"fee_list_d": 1} and last.waiting == {}
    assert held(store, tmp_path, "fee_list_d") == ["L00001", "L00002", "L00003"]
    assert store.ingest(part_of(world, tmp_path / "day4", setl_d=[1])).tables["setl_d"]["identical"] == 1


def test_a_whole_chain_waits_for_a_person(world, store, tmp_path):
    world.visit("bo", "H1", "2024-03-05 09:00", lines=[("lab", 1, 30)])
    report = store.ingest(part_of(world, tmp_path / "day1", mdtrt_d=[3], setl_d=[3], fee_list_d=[3]))
    assert report.quarantine == {
        "its parent row is in quarantine: fee_list_d.mdtrt_id": 1,
        "its parent row is in quarantine: setl_d.mdtrt_id": 1,
        "not found in its parent table: mdtrt_d.psn_no": 1,
    }
    report = store.ingest(part_of(world, tmp_path / "day2", psn_info_b=[1]))
    assert report.taken_later == {"mdtrt_d": 1, "setl_d": 1, "fee_list_d": 1} and report.waiting == {}
    assert "M00004" in held(store, tmp_path, "mdtrt_d")


def test_the_lines_of_a_visit_with_a_fault_come_with_its_correction(world, store, tmp_path):
    world.rows["mdtrt_d"][1]["begntime"] = "1900-01-01 09:00"
    report = store.ingest(part_of(world, tmp_path / "day1", mdtrt_d=[1], fee_list_d=[1]))
    assert report.quarantine["impossible date: mdtrt_d.begntime"] == 1 and report.waiting == {"fee_list_d": 1}
    world.rows["mdtrt_d"][1]["begntime"] = "2024-03-02 09:00"
    assert store.ingest(part_of(world, tmp_path / "day2", mdtrt_d=[1])).taken_later == {"fee_list_d": 1}


def test_what_is_sent_later_counts_and_not_what_waited(world, store, tmp_path):
    store.ingest(part_of(world, tmp_path / "day1", fee_list_d=[1]))
    world.rows["fee_list_d"][1]["cnt"] = 7.0
    report = store.ingest(part_of(world, tmp_path / "day2", mdtrt_d=[1], fee_list_d=[1]))
    assert report.taken_later == {} and report.waiting == {}
    con = connect(tmp_path)
    lines = store.tables(con)["fee_list_d"].to_pandas().set_index("bkkp_sn")
    con.disconnect()
    assert lines.cnt["L00002"] == 7.0


def test_a_preview_knows_the_store(world, store, tmp_path):
    folder = part_of(world, tmp_path / "day1", mdtrt_d=[1], setl_d=[1])
    with pytest.raises(InputError, match="required table psn_info_b is missing"):
        preview(folder)
    report, _ = preview(folder, store=store)
    assert report == store.ingest(folder)


def test_an_addition_is_not_the_last_load(world, store, tmp_path):
    before = store.last_load()
    world.case("patient", "anna", "2", "2024-04-01")
    store.ingest(part_of(world, tmp_path / "cases", insp_case_d=[0]), partial=True)
    assert store.last_load() == before and held(store, tmp_path, "insp_case_d") == ["C00001"]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 2, 1, 0)])
def test_days_in_any_order_and_twice_give_the_same_claims(world, tmp_path, order):
    """The days: a visit; one more with its lines; its refund; a late visit of the first day and a person."""
    world.settle("M00002", "2024-03-03 10:00", -30)
    days = [
        dict(psn_info_b=[0], fixmedins_b=[0], mdtrt_d=[0], setl_d=[0], fee_list_d=[0], hilist_b=[4]),
        dict(mdtrt_d=[1], setl_d=[1], fee_list_d=[1]),
        dict(setl_d=[3]),
        dict(psn_info_b=[1], fixmedins_b=[0], mdtrt_d=[2], setl_d=[2], fee_list_d=[2]),
    ]
    store = Store(tmp_path / "store")
    # A first folder has every required table, if without rows.
    store.ingest(part_of(world, tmp_path / "none", psn_info_b=[], fixmedins_b=[], mdtrt_d=[], setl_d=[]))
    for number, day in enumerate(order):
        store.ingest(part_of(world, tmp_path / f"{number}", **days[day]))
    assert held(store, tmp_path, "mdtrt_d") == ["M00001", "M00002", "M00003"]
    assert held(store, tmp_path, "setl_d") == ["S00001", "S00002", "S00003", "S00004"]
    assert held(store, tmp_path, "fee_list_d") == ["L00001", "L00002", "L00003"]
    assert held(store, tmp_path, "psn_info_b") == ["anna", "bo"] and store.last_load().waiting == {}
    con = connect(tmp_path)
    known = claims_as_of(con, store.tables(con), date(2024, 6, 1))
    # The refund and its payment come to nothing.
    assert sorted(known.visits.mdtrt_id.to_pandas()) == ["M00001", "M00003"]
    con.disconnect()
