"""The step that keeps the month's reports: supervision report and evaluation, in a folder that no later run
replaces."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from claims.errors import StoreError
from claims.store import Store
from claims.versions import replaced
from pipelines.step_log import Figure, logged_step

# Taken from the run, where it has them, and from the evaluation of the same date.
_OF_RUN = ("supervision.html", "supervision.parquet", "overview.html", "status.html")
_OF_EVALUATION = ("evaluation.html",)


@dataclass(frozen=True)
class MonthlyFolder:
    """A written month: ``STORE/reports/YYYY-MM``."""

    folder: Path
    files: int

    def counts(self) -> Mapping[str, Figure]:
        """Files kept."""
        return {"files": self.files}


def first_of_month(day: date) -> date:
    """The as-of date of a month's reports: the first of the month, on which the one before is complete."""
    return day.replace(day=1)


@logged_step("monthly")
def write_monthly(store: Store, evaluation: Path, as_of: date) -> MonthlyFolder:
    """Keep the reports of the month before a first of the month.

    Args:
        evaluation: folder of the evaluation of that date.

    Raises:
        StoreError: there is no run of that date.
    """
    run = store.runs / as_of.isoformat()
    if not run.exists():
        raise StoreError(
            f"there is no run of {as_of}: 'fundguard backfill --from {as_of} --to {as_of}' makes it"
        )
    month = as_of - timedelta(days=1)
    target = store.path / "reports" / f"{month:%Y-%m}"
    files = [run / name for name in _OF_RUN] + [evaluation / name for name in _OF_EVALUATION]
    found = [file for file in files if file.exists()]
    with replaced(store.path, target) as building:
        for file in found:
            shutil.copy(file, building)
    return MonthlyFolder(target, len(found))
