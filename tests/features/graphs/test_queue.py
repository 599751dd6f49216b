"""Rows joined with the next ones of their queue, against a loop."""

import ibis
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from features.graphs.queue import ends, following
from tests.in_memory import engine

ROWS = st.lists(st.tuples(st.sampled_from("xy"), st.integers(0, 5)), min_size=1, max_size=12)


def table(rows: list[tuple[str, int]]) -> ibis.Table:
    """Rows of queues; psn_no is the number of the row, from the last to the first."""
    frame = pd.DataFrame(rows, columns=["queue", "at"])
    frame["psn_no"] = [f"p{len(rows) - number:02}" for number in range(len(rows))]
    return engine().create_table("rows", ibis.memtable(frame))


def slow_following(frame: pd.DataFrame, most: int) -> set[tuple]:
    found = set()
    for queue, rows in frame.groupby("queue"):
        people = list(rows.sort_values(["at", "psn_no"]).itertuples())
        for turn, row in enumerate(people):
            for later in people[turn + 1 : turn + 1 + most]:
                found.add((queue, row.at, row.psn_no, later.at, later.psn_no))
    return found


@settings(max_examples=15, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(ROWS, st.integers(1, 3))
def test_each_row_stands_beside_the_next_ones(rows, most):
    queues = table(rows)
    found = following(queues, ["queue"], ["at", "psn_no"], most)
    assert found.columns == ("queue", "at", "psn_no", "later_at", "later_psn_no")
    got = [tuple(row) for row in found.to_pandas().itertuples(index=False)]
    assert len(got) == len(set(got))
    assert set(got) == slow_following(queues.to_pandas(), most)


@pytest.mark.parametrize("order, first", [(["at"], "p02"), ([ibis.desc("at")], "p01")])
def test_the_order_may_be_descending(order, first):
    found = following(table([("x", 1), ("x", 2)]), ["queue"], order, 1).to_pandas()
    assert found.psn_no.tolist() == [first]


def test_the_ends_of_a_pair_are_named_by_the_smaller_person():
    pairs = following(table([("x", 1), ("x", 2), ("x", 3)]), ["queue"], ["at"], 1)
    found = pairs.select(**ends(pairs, "psn_no", "a", "b"), **ends(pairs, "at", "at_a", "at_b"))
    rows = found.order_by("a").to_pandas().to_numpy().tolist()
    assert rows == [["p01", "p02", 3, 2], ["p02", "p03", 2, 1]]


def test_the_same_person_twice_is_no_swap():
    con = engine()
    frame = pd.DataFrame({"queue": ["x", "x"], "at": [1, 2], "psn_no": ["p", "p"]})
    pairs = following(con.create_table("rows", ibis.memtable(frame)), ["queue"], ["at"], 1)
    assert pairs.select(**ends(pairs, "at", "a", "b")).to_pandas().to_numpy().tolist() == [[1, 2]]
