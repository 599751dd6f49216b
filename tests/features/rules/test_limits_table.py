"""Which limit holds where and when, by hand-made limits and against a loop over random ones."""

import random
from datetime import date

import pandas as pd
import pytest

from features.rules.limits_table import in_force, limits_of, lowest_limit, starts_with_limit, with_limit
from tests.features.rules.conftest import ITEM, LIMIT, NONE, table


def day(number: int) -> date:
    return date(2024, 3, number)


def limit(item: str, value: str, level=None, first=None, last=None, kind="pric_uplmt_amt") -> tuple:
    first, last = (bound and pd.Timestamp(bound) for bound in (first, last))
    return item, kind, value, level, first, last


def context_of(hand_made, items: list[tuple], limits: list[tuple], facts=None):
    facts = facts if facts is not None else table("mdtrt_id level", ("v1", "1"), ("v2", "2"), ("v3", "3"))
    return hand_made(facts, facts, hilist_b=table(ITEM, *items), hilist_lmt_b=table(LIMIT, *limits))


def test_columns_of_the_catalogue_are_limits_that_always_hold(hand_made):
    context = context_of(hand_made, [("a", "甲", "1", 18.0, 60.0, 50.0, 1.0, 2.0, 30.0, 900.0)], [])
    rows = limits_of(context).order_by("lmt_type").to_pandas()
    assert dict(zip(rows.lmt_type, rows.value, strict=True)) == {
        "gend": "1", "age_low": "18.0", "age_high": "60.0", "pric_uplmt_amt": "50.0", "max_day_cnt": "1.0",
        "cycl_max_cnt": "2.0", "cycl_days": "30.0", "year_uplmt_amt": "900.0",
    }  # fmt: skip
    assert set(rows["rank"]) == {2} and rows.medinslv.isna().all() and set(rows.item) == {"甲"}
    assert not rows.contested.any()


def test_kinds_are_picked(hand_made):
    context = context_of(hand_made, [("a", "甲", "1", None, None, 50.0, *NONE[:4])], [])
    assert limits_of(context, "gend").lmt_type.to_pandas().tolist() == ["gend"]
    assert limits_of(context, "gend", "pric_uplmt_amt").count().execute() == 2
    assert limits_of(context, "dept").count().execute() == 0


def test_alternatives_are_told_together_and_stand_apart(hand_made):
    rows = [limit("a", value, kind="diag") for value in ("I10", "E11")]
    found = limits_of(context_of(hand_made, [("a", "甲", *NONE)], rows)).order_by("value").to_pandas()
    assert found["value"].tolist() == ["E11", "I10"] and set(found["all"]) == {"E11、I10"}


def test_long_alternatives_are_cut_to_eighty_characters(hand_made):
    rows = [limit("a", f"{number:09}", kind="diag") for number in range(20)]
    found = limits_of(context_of(hand_made, [("a", "甲", *NONE)], rows)).to_pandas()
    assert len(found) == 20 and set(found["all"].str.len()) == {80}


def test_an_item_without_a_name_goes_by_its_code(hand_made):
    rows = limits_of(context_of(hand_made, [], [limit("ghost", "1")])).to_pandas()
    assert rows["item"].tolist() == ["ghost"]


@pytest.mark.parametrize(
    ("rows", "ranks", "contested"),
    [
        ([limit("a", "1")], [1], False),
        ([limit("a", "1", "2")], [0], False),
        ([limit("a", "1", "2"), limit("a", "2", "3")], [0, 0], False),
        ([limit("a", "1", "2"), limit("a", "2")], [0, 1], True),
        ([limit("a", "1", "2"), limit("a", "2", kind="gend")], [0, 1], False),  # of different kinds
    ],
)
def test_a_level_ranks_before_all_levels(hand_made, rows, ranks, contested):
    found = limits_of(context_of(hand_made, [("a", "甲", *NONE)], rows)).order_by("rank").to_pandas()
    assert found["rank"].tolist() == ranks and set(found.contested) == {contested}


# Limits of one item, the day and the level of a line, and the ceilings in force.
IN_FORCE = [
    ("no limit", [], 10, "2", []),
    ("for all", [limit("a", "5")], 10, "2", ["5"]),
    ("of the level", [limit("a", "5", "2")], 10, "2", ["5"]),
    ("of another level", [limit("a", "5", "3")], 10, "2", []),
    ("of a level, at a place without one", [limit("a", "5", "3")], 10, None, ["5"]),
    ("the day it begins", [limit("a", "5", None, day(10))], 10, "2", ["5"]),
    ("the day before", [limit("a", "5", None, day(11))], 10, "2", []),
    ("the day it ends", [limit("a", "5", None, None, day(10))], 10, "2", ["5"]),
    ("the day after", [limit("a", "5", None, None, day(9))], 10, "2", []),
    ("the level goes before all", [limit("a", "5", "2"), limit("a", "6")], 10, "2", ["5"]),
    ("but not at another level", [limit("a", "5", "3"), limit("a", "6")], 10, "2", ["6"]),
    ("nor before it begins", [limit("a", "5", "2", day(11)), limit("a", "6")], 10, "2", ["6"]),
    ("but from its first day", [limit("a", "5", "2", day(10)), limit("a", "6")], 10, "2", ["5"]),
    ("to its last", [limit("a", "5", "2", None, day(10)), limit("a", "6")], 10, "2", ["5"]),
    ("and no longer", [limit("a", "5", "2", None, day(9)), limit("a", "6")], 10, "2", ["6"]),
    ("alternatives of one rank", [limit("a", "5"), limit("a", "6")], 10, "2", ["5", "6"]),
    ("nor another kind", [limit("a", "1", "2", kind="gend"), limit("a", "6")], 10, "2", ["1", "6"]),
    ("nor another item", [limit("b", "5", "2"), limit("a", "6")], 10, "2", ["6"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rows", "number", "level", "values"), IN_FORCE, ids=[row[0] for row in IN_FORCE]
)
def test_in_force(hand_made, name, rows, number, level, values):
    context = context_of(hand_made, [("a", "甲", *NONE), ("b", "乙", *NONE)], rows)
    line = table("mdtrt_id hilist_code day:date level", ("v", "a", day(number), level))
    assert sorted(in_force(line, limits_of(context)).to_pandas()["value"]) == values


@pytest.mark.parametrize(
    ("name", "column", "rows", "ceiling"),
    [
        ("the catalogue's column", 50.0, [], 50.0),
        ("a row for all goes before it", 50.0, [limit("a", "80")], 80.0),
        ("the one begun last", None, [limit("a", "80", None, day(1)), limit("a", "60", None, day(2))], 60.0),
        ("of one beginning the largest", None, [limit("a", "80"), limit("a", "60")], 80.0),
        ("as numbers, not as words", None, [limit("a", "80"), limit("a", "100")], 100.0),
        ("the level", 50.0, [limit("a", "70", "2", day(1)), limit("a", "80", None, day(2))], 70.0),
        ("what is no number is none", None, [limit("a", "dear")], None),
    ],
)
def test_the_number_that_limits_a_line(hand_made, name, column, rows, ceiling):
    item = ("a", "甲", None, None, None, column, *NONE[:4])
    context = context_of(hand_made, [item], rows)
    lines = table("mdtrt_id hilist_code day:date cnt:float64", ("v2", "a", day(10), 1.0))
    found = with_limit(context, lines, "pric_uplmt_amt").to_pandas()
    assert list(found.columns) == ["mdtrt_id", "hilist_code", "day", "cnt", "pric_uplmt_amt"]
    assert found.pric_uplmt_amt.tolist() == ([] if ceiling is None else [ceiling])


def test_the_lowest_limit_of_an_item_anywhere_and_ever(hand_made):
    rows = [limit("a", "80", "3"), limit("a", "100", None, day(1)), limit("b", "9"), limit("c", "x")]
    context = context_of(hand_made, [("a", "甲", None, None, None, 90.0, *NONE[:4])], rows)
    found = lowest_limit(context, "pric_uplmt_amt").to_pandas().set_index("hilist_code").lowest
    assert found["a"] == 80.0 and found["b"] == 9.0 and pd.isna(found["c"])


def test_the_beginning_of_a_column():
    rows = table("dept value", ("A1001", "A10"), ("A10", "A1001"), ("B10", "A10"), (None, "A10"))
    begins = rows.select("dept", begins=starts_with_limit(rows, "dept")).to_pandas().begins.tolist()
    assert begins[:3] == [True, False, False] and pd.isna(begins[3])


def by_loop(limits: list[tuple], number: int, level: str) -> set[str]:
    """The limits in force of one item: those of the strongest rank that hold on the day at the level."""
    holding = [
        row for row in limits
        if (row[3] in (None, level)) and (row[4] is None or row[4].date() <= day(number))
        and (row[5] is None or row[5].date() >= day(number))
    ]  # fmt: skip
    best = min((row[3] is None for row in holding), default=None)
    return {row[2] for row in holding if (row[3] is None) == best}


def test_random_limits_agree_with_the_loop(hand_made):
    chance = random.Random(4)
    limits, lines = [], []
    for number in range(60):
        item = f"i{number:02}"
        for value in range(chance.randrange(5)):
            first, last = chance.choice([None, day(5), day(10)]), chance.choice([None, day(10), day(20)])
            limits.append(limit(item, f"{item}-{value}", chance.choice([None, "2", "3"]), first, last))
        lines.append((f"v{number}", item, day(chance.choice([4, 5, 9, 10, 11, 20, 21])), chance.choice("23")))
    context = context_of(hand_made, [], limits)
    rows = table("mdtrt_id hilist_code day:date level", *lines)
    found = in_force(rows, limits_of(context)).to_pandas().groupby("mdtrt_id")["value"].agg(set)
    expected = {
        visit: by_loop([row for row in limits if row[0] == item], at.day, level)
        for visit, item, at, level in lines
    }
    assert found.to_dict() == {visit: values for visit, values in expected.items() if values}
