"""DuckDB shadowed by Spark: what the one is asked, the other is asked of the same rows, and both must agree.

Each statement is compared until it had rows, at most ATTEMPTS times: what a hundred tests ask again says
nothing new of the engines.
"""

import atexit
import functools
import itertools
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

ATTEMPTS = 3
# Relative and absolute error of floats: sums differ in their last digits with the order of their rows.
TOLERANCE = 1e-9
# A statement with other thresholds, or over another frame, is the same to an engine.
_NAMES_AND_NUMBERS = re.compile(r"ibis_\w*memtable_\w+|\b\d+(\.\d+)?\b")
# How often each statement was compared, and those that had rows.
asked: Counter[str] = Counter()
seen: set[str] = set()
_numbers = itertools.count()


@functools.cache
def scratch_folder() -> Path:
    """A folder that goes with the process."""
    folder = tempfile.TemporaryDirectory(prefix="fundguard-spark-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@functools.cache
def spark() -> SparkBackend:
    """One session for the process."""
    return connect_spark(scratch_folder(), {})


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
        key = _NAMES_AND_NUMBERS.sub("", self.compile(rows))
        if key in seen or asked[key] >= ATTEMPTS:
            return
        asked[key] += 1
        expected = super().execute(rows)
        assert_same_rows(spark().execute(self._mirrored(rows)), expected)
        if len(expected):
            seen.add(key)

    def _mirrored(self, rows: ibis.Table) -> ibis.Table:
        """An expression over the same tables in Spark, which gets their rows."""
        tables = rows.op().find(ops.DatabaseTable)
        for name in {table.name for table in tables}:
            # Never the same file again: tasks of an earlier statement may still read it.
            file = scratch_folder() / f"mirrored-{next(_numbers)}.parquet"
            self.raw_sql(f"COPY (FROM \"{name}\") TO '{file}' (FORMAT parquet)")
            spark().read_parquet(file, table_name=name)
        # Some carry the name of the database that they are in.
        nowhere = {table: table.copy(namespace=ops.Namespace()) for table in tables}
        mirrored: ibis.Table = rows.op().replace(nowhere).to_expr()
        return mirrored


def assert_same_rows(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Equal columns and rows in any order; floats within TOLERANCE."""
    assert list(found.columns) == list(expected.columns)
    assert len(found) == len(expected)
    # Whole numbers with gaps are floats to pandas, or not.
    numbers = [c for c in expected if "f" in (found[c].dtype.kind, expected[c].dtype.kind)]
    found, expected = (_sorted(frame.astype(dict.fromkeys(numbers, float))) for frame in (found, expected))
    for column in expected.columns:
        same = _equal(found[column], expected[column])
        pairs = list(zip(found[column][~same][:3], expected[column][~same][:3], strict=True))
        assert same.all(), f"{column}: {(~same).sum()} of {len(same)} differ: {pairs}"


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows in an order that does not hang on the last digits of floats."""
    floats = frame.select_dtypes("float").columns
    keys = frame.drop(columns=floats).astype(str).join(frame[floats].round(4).astype(str))
    order = list(keys.columns)
    return frame.loc[keys.sort_values(order).index].reset_index(drop=True) if order else frame


def _equal(found: pd.Series, expected: pd.Series) -> np.ndarray:
    if expected.dtype.kind == "f":
        return np.isclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    return np.array([_plain(one) == _plain(other) for one, other in zip(found, expected, strict=True)], bool)


def _plain(value: Any) -> Any:
    if isinstance(value, list | np.ndarray | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return None if pd.isna(value) else value


def compared() -> str:
    """What to say at the end of how many statements were compared."""
    return f"{len(asked)} statements compared on DuckDB and Spark, {len(seen)} of them with rows"
