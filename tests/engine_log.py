"""What the engine was asked for while something was measured: statements, and rows fetched into Python."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import pytest
from ibis.backends.duckdb import Backend

import pipelines.measure
from claims.duckdb_backend import CachingBackend, connect


@dataclass
class EngineLog:
    """Attributes: statements in order; rows fetched, one number a query; expressions that were compiled."""

    statements: list[str] = field(default_factory=list)
    fetched: list[int] = field(default_factory=list)
    expressions: list[ibis.Expr] = field(default_factory=list)

    def scans(self, table: str) -> int:
        """How often statements name a table as a source."""
        source = re.compile(rf'\b(?:FROM|JOIN)\s+(?:"?\w+"?\.)*"?{table}"?(?!\w)', re.IGNORECASE)
        return sum(len(source.findall(text)) for text in self.statements)


@contextmanager
def engine_logged() -> Iterator[EngineLog]:
    """Log what `pipelines.measure` asks the engine for."""
    log, execute, to_pyarrow = EngineLog(), Backend.execute, Backend.to_pyarrow
    compile_ = CachingBackend.compile
    connections: list[Any] = []

    def logged_connection(work: Path, statements: Path | None = None) -> ibis.BaseBackend:
        connections.append(connect(work, statements))
        connections[-1].raw_sql("CALL enable_logging('QueryLog')")
        return connections[-1]

    def executed(*args: Any, **kwargs: Any) -> Any:
        return counted(execute(*args, **kwargs))

    def arrow(*args: Any, **kwargs: Any) -> Any:
        return counted(to_pyarrow(*args, **kwargs))

    def compiled(self: CachingBackend, expr: ibis.Expr, /, **options: Any) -> str:
        log.expressions.append(expr)
        return compile_(self, expr, **options)

    def counted(result: Any) -> Any:
        log.fetched.append(len(result) if hasattr(result, "__len__") else 1)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipelines.measure, "connect", logged_connection)
        patch.setattr(CachingBackend, "compile", compiled)
        patch.setattr(Backend, "execute", executed)
        patch.setattr(Backend, "to_pyarrow", arrow)
        yield log
    for connection in connections:
        rows = connection.raw_sql("SELECT message FROM duckdb_logs WHERE type = 'QueryLog'").fetchall()
        log.statements += [text for (text,) in rows]
        connection.raw_sql("CALL disable_logging()")
