"""What to make of subjects that nobody inspected: treatments compared in the product's own machinery.

    python benchmarks/treatments.py CITY STORE AS_OF [CITY STORE AS_OF …]

CITY = what `fundguard simulate` wrote, STORE = a folder that is filled from it where it holds nothing yet.
Outcomes are known in three ways: those of the simulator's inspectors, who choose; of as many subjects
drawn at random; of ten times as many. Subjects without an outcome are ranked by the fused score. k is the
number of guilty among them. Prints average precision and precision at k as means over the cities in which
the product learns, and how much each treatment exceeds the product's, with the 95 % interval by bootstrap
over the subjects of each city.
"""

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from cities import City, cells, cities, compared, learnt, random_sample, table
from scipy.special import expit

from models.learner import Learner, out_of_fold
from models.training_data import MIN_CONFIRMED, UNINSPECTED_ROWS, TrainingSet, training_set

PRODUCT, TIMES = "product", 10
# Institutions and doctors are too few in a city to compare treatments by.
KINDS = ("patient", "visit")


def negative(features: pd.DataFrame, outcomes: pd.Series) -> TrainingSet | None:
    """Everybody who was not inspected is honest, as surely as the cleared."""
    known = outcomes[outcomes.index.isin(features.index)]
    if known.sum() < MIN_CONFIRMED:
        return None
    uninspected = features.index.difference(known.index)
    uninspected = uninspected[
        np.sort(np.random.default_rng(0).permutation(len(uninspected))[:UNINSPECTED_ROWS])
    ]
    target = pd.concat([known, pd.Series(0, uninspected, dtype=int)])
    ones = pd.Series(1.0, target.index)
    return TrainingSet(features.loc[target.index], target, ones, ones.index.to_series().isin(known.index))


def cleared(features: pd.DataFrame, outcomes: pd.Series) -> TrainingSet | None:
    """The cleared alone are honest; whoever was not inspected is not looked at."""
    known = outcomes[outcomes.index.isin(features.index)]
    if min(known.sum(), (1 - known).sum()) < MIN_CONFIRMED:
        return None
    ones = pd.Series(1.0, known.index)
    return TrainingSet(features.loc[known.index], known, ones, ones.astype(bool))


def unlabelled(features: pd.DataFrame, outcomes: pd.Series) -> TrainingSet | None:
    """Weights of positive and unlabelled learning: each uninspected subject counts as guilty as far as it
    would be among the confirmed had everybody guilty the same chance to be, and as honest for the rest
    (Elkan, Noto 2008, doi 10.1145/1401890.1401920, section 3)."""
    data = negative(features, outcomes)
    if data is None:
        return None
    base = Learner().fit(data.features, data.target, data.weight).base
    named = pd.Series(expit(out_of_fold(data) + base), data.target.index)
    confirmed, uninspected = data.target == 1, ~data.inspected
    chance = named[confirmed].mean()
    odds = named[uninspected] / (1 - named[uninspected])
    share = ((1 - chance) / chance * odds).clip(upper=1.0)
    return TrainingSet(
        pd.concat([data.features, data.features[uninspected]]),
        pd.concat([data.target, pd.Series(1, share.index)]),
        pd.concat([data.weight[~uninspected], 1 - share, share]),
        pd.concat([data.inspected, pd.Series(False, share.index)]),
    )


OTHERS: dict[str, Callable[[pd.DataFrame, pd.Series], TrainingSet | None]] = {
    "uninspected are honest": negative,
    "only the cleared are honest": cleared,
    "PU weights": unlabelled,
    "nothing learnt": lambda features, outcomes: None,
}


def outcomes_known(city: City, kind: str) -> dict[str, pd.Series]:
    """How outcomes come to be known → outcomes."""
    chosen = city.outcomes[kind]
    return {
        "chosen": chosen,
        "drawn": random_sample(city, kind, len(chosen)),
        f"drawn × {TIMES}": random_sample(city, kind, TIMES * len(chosen)),
    }


def treated(features: pd.DataFrame, known: pd.Series) -> dict[str, TrainingSet | None] | None:
    """Treatment → training set, None where the product learns nothing; all are taken for a fair draw where
    the product takes its own for one, since that moves the weights of the parts as well."""
    ours = training_set(features, known)
    if ours is None:
        return None
    made = {PRODUCT: ours} | {name: treat(features, known) for name, treat in OTHERS.items()}
    fair = ours.random_sample
    return {name: data and replace(data, random_sample=fair) for name, data in made.items()}


def main(arguments: list[str]) -> None:
    """Print the table."""
    sets = cities(arguments)
    for kind in KINDS:
        rows = []
        for way in outcomes_known(sets[0], kind):
            targets, scores, counts = [], [], []
            for city in sets:
                known, target = outcomes_known(city, kind)[way], city.guilty(kind)
                made = treated(city.features(kind), known)
                if made is None:
                    continue
                fused = {name: learnt(city, kind, data)[:2] for name, data in made.items()}
                scores.append({name: fusion.raw(parts) for name, (fusion, parts) in fused.items()})
                targets.append(target[~target.index.isin(known.index)])
                counts.append((len(known), int(known.sum()), int(made[PRODUCT].random_sample)))
            if not targets:
                continue
            inspected, confirmed, fair = np.sum(counts, axis=0)
            for name, row in compared(targets, scores, PRODUCT).iterrows():
                start = [way, len(targets), fair, inspected, confirmed, name]
                rows.append([*start, *cells(row, name == PRODUCT)])
        print(f"\n### {kind}\n")
        heads = "outcomes,cities,taken for drawn,inspected,confirmed,treatment,AP,gain,P@k,gain"
        table(heads.split(","), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
