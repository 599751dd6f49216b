"""What becomes of a scheme that no outcome was ever about: every scheme in turn is withheld from training.

    python benchmarks/withheld.py CITY STORE AS_OF [CITY STORE AS_OF …]

CITY = what `fundguard simulate` wrote, STORE = a folder that is filled from it where it holds nothing yet.
A quarter of the guilty of every scheme have a confirmed outcome (of visits thirty at most), and two cleared
subjects come with three confirmed, two in five of them look-alikes. Withheld from training is every
outcome of a subject guilty of the scheme; ranked are the same subjects with and without, those who have an
outcome left out. k is the number of guilty among them. Prints by scheme, pooled over the cities, its recall
in the first 2k and its average precision (other guilty left out; mean over the cities), and last how much
of the recall is won or lost against a score without any outcome, with the 95 % interval by bootstrap over
schemes and cities.
"""

import sys
from collections import defaultdict

import numpy as np
import pandas as pd
from cities import BOOTSTRAP_ROUNDS, INTERVAL, City, cities, learnt, table
from sklearn.metrics import average_precision_score

from models.fusion import Fusion
from models.training_data import training_set

KINDS = ("patient", "visit")
# Subjects of a kind: for every scheme and city six models are trained.
MOST = 5_000
FOUND, LARGEST, CLEARED, ALIKE = 0.25, 30, 2 / 3, 0.4
KEPT, WITHHELD, NOTHING, ANOMALY, LEARNT = (
    "kept",
    "withheld",
    "no outcome at all",
    "anomaly parts alone",
    "learnt part alone, withheld",
)
WAYS = (KEPT, WITHHELD, NOTHING, ANOMALY, LEARNT)


def inspected(city: City, kind: str) -> pd.Series:
    """Outcomes about every scheme: 1 confirmed, 0 cleared, by subject_id."""
    random, target = np.random.default_rng(0), city.guilty(kind)
    confirmed = set()
    for ids in city.schemes(kind).values():
        ids = sorted(ids & set(target.index))
        confirmed |= set(random.choice(ids, min(LARGEST, round(FOUND * len(ids))), replace=False))
    honest = target.index[target == 0]
    alike = honest[honest.isin(city.innocent[city.innocent.subject_type == kind].subject_id)]
    wanted = round(CLEARED * len(confirmed))
    cleared = set(random.choice(alike, min(len(alike), round(ALIKE * wanted)), replace=False))
    cleared |= set(random.choice(honest, wanted - len(cleared), replace=False))
    return pd.Series({**dict.fromkeys(sorted(cleared), 0), **dict.fromkeys(sorted(confirmed), 1)})


def scores(city: City, kind: str, known: pd.Series, own: set[str]) -> dict[str, pd.Series] | None:
    """Way → score of all subjects; None where nothing is learnt without the scheme's own subjects."""
    features = city.features(kind)
    others = training_set(features, known[~known.index.isin(own)])
    if others is None:
        return None
    fusion, parts, _held = learnt(city, kind, others)
    without = Fusion()
    anomaly = without.weight("evidence") * parts.evidence + without.weight("isolation") * parts.isolation
    return {
        WITHHELD: fusion.raw(parts),
        NOTHING: without.raw(parts),
        ANOMALY: anomaly,
        LEARNT: parts.model,
    }


def recall(score: pd.Series, target: pd.Series, own: set[str]) -> float:
    """Share of the scheme's guilty in the first 2k."""
    first = score[target.index].nlargest(2 * int(target.sum())).index
    return first.isin(own).sum() / target.index.isin(own).sum()


def precision(score: pd.Series, target: pd.Series, own: set[str]) -> float:
    """Average precision for the scheme, other guilty left out."""
    mine = target.index.isin(own)
    judged = target.index[mine | (target == 0).to_numpy()]
    return average_precision_score(judged.isin(own), score[judged])


def compare(city: City, kind: str) -> dict[str, dict[str, tuple[int, float, float]]]:
    """Scheme → way → number of guilty to find, recall, average precision."""
    known, target = inspected(city, kind), city.guilty(kind)
    target = target[~target.index.isin(known.index)]
    fusion, parts, _held = learnt(city, kind, training_set(city.features(kind), known))
    kept, found = fusion.raw(parts), {}
    for scheme, own in city.schemes(kind).items():
        size = int(target.index.isin(own).sum())
        made = scores(city, kind, known, own) if size else None
        if made is None:
            continue
        found[scheme] = {
            way: (size, recall(score, target, own), precision(score, target, own))
            for way, score in ({KEPT: kept} | made).items()
        }
    return found


def gain(
    cells: list[dict[str, tuple[int, float, float]]], way: str, baseline: str
) -> tuple[float, float, float]:
    """Recall won or lost over all guilty, and its interval by bootstrap over schemes and cities."""
    size = np.array([cell[way][0] for cell in cells])
    won = np.array([cell[way][1] - cell[baseline][1] for cell in cells]) * size
    rounds = np.random.default_rng(0).integers(0, len(cells), (BOOTSTRAP_ROUNDS, len(cells)))
    many = won[rounds].sum(axis=1) / size[rounds].sum(axis=1)
    low, high = np.quantile(many, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
    return won.sum() / size.sum(), low, high


def main(arguments: list[str]) -> None:
    """Print the tables."""
    sets = [city.sampled(MOST) for city in cities(arguments)]
    for kind in KINDS:
        found = defaultdict(list)
        for city in sets:
            for scheme, cell in compare(city, kind).items():
                found[scheme].append(cell)
        if found:
            show(kind, found)


def show(kind: str, found: dict[str, list[dict[str, tuple[int, float, float]]]]) -> None:
    """Print the table of a kind of subject: scheme → cells of the cities, as `compare` gives them."""
    print(f"\n### {kind}: recall in the first 2k · average precision\n")
    rows = []
    for scheme, cells in sorted(found.items()):
        sizes = np.array([cell[KEPT][0] for cell in cells])
        each = [np.array([cell[way][1:] for cell in cells]) for way in WAYS]
        rows.append(
            [
                scheme,
                len(cells),
                sizes.sum(),
                *(f"{sizes @ one[:, 0] / sizes.sum():.2f} · {one[:, 1].mean():.2f}" for one in each),
            ]
        )
    table(["scheme", "cities", "guilty", *WAYS], rows)
    every = [cell for cells in found.values() for cell in cells]
    for way, baseline in ((KEPT, NOTHING), (WITHHELD, NOTHING), (WITHHELD, KEPT), (WITHHELD, ANOMALY)):
        mean, low, high = gain(every, way, baseline)
        print(f"\n{way} − {baseline}: recall {mean:+.3f} ({low:+.3f} to {high:+.3f})")


if __name__ == "__main__":
    main(sys.argv[1:])
