"""The step that measures every subject as of a date: facts, audit rules, network and groups, measures,
peers."""

import warnings
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd

from claims.as_of import claims_as_of
from claims.duckdb_backend import connect
from claims.errors import StoreError
from claims.store import Store
from features.comparison.affiliation import affiliations, z_within_place
from features.comparison.peer_groups import peer_groups
from features.comparison.peers import fit_peers
from features.graphs.group_profiles import group_facts
from features.graphs.network import stored
from features.measures.aggregation import KEYS, MEMBERS, measure_subjects, measure_visits
from features.measures.catalogue import SUBJECTS
from features.rules.engine import run_rules
from features.rules.rule_context import RuleContext
from features.rules.rule_settings import RuleSettings
from features.rules.visit_findings import by_visit
from features.visits.facts import visit_facts, with_findings
from pipelines.file_backed import file_backed, matrices_in
from pipelines.network_result import network_result
from pipelines.score_parts import graph_part_of, rule_part_of, visit_rule_parts
from pipelines.snapshot import Measured, NetworkResult, Snapshot
from pipelines.step_log import logged_step


@logged_step("measure")
def measure(
    store: Store,
    as_of: date,
    work: Path,
    thresholds: dict[str, Any] | None = None,
    cluster: dict[str, str] | None = None,
) -> Snapshot:
    """Measure every subject as of a date.

    Args:
        work: scratch folder; its database holds the tables of the snapshot until `Snapshot.close`.
        thresholds: of audit rules that differ from their defaults: rule id → parameter → value.
        cluster: options of Spark; None: DuckDB in this process.

    Raises:
        StoreError: nothing was loaded yet, or nothing was settled before the date; Spark or Java is missing.
    """
    store.require_claims()
    with ExitStack() as stack:
        con = connect(work, store.statements) if cluster is None else _on_spark(work, cluster)
        stack.callback(con.disconnect)
        snapshot = _snapshot(con, store, as_of, thresholds or {}, work)
        # The snapshot keeps the connection; it is closed here only where measuring failed.
        stack.pop_all()
    return snapshot


def _on_spark(work: Path, cluster: dict[str, str]) -> Any:
    """A connection to Spark, which not everybody has installed."""
    try:
        with warnings.catch_warnings():
            # Spark's own frames of pandas, which it warns of, are not used: rows travel as Arrow.
            warnings.simplefilter("ignore", FutureWarning)
            from claims.spark_backend import connect_spark
    except ImportError as error:
        raise StoreError('engine = "spark" needs PySpark: pip install fundguard[spark]') from error
    return connect_spark(work, cluster)


def _snapshot(con: Any, store: Store, as_of: date, thresholds: dict[str, Any], work: Path) -> Snapshot:
    claims = claims_as_of(con, store.tables(con), as_of)
    if not claims.visits.count().execute():
        raise StoreError(f"no claim in {store.path} was settled before {as_of}")
    facts = visit_facts(claims)
    outcome = run_rules(RuleContext(claims, facts, con.table("item_days")), RuleSettings(thresholds))
    facts = with_findings(con, facts, by_visit(outcome.hits, facts))
    stored(con, "rule_parts", visit_rule_parts(outcome.hits, facts))
    facts, network = network_result(claims, facts, _members_before(store, as_of))
    measured = {subject: _measured(con, facts, subject, network, work) for subject in SUBJECTS}
    subjects = {subject: found for subject, found in measured.items() if found is not None}
    con.leave_memory()
    return Snapshot(claims, facts, subjects, network, outcome)


def _measured(
    con: Any, facts: ibis.Table, subject: str, network: NetworkResult, work: Path
) -> Measured | None:
    """The measures of one kind of subject; None where there is no such subject."""
    if subject == "group" and network.members.empty:
        return None
    rows, key = _visits_of(con, facts, subject)
    if subject == "visit":
        measures = con.create_table("visit_measures", measure_visits(facts).order_by("subject_id"))
        values, out = file_backed(measures, "subject_id", work), matrices_in(work)
    else:
        values, out = measure_subjects(rows, subject), np.empty
    if values.empty:
        return None
    peers = peer_groups(rows, subject, key).reindex(values.index)
    reference = fit_peers(subject, values, peers)
    graph = graph_part_of(subject, rows, key, network).reindex(values.index)
    rules = rule_part_of(rows, subject, key, con.table("rule_parts")).reindex(values.index)
    places, z_against_peers = affiliations(rows, subject, key), reference.z_scores(values, peers, out)
    if places.empty:
        return Measured(values, peers, reference, z_against_peers, graph, rules)
    own = z_within_place(reference, values, peers, places)
    return Measured(values, peers, reference, own, graph, rules, places, z_against_peers)


def _visits_of(con: Any, facts: ibis.Table, subject: str) -> tuple[ibis.Table, str]:
    """The visits of a kind of subject, and the column that names the subject."""
    if subject == "visit":
        return facts, "mdtrt_id"
    key, choose = KEYS[subject]
    return (group_facts(facts, con.table(MEMBERS)) if subject == "group" else choose(facts)), key


def _members_before(store: Store, as_of: date) -> pd.DataFrame:
    """Members of the groups of the last run before this date, so that groups keep their ids: group_id,
    psn_no."""
    past_runs = store.runs_before(as_of)
    if not past_runs:
        return pd.DataFrame({"group_id": [], "psn_no": []}, dtype=object)
    before = pd.read_parquet(past_runs[-1] / "group_members.parquet")
    patients = before[before.member_type == "patient"].rename(columns={"member_id": "psn_no"})
    return patients[["group_id", "psn_no"]]
