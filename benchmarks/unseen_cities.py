"""How well the lists hold in cities that nobody tuned on: average precision, look-alikes, names of
schemes, rings.

    python -m benchmarks.unseen_cities WORK [--seeds 3] [--first-seed N] [--generator CITY.PY]

Makes cities of our own (`fundguard simulate`), blind ones (`benchmarks/blind`) and, where another hand's
generator is given, its; easy and hidden, so many seeds each. Each is measured, learnt from and ranked as a
run does it, without its pages. Only guilty that no outcome names count; partners who are neither guilty nor
innocent are left out, as are the doctors of a guilty hospital, who signed what it billed.
"""

import argparse
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.cities import snapshot_of, table
from features.measures.catalogue import SUBJECTS
from pipelines.settings import Settings
from pipelines.snapshot import Snapshot
from pipelines.train import fit_model, measured_parts, outcomes

KINDS = ("patient", "prescriber", "pharmacy", "hospital")
# Names of schemes are judged of the guilty among so many places of a list.
NAMED_DEPTH = 100
# A group is a ring where so much of it, and so many people at least, belong to the ring.
RING_SHARE, RING_PEOPLE = 0.5, 3
# What an inspector would accept where a city has words of its own for schemes, or where one conduct has
# several names.
ACCEPTED = {
    "group_stay": "M01 M02 M11", "after_death": "M09", "card_swiping": "M15 M16 M17",
    "drug_resale": "M05 M06 M19", "ltc_overlap": "M08", "third_party": "M27", "checkup_stay": "M04",
    "hanging_bed": "M10", "phantom_dialysis": "M28", "split_stay": "M03", "upcoding": "M24",
    "blanket_exam": "M33", "kickback": "M40", "trace_reuse": "M20",
}  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """What a city knows of itself.

    Attributes:
        truth: subject_type, subject_id, scheme, labelled (an outcome names it).
        lookalikes, neutral: subject_type, subject_id.
        rings: ring, subject_id of its patients; None where the city has no such table.
    """

    truth: pd.DataFrame
    lookalikes: pd.DataFrame
    neutral: pd.DataFrame
    rings: pd.DataFrame | None

    @classmethod
    def read(cls, city: Path, known: dict[str, pd.Series]) -> "Answers":
        """From the tables beside CITY/input; ``known`` are the outcomes by kind of subject."""
        tables = {
            name: pd.read_parquet(city / f"{name}.parquet")
            for name in ("truth", "lookalikes", "innocent", "neutral", "rings")
            if (city / f"{name}.parquet").exists()
        }
        truth = tables["truth"].drop_duplicates(["subject_type", "subject_id"])
        if "labelled" not in truth:
            named = {(kind, one) for kind, cases in known.items() for one in cases.index}
            pairs = zip(truth.subject_type, truth.subject_id, strict=True)
            truth = truth.assign(labelled=[pair in named for pair in pairs])
        signed = pd.read_parquet(next((city / "input").glob("dr_info_b*.parquet")))
        guilty = set(truth[truth.subject_type == "hospital"].subject_id)
        signed = signed[signed.fixmedins_code.isin(guilty) & ~signed.dr_code.isin(truth.subject_id)]
        doctors = pd.DataFrame({"subject_type": "prescriber", "subject_id": signed.dr_code})
        neutral = pd.concat([tables.get("neutral", doctors.head(0)), doctors])
        lookalikes = tables.get("lookalikes", tables.get("innocent"))
        return cls(truth, lookalikes, neutral, tables.get("rings"))

    def ids(self, rows: pd.DataFrame, kind: str) -> set[str]:
        """Subjects of a kind in one of the tables."""
        return set(rows[rows.subject_type == kind].subject_id)


def figures(city: Path, store: Path, as_of: date) -> dict[str, float]:
    """Average precision by kind, look-alikes among the first k patients, share named right, rings found."""
    with snapshot_of(city, store, as_of) as snapshot:
        known = {kind: outcomes(snapshot.claims, kind) for kind in SUBJECTS}
        return _judged(snapshot, known, Answers.read(city, known))


def _judged(snapshot: Snapshot, known: dict[str, pd.Series], answers: Answers) -> dict[str, float]:
    lists = {
        kind: _ranked(snapshot, kind, known[kind]) for kind in (*KINDS, "group") if kind in snapshot.subjects
    }
    found = {f"AP {kind}": _average_precision(kind, lists[kind], answers) for kind in KINDS}
    found["AP mean"] = float(np.mean(list(found.values())))
    innocent = answers.ids(answers.lookalikes, "patient") - answers.ids(answers.truth, "patient")
    ids, guilty = _judged_ids("patient", lists["patient"], answers)
    found["look-alikes"] = float(np.mean([one in innocent for one in ids[: len(guilty)]]))
    found["named right"] = _named_right(lists, answers)
    if answers.rings is not None:
        found["rings"] = _rings_found(snapshot, lists.get("group"), answers.rings)
    return found


def _ranked(snapshot: Snapshot, kind: str, known: pd.Series) -> pd.DataFrame:
    """Raw score and scheme of every subject, most suspect first."""
    measured = snapshot.subjects[kind]
    model = fit_model(kind, measured, known, Settings())
    parts = measured_parts(model, measured)
    return parts.assign(raw=model.fusion.raw(parts)).sort_values("raw", ascending=False, kind="stable")


def _judged_ids(kind: str, ranked: pd.DataFrame, answers: Answers) -> tuple[list[str], set[str]]:
    """The list without those whom an outcome names and neutral ones, and the guilty among all."""
    truth = answers.truth[answers.truth.subject_type == kind]
    left_out = set(truth[truth.labelled].subject_id) | answers.ids(answers.neutral, kind)
    guilty = set(truth[~truth.labelled].subject_id)
    return [one for one in ranked.index if one not in left_out or one in guilty], guilty


def _average_precision(kind: str, ranked: pd.DataFrame, answers: Answers) -> float:
    ids, guilty = _judged_ids(kind, ranked, answers)
    hits = np.isin(ids, list(guilty))
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / max(len(guilty), 1)) if guilty else float("nan")


def _named_right(lists: dict[str, pd.DataFrame], answers: Answers) -> float:
    """Share of the guilty among the first NAMED_DEPTH places of each list whose scheme has its name."""
    right = []
    for kind in KINDS:
        named = lists[kind].scheme.head(NAMED_DEPTH)
        truth = answers.truth[answers.truth.subject_type == kind].set_index("subject_id").scheme
        for one in named.index.intersection(truth.index):
            right.append(str(named[one]) in ACCEPTED.get(truth[one], truth[one]).split())
    return float(np.mean(right)) if right else float("nan")


def _rings_found(snapshot: Snapshot, groups: pd.DataFrame | None, rings: pd.DataFrame) -> float:
    """Share of the rings that one of the first 2k groups is mostly made of."""
    left = rings.groupby("ring").subject_id.apply(set).to_dict()
    count, found, members = len(left), 0, snapshot.network.members
    for group in [] if groups is None else groups.index[: 2 * count]:
        people = set(members[members.group_id == group].psn_no)
        best = max(left, key=lambda ring: len(people & left[ring]), default=None)
        if best is not None and len(people & left[best]) >= max(RING_PEOPLE, RING_SHARE * len(people)):
            found += 1
            left.pop(best)
    return found / max(count, 1)


def _generate(hand: str, hidden: bool, seed: int, out: Path, generator: Path | None) -> date:
    """Write a city unless it stands there; returns its as-of date."""
    hard = ["--hard"] if hidden else []
    commands = {
        "own": [
            "-m",
            "flows",
            "simulate",
            "--out",
            str(out),
            "--persons",
            "8000",
            "--seed",
            str(seed),
            *hard,
        ],
        "blind": ["-m", "benchmarks.blind", str(out), "--seed", str(seed), *hard],
        "other": [str(generator), str(out), "--seed", str(seed), *hard],
    }
    if not (out / "truth.parquet").exists():
        subprocess.run([sys.executable, *commands[hand]], check=True, stdout=subprocess.DEVNULL)
    return date(2025, 1, 1) if hand == "own" else date(2026, 1, 1)


def main() -> None:
    """Print a row a kind of city: mean, and lowest to highest of the seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=501)
    parser.add_argument("--generator", type=Path)
    given = parser.parse_args()
    rows = []
    for hand in ("own", "blind", *(["other"] if given.generator else [])):
        for hidden in (False, True):
            frame = _of_seeds(hand, hidden, given)
            cells = [f"{c.mean():.2f} ({c.min():.2f}–{c.max():.2f})" for _name, c in frame.items()]
            heads = ["city", *frame.columns]
            rows.append(dict(zip(heads, [f"{hand}, {'hidden' if hidden else 'easy'}", *cells], strict=True)))
    heads = list(dict.fromkeys(head for row in rows for head in row))
    table(heads, ([row.get(head, "") for head in heads] for row in rows))


def _of_seeds(hand: str, hidden: bool, given: argparse.Namespace) -> pd.DataFrame:
    found = []
    for number in range(given.seeds):
        seed = given.first_seed + number + (50 if hidden else 0)
        out = given.work / f"{hand}-{'hidden' if hidden else 'easy'}-{seed}"
        as_of = _generate(hand, hidden, seed, out, given.generator)
        found.append(figures(out, out / "store", as_of))
        print(out.name, {name: round(value, 3) for name, value in found[-1].items()}, flush=True)
    return pd.DataFrame(found)


if __name__ == "__main__":
    main()
