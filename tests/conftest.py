"""What tests share: no test touches a real store, home or server, and one small city is run for all of
them."""

import atexit
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

# Before anything imports Prefect or MLflow, which read these then. Workers of xdist inherit them.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _home = tempfile.mkdtemp(prefix="fundguard-tests-")
    atexit.register(shutil.rmtree, _home, ignore_errors=True)
    os.environ |= {
        "HOME": _home,
        "PREFECT_HOME": f"{_home}/prefect",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    for _name in [n for n in os.environ if n.startswith("FUNDGUARD_")] + [
        "PREFECT_API_URL",
        "MLFLOW_TRACKING_URI",
    ]:
        os.environ.pop(_name, None)
    # A dossier takes a tenth of a second to draw; a few of each kind show as much as fifty.
    os.environ["FUNDGUARD_DOSSIER_DEPTH"] = "5"
    # In the store, so that a test can read what a run logs.
    os.environ["FUNDGUARD_LOG_FILE"] = "run.log"

import pandas as pd
import psutil
import pytest
from hypothesis import Phase, settings

# Measures and rules enter the catalogue when they are imported; whatever file is run alone finds them there.
import features.rules  # noqa: F401
from claims.as_of import ClaimsAsOf
from claims.store import Store, scratch
from pipelines.measure import measure
from pipelines.snapshot import Snapshot
from tests.engine_log import EngineLog, engine_logged
from tests.in_memory import claims_in, engine, shadow_by_spark
from tests.tiny import World

ROOT = Path(__file__).parents[1]
# A mutant is killed by the first example that fails; nobody reads the smallest one.
settings.register_profile("mutation", phases=[Phase.explicit, Phase.generate], database=None)
PERSONS, SEED, AS_OF = 2_000, 7, date(2025, 1, 1)
# Stands in the environment of whatever a test starts, and of what that starts in turn.
MARK = "STARTED_BY_TEST"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--spark", action="store_true", help="ask Spark the same as DuckDB, and compare")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--spark"):
        if shutil.which("java") is None:
            pytest.exit("Spark was not tested: there is no java on the path", returncode=0)
        shadow_by_spark()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An order of files in which two workers never wait for each other: one makes the shared city at once
    while the other runs what needs none; whole commands come before single functions, which even out the end.
    """
    asked: dict[Path, set[str]] = {}
    for item in items:
        own = vars(item.getparent(pytest.Module).obj)
        asked.setdefault(item.path, set()).update(set(item.fixturenames) - set(own))
    of_city = Counter(item.path for item in items if "city" in asked[item.path])
    first = of_city.most_common(1)

    def turn(item: pytest.Item) -> int:
        if first and item.path == first[0][0]:
            return 0
        if item.path in of_city:
            return 2 if "measured_city" in asked[item.path] else 3
        return 1 if item.path.parent.name in ("claims", "pipelines") else 4

    items.sort(key=turn)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--spark"):
        from tests.spark.shadow_engine import compared

        terminalreporter.write_line(compared())


@dataclass(frozen=True)
class Done:
    """The outcome of a command: exit status, what it printed, and the processes it left behind."""

    status: int
    out: str
    err: str
    left_behind: list[str]


@contextmanager
def marked() -> Iterator[tuple[dict[str, str], Callable[[], list[psutil.Process]]]]:
    """An environment for a child process, and a function that finds whatever runs with it."""
    mark = uuid.uuid4().hex

    def alive() -> list[psutil.Process]:
        return [p for p in psutil.process_iter() if _environment(p).get(MARK) == mark]

    try:
        yield os.environ | {MARK: mark}, alive
    finally:
        for process in alive():
            process.kill()


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ() if process.status() != psutil.STATUS_ZOMBIE else {}
    except psutil.Error:
        return {}


def fundguard(*arguments) -> Done:
    """Run a command of the console script to its end."""
    with marked() as (environment, alive):
        command = [sys.executable, "-m", "flows", *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        return Done(done.returncode, done.stdout, done.stderr, [" ".join(p.cmdline()) for p in alive()])


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@dataclass(frozen=True)
class City:
    """A synthetic city and the run that `fundguard run` made of it."""

    folder: Path
    done: Done

    @property
    def source(self) -> Path:
        return self.folder / "city/input"

    @property
    def store(self) -> Store:
        return Store(self.folder / "store")

    @property
    def run(self) -> Path:
        return self.store.runs / AS_OF.isoformat()

    @cached_property
    def truth(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "city/truth.parquet")

    @cached_property
    def innocent(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "city/innocent.parquet")

    def table(self, name: str) -> pd.DataFrame:
        """A table that went in."""
        return pd.read_parquet(self.source / f"{name}.parquet")

    def result(self, name: str) -> pd.DataFrame:
        """A table that came out."""
        return pd.read_parquet(self.run / f"{name}.parquet")


@pytest.fixture(scope="session")
def city(tmp_path_factory) -> City:
    """A small city, simulated and run once with the real commands, whoever asks first; nobody writes into
    it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared-city"
    folder.mkdir(exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done.json").exists():
            made = fundguard("simulate", "--out", folder / "city", "--persons", PERSONS, "--seed", SEED)
            assert made.status == 0, made.err
            ran = fundguard("run", folder / "city/input", "--store", folder / "store", "--as-of", AS_OF)
            pd.Series(vars(ran)).to_json(folder / "done.json")
    return City(folder, Done(**pd.read_json(folder / "done.json", typ="series")))


@pytest.fixture(scope="session")
def measured_city(city) -> Iterator[tuple[Snapshot, EngineLog]]:
    """The run of the shared city, measured once more in this process, and what the engine was asked for."""
    assert city.done.status == 0, city.done.err
    with scratch() as work:
        with engine_logged() as log:
            snapshot = measure(city.store, AS_OF, work)
        with closing(snapshot):
            yield snapshot, log


@pytest.fixture(scope="session")
def city_snapshot(measured_city) -> Snapshot:
    """The run of the shared city, measured once more in this process."""
    return measured_city[0]


@pytest.fixture(scope="module")
def claims_of() -> Iterator[Callable[[World, date], ClaimsAsOf]]:
    """The claims of a tiny world as of a date, without a store."""
    opened = []

    def claims(world: World, as_of: date) -> ClaimsAsOf:
        con = engine()
        opened.append(con)
        return claims_in(con, world, as_of)

    yield claims
    for con in opened:
        con.disconnect()
