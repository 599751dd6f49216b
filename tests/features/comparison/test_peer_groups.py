"""Who is compared with whom: peer groups of each kind of subject, at their boundaries."""

import ibis
import pandas as pd
import pytest

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.comparison.peer_groups import PEER_WORDS, peer_groups
from tests.in_memory import engine

FACTS = {
    "psn_no": "string", "days_ago": "float64", "course": "boolean", "med_type": "string", "age": "float64",
    "kind": "string", "level": "string", "mdtrt_id": "string", "supply_days": "float64", "n_drugs": "int64",
}  # fmt: skip


def facts(*rows: dict) -> ibis.Table:
    usual = {
        "days_ago": 5.0,
        "course": False,
        "med_type": "11",
        "age": 40.0,
        "kind": OUTPATIENT,
        "level": None,
        "supply_days": None,
        "n_drugs": None,
    }
    full = [usual | {"mdtrt_id": f"M{n}", "psn_no": "who"} | row for n, row in enumerate(rows)]
    frame = pd.DataFrame(full)[list(FACTS)]
    return engine().create_table("facts", ibis.memtable(frame, schema=ibis.schema(FACTS)))


def test_whose_peers_patients_are():
    rows = [
        {"psn_no": who, "days_ago": float(day)} | more
        for who, more in {
            "on dialysis": {"course": True, "age": 50.0},
            "diabetic": {"med_type": "1403", "age": 50.0},
            "grandmother": {"age": 80.0},
            "student": {"age": 20.0},
        }.items()
        for day in range(4)
    ]
    rows.append({"psn_no": "student", "days_ago": 5.0, "course": True, "med_type": "1403", "age": 20.0})
    assert peer_groups(facts(*rows), "patient", "psn_no").to_dict() == {
        "on dialysis": "course", "diabetic": "chronic", "grandmother": "older", "student": "younger",
    }  # fmt: skip


@pytest.mark.parametrize(
    "subject,rows,expected",
    [
        ("patient", [{"course": True}] * 3, "course"),
        ("patient", [{"course": True}] * 2, "younger"),
        ("patient", [{"course": True}] * 2 + [{"course": True, "days_ago": 1095.5}, {}], "younger"),
        ("patient", [{"course": True}] * 2 + [{"course": True, "days_ago": 1095.0}, {}], "course"),
        ("patient", [{"med_type": "1403"}] * 3, "chronic"),
        ("patient", [{"med_type": "1403"}] * 2 + [{"med_type": "13"}], "younger"),
        ("patient", [{"med_type": "1403", "course": True}] * 3, "course"),
        # Half a year of medicine from pharmacies, a drug at a time.
        ("patient", [{"kind": PHARMACY, "supply_days": 60.0, "n_drugs": 1}] * 3, "chronic"),
        ("patient", [{"kind": PHARMACY, "supply_days": 59.0, "n_drugs": 1}] * 3, "younger"),
        ("patient", [{"kind": PHARMACY, "supply_days": 120.0, "n_drugs": 2}] * 3, "chronic"),
        ("patient", [{"kind": PHARMACY, "supply_days": 60.0, "n_drugs": 2}] * 3, "younger"),
        ("patient", [{"kind": PHARMACY, "supply_days": 400.0, "n_drugs": 1}] * 2, "younger"),
        ("patient", [{"kind": STAY, "supply_days": 60.0, "n_drugs": 1}] * 3, "younger"),
        ("patient", [{"age": 59.9}, {"age": 60.0}], "older"),
        ("patient", [{"age": 59.9}], "younger"),
        ("prescriber", [{"kind": STAY}] * 5, "ward"),
        ("prescriber", [{"kind": STAY}] * 4 + [{}] * 9, "clinic"),
        ("hospital", [{"level": "3"}, {}], "level3"),
        ("hospital", [{"level": "2"}], "level2"),
        ("hospital", [{"level": "1"}], "primary"),
        ("hospital", [{}], "primary"),
        ("group", [{}], "groups"),
        ("visit", [{"course": True, "kind": STAY, "level": "3"}], "course_visit"),
        ("visit", [{"kind": STAY, "level": "3"}], "stay3"),
        ("visit", [{"kind": STAY, "level": "2"}], "stay2"),
        ("visit", [{"kind": STAY, "level": "1"}], "stay1"),
        ("visit", [{"kind": STAY}], "stay1"),
        ("visit", [{"kind": PHARMACY}], "purchase"),
        ("visit", [{"med_type": "1403"}], "chronic_visit"),
        ("visit", [{"days_ago": 2000.0}], "outpatient"),
    ],
)
def test_whose_peers_one_is(subject, rows, expected):
    found = peer_groups(facts(*rows), subject, "psn_no").to_dict()
    assert found == {"M0" if subject == "visit" else "who": expected}
    assert set(found.values()) <= set(PEER_WORDS)


def test_the_larger_half_of_pharmacies_are_the_large_ones():
    rows = [{"psn_no": name} for name, n in (("a", 1), ("b", 2), ("c", 3)) for _visit in range(n)]
    found = peer_groups(facts(*rows), "pharmacy", "psn_no").to_dict()
    assert found == {"a": "small", "b": "large", "c": "large"}
