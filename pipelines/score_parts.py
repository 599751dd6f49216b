"""Part of the step that measures: the graph part and the rule part of every subject, 0 to 1."""

import ibis
import pandas as pd
from ibis import _

from models.graph_part import group_graph_part, patient_graph_part, visit_graph_part
from models.rule_part import subject_rule_part, visit_rule_part
from pipelines.snapshot import NetworkResult
from pipelines.typed_frames import fetch, fetch_by


def visit_rule_parts(hits: ibis.Table, facts: ibis.Table) -> pd.DataFrame:
    """The rule part of each visit with findings: mdtrt_id, rule_part."""
    broken = fetch(hits.select("mdtrt_id", "rule_id").distinct())
    return visit_rule_part(broken, int(facts.count().execute()))


def rule_part_of(rows: ibis.Table, subject: str, key: str, parts: ibis.Table) -> pd.Series:
    """The rule part by subject: of a visit its own, of others the shrunk mean over their visits."""
    ruled = rows.left_join(parts, "mdtrt_id").mutate(rule_part=_.rule_part.fill_null(0.0))
    if subject == "visit":
        return fetch_by(ruled.select(subject_id=ruled.mdtrt_id, part=ruled.rule_part), "subject_id")["part"]
    # Rounded, because the last digits of a sum depend on the order in which an engine adds up.
    sums = ruled.group_by(subject_id=ruled[key]).aggregate(part=_.rule_part.sum().round(9), n=_.count())
    found = fetch_by(sums, "subject_id")
    return subject_rule_part(found["part"], found["n"])


def graph_part_of(subject: str, rows: ibis.Table, key: str, network: NetworkResult) -> pd.Series:
    """The graph part by subject; empty where no group was found."""
    if network.members.empty:
        return pd.Series(dtype=float)
    if subject == "group":
        return group_graph_part(network.inside, network.excused)
    others = ibis.greatest(rows.co_visitors, rows.co_fillers)
    if subject == "visit":
        counted = fetch_by(rows.select(subject_id=rows.mdtrt_id, others=others), "subject_id")
        return visit_graph_part(counted["others"])
    linked, of_subject = others > 0, rows.group_by(subject_id=rows[key])
    if subject == "patient":
        visits = fetch_by(of_subject.aggregate(visits=linked.sum()), "subject_id")["visits"]
        return patient_graph_part(visits)
    return fetch_by(of_subject.aggregate(share=linked.mean()), "subject_id")["share"].astype(float)
