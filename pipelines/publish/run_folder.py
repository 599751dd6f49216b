"""The step that publishes: it writes a run's tables, pages and summary, whole or not at all, and computes
nothing."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from claims.store import Store
from claims.versions import replaced
from pipelines.explain.explanation import Explanation
from pipelines.ingest import Load
from pipelines.monitoring_file import Monitoring, monitored, write_monitoring
from pipelines.publish.result_tables import write_tables
from pipelines.publish.run_pages import write_pages
from pipelines.publish.run_summary import run_summary, write_summary
from pipelines.score import Scores
from pipelines.select.selection import Selection
from pipelines.settings import Settings
from pipelines.snapshot import Snapshot
from pipelines.step_log import Digest, Figure, logged_step
from reports.night_status import page


@dataclass(frozen=True)
class RunInfo:
    """Where a run comes from.

    Attributes:
        run_id: of the flow run.
        as_of: the date of the snapshot.
        load: the claims it was made from.
        seconds: how long each step took so far.
    """

    run_id: str
    as_of: date
    load: Load
    seconds: Mapping[str, float]

    @property
    def origin(self) -> dict[str, str]:
        """What every page states: run, as_of, claims."""
        return {"run": self.run_id, "as_of": self.as_of.isoformat(), "claims": self.load.generation}


@dataclass(frozen=True)
class Published:
    """A written run.

    Attributes:
        folder: ``STORE/runs/AS_OF``.
        digests: table → first digits of the SHA-256 of its file, to see whether two runs are the same.
        rules_failed: rule id → why.
    """

    folder: Path
    digests: dict[str, Digest]
    rules_failed: dict[str, str]

    def counts(self) -> Mapping[str, Figure]:
        """The digest of each table, and how many rules failed."""
        return {**self.digests, "rules_failed": len(self.rules_failed)}


def write_status(folder: Path, seen: Monitoring, past_runs: list[Path], language: str) -> None:
    """Write what the night saw of itself, and the page that says so beside the nights before."""
    write_monitoring(folder, seen)
    (folder / "status.html").write_text(page([*monitored(past_runs), seen], language), encoding="utf-8")


@logged_step("publish")
def publish(
    snapshot: Snapshot,
    scores: Scores,
    selection: Selection,
    explanation: Explanation,
    seen: Monitoring,
    store: Store,
    settings: Settings,
    info: RunInfo,
) -> Published:
    """Write the run beside the others and put it in place in one step."""
    begin = time.perf_counter()
    target = store.runs / info.as_of.isoformat()
    with replaced(store.path, target) as building:
        digests = write_tables(building, selection, explanation)
        write_pages(building, scores, selection, explanation, settings, info.as_of, info.run_id)
        summary = run_summary(snapshot, scores, selection, settings, info.as_of, info.load.report)
        write_status(building, seen, store.runs_before(info.as_of), settings.language)
        seconds = {**info.seconds, "publish": time.perf_counter() - begin}
        write_summary(building, info.run_id, summary, seconds)
    return Published(target, digests, dict(snapshot.rules.failed))
