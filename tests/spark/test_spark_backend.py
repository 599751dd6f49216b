"""Tables on Spark are stored, replaced, appended to and read in order as on DuckDB, in any folder."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from ibis import _

from claims.as_of import as_of_time
from claims.duckdb_backend import CachingBackend
from features.rules.finding_text import figure
from pipelines.file_backed import file_backed

pytest.importorskip("pyspark", reason="pip install fundguard[spark]")
from claims.spark_backend import SparkBackend, connect_spark

pytestmark = pytest.mark.spark
SCHEMA = ibis.schema({"id": "string", "n": "int64", "x": "float64"})


@pytest.fixture(scope="module")
def con(tmp_path_factory) -> Iterator[SparkBackend]:
    folder = tmp_path_factory.mktemp("odd") / "a [b] {c} %20 *"
    folder.mkdir()
    con = connect_spark(folder, {})
    yield con
    con.disconnect()


def rows(*values: tuple) -> ibis.Table:
    return ibis.memtable(pd.DataFrame(values, columns=list(SCHEMA)), schema=SCHEMA)


def fetched(table: ibis.Table) -> list[tuple]:
    frame = table.order_by("id").to_pandas().astype(object)
    return list(frame.where(frame.notna(), None).itertuples(index=False, name=None))


def test_a_table_is_stored_and_replaced_by_itself(con):
    table = con.create_table("numbers", rows(("a", 1, 0.5), ("b", 2, None)))
    assert fetched(table) == [("a", 1, 0.5), ("b", 2, None)]
    table = con.create_table("numbers", table.mutate(n=table.n + 1), overwrite=True)
    assert fetched(table) == fetched(con.table("numbers")) == [("a", 2, 0.5), ("b", 3, None)]


def test_rows_are_added_by_name(con):
    con.create_table("added", schema=SCHEMA)
    con.append("added", rows(("a", 1, 0.5)).select("x", "id", "n"))
    con.append("added", rows(("b", 2, 1.5)))
    assert fetched(con.table("added")) == [("a", 1, 0.5), ("b", 2, 1.5)]


def test_a_failed_append_leaves_the_table(con):
    con.create_table("whole", rows(("a", 1, 0.5)), overwrite=True)
    with pytest.raises(Exception, match="raise_error|USER_RAISED"):
        con.append("whole", rows(("b", 2, 1.5)).mutate(n=_stop(_.id)))
    assert fetched(con.table("whole")) == [("a", 1, 0.5)]


@ibis.udf.scalar.builtin(name="raise_error")
def _stop(text: str) -> int: ...


def test_a_table_joined_with_others_keeps_its_rows(con):
    con.create_table("base", rows(("a", 1, 0.5), ("b", 2, 1.5)))
    con.create_table("fact_one", rows(("a", 7, 0.5)).select("id", one="n"))
    con.create_table("fact_two", rows(("b", 8, 0.5)).select("id", two="n"))
    joined = con.create_joined("joined", "base", ["fact_one", "fact_two"], "id", zeros=["later"])
    assert fetched(joined.select("id", "one", "two", "later")) == [("a", 7, None, 0.0), ("b", None, 8, 0.0)]


def test_batches_come_in_the_order_of_the_rows(con, tmp_path: Path):
    con._session.conf.set("spark.sql.files.maxRecordsPerFile", "100")
    numbers = np.random.default_rng(3).permutation(1000)
    shuffled = pd.DataFrame({"id": [f"v{n:04}" for n in numbers], "n": numbers, "x": numbers / 2})
    stored = con.create_table("long", ibis.memtable(shuffled, schema=SCHEMA).order_by("id"))
    assert max(len(batch) for batch in con.batches(stored, 64)) <= 64
    frame = file_backed(stored, "id", tmp_path)
    assert frame.index.tolist() == sorted(shuffled.id) and frame["x"].tolist() == [n / 2 for n in range(1000)]


def test_the_as_of_time_is_of_the_connection(con):
    con.set_as_of(datetime(2024, 5, 6))
    seen = con.execute(rows(("a", 1, 0.5)).select(at=as_of_time()))
    assert seen["at"].tolist() == [pd.Timestamp(2024, 5, 6)]


HALVES = (2.675, 1.005, -2.675, 0.125, 12345678.905, 1e-9, 134.215, 0.0, 5.0)


def test_floats_are_rounded_and_written_as_on_duckdb(con):
    table = rows(*((f"{n}", n, value) for n, value in enumerate(HALVES)))
    asked = table.select("id", "n", x=_.x.round(2), text=figure(_.x), whole=_.x.round().cast("string"))
    duckdb: CachingBackend = CachingBackend().connect()
    expected, found = (one.execute(asked.order_by("id")) for one in (duckdb, con))
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert found.text.tolist() == ["2.68", "1", "-2.68", "0.13", "12345678.91", "0", "134.22", "0", "5"]
