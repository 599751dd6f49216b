"""Claims in a real PostgreSQL, started by the tests where Debian's package is installed."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from claims import sql_source
from claims.duckdb_backend import connect
from claims.errors import InputError
from claims.sql_source import PASSWORD, extract, is_address
from claims.store import Store, scratch
from claims.tables import TABLES, TIME
from pipelines.ingest import ingest, read_from
from pipelines.settings import Settings
from tests.conftest import free_port, fundguard
from tests.postgresql_server import postgresql
from tests.tiny import World

TODAY = date(2024, 7, 1)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Address of a PostgreSQL server of these tests' own, without the database."""
    with postgresql() as running:
        yield running.address.replace("postgresql://", "postgresql+psycopg://")


def world() -> World:
    """A woman, a hospital, two visits in spring; a third begins in spring and is settled in June."""
    made = World()
    made.person("0042", certno="420102196001010028")
    made.hospital("H1")
    for day in ("2024-03-05 09:30", "2024-04-05 09:00"):
        made.visit("0042", "H1", day, lines=[("lab", 1, 30)])
    made.visit("0042", "H1", "2024-04-20 09:00", settled="2024-06-28 10:00", lines=[("lab", 2, 30)])
    return made


@pytest.fixture
def database(server) -> Iterator[tuple[str, sa.Engine]]:
    """A database of the bureau's, empty; its address and a connection of the bureau's."""
    name = f"bureau{free_port()}"
    admin = sa.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
    engine = sa.create_engine(f"{server}/{name}")
    yield f"{server}/{name}", engine
    engine.dispose()
    admin.dispose()


def fill(engine: sa.Engine, made: World, textual: bool = False) -> None:
    """Write the rows of a world as tables of the database; times as times unless `textual`."""
    for name, table in TABLES.items():
        frame = made.frame(name)
        if len(frame):
            frame = frame.dropna(axis=1, how="all")
            for column in frame.columns:
                if column in table.columns and table.kind(column) == TIME and not textual:
                    frame[column] = pd.to_datetime(frame[column], format="mixed")
            frame.to_sql(name, engine, index=False, if_exists="replace")


def rows_of(store: Store, name: str) -> list[tuple]:
    with scratch(store.path) as work:
        con = connect(work)
        found = store.tables(con)[name].to_pandas().astype(object)
        con.disconnect()
    return sorted(map(repr, found.itertuples(index=False, name=None)))


def test_what_is_an_address():
    assert is_address("postgresql+psycopg://reader@host/db") and not is_address(Path("/data/claims"))


@pytest.mark.parametrize("textual", [False, True], ids=["times", "texts"])
def test_a_database_gives_the_rows_of_the_same_files(database, tmp_path, textual):
    address, engine = database
    fill(engine, world(), textual)
    by_sql, by_files = Store(tmp_path / "sql"), Store(tmp_path / "files")
    load = ingest(by_sql, address, Settings(), TODAY)
    by_files.ingest(world().write(tmp_path / "in"), today=TODAY)
    assert load.report.tables["mdtrt_d"] == {
        "in": 3, "kept": 3, "quarantined": 0, "set_aside": 0, "identical": 0,
    }  # fmt: skip
    for name in ("psn_info_b", "fixmedins_b", "mdtrt_d", "setl_d", "fee_list_d", "hilist_b"):
        assert rows_of(by_sql, name) == rows_of(by_files, name) != []
    assert not list(by_sql.path.glob(".work-*"))


def test_the_next_time_only_what_is_new_is_read_and_what_was_settled_late_comes_whole(database, tmp_path):
    address, engine = database
    fill(engine, world())
    store, settings = Store(tmp_path / "store"), Settings(late_days=10)
    ingest(store, address, settings, date(2024, 5, 1))
    assert read_from(store, settings) == date(2024, 4, 21)
    with engine.begin() as bureau:
        # A correction within the days that are read again, and one of a visit too old to be seen.
        bureau.execute(sa.text("update mdtrt_d set med_type = '14' where begntime > '2024-04-10'"))
        bureau.execute(sa.text("update mdtrt_d set med_type = '14' where begntime < '2024-03-10'"))
    report = ingest(store, address, settings, TODAY).report
    # The visit began before the day, its settlement did not: both come, with their lines.
    assert {name: report.tables[name]["in"] for name in ("mdtrt_d", "setl_d", "fee_list_d")} == {
        "mdtrt_d": 1, "setl_d": 1, "fee_list_d": 1,
    }  # fmt: skip
    assert report.tables["psn_info_b"]["identical"] == 1 and report.until == "2024-07-01"
    changed = [row for row in rows_of(store, "mdtrt_d") if "'14'" in row]
    assert len(changed) == 1 and "2024-04-20" in changed[0] and len(rows_of(store, "mdtrt_d")) == 3


def test_memory_is_bounded_by_the_block_and_not_by_the_table(database, tmp_path, monkeypatch):
    address, engine = database
    made = world()
    fill(engine, made)
    with engine.begin() as bureau:
        copies = (
            "insert into psn_info_b (psn_no, gend, brdy, insutype) "
            "select 'x' || n, gend, brdy, insutype from psn_info_b, generate_series(1, 5000) n"
        )
        bureau.execute(sa.text(copies))
    seen: list[int] = []
    block = sql_source._block
    monkeypatch.setattr(sql_source, "BLOCK", 1_000)
    monkeypatch.setattr(
        sql_source, "_block", lambda rows, *more: seen.append(len(rows)) or block(rows, *more)
    )
    extract(address, tmp_path)
    assert max(seen) == 1_000 and pq.read_metadata(tmp_path / "psn_info_b.parquet").num_rows == 5_001


def test_columns_that_the_contract_does_not_know_are_reported_and_never_read(database, tmp_path):
    address, engine = database
    fill(engine, world())
    with engine.begin() as bureau:
        bureau.execute(sa.text("alter table psn_info_b add column psn_name text default '王小明'"))
    extract(address, tmp_path)
    assert "王小明".encode() not in (tmp_path / "psn_info_b.parquet").read_bytes()
    report = ingest(Store(tmp_path / "store"), address, Settings(), TODAY).report
    assert report.extra["psn_info_b"] == ["psn_name"]


def test_times_with_a_zone_are_local_and_numbers_keep_their_digits(database, tmp_path):
    address, engine = database
    fill(engine, world())
    with engine.begin() as bureau:
        for change in (
            "alter table setl_d alter setl_time type timestamptz using '2024-03-05 20:00+00'::timestamptz",
            "alter table setl_d alter medfee_sumamt type numeric(12,2)",
            "alter table psn_info_b alter insutype type numeric(5,0) using insutype::numeric",
        ):
            bureau.execute(sa.text(change))
    extract(address, tmp_path)
    settled = pd.read_parquet(tmp_path / "setl_d.parquet")
    assert set(settled.setl_time) == {pd.Timestamp("2024-03-06 04:00")}
    assert set(settled.medfee_sumamt) == {30.0, 60.0}
    assert pd.read_parquet(tmp_path / "psn_info_b.parquet").insutype.tolist() == ["310"]


# What goes wrong


def test_a_password_in_the_address_is_refused_and_never_shown(tmp_path):
    done = fundguard("check", "postgresql+psycopg://reader:hunter2@127.0.0.1:1/db")
    assert (
        done.status == 1 and done.err.count("\n") == 1 and PASSWORD in done.err and "hunter2" not in done.err
    )


@pytest.mark.parametrize(
    "address, words",
    [
        ("nonsense://x", "is none of SQLAlchemy's"),
        ("postgresql+psycopg//://", "is none of SQLAlchemy's"),
        ("mysql+nodriver://x/y", "is none of SQLAlchemy's"),
        ("mysql+pymysql://x/y", "pymysql of that database is not"),
    ],
)  # fmt: skip
def test_a_wrong_address_is_one_line(tmp_path, address, words):
    with pytest.raises(InputError, match=words):
        extract(address, tmp_path)


def test_a_server_that_is_not_there_is_an_error_worth_another_try(server, tmp_path):
    with pytest.raises(ConnectionError, match=r"reader@127\.0\.0\.1:1/db cannot be reached or went away"):
        extract("postgresql+psycopg://reader@127.0.0.1:1/db", tmp_path)


def test_a_database_without_our_tables_is_named(database, tmp_path):
    with pytest.raises(InputError, match="has none of the tables of the contract$"):
        extract(database[0], tmp_path)


def test_a_server_that_goes_away_in_the_middle_leaves_the_store_as_it_was(database, tmp_path, monkeypatch):
    address, engine = database
    fill(engine, world())
    store = Store(tmp_path / "store")
    ingest(store, address, Settings(), TODAY)
    before = sorted(path.name for path in store.path.rglob("*"))
    copy = sql_source._copy

    def cut(connection: sa.Connection, *more) -> None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as bureau:
            others = (
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where pid <> pg_backend_pid() and datname = current_database()"
            )
            bureau.execute(sa.text(others))
        copy(connection, *more)

    monkeypatch.setattr(sql_source, "_copy", cut)
    with pytest.raises(ConnectionError, match="went away"):
        ingest(store, address, Settings(), TODAY)
    assert sorted(path.name for path in store.path.rglob("*")) == before


def test_the_command_takes_an_address(database, tmp_path):
    address, engine = database
    fill(engine, world())
    done = fundguard("check", address)
    assert (done.status, done.err) == (0, "") and "mdtrt_d" in done.out


def test_without_a_driver_the_reason_is_said(tmp_path):
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from pathlib import Path\n"
        "from claims.sql_source import extract\n"
        "extract('postgresql+psycopg://reader@127.0.0.1/db', Path('.'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "InputError: the driver psycopg of that database is not installed" in done.stderr
