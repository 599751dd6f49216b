"""What a search of the learner's parameters gains over the default, on subjects without a known outcome.

    python benchmarks/tuning.py BUDGET CITY STORE AS_OF [CITY STORE AS_OF …]

BUDGET = candidates besides the default, CITY = what `fundguard simulate` wrote, STORE = a folder that is
filled from it where it holds nothing yet. Outcomes are those of the simulator's inspectors, or ten times as
many drawn at random. Prints by city the gain that the search itself saw out of fold, then average precision
and precision at k (k = guilty without an outcome) of the learnt part alone and of the fused score, as means
over the cities, and how much the default exceeds the tuned one, with the 95 % interval by bootstrap over
the subjects of each city.
"""

import sys
import time

from cities import cells, cities, compared, learnt, random_sample, table

from models.learner import Learner
from models.training_data import training_set
from models.tuning import SEARCH_SPACE, tune

KINDS, TIMES = ("patient", "visit"), 10
TUNED, DEFAULT = "tuned", "default"


def main(budget: int, arguments: list[str]) -> None:
    """Print the table."""
    sets, rows = cities(arguments), []
    for kind in KINDS:
        for way in ("chosen", f"drawn × {TIMES}"):
            targets, alone, fused = [], [], []
            for city in sets:
                known, target = city.outcomes[kind], city.guilty(kind)
                known = known if way == "chosen" else random_sample(city, kind, TIMES * len(known))
                data = training_set(city.features(kind), known)
                if data is None:
                    continue
                begun = time.process_time()
                found = tune(data, budget)
                taken = time.process_time() - begun
                kept = (
                    {name: f"{found.learner.get_params()[name]:.3g}" for name in SEARCH_SPACE}
                    if found.gain
                    else "default"
                )
                print(
                    f"{kind}, {way}, {city.name}: gain out of fold {found.gain:.3f} ± {found.error:.3f}, "
                    f"{taken:.0f} s, {kept}"
                )
                made = {TUNED: found.learner, DEFAULT: Learner()}
                each = {name: learnt(city, kind, data, learner) for name, learner in made.items()}
                alone.append({name: parts.model for name, (_fusion, parts, _held) in each.items()})
                fused.append({name: fusion.raw(parts) for name, (fusion, parts, _held) in each.items()})
                targets.append(target[~target.index.isin(known.index)])
            for score, made in (("learnt part", alone), ("fused", fused)):
                if targets:
                    for name, row in compared(targets, made, TUNED).iterrows():
                        rows.append([kind, way, len(targets), score, name, *cells(row, name == TUNED)])
    table(["kind", "outcomes", "cities", "score", "parameters", "AP", "gain", "P@k", "gain"], rows)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
