"""Commands of the operator: what the last nights said of themselves, and the schedules.

`commands` puts them on the command line; a command imports what it needs when it runs.
"""

import json
from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import flows
from claims.store_folder import committed_reports, current, require_claims, runs_before


class RulesFailed(RuntimeError):
    """Some audit rules failed; everything else was written."""


class Alarmed(RuntimeError):
    """The night is written, but something in it is off."""


def status_command(*, store: Path) -> None:
    """Say what the last nights saw of themselves; exit status 3 where the last says something is off.

    The same stands in status.html of each run.

    Parameters
    ----------
    store
        The store whose nights are meant.
    """
    store = store.resolve()
    require_claims(store)
    from pipelines.monitoring_file import monitored
    from reports.night_status import status_lines

    nights, generation = monitored(runs_before(store, date.max)), current(store)
    loads = len(committed_reports(store))
    print(f"{loads} loads, the last by {generation.name}" if generation else "")
    print("\n".join(status_lines(nights)) or "no night yet: run 'fundguard nightly'")
    if nights:
        require_no_alarms(store / "runs" / nights[-1].as_of)


def finish(run: Path) -> None:
    """Say where the run is; a rule that failed shows in the exit status, though the others finished."""
    print(run)
    failed = json.loads((run / "run.json").read_text(encoding="utf-8"))["checks_failed"]
    if failed:
        rules = ", ".join(f"{rule_id} ({why})" for rule_id, why in failed.items())
        raise RulesFailed(f"the run is written, but audit rules failed: {rules}")


def require_no_alarms(run: Path) -> None:
    """Raise Alarmed where a night says that something is off."""
    from pipelines.monitoring_file import monitored
    from reports.night_status import alarm_texts

    texts = [text for night in monitored([run]) for text in alarm_texts(night.alarms, "en")]
    if texts:
        raise Alarmed(f"as of {run.name} something is off: {'; '.join(texts)}")


def backfill_command(
    *,
    store: Path,
    first: Annotated[date, Parameter(name="--from")],
    last: Annotated[date, Parameter(name="--to")],
    mask: bool = False,
) -> None:
    """Run the missed nights of a period in order, with today's champions; a night that has a run is left.

    Parameters
    ----------
    store
        The store to read claims from and to write the runs to.
    first
        As-of date of the first night.
    last
        As-of date of the last night.
    mask
        Show pseudonyms in what people read, for demonstrations; the tables keep the identifiers.
    """
    require_claims(store.resolve())
    if last < first:
        raise ValueError(f"--to {last} lies before --from {first}")
    for run in flows.backfill(store.resolve(), first, last, mask):
        finish(run)


def serve_command(
    *,
    store: Path = Path("store"),
    source: str | None = None,
    cron: str | None = None,
    every: int | None = None,
    port: int = 4200,
) -> None:
    """Score every night, train every week and report every month; starts Prefect's server on this machine
    unless PREFECT_API_URL names one.

    Parameters
    ----------
    store
        The store to read claims from and to write the runs to.
    source
        Folder that brings the day's tables; loaded before each run.
    cron
        When a night starts, Asia/Shanghai; the schedules of all three are settings of the store.
    every
        Start a night every so many seconds instead.
    port
        Of Prefect's server, on the loopback address.
    """
    flows.serve_schedules(store, resolved(source) if source else None, cron, every, port)


def resolved(source: str) -> str:
    """A source as it is handed on: the absolute path of a folder, or the address of a database."""
    return source if "://" in source else str(Path(source).resolve())
