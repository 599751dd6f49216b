"""The step that measures a night: facts, graph, groups, measures, peers."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
from ibis import _

from claims.as_of import ClaimsAsOf, claims_as_of
from claims.errors import StoreError
from claims.store import Store, connect
from features.comparison.peers import Peers, fit_peers, peer_groups
from features.graphs import communities
from features.graphs.group_profiles import described, group_facts, hubs, innocent_company
from features.graphs.neighbour_outcomes import neighbour_outcomes
from features.graphs.network import Network, beside, build_network, inside_of, kinds_of, links, stored
from features.measures.aggregation import KEYS, MEMBERS, measure_subjects, measure_visits
from features.measures.catalogue import SUBJECTS
from features.rules.engine import RuleRun, run_rules
from features.rules.rule_context import RuleContext
from features.rules.rule_settings import RuleSettings
from features.rules.visit_findings import by_visit
from features.visits.facts import visit_facts, with_counts
from models import graph_part, rule_part


@dataclass(frozen=True)
class Measured:
    """One kind of subject on a night: values and differences (subjects × measures), peer groups, graph and rule
    parts (0 to 1)."""

    values: pd.DataFrame
    peers: pd.Series
    usual: Peers
    differences: pd.DataFrame
    graph: pd.Series
    rules: pd.Series


def lacking(schema: pd.DataFrame, measured: Measured) -> list[str]:
    """Columns of a model's feature schema (its index) that the night did not measure."""
    return [column for column in schema.index if column not in measured.differences]


@dataclass(frozen=True)
class NetworkResult:
    """Who is linked to whom on a night.

    Attributes:
        edges: links beyond chance of every kind (`features.graphs.network`).
        inside: those of them that join members of one group, with ``group_id``.
        members: group_id, psn_no, weight.
        kinds: group_id → what holds the group together: co_visit or drug_resale.
        hubs: doctors and institutions that groups go through: group_id, member_type, member_id, weight.
        described: what the groups did (`features.graphs.group_profiles.described`).
        excused: group_id → why the group's company is innocent; null where it is not.
    """

    edges: pd.DataFrame
    inside: pd.DataFrame
    members: pd.DataFrame
    kinds: pd.Series
    hubs: pd.DataFrame
    described: pd.DataFrame
    excused: pd.Series


@dataclass(frozen=True)
class Snapshot:
    """Everything measured as of a night.

    Attributes:
        facts: visits with their facts, a table of the scratch database.
        company: links and groups.
        rules: what became of the audit rules, and their findings.
    """

    claims: ClaimsAsOf
    facts: ibis.Table
    subjects: dict[str, Measured]
    company: NetworkResult
    rules: RuleRun


def measure(store: Store, as_of: date, work: Path, thresholds: dict | None = None) -> Snapshot:
    """Measure every subject as of a night.

    Args:
        work: scratch folder; its database holds the night's tables while they are needed.
        thresholds: of audit rules that differ from their defaults: rule id → parameter → value.

    Raises:
        StoreError: nothing was loaded yet, or nothing was settled before the night.
    """
    if store.generation is None:
        raise StoreError(f"{store.path} holds no claims yet: run 'fundguard ingest' first")
    con = connect(work)
    claims = claims_as_of(con, store.tables(con), as_of)
    if not claims.visits.count().execute():
        raise StoreError(f"no claim in {store.path} was settled before {as_of}")
    facts = visit_facts(claims)
    outcome = run_rules(RuleContext(claims, facts, con.table("item_days")), RuleSettings(thresholds or {}))
    facts = with_counts(con, facts, by_visit(outcome.hits, facts), "facts_ruled")
    stored(con, "rule_parts", _visit_rule_part(outcome.hits, facts))
    facts, company = _company(claims, facts, _members_before(store, as_of))
    subjects = {}
    for subject in SUBJECTS:
        measured = _measure(con, facts, subject, company)
        if measured is not None:
            subjects[subject] = measured
    return Snapshot(claims, facts, subjects, company, outcome)


def _company(claims: ClaimsAsOf, facts: ibis.Table, before: pd.DataFrame) -> tuple[ibis.Table, NetworkResult]:
    """Facts with how many people each visit links to and what came of them, and who is linked to whom beyond chance."""
    con = claims.con
    network = build_network(claims, facts)
    members = communities.name_groups(communities.communities(network.people), before)
    kept = stored(con, MEMBERS, members)
    # Before the links of honest company are taken away; only members tell what a group does.
    counts = links(con, network, network.people, "people")
    in_groups = group_facts(
        with_counts(con, facts.semi_join(kept, "psn_no"), counts, "facts_of_members"), kept
    )
    excused, did = innocent_company(in_groups), described(in_groups)
    counts = links(con, network, _telling(network, members, excused), "evidence_weight")
    ties = ibis.union(network.co_attendance, network.co_oversupply).semi_join(
        con.table("evidence_weight"), ["a", "b"]
    )
    facts = with_counts(con, facts, beside(counts, neighbour_outcomes(claims, facts, ties)), "facts_linked")
    through, inside = hubs(group_facts(facts, kept)), inside_of(network.edges, members)
    return facts, NetworkResult(network.edges, inside, members, kinds_of(inside), through, did, excused)


def _telling(network: Network, members: pd.DataFrame, excused: pd.Series) -> pd.DataFrame:
    """The pairs that are not both of honest company."""
    honest = set(members[members.group_id.map(excused).notna()].psn_no)
    people = network.people
    return people[~(people.a.isin(honest) & people.b.isin(honest))]


def _measure(con, facts, subject, company: NetworkResult) -> Measured | None:
    if subject == "visit":
        values = measure_visits(facts).to_pandas().set_index("subject_id").sort_index()
        rows, key = facts, "mdtrt_id"
    else:
        key, choose = KEYS[subject]
        rows = choose(facts)
        if subject == "group":
            if company.members.empty:
                return None
            rows = group_facts(facts, con.table(MEMBERS))
        values = measure_subjects(rows, subject)
    if values.empty:
        return None
    peers = peer_groups(rows, subject, key).reindex(values.index)
    usual = fit_peers(subject, values, peers)
    graph = _graph_part(subject, rows, key, company).reindex(values.index)
    rules = _rule_part(rows, subject, key, con.table("rule_parts")).reindex(values.index)
    return Measured(values, peers, usual, usual.differences(values, peers), graph, rules)


def _visit_rule_part(hits: ibis.Table, facts: ibis.Table) -> pd.DataFrame:
    """The rule part of each visit with findings: mdtrt_id, rule_part."""
    broken = hits.select("mdtrt_id", "rule_id").distinct().to_pandas()
    return rule_part.visit_rule_part(broken, int(facts.count().execute()))


def _rule_part(rows: ibis.Table, subject: str, key: str, parts: ibis.Table) -> pd.Series:
    """The rule part by subject, 0 to 1 (`models.rule_part`)."""
    ruled = rows.left_join(parts, "mdtrt_id").mutate(rule_part=_.rule_part.fill_null(0.0))
    if subject == "visit":
        found = ruled.select(subject_id=ruled.mdtrt_id, part=ruled.rule_part).to_pandas()
        return found.set_index("subject_id")["part"]
    # Rounded, because the last digits of a sum depend on the order in which an engine adds up.
    sums = ruled.group_by(subject_id=ruled[key]).aggregate(part=_.rule_part.sum().round(9), n=_.count())
    found = sums.to_pandas().set_index("subject_id")
    return rule_part.subject_rule_part(found["part"], found["n"])


def _graph_part(subject: str, rows: ibis.Table, key: str, company: NetworkResult) -> pd.Series:
    """The graph part by subject, 0 to 1 (`models.graph_part`); missing where there is no graph."""
    if company.members.empty:
        return pd.Series(dtype=float)
    if subject == "group":
        return graph_part.group_graph_part(company.inside, company.excused)
    if subject == "visit":
        found = rows.select(subject_id=rows.mdtrt_id, companions=rows.companions).to_pandas()
        return graph_part.visit_graph_part(found.set_index("subject_id")["companions"])
    shares = rows.group_by(subject_id=rows[key]).aggregate(share=(_.companions > 0).mean())
    return shares.to_pandas().set_index("subject_id")["share"].astype(float)


def _members_before(store: Store, as_of: date) -> pd.DataFrame:
    """Members of the groups of the last night before this one, for lasting group ids."""
    past_runs = store.runs_before(as_of)
    if not past_runs:
        return pd.DataFrame({"group_id": [], "psn_no": []}, dtype=object)
    before = pd.read_parquet(past_runs[-1] / "group_members.parquet")
    return before[before.member_type == "patient"].rename(columns={"member_id": "psn_no"})[
        ["group_id", "psn_no"]
    ]
