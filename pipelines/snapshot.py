"""What was measured as of a date: subjects with their measures, peers and parts, the network, the rules'
findings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import ibis
import pandas as pd

from claims.as_of import ClaimsAsOf
from features.comparison.peers import PeerReference
from features.rules.engine import RuleRun
from pipelines.step_log import Figure

# What identifies a subject in tables that hold several kinds.
SUBJECT = ["subject_type", "subject_id"]


@dataclass(frozen=True)
class Measured:
    """One kind of subject as of a date.

    Attributes:
        values: subjects × measures, in the unit of each measure.
        peers: peer group of each subject.
        reference: null distribution, median and quantiles of each measure by peer group.
        z_scores: subjects × measures: z-values of the distance from the peers, and from the rest of the
            subject's own place where it has one (`features.comparison.affiliation`), positive on the
            suspicious side.
        graph, rules: the graph and the rule part of each subject, 0 to 1; missing where they do not apply.
        places: where subjects belong (a doctor's hospital, a shop's chain); empty for other kinds.
        z_against_peers: z-scores among the peers alone; empty where nobody belongs to a place.
    """

    values: pd.DataFrame
    peers: pd.Series
    reference: PeerReference
    z_scores: pd.DataFrame
    graph: pd.Series
    rules: pd.Series
    places: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))
    z_against_peers: pd.DataFrame = field(default_factory=pd.DataFrame)


def missing_measures(schema: pd.DataFrame, measured: Measured) -> list[str]:
    """Columns of a model's feature schema (its index) that were not measured."""
    return [column for column in schema.index if column not in measured.z_scores]


@dataclass(frozen=True)
class NetworkResult:
    """Who is linked to whom beyond chance.

    Attributes:
        edges: links of every kind (`features.graphs.network`).
        inside: those of them that join members of one group, with ``group_id``.
        members: group_id, psn_no, weight.
        kinds: group_id → what links the group: co_visit or drug_resale.
        hubs: doctors and institutions shared by a group's members: group_id, member_type, member_id, weight.
        described: what the groups did (`features.graphs.group_profiles.described`).
        excused: group_id → honest explanation of the group (household, village, …); null where there is none.
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
    """Everything measured as of a date. It holds the connection to the scratch database: close it after use.

    Attributes:
        facts: visits with their facts, a table of the scratch database.
        rules: which audit rules ran, were skipped or failed, and their findings.
    """

    claims: ClaimsAsOf
    facts: ibis.Table
    subjects: dict[str, Measured]
    network: NetworkResult
    rules: RuleRun

    @cached_property
    def days_of_claims(self) -> int:
        """How many days the claims go back."""
        return int(self.facts.days_ago.max().to_pyarrow().as_py() or 0)

    def counts(self) -> Mapping[str, Figure]:
        """Subjects by kind, links, groups, rules run and failed."""
        subjects: dict[str, Figure] = {kind: len(found.values) for kind, found in self.subjects.items()}
        rules = {"rules_run": len(self.rules.run), "rules_failed": len(self.rules.failed)}
        return {**subjects, "edges": len(self.network.edges), "groups": len(self.network.kinds), **rules}

    def close(self) -> None:
        """Close the connection to the scratch database."""
        self.claims.con.disconnect()
