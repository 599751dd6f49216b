"""How exact, stable and relevant the explanations of a run are, and what its dossiers cost.

    python benchmarks/explanations.py CITY STORE AS_OF [--seeds N]

For each kind of subject: the largest difference, over all explained, between contributions plus base and
the raw score; Kendall's W of the order of the first five reason families of the first hundred suspects over
trainings with other seeds, of all reasons and of those not marked as weak; and of the guilty among the
first hundred, how many have first in their evidence a visit of what was planted with them. Then seconds and
size of a dossier.
"""

import argparse
import json
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from claims.store import Store
from features.measures.catalogue import measures_of, spec
from models.subject_model import SubjectModel
from pipelines.champions import registry
from pipelines.measure import measure
from pipelines.settings import settings_of
from pipelines.snapshot import Measured, Snapshot
from pipelines.train import outcomes

SEEDS, SUSPECTS, FIRST = 20, 100, 5
# Where there are more subjects, the trainings with other seeds see the inspected, the first suspects and so
# many others: what a seed changes is learnt from no more.
OTHERS = 20_000


def kendall_w(ranks: np.ndarray) -> float:
    """Agreement of m orders of n things, 0 to 1 (Kendall, Smith 1939); ranks: m × n, ties sharing the
    mean."""
    m, n = ranks.shape
    spread = ((ranks.sum(axis=0) - m * (n + 1) / 2) ** 2).sum()
    ties = sum(
        (np.unique(row, return_counts=True)[1] ** 3 - np.unique(row, return_counts=True)[1]).sum()
        for row in ranks
    )
    most = m**2 * (n**3 - n) - m * ties
    return float(12 * spread / most) if most else 1.0


def by_family(contributions: pd.DataFrame, subject: str) -> pd.DataFrame:
    """Contributions summed to families: subjects × families."""
    families = {column: entry.family for column, (entry, _days) in measures_of(subject).items()}
    return contributions[list(families)].T.groupby(families).sum().T


def agreement(runs: list[pd.DataFrame], deterministic_contributions: pd.DataFrame) -> tuple[float, float]:
    """Mean W over the subjects of the order of the first five families, and of those among them that are
    not weak."""
    all_, firm = [], []
    for subject_id in runs[0].index:
        row = runs[0].loc[subject_id].sort_values(ascending=False, kind="stable")
        first = row[row > 0.05].index[:FIRST]
        ranks = pd.DataFrame([run.loc[subject_id, first] for run in runs]).rank(axis=1, ascending=False)
        if len(first) > 1:
            all_.append(kendall_w(ranks.to_numpy()))
        strong = [
            name for name in first if deterministic_contributions.loc[subject_id, name] >= row[name] / 2
        ]
        if len(strong) > 1:
            firm.append(kendall_w(ranks[strong].rank(axis=1).to_numpy()))
    return tuple(float(np.mean(found)) if found else float("nan") for found in (all_, firm))


def additivity(model: SubjectModel, measured: Measured, listed: list[str]) -> float:
    """Largest difference between contributions plus base and the raw score."""
    parts = model.parts(measured.z_scores, measured.graph, measured.rules).loc[listed]
    given, _deterministic = model.explain(measured.z_scores.loc[listed], parts)
    return float((given.sum(axis=1) - model.fusion.raw(parts)).abs().max())


def retrained(
    subject: str, measured: Measured, known: pd.Series, listed: list[str], seeds: int
) -> tuple[list[pd.DataFrame], pd.DataFrame]:
    """Contributions by family of the listed from one training a seed, and that part of them that no seed
    touches."""
    rows = measured.z_scores
    if len(rows) > OTHERS:
        others = rows.index.to_series().sample(OTHERS, random_state=0)
        rows = rows.loc[rows.index.isin([*others, *listed, *known.index])]
    runs = []
    for seed in range(seeds):
        model = SubjectModel(subject, spec(subject), seed).fit(rows, known, measured.graph, measured.rules)
        own = model.parts(rows.loc[listed], measured.graph, measured.rules)
        contributions, deterministic_contributions = model.explain(rows.loc[listed], own)
        runs.append(by_family(contributions, subject))
    return runs, by_family(deterministic_contributions, subject)


def planted(
    ranked: pd.DataFrame, evidence: pd.DataFrame, guilt: dict[str, set], visits: set, persons: pd.Series
) -> str:
    """Of the guilty among the first hundred: how many have first a planted visit, or one of a guilty person
    that the evidence puts under that person's own scheme.

    Args:
        guilt: of persons, their schemes.
    """
    first = evidence.drop_duplicates("subject_id").set_index("subject_id")
    listed = [s for s in ranked.subject_id[:SUSPECTS] if s in first.index]
    own = {s: guilt.get(persons[first.mdtrt_id[s]], set()) for s in listed}
    good = sum(first.mdtrt_id[s] in visits or first.scheme[s] in own[s] for s in listed)
    return f"{good} of {len(listed)}"


def guilty_of(subject: str, truth: pd.DataFrame, members: pd.DataFrame, guilt: dict[str, set]) -> set[str]:
    """The guilty of a kind; of groups, those at least half of whose members are."""
    if subject == "group":
        shares = members.member_id.isin(list(guilt)).groupby(members.group_id).mean()
        return set(shares.index[shares >= 0.5])
    return set(truth[truth.subject_type == subject].subject_id)


def main(city: Path, store: Store, as_of: date, seeds: int) -> None:
    """Print the figures."""
    settings, run = settings_of(store.path), store.runs / as_of.isoformat()
    suspects, evidence, members = (
        pd.read_parquet(run / f"{name}.parquet") for name in ("suspects", "evidence", "group_members")
    )
    truth = pd.read_parquet(city / "truth.parquet")
    guilt = truth[truth.subject_type == "patient"].groupby("subject_id").scheme.agg(set).to_dict()
    visits = set(truth[truth.subject_type == "visit"].subject_id)
    with tempfile.TemporaryDirectory() as folder:
        snapshot: Snapshot = measure(store, as_of, Path(folder), settings.rules)
        models = registry(store, settings)
        persons = snapshot.facts.select("mdtrt_id", "psn_no").to_pandas().set_index("mdtrt_id")["psn_no"]
        print(
            f"{'kind':<11}{'explained':>10}{'additivity':>12}{'W':>8}{'W firm':>8}{'first row planted':>20}",
            flush=True,
        )
        for subject, measured in snapshot.subjects.items():
            ranked = suspects[suspects.subject_type == subject].sort_values("rank")
            explained = list(ranked.subject_id[ranked.reasons.str.len() > 0])
            error = additivity(models.champion(subject).model, measured, explained)
            w, firm = agreement(
                *retrained(subject, measured, outcomes(snapshot.claims, subject), explained[:SUSPECTS], seeds)
            )
            guilty = ranked[ranked.subject_id.isin(guilty_of(subject, truth, members, guilt))]
            first = ranked.head(SUSPECTS).merge(guilty[["subject_id"]])
            found = planted(first, evidence[evidence.subject_type == subject], guilt, visits, persons)
            print(
                f"{subject:<11}{len(explained):>10}{error:>12.1e}{w:>8.2f}{firm:>8.2f}{found:>20}", flush=True
            )
    pages = [path.stat().st_size for path in (run / "dossiers").iterdir()]
    seconds = json.loads((run / "run.json").read_text(encoding="utf-8"))["seconds"]["dossiers"]
    print(
        f"{len(pages) // 2} dossiers in both languages: {2 * seconds / len(pages):.2f} s each; "
        f"a page {np.mean(pages) / 1000:.0f} kB, at most {max(pages) / 1000:.0f} kB"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("city", type=Path)
    parser.add_argument("store", type=Path)
    parser.add_argument("as_of", type=date.fromisoformat)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    asked = parser.parse_args()
    main(asked.city, Store(asked.store), asked.as_of, asked.seeds)
