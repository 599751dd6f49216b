"""What measuring asks of its engine, Spark can answer as well: told from the expressions, without Spark.

`make test-spark` asks Spark itself; this finds what engines are known to differ in wherever the tests run.
"""

import ibis
import ibis.expr.operations as ops
import pytest
from ibis import _

# Their values, or their being there at all, differ by engine.
OWN = (ops.Hash, ops.BitXor, ops.BitAnd, ops.BitOr, ops.Mode, ops.ApproxCountDistinct, ops.ApproxQuantile)
ROWS = ibis.table({"a": "string", "b": "int64"}, name="rows")
RANK = ibis.row_number().over(group_by="a", order_by="b")


def of_one_engine(expression: ibis.Expr) -> set[str]:
    """What an expression asks that only some engines answer, or answer in their own way."""
    node = expression.op()
    found = {type(one).__name__ for one in node.find(OWN)}
    found |= {"ordered aggregate" for one in node.find(ops.Reduction) if getattr(one, "order_by", ())}
    windows = node.find(ops.WindowFunction)
    found |= {"distinct count in a window" for one in windows if isinstance(one.func, ops.CountDistinct)}
    kept = [predicate for one in node.find(ops.Filter) for predicate in one.predicates]
    return found | {
        "filter by a window" for predicate in kept if predicate.find(ops.WindowFunction, filter=ops.Value)
    }


@pytest.mark.parametrize(
    "expression, found",
    [
        (ROWS.mutate(c=_.a.hash()), {"Hash"}),
        (ROWS.aggregate(c=_.b.bit_xor()), {"BitXor"}),
        (ROWS.group_by("a").aggregate(c=_.b.collect(order_by="b")), {"ordered aggregate"}),
        (ROWS.group_by("a").aggregate(c=_.b.collect(), d=_.b.first()), set()),
        (ROWS.mutate(c=_.b.nunique().over(group_by="a")), {"distinct count in a window"}),
        (ROWS.mutate(c=_.b.count().over(group_by="a"), d=_.b.sum().over(group_by="a")), set()),
        (ROWS.group_by("a").aggregate(c=_.b.nunique()), set()),
        (ROWS.filter(RANK == 0), {"filter by a window"}),
        (ROWS.mutate(nth=RANK).filter(_.nth == 0), set()),
    ],
)
def test_what_only_some_engines_answer_is_told(expression, found):
    assert of_one_engine(expression) == found


def test_measuring_asks_nothing_of_one_engine_alone(measured_city):
    expressions = measured_city[1].expressions
    assert len(expressions) > 200
    assert set().union(*map(of_one_engine, expressions)) == set()
