"""Pairs of people of one event, the edges that they add up to, and their visits, against loops."""

import random
from collections import defaultdict
from itertools import combinations

import ibis
import pandas as pd
import pytest

from features.graphs.events import NEXT_MEMBERS, edges, linking_visits, pairs
from tests.in_memory import engine

TYPES = {
    "place": "string", "slot": "int64", "grid": "int64", "psn_no": "string", "second": "int64",
    "mdtrt_id": "string", "shared": "int64", "expected": "float64", "neg_log10_fdr": "float64",
}  # fmt: skip
EVENT = ["place", "slot", "grid"]


def table(rows: list[dict]) -> ibis.Table:
    frame = pd.DataFrame(rows, columns=list(TYPES))
    return engine().create_table("inside", ibis.memtable(frame, schema=ibis.schema(TYPES)))


def event(slot: int, people: str, grid: int = 0, significance: float = 3.0, place: str = "H1") -> list[dict]:
    """An event of people who come one after another, half of whom are expected by chance."""
    return [
        {
            "place": place, "slot": slot, "grid": grid, "psn_no": who, "second": number,
            "mdtrt_id": f"{place}/{slot}/{grid}/{who}", "shared": len(people), "expected": len(people) / 2,
            "neg_log10_fdr": significance,
        }
        for number, who in enumerate(people)
    ]  # fmt: skip


def edges_of(*events: list[dict], same=("place", "slot"), grids=("grid",)) -> dict[tuple, tuple]:
    together = pairs(table([row for rows in events for row in rows]), EVENT)
    found = edges(together, list(same), list(grids))
    assert list(found.columns) == ["a", "b", "days", "expected", "neg_log10_fdr"]
    return {(row.a, row.b): (row.days, row.expected, row.neg_log10_fdr) for row in found.itertuples()}


def test_everybody_of_an_event_is_linked_once_whoever_came_first():
    assert edges_of(event(1, "cab")) == dict.fromkeys([("a", "b"), ("a", "c"), ("b", "c")], (1, 0.5, 3.0))


def test_events_add_up():
    found = edges_of(event(1, "ab"), event(2, "abc", significance=4.0), event(1, "ab", place="H2"))
    assert found["a", "b"] == (3, 1.5, 10.0) and found["a", "c"] == (1, 0.5, 4.0)


def test_of_several_events_of_one_occasion_the_most_significant_counts():
    """A village and a disease that show one wave: the occasion is the time alone."""
    wave = [*event(1, "ab", 0, 3.0, "H1"), *event(1, "ab", 0, 5.0, "H2")]
    found = edges(pairs(table(wave), EVENT), ["slot"], ["grid"])
    assert found.values.tolist() == [["a", "b", 1, 0.5, 5.0]]


def test_overlapping_grids_show_the_same_occasions_and_the_larger_count_is_taken():
    both = [event(1, "ab", grid) for grid in (0, 1)]
    assert edges_of(*both) == {("a", "b"): (1, 0.5, 3.0)}
    assert edges_of(*both, event(9, "ab", 1))["a", "b"] == (2, 1.0, 6.0)


@pytest.mark.parametrize("between, linked", [(NEXT_MEMBERS - 1, True), (NEXT_MEMBERS, False)])
def test_in_a_crowd_one_is_linked_to_the_next_ones_alone(between, linked):
    people = ["a", *(f"m{number:03}" for number in range(between)), "z"]
    assert (("a", "z") in edges_of(event(1, people))) == linked


def test_at_the_same_second_the_order_is_that_of_the_names():
    rows = [row | {"second": 5} for row in event(1, [f"p{n:02}" for n in reversed(range(30))])]
    linked = set(edges_of(rows))
    assert ("p00", "p20") in linked and ("p00", "p21") not in linked


def test_nobody_alone_is_linked():
    assert edges_of(event(1, "a"), event(2, "b")) == {}


def test_the_linking_visits_are_both_ends_of_each_pair():
    together = pairs(table(event(1, "ba")), EVENT)
    found = linking_visits(together).order_by("mdtrt_id").to_pandas().values.tolist()
    assert found == [["H1/1/0/a", "a", "b", "b"], ["H1/1/0/b", "a", "b", "a"]]


@pytest.mark.parametrize("seed", range(3))
def test_random_events_equal_a_loop(seed):
    draw, events = random.Random(seed), []
    for slot in range(8):
        for grid in (0, 1):
            people = "".join(draw.sample("abcdefgh", draw.randint(1, 6)))
            events.append(event(slot, people, grid, draw.choice([2.5, 4.0])))
    slow = defaultdict(lambda: defaultdict(list))
    for rows in events:
        who = sorted(row["psn_no"] for row in rows)
        for pair in combinations(who, 2):
            slow[pair][rows[0]["grid"]].append((rows[0]["expected"] / len(rows), rows[0]["neg_log10_fdr"]))
    expected = {
        pair: tuple(max(part) for part in zip(*(
            (len(seen), sum(chance for chance, _s in seen), sum(s for _chance, s in seen))
            for seen in by_grid.values()
        ), strict=True))
        for pair, by_grid in slow.items()
    }  # fmt: skip
    found = edges_of(*events)
    assert set(found) == set(expected)
    for pair, numbers in expected.items():
        assert found[pair] == pytest.approx(numbers), pair
