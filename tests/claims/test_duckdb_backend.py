"""The engine's tables: what is remembered of them is what they are."""

import ibis
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claims.duckdb_backend import CachingBackend

ROWS = ibis.memtable({"psn_no": ["anna", "bert"], "cost": [1.5, 2.5]})


@pytest.fixture
def con() -> CachingBackend:
    return CachingBackend().connect()


def test_a_table_made_of_an_expression_has_its_columns_and_rows(con):
    made = con.create_table("costs", ROWS.mutate(dear=ROWS.cost > 2, n=ibis.literal(1, type="int8")))
    asked = super(CachingBackend, con).get_schema("costs")
    assert dict(made.schema()) == dict(con.table("costs").schema()) == dict(asked)
    assert made.to_pandas().dear.tolist() == [False, True]


@pytest.mark.parametrize("rows", [ROWS.select("psn_no"), pd.DataFrame({"psn_no": ["anna", "bert"]})])
def test_a_table_that_takes_the_place_of_another_is_known_by_its_own_columns(con, rows):
    """Made of an expression or of a frame."""
    con.create_table("costs", ROWS)
    con.create_table("costs", rows, overwrite=True)
    assert con.table("costs").columns == ("psn_no",)
    assert con.table("costs").to_pandas().psn_no.tolist() == ["anna", "bert"]


def test_names_that_the_engine_would_not_take_plain_are_quoted(con):
    made = con.create_table('a "table"', ROWS.rename({'a "column"': "cost"}))
    assert made.columns == ("psn_no", 'a "column"') and made.count().execute() == 2


AGGREGATES = {
    "count": lambda t, w: t.count(where=w),
    "values": lambda t, w: t.x.count(where=w),
    "different": lambda t, w: t.name.nunique(where=w),
    "sum": lambda t, w: t.x.sum(where=w),
    "mean": lambda t, w: t.x.mean(where=w),
    "share": lambda t, w: t.flag.mean(where=w),
    "least": lambda t, w: t.x.min(where=w),
    "last": lambda t, w: t.name.max(where=w),
    "median": lambda t, w: t.x.median(where=w),
    "p90": lambda t, w: t.x.quantile(0.9, where=w),
    "spread": lambda t, w: t.x.std(where=w),
    "any": lambda t, w: t.flag.any(where=w),
    "all": lambda t, w: t.flag.all(where=w),
    "of the dearest": lambda t, w: t.name.argmax(t.x, where=w),
    "together": lambda t, w: t.name.group_concat(where=w),
}
CELLS = st.fixed_dictionaries(
    {
        "g": st.sampled_from("ab"),
        "x": st.sampled_from([0.0, 1.5, -2.0, None]),
        "name": st.sampled_from(["u", "v", None]),
        "flag": st.sampled_from([True, False, None]),
        "inside": st.sampled_from([True, False, None]),
    }
)
TYPES = ibis.schema({"g": "string", "x": "float64", "name": "string", "flag": "boolean", "inside": "boolean"})


@settings(max_examples=25, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=12))
@example([{"g": "a", "x": None, "name": None, "flag": None, "inside": None}])
def test_aggregates_of_some_rows_are_those_of_the_rows_left(rows):
    """Whether rows are left out by the aggregate or before it; none left: unknown, and counts 0."""
    con = CachingBackend().connect()
    table = con.create_table("cells", ibis.memtable(rows, schema=TYPES))
    found = table.group_by("g").aggregate(**{n: take(table, table.inside) for n, take in AGGREGATES.items()})
    left = table.filter(table.inside)
    slow = left.group_by("g").aggregate(**{n: take(left, None) for n, take in AGGREGATES.items()})
    slow = table.select("g").distinct().left_join(slow, "g").drop("g_right")
    slow = slow.mutate(**{n: slow[n].fill_null(0) for n in ("count", "values", "different")})
    frames = [con.execute(one.order_by("g")) for one in (found, slow)]
    pd.testing.assert_frame_equal(*frames, check_dtype=False)


def test_a_statement_of_many_aggregates_of_some_rows_filters_none_that_leaves_nulls_out(con):
    table = con.create_table("cells", ibis.memtable([], schema=TYPES))
    taken = {n: take(table, table.inside) for n, take in AGGREGATES.items()}
    ordered = ("of the dearest", "together")
    sql = con.compile(table.aggregate(**{n: value for n, value in taken.items() if n not in ordered}))
    assert "FILTER" not in sql and sql.count("CASE") >= len(taken) - len(ordered)
    assert con.compile(table.aggregate(**{n: taken[n] for n in ordered})).count("FILTER") == len(ordered)
