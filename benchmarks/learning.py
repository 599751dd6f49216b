"""The score against a logistic regression on simple totals, over cuts of what a bureau may have.

    python benchmarks/learning.py DE_SYNPUF CITY      DE_SYNPUF = folder of CMS's files, CITY = what
    `fundguard simulate` wrote

Plants conduct of several kinds into the hospitals of the public claims (`planted_stays`), and takes patients
and visits of a synthetic city. For each cut some outcomes are revealed, drawn at random or chosen (as many
guilty as honest), and the others are ranked. Prints average precision and AUC of both on subjects whose
outcome was not revealed, and how much better the score is, with its 95 % interval by bootstrap over subjects.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from planted_stays import AMOUNTS, BILLS_AND_STAYS, COURSES, EVERYTHING, plant
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from claims.adapters.de_synpuf import adapt
from claims.store import Store, scratch
from pipelines.measure import measure
from pipelines.settings import Settings
from pipelines.snapshot import Measured
from pipelines.train import fit_model

KEYS = {"patient": "psn_no", "visit": "mdtrt_id", "hospital": "fixmedins_code"}
# Data set → what its guilty hospitals do, and which share of all they are.
PLANTED = {
    "bills and stays, one in five": (BILLS_AND_STAYS, 1 / 5),
    "bills and stays, one in sixteen": (BILLS_AND_STAYS, 1 / 16),
    "amounts, one in five": (AMOUNTS, 1 / 5),
    "courses, one in five": (COURSES, 1 / 5),
    "everything, one in ten": (EVERYTHING, 1 / 10),
}
# (data set, kind of subject, outcomes revealed, chosen).
CUTS = [
    ("bills and stays, one in five", "hospital", 1100, False),
    ("bills and stays, one in five", "hospital", 300, False),
    ("bills and stays, one in five", "hospital", 80, False),
    ("bills and stays, one in five", "hospital", 300, True),
    ("bills and stays, one in sixteen", "hospital", 1100, False),
    ("bills and stays, one in sixteen", "hospital", 400, False),
    ("amounts, one in five", "hospital", 1100, False),
    ("courses, one in five", "hospital", 1100, False),
    ("courses, one in five", "hospital", 300, False),
    ("everything, one in ten", "hospital", 1100, False),
    ("everything, one in ten", "hospital", 300, True),
    ("city", "patient", 3000, False),
    ("city", "patient", 60, True),
    ("city", "visit", 4000, False),
    ("city", "visit", 100, True),
]
BOOTSTRAP_ROUNDS = 200


@dataclass(frozen=True)
class Data:
    """A data set as measured as of its last day: subjects, simple totals by kind, who is guilty."""

    subjects: dict[str, Measured]
    totals: dict[str, pd.DataFrame]
    guilty: set[str]


def read(tables: Path, store: Path, as_of: date, guilty: set[str]) -> Data:
    """Load, measure, and add up."""
    claims = Store(store)
    claims.ingest(tables)
    with scratch(store) as work:
        snapshot = measure(claims, as_of, work)
        columns = [*KEYS.values(), "chfpdr_code", "fund_pay_sumamt", "medfee_sumamt", "begntime", "endtime"]
        visits = snapshot.claims.visits.select(*dict.fromkeys(columns)).to_pandas()
        snapshot.close()
    visits["days"] = (visits.endtime - visits.begntime).dt.days.fillna(0)
    totals = {}
    for subject, key in KEYS.items():
        sums = visits.groupby(visits[key].rename("subject_id")).agg(
            visits=("mdtrt_id", "size"), fund=("fund_pay_sumamt", "sum"), fee=("medfee_sumamt", "sum"),
            persons=("psn_no", "nunique"), places=("fixmedins_code", "nunique"),
            doctors=("chfpdr_code", "nunique"),
            days=("days", "sum"),
        )  # fmt: skip
        totals[subject] = np.log1p(sums.clip(lower=0))
    return Data(snapshot.subjects, totals, guilty)


def inspected(target: pd.Series, number: int, chosen: bool, random: np.random.Generator) -> pd.Index:
    """Whose outcome is known: drawn at random, or half of them guilty."""
    if not chosen:
        return pd.Index(random.choice(target.index, number, replace=False))
    guilty, honest = target.index[target == 1], target.index[target == 0]
    half = min(number // 2, len(guilty) // 2)
    return pd.Index(
        [*random.choice(guilty, half, replace=False), *random.choice(honest, number - half, replace=False)]
    )


def rankings(data: Data, subject: str, outcomes: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Scores of all subjects: ours, and of the logistic regression on totals."""
    measured = data.subjects[subject]
    model = fit_model(subject, measured, outcomes, Settings())
    parts = model.parts(measured.z_scores, measured.graph, measured.rules)
    totals = data.totals[subject].reindex(measured.z_scores.index).fillna(0.0)
    plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    plain.fit(totals.loc[outcomes.index], outcomes)
    return model.fusion.raw(parts), pd.Series(plain.decision_function(totals), totals.index)


def gain(target: np.ndarray, ours: np.ndarray, plain: np.ndarray, metric: Callable) -> tuple[float, float]:
    """The 95 % interval of how much better we are."""
    random, found = np.random.default_rng(0), []
    for _round in range(BOOTSTRAP_ROUNDS):
        rows = random.integers(0, len(target), len(target))
        if 0 < target[rows].sum() < len(rows):
            found.append(metric(target[rows], ours[rows]) - metric(target[rows], plain[rows]))
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


def main(source: Path, city: Path) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="fundguard-bench-") as folder:
        sets = {}
        for seed, (name, (conducts, share)) in enumerate(PLANTED.items()):
            tables = Path(folder) / f"tables{seed}"
            adapt(source, tables)
            guilty = plant(tables, conducts, share, seed)
            sets[name] = read(tables, Path(folder) / f"store{seed}", date(2011, 1, 1), guilty)
        truth = pd.read_parquet(city / "truth.parquet")
        sets["city"] = read(city / "input", Path(folder) / "city", date(2025, 1, 1), set(truth.subject_id))
        print(
            "| claims | subjects | outcomes | guilty | AP ours | AP totals | gain "
            "| AUC ours | AUC totals | gain |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|")
        for name, subject, number, chosen in CUTS:
            ids = sets[name].subjects[subject].z_scores.index
            target = pd.Series(ids.isin(sets[name].guilty).astype(int), ids)
            known = inspected(target, number, chosen, np.random.default_rng(0))
            ours, plain = rankings(sets[name], subject, target[known])
            rest = ids.difference(known)
            y, a, b = (column[rest].to_numpy() for column in (target, ours, plain))
            cells = []
            for metric in (average_precision_score, roc_auc_score):
                low, high = gain(y, a, b, metric)
                cells.append(f"{metric(y, a):.3f} | {metric(y, b):.3f} | {low:+.3f} to {high:+.3f}")
            how = "chosen" if chosen else "drawn at random"
            print(
                f"| {name} | {subject} | {number} {how} | {target[known].sum()} | {' | '.join(cells)} |",
                flush=True,
            )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
