"""How exact, steady and telling the explanations of a run are.

    python benchmarks/explanations.py CITY STORE AS_OF

Prints, for each kind of subject: the largest difference between contributions plus base and the raw score; Kendall's
W of the order of the first five reason families over twenty trainings with other seeds, of all reasons and of those
not marked as weak; and of the first hundred suspects that are guilty, how many have first in their evidence a visit
of what was planted with them.
"""

import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from claims.store import Store
from features.catalogue import measures_of, spec
from models.subject_model import SubjectModel
from pipelines.measure import measure
from pipelines.settings import settings_of
from pipelines.train import outcomes, registry

SEEDS, SUSPECTS, FIRST = 20, 60, 5


def kendall_w(ranks: np.ndarray) -> float:
    """Agreement of m orders of n things, 0 to 1 (Kendall, Smith 1939); ranks: m × n, ties sharing the mean."""
    m, n = ranks.shape
    spread = ((ranks.sum(axis=0) - m * (n + 1) / 2) ** 2).sum()
    ties = sum(
        (np.unique(row, return_counts=True)[1] ** 3 - np.unique(row, return_counts=True)[1]).sum()
        for row in ranks
    )
    return float(12 * spread / (m**2 * (n**3 - n) - m * ties)) if n > 1 else 1.0


def by_family(contributions: pd.DataFrame, subject: str) -> pd.DataFrame:
    """Contributions summed to families: subjects × families."""
    families = {column: entry.family for column, (entry, _days) in measures_of(subject).items()}
    return contributions[list(families)].T.groupby(families).sum().T


def agreement(runs: list[pd.DataFrame], steady: pd.DataFrame) -> tuple[float, float]:
    """Mean W over the subjects of the order of the first five families, and of those among them that are not weak."""
    all_, firm = [], []
    for subject_id in runs[0].index:
        row = runs[0].loc[subject_id].sort_values(ascending=False, kind="stable")
        first = row[row > 0.05].index[:FIRST]
        ranks = pd.DataFrame([run.loc[subject_id, first] for run in runs]).rank(axis=1, ascending=False)
        if len(first) > 1:
            all_.append(kendall_w(ranks.to_numpy()))
        strong = [name for name in first if steady.loc[subject_id, name] >= row[name] / 2]
        if len(strong) > 1:
            firm.append(kendall_w(ranks[strong].rank(axis=1).to_numpy()))
    return float(np.mean(all_)), float(np.mean(firm)) if firm else float("nan")


def main(city: Path, store: Store, as_of: date) -> None:
    """Print the figures."""
    settings = settings_of(store.path)
    suspects = pd.read_parquet(store.runs / as_of.isoformat() / "suspects.parquet")
    evidence = pd.read_parquet(store.runs / as_of.isoformat() / "evidence.parquet")
    truth = pd.read_parquet(city / "truth.parquet")
    with tempfile.TemporaryDirectory() as folder:
        night = measure(store, as_of, Path(folder), settings.rules)
        models = registry(store, settings)
        persons = night.facts.select("mdtrt_id", "psn_no").to_pandas().set_index("mdtrt_id")["psn_no"]
        print(f"{'kind':<11}{'additivity':>12}{'W':>8}{'W firm':>8}{'first row planted':>24}")
        for subject, measured in night.subjects.items():
            ranked = suspects[suspects.subject_type == subject].sort_values("rank")
            listed = list(ranked.subject_id[:SUSPECTS])
            champion = models.champion(subject).model
            rows, peers = measured.differences.loc[listed], measured.peers.loc[listed]
            parts = champion.parts(measured.differences, measured.peers, measured.graph, measured.rules).loc[
                listed
            ]
            given, _steady = champion.explain(rows, peers, parts)
            error = (given.sum(axis=1) - champion.fusion.raw(parts)).abs().max()
            known, runs = outcomes(night.known, subject), []
            for seed in range(SEEDS):
                model = SubjectModel(subject, spec(subject), seed)
                model.fit(measured.differences, measured.peers, known, measured.graph, measured.rules)
                own = model.parts(measured.differences, measured.peers, measured.graph, measured.rules).loc[
                    listed
                ]
                contributions, steady = model.explain(rows, peers, own)
                runs.append(by_family(contributions, subject))
            w, firm = agreement(runs, by_family(steady, subject))
            print(
                f"{subject:<11}{error:>12.1e}{w:>8.2f}{firm:>8.2f}{planted(ranked, evidence, truth, subject, persons):>24}"
            )


def planted(
    ranked: pd.DataFrame, evidence: pd.DataFrame, truth: pd.DataFrame, subject: str, persons: pd.Series
) -> str:
    """Of the guilty among the first hundred: how many have first a planted visit, or one of a guilty person that the
    evidence puts under that person's own scheme."""
    guilty = set(truth[truth.subject_type == subject].subject_id)
    first = evidence[evidence.subject_type == subject].drop_duplicates("subject_id").set_index("subject_id")
    listed = [s for s in ranked.subject_id[:100] if s in guilty and s in first.index]
    visits = set(truth[truth.subject_type == "visit"].subject_id)
    acts = truth[truth.subject_type == "patient"].groupby("subject_id").scheme.agg(set)
    own = {s: acts.get(persons[first.mdtrt_id[s]], set()) for s in listed}
    good = sum(first.mdtrt_id[s] in visits or first.scheme[s] in own[s] for s in listed)
    return f"{good} of {len(listed)}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Store(Path(sys.argv[2])), date.fromisoformat(sys.argv[3]))
