"""Treatment plans known by rhythm: chemotherapy, split stays and made-up rhythms."""

import random
from collections import defaultdict
from itertools import accumulate, pairwise
from statistics import median

import ibis
import pandas as pd
import pytest

from features.visits.treatment_plans import planned_stays
from tests.in_memory import engine

DAY = 86_400


def stays(
    person: str, dx3: str, days: list[float], los: float = 3, place: str = "H0", kind: str = "stay"
) -> list:
    return [(f"{person}-{day}", person, place, dx3, kind, int(day * DAY), los) for day in days]


def planned(rows: list) -> set[str]:
    """People with stays of a plan."""
    names = ["mdtrt_id", "psn_no", "fixmedins_code", "dx3", "kind", "second", "los"]
    facts = engine().create_table("facts", ibis.memtable(pd.DataFrame(rows, columns=names)))
    found = planned_stays(facts).mdtrt_id.to_pandas()
    assert found.is_unique
    return {mdtrt_id.rsplit("-", 1)[0] for mdtrt_id in found}


CYCLE = [10, 31, 53, 73, 94, 115]


def test_chemotherapy_is_a_plan_without_its_code_and_split_stays_are_none():
    rows = [
        *stays("chemo", "C34", CYCLE),
        *stays("benign", "D25", CYCLE),
        # Readmitted as soon as discharged, for the same disease; a rhythm of a common disease.
        *stays("split", "C34", [10, 18, 26, 34], los=7),
        *stays("ring", "I10", CYCLE, los=7),
        *stays("irregular", "C34", [10, 24, 60, 75, 140]),
        *stays("seldom", "C34", [10, 100, 190, 280]),
        *stays("twice", "C34", [10, 31]),
        *stays("visits", "C34", CYCLE, kind="outpatient"),
    ]
    assert planned(rows) == {"chemo", "benign"}


@pytest.mark.parametrize(
    "elsewhere, known", [(5, True), (4, False)], ids=["usual elsewhere", "too few elsewhere"]
)
def test_another_disease_is_treated_by_plan_where_other_hospitals_do_so(elsewhere, known):
    rows = stays("anaemia", "D56", CYCLE) + stays("alone", "D64", CYCLE)
    for number in range(elsewhere):
        rows += stays(f"p{number}", "D56", CYCLE if number < 2 else [10, 200], place="H1")
    found = planned(rows)
    assert ("anaemia" in found) == known and "alone" not in found


@pytest.mark.parametrize(
    "cycle, los, known",
    [(7, 3, True), (6.9, 3, False), (42, 3, True), (43, 3, False), (20, 10, True), (20, 11, False)],
)
def test_the_bounds_of_a_cycle(cycle, los, known):
    assert bool(planned(stays("chemo", "C50", [cycle * k for k in range(1, 6)], los))) == known


def starts(*intervals: float) -> list[float]:
    """Days on which stays begin, with these intervals."""
    return list(accumulate(intervals, initial=10))


@pytest.mark.parametrize(
    "intervals, known",
    [
        ((20, 20, 20, 25, 40), True),  # 25 is within a quarter of 20: four of five are regular
        ((20, 20, 20, 25.1, 40), False),
        ((20, 20, 20, 15, 40), True),
        ((20, 20, 20, 14.9, 40), False),
        ((20, 20, 20, 40), True),  # three of four
        ((20, 20, 20, 40, 40), False),
        ((20, 20), True),
        ((20,), False),
    ],
)
def test_three_intervals_of_four_are_within_a_quarter_of_the_median(intervals, known):
    assert bool(planned(stays("chemo", "C50", starts(*intervals)))) == known


@pytest.mark.parametrize(
    "dx3, tumour",
    [("C00", True), ("C97", True), ("D00", True), ("D48", True), ("D50", False), ("B99", False)],
)
def test_which_diseases_are_tumours(dx3, tumour):
    assert bool(planned(stays("alone", dx3, CYCLE))) == tumour


@pytest.mark.parametrize("by_plan, known", [(3, True), (2, False)])
def test_three_of_ten_patients_elsewhere_are_treated_by_plan(by_plan, known):
    rows = stays("anaemia", "D56", CYCLE)
    for number in range(10):
        rows += stays(
            f"p{number}", "D56", CYCLE if number < by_plan else [10, 200], place=f"H{number % 3 + 1}"
        )
    # Whoever came once says nothing, and the own hospital's other patients do not count.
    rows += [row for number in range(9) for row in stays(f"once-{number}", "D56", [30], place="H1")]
    rows += [row for number in range(9) for row in stays(f"own-{number}", "D56", [10, 200])]
    assert ("anaemia" in planned(rows)) == known


def slow_planned(rows: list) -> set[tuple]:
    """Person, place and disease of each plan: series by series, disease by disease."""
    series = defaultdict(list)
    for _visit, person, place, dx3, kind, second, los in rows:
        if kind == "stay" and dx3:
            series[person, place, dx3].append((second / DAY, los))
    regular = {}
    for key, mine in series.items():
        days = sorted(day for day, _los in mine)
        intervals = [b - a for a, b in pairwise(days)]
        cycle = median(intervals) if intervals else 0
        near = [abs(interval - cycle) <= cycle / 4 for interval in intervals]
        regular[key] = (
            len(mine) >= 3
            and 7 <= cycle <= 42
            and median(los for _day, los in mine) <= cycle / 2
            and sum(near) >= 0.75 * len(near)
        )
    found = set()
    for key in [key for key in series if regular[key]]:
        _person, place, dx3 = key
        others = [k for k in series if k[2] == dx3 and k[1] != place and len(series[k]) >= 2]
        usual = len(others) >= 5 and sum(regular[k] for k in others) >= 0.3 * len(others)
        if usual or dx3[0] == "C" or dx3[:2] in ("D0", "D1", "D2", "D3", "D4"):
            found.add(key)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_plans_are_those_of_a_loop_over_the_series(seed):
    draw, rows = random.Random(seed), []
    for number in range(90):
        cycle, n = draw.choice([6.5, 7, 14, 21, 42, 44]), draw.choice([1, 2, 3, 5])
        jitter = draw.choice([0, 0, 1, cycle])
        days = starts(*[cycle + draw.choice([-1, 0, 1]) * jitter / 2 for _n in range(n)])
        rows += stays(
            f"p{number}", draw.choice(["C34", "D48", "D56", "D56", "I10", None]), days,
            draw.choice([2, 7, 21]), draw.choice(["H0", "H1", "H2"]),
            draw.choice(["stay", "stay", "stay", "outpatient"]),
        )  # fmt: skip
    expected = {person for person, _place, _dx3 in slow_planned(rows)}
    assert planned(rows) == expected and 5 < len(expected) < 60
