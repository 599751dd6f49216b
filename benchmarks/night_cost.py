"""What a night with one day's visits costs against a full run of the same claims: CPU seconds of the commands
and their servers, interleaved, medians and their ratio.

    python -m benchmarks.night_cost WORK [--persons 20000] [--rounds 5]

The first night after a load of the history compiles its statements; the store that the nights start from has
had one night, as a bureau's has.
"""

import argparse
import shutil
import statistics
from datetime import date
from pathlib import Path

from benchmarks.deliveries import Plan, deliver, read
from benchmarks.soak import SEED, command

# Of a full run's CPU, at 20,000 persons and a year of history.
GOAL = 0.2
# Two days are delivered one by one: the first makes the store that the measured nights start from.
PLAN = Plan(date(2024, 12, 30), 2, 2, 0.0)


def prepared(work: Path, persons: int) -> tuple[Path, Path, Path]:
    """A store with the history and one night, the folder of the next day, and a folder with all claims."""
    command("simulate", "--out", work / "city", "--persons", persons, "--seed", SEED)
    tables = read(work / "city" / "input")
    history, first, second = deliver(tables, PLAN, work / "days")
    (everything,) = deliver(tables, Plan(PLAN.day(2), 0, 0, 0.0), work / "all")
    store = work / "store"
    command("run", history, "--store", store, "--as-of", PLAN.day(0))
    command("nightly", "--store", store, "--as-of", PLAN.day(1), "--source", first)
    return store, second, everything


def measured(work: Path, store: Path, day: Path, everything: Path) -> tuple[float, float]:
    """CPU seconds of one night and of one full run, each on a store of its own."""
    for name in ("night", "full"):
        shutil.rmtree(work / name, ignore_errors=True)
    shutil.copytree(store, work / "night", symlinks=True)
    as_of = PLAN.day(2)
    _seconds, night, _mb = command("nightly", "--store", work / "night", "--as-of", as_of, "--source", day)
    _seconds, full, _mb = command("run", everything, "--store", work / "full", "--as-of", as_of)
    return night, full


def main() -> None:
    """Measure and print a line a round, then the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--persons", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    store, day, everything = prepared(given.work, given.persons)
    nights, fulls = [], []
    for number in range(given.rounds):
        night, full = measured(given.work, store, day, everything)
        print(f"round {number + 1}: night {night:.1f} s, full run {full:.1f} s of CPU", flush=True)
        nights.append(night)
        fulls.append(full)
    night, full = statistics.median(nights), statistics.median(fulls)
    print(
        f"{given.persons} persons: night {night:.1f} s, full run {full:.1f} s, "
        f"ratio {night / full:.2f} (goal {GOAL})"
    )


if __name__ == "__main__":
    main()
