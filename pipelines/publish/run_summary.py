"""Part of the step that publishes: `run.json`, what a run was made from and how far it reaches."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from claims.store import Report
from features.measures.catalogue import SUBJECTS
from pipelines.score import Scores
from pipelines.select.selection import Selection
from pipelines.settings import Settings
from pipelines.snapshot import Snapshot


def run_summary(
    snapshot: Snapshot,
    scores: Scores,
    selection: Selection,
    settings: Settings,
    as_of: date,
    load: Report,
) -> dict[str, Any]:
    """The contract's keys of `run.json`, and what is ours: extra_columns, list_depth, random_draw,
    tables_absent."""
    scored, claims, rules = scores.subjects, snapshot.claims, snapshot.rules
    return {
        "as_of": as_of.isoformat(),
        "tables": load.tables,
        "quarantine": load.quarantine,
        "extra_columns": {name: columns for name, columns in load.extra.items() if columns},
        "models": {kind: scored[kind].champion if kind in scored else None for kind in SUBJECTS},
        "checks_run": rules.run,
        "checks_skipped": rules.skipped,
        "checks_failed": rules.failed,
        "explained_depth": {
            kind: min(settings.explained_depth, len(found.ranked)) for kind, found in scored.items()
        },
        "list_depth": {kind: settings.depth(kind) for kind in scored if settings.depth(kind)},
        "random_draw": {
            "share": settings.random_share,
            "capacity": settings.capacity,
            "frame": {kind: len(ids) for kind, ids in selection.sampling_frame.items()},
        },
        "tables_absent": sorted(set(claims.tables) - set(claims.present)),
    }


def write_summary(
    folder: Path, run_id: str, summary: Mapping[str, Any], seconds: Mapping[str, float]
) -> None:
    """Write `run.json`: the run's id, the summary, and seconds by step."""
    rounded = {step: round(spent, 2) for step, spent in seconds.items()}
    content = {"run_id": run_id, **summary, "seconds": rounded}
    text = json.dumps(content, ensure_ascii=False, indent=1)
    (folder / "run.json").write_text(text, encoding="utf-8")
