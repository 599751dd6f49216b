"""Different values are counted once, in the class of each row and in no other."""

import ibis

from features.distinct_counts import with_distinct
from tests.in_memory import engine


def test_values_are_counted_once_in_their_class():
    rows = {"bed": ["a", "a", "a", "b", "b", "c"], "who": ["x", "y", "x", "x", "x", "y"], "n": list(range(6))}
    found = engine().execute(with_distinct(ibis.memtable(rows), "who", ["bed"], "persons").order_by("n"))
    assert found.persons.tolist() == [2, 2, 2, 1, 1, 1]
    assert list(found.columns) == ["bed", "who", "n", "persons"]


def test_classes_are_made_by_all_columns():
    rows = {"bed": ["a", "a", "a"], "day": [1, 1, 2], "who": ["x", "y", "x"], "n": [0, 1, 2]}
    found = engine().execute(
        with_distinct(ibis.memtable(rows), "who", ["bed", "day"], "persons").order_by("n")
    )
    assert found.persons.tolist() == [2, 2, 1]
