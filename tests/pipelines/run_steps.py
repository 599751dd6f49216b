"""The steps of a run in this process, and the tables that a run writes."""

from dataclasses import dataclass

import pandas as pd

from claims.store import Store
from pipelines.champions import registry
from pipelines.explain.explanation import Explanation, explain
from pipelines.monitor import monitor
from pipelines.monitoring_file import Monitoring
from pipelines.publish.run_folder import Published, RunInfo, publish
from pipelines.score import Scores, score
from pipelines.select.selection import Selection, select
from pipelines.settings import Settings
from pipelines.snapshot import Snapshot

PARTS = ["model_score", "anomaly_score", "rule_score", "graph_score"]
COLUMNS = {
    "suspects": [
        "subject_type", "subject_id", "rank", "score", "amount_at_risk", "scheme", *PARTS, "reasons",
        "story_zh", "story_en", "explained_by",
    ],
    "evidence": ["subject_type", "subject_id", "scheme", "mdtrt_id", "setl_id", "bkkp_sn", "amount",
                 "disputed", "why"],
    "rule_hits": [
        "jr_id", "rule_id", "rule_name", "sev_deg", "subject_type", "subject_id", "psn_no", "fixmedins_code",
        "dr_code", "mdtrt_id", "setl_id", "bkkp_sn", "vola_amt", "vola_cont", "vola_evid",
        "vola_cont_en",
    ],
    "group_members": ["group_id", "kind", "member_type", "member_id", "weight"],
}  # fmt: skip


@dataclass(frozen=True)
class Steps:
    """What the steps after measuring gave, and the run they were published as."""

    scores: Scores
    selection: Selection
    explanation: Explanation
    seen: Monitoring
    info: RunInfo
    published: Published


def steps_of(snapshot: Snapshot, store: Store, out: Store, settings: Settings, info: RunInfo) -> Steps:
    """Score with the champions of a store and publish into another."""
    past_runs = out.runs_before(info.as_of)
    scores = score(snapshot, registry(store, settings), settings)
    selection = select(snapshot, scores, past_runs, settings, info.as_of)
    found = explain(snapshot, scores, selection, past_runs, settings, info.origin)
    seen = monitor(snapshot, scores, out, info.load.report, settings, info.as_of)
    published = publish(snapshot, scores, selection, found, seen, out, settings, info)
    return Steps(scores, selection, found, seen, info, published)


def place(ranked: pd.DataFrame, kind: str) -> pd.Series:
    """Where each subject stands in its list, from nought (first) to one."""
    rows = ranked[ranked.subject_type == kind].set_index("subject_id")
    return rows["rank"] / len(rows)
