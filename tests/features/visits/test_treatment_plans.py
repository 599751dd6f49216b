"""Treatment plans known by rhythm: chemotherapy, split stays and made-up rhythms."""

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


@pytest.mark.parametrize("late, known", [(25, True), (26, False)])
def test_three_intervals_of_four_are_within_a_quarter_of_the_median(late, known):
    days = [0, 20, 40, 40 + late, 60 + late + 90]
    # Intervals 20, 20, late, 110: the median is between 20 and late.
    intervals = [20, 20, late, 110]
    middle = (20 + late) / 2
    expected = sum(abs(i - middle) <= middle / 4 for i in intervals) >= 3
    assert bool(planned(stays("chemo", "C50", days))) == expected
