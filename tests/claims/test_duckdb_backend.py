"""The engine's tables: what is remembered of them is what they are."""

import ibis
import pandas as pd
import pytest

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
