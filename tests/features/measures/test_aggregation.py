"""From visits written down by hand to measures of everybody they are about."""

from datetime import date

import ibis
import pandas as pd
import pytest

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.measures.aggregation import (
    MEMBERS,
    ROWS,
    counted,
    measure_subjects,
    measure_visits,
    of_subjects,
    subject_facts,
)
from features.measures.catalogue import CATALOGUE, measure
from features.windows import YEARS
from tests.features.measures.tables import facts

PROBED = ("patient", "prescriber", "pharmacy", "hospital", "group", "visit")


@pytest.fixture
def only_probes():
    """A catalogue of three measures a kind of subject, so that facts by hand need few columns."""
    kept = dict(CATALOGUE)
    CATALOGUE.clear()

    def visits(v, w):
        return v.mdtrt_id.count(where=w)

    def fund(v, w):
        return v.fund_pay_sumamt.sum(where=w) / 3

    def third(v, w):
        return v.mdtrt_id.count(where=w) / 3

    def busiest_day(p, w):
        return p.n.max()

    for subject in PROBED[:-1]:
        more = {"materiality": 1}
        measure(subject, "次", "visits", "visits", "frequency", "M01", windows=(30, 365), **more)(visits)
        measure(subject, "钱", "money", "yuan", "money", "M01", windows=(), **more)(fund)
        measure(subject, "份", "third", "ratio", "money", "M01", windows=(), **more)(third)
        base = {"base": "visits/day", "windows": (30, 365)}
        measure(subject, "日", "day", "visits", "frequency", "M01", **base, **more)(busiest_day)
    measure("visit", "钱", "money", "yuan", "money", "M01", materiality=1)(lambda v, w: v.fund_pay_sumamt)
    yield
    CATALOGUE.clear()
    CATALOGUE.update(kept)


ROW = {"kind": OUTPATIENT, "fund_pay_sumamt": 10.0, "is_pharmacy": False, "dialysis": 0.0, "dr_code": None}


def visit(number: str, who: str, where: str, days_ago: float, **more) -> dict:
    day = date.fromordinal(date(2024, 12, 31).toordinal() - int(days_ago))
    return ROW | {
        "mdtrt_id": number, "psn_no": who, "fixmedins_code": where, "days_ago": days_ago, "day": day
    } | more  # fmt: skip


@pytest.fixture
def few() -> ibis.Table:
    return facts(
        [
            visit("1", "a", "H1", 30.0, dr_code="D1"),
            visit("2", "a", "H1", 30.5, dr_code="D1"),
            visit("3", "b", "H1", 365.0),
            visit("4", "b", "P1", 365.5, kind=PHARMACY, is_pharmacy=True, dr_code="D1"),
            visit("5", "b", "H2", float(YEARS), kind=STAY, dialysis=2.0),
            visit("6", "c", "H3", YEARS + 0.5),
        ]
    )


def test_everybody_of_the_last_years_is_measured(only_probes, few):
    by = {subject: measure_subjects(few, subject) for subject in PROBED[:4]}
    assert by["patient"].visits_30d.to_dict() == {"a": 1, "b": 0}
    assert by["patient"].visits_365d.to_dict() == {"a": 2, "b": 1}
    assert by["prescriber"].visits_365d.to_dict() == {"D1": 2}
    assert by["pharmacy"].visits_365d.to_dict() == {"P1": 0}
    assert by["hospital"].visits_365d.to_dict() == {"H1": 3, "H2": 0}


def test_counts_by_another_column_are_taken_in_each_window(only_probes, few):
    found = measure_subjects(few, "patient")
    assert found.busiest_day_30d.to_dict() == pytest.approx({"a": 1, "b": float("nan")}, nan_ok=True)
    # Thirty days and thirty days and a half ago are one date here.
    assert found.busiest_day_365d.to_dict() == {"a": 2, "b": 1}
    assert list(found.columns) == [
        "visits_30d", "visits_365d", "fund", "third", "busiest_day_30d", "busiest_day_365d"
    ]  # fmt: skip


def test_money_is_rounded_to_cents_and_all_else_to_six_places(only_probes, few):
    found = measure_subjects(few, "patient").loc["a"]
    assert (found["fund"], found["third"]) == (6.67, 0.666667)


def test_measures_of_single_visits(only_probes, few):
    found = measure_visits(few).to_pandas().set_index("subject_id")
    assert len(found) == 6 and (found["<lambda>"] == 10).all()


def test_facts_of_subjects_stay_at_hand_once_measured(only_probes, few):
    measure_subjects(few, "hospital")
    kept = subject_facts(few.get_backend(), "hospital").to_pandas()
    assert sorted(kept["mdtrt_id"]) == ["1", "2", "3", "5"]
    assert (kept["subject_id"] == kept["fixmedins_code"]).all()


@pytest.mark.parametrize(
    "rows,expected",
    [("visits", "123456"), ("stays", "5"), ("purchases", "4"), ("outpatient", "1236"), ("dialysis", "5")],
)
def test_rows_that_are_counted(few, rows, expected):
    assert "".join(sorted(ROWS[rows](few).to_pandas()["mdtrt_id"])) == expected


def test_counted_by_another_column(few):
    rows = few.mutate(subject_id=few.fixmedins_code)
    found = counted(rows, "visits/dr_code", 30).to_pandas()
    assert found.to_dict("records") == [
        {"subject_id": "H1", "other": "D1", "n": 1, "fund": 10.0, "persons": 1}
    ]
    everything = counted(rows, "visits/dr_code", None).to_pandas().set_index(["subject_id", "other"])
    # Who has no doctor is counted under none.
    assert everything.n.to_dict() == {("H1", "D1"): 2, ("P1", "D1"): 1}
    assert everything.loc[("H1", "D1")].to_dict() == {"n": 2, "fund": 20, "persons": 1}


@pytest.mark.parametrize(
    "subject,expected",
    [
        ("visit", ["11", "22", "33", "44", "55", "66"]),
        ("patient", ["1a", "2a", "3b", "4b", "5b", "6c"]),
        ("prescriber", ["1D1", "2D1", "4D1"]),
        ("pharmacy", ["4P1"]),
        ("hospital", ["1H1", "2H1", "3H1", "5H2", "6H3"]),
        ("group", ["1g", "1h", "2g", "2h", "3g", "4g", "5g"]),
    ],
)
def test_whom_a_visit_belongs_to(few, subject, expected):
    members = pd.DataFrame({"group_id": ["g", "g", "h"], "psn_no": ["a", "b", "a"]})
    few.get_backend().create_table(MEMBERS, ibis.memtable(members), overwrite=True)
    found = of_subjects(few, subject).to_pandas()
    assert sorted(found["mdtrt_id"] + found["subject_id"]) == expected
