"""Everybody's links on a night: edges of every kind in one table, and what each visit has to do with them.

| kind | from | to | says |
|---|---|---|---|
| co_visit | patient | patient | at the same place close in time on many days (`covisit`) |
| co_return | patient | patient | with the same people again in a later week or hour (`cohorts`) |
| co_purchase | patient | patient | oversupplied through the same doctors and shops (`resale`) |
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

from claims.known import Known
from features.facts import with_counts
from features.graphs import cohorts, covisit, partners, resale

PEOPLE = ("co_visit", "co_return", "co_purchase")
COLUMNS = ["kind", "a_type", "a", "b_type", "b", "observed", "expected", "surprise"]
# What a visit may be a step of → how its two ends are called, and the column of the facts that says so.
WAYS = {
    "prescription": ("prescriber", "pharmacy", "steered"),
    "referral": ("prescriber", "hospital", "referred"),
    "origin": ("village", "hospital", "fetched"),
}
_TIES = ["mdtrt_id", "a", "b", "other"]


@dataclass(frozen=True)
class Network:
    """The links of a night.

    Attributes:
        edges: COLUMNS: pairs beyond chance with what was observed (days, windows, boxes or people) against what chance
            brings, and -log10 of the share of false ones among the edges at least as surprising.
        people: a, b, surprise (of all kinds together), one row a pair of patients.
        met, dealt: visits that tie patients together, by company or by oversupply: mdtrt_id, a, b, other; tables of
            the scratch database.
        ways: visits that go a way of WAYS: mdtrt_id and a column a kind, the share of those who went it that the
            neighbourhood does not explain.
    """

    edges: pd.DataFrame
    people: pd.DataFrame
    met: ibis.Table
    dealt: ibis.Table
    ways: ibis.Table


def weave(known: Known, facts: ibis.Table) -> Network:
    """Find the links of a night; keeps what is read twice in the scratch database."""
    con = known.con
    met = con.create_table("meetings", covisit.meetings(facts))
    visited = covisit.edges(facts, met)
    seen = con.create_table("windows", cohorts.windows(facts))
    back = stored(con, "window_returns", cohorts.returns(seen))
    came = con.create_table("returned", cohorts.pairs(cohorts.members(seen, back)))
    returned = cohorts.edges(came)
    bought = con.create_table("buyers", resale.buyers(facts))
    over = con.create_table(
        "oversupplied", resale.oversupplied(bought, stored(con, "resale_hubs", resale.hubs(bought)))
    )
    fellows = con.create_table("fellows", resale.pairs(over))
    dealt = resale.edges(fellows)
    linked = stored(con, "covisit_edges", visited[["a", "b"]])
    parts = {"co_visit": visited, "co_return": returned, "co_purchase": dealt}
    people = pd.concat([part.assign(kind=kind) for kind, part in parts.items()], ignore_index=True)
    people = people.assign(a_type="patient", b_type="patient").rename(columns={"days": "observed"})
    ways = {kind: partners.edges(getattr(partners, f"{kind}s")(facts)) for kind in WAYS}
    others = [
        frame.assign(kind=kind, a_type=WAYS[kind][0], b_type=WAYS[kind][1]) for kind, frame in ways.items()
    ]
    others.append(resale.hub_edges(over).assign(kind="oversupply", a_type="patient"))
    others.append(resale.flows(known).assign(kind="trace_flow", b_type="pharmacy"))
    frames = [frame[COLUMNS] for frame in [people, *others] if len(frame)]
    edges = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)
    return Network(
        edges.astype({"observed": float, "expected": float, "surprise": float}),
        people.groupby(["a", "b"], as_index=False)["surprise"].sum(),
        con.create_table("ties_met", ibis.union(covisit.ties(met, linked), cohorts.ties(came))),
        con.create_table("ties_dealt", resale.ties(facts, fellows)),
        con.create_table("ways", _steps(con, facts, ways)),
    )


def with_links(con: ibis.BaseBackend, facts: ibis.Table, network: Network, telling: pd.DataFrame, name: str):
    """Facts with how many people each visit links its visitor to, by company and by oversupply, and the ways it goes.

    Args:
        telling: the pairs (a, b) that count.
        name: of the stored table.
    """
    pairs = stored(con, f"{name}_pairs", telling[["a", "b"]])
    counts = network.ways
    for column, ties in (("companions", network.met), ("fellows", network.dealt)):
        count = ties.semi_join(pairs, ["a", "b"]).group_by("mdtrt_id").aggregate(_n=_.other.nunique())
        counts = counts.outer_join(count.rename({column: "_n"}), "mdtrt_id")
        counts = counts.mutate(mdtrt_id=ibis.coalesce(counts.mdtrt_id, counts.mdtrt_id_right))
        counts = counts.drop("mdtrt_id_right")
    return with_counts(con, facts, counts, name)


def kinds_of(edges: pd.DataFrame, members: pd.DataFrame) -> pd.Series:
    """What holds each group together: co_visit (company) or drug_resale (oversupply), by group_id.

    Args:
        members: group_id, psn_no.
    """
    inside = inside_of(edges[edges["kind"].isin(PEOPLE)], members)
    dealt = inside["surprise"].where(inside["kind"] == "co_purchase", 0.0).groupby(inside["group_id"]).sum()
    every = inside.groupby("group_id")["surprise"].sum()
    return (dealt * 2 > every).map({True: "drug_resale", False: "co_visit"})


def inside_of(edges: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Edges between members of one group, with ``group_id``."""
    of_a = members[["group_id", "psn_no"]].rename(columns={"psn_no": "a"})
    of_b = members[["group_id", "psn_no"]].rename(columns={"psn_no": "b"})
    return edges.merge(of_a, on="a").merge(of_b, on=["b", "group_id"])


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
    for kind, (_a, _b, column) in WAYS.items():
        found = ways[kind].assign(excess=1 - ways[kind]["expected"] / ways[kind]["observed"])
        taken = getattr(partners, f"{kind}s")(facts)
        over = stored(con, f"{kind}_ways", found[["a", "b", "excess"]].astype({"a": str, "b": str}))
        gone = taken.inner_join(over, ["a", "b"]).select("mdtrt_id", _excess=_.excess)
        gone = gone.rename({column: "_excess"})
        if steps is None:
            steps = gone
            continue
        steps = steps.outer_join(gone, "mdtrt_id")
        steps = steps.mutate(mdtrt_id=ibis.coalesce(steps.mdtrt_id, steps.mdtrt_id_right)).drop(
            "mdtrt_id_right"
        )
    return steps
