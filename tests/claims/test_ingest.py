"""Every row of a load is kept, quarantined, set aside or identical, and nothing is lost on the way."""

import json
from datetime import date

import pandas as pd
import pytest

from claims.as_of import claims_as_of
from claims.duckdb_backend import connect
from claims.errors import InputError, StoreError
from claims.store import Store, preview
from tests.tiny import World


@pytest.fixture
def world() -> World:
    world = World()
    for name in ("anna", "bo"):
        world.person(name)
    world.hospital("H1", fixmedins_name="第一人民医院")
    world.pharmacy("P1")
    world.stay("anna", "H1", "2024-03-01", 5, lines=[("bed", 5, 30), ("pill", 2, 20)])
    world.purchase("bo", "P1", "2024-04-02 10:00", lines=[("pill", 1, 20)])
    return world


def held(store: Store, tmp_path, table: str) -> pd.DataFrame:
    con = connect(tmp_path)
    frame = store.tables(con)[table].to_pandas()
    con.disconnect()
    return frame


def reasons(store: Store) -> set[tuple]:
    last = sorted((store.path / "loads").glob("*.quarantine.parquet"))[-1]
    frame = pd.read_parquet(last).astype(object).where(lambda f: f.notna(), None)
    return set(zip(frame.table, frame.row, frame.field, frame.reason, strict=False))


@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-8-sig", "gb18030"])
def test_every_format_reads_the_same(world, tmp_path, encoding):
    world.write(tmp_path / "in", as_csv=encoding)
    store = Store(tmp_path / "store")
    report = store.ingest(tmp_path / "in")
    assert report.tables["mdtrt_d"] == {"in": 2, "kept": 2, "quarantined": 0, "set_aside": 0, "identical": 0}
    assert report.quarantine == {}
    assert set(held(store, tmp_path, "fixmedins_b").fixmedins_name) == {"第一人民医院", "药店P1"}
    visits = held(store, tmp_path, "mdtrt_d").set_index("mdtrt_id")
    assert visits.begntime["M00001"] == pd.Timestamp("2024-03-01 09:00")
    assert pd.isna(visits.endtime["M00002"])


def test_a_folder_of_parts_and_gzip(world, tmp_path):
    folder = world.write(tmp_path / "in", without=("fee_list_d",))
    lines = world.frame("fee_list_d")
    (folder / "fee_list_d" / "2024").mkdir(parents=True)
    lines.head(1).to_csv(folder / "fee_list_d" / "a.csv.gz", index=False)
    lines.tail(2).to_parquet(folder / "fee_list_d" / "2024" / "b.parquet", index=False)
    assert Store(tmp_path / "store").ingest(folder).tables["fee_list_d"]["kept"] == 3


def test_interface_spellings_are_accepted(world, tmp_path):
    folder = world.write(tmp_path / "in", without=("setl_d", "fee_list_d", "mdtrt_d"))
    world.frame("mdtrt_d").rename(columns={"dise_no": "dise_codg"}).to_parquet(folder / "mdtrt_d.parquet")
    settlements = world.frame("setl_d").rename(
        columns={"cash_payamt": "psn_cash_pay", "psn_pay": "psn_part_amt"}
    )
    settlements.assign(hospital_note="x").to_parquet(folder / "setl_d.parquet")
    lines = world.frame("fee_list_d").rename(
        columns={"bkkp_sn": "feedetl_sn", "hilist_code": "med_list_codg"}
    )
    lines.assign(feedetl_sn=["1", "2", "1"]).to_parquet(folder / "fee_list_d.parquet")
    store = Store(tmp_path / "store")
    report = store.ingest(folder)
    assert report.quarantine == {}
    assert report.extra["setl_d"] == ["hospital_note"]
    assert held(store, tmp_path, "setl_d").cash_payamt.notna().all()
    # feedetl_sn counts inside its visit only: two lines numbered 1 are two lines.
    assert set(held(store, tmp_path, "fee_list_d").bkkp_sn) == {"M00001:1", "M00001:2", "M00002:1"}


def test_bad_rows_go_to_quarantine_with_their_reason(world, tmp_path):
    visit = dict(psn_no="anna", fixmedins_code="H1", med_type="11", begntime="2024-05-01 09:00")
    world.add("mdtrt_d", **visit | {"mdtrt_id": None})  # row 3
    world.add("mdtrt_d", **visit | {"mdtrt_id": "M4", "begntime": "someday"})
    world.add("mdtrt_d", **visit | {"mdtrt_id": "M5", "endtime": "2024-04-30 12:00"})
    world.add("mdtrt_d", **visit | {"mdtrt_id": "M6", "psn_no": "nobody"})
    world.add("mdtrt_d", **visit | {"mdtrt_id": "M7", "fixmedins_code": "nowhere"})
    world.add("mdtrt_d", **visit | {"mdtrt_id": "M00001"})
    # Innocent near misses: a discharge stated as a bare date, a visit without end, an unknown doctor.
    world.add("mdtrt_d", **visit | {"mdtrt_id": "M9", "endtime": "2024-05-01", "chfpdr_code": "unheard-of"})
    world.settle("M6", "2024-05-01 10:00", 10)  # row 3 of setl_d
    settled = world.rows["setl_d"][-1]
    world.add("setl_d", **settled | {"setl_id": "S4", "mdtrt_id": "M-none"})
    world.add("setl_d", **settled | {"setl_id": "S5", "mdtrt_id": "M9"})
    folder = world.write(tmp_path / "in")
    store = Store(tmp_path / "store")
    report = store.ingest(folder)
    assert reasons(store) == {
        ("mdtrt_d", 3, "mdtrt_id", "missing value"),
        ("mdtrt_d", 4, "begntime", "unreadable value"),
        ("mdtrt_d", 5, "endtime", "end before begin"),
        ("mdtrt_d", 6, "psn_no", "not found in its parent table"),
        ("mdtrt_d", 7, "fixmedins_code", "not found in its parent table"),
        ("mdtrt_d", 8, "mdtrt_id", "key repeated with other content"),
        ("setl_d", 3, "mdtrt_id", "its parent row is in quarantine"),
        ("setl_d", 4, "mdtrt_id", "not found in its parent table"),
    }
    assert report.tables["mdtrt_d"] == {"in": 9, "kept": 3, "quarantined": 6, "set_aside": 0, "identical": 0}
    raw = pd.read_parquet(next((store.path / "loads").glob("*.quarantine.parquet")))
    assert "someday" in raw.set_index("reason").raw["unreadable value"]


def test_broken_csv_rows_keep_their_number(world, tmp_path):
    folder = world.write(tmp_path / "in", as_csv="utf-8")
    text = (folder / "psn_info_b.csv").read_text().splitlines()
    carl = "carl,2,someday" + "," * (text[0].count(",") - 2)
    (folder / "psn_info_b.csv").write_text("\n".join([text[0], "only,two", *text[1:], carl]) + "\n")
    store = Store(tmp_path / "store")
    report = store.ingest(folder)
    assert report.tables["psn_info_b"] == {
        "in": 4,
        "kept": 2,
        "quarantined": 2,
        "set_aside": 0,
        "identical": 0,
    }
    assert reasons(store) == {
        ("psn_info_b", 1, None, "broken row"),
        ("psn_info_b", 4, "brdy", "unreadable value"),
    }


def test_loading_twice_changes_nothing_and_a_correction_replaces(world, tmp_path):
    folder = world.write(tmp_path / "in")
    store = Store(tmp_path / "store")
    store.ingest(folder)
    before = held(store, tmp_path, "mdtrt_d")
    report = store.ingest(folder)
    assert all(counts["identical"] == counts["in"] for counts in report.tables.values())
    pd.testing.assert_frame_equal(before, held(store, tmp_path, "mdtrt_d"))

    world.rows["mdtrt_d"][0]["begntime"] = "2024-02-28 09:00"  # moves to another month
    world.write(folder)
    report = store.ingest(folder)
    assert report.tables["mdtrt_d"] == {"in": 2, "kept": 1, "quarantined": 0, "set_aside": 0, "identical": 1}
    visits = held(store, tmp_path, "mdtrt_d").set_index("mdtrt_id")
    assert len(visits) == 2 and visits.begntime["M00001"] == pd.Timestamp("2024-02-28 09:00")
    assert report.tables["fee_list_d"]["identical"] == 3


def test_void_double_and_negative_settlements_are_set_aside(world, tmp_path):
    world.settle("M00001", "2024-03-07", 50, vali_flag="0")
    world.settle("M00001", "2024-03-08", 50, setl_type="3")
    lone = world.visit("anna", "H1", "2024-05-01 09:00", fee=-80)  # a refund whose original never came
    zero = world.visit("bo", "H1", "2024-05-02 09:00", fee=80)
    world.settle(zero, "2024-05-03", -80)
    report = Store(tmp_path / "store").ingest(world.write(tmp_path / "in"))
    assert report.tables["setl_d"] == {"in": 7, "kept": 4, "quarantined": 0, "set_aside": 3, "identical": 0}
    assert report.tables["mdtrt_d"]["set_aside"] == 1 and lone


def test_check_says_what_a_run_would_do_and_writes_nothing(world, tmp_path):
    world.add(
        "mdtrt_d", mdtrt_id="M6", psn_no="nobody", fixmedins_code="H1", med_type="11", begntime="2024-05-01"
    )
    folder = world.write(tmp_path / "in")
    files = sorted(tmp_path.rglob("*"))
    report, rows = preview(folder)
    assert sorted(tmp_path.rglob("*")) == files
    assert rows == [("mdtrt_d", "mdtrt_d.parquet", 3, "psn_no", "not found in its parent table")]
    assert report == Store(tmp_path / "store").ingest(folder)


def test_what_is_missing_is_one_clear_line(world, tmp_path):
    folder = world.write(tmp_path / "in", without=("setl_d",))
    with pytest.raises(InputError, match="required table setl_d is missing"):
        preview(folder)
    world.frame("setl_d").drop(columns="setl_time").to_parquet(folder / "setl_d.parquet")
    with pytest.raises(
        InputError, match="table setl_d: required column setl_time is missing in setl_d.parquet"
    ):
        preview(folder)
    (folder / "setl_d.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError, match="setl_d.parquet cannot be read"):
        preview(folder)


def test_a_store_that_fails_to_load_is_left_as_it_was(world, tmp_path):
    store = Store(tmp_path / "store")
    store.ingest(world.write(tmp_path / "in"))
    generation = store.generation
    (tmp_path / "in" / "mdtrt_d.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError):
        store.ingest(tmp_path / "in")
    assert store.generation == generation
    assert len(held(store, tmp_path, "mdtrt_d")) == 2
    assert not list(store.path.glob(".work-*"))


def test_files_are_for_their_owner_alone(world, tmp_path):
    store = Store(tmp_path / "store")
    store.ingest(world.write(tmp_path / "in"))
    assert all(not path.stat().st_mode & 0o077 for path in store.generation.rglob("*"))


def test_a_region_s_own_codes_are_read_as_the_national_ones(world, tmp_path):
    world.rows["setl_d"][0]["setl_type"] = "8"  # where 8 is what the nation calls 3, a row that counts twice
    world.rows["setl_d"][1]["setl_type"] = "3"  # and 3 an ordinary one
    folder = world.write(tmp_path / "in")
    means = {"setl_d.setl_type": {"8": "3", "3": "1"}}
    report = preview(folder, means)[0]
    assert report.tables["setl_d"]["set_aside"] == 1
    Store(tmp_path / "store").ingest(folder, means)
    kinds = held(Store(tmp_path / "store"), tmp_path, "setl_d").set_index("mdtrt_id").setl_type
    assert kinds.to_dict() == {"M00001": "3", "M00002": "1"}


@pytest.mark.parametrize("place", ["setl_d.colour", "visits.med_type", "setl_d.medfee_sumamt", "setl_type"])
def test_a_value_map_for_what_is_no_code_is_refused(world, tmp_path, place):
    with pytest.raises(StoreError, match=place):
        preview(world.write(tmp_path / "in"), {place: {"a": "b"}})


# A table alone


def test_a_table_can_come_alone_where_the_store_holds_its_parents(world, tmp_path):
    store = Store(tmp_path / "store")
    whole = store.ingest(world.write(tmp_path / "in", without=("fee_list_d",)))
    world.rows["fee_list_d"][1]["mdtrt_id"] = "nowhere"
    (tmp_path / "alone").mkdir()
    world.frame("fee_list_d").to_parquet(tmp_path / "alone" / "fee_list_d.parquet", index=False)
    report = store.ingest(tmp_path / "alone", partial=True)
    assert report.tables == {
        "fee_list_d": {"in": 3, "kept": 2, "quarantined": 1, "set_aside": 0, "identical": 0}
    }
    assert report.quarantine == {"not found in its parent table: fee_list_d.mdtrt_id": 1}
    assert len(held(store, tmp_path, "mdtrt_d")) == 2 and len(held(store, tmp_path, "fee_list_d")) == 2
    # A run reports the counts of the last whole folder.
    assert store.last_load() == whole
    assert store.ingest(tmp_path / "alone", partial=True).tables["fee_list_d"]["identical"] == 2


def test_a_table_cannot_come_alone_into_an_empty_store_nor_unasked(world, tmp_path):
    (tmp_path / "alone").mkdir()
    world.frame("fee_list_d").to_parquet(tmp_path / "alone" / "fee_list_d.parquet", index=False)
    with pytest.raises(StoreError, match="holds no claims yet"):
        Store(tmp_path / "store").ingest(tmp_path / "alone", partial=True)
    with pytest.raises(InputError, match="required table psn_info_b is missing"):
        Store(tmp_path / "store").ingest(tmp_path / "alone")


# Bad rows


BAD_TIMES = [
    "1900-01-01 09:00", "1989-12-31 23:59", "2199-01-01", "infinity", "epoch", "0044-03-15 (BC)", "24-03-01",
    "2024-03-01 09:00 PM", "2024-03-01 09:00:00Z", "1709254800",
]  # fmt: skip


def test_one_bad_time_is_quarantined_with_what_was_read_and_stops_nothing(world, tmp_path):
    for number, text in enumerate(BAD_TIMES):
        world.add(
            "mdtrt_d",
            mdtrt_id=f"bad-{number}",
            psn_no="anna",
            fixmedins_code="H1",
            med_type="11",
            begntime=text,
        )
    world.rows["psn_info_b"][0]["brdy"] = "1931-05-05"  # a birth, long before any claim
    world.add("hilist_lmt_b", hilist_code="pill", lmt_type="gend", lmt_value="2", enddate="9999-12-31")
    store = Store(tmp_path / "store")
    report = store.ingest(world.write(tmp_path / "in"), today=date(2024, 6, 1))
    assert report.tables["mdtrt_d"]["kept"] == 2 and report.tables["mdtrt_d"]["quarantined"] == len(BAD_TIMES)
    assert report.quarantine == {
        "impossible date: mdtrt_d.begntime": 3,
        "unreadable value: mdtrt_d.begntime": 7,
    }
    quarantine = pd.read_parquet(next((store.path / "loads").glob("*.quarantine.parquet")))
    raw = [json.loads(text)["begntime"] for text in quarantine.sort_values("row").raw]
    assert raw == BAD_TIMES
    con = connect(tmp_path)
    claims = claims_as_of(con, store.tables(con), date(2024, 6, 1))
    assert claims.visits.count().execute() == 2
    con.disconnect()


def test_the_year_to_come_is_possible_and_what_follows_is_not(world, tmp_path):
    visit = dict(psn_no="anna", fixmedins_code="H1", med_type="11")
    world.add("mdtrt_d", mdtrt_id="soon", begntime="2025-06-02 23:00", **visit)
    world.add("mdtrt_d", mdtrt_id="late", begntime="2025-06-03", **visit)
    folder = world.write(tmp_path / "in")
    report = Store(tmp_path / "store").ingest(folder, today=date(2024, 6, 1))
    assert report.quarantine == {"impossible date: mdtrt_d.begntime": 1}
    assert preview(folder)[0].quarantine == {}  # nobody said what day it is


def test_a_stray_quote_costs_its_own_line(world, tmp_path):
    for number in range(300):
        world.person(f"p{number}")
    folder = world.write(tmp_path / "in", as_csv="utf-8")
    lines = (folder / "psn_info_b.csv").read_text().splitlines()
    lines[20] = lines[20].replace("p17", '"p17')
    lines[240] += '"'
    lines[250] = lines[250].replace("p247", "p\udcff247")
    (folder / "psn_info_b.csv").write_text("\n".join(lines) + "\n", errors="surrogateescape")
    store = Store(tmp_path / "store")
    report = store.ingest(folder)
    assert report.tables["psn_info_b"] == {
        "in": 302, "kept": 299, "quarantined": 3, "set_aside": 0, "identical": 0,
    }  # fmt: skip
    assert reasons(store) == {("psn_info_b", row, None, "broken row") for row in (20, 240, 250)}
    assert len(held(store, tmp_path, "psn_info_b")) == 299


def test_what_is_not_taken_is_reported(world, tmp_path):
    folder = world.write(tmp_path / "in")
    (folder / "RX_D.CSV").write_text("a\n")
    store = Store(tmp_path / "store")
    assert store.ingest(folder).not_taken == preview(folder)[0].not_taken == [
        "RX_D.CSV: the ending is none of .parquet, .csv, .csv.gz"
    ]  # fmt: skip
    assert store.last_load().not_taken


def test_a_code_that_floating_point_rounded_is_not_a_code(world, tmp_path):
    folder = world.write(tmp_path / "in", without=("psn_info_b",))
    persons = world.frame("psn_info_b")
    persons["certno"] = [4.208e17, None]
    persons.to_parquet(folder / "psn_info_b.parquet", index=False)
    report = Store(tmp_path / "store").ingest(folder)
    assert report.quarantine["unreadable value: psn_info_b.certno"] == 1
