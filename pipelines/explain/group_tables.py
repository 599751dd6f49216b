"""Part of the step that explains: the tables of groups, their members and what they did."""

import pandas as pd
import pyarrow as pa

from pipelines.snapshot import NetworkResult

GROUP_MEMBERS = pa.schema(
    [
        ("group_id", pa.string()), ("kind", pa.string()), ("member_type", pa.string()),
        ("member_id", pa.string()), ("weight", pa.float64()),
    ]
)  # fmt: skip
# Added to the contract's tables: what each group is and did, and the links of every kind
# (`features.graphs.network`).
GROUPS = pa.schema(
    [
        ("group_id", pa.string()), ("rank", pa.int64()), ("score", pa.float64()), ("kind", pa.string()),
        ("scheme", pa.string()), ("innocent", pa.string()), ("members", pa.int64()),
        ("villages", pa.int64()), ("places", pa.int64()), ("visits", pa.int64()), ("days", pa.int64()),
        ("first_day", pa.string()), ("last_day", pa.string()), ("pair_days", pa.float64()),
        ("pair_days_by_chance", pa.float64()), ("fund", pa.float64()), ("oversupply", pa.float64()),
    ]
)  # fmt: skip
EDGES = pa.schema(
    [
        ("kind", pa.string()), ("a_type", pa.string()), ("a", pa.string()), ("b_type", pa.string()),
        ("b", pa.string()), ("observed", pa.float64()), ("expected", pa.float64()),
        ("neg_log10_fdr", pa.float64()),
    ]
)  # fmt: skip
# Links that mean that two people were at the same place at the same time.
_TOGETHER = ("co_visit", "co_return")


def members_table(network: NetworkResult) -> pd.DataFrame:
    """Patients of the groups, and the doctors and institutions they share: columns of GROUP_MEMBERS."""
    patients = network.members.rename(columns={"psn_no": "member_id"}).assign(member_type="patient")
    frame = pd.concat([patients, network.hubs], ignore_index=True)
    frame = frame.assign(kind=frame["group_id"].map(network.kinds))
    return frame.sort_values(["group_id", "member_type", "member_id"])[list(GROUP_MEMBERS.names)]


def groups_table(network: NetworkResult, suspects: pd.DataFrame) -> pd.DataFrame:
    """What each group is: columns of GROUPS, by rank.

    Args:
        suspects: as the contract's table.
    """
    inside = network.inside[network.inside["kind"].isin(_TOGETHER)]
    together = inside.groupby("group_id").agg(
        pair_days=("observed", "sum"), pair_days_by_chance=("expected", "sum")
    )
    frame = network.described.set_index("group_id").join(together)
    frame = frame.fillna({"pair_days": 0.0, "pair_days_by_chance": 0.0})
    frame = frame.assign(kind=network.kinds, innocent=network.excused)
    ranked = suspects[suspects["subject_type"] == "group"].set_index("subject_id")
    return (
        frame.join(ranked[["rank", "score", "scheme"]]).sort_values("rank").reset_index()[list(GROUPS.names)]
    )
