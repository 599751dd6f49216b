"""A month of nights: what they cost, whether they stay whole when they are killed, and whom they find.

    python -m benchmarks.soak OUT [--persons 500] [--nights 30] [--kills 2]

A city's history is loaded and trained on, then each night loads a day's folder and scores it; every seventh
night trains. Prices drift, a scheme begins with night 12, outcomes come with their delay; some nights are
killed once and done again. Prints a line a night and, at the end, the slopes of time and memory; OUT/soak.csv
and OUT/soak.svg keep them.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
from scipy.stats import linregress

from benchmarks.deliveries import Plan, begin_late, deliver, read
from reports import svg

LISTED = 50
# The late scheme begins with this night, and training is due after each so many.
BEGINS, WEEK = 12, 7
# Rise of prices a day: a tenth in a month.
DRIFT = 0.003
SEED, START, HISTORY = 5, date(2024, 1, 1), 335


@dataclass(frozen=True)
class Night:
    """What a night cost, and whom it listed.

    Attributes:
        seconds, cpu_seconds, peak_mb: of the command; Prefect's server is a process of its own.
        store_mb: size of the store afterwards.
        precision: share of the first LISTED patients who are guilty (of the late scheme: once it began).
        found: patients of the late scheme among them, as a share of all.
        groups_kept: groups of the night before that are there again, most members in common, with their id.
        killed: was it killed once before it went through?
    """

    night: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    store_mb: float
    precision: float
    found: float
    groups_kept: float
    killed: bool


def command(*arguments: object, die_after: float | None = None) -> tuple[float, float, float]:
    """Run a command of fundguard: seconds, CPU seconds and peak of memory (MB), also of a killed one."""
    begin = time.monotonic()
    ran = subprocess.Popen([sys.executable, "-m", "flows", *map(str, arguments)], stdout=subprocess.DEVNULL)
    if die_after is not None:
        time.sleep(die_after)
        ran.kill()
    _pid, status, usage = os.wait4(ran.pid, 0)
    ran.returncode = os.waitstatus_to_exitcode(status)
    # 3: written, with alarms, which drift shall raise.
    if die_after is None and ran.returncode not in (0, 3):
        raise SystemExit(f"{arguments[0]} ended with {ran.returncode}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def groups_kept(before: pd.DataFrame, now: pd.DataFrame) -> float:
    """Share of groups that keep their id while most members stay; missing where no group does.

    Args:
        before, now: group_id, member_id.
    """
    pairs = before.merge(now, on="member_id", suffixes=("", "_now"))
    common = pairs.groupby(["group_id", "group_id_now"]).size().rename("common").reset_index()
    size = before.groupby("group_id").size()
    most = common[common.common > common.group_id.map(size).astype(float) / 2]
    return float((most.group_id == most.group_id_now).mean()) if len(most) else float("nan")


def nights_until(found: Sequence[float], begins: int, share: float = 0.5) -> int | None:
    """Nights from the beginning of a scheme until so large a share of its patients is listed."""
    return next((n - begins for n, value in enumerate(found) if n >= begins and value >= share), None)


def slope(values: pd.Series) -> tuple[float, float]:
    """Rise a night, as a share of the mean, and half of its 95 % interval."""
    fit = linregress(range(len(values)), values)
    return float(fit.slope / values.mean()), float(1.96 * fit.stderr / values.mean())


def chart(nights: pd.DataFrame) -> str:
    """Precision among the first LISTED by night, and the share of the late scheme's patients listed."""
    width, height, left = 720.0, 240.0, 40.0
    elements = [
        svg.text(left, 14, f"of the first {LISTED}: guilty (dark); of the late scheme: listed (pale)")
    ]
    step = (width - left) / max(len(nights), 1)
    for value in (0.0, 0.5, 1.0):
        y = height - 30 - value * (height - 60)
        elements += [svg.line(left, y, width, y), svg.text(left - 6, y + 4, f"{value:.0%}", "end")]
    for column, colour in (("found", svg.PALE), ("precision", svg.BLUE)):
        for place, value in enumerate(nights[column].fillna(0)):
            elements.append(
                svg.circle(left + step * (place + 0.5), height - 30 - value * (height - 60), 4, colour)
            )
    elements.append(svg.text(width, height - 8, f"night 1 to {len(nights)}", "end"))
    return str(svg.picture(width, height, elements))


class Soak:
    """A store that goes through nights."""

    def __init__(self, out: Path, persons: int, nights: int, kills: int):
        self.out, self.store, self.nights = out, out / "store", nights
        self.plan = Plan(START + timedelta(days=HISTORY), nights, min(BEGINS, nights), DRIFT)
        rng = random.Random(SEED)
        self.dying = set(rng.sample(range(1, nights + 1), min(kills, nights)))
        self.rng, self.persons = rng, persons

    def prepare(self) -> list[Path]:
        """Simulate the city, choose the late scheme and deliver it; returns the folders."""
        days = HISTORY + self.nights
        where, size = ("--out", self.out / "city"), ("--persons", self.persons, "--days", days)
        command("simulate", *where, *size, "--start", START, "--seed", SEED)
        truth = pd.read_parquet(self.out / "city/truth.parquet")
        patients = truth[truth.subject_type == "patient"]
        scheme = patients.scheme.value_counts().index[0]
        self.late = set(patients[patients.scheme == scheme].subject_id)
        self.guilty = set(patients.subject_id)
        print(f"late scheme {scheme}: {len(self.late)} of {len(self.guilty)} guilty patients", flush=True)
        return deliver(
            begin_late(read(self.out / "city/input"), self.late, self.plan), self.plan, self.out / "in"
        )

    def as_of(self, night: int) -> date:
        """As-of date of a night; 0 is that of the history."""
        return self.plan.day(night)

    def night(self, number: int, folder: Path) -> Night:
        """Go through a night; training is due after each WEEK."""
        line = ("nightly", "--store", self.store, "--as-of", self.as_of(number), "--source", folder)
        if number in self.dying:
            command(*line, die_after=self.rng.uniform(5, 60))
        cost = command(*line)
        if number % WEEK == 0:
            command("train", "--store", self.store, "--as-of", self.as_of(number))
        listed = self.listed(number)
        known = self.guilty if number >= self.plan.begins else self.guilty - self.late
        size = sum(path.stat().st_size for path in self.store.rglob("*") if path.is_file()) / 2**20
        return Night(
            number, *cost, size, len(listed & known) / LISTED, len(listed & self.late) / len(self.late),
            groups_kept(self.members(number - 1), self.members(number)), number in self.dying,
        )  # fmt: skip

    def listed(self, number: int) -> set[str]:
        """The first LISTED patients of a night."""
        rows = pd.read_parquet(self.store / "runs" / f"{self.as_of(number)}" / "suspects.parquet")
        return set(rows[(rows.subject_type == "patient") & (rows["rank"] <= LISTED)].subject_id)

    def members(self, number: int) -> pd.DataFrame:
        """Groups and their members of a night."""
        file = self.store / "runs" / f"{self.as_of(number)}" / "group_members.parquet"
        return pd.read_parquet(file, columns=["group_id", "member_id"])


def summary(nights: pd.DataFrame, begins: int) -> list[str]:
    """What the nights say together."""
    lines = []
    for column in ("cpu_seconds", "peak_mb", "store_mb"):
        rise, half = slope(nights[column])
        lines.append(f"{column}: {nights[column].mean():.1f} a night, {rise:+.2%} ± {half:.2%} a night")
    lines.append(f"groups that keep their id: {nights.groups_kept.mean():.0%}")
    lines.append(
        f"precision at {LISTED}: {nights.precision.iloc[0]:.2f} first, {nights.precision.iloc[-1]:.2f} last"
    )
    until = nights_until([0.0, *nights.found], begins)
    lines.append(f"half of the late scheme's patients listed after {until} nights")
    return lines


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("out", type=Path)
    for name, default in (("persons", 500), ("nights", 30), ("kills", 2)):
        options.add_argument(f"--{name}", type=int, default=default)
    given = options.parse_args()
    soak = Soak(given.out.resolve(), given.persons, given.nights, given.kills)
    history, *folders = soak.prepare()
    command("run", history, "--store", soak.store, "--as-of", soak.as_of(0))
    done = []
    for number, folder in enumerate(folders, 1):
        done.append(soak.night(number, folder))
        print("  ".join(f"{name} {value:.4g}" for name, value in asdict(done[-1]).items()), flush=True)
    nights = pd.DataFrame(map(asdict, done))
    nights.to_csv(soak.out / "soak.csv", index=False)
    (soak.out / "soak.svg").write_text(chart(nights), encoding="utf-8")
    print("\n".join(summary(nights, soak.plan.begins)))


if __name__ == "__main__":
    main()
