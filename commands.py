"""The command line: options, what a command prints, exit statuses.

    fundguard run SRC --store DIR --as-of DATE

A command imports what it needs when it runs, so that help and wrong options answer at once.
"""

import json
import os
import sys
import traceback
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter

import flows
from claims.errors import ExpectedError

# Kinds of subject and public data sets as options; tests hold them equal to where they are declared.
Kind = Literal["visit", "patient", "prescriber", "pharmacy", "hospital", "group"]
Dataset = Literal["de-synpuf"]


class RulesFailed(RuntimeError):
    """Some audit rules failed; everything else was written."""


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
    guilt: float = 1.0,
    hard: bool = False,
    uneven: bool = False,
) -> None:
    """Write a synthetic city: OUT/input in the form of the contract, the truth beside it.

    Parameters
    ----------
    guilt
        How much fraud is planted: 0 none, so that only look-alikes and small faults remain; 1 as usual.
    hard
        Guilt hides: honest visits between, more shops, days and villages, amounts under the caps.
    uneven
        Other proportions: some schemes and look-alikes are many times as frequent as in other cities, some
            absent.
    """
    from claims.synthetic import simulate

    simulate(out, persons=persons, start=start, days=days, seed=seed, guilt=guilt, hard=hard, uneven=uneven)
    print(f"{out / 'input'}")


@app.command(name="adapt")
def adapt_command(dataset: Dataset, source: Path, /, *, out: Path) -> None:
    """Turn a public data set into the tables of the contract."""
    from claims.adapters import ADAPTERS

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
    from claims.store import Store, preview
    from pipelines.settings import settings_of
    from reports.load_summary import load_summary, quarantine_summary

    values, held = (settings_of(store).values, Store(store)) if store else (None, None)
    report, rows = preview(source, values, held, flows.shanghai_date())
    print(load_summary(report))
    for line in quarantine_summary(rows):
        print(line)


@app.command(name="ingest")
def ingest_command(source: Path, /, *, store: Path) -> None:
    """Load a folder of claim tables into a store; loading it twice changes nothing."""
    from claims.folders import find_tables
    from claims.store import Store
    from reports.load_summary import load_summary

    find_tables(source, Store(store).table_names())
    print(load_summary(flows.as_flow(flows.ingest)(source.resolve(), store.resolve()).report))


cases = App(name="cases", help="What inspections found.", version_flags=[])
app.command(cases)


@cases.command(name="import")
def cases_import_command(file: Path, /, *, store: Path, closed: date | None = None) -> None:
    """Take the verdicts that inspectors wrote into a run's workbook, all or none; taking them twice changes
    nothing.

    Parameters
    ----------
    file
        The filled suspects.xlsx of a run, in either language.
    closed
        The day on which the cases were closed; today, Asia/Shanghai, unless given.
    """
    from claims.store import Store
    from pipelines.cases import VerdictsRefused, import_verdicts

    try:
        taken, held = import_verdicts(file, Store(store), closed or flows.shanghai_date())
    except VerdictsRefused as refused:
        for line in refused.lines:
            print(line, file=sys.stderr)
        raise
    print(f"{taken:,} verdicts taken, {held:,} there already")


@app.command(name="train")
def train_command(*, store: Path, as_of: date, promote: bool = False) -> None:
    """Train on what was known by a date; a new model becomes champion if it ranks later outcomes better.

    Parameters
    ----------
    promote
        Make the new models champions whatever the comparison says.
    """
    _require_claims(store)
    for kind, found in flows.as_flow(flows.train)(store.resolve(), as_of, promote).subjects.items():
        print(f"{kind}: trained version {found.version}; champion is version {found.champion} ({found.why})")


@app.command(name="evaluate")
def evaluate_command(*, store: Path, as_of: date) -> None:
    """Judge the lists of past runs by the outcomes that came after them: table, page and MLflow metrics."""
    _require_claims(store)
    print(flows.as_flow(flows.evaluate)(store.resolve(), as_of))


@app.command(name="rollback")
def rollback_command(subject: Kind, /, *, store: Path) -> None:
    """Put the champion before this one back in force, for one kind of subject."""
    from pipelines.champions import roll_back

    print(f"{subject}: champion is version {roll_back(store, subject)}")


@app.command(name="nightly")
def nightly_command(*, store: Path, as_of: date, source: Path | None = None, mask: bool = False) -> None:
    """Score the claims known by a date with the champion models.

    Parameters
    ----------
    source
        Folder that brings the day's tables; loaded first.
    mask
        Show pseudonyms in what people read, for demonstrations; the tables keep the identifiers.
    """
    if source is None:
        _require_claims(store)
    finish(flows.as_flow(flows.nightly)(store.resolve(), as_of, source.resolve() if source else None, mask))


@app.command(name="run")
def run_command(source: Path, /, *, store: Path, as_of: date, mask: bool = False) -> None:
    """The main job on a folder: load, train where outcomes allow, score, explain, write the run.

    Parameters
    ----------
    mask
        Show pseudonyms in what people read, for demonstrations; the tables keep the identifiers.
    """
    from claims.folders import find_tables
    from claims.store import Store

    # What is missing is said before a server is started.
    find_tables(source, Store(store).table_names())
    finish(flows.as_flow(flows.run)(source.resolve(), store.resolve(), as_of, mask))


def _require_claims(store: Path) -> None:
    """Say that a store is empty before a server is started."""
    from claims.store import Store

    Store(store.resolve()).require_claims()


def finish(run: Path) -> None:
    """Say where the run is; a rule that failed shows in the exit status, though the others finished."""
    print(run)
    failed = json.loads((run / "run.json").read_text(encoding="utf-8"))["checks_failed"]
    if failed:
        rules = ", ".join(f"{rule_id} ({why})" for rule_id, why in failed.items())
        raise RulesFailed(f"the run is written, but audit rules failed: {rules}")


@app.command(name="serve")
def serve_command(
    *,
    store: Path = Path("store"),
    source: Path | None = None,
    cron: str = "0 3 * * *",
    every: int | None = None,
    port: int = 4200,
) -> None:
    """Run `nightly` on a schedule; starts Prefect's server on this machine unless PREFECT_API_URL names one.

    Parameters
    ----------
    source
        Folder that brings the day's tables; loaded before each run.
    cron
        When a run starts, Asia/Shanghai.
    every
        Start a run every so many seconds instead.
    port
        Of Prefect's server, on the loopback address.
    """
    flows.serve_nightly(store, source, cron, every, port)


@app.meta.default
def _launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)], debug: bool = False
) -> None:
    flows.DEBUG.set(debug)
    app(tokens, exit_on_error=False, print_error=False)


def main() -> None:
    """The console script: exit status 0 only when everything was written; an error is one plain line on
    stderr."""
    os.umask(0o077)
    sys.exit(exit_status())


def exit_status() -> int:
    """Run the command of `sys.argv`, print what went wrong, and say how it ended."""
    try:
        app.meta(sys.argv[1:], exit_on_error=False, print_error=False)
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        original = error.error if isinstance(error, flows.StepFailed) else error
        if flows.DEBUG.get():
            traceback.print_exception(original)
        print(f"fundguard: {_one_line(error)}", file=sys.stderr)
        for failed in (error, original):
            _release(failed)
        return 2 if isinstance(error, CycloptsError) else 1


def _release(error: BaseException | None) -> None:
    """Drop the variables of the frames that an error and what led to it passed through.

    Prefect keeps the error of a failed flow until the interpreter ends, and with its frames the database
    connections in them, of which DuckDB's binding then complains on stderr.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _one_line(error: Exception) -> str:
    if isinstance(error, (ExpectedError, OSError, flows.StepFailed, RulesFailed, CycloptsError, ValueError)):
        return " ".join(str(error).split()) or type(error).__name__
    return f"unexpected {type(error).__name__}; --debug shows where"
