"""Prefect flows around the steps of `pipelines/`: order, retries, schedules, Prefect's server; no logic.

Prefect's own server runs on this machine for as long as a flow does; nothing is sent anywhere. Importing
Prefect and the data libraries takes seconds, so a flow imports what it needs when it is asked for
(`as_flow`).
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from claims.errors import ExpectedError
from pipelines.server_process import end_with_parent, prefect_server

if TYPE_CHECKING:
    from claims.store import Store
    from pipelines.ingest import Load
    from pipelines.publish.run_folder import Published
    from pipelines.settings import Settings
    from pipelines.snapshot import Snapshot
    from pipelines.train import Training

ZONE = ZoneInfo("Asia/Shanghai")
# Set once, by the launcher: tracebacks and a full log are wanted.
DEBUG: ContextVar[bool] = ContextVar("debug", default=False)
# Address of the server that this process started, while it runs.
_API: ContextVar[str | None] = ContextVar("api", default=None)
P = ParamSpec("P")
Result = TypeVar("Result")


class StepFailed(RuntimeError):
    """A step failed unexpectedly; the message names the step and the type of the error, never a value of a
    row.

    The error itself is an attribute and no cause, because Prefect keeps and logs whatever is chained.
    """

    def __init__(self, step: str, error: Exception):
        super().__init__(f"step '{step}' failed with {type(error).__name__}; --debug shows where")
        self.error = error


class Steps:
    """Runs the steps of a flow, times them, and shows on the run page how far it is."""

    def __init__(self, name: str, count: int):
        from prefect.artifacts import create_progress_artifact

        self.count = count
        self.seconds: dict[str, float] = {}
        key, description = f"fundguard-{name}", f"fundguard {name}"
        # Prefect types what it gives as awaitable too; outside of an event loop it is not.
        self.artifact: Any = create_progress_artifact(0.0, key=key, description=description)

    def run(self, name: str, work: Callable[..., Result], *inputs: Any) -> Result:
        """Run a step as a Prefect task; a fault of the machine is tried once more, bad input is not."""
        from prefect import task
        from prefect.artifacts import update_progress_artifact
        from prefect.cache_policies import NO_CACHE

        from pipelines.step_progress import step_at_work, step_done

        # Without parameters, for Prefect looks through all that a task is given.
        def step() -> Result:
            return guarded(name, work, *inputs)

        as_task: Any = task(
            name=name,
            retries=1,
            retry_delay_seconds=2,
            retry_condition_fn=_is_machine_fault,
            cache_policy=NO_CACHE,
            persist_result=False,
        )
        begin = time.perf_counter()
        with step_at_work(name):
            done: Result = as_task(step)()
        self.seconds[name] = time.perf_counter() - begin
        step_done(name, self.seconds[name], done)
        update_progress_artifact(self.artifact, 100.0 * len(self.seconds) / self.count)
        return done


def _is_machine_fault(_task: Any, _run: Any, state: Any) -> bool:
    return isinstance(state.result(raise_on_failure=False), OSError)


def guarded(name: str, work: Callable[..., Result], *inputs: Any) -> Result:
    """Let expected errors through; hide the text of all others, which may quote a patient's row."""
    try:
        return work(*inputs)
    except (ExpectedError, OSError):
        raise
    except Exception as error:
        # The database's own error for a full disk is none of Python's.
        if "no space left on device" in str(error).lower():
            raise OSError(f"step '{name}' found no space left on the disk") from None
        raise StepFailed(name, error) from None


def run(source: Path | str, store: Path, as_of: date, mask: bool = False) -> Path:
    """The main job: load a folder, train where outcomes allow, score, select, explain, publish."""
    from pipelines.ingest import ingest
    from pipelines.train import train

    with _opened(store, mask) as (claims, settings, work):
        steps = Steps("run", 8)
        load = steps.run("ingest", ingest, claims, source, settings, shanghai_date())
        _show_rows(load)
        with _measured(steps, claims, settings, as_of, work) as snapshot:
            steps.run("train", train, snapshot, claims, settings, as_of)
            return _score_and_publish(steps, snapshot, load, claims, settings, as_of)


def ingest(source: Path | str, store: Path) -> "Load":
    """Load a folder of claim tables, or those of a database, into the store."""
    from pipelines.ingest import ingest

    with _opened(store) as (claims, settings, _work):
        load = Steps("ingest", 1).run("ingest", ingest, claims, source, settings, shanghai_date())
        _show_rows(load)
        return load


def train(store: Path, as_of: date | None = None, promote: bool = False) -> "Training":
    """Train on what was known by a date; a new model becomes champion if it is better, or by command."""
    from pipelines.train import train

    day = as_of or shanghai_date()
    with _opened(store) as (claims, settings, work):
        steps = Steps("train", 2)
        with _measured(steps, claims, settings, day, work) as snapshot:
            return steps.run("train", train, snapshot, claims, settings, day, promote)


def evaluate(store: Path, as_of: date) -> Path:
    """Evaluate the lists of past runs by the outcomes known by a date."""
    from pipelines.evaluate import evaluate, write_evaluation

    with _opened(store) as (claims, settings, _work):
        steps = Steps("evaluate", 2)
        found = steps.run("evaluate", evaluate, claims, settings, as_of)
        return steps.run("report", write_evaluation, found, claims, settings, as_of).folder


def report(store: Path, as_of: date | None = None) -> Path:
    """Evaluate as of the first of the month and keep its reports with those of the run of that date."""
    from pipelines.evaluate import evaluate, write_evaluation
    from pipelines.monthly import first_of_month, write_monthly

    with _opened(store) as (claims, settings, _work):
        steps, day = Steps("report", 3), first_of_month(as_of or shanghai_date())
        found = steps.run("evaluate", evaluate, claims, settings, day)
        folder = steps.run("report", write_evaluation, found, claims, settings, day).folder
        return steps.run("monthly", write_monthly, claims, folder, day).folder


def backfill(store: Path, first: date, last: date, mask: bool = False) -> Iterator[Path]:
    """Run the missed nights of a period in order; a night that has a run is left as it is."""
    from claims.store import Store

    with _prefect_api():
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            if not (Store(store).runs / day.isoformat()).exists():
                yield as_flow(nightly)(store, day, None, mask)


def nightly(
    store: Path, as_of: date | None = None, source: Path | str | None = None, mask: bool = False
) -> Path:
    """Score a snapshot with the champions; loads the day's folder first where one is given."""
    from pipelines.alerts import failure_posted
    from pipelines.ingest import ingest, last_load

    day = as_of or shanghai_date()
    with _opened(store, mask) as (claims, settings, work), failure_posted(settings, day):
        steps = Steps("nightly", 7 if source else 6)
        load = (
            steps.run("ingest", ingest, claims, source, settings, shanghai_date())
            if source
            else last_load(claims)
        )
        with _measured(steps, claims, settings, day, work) as snapshot:
            return _score_and_publish(steps, snapshot, load, claims, settings, day)


def _score_and_publish(
    steps: Steps, snapshot: "Snapshot", load: "Load", claims: "Store", settings: "Settings", as_of: date
) -> Path:
    from prefect.runtime import flow_run

    from pipelines.alerts import raise_alarms
    from pipelines.champions import registry
    from pipelines.explain.explanation import explain
    from pipelines.monitor import monitor
    from pipelines.publish.run_folder import RunInfo, publish
    from pipelines.score import score
    from pipelines.select.selection import select

    past_runs, info = claims.runs_before(as_of), RunInfo(str(flow_run.id), as_of, load, steps.seconds)
    scores = steps.run("score", score, snapshot, registry(claims, settings), settings)
    seen = steps.run("monitor", monitor, snapshot, scores, claims, load.report, settings, as_of)
    chosen = steps.run("select", select, snapshot, scores, past_runs, settings, as_of)
    found = steps.run("explain", explain, snapshot, scores, chosen, past_runs, settings, info.origin)
    published: Published = steps.run(
        "publish", publish, snapshot, scores, chosen, found, seen, claims, settings, info
    )
    rows = [{"subject": kind, "ranked": len(scored.ranked)} for kind, scored in scores.subjects.items()]
    _show_table(rows, "fundguard-ranked", f"ranked subjects, {as_of}")
    off = [{"alarm": text} for text in raise_alarms(seen, settings)]
    _show_table(off or [{"alarm": "none"}], "fundguard-status", f"what is off, {as_of}")
    return published.folder


@contextmanager
def _measured(
    steps: Steps, store: "Store", settings: "Settings", as_of: date, work: Path
) -> Iterator["Snapshot"]:
    from pipelines.measure import measure

    with closing(steps.run("measure", measure, store, as_of, work, settings.rules, settings.cluster)) as seen:
        yield seen


def _show_rows(load: "Load") -> None:
    rows = [{"table": name, **counts} for name, counts in load.report.tables.items()]
    _show_table(rows, "fundguard-rows", "rows of the load")


def _show_table(rows: list[dict[str, Any]], key: str, description: str) -> None:
    from prefect.artifacts import create_table_artifact

    create_table_artifact(rows, key=key, description=description)


@contextmanager
def _opened(path: Path, mask: bool = False) -> Iterator[tuple["Store", "Settings", Path]]:
    """The store, locked, with its settings and a scratch folder; the log goes where the settings say."""
    from claims.store import Store, scratch
    from pipelines.settings import settings_of
    from pipelines.step_log import configure_logging

    if os.environ.get("PREFECT__FLOW_RUN_ID"):
        # Started by `serve` or a worker, this process shall not outlive it.
        end_with_parent()
    store = Store(path)
    with store.locked(), scratch(path) as work:
        _mark_crashed(path)
        settings = settings_of(path)
        configure_logging("DEBUG" if DEBUG.get() else settings.log_level, settings.log_path(path))
        yield store, settings.model_copy(update={"mask": mask or settings.mask}), work


def _mark_crashed(store: Path) -> None:
    """Flow runs of this store that still count as running have died: their lock is held here now."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter
    from prefect.runtime import flow_run
    from prefect.states import Crashed

    running = {"state": {"type": {"any_": ["RUNNING"]}}, "name": {"like_": f" {store}"}}
    with get_client(sync_client=True) as client:
        for found in client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(running)):
            if str(found.id) != str(flow_run.id) and str(found.parameters.get("store")) == str(store):
                died: Any = Crashed(message="The process died before the run was over.")
                client.set_flow_run_state(found.id, died, force=True)


def shanghai_date() -> date:
    return datetime.now(ZONE).date()


def __getattr__(name: str) -> Any:
    """`run_flow`, `nightly_flow` …: the Prefect flows, made when first asked for; Prefect's workers ask by
    name."""
    functions = {
        f"{function.__name__}_flow": function for function in (run, ingest, train, evaluate, nightly, report)
    }
    if name not in functions:
        raise AttributeError(name)
    return _prefect_flow(functions[name])


def as_flow(function: Callable[P, Result]) -> Callable[P, Result]:
    """One of the functions above as a Prefect flow, with a server for as long as it runs."""

    @wraps(function)
    def run_flow(*args: P.args, **kwargs: P.kwargs) -> Result:
        with _prefect_api():
            done: Result = _prefect_flow(function)(*args, **kwargs)
            return done

    return run_flow


@contextmanager
def _prefect_api(port: int = 0, schedules: bool = False) -> Iterator[None]:
    """The server that PREFECT_API_URL names, or one of our own that ends with this process."""
    set_up_prefect()
    if os.environ.get("PREFECT_API_URL") or _API.get():
        yield
        return
    with prefect_server(port, schedules) as api:
        from prefect.settings import PREFECT_API_URL, temporary_settings

        ours = _API.set(api)
        try:
            # Flow runs on schedule are processes of their own, which find the server by their environment.
            with temporary_settings({PREFECT_API_URL: api}):
                yield
        finally:
            _API.reset(ours)


@cache
def _prefect_flow(function: Callable[..., Any]) -> Any:
    set_up_prefect()
    from prefect import flow

    return flow(name=function.__name__, flow_run_name=_run_name, persist_result=False)(function)


def _run_name() -> str:
    """Flow, store and as-of date of the flow run at work."""
    from prefect.runtime import flow_run

    given = flow_run.parameters
    day = [str(given["as_of"] or shanghai_date())] if "as_of" in given else []
    return " ".join([str(flow_run.flow_name), str(given["store"]), *day])


def set_up_prefect() -> None:
    """Set what Prefect reads from the environment when it is imported; what the operator has set stays.

    One plain line on stderr is the contract's way to fail, so Prefect's own log is off unless asked for.
    """
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    if not DEBUG.get():
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")


def serve_schedules(store: Path, source: str | None, cron: str | None, every: int | None, port: int) -> None:
    """Serve nightly scoring, weekly training and monthly report on their schedules (Asia/Shanghai); starts
    Prefect's server on this machine unless PREFECT_API_URL names one.

    Args:
        cron: when a night starts, instead of the setting.
        every: start a night every so many seconds instead.
    """
    from pipelines.settings import settings_of

    set_up_prefect()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings, here = settings_of(store), {"store": str(store.resolve())}
    day = {"interval": every} if every else {"cron": cron or settings.nightly_cron}
    with _prefect_api(port, schedules=True):
        from prefect import serve

        # One run at a time: a run that is late waits for the one at work, because a store serves one.
        serve(
            _deployment(nightly, here | {"source": source}, **day),
            _deployment(train, here, cron=settings.training_cron),
            _deployment(report, here, cron=settings.report_cron),
            limit=1,
        )


def _deployment(function: Callable[..., Any], given: dict[str, Any], **schedule: Any) -> Any:
    """A flow with its parameters and one schedule, under the flow's own name."""
    from prefect.schedules import Schedule

    if "interval" in schedule:
        schedule["interval"] = timedelta(seconds=schedule["interval"])
    when = Schedule(**schedule, timezone=str(ZONE))
    deployment = _prefect_flow(function).to_deployment(function.__name__, parameters=given, schedule=when)
    deployment.entrypoint = f"{Path(__file__).resolve()}:{function.__name__}_flow"
    return deployment


def main() -> None:
    """The console script (`commands.main`)."""
    from commands import main

    main()


if __name__ == "__main__":
    main()
