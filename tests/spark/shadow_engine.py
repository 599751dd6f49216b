"""DuckDB shadowed by Spark: what the one is asked, the other is asked of the same rows, and both must agree.

Each statement is compared until it had rows, at most ATTEMPTS times: what a hundred tests ask again says
nothing new of the engines.
"""

import atexit
import functools
import re
import tempfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.operations as ops
import numpy as np
import pandas as pd

from claims.duckdb_backend import CachingBackend
from claims.spark_backend import SparkBackend, connect_spark
from claims.statement_cache import digest

ATTEMPTS = 3
# Relative and absolute error of floats: sums differ in their last digits with the order of their rows.
TOLERANCE = 1e-9
_NAMES_OF_FRAMES = re.compile(r"ibis_\w*memtable_\w+")
# How often each statement was compared, and those that had rows.
asked: Counter[str] = Counter()
seen: set[str] = set()


@functools.cache
def spark() -> SparkBackend:
    """One session for the process, in a folder that goes with it."""
    folder = tempfile.TemporaryDirectory(prefix="fundguard-spark-")
    atexit.register(folder.cleanup)
    con = connect_spark(Path(folder.name), {})
    con._session.sparkContext.setLogLevel("OFF")
    return con


class ShadowedBackend(CachingBackend):
    """As DuckDB; raises AssertionError where Spark finds other rows."""

    def create_table(self, name: str, /, obj: Any = None, **options: Any) -> ibis.Table:
        if isinstance(obj, ibis.Table):
            self._compare(obj)
        return super().create_table(name, obj, **options)

    def create_view(self, name: str, /, obj: ibis.Table, **options: Any) -> ibis.Table:
        self._compare(obj)
        return super().create_view(name, obj, **options)

    def append(self, name: str, rows: ibis.Table) -> None:
        self._compare(rows)
        super().append(name, rows)

    def execute(self, expr: ibis.Expr, /, **options: Any) -> Any:
        if not options.get("limit"):
            self._compare(expr.as_table())
        return super().execute(expr, **options)

    def set_as_of(self, instant: datetime) -> None:
        spark().set_as_of(instant)
        super().set_as_of(instant)

    def _compare(self, rows: ibis.Table) -> None:
        key = digest(rows) or _NAMES_OF_FRAMES.sub("", self.compile(rows))
        if key in seen or asked[key] >= ATTEMPTS:
            return
        asked[key] += 1
        expected = super().execute(rows)
        with tempfile.TemporaryDirectory(prefix="fundguard-shadow-") as folder:
            self._mirror(rows, Path(folder))
            assert_same_rows(spark().execute(rows), expected)
        if len(expected):
            seen.add(key)

    def _mirror(self, rows: ibis.Table, folder: Path) -> None:
        """Give Spark the rows of the tables that an expression reads."""
        for name in {node.name for node in rows.op().find(ops.DatabaseTable)}:
            file = folder / f"{name}.parquet"
            self.raw_sql(f"COPY (FROM \"{name}\") TO '{file}' (FORMAT parquet)")
            spark().read_parquet(file, table_name=name)


def assert_same_rows(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Equal columns, types and rows in any order; floats within TOLERANCE."""
    assert list(found.columns) == list(expected.columns)
    assert found.dtypes.to_dict() == expected.dtypes.to_dict()
    assert len(found) == len(expected)
    found, expected = _sorted(found), _sorted(expected)
    for column in expected.columns:
        differing = [pair for pair in zip(found[column], expected[column], strict=True) if not _equal(*pair)]
        assert not differing, f"{column}: {len(differing)} of {len(found)} differ: {differing[:3]}"


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows in an order that does not hang on the last digits of floats."""
    floats = frame.select_dtypes("float").columns
    keys = frame.drop(columns=floats).astype(str).join(frame[floats].round(4).astype(str))
    order = list(keys.columns)
    return frame.loc[keys.sort_values(order).index].reset_index(drop=True) if order else frame


def _equal(found: Any, expected: Any) -> bool:
    if isinstance(expected, list | np.ndarray | tuple):
        return list(found) == list(expected)
    if pd.isna(expected) or pd.isna(found):
        return bool(pd.isna(expected) and pd.isna(found))
    if isinstance(expected, float):
        return bool(np.isclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE))
    return bool(found == expected)


def compared() -> str:
    """What to say at the end of how many statements were compared."""
    return f"{len(asked)} statements compared on DuckDB and Spark, {len(seen)} of them with rows"
