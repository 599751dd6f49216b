"""Prefect flows around the steps of `pipelines/`, and the command line. Order, retries, schedules; no logic.

    fundguard run SRC --store DIR --as-of DATE

Prefect's own server runs on this machine for as long as a flow does; nothing is sent anywhere.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

# Before Prefect is imported, for it reads them then. One plain line on stderr is the contract's way to fail, so
# Prefect's own log stays silent unless asked.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
if "--debug" not in sys.argv:
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")

import httpx
from cyclopts import App, CycloptsError, Parameter
from prefect import flow, serve, task
from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from claims.adapters import ADAPTERS
from claims.errors import InputError, StoreError
from claims.folders import find_tables
from claims.store import Report, Store, preview, scratch
from claims.synthetic import simulate
from models.registry import RegistryError
from pipelines.cases import VerdictsRefused, import_verdicts
from pipelines.evaluate import evaluate, write_evaluation
from pipelines.measure import measure
from pipelines.publish import RunInfo, write_run
from pipelines.score import score
from pipelines.settings import Settings, settings_of
from pipelines.train import Trained, registry, train

EXPECTED = (InputError, StoreError, RegistryError)
ZONE = ZoneInfo("Asia/Shanghai")
STEPS = {"run": 5, "ingest": 1, "train": 2, "nightly": 3, "evaluate": 2}


class StepFailed(RuntimeError):
    """A step failed in a way nobody foresaw; its message names the step and the kind of error, never a value."""


class RulesFailed(RuntimeError):
    """Some audit rules failed; everything else was written."""


class Progress:
    """Runs the steps of a flow, times them, and shows on the run page how far it is."""

    def __init__(self, name: str):
        self.steps, self.done = STEPS[name], 0
        self.seconds: dict[str, float] = {}
        self.artifact = create_progress_artifact(
            0.0, key=f"fundguard-{name}", description=f"fundguard {name}"
        )

    def step(self, name: str, work: Callable, *inputs):
        """Run a step as a Prefect task; a fault in the machinery is tried once more, bad input is not."""
        begin = time.perf_counter()
        done = task(
            _guarded(name, work),
            name=name,
            retries=1,
            retry_delay_seconds=2,
            retry_condition_fn=lambda _task, _run, state: isinstance(
                state.result(raise_on_failure=False), OSError
            ),
            cache_policy=NO_CACHE,
            persist_result=False,
        )(*inputs)
        self.seconds[name] = time.perf_counter() - begin
        self.done += 1
        update_progress_artifact(self.artifact, 100.0 * self.done / self.steps)
        return done


def _guarded(name: str, work: Callable) -> Callable:
    """Let foreseen errors through; hide the text of all others, which may quote a patient's row."""

    def guarded(*inputs):
        try:
            return work(*inputs)
        except (*EXPECTED, OSError):
            raise
        except Exception as error:
            if "--debug" in sys.argv:
                raise
            raise StepFailed(
                f"step '{name}' failed with {type(error).__name__}; --debug shows where"
            ) from None

    return guarded


@flow(name="run", persist_result=False)
def run_flow(source: Path, store: Path, as_of: date, mask: bool = False) -> Path:
    """The main job: load a folder, train where outcomes allow, score, explain, write the run."""
    with _opened(store, mask) as (claims, settings, work):
        progress = Progress("run")
        load = progress.step("ingest", claims.ingest, source, settings.values, False, _today())
        _show_counts(load)
        snapshot = progress.step("measure", measure, claims, as_of, work, settings.rules)
        progress.step("train", train, snapshot, claims, settings, as_of)
        return _score_and_write(progress, snapshot, load, claims, settings, as_of)


@flow(name="ingest", persist_result=False)
def ingest_flow(source: Path, store: Path) -> Report:
    """Load a folder of claim tables into the store."""
    with _opened(store) as (claims, settings, _work):
        load = Progress("ingest").step("ingest", claims.ingest, source, settings.values, False, _today())
        _show_counts(load)
        return load


@flow(name="train", persist_result=False)
def train_flow(store: Path, as_of: date, promote: bool = False) -> dict[str, Trained]:
    """Train on what was known on a night; a new model becomes champion if it is better, or by command."""
    with _opened(store) as (claims, settings, work):
        progress = Progress("train")
        snapshot = progress.step("measure", measure, claims, as_of, work, settings.rules)
        return progress.step("train", train, snapshot, claims, settings, as_of, promote)


@flow(name="evaluate", persist_result=False)
def evaluate_flow(store: Path, as_of: date) -> Path:
    """Judge the lists of past nights by the outcomes known on a night."""
    with _opened(store) as (claims, settings, _work):
        progress = Progress("evaluate")
        found = progress.step("evaluate", evaluate, claims, settings, as_of)
        return progress.step("report", write_evaluation, found, claims, settings, as_of)


@flow(name="nightly", persist_result=False)
def nightly_flow(
    store: Path, as_of: date | None = None, source: Path | None = None, mask: bool = False
) -> Path:
    """Score a night with the champions; loads the day's folder first where one is given."""
    night_of = as_of or datetime.now(ZONE).date()
    with _opened(store, mask) as (claims, settings, work):
        progress = Progress("nightly")
        load = (
            progress.step("ingest", claims.ingest, source, settings.values, False, _today())
            if source
            else claims.last_load()
        )
        snapshot = progress.step("measure", measure, claims, night_of, work, settings.rules)
        return _score_and_write(progress, snapshot, load, claims, settings, night_of)


def _score_and_write(
    progress: Progress, snapshot, load: Report, claims: Store, settings: Settings, as_of: date
) -> Path:
    scored, evidence = progress.step("score", score, snapshot, registry(claims, settings), settings)
    info = RunInfo(str(flow_run.id), claims.generation.name, load, progress.seconds)
    run = progress.step("report", write_run, snapshot, scored, evidence, claims, settings, as_of, info)
    counts = [{"subject": subject, "ranked": len(found.ranked)} for subject, found in scored.items()]
    create_table_artifact(counts, key="fundguard-ranked", description=f"ranked subjects, {as_of}")
    return run


def _today() -> date:
    return datetime.now(ZONE).date()


def _show_counts(load: Report) -> None:
    rows = [{"table": name, **counts} for name, counts in load.tables.items()]
    create_table_artifact(rows, key="fundguard-rows", description="rows of the load")


@contextmanager
def _opened(path: Path, mask: bool = False) -> Iterator[tuple[Store, Settings, Path]]:
    store = Store(path)
    with store.locked(), scratch(path) as work:
        settings = settings_of(path)
        yield store, settings.model_copy(update={"mask": mask or settings.mask}), work


app = App(
    name="fundguard",
    help="Finds fraud in medical insurance funds: whom to visit first, why, and which papers to pull.",
    version_flags=[],
)


@app.command(name="simulate")
def simulate_command(
    *,
    out: Path,
    persons: int = 20_000,
    start: date = date(2024, 1, 1),
    days: int = 366,
    seed: int = 0,
    hard: bool = False,
    uneven: bool = False,
) -> None:
    """Write a synthetic city: OUT/input in the form of the contract, the truth beside it.

    Parameters
    ----------
    hard
        Guilt hides: honest visits between, more shops, days and villages, amounts under the caps.
    uneven
        Other proportions: some schemes and look-alikes are many times as frequent as in other cities, some absent.
    """
    simulate(out, persons=persons, start=start, days=days, seed=seed, hard=hard, uneven=uneven)
    print(f"{out / 'input'}")


@app.command(name="adapt")
def adapt_command(dataset: Literal[tuple(ADAPTERS)], source: Path, /, *, out: Path) -> None:
    """Turn a public data set into the tables of the contract."""
    ADAPTERS[dataset](source, out)
    print(f"{out}")


@app.command(name="check")
def check_command(source: Path, /, *, store: Path | None = None) -> None:
    """Read and check a folder, write nothing, say what a run would do with the rows.

    Parameters
    ----------
    store
        Check as a load into this store would: with its tables, and the region's codes as its settings say.
    """
    values, held = (settings_of(store).values, Store(store)) if store else (None, None)
    report, rows = preview(source, values, held, _today())
    print_counts(report)
    for table, file, row, column, reason in rows:
        print(f"{file} row {row}: {reason}" + (f" ({table}.{column})" if isinstance(column, str) else ""))


@app.command(name="ingest")
def ingest_command(source: Path, /, *, store: Path) -> None:
    """Load a folder of claim tables into a store; loading it twice changes nothing."""
    find_tables(source, Store(store).table_names())
    print_counts(ingest_flow(source.resolve(), store.resolve()))


cases = App(name="cases", help="What inspections found.", version_flags=[])
app.command(cases)


@cases.command(name="import")
def cases_import_command(file: Path, /, *, store: Path, closed: date | None = None) -> None:
    """Take the verdicts that investigators wrote into a night's workbook, all or none; taking them twice changes nothing.

    Parameters
    ----------
    file
        The filled suspects.xlsx of a night, in either language.
    closed
        The day on which the cases were closed; today, Asia/Shanghai, unless given.
    """
    try:
        taken, held = import_verdicts(file, Store(store), closed or datetime.now(ZONE).date())
    except VerdictsRefused as refused:
        for line in refused.lines:
            print(line, file=sys.stderr)
        raise
    print(f"{taken:,} verdicts taken, {held:,} there already")


@app.command(name="train")
def train_command(*, store: Path, as_of: date, promote: bool = False) -> None:
    """Train on what was known on a night; a new model becomes champion if it ranks later outcomes better.

    Parameters
    ----------
    promote
        Make the new models champions whatever the comparison says.
    """
    for subject, found in train_flow(store.resolve(), as_of, promote).items():
        print(
            f"{subject}: trained version {found.version}; champion is version {found.champion} ({found.why})"
        )


@app.command(name="evaluate")
def evaluate_command(*, store: Path, as_of: date) -> None:
    """Judge the lists of past nights by the outcomes that came after them: table, page and MLflow metrics."""
    print(evaluate_flow(store.resolve(), as_of))


@app.command(name="rollback")
def rollback_command(subject: str, /, *, store: Path) -> None:
    """Put the champion before this one back in force, for one kind of subject."""
    version = registry(Store(store), settings_of(store)).roll_back(subject)
    print(f"{subject}: champion is version {version}")


@app.command(name="nightly")
def nightly_command(*, store: Path, as_of: date, source: Path | None = None, mask: bool = False) -> None:
    """Score a night with the champion models.

    Parameters
    ----------
    mask
        Show pseudonyms in what people read, for demonstrations; the tables keep the identifiers.
    """
    finish(nightly_flow(store.resolve(), as_of, source.resolve() if source else None, mask))


@app.command(name="run")
def run_command(source: Path, /, *, store: Path, as_of: date, mask: bool = False) -> None:
    """The main job on a folder: load, train where outcomes allow, score, explain, write the run.

    Parameters
    ----------
    mask
        Show pseudonyms in what people read, for demonstrations; the tables keep the identifiers.
    """
    # What is missing is said before a server is started.
    find_tables(source, Store(store).table_names())
    finish(run_flow(source.resolve(), store.resolve(), as_of, mask))


def finish(run: Path) -> None:
    """Say where the run is; a rule that failed shows in the exit status, though the others finished."""
    print(run)
    failed = json.loads((run / "run.json").read_text(encoding="utf-8"))["checks_failed"]
    if failed:
        raise RulesFailed(
            "the run is written, but audit rules failed: "
            + ", ".join(f"{k} ({v})" for k, v in failed.items())
        )


@app.command(name="serve")
def serve_command(
    *,
    store: Path = Path("store"),
    source: Path | None = None,
    cron: str = "0 3 * * *",
    every: int | None = None,
    port: int = 4200,
) -> None:
    """Serve the night on its schedule; starts Prefect's server on this machine unless PREFECT_API_URL names one.

    Parameters
    ----------
    source
        Folder that brings the day's tables; loaded before each night.
    cron
        When the night starts, Asia/Shanghai.
    every
        Start a night every so many seconds instead.
    """
    with _prefect_server(port):
        schedule = {"interval": every} if every else {"cron": cron}
        given = {"store": str(store.resolve()), "source": str(source.resolve()) if source else None}
        # One night at a time: a night that is late waits for the one at work, for a store serves one.
        serve(nightly_flow.to_deployment("nightly", parameters=given, **schedule), limit=1)


@contextmanager
def _prefect_server(port: int) -> Iterator[None]:
    """A server on the loopback address for as long as the schedules are served."""
    if os.environ.get("PREFECT_API_URL"):
        yield
        return
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        _await_health(server)
        yield
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def _await_health(server: subprocess.Popen, seconds: int = 120) -> None:
    for _ in range(seconds):
        if server.poll() is not None:
            raise StoreError("Prefect's server did not start; is the port taken?")
        try:
            if httpx.get(f"{os.environ['PREFECT_API_URL']}/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(1)
    raise StoreError("Prefect's server did not answer within two minutes")


def print_counts(report: Report) -> None:
    """What became of the rows, as a table, and why rows were refused."""
    columns = ("in", "kept", "quarantined", "set_aside", "identical")
    print(f"{'table':<16}" + "".join(f"{name:>13}" for name in columns))
    for name, counts in report.tables.items():
        print(f"{name:<16}" + "".join(f"{counts[column]:>13,}" for column in columns))
    for reason, count in report.quarantine.items():
        print(f"quarantine: {count:,} {reason}")
    for name, count in report.taken_later.items():
        print(f"taken now from earlier loads: {count:,} of {name}")
    for name, count in report.waiting.items():
        print(f"waiting for their parent rows: {count:,} of {name}")
    for file in report.not_taken:
        print(f"not taken: {file}")
    for name, columns in report.extra.items():
        if columns:
            print(f"not in the contract: {name}: {', '.join(columns)}")


@app.meta.default
def _launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)], debug: bool = False
) -> None:
    app(tokens, exit_on_error=False, print_error=False)


def main() -> None:
    """The console script: exit status 0 only when everything was written; errors are one plain line on stderr."""
    os.umask(0o077)
    try:
        app.meta(exit_on_error=False, print_error=False)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        print(f"fundguard: {_one_line(error)}", file=sys.stderr)
        _silence()
        sys.exit(2 if isinstance(error, CycloptsError) else 1)


def _silence() -> None:
    """Keep native libraries, which complain on their way out about what an error left open, off stderr."""
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _one_line(error: Exception) -> str:
    if isinstance(error, (*EXPECTED, OSError, StepFailed, RulesFailed, CycloptsError, ValueError)):
        return " ".join(str(error).split()) or type(error).__name__
    return f"unexpected {type(error).__name__}; --debug shows where"


if __name__ == "__main__":
    main()
