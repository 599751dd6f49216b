"""What outcomes of others add to the score of those nobody inspected: with and without the measures of
`features.measures.linked_outcomes`.

    python benchmarks/propagation.py CITY STORE AS_OF [CITY STORE AS_OF …]

CITY = what `fundguard simulate` wrote, STORE = a folder that is filled from it where it holds nothing yet.
The outcomes are those of the simulator's inspectors. Subjects without an outcome are ranked by the fused
score. Prints by city and kind average precision and precision at k (k the number of guilty among them), and
how much ranking without those measures exceeds ranking with them, with the 95 % interval by bootstrap over
subjects. In a synthetic city the visits, patients and doctors of a ring share one truth, so the gain is
larger than it can be where some are innocent.
"""

import sys
from dataclasses import replace

from cities import KINDS, City, cells, cities, compared, learnt, table

from features.measures.catalogue import measures_of
from models.training_data import training_set

WITH, WITHOUT = "with", "without"


def without(city: City) -> City:
    """The city without outcomes of others: every subject at its peers' median in those measures."""
    blank = {
        kind: {
            column: 0.0 for column, (entry, _days) in measures_of(kind).items() if entry.family == "outcomes"
        }
        for kind in city.subjects
    }
    return replace(
        city,
        subjects={
            kind: replace(measured, z_scores=measured.z_scores.assign(**blank[kind]))
            for kind, measured in city.subjects.items()
        },
    )


def main(arguments: list[str]) -> None:
    """Print the table."""
    rows = []
    for city in cities(arguments):
        ways = {WITH: city, WITHOUT: without(city)}
        for kind in KINDS:
            known, target = city.outcomes[kind], city.guilty(kind)
            target = target[~target.index.isin(known.index)]
            made = {name: training_set(of.features(kind), known) for name, of in ways.items()}
            if made[WITH] is None or not target.sum():
                continue
            fused = {name: learnt(of, kind, made[name])[:2] for name, of in ways.items()}
            scores = {name: fusion.raw(parts) for name, (fusion, parts) in fused.items()}
            for name, row in compared([target], [scores], WITH).iterrows():
                start = [city.name, kind, len(known), int(known.sum()), int(target.sum()), name]
                rows.append([*start, *cells(row, name == WITH)])
    heads = "city,kind,inspected,confirmed,guilty left,outcomes of others,AP,gain,P@k,gain"
    table(heads.split(","), rows)


if __name__ == "__main__":
    main(sys.argv[1:])
