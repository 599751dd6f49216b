"""Everybody's links on a night: edges of every kind in one table, and what each visit has to do with them.

| kind | from | to | says |
|---|---|---|---|
| co_visit | patient | patient | at the same place close in time on many days (`covisit`) |
| co_return | patient | patient | with the same people again in a later week or hour (`cohorts`) |
| co_purchase | patient | patient | buying the same dear medicine on many days, from whatever shop (`copurchase`) |
| co_oversupply | patient | patient | oversupplied through the same doctors and shops (`resale`) |
| oversupply | patient | prescriber, pharmacy | oversupplied through a doctor or shop that has many such (`resale`) |
| trace_flow | patient, pharmacy | pharmacy | boxes that had been through the one's hands sold again by the other (`resale`) |
| prescription | prescriber | pharmacy | more of the doctor's patients buy there than the neighbourhood's (`partners`) |
| referral | prescriber | hospital | more of them are admitted there (`partners`) |
| origin | village | hospital | more of the village are admitted there than of its neighbours (`partners`) |
"""

from dataclasses import dataclass

import ibis
import pandas as pd
from ibis import _

from claims.as_of import ClaimsAsOf
from features.graphs import co_return, copurchase, covisit, referral_flows, resale

COLUMNS = ["kind", "a_type", "a", "b_type", "b", "observed", "expected", "neg_log10_fdr"]
# Kind of way → the visits that go one, and what its two ends are called.
WAYS = {
    "prescription": (referral_flows.prescriptions, "prescriber", "pharmacy"),
    "referral": (referral_flows.referrals, "prescriber", "hospital"),
    "origin": (referral_flows.origins, "village", "hospital"),
}
# Which of them are facts of the visits that go them, and the column.
STEPS = {"referral": "referred", "origin": "village_recruitment_excess"}


@dataclass(frozen=True)
class Network:
    """The links of a night.

    Attributes:
        edges: COLUMNS: pairs beyond chance with what was observed (days, windows, boxes or people) against what chance
            brings, and -log10 of the share of false ones among the edges at least as surprising.
        people: a, b, surprise (of all kinds together), one row a pair of patients.
        met, dealt: visits that tie patients together, by company or by oversupply: mdtrt_id, a, b, other; tables of
            the scratch database.
        ways: visits that go a way beyond chance: mdtrt_id and the columns of STEPS, the share of those who went it that
            the neighbourhood does not explain.
    """

    edges: pd.DataFrame
    people: pd.DataFrame
    met: ibis.Table
    dealt: ibis.Table
    ways: ibis.Table


def build_network(claims: ClaimsAsOf, facts: ibis.Table) -> Network:
    """Find the links of a night; keeps what is read twice in the scratch database."""
    con = claims.con
    *together, met = _company(con, facts)
    dealt, hubs, ties = _dealings(con, facts)
    people = pd.concat([*together, dealt], ignore_index=True).rename(columns={"days": "observed"})
    people = people.assign(a_type="patient", b_type="patient")
    ways = {kind: referral_flows.edges(way[0](facts)) for kind, way in WAYS.items()}
    others = [ways[kind].assign(kind=kind, a_type=way[1], b_type=way[2]) for kind, way in WAYS.items()]
    others += [hubs, resale.flows(claims).assign(kind="trace_flow", b_type="pharmacy")]
    frames = [frame[COLUMNS] for frame in [people, *others] if len(frame)]
    edges = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)
    return Network(
        edges.astype({"observed": float, "expected": float, "neg_log10_fdr": float}),
        people.groupby(["a", "b"], as_index=False)["neg_log10_fdr"].sum(),
        met,
        ties,
        con.create_table("ways", _steps(con, facts, ways)),
    )


def _company(con, facts: ibis.Table) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, ibis.Table]:
    """Edges of those who meet, of those who buy the same, of those who return together, and the visits that tie them."""
    visited, of_visits = _meet(con, facts, "meetings")
    dear = con.create_table("dear_purchases", copurchase.purchases(facts, con.table("item_days")))
    bought, of_medicines = _meet(con, dear, "purchases")
    seen = con.create_table("windows", co_return.windows(facts))
    back = stored(con, "window_returns", co_return.returns(seen))
    came = con.create_table("returned", co_return.pairs(co_return.members(seen, back)))
    ties = con.create_table("ties_met", ibis.union(of_visits, of_medicines, co_return.ties(came)))
    return (
        visited.assign(kind="co_visit"),
        bought.assign(kind="co_purchase"),
        co_return.edges(came).assign(kind="co_return"),
        ties,
    )


def _meet(con, rows: ibis.Table, name: str) -> tuple[pd.DataFrame, ibis.Table]:
    """Edges of those who meet in such rows, and the visits that tie them.

    Args:
        rows: as `covisit.meetings` takes them; stored, for they are read several times.
        name: of the table in which the meetings are stored.
    """
    met = con.create_table(name, covisit.meetings(rows))
    found = covisit.edges(rows, met)
    return found, covisit.ties(met, stored(con, f"edges_of_{name}", found[["a", "b"]]))


def _dealings(con, facts: ibis.Table) -> tuple[pd.DataFrame, pd.DataFrame, ibis.Table]:
    """Edges of those oversupplied through the same doctor or shop, their edges to these, and the visits that tie them."""
    bought = con.create_table("buyers", resale.buyers(facts))
    hubs = stored(con, "resale_hubs", resale.hubs(bought))
    over = con.create_table("oversupplied", resale.oversupplied(bought, hubs))
    co_oversupplied = con.create_table("co_oversupplied", resale.pairs(over))
    ties = con.create_table("ties_dealt", resale.ties(facts, co_oversupplied))
    to_hubs = resale.hub_edges(over).assign(kind="oversupply", a_type="patient")
    return resale.edges(co_oversupplied).assign(kind="co_oversupply"), to_hubs, ties


def links(con: ibis.BaseBackend, network: Network, evidence_weight: pd.DataFrame, name: str) -> ibis.Table:
    """To how many people each visit links its visitor, by company and by oversupply, and the ways it goes: mdtrt_id,
    companions, fellows and the columns of STEPS, null for none; only visits that have any.

    Args:
        telling: the pairs (a, b) that count.
        name: of the table in which the pairs are stored.
    """
    pairs = stored(con, name, evidence_weight[["a", "b"]])
    counts = network.ways
    for column, ties in (("companions", network.met), ("co_oversupplied", network.dealt)):
        others = ties.semi_join(pairs, ["a", "b"]).group_by("mdtrt_id")
        counts = beside(counts, others.aggregate(**{column: _.other.nunique()}))
    return counts


def kinds_of(inside: pd.DataFrame) -> pd.Series:
    """What holds each group together: co_visit (company) or drug_resale (oversupply), by group_id.

    Args:
        inside: `inside_of`.
    """
    dealt = (
        inside["neg_log10_fdr"]
        .where(inside["kind"] == "co_oversupply", 0.0)
        .groupby(inside["group_id"])
        .sum()
    )
    every = inside.groupby("group_id")["neg_log10_fdr"].sum()
    return (dealt * 2 > every).map({True: "drug_resale", False: "co_visit"})


def inside_of(edges: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Edges between members of one group, with ``group_id``.

    Args:
        edges: COLUMNS.
        members: group_id, psn_no.
    """
    of_a = members[["group_id", "psn_no"]].rename(columns={"psn_no": "a"})
    of_b = members[["group_id", "psn_no"]].rename(columns={"psn_no": "b"})
    people = edges[(edges["a_type"] == "patient") & (edges["b_type"] == "patient")]
    return people.merge(of_a, on="a").merge(of_b, on=["b", "group_id"])


def stored(con: ibis.BaseBackend, name: str, frame: pd.DataFrame) -> ibis.Table:
    """A frame as a table of the scratch database; text columns stay text and numbers numbers when there are no rows."""

    def kind(column: pd.Series) -> str:
        if pd.api.types.is_integer_dtype(column):
            return "int64"
        return "float64" if pd.api.types.is_float_dtype(column) else "string"

    schema = ibis.schema({column: kind(frame[column]) for column in frame.columns})
    return con.create_table(name, ibis.memtable(frame, schema=schema))


def _steps(con, facts: ibis.Table, ways: dict[str, pd.DataFrame]) -> ibis.Table:
    """Visits that go a way more people go than should, with the share of these that is too many."""
    steps = None
    for kind, column in STEPS.items():
        excess = 1 - ways[kind]["expected"] / ways[kind]["observed"]
        over = stored(con, f"{kind}_ways", ways[kind][["a", "b"]].astype(str).assign(excess=excess))
        gone = WAYS[kind][0](facts).inner_join(over, ["a", "b"]).select("mdtrt_id", **{column: _.excess})
        steps = gone if steps is None else beside(steps, gone)
    return steps


def beside(left: ibis.Table, right: ibis.Table) -> ibis.Table:
    """Two counts of visits side by side; a visit may be in one of them only."""
    both = left.outer_join(right, "mdtrt_id")
    return both.mutate(mdtrt_id=ibis.coalesce(both.mdtrt_id, both.mdtrt_id_right)).drop("mdtrt_id_right")
