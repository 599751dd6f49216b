"""Compiled SQL of Ibis expressions, kept between runs.

Compiling an expression costs about 40 ms whatever the rows, and a run compiles some four hundred; the same
expressions come again every night. An expression is recognized by a digest of its operations, so a change of
the code, of a table's columns or of a literal is another expression. Nothing breaks without the file: what it
does not have is compiled.
"""

import contextlib
import enum
import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.operations as ops
from ibis.common.graph import Node

# Statements not asked for in so many days are of code or tables that are gone.
KEPT_DAYS = 60

# Of what SQL depends on beside the expression.
VERSIONS = (
    f"ibis {version('ibis-framework')}, sqlglot {version('sqlglot')}, duckdb, aggregates without filter"
)

_PLAIN = (str, bytes, int, float, Decimal, date, time, timedelta, enum.Enum, type(None))


# What this process has compiled, for whatever store: a second load or notebook's run compiles nothing again.
_COMPILED: dict[str, str] = {}


class StatementCache:
    """Digest → SQL; read from a SQLite file when opened, and what is new written when closed.

    A file that cannot be read or written is no error: its statements are compiled again, once a process.
    """

    def __init__(self, file: Path | None = None):
        self._file = file
        self._known = dict(_stored(file)) if file else {}
        self._used: set[str] = set()
        self._new: dict[str, str] = {}

    def get(self, digest: str) -> str | None:
        """The SQL of an expression; None where it was not compiled before."""
        self._used.add(digest)
        if digest not in self._known and digest in _COMPILED:
            self.put(digest, _COMPILED[digest])
        return self._known.get(digest)

    def put(self, digest: str, sql: str) -> None:
        """Keep what was compiled."""
        self._known[digest] = self._new[digest] = _COMPILED[digest] = sql

    def close(self) -> None:
        """Write what is new and which were used, in one transaction, and forget what nobody asks for."""
        if self._file is None:
            return
        with contextlib.suppress(sqlite3.Error), _opened(self._file) as con:
            con.execute("CREATE TABLE IF NOT EXISTS statement (digest PRIMARY KEY, sql TEXT, used TEXT)")
            con.executemany("INSERT OR REPLACE INTO statement VALUES (?, ?, date())", self._new.items())
            con.executemany(
                "UPDATE statement SET used = date() WHERE digest = ? AND used < date()",
                [(digest,) for digest in self._used],
            )
            con.execute("DELETE FROM statement WHERE used < date('now', ?)", [f"-{KEPT_DAYS} days"])


def digest(expression: ibis.Expr) -> str | None:
    """A digest of an expression that is equal wherever its SQL is.

    Returns:
        Hexadecimal digits; None where the expression holds rows of its own (`ibis.memtable`), whose names are
        drawn, or an argument that has no lasting text.
    """
    try:
        found = _Digest().of(expression.as_table().op())
    except _NoLastingTextError:
        return None
    settings = f"{VERSIONS}, fused {ibis.options.sql.fuse_selects}".encode()
    return hashlib.blake2b(found + settings, digest_size=16).hexdigest()


class _NoLastingTextError(Exception):
    """An argument of an operation that cannot be told again in another process."""


class _Digest:
    """Digests of the operations of one expression, each computed once."""

    def __init__(self) -> None:
        self._nodes: dict[int, bytes] = {}
        self._references: dict[int, int] = {}

    def of(self, value: Any) -> bytes:
        """The digest of an operation, or the text of one of its arguments."""
        if isinstance(value, Node):
            if id(value) not in self._nodes:
                self._nodes[id(value)] = self._of_node(value)
            return self._nodes[id(value)]
        if isinstance(value, tuple | list):
            return b"(%b)" % b",".join(map(self.of, value))
        if isinstance(value, ibis.Schema):
            return repr(tuple(value.items())).encode()
        if isinstance(value, Mapping):
            return b"{%b}" % b",".join(self.of(key) + b":" + self.of(one) for key, one in value.items())
        if isinstance(value, frozenset):
            return b"<%b>" % b",".join(sorted(map(self.of, value)))
        if isinstance(value, (*_PLAIN, ibis.DataType)):
            return f"{type(value).__name__} {value!r}".encode()
        if isinstance(value, ops.Namespace):
            return repr((value.catalog, value.database)).encode()
        if isinstance(value, ibis.BaseBackend):
            return str(value.name).encode()
        raise _NoLastingTextError

    def _of_node(self, node: Node) -> bytes:
        if isinstance(node, ops.InMemoryTable):
            raise _NoLastingTextError
        text = hashlib.blake2b(type(node).__name__.encode(), digest_size=16)
        if isinstance(node, ops.ScalarUDF | ops.AggUDF):
            text.update(f"{node.__func_name__} {node.__input_type__} {node.dtype!r}".encode())
        for name, value in zip(node.__argnames__, node.__args__, strict=True):
            if name == "identifier" and isinstance(node, ops.SelfReference):
                # Numbered through the process: what matters is which references of the expression are one.
                value = self._references.setdefault(value, len(self._references))
            text.update(b"|" + self.of(value))
        return text.digest()


def _stored(file: Path) -> list[tuple[str, str]]:
    try:
        with _opened(file) as con:
            return con.execute("SELECT digest, sql FROM statement").fetchall()
    except sqlite3.OperationalError:
        # Not made yet, locked, or not ours to read.
        return []
    except sqlite3.DatabaseError:
        # Damaged: another takes its place.
        with contextlib.suppress(OSError):
            file.unlink()
        return []


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose changes are kept if all of them succeed."""
    with contextlib.closing(sqlite3.connect(file, timeout=5)) as con, con:
        yield con
