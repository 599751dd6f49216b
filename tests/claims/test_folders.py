"""Which files of a folder are tables; what only looks like one is said."""

import os

import pytest

from claims.errors import InputError
from claims.folders import find_tables, not_taken
from tests.tiny import World

REQUIRED = {"psn_info_b", "fixmedins_b", "mdtrt_d", "setl_d"}


@pytest.fixture
def folder(tmp_path):
    world = World()
    world.person("anna")
    world.hospital("H1")
    world.visit("anna", "H1", "2024-03-01 09:00", lines=[("lab", 1, 30)])
    return world.write(tmp_path / "in")


def test_tables_are_found_and_nothing_else_is_said(folder):
    (folder / "README.md").write_text("how it was exported")
    assert set(find_tables(folder)) == REQUIRED | {"hilist_b", "fee_list_d"}
    assert not_taken(folder) == []


def test_what_looks_like_a_table_and_is_not_taken_is_said(folder):
    (folder / "RX_D.parquet").write_bytes((folder / "mdtrt_d.parquet").read_bytes())
    (folder / "rx_d.xlsx").write_bytes(b"")
    (folder / "acdt_rec_d.csv").symlink_to(folder / "gone.csv")
    os.mkfifo(folder / "oprn_d.csv")
    (folder / "visits.csv").write_text("a,b\n")
    parts = folder / "psn_sign_d"
    parts.mkdir()
    for name in ("a.csv.tmp", ".b.csv", "c.CSV"):
        (parts / name).write_text("")
    os.mkfifo(parts / "d.parquet")
    (folder / "ltci_trt_d").mkdir()
    endings = "the ending is none of .parquet, .csv, .csv.gz"
    assert not_taken(folder) == [
        "RX_D.parquet: the table is called rx_d",
        "acdt_rec_d.csv: a link to nothing",
        "ltci_trt_d: a folder without parts",
        "oprn_d.csv: no regular file",
        "psn_sign_d/.b.csv: a hidden file",
        f"psn_sign_d/a.csv.tmp: {endings}",
        f"psn_sign_d/c.CSV: {endings}",
        "psn_sign_d/d.parquet: no regular file",
        "psn_sign_d: a folder without parts",
        f"rx_d.xlsx: {endings}",
        "visits.csv: no table of the contract is called so",
    ]
    assert set(find_tables(folder)) == REQUIRED | {"hilist_b", "fee_list_d"}


def test_a_required_table_is_missing_unless_the_store_has_it(folder):
    (folder / "setl_d.parquet").rename(folder / "SETL_D.parquet")
    with pytest.raises(
        InputError, match=r"setl_d is missing in .*\(not taken: SETL_D.parquet: the table is call"
    ):
        find_tables(folder)
    (folder / "psn_info_b.parquet").unlink()
    assert "fee_list_d" in find_tables(folder, REQUIRED)
    with pytest.raises(InputError, match="required table psn_info_b is missing"):
        find_tables(folder, REQUIRED - {"psn_info_b"})


def test_tables_one_folder_below_are_pointed_out(folder):
    """`simulate --out CITY` writes CITY/input."""
    with pytest.raises(InputError, match=rf"psn_info_b is missing in .*; it is in {folder}$"):
        find_tables(folder.parent)
    (folder / "psn_info_b.parquet").rename(folder.parent / "elsewhere.parquet")
    with pytest.raises(InputError, match=rf"psn_info_b is missing in {folder.parent}$"):
        find_tables(folder.parent)


def test_a_table_stands_once(folder):
    (folder / "setl_d.csv").write_text("setl_id\n")
    with pytest.raises(InputError, match="table setl_d is there twice: setl_d.parquet and setl_d.csv"):
        find_tables(folder)
    with pytest.raises(InputError, match="nowhere is not a folder of claim tables"):
        find_tables(folder / "nowhere")
