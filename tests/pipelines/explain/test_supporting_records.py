"""Which visits a reason shows: each visit once for a subject, and no reason without any."""

import pandas as pd
import pytest

from features.measures.catalogue import measures_of
from pipelines.explain.supporting_records import (
    _OF_MEMBERS,
    VISITS,
    _reasons_of,
    assigned_to_first_reason,
    without_small_counts,
)


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


def test_no_visit_shows_who_the_members_of_a_group_are():
    codes = [f"CO_VISIT.{column}" for column in (*_OF_MEMBERS, "joint_places_365d")]
    assert set(_OF_MEMBERS) <= set(measures_of("group"))
    listed = pd.DataFrame(
        {
            "subject_type": ["group"],
            "subject_id": ["G1"],
            "reasons": [[{"code": c} for c in codes]],
            "scheme": [None],
        }
    )
    wanted = _reasons_of(listed)
    assert list(zip(wanted.nth, wanted["column"], strict=True)) == [(3, "joint_places_365d")]
