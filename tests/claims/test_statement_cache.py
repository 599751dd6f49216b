"""Compiled statements are found again when the expression is the same, and only then."""

import sqlite3

import ibis
import pytest

from claims import statement_cache
from claims.duckdb_backend import connect
from claims.statement_cache import KEPT_DAYS, StatementCache, digest

VISITS = ibis.table({"mdtrt_id": "string", "psn_no": "string", "cost": "float64", "day": "date"}, "visits")
TWIN = ibis.table({"mdtrt_id": "string", "psn_no": "string", "cost": "float64", "day": "date"}, "stays")
WIDER = ibis.table(
    {"mdtrt_id": "string", "psn_no": "string", "cost": "float64", "day": "timestamp"}, "visits"
)


@ibis.udf.scalar.builtin
def soundex(text: str) -> str: ...


@ibis.udf.scalar.builtin
def upper(text: str) -> str: ...


def ranked(order: str, preceding: int):
    window = ibis.window(group_by="psn_no", order_by=order, preceding=preceding, following=0)
    return VISITS.mutate(total=VISITS.cost.sum().over(window))


def joined(how: str, right=VISITS):
    return VISITS.join(right.view(), "psn_no", how=how).select("mdtrt_id")


# Each differs from its neighbours in one thing that its SQL shows.
DIFFERENT = {
    "a table": lambda: VISITS,
    "another table of the same columns": lambda: TWIN,
    "the same name with another type": lambda: WIDER,
    "a literal": lambda: VISITS.filter(VISITS.cost > 1),
    "another literal": lambda: VISITS.filter(VISITS.cost > 2),
    "the literal as a decimal number": lambda: VISITS.filter(VISITS.cost > 1.5),
    "the literal as text": lambda: VISITS.filter(VISITS.psn_no > "1"),
    "another operation": lambda: VISITS.filter(VISITS.cost >= 1),
    "other operands": lambda: VISITS.filter(VISITS.mdtrt_id > VISITS.psn_no),
    "the operands the other way round": lambda: VISITS.filter(VISITS.psn_no > VISITS.mdtrt_id),
    "a list": lambda: VISITS.filter(VISITS.psn_no.isin(["a", "b"])),
    "a longer list": lambda: VISITS.filter(VISITS.psn_no.isin(["a", "b", "c"])),
    "a name": lambda: VISITS.select(x=VISITS.cost),
    "another name": lambda: VISITS.select(y=VISITS.cost),
    "an aggregate": lambda: VISITS.group_by("psn_no").agg(n=VISITS.cost.sum()),
    "an aggregate of some rows": lambda: VISITS.group_by("psn_no").agg(
        n=VISITS.cost.sum(where=VISITS.cost > 0)
    ),
    "another key": lambda: VISITS.group_by("mdtrt_id").agg(n=VISITS.cost.sum()),
    "a window": lambda: ranked("day", 1),
    "a wider window": lambda: ranked("day", 2),
    "a window in another order": lambda: ranked("cost", 1),
    "a join": lambda: joined("inner"),
    "an outer join": lambda: joined("left"),
    "a semi-join": lambda: joined("semi"),
    "a join with another table": lambda: joined("inner", TWIN),
    "a function of the engine": lambda: VISITS.select(x=soundex(VISITS.psn_no)),
    "another function of the engine": lambda: VISITS.select(x=upper(VISITS.psn_no)),
    "a number of rows": lambda: VISITS.limit(1),
    "the same number of later rows": lambda: VISITS.limit(1, offset=1),
    "an order": lambda: VISITS.order_by("day"),
    "the reverse order": lambda: VISITS.order_by(ibis.desc("day")),
}


def test_expressions_share_a_digest_where_their_sql_is_equal_and_only_there():
    digests = {name: digest(build()) for name, build in DIFFERENT.items()}
    statements = {name: ibis.to_sql(build(), dialect="duckdb") for name, build in DIFFERENT.items()}
    assert len(set(digests.values())) == len(DIFFERENT)
    assert len(set(statements.values())) >= len(DIFFERENT) - 1  # the column's type is in no text of the table
    assert {name: digest(build()) for name, build in DIFFERENT.items()} == digests


def test_views_of_one_table_are_told_apart_within_an_expression():
    one, two = VISITS.view(), VISITS.view()

    def pairs(left, right, third):
        joined = left.join(right, left.psn_no == right.psn_no)
        return joined.join(third, left.psn_no == third.psn_no, rname="{name}_3").select("mdtrt_id")

    three, later = VISITS.view(), VISITS.view()
    assert digest(pairs(one, two, three)) == digest(pairs(two, three, later))
    assert digest(one.cross_join(two)) != digest(one.cross_join(TWIN.view()))


def test_rows_of_an_expression_of_its_own_have_no_digest():
    assert digest(ibis.memtable({"x": [1]})) is None and digest(VISITS) is not None


@pytest.fixture
def forget(monkeypatch):
    """Forget what this process has compiled, as another process would not know it."""
    return lambda: monkeypatch.setattr(statement_cache, "_COMPILED", {})


def test_a_process_compiles_once_whatever_the_store(tmp_path, forget):
    forget()
    first, second = (StatementCache(tmp_path / f"{name}.db") for name in ("first", "second"))
    first.put("a", "SELECT 1")
    assert (second.get("a"), second.get("b")) == ("SELECT 1", None)
    second.close()
    forget()
    assert StatementCache(tmp_path / "second.db").get("a") == "SELECT 1"
    assert StatementCache(tmp_path / "first.db").get("a") is None, "it was not closed"


def test_a_statement_is_compiled_once_and_kept_until_nobody_asks(tmp_path, forget):
    file = tmp_path / "statements.db"
    for opened, known in ((1, False), (2, True)):
        forget()
        work = tmp_path / f"work{opened}"
        work.mkdir()
        con = connect(work, file)
        rows = con.create_table("visits", ibis.memtable({"psn_no": ["a", "b", "b"], "cost": [1.0, 2.0, 3.0]}))
        sums = rows.group_by("psn_no").agg(n=rows.cost.sum()).order_by("psn_no")
        assert (con.statements.get(digest(sums)) is not None) == known
        assert sums.to_pandas().n.tolist() == [1, 5]
        kept = con.create_table("kept", sums)
        assert con.create_table("kept", kept.filter(kept.n > 1), overwrite=True).n.to_pandas().tolist() == [5]
        con.disconnect()
    with sqlite3.connect(file) as stored:
        stored.execute("UPDATE statement SET used = date('now', ?)", [f"-{KEPT_DAYS} days"])
        first = stored.execute("SELECT digest FROM statement LIMIT 1").fetchone()[0]
        stored.execute(
            "UPDATE statement SET used = date('now', ?) WHERE digest = ?", [f"-{KEPT_DAYS + 1} days", first]
        )
    forget()
    StatementCache(file).close()
    assert StatementCache(file).get(first) is None and StatementCache(file)._known


@pytest.mark.parametrize("damage", ["garbage", "folder"])
def test_without_a_usable_file_everything_is_compiled(tmp_path, damage):
    file = tmp_path / "statements.db"
    if damage == "garbage":
        file.write_bytes(b"not a database" * 400)
    else:
        file.mkdir()
    con = connect(tmp_path, file)
    assert con.create_table("two", ibis.memtable({"x": [1, 2]})).x.sum().execute() == 3
    con.disconnect()
    assert bool(StatementCache(file)._known) == (damage == "garbage"), "a damaged file is replaced"
