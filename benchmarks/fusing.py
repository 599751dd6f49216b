"""The fused score compared with its parts and with simpler ways to combine them.

    python benchmarks/fusing.py CITY STORE AS_OF [CITY STORE AS_OF …]

CITY = what `fundguard simulate` wrote, STORE = a folder that is filled from it where it holds nothing yet.
Outcomes are those of the simulator's inspectors, ten times as many drawn at random, or none. k is the number
of guilty without an outcome. Prints average precision and precision at k as means over the cities, how much
each way exceeds the fused score, with the 95 % interval by bootstrap over the subjects of each city, and
where claims after death (M09) stand: how many of them are in the first k, and the middle one's rank.
"""

import sys

import numpy as np
import pandas as pd
from cities import KINDS, City, cells, cities, compared, learnt, random_sample, table
from sklearn.linear_model import LogisticRegression

from models.fusion import PARTS
from models.training_data import training_set

FUSED, PROOF, TIMES = "fused", "M09", 10


def ways(city: City, kind: str, known: pd.Series) -> dict[str, pd.Series] | None:
    """Way → score of all subjects; None where there are outcomes, but too few to learn from."""
    data = training_set(city.features(kind), known)
    if data is None and len(known):
        return None
    fusion, parts, held = learnt(city, kind, data)
    known_parts = parts[list(PARTS)].astype(float).fillna(0.0)
    available = [part for part in PARTS if known_parts[part].std() > 0]
    found = {FUSED: fusion.raw(parts)} | {f"{part} alone": known_parts[part] for part in available}
    found["mean of percentile ranks"] = known_parts[available].rank(pct=True).mean(axis=1)
    if data is not None:
        rows = known_parts.loc[held.index].assign(model=held)
        found["mean of calibrated log-odds"] = pd.concat(
            [log_odds(rows[[part]], data.target[held.index], known_parts[[part]]) for part in available],
            axis=1,
        ).mean(axis=1)
    found["highest raw z"] = (
        (known_parts[available] - known_parts[available].mean()) / known_parts[available].std()
    ).max(axis=1)
    return found


def log_odds(rows: pd.DataFrame, target: pd.Series, everybody: pd.DataFrame) -> pd.Series:
    """A part as log-odds, calibrated on the inspected (Platt 1999)."""
    fitted = LogisticRegression(C=1e3, max_iter=2000).fit(rows, target)
    return pd.Series(fitted.decision_function(everybody), everybody.index)


def proof(
    targets: list[pd.Series], scores: list[dict[str, pd.Series]], ids: set[str]
) -> dict[str, list[str]]:
    """By way: share of these subjects in the first k, and the rank of the middle one."""
    found = {}
    for way in scores[0]:
        ranks, inside = [], []
        for target, score in zip(targets, scores, strict=True):
            rank = score[way][target.index].rank(ascending=False)
            mine = rank[rank.index.isin(ids)]
            ranks += list(mine)
            inside += list(mine <= target.sum())
        found[way] = [f"{sum(inside)} of {len(inside)}", f"{np.median(ranks):.0f}" if ranks else ""]
    return found


def main(arguments: list[str]) -> None:
    """Print the table."""
    sets, rows = cities(arguments), []
    for kind in KINDS:
        for outcomes in ("none", "targeted", f"drawn × {TIMES}"):
            targets, scores, dead = [], [], set()
            for city in sets:
                chosen = city.outcomes[kind]
                known = {
                    "none": chosen.head(0),
                    "targeted": chosen,
                }.get(outcomes, random_sample(city, kind, TIMES * len(chosen)))
                made, target = ways(city, kind, known), city.guilty(kind)
                target = target[~target.index.isin(known.index)]
                if made is not None and target.sum():
                    targets.append(target)
                    scores.append(made)
                    dead |= city.schemes(kind).get(PROOF, set())
            if not targets:
                continue
            shared = [way for way in scores[0] if all(way in made for made in scores)]
            scores = [{way: made[way] for way in shared} for made in scores]
            proved = proof(targets, scores, dead)
            for way, row in compared(targets, scores, FUSED).iterrows():
                rows.append([kind, outcomes, len(targets), way, *cells(row, way == FUSED), *proved[way]])
    heads = [
        "kind",
        "outcomes",
        "cities",
        "score",
        "AP",
        "gain",
        "P@k",
        "gain",
        f"{PROOF} in first k",
        "its rank",
    ]
    table(heads, rows)


if __name__ == "__main__":
    main(sys.argv[1:])
