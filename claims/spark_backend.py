"""The engine on Spark: Ibis's PySpark backend, with the tables of a scratch folder."""

import itertools
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import ibis
import ibis.expr.operations as ops
import pandas as pd
import pyarrow as pa
import sqlglot.expressions as sge
from ibis.backends.duckdb.converter import DuckDBPandasData
from ibis.backends.pyspark import Backend
from ibis.backends.pyspark.datatypes import PySparkSchema
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from pyarrow.types import is_nested as nested
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from claims.duckdb_backend import joined_query
from claims.errors import StoreError

# What the expressions mean depends on these, so nobody may choose them: times carry no zone, and a division
# by zero is null instead of an error.
MEANING = {
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Rows that come to the driver at once (`SparkBackend.batches`).
    "spark.sql.files.maxRecordsPerFile": "1000000",
}
# Where no cluster is named: this machine, whose few cores need few partitions.
LOCAL = {
    "spark.master": "local[2]",
    "spark.driver.memory": "4g",
    "spark.driver.maxResultSize": "0",
    "spark.sql.shuffle.partitions": "2",
    # Statements are many and small: compiling them well takes twice the time of compiling them plainly.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


class SparkCompiler(PySparkCompiler):  # type: ignore[misc]
    """Spark's SQL where it means the same as DuckDB's."""

    __slots__ = ()

    def visit_Round(self, op: ops.Round, *, arg: Any, digits: Any) -> Any:
        """Round the float itself; Spark's own would round the shortest decimal that stands for it."""
        if not op.arg.dtype.is_floating() or op.dtype.is_integer():
            return super().visit_Round(op, arg=arg, digits=digits)
        scale = sge.convert(10.0**op.digits.value)
        return self.f.round(sge.Mul(this=sge.paren(arg), expression=scale), 0) / scale

    def visit_Median(self, op: ops.Median, *, arg: Any, where: Any) -> Any:
        """The middle of the rows asked for; Ibis 12 would make the share conditional, too."""
        return self.visit_Quantile(op, arg=arg, quantile=sge.convert(0.5), where=where)


class SparkBackend(Backend):  # type: ignore[misc]
    """Tables are Parquet in a scratch folder that driver and executors reach, so that no plan grows over
    them."""

    compiler = SparkCompiler()
    scratch: str
    _numbers: Iterator[int]
    _folders: dict[str, str]

    def create_table(
        self, name: str, /, obj: Any = None, *, schema: Any = None, overwrite: bool = False
    ) -> ibis.Table:
        """Compute a table and write it; a table of that name is there no more.

        An overwritten table's files stay until the end, for views may still read them.
        """
        if obj is None:
            frame = self._session.createDataFrame([], PySparkSchema.from_ibis(ibis.schema(schema)))
        else:
            frame = self._frame(obj)
        return self._written(name, frame)

    def append(self, name: str, rows: ibis.Table) -> None:
        """Add rows to a table by the names of their columns, whole or not at all."""
        folder, known = self._folders[name], self._session.table(name)
        self._frame(rows).select(known.columns).write.mode("append").parquet(folder)
        self._register(name, folder, known.schema)

    def create_joined(
        self, name: str, base: str, parts: list[str], key: str, zeros: Sequence[str] = ()
    ) -> ibis.Table:
        """Store a table with the columns of others that have its key at most once, and some that are 0."""
        return self._written(name, self._session.sql(joined_query(base, parts, key, zeros)))

    def set_as_of(self, instant: datetime) -> None:
        """Define `claims.as_of.as_of_time`."""
        self.raw_sql(
            "CREATE OR REPLACE TEMPORARY FUNCTION as_of_time() RETURNS TIMESTAMP_NTZ "
            f"RETURN TIMESTAMP_NTZ '{instant}'"
        )

    def read_parquet(self, path: Any, /, *, table_name: str | None = None, **_options: Any) -> ibis.Table:
        """Files as a table with the columns of the first."""
        files = [path] if isinstance(path, str | Path) else list(path)
        files = [_pattern(f"file://{Path(file).resolve()}") for file in files]
        schema = self._session.read.parquet(files[0]).schema
        self._session.read.schema(schema).parquet(*files).createOrReplaceTempView(str(table_name))
        return self.table(str(table_name))

    def batches(self, rows: ibis.Table, size: int) -> Iterator[pa.RecordBatch]:
        """The rows of a stored table in their order, some at a time; the driver holds one file's."""
        folder, schema = self._folders[rows.op().name], self._session.table(rows.op().name).schema
        reader = self._session.read.schema(schema)
        for file in sorted(reader.parquet(_pattern(folder)).inputFiles()):
            yield from reader.parquet(_pattern(unquote(file))).toArrow().to_batches(size)

    def execute(self, expr: ibis.Expr, /, *, params: Any = None, limit: Any = None, **_options: Any) -> Any:
        """The rows of an expression as pandas has them, with the types that DuckDB's have."""
        self._run_pre_execute_hooks(expr)
        table = expr.as_table()
        arrow = self._session.sql(self.compile(table, params=params, limit=limit)).toArrow()
        columns = {
            name: column.to_pylist() if column.null_count or nested(column.type) else column.to_pandas()
            for name, column in zip(arrow.column_names, arrow.columns, strict=True)
        }
        frame = DuckDBPandasData.convert_table(pd.DataFrame(columns), table.schema())
        return expr.__pandas_result__(frame)

    def leave_memory(self) -> None:
        """Nothing, for executors have memory of their own."""

    def disconnect(self) -> None:
        """Drop the views; the session's cluster is given back when the process ends."""
        for name in self._folders:
            self._session.catalog.dropTempView(name)

    def _frame(self, rows: ibis.Table) -> DataFrame:
        """Rows with the types that Ibis says they have; some functions of Spark give wider ones."""
        self._run_pre_execute_hooks(rows)
        types = PySparkSchema.from_ibis(rows.schema())
        frame = self._session.sql(self.compile(rows))
        typed: DataFrame = frame.select(*(frame[field.name].cast(field.dataType) for field in types))
        return typed

    def _written(self, name: str, frame: DataFrame) -> ibis.Table:
        folder = f"{self.scratch}/{name}-{next(self._numbers)}"
        frame.write.parquet(folder)
        return self._register(name, folder, frame.schema)

    def _register(self, name: str, folder: str, schema: StructType) -> ibis.Table:
        # A schema that is given need not be read from the files again.
        self._session.read.schema(schema).parquet(_pattern(folder)).createOrReplaceTempView(name)
        self._folders[name] = folder
        return self.table(name)

    def _register_in_memory_table(self, op: Any) -> None:
        self._session.createDataFrame(op.data.to_pyarrow(op.schema)).createOrReplaceTempView(op.name)


def _pattern(path: str) -> str:
    """A path as Spark reads it: brackets and stars are none of a pattern."""
    return re.sub(r"([\[\]{}*?])", r"\\\1", path)


def connect_spark(work: Path, options: Mapping[str, str]) -> SparkBackend:
    """A session of its own on a cluster, or on this machine where none is named.

    Args:
        work: scratch folder of this run.
        options: Spark's own, of the session and of the cluster.

    Raises:
        StoreError: there is no Java.
    """
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise StoreError('engine = "spark" needs Java 17: there is no java on the path and no JAVA_HOME')
    builder = SparkSession.builder.appName("fundguard")
    for key, value in {**({} if "spark.master" in options else LOCAL), **options, **MEANING}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate().newSession()
    for key, value in MEANING.items():
        session.conf.set(key, value)
    SparkBackend.register_options()
    con: SparkBackend = SparkBackend().connect(session)
    # Spark's warnings print parts of plans, and with them values of rows.
    session.sparkContext.setLogLevel("ERROR")
    con.scratch, con._numbers, con._folders = f"file://{work.resolve()}", itertools.count(), {}
    return con
