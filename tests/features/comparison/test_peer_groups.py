"""Who is compared with whom: peer groups of each kind of subject, at their boundaries."""

import ibis
import pandas as pd
import pytest

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.comparison.peer_groups import PEER_WORDS, peer_groups
from tests.in_memory import engine


def test_whose_peers_patients_are():
    rows = [(who, day, course, kind, age) for who, course, kind, age in [
        ("on dialysis", True, "11", 50), ("diabetic", False, "1403", 50), ("grandmother", False, "11", 80),
        ("student", False, "11", 20),
    ] for day in range(4)]  # fmt: skip
    rows.append(("student", 5, True, "1403", 20))
    names = ["psn_no", "days_ago", "course", "med_type", "age"]
    con = engine()
    facts = con.create_table(
        "facts", pd.DataFrame(rows, columns=names).astype({"days_ago": float, "age": float})
    )
    assert peer_groups(facts, "patient", "psn_no").to_dict() == {
        "on dialysis": "course", "diabetic": "chronic", "grandmother": "older", "student": "younger",
    }  # fmt: skip


FACTS = {
    "psn_no": "string", "days_ago": "float64", "course": "boolean", "med_type": "string", "age": "float64",
    "kind": "string", "level": "string", "mdtrt_id": "string",
}  # fmt: skip


def facts(*rows: dict) -> ibis.Table:
    usual = {
        "days_ago": 5.0,
        "course": False,
        "med_type": "11",
        "age": 40.0,
        "kind": OUTPATIENT,
        "level": None,
    }
    full = [usual | {"mdtrt_id": f"M{n}", "psn_no": "who"} | row for n, row in enumerate(rows)]
    frame = pd.DataFrame(full)[list(FACTS)]
    return engine().create_table("facts", ibis.memtable(frame, schema=ibis.schema(FACTS)))


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
