"""The command line: options, what a command prints, exit statuses.

    fundguard run SRC --store DIR --as-of DATE

A command imports what it needs when it runs, so that help and wrong options answer at once.
"""

import os
import signal
import sys
import traceback
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter

import flows
from claims.errors import ExpectedError, InputError, StoreError
from claims.store_folder import last_run, require_claims, require_source
from console.console_commands import console, sync_command
from operator_commands import (
    Alarmed,
    RulesFailed,
    backfill_command,
    finish,
    require_no_alarms,
    resolved,
    serve_command,
    status_command,
)

# Kinds of subject and public data sets as options; tests hold them equal to where they are declared.
Kind = Literal["visit", "patient", "prescriber", "pharmacy", "hospital", "group"]
Dataset = Literal["de-synpuf"]


class Terminated(BaseException):
    """The process was asked to end (SIGTERM): what is open closes, and what was begun is removed."""


app = App(
    name="fundguard",
    help="Finds fraud in medical insurance funds: whom to visit first, why, and which records to pull.",
    help_format="plaintext",
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
    """Write a synthetic city: OUT/input in the form of the contract, the truth next to it.

    Parameters
    ----------
    out
        Folder to write to.
    persons
        How many people live in the city.
    start
        First day of the claims.
    days
        How many days they cover.
    seed
        Another seed gives another city.
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
    """Turn a public data set into the tables of the contract.

    Parameters
    ----------
    dataset
        Which data set it is.
    source
        Folder of its files.
    out
        Folder to write to.
    """
    from claims.adapters import ADAPTERS

    ADAPTERS[dataset](source, out)
    print(f"{out}")


@app.command(name="check")
def check_command(source: str, /, *, store: Path | None = None) -> None:
    """Read and check a folder, write nothing, say what a run would do with the rows.

    Parameters
    ----------
    source
        Folder of claim tables.
    store
        Check as a load into this store would: with its tables, and the region's codes as its settings say.
    """
    if "://" not in source:
        require_source(Path(source))
    from claims.sql_source import is_address
    from claims.store import Store, preview
    from pipelines.ingest import extracted
    from pipelines.settings import settings_of
    from reports.load_summary import load_summary, quarantine_summary

    values, held = (settings_of(store).values, Store(store)) if store else (None, None)
    with extracted(source, None) if is_address(source) else nullcontext(Path(source)) as folder:
        report, rows = preview(folder, values, held, flows.shanghai_date())
    print(load_summary(report))
    for line in quarantine_summary(rows):
        print(line)


@app.command(name="ingest")
def ingest_command(source: str, /, *, store: Path) -> None:
    """Load a folder of claim tables, or a database, into a store; loading it twice changes nothing.

    Parameters
    ----------
    source
        A folder, or an address as postgresql+psycopg://reader@host/database; the password is taken from
            FUNDGUARD_SOURCE_PASSWORD.
    store
        The store, made where there is none.
    """
    from reports.load_summary import load_summary

    require_tables(source, store)
    print(load_summary(flows.as_flow(flows.ingest)(resolved(source), store.resolve()).report))


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
    store
        The store whose run it is.
    closed
        The day on which the cases were closed; today, Asia/Shanghai, unless given.
    """
    if not file.is_file():
        raise InputError(f"{file} is no file")
    from claims.store import Store
    from pipelines.cases import VerdictsRefused, import_verdicts

    try:
        taken, held = import_verdicts(file, Store(store), closed or flows.shanghai_date())
    except VerdictsRefused as refused:
        for line in refused.lines:
            print(line, file=sys.stderr)
        raise
    if taken + held:
        print(f"{taken:,} verdicts taken, {held:,} there already")
    else:
        print(f"{file}: no verdict is filled in, nothing was taken")


cases.command(sync_command, name="sync")


@app.command(name="train")
def train_command(*, store: Path, as_of: date, promote: bool = False) -> None:
    """Train on what was known by a date; a new model becomes champion if it ranks later outcomes better.

    Parameters
    ----------
    store
        The store to train on.
    as_of
        Only what was known before this date counts.
    promote
        Make the new models champions whatever the comparison says.
    """
    require_claims(store.resolve())
    for kind, found in flows.as_flow(flows.train)(store.resolve(), as_of, promote).subjects.items():
        print(f"{kind}: trained version {found.version}; champion is version {found.champion} ({found.why})")


@app.command(name="evaluate")
def evaluate_command(*, store: Path, as_of: date) -> None:
    """Judge the lists of past runs by the outcomes that came after them: table, page and MLflow metrics.

    Parameters
    ----------
    store
        The store whose runs are judged.
    as_of
        Only outcomes known before this date count.
    """
    require_claims(store.resolve())
    print(flows.as_flow(flows.evaluate)(store.resolve(), as_of))


@app.command(name="rollback")
def rollback_command(subject: Kind, /, *, store: Path) -> None:
    """Put the champion before this one back in force, for one kind of subject.

    Parameters
    ----------
    subject
        Kind of subject.
    store
        The store whose models they are.
    """
    require_claims(store.resolve())
    from pipelines.champions import roll_back

    print(f"{subject}: champion is version {roll_back(store, subject)}")


@app.command(name="nightly")
def nightly_command(*, store: Path, as_of: date, source: str | None = None, mask: bool = False) -> None:
    """Score the claims known by a date with the champion models.

    Parameters
    ----------
    store
        The store to read claims from and to write the run to.
    as_of
        The date on whose morning the list is read.
    source
        Folder that brings the day's tables; loaded first.
    mask
        Show pseudonyms in what people read, for demonstrations; the tables keep the identifiers.
    """
    if source is None:
        require_claims(store.resolve())
    run = flows.as_flow(flows.nightly)(store.resolve(), as_of, resolved(source) if source else None, mask)
    finish(run)
    require_no_alarms(run)


@app.command(name="run")
def run_command(source: str, /, *, store: Path, as_of: date, mask: bool = False) -> None:
    """The main job on a folder: load, train where outcomes allow, score, explain, write the run.

    Parameters
    ----------
    source
        Folder of claim tables.
    store
        The store, made where there is none.
    as_of
        The date on whose morning the list is read.
    mask
        Show pseudonyms in what people read, for demonstrations; the tables keep the identifiers.
    """
    require_tables(source, store)
    finish(flows.as_flow(flows.run)(resolved(source), store.resolve(), as_of, mask))


def require_tables(source: str, store: Path) -> None:
    """Say what a folder lacks before a server is started."""
    if "://" not in source:
        require_source(Path(source))
    from claims.folders import find_tables
    from claims.store import Store

    if "://" not in source:
        find_tables(Path(source), Store(store).table_names())


@app.command(name="show")
def show_command(
    subject: str, /, *, store: Path, as_of: date | None = None, language: Literal["zh", "en"] | None = None
) -> None:
    """Print what a run says of a subject: what happened, the reasons, the papers to pull first.

    Parameters
    ----------
    subject
        The id of a patient, prescriber, institution, group or visit.
    store
        The store whose run is read.
    as_of
        The run of this date; the last one unless given.
    language
        Of the text; that of the store's workbooks unless given.
    """
    run = store / "runs" / as_of.isoformat() if as_of else last_run(store)
    if not (run / "suspects.parquet").exists():
        raise StoreError(f"{store} holds no run of {as_of}")
    from pipelines.settings import settings_of
    from reports.suspect_text import suspect_text

    text = suspect_text(run, subject, language or settings_of(store).language)
    if text is None:
        raise StoreError(f"the run of {run.name} lists no subject {subject}")
    print(text)


app.command(status_command, name="status")
app.command(backfill_command, name="backfill")
app.command(serve_command, name="serve")
app.command(console)


@app.meta.default
def _launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)], debug: bool = False
) -> None:
    """Run a command.

    Parameters
    ----------
    debug
        Show the traceback of an error and a full log.
    """
    flows.DEBUG.set(debug)
    app(tokens, exit_on_error=False, print_error=False)


def main() -> None:
    """The console script: exit status 0 only when everything was written; an error is one plain line on
    stderr."""
    os.umask(0o077)
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(exit_status())


def _terminate(*_signal: object) -> None:
    raise Terminated


def exit_status() -> int:
    """Run the command of `sys.argv`, print what went wrong, and say how it ended."""
    try:
        app.meta(sys.argv[1:], exit_on_error=False, print_error=False)
        return 0
    except KeyboardInterrupt:
        return 130
    except Terminated:
        print("fundguard: stopped by SIGTERM before the end", file=sys.stderr)
        return 128 + signal.SIGTERM
    except Exception as error:
        original = error.error if isinstance(error, flows.StepFailed) else error
        if flows.DEBUG.get():
            traceback.print_exception(original)
        print(f"fundguard: {_one_line(error)}", file=sys.stderr)
        for failed in (error, original):
            _release(failed)
        if isinstance(error, Alarmed):
            return 3
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
    if isinstance(
        error, (ExpectedError, OSError, flows.StepFailed, RulesFailed, Alarmed, CycloptsError, ValueError)
    ):
        return " ".join(str(error).split()) or type(error).__name__
    return f"unexpected {type(error).__name__}; --debug shows where"
