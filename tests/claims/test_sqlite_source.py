"""Claims in a database that is not PostgreSQL: SQLite, by SQLAlchemy, names in capitals as some have."""

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from claims import sql_source
from claims.sql_source import extract
from claims.store import Store
from claims.tables import TABLES
from pipelines.ingest import ingest
from pipelines.settings import Settings
from tests.claims.test_sql_source import TODAY, fill, rows_of, world
from tests.conftest import fundguard


@pytest.fixture(params=["small", "capitals"])
def address(request, tmp_path) -> str:
    address = f"sqlite:///{tmp_path}/bureau.db"
    engine = sa.create_engine(address)
    fill(engine, world())
    if request.param == "capitals":
        with engine.begin() as bureau:
            for name in sa.inspect(bureau).get_table_names():
                bureau.execute(sa.text(f"alter table {name} rename to {name}_"))
                bureau.execute(sa.text(f"alter table {name}_ rename to {name.upper()}"))
            for name in ("setl_time", "mdtrt_id"):
                bureau.execute(sa.text(f"alter table SETL_D rename column {name} to {name.upper()}"))
    engine.dispose()
    return address


def test_the_rows_are_those_of_the_same_files(address, tmp_path):
    by_sql, by_files = Store(tmp_path / "sql"), Store(tmp_path / "files")
    ingest(by_sql, address, Settings(), TODAY)
    by_files.ingest(world().write(tmp_path / "in"), today=TODAY)
    for name in ("psn_info_b", "fixmedins_b", "mdtrt_d", "setl_d", "fee_list_d", "hilist_b"):
        assert rows_of(by_sql, name) == rows_of(by_files, name) != []


def test_only_what_is_new_is_read_and_a_block_at_a_time(address, tmp_path, monkeypatch):
    seen: list[int] = []
    block = sql_source._block
    monkeypatch.setattr(sql_source, "BLOCK", 1)
    monkeypatch.setattr(
        sql_source, "_block", lambda rows, *more: seen.append(len(rows)) or block(rows, *more)
    )
    extract(address, tmp_path, date(2024, 6, 1))
    rows = {name: sum(1 for _ in parquet_rows(tmp_path, name)) for name in TABLES if there(tmp_path, name)}
    # The visit of April was settled in June: it comes whole, with persons, institutions and the catalogue.
    assert (rows["mdtrt_d"], rows["setl_d"], rows["fee_list_d"], rows["psn_info_b"]) == (1, 1, 1, 1)
    assert rows["hilist_b"] > 5 and set(seen) == {1}


def there(folder: Path, name: str) -> bool:
    return (folder / f"{name}.parquet").exists()


def parquet_rows(folder: Path, name: str) -> list[dict]:
    return sql_source.pq.read_table(folder / f"{name}.parquet").to_pylist()


def test_a_database_that_is_none_is_one_line(tmp_path):
    (tmp_path / "notes.db").write_text("no database, but a text of some length" * 100)
    done = fundguard("check", f"sqlite:///{tmp_path}/notes.db")
    assert done.status == 1 and done.err.count("\n") == 1 and "notes.db cannot be read" in done.err
