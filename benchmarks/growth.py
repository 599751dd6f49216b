"""How the steps of a run grow with the city: CPU seconds and memory by step, and the fitted exponents.

    python -m benchmarks.growth WORK --persons 2000 8000 32000

Each city runs in a process of its own. A step of exponent 1 grows as the city does. What it costs whatever
the city (queries to build, models to load) is no growth: the exponent is told by what each larger city adds.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.cities import ROOT
from claims.store import Store, scratch
from pipelines.champions import registry
from pipelines.explain.explanation import explain
from pipelines.ingest import ingest
from pipelines.measure import measure
from pipelines.monitor import monitor
from pipelines.publish.run_folder import RunInfo, publish
from pipelines.score import score
from pipelines.select.selection import select
from pipelines.settings import settings_of
from pipelines.train import train

AS_OF = date(2025, 1, 1)
# No step may grow faster than this power of the city.
GOAL = 1.1


class Costs:
    """CPU seconds, seconds and highest resident memory (GB, so far) of the steps of one run."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def of(self, name: str, step: Callable[..., Any], *inputs: Any) -> Any:
        """Run a step and keep what it cost."""
        cpu, begin = time.process_time(), time.perf_counter()
        done = step(*inputs)
        self.rows.append(
            {
                "step": name,
                "cpu": time.process_time() - cpu,
                "seconds": time.perf_counter() - begin,
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
        return done


def run_steps(source: Path, path: Path) -> list[dict[str, Any]]:
    """The steps of `fundguard run` in this process, with the cost of each."""
    costs, store, settings = Costs(), Store(path), settings_of(path)
    with store.locked(), scratch(path) as work:
        load = costs.of("ingest", ingest, store, source, settings, None)
        snapshot = costs.of("measure", measure, store, AS_OF, work, settings.rules)
        with closing(snapshot):
            costs.of("train", train, snapshot, store, settings, AS_OF)
            info = RunInfo("growth", AS_OF, load, {})
            scores = costs.of("score", score, snapshot, registry(store, settings), settings)
            seen = costs.of("monitor", monitor, snapshot, scores, store, load.report, settings, AS_OF)
            chosen = costs.of("select", select, snapshot, scores, [], settings, AS_OF)
            found = costs.of("explain", explain, snapshot, scores, chosen, [], settings, info.origin)
            costs.of("publish", publish, snapshot, scores, chosen, found, seen, store, settings, info)
    return costs.rows


def measured(work: Path, persons: int, seed: int) -> pd.DataFrame:
    """The costs of the steps on a city of so many persons: persons, step, cpu, seconds, memory."""
    city = work / f"city-{persons}"
    if not city.exists():
        simulate = ["-m", "flows", "simulate", "--out", city, "--persons", persons, "--seed", seed]
        _python(*simulate)
    out = _python("-m", "benchmarks.growth", work, "--one", city)
    return pd.DataFrame(json.loads(out.splitlines()[-1])).assign(persons=persons)


def _python(*arguments: Any) -> str:
    command = [sys.executable, "-W", "ignore", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def exponents(costs: pd.DataFrame, column: str) -> pd.Series:
    """The power p with which each step grows, as a + b · persons ** p through the first and last two cities.

    Args:
        costs: persons (three sizes or more, each the same multiple of the one before), step and the column.

    Returns:
        By step; missing where the largest city adds less than half to what the smallest costs.
    """
    wide = costs.pivot(index="persons", columns="step", values=column)
    added = wide.diff().iloc[1:].clip(lower=1e-9)
    ratio = np.log(wide.index[-1] / wide.index[1])
    power = np.log(added.iloc[-1] / added.iloc[0]) / ratio
    return power.where(wide.iloc[-1] - wide.iloc[0] >= 0.5 * wide.iloc[0])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--persons", type=int, nargs="+", default=[2_000, 8_000, 32_000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(run_steps(given.one / "input", given.one / "store")))
        return
    given.work.mkdir(parents=True, exist_ok=True)
    costs = pd.concat([measured(given.work, n, given.seed) for n in given.persons], ignore_index=True)
    table = costs.pivot(index="step", columns="persons", values=["cpu", "memory"]).round(1)
    table = table.loc[costs.step.unique()].assign(
        cpu_exponent=exponents(costs, "cpu").round(2), memory_exponent=exponents(costs, "memory").round(2)
    )
    print(table.to_string())
    highest = table["cpu_exponent"].max()
    print(f"highest exponent of CPU {highest:.2f}, to be {GOAL} at most")


if __name__ == "__main__":
    main()
