"""The monitoring record of a run, `monitoring.json`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pipelines.step_log import Figure

FILE = "monitoring.json"
# Nights at most that are looked back on.
LOOKED_BACK = 120


@dataclass(frozen=True)
class Monitoring:
    """Monitoring metrics of one nightly run.

    Attributes:
        volume: day (ISO), visits settled on it, usual (null where there is too little history).
        quarantine: rows, quarantined, share, usual share of the latest load.
        outcomes: decided and confirmed in the last OUTCOME_WINDOW days, days since the last (null: none yet).
        models: kind → version, trained (as-of date), days since.
        drift: kind → score (PSI), measures, drifted, worst (up to three [measure, PSI]).
        alarms: what is off: code → figures (`reports.night_status` has the words).
        profiles: kind → measure → edges and counts, for the next nights of the same champion.
    """

    as_of: str
    volume: dict[str, Any]
    quarantine: dict[str, Any]
    outcomes: dict[str, Any]
    models: dict[str, Any]
    drift: dict[str, Any]
    alarms: dict[str, Any] = field(default_factory=dict)
    profiles: dict[str, Any] = field(default_factory=dict)

    def counts(self) -> Mapping[str, Figure]:
        """Visits of the day, and how much is off."""
        return {"visits": int(self.volume["visits"]), "alarms": len(self.alarms)}


def monitored(runs: list[Path]) -> list[Monitoring]:
    """What the latest of these runs saw of themselves, oldest first; runs without it are left out."""
    files = [run / FILE for run in runs[-LOOKED_BACK:]]
    return [Monitoring(**json.loads(file.read_text(encoding="utf-8"))) for file in files if file.exists()]


def write_monitoring(folder: Path, seen: Monitoring) -> None:
    """Write what a night saw into its run."""
    text = json.dumps(asdict(seen), ensure_ascii=False, indent=1)
    (folder / FILE).write_text(text, encoding="utf-8")
