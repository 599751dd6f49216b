"""Which visits a reason shows: each visit once for a subject, and no reason without any."""

from types import SimpleNamespace

import ibis
import pandas as pd
import pytest

from features.comparison.item_excess import HIGH_COST
from features.measures.billing_and_flows import EXCESS_COLUMNS
from features.measures.catalogue import measures_of
from pipelines.explain.supporting_records import (
    _OF_MEMBERS,
    VISITS,
    _reasons_of,
    _with_item,
    assigned_to_first_reason,
    most_disputed_first,
    without_contrary,
    without_small_counts,
)
from pipelines.flagged_visits import MARKS
from tests.in_memory import engine


def found(*rows: tuple[str, int, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["subject_id", "nth", "mdtrt_id"])


def kept(*rows: tuple[str, int, str]) -> list[tuple]:
    return list(assigned_to_first_reason(found(*rows)).itertuples(index=False, name=None))


def test_the_first_visits_of_a_reason_are_kept_in_their_order():
    rows = [("p1", 1, visit) for visit in "abcde"]
    assert VISITS == 3 and kept(*rows) == rows[:3]


def test_a_visit_serves_the_first_reason_that_has_it():
    assert kept(("p1", 1, "a"), ("p1", 2, "a"), ("p1", 2, "b")) == [("p1", 1, "a"), ("p1", 2, "b")]


def test_a_reason_left_with_none_keeps_its_first():
    assert kept(("p1", 1, "a"), ("p1", 1, "b"), ("p1", 2, "b"), ("p1", 2, "a")) == [
        ("p1", 1, "a"),
        ("p1", 1, "b"),
        ("p1", 2, "b"),
    ]


def test_subjects_do_not_take_visits_from_each_other():
    assert kept(("p1", 1, "a"), ("p2", 1, "a")) == [("p1", 1, "a"), ("p2", 1, "a")]


def test_a_visit_that_was_cut_off_is_free_for_the_next_reason():
    rows = [("p1", 1, visit) for visit in "abcd"] + [("p1", 2, "d")]
    assert kept(*rows)[-1] == ("p1", 2, "d")


@pytest.mark.parametrize("seed", range(10))
def test_a_loop_over_reasons_gives_the_same(seed):
    visits = pd.Series(range(40)).sample(40, random_state=seed, replace=True) % 9
    rows = sorted(
        {(f"p{n % 2}", n % 4, f"v{visit}"): n for n, visit in enumerate(visits)}.items(), key=lambda x: x[1]
    )
    table = found(*[key for key, _n in rows])
    expected = []
    for subject_id in ("p0", "p1"):
        taken: set[str] = set()
        for nth in range(4):
            own = list(table[(table.subject_id == subject_id) & (table.nth == nth)].mdtrt_id)
            fresh = [visit for visit in own if visit not in taken][:3] or own[:1]
            taken.update(fresh)
            expected += [(subject_id, nth, visit) for visit in fresh]
    assert kept(*table.itertuples(index=False, name=None)) == expected


def test_visits_of_small_counts_are_no_papers():
    """Four of five purchases were at one pharmacy: the fifth shows nothing of that."""
    rows = [("anna", 1, "v1", 4.0), ("anna", 1, "v2", 1.0), ("anna", 2, "v3", None), ("bert", 1, "v4", 2.0),
            ("bert", 1, "v5", 1.0)]  # fmt: skip
    rows_of = pd.DataFrame(rows, columns=["subject_id", "nth", "mdtrt_id", "n"])
    assert list(without_small_counts(rows_of).mdtrt_id) == ["v1", "v3", "v4", "v5"]


def test_of_the_visits_of_a_reason_those_with_most_in_dispute_come_first():
    """The large stay goes before small purchases; what is not in dispute keeps its order, and reasons and
    subjects stay apart."""
    of_a = [("a", 1, "v1"), ("a", 1, "v2"), ("a", 1, "v3"), ("a", 1, "v4"), ("a", 2, "v1")]
    rows = found(*of_a, ("b", 1, "v2"), ("b", 1, "v4"))
    money = [("a", "v4", 900.0), ("a", "v2", 12.0), ("b", "v4", 0.0)]
    disputes = pd.DataFrame(money, columns=["subject_id", "mdtrt_id", "disputed"])
    ordered = most_disputed_first(rows, disputes)
    assert list(ordered.itertuples(index=False, name=None)) == [
        ("a", 1, "v4"), ("a", 1, "v2"), ("a", 1, "v1"), ("a", 1, "v3"), ("a", 2, "v1"), ("b", 1, "v2"),
        ("b", 1, "v4"),
    ]  # fmt: skip
    # What a case has judged brings nothing back, and goes behind what may.
    judged = most_disputed_first(rows, disputes[disputes.mdtrt_id != "v4"])
    assert list(judged.mdtrt_id[judged.nth.eq(1) & judged.subject_id.eq("a")]) == ["v2", "v1", "v3", "v4"]


@pytest.mark.parametrize(
    ("column", "visit_value", "median", "kept"),
    [
        ("cash_share_365d", 0.717, 0.553, False),  # little cash is suspicious: this visit was paid in cash
        ("cash_share_365d", 0.553, 0.553, False),
        ("cash_share_365d", 0.0, 0.553, True),
        ("co_visit_share_365d", 0.0, 0.0, False),
        ("co_visit_share_365d", 1.0, 0.0, True),
        ("stays_365d", 1.0, 2.0, True),  # one of those counted, whatever is usual
        ("cash_share_365d", None, 0.553, True),  # no single visit makes it up
        ("cash_share_365d", 0.7, None, True),
    ],
)
def test_a_visit_that_speaks_against_its_reason_is_no_paper(column, visit_value, median, kept):
    rows = [
        ("p1", 1, column, visit_value, median),
        ("p1", 2, column, visit_value, median),
        ("p1", 1, column, None, median),
    ]
    candidates = pd.DataFrame(
        rows, columns=["subject_id", "nth", "column", "visit_value", "median"], dtype=object
    )
    left = without_contrary(candidates, measures_of("patient"))
    # The second reason has no other visit: it keeps its own.
    assert list(left.index) == ([0, 1, 2] if kept else [1, 2])


def test_no_visit_shows_who_the_members_of_a_group_are():
    codes = [f"CO_VISIT.{column}" for column in (*_OF_MEMBERS, "joint_places_365d")]
    assert set(_OF_MEMBERS) <= set(measures_of("group"))
    listed = pd.DataFrame(
        {
            "subject_type": ["group"],
            "subject_id": ["G1"],
            "reasons": [[{"code": c, "peer_median": None} for c in codes]],
            "scheme": [None],
        }
    )
    wanted = _reasons_of(listed)
    assert list(zip(wanted.nth, wanted["column"], strict=True)) == [(3, "joint_places_365d")]


def test_a_reason_that_names_an_item_shows_visits_and_lines_with_that_item():
    """Of a doctor who orders 检验 often, the visits with it and no costlier ones without."""
    visits = [("a", "D1", 10), ("b", "D1", 20), ("c", "D1", 20), ("d", "D2", 10), ("e", "D1", 366)]
    bills = [("a", "lab", 80.0), ("a", "scan", 900.0), ("b", "lab", 90.0), ("c", "scan", 900.0)]
    bills += [("d", "lab", 99.0), ("e", "lab", 99.0)]
    con = engine()
    marks = pd.DataFrame(visits, columns=["mdtrt_id", "dr_code", "days_ago"]).assign(kind="outpatient")
    con.create_table(MARKS, ibis.memtable(marks))
    lines = pd.DataFrame(bills, columns=["mdtrt_id", "hilist_code", "amount"])
    lines["bkkp_sn"] = [f"L{number}" for number in range(len(lines))]
    lines = lines.assign(charge="03")
    con.create_table("item_days", ibis.memtable(lines))
    items = pd.DataFrame(
        [("prescriber", "D1", "outpatient", "exam", "lab", "检验"),
         ("prescriber", "D1", "outpatient", "drug", HIGH_COST, None)],
        columns=["subject_type", "subject_id", "kind", "class", "item", "item_name"],
    ).assign(money=100.0)  # fmt: skip
    reasons = [{"code": f"CONTENT.{EXCESS_COLUMNS[name]}", "peer_median": 0.0} for name in ("exam", "drug")]
    listed = pd.DataFrame(
        {"subject_type": ["prescriber"], "subject_id": ["D1"], "scheme": ["M33"], "reasons": [reasons]}
    )
    snapshot = SimpleNamespace(claims=SimpleNamespace(con=con))
    found = _with_item(snapshot, "prescriber", _reasons_of(listed), items)
    assert found[["nth", "mdtrt_id", "item"]].to_numpy().tolist() == [[1, "b", "lab"], [1, "a", "lab"]]
