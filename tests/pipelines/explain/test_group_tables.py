"""Tables of groups: members and what they share, what they did, and their rank."""

import pandas as pd
import pytest

from pipelines.explain.group_tables import GROUP_MEMBERS, GROUPS, groups_table, members_table
from pipelines.snapshot import NetworkResult

DESCRIBED = ["members", "villages", "places", "visits", "days", "first_day", "last_day", "fund", "oversupply"]
NETWORK = NetworkResult(
    edges=pd.DataFrame(),
    inside=pd.DataFrame(
        [
            ("g1", "co_visit", 5.0, 1.0),
            ("g1", "co_return", 2.0, 0.5),
            ("g1", "co_oversupply", 9.0, 9.0),
        ],
        columns=["group_id", "kind", "observed", "expected"],
    ),
    members=pd.DataFrame(
        {"group_id": ["g2", "g1", "g1"], "psn_no": ["p3", "p2", "p1"], "weight": [1.0, 2.0, 3.0]}
    ),
    kinds=pd.Series({"g1": "co_visit", "g2": "drug_resale"}),
    hubs=pd.DataFrame(
        {"group_id": ["g1"], "member_type": ["pharmacy"], "member_id": ["P1"], "weight": [0.9]}
    ),
    described=pd.DataFrame(
        [
            ("g1", 2, 1, 1, 9, 5, "2024-01-01", "2024-02-01", 90.0, 0.0),
            ("g2", 1, 1, 1, 1, 1, "", "", 1.0, 7.0),
        ],
        columns=["group_id", *DESCRIBED],
    ),
    excused=pd.Series({"g1": None, "g2": "household"}, dtype=object),
)
SUSPECTS = pd.DataFrame(
    [("group", "g2", 1, 0.9, "M21"), ("group", "g1", 2, 0.4, None), ("patient", "g1", 1, 1.0, "M05")],
    columns=["subject_type", "subject_id", "rank", "score", "scheme"],
)


def test_members_are_the_patients_and_what_they_share():
    found = members_table(NETWORK)
    assert list(found.columns) == GROUP_MEMBERS.names
    assert list(found[["group_id", "member_type", "member_id"]].itertuples(index=False, name=None)) == [
        ("g1", "patient", "p1"),
        ("g1", "patient", "p2"),
        ("g1", "pharmacy", "P1"),
        ("g2", "patient", "p3"),
    ]
    assert list(found.kind) == ["co_visit"] * 3 + ["drug_resale"]


def test_groups_stand_by_rank_and_only_meetings_count_as_days():
    found = groups_table(NETWORK, SUSPECTS)
    assert list(found.columns) == GROUPS.names and list(found.group_id) == ["g2", "g1"]
    by_id = found.set_index("group_id")
    assert by_id.pair_days.to_dict() == {"g2": 0.0, "g1": 7.0}
    assert by_id.pair_days_by_chance.to_dict() == pytest.approx({"g2": 0.0, "g1": 1.5})
    # The patient of the same name has nothing to do with the group.
    assert by_id.score.to_dict() == {"g2": 0.9, "g1": 0.4}
    assert by_id.innocent["g2"] == "household" and by_id.innocent.isna()["g1"]
