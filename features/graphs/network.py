"""The links of all subjects: edges of every kind in one table, and what each visit has to do with them.

| kind | from | to | meaning |
|---|---|---|---|
| co_visit | patient | patient | often close in time at the same institution (`covisit`) |
| co_return | patient | patient | with the same people again in a later week or hour (`co_return`) |
| co_admission | patient | patient | admitted in one wave beyond what is usual (`admission_waves`) |
| co_session | patient | patient | cards swiped in ever the same sessions of a pharmacy (`card_sessions`) |
| co_purchase | patient | patient | often the same expensive medicine on the same day (`copurchase`) |
| co_supplier | patient | patient | the same several pharmacies of expensive medicine (`shared_suppliers`) |
| co_filling | patient | patient | prescriptions filled in the same batches (`batch_filling`) |
| co_oversupply | patient | patient | oversupplied through the same doctors, pharmacies (`oversupply`) |
| oversupply | patient | prescriber, pharmacy | oversupplied through one that has many such (`oversupply`) |
| trace_flow | patient, pharmacy | pharmacy | boxes of the one, sold again by the other (`trace_flows`) |
| prescription | prescriber | pharmacy | more patients buy there than expected (`referral_flows`) |
| referral | prescriber | hospital | more patients are admitted there than expected (`referral_flows`) |
| origin | village | hospital | more people are admitted there than expected (`referral_flows`) |
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import ibis
import pandas as pd
from ibis import _

from claims.as_of import ClaimsAsOf
from features.graphs import (
    admission_waves,
    batch_filling,
    card_sessions,
    co_return,
    copurchase,
    covisit,
    events,
    oversupply,
    recurrent_sets,
    referral_flows,
    shared_suppliers,
    trace_flows,
)
from features.windows import YEAR, YEARS

COLUMNS = ["kind", "a_type", "a", "b_type", "b", "observed", "expected", "neg_log10_fdr"]
# Kind of flow → the visits that are part of one, and the types of its two ends.
FLOWS: dict[str, tuple[Callable[[ibis.Table], ibis.Table], str, str]] = {
    "prescription": (referral_flows.prescriptions, "prescriber", "pharmacy"),
    "referral": (referral_flows.referrals, "prescriber", "hospital"),
    "origin": (referral_flows.origins, "village", "hospital"),
}
# Kinds of links that medicine makes: people need not meet.
RESALE = ("co_oversupply", "co_supplier", "co_filling")
# Kinds of flow that become a fact of their visits, and the column.
FLOW_COLUMNS = {
    "prescription": "prescription_flow",
    "referral": "referral_excess",
    "origin": "village_recruitment_excess",
}


@dataclass(frozen=True)
class Network:
    """The links as of a date.

    Attributes:
        edges: COLUMNS: pairs beyond chance with what was observed (days, windows, boxes or people), what is
            expected by chance, and `significance.chance.neg_log10_fdr`.
        people: a, b, neg_log10_fdr (summed over all kinds), one row a pair of patients.
        co_attendance: visits that link patients by being together or buying the same: mdtrt_id, a, b, other;
            a table of the scratch database, as the next three.
        co_oversupply: purchases that link patients by oversupply or the same pharmacies of expensive
            medicine: mdtrt_id, a, b, other.
        co_filling: purchases that link patients whose prescriptions are filled in the same batches: mdtrt_id,
            a, b, other.
        flows: visits at either end of flows beyond chance (`_flow_visits`).
    """

    edges: pd.DataFrame
    people: pd.DataFrame
    co_attendance: ibis.Table
    co_oversupply: ibis.Table
    co_filling: ibis.Table
    flows: ibis.Table


@dataclass(frozen=True)
class _Scratch:
    """Tables of one year's links in the scratch database; those of years before the last bear a number."""

    con: ibis.BaseBackend
    year: int

    def _named(self, name: str) -> str:
        return f"{name}_{self.year}" if self.year else name

    def create_table(self, name: str, rows: ibis.Table) -> ibis.Table:
        return self.con.create_table(self._named(name), rows)

    def stored(self, name: str, frame: pd.DataFrame) -> ibis.Table:
        return stored(self.con, self._named(name), frame)

    def table(self, name: str) -> ibis.Table:
        return self.con.table(self._named(name))


@dataclass(frozen=True)
class _OfYear:
    """The links of one year (attributes as of `Network`)."""

    edges: pd.DataFrame
    co_attendance: ibis.Table
    co_oversupply: ibis.Table
    flows: ibis.Table


@dataclass(frozen=True)
class _OfRuns:
    """The links of people in the same runs of purchases: COLUMNS, and mdtrt_id, a, b, other."""

    edges: pd.DataFrame
    linking_visits: ibis.Table


def build_network(claims: ClaimsAsOf, facts: ibis.Table) -> Network:
    """Find all links; keeps what is read twice in the scratch database.

    Each whole year that the claims cover, YEARS at most, is tested by itself: chance is that of a year's
    visits, and the pairs to be tested grow with the number of years and not with its square. Purchases in
    the same runs are looked at over all of these years: runs that somebody is in are counted, so that more
    years cost no more than their purchases.
    """
    con, years = claims.con, _whole_years(facts)
    of_years = [_of_year(con, facts, year) for year in range(years)]
    swiped, filled = (module.purchases(facts, years * YEAR) for module in (card_sessions, batch_filling))
    of_sessions = _of_runs(con, "co_session", swiped, card_sessions.members, card_sessions.SESSION)
    of_batches = _of_runs(con, "co_filling", filled, batch_filling.members, batch_filling.BATCH)
    resold = trace_flows.edges(claims).assign(kind="trace_flow", b_type="pharmacy")
    edges = _one_table([*(found.edges for found in of_years), of_sessions.edges, of_batches.edges, resold])
    people = edges[(edges["a_type"] == "patient") & (edges["b_type"] == "patient")]
    flows = outer_joined(
        reduce(ibis.union, (found.flows for found in of_years)), _box_visits(con, claims, resold)
    )
    return Network(
        _over_years(edges),
        people.groupby(["a", "b"])["neg_log10_fdr"].sum().reset_index(),
        reduce(ibis.union, (found.co_attendance for found in of_years), of_sessions.linking_visits),
        reduce(ibis.union, (found.co_oversupply for found in of_years)),
        of_batches.linking_visits,
        con.create_table("flow_visits", flows),
    )


def _whole_years(facts: ibis.Table) -> int:
    """How many whole years the claims cover: one at least, those of YEARS at most."""
    days = facts.aggregate(days=_.days_ago.max().fill_null(0.0)).to_pandas()["days"].iloc[0]
    return int(min(max(days // YEAR, 1), YEARS // YEAR))


def _over_years(edges: pd.DataFrame) -> pd.DataFrame:
    """Edges of several years, one row a pair and kind: the sums of counts, and the most significant year."""
    ends = ["kind", "a_type", "a", "b_type", "b"]
    sums = {"observed": "sum", "expected": "sum", "neg_log10_fdr": "max"}
    if not edges.duplicated(ends).any():
        return edges
    return edges.groupby(ends, as_index=False, sort=False).agg(sums)[COLUMNS]


def _of_year(con: ibis.BaseBackend, facts: ibis.Table, year: int) -> _OfYear:
    """The links of a year, counted back from the as-of date (0: the last)."""
    if year:
        ago = facts.days_ago - year * YEAR
        facts = facts.mutate(days_ago=ago).filter(_.days_ago > 0)
    scratch = _Scratch(con, year)
    together, co_attendance = _together(scratch, facts)
    linked, hubs, co_oversupply = _oversupplied(scratch, facts)
    sharing, of_suppliers = _sharing(scratch, facts)
    flows = {kind: referral_flows.edges(visits(facts)) for kind, (visits, _a, _b) in FLOWS.items()}
    others = [flows[kind].assign(kind=kind, a_type=a, b_type=b) for kind, (_visits, a, b) in FLOWS.items()]
    return _OfYear(
        _one_table([*map(_of_people, [*together, linked, sharing]), *others, hubs]),
        co_attendance,
        scratch.create_table("resale_visits", ibis.union(co_oversupply, of_suppliers)),
        _flow_visits(scratch, facts, flows),
    )


def _of_people(edges: pd.DataFrame) -> pd.DataFrame:
    return edges.rename(columns={"days": "observed"}).assign(a_type="patient", b_type="patient")


def _one_table(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Edges of several kinds: COLUMNS."""
    filled = [frame[COLUMNS] for frame in frames if len(frame)]
    edges = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=COLUMNS)
    return edges.astype({"observed": float, "expected": float, "neg_log10_fdr": float})


def _together(scratch: _Scratch, facts: ibis.Table) -> tuple[list[pd.DataFrame], ibis.Table]:
    """Edges of those who meet, buy the same or return together, and the visits that make them."""
    visited, of_visits = _meet(scratch, covisit.visits(facts), "meetings")
    expensive = scratch.create_table(
        "expensive_purchases", copurchase.purchases(facts, scratch.con.table("item_days"))
    )
    bought, of_medicines = _meet(scratch, expensive, "purchases")
    seen = scratch.create_table("windows", co_return.windows(facts))
    found = scratch.stored("window_returns", co_return.returns(seen))
    returned = scratch.create_table("returned", co_return.pairs(co_return.members(seen, found)))
    edges = [
        visited.assign(kind="co_visit"),
        bought.assign(kind="co_purchase"),
        co_return.edges(returned).assign(kind="co_return"),
    ]
    linking_visits = [of_visits, of_medicines, co_return.linking_visits(returned)]
    admitted, waves = _waves(scratch, facts)
    edges.append(admitted.assign(kind="co_admission"))
    linking_visits.append(events.linking_visits(waves))
    return edges, scratch.create_table("co_attendance_visits", ibis.union(*linking_visits))


def _waves(scratch: _Scratch, facts: ibis.Table) -> tuple[pd.DataFrame, ibis.Table]:
    """Edges of those admitted in one wave, and their pairs."""
    admitted = scratch.create_table("admissions", admission_waves.admissions(facts))
    found = scratch.stored("admission_waves", admission_waves.waves(admitted))
    inside = scratch.create_table("wave_members", admission_waves.members(admitted, found))
    crowded = scratch.stored("waves_with_bystanders", admission_waves.with_bystanders(inside))
    pairs = admission_waves.pairs(admission_waves.without_bystanders(inside, crowded))
    together = scratch.create_table("admitted_together", pairs)
    return admission_waves.edges(together), together


def _of_runs(
    con: ibis.BaseBackend,
    kind: str,
    bought: ibis.Table,
    members: Callable[[ibis.Table], ibis.Table],
    run: list[str],
) -> _OfRuns:
    """The links of those whose purchases are in the same runs again and again.

    Args:
        kind: of the edges, and part of the names of the tables in which the runs are stored.
        bought: purchases with their runs.
        members: from these to the people of each run, as `recurrent_sets.recurrent` takes them.
        run: columns that define a run.
    """
    seen = con.create_table(f"{kind}_members", members(con.create_table(f"{kind}_purchases", bought)))
    found = stored(con, kind, recurrent_sets.recurrent(seen, run))
    together = con.create_table(f"{kind}_pairs", recurrent_sets.pairs(seen, found, run))
    edges = _of_people(events.edges(together, run, []).assign(kind=kind))
    return _OfRuns(edges, con.create_table(f"{kind}_visits", events.linking_visits(together)))


def _meet(scratch: _Scratch, events: ibis.Table, name: str) -> tuple[pd.DataFrame, ibis.Table]:
    """Edges of those who meet, and the visits that make them.

    Args:
        events: as `covisit.meetings` takes them.
        name: of the table in which the meetings are stored.
    """
    met = scratch.create_table(name, covisit.meetings(events))
    found = covisit.edges(events, met)
    return found, covisit.linking_visits(met, scratch.stored(f"edges_of_{name}", found[["a", "b"]]))


def _oversupplied(scratch: _Scratch, facts: ibis.Table) -> tuple[pd.DataFrame, pd.DataFrame, ibis.Table]:
    """Edges of those oversupplied through the same doctor or pharmacy, their edges to these, and the visits
    that make them."""
    bought = scratch.create_table("buyers", oversupply.buyers(facts))
    hubs = scratch.stored("oversupply_hubs", oversupply.hubs(bought))
    over = scratch.create_table("oversupplied", oversupply.oversupplied(bought, hubs))
    pairs = scratch.create_table("co_oversupplied", oversupply.pairs(over))
    linking_visits = scratch.create_table("co_oversupply_visits", oversupply.linking_visits(facts, pairs))
    to_hubs = oversupply.hub_edges(over).assign(kind="oversupply", a_type="patient")
    return oversupply.edges(pairs).assign(kind="co_oversupply"), to_hubs, linking_visits


def _sharing(scratch: _Scratch, facts: ibis.Table) -> tuple[pd.DataFrame, ibis.Table]:
    """Edges of those who share pharmacies of expensive medicine, and the purchases that make them."""
    regular = scratch.create_table(
        "regular_suppliers", shared_suppliers.regulars(facts, scratch.table("expensive_purchases"))
    )
    found = shared_suppliers.edges(facts, regular)
    linked = scratch.stored("edges_of_suppliers", found[["a", "b"]])
    return found.assign(kind="co_supplier"), shared_suppliers.linking_visits(facts, regular, linked)


def _flow_visits(scratch: _Scratch, facts: ibis.Table, flows: dict[str, pd.DataFrame]) -> ibis.Table:
    """Visits of flows beyond chance: mdtrt_id, FLOW_COLUMNS and received_referral_excess (of the stays
    that referrals led to), the share of the flow beyond what is expected."""
    found = []
    for kind, column in FLOW_COLUMNS.items():
        excess = 1 - flows[kind]["expected"] / flows[kind]["observed"]
        edges = scratch.stored(f"{kind}_flows", flows[kind][["a", "b"]].astype(str).assign(excess=excess))
        visits = FLOWS[kind][0](facts).inner_join(edges, ["a", "b"])
        found.append(visits.select("mdtrt_id", **{column: _.excess}))
        if kind == "referral":
            found.append(
                visits.group_by(mdtrt_id=visits.stay).aggregate(received_referral_excess=_.excess.max())
            )
    return reduce(outer_joined, found)


def _box_visits(con: ibis.BaseBackend, claims: ClaimsAsOf, resold: pd.DataFrame) -> ibis.Table:
    """Visits at either end of boxes sold again beyond chance: mdtrt_id and `trace_flows.COLUMNS`."""
    flows = stored(con, "trace_flows", resold[["a_type", "a", "b"]].astype(str))
    return trace_flows.boxes(claims, flows)


def links(con: ibis.BaseBackend, network: Network, pairs: pd.DataFrame, name: str) -> ibis.Table:
    """The number of people each visit links its patient to, by attendance, oversupply and filling in batches,
    and its flows: mdtrt_id, co_visitors, co_oversupplied, co_fillers and the columns of `Network.flows`, null
    for none; only visits that have any.

    Args:
        pairs: the pairs (a, b) that count.
        name: of the table in which the pairs are stored.
    """
    counted = stored(con, name, pairs[["a", "b"]])
    counts = network.flows
    for column, visits in (
        ("co_visitors", network.co_attendance),
        ("co_oversupplied", network.co_oversupply),
        ("co_fillers", network.co_filling),
    ):
        others = visits.semi_join(counted, ["a", "b"]).group_by("mdtrt_id")
        counts = outer_joined(counts, others.aggregate(**{column: _.other.nunique()}))
    return counts


def kinds_of(inside: pd.DataFrame) -> pd.Series:
    """What most of each group's strength comes from: co_visit (attendance) or drug_resale (oversupply), by
    group_id.

    Args:
        inside: `inside_of`.
    """
    group, strength = inside["group_id"], inside["neg_log10_fdr"]
    oversupplied = strength.where(inside["kind"].isin(RESALE), 0.0).groupby(group).sum()
    return (oversupplied * 2 > strength.groupby(group).sum()).map({True: "drug_resale", False: "co_visit"})


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
    """A frame as a table of the scratch database; text columns stay text and numbers numbers when there are
    no rows."""
    schema = ibis.schema({column: _type_of(frame[column]) for column in frame.columns})
    return con.create_table(name, ibis.memtable(frame, schema=schema))


def _type_of(column: pd.Series) -> str:
    if pd.api.types.is_integer_dtype(column):
        return "int64"
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    return "float64" if pd.api.types.is_float_dtype(column) else "string"


def outer_joined(left: ibis.Table, right: ibis.Table) -> ibis.Table:
    """Two tables of counts by visit side by side; a visit may be in only one of them."""
    both = left.outer_join(right, "mdtrt_id")
    return both.mutate(mdtrt_id=ibis.coalesce(both.mdtrt_id, both.mdtrt_id_right)).drop("mdtrt_id_right")
