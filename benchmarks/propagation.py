"""What the outcomes of others add to what is learnt of a subject: the score with and without them.

    python benchmarks/propagation.py CITY STORE AS_OF [CITY STORE AS_OF ...]
    CITY = what `fundguard simulate` wrote, STORE = a store that holds its claims

Each subject of a kind gets columns on whom it is tied to: how many of them were confirmed, how many cleared, and what
share of its ties they make up. Ties are links beyond chance and fellow members of a group (``links``), and whoever
attended the same visits, its hospital, doctor, shop and patient (``visits``). The learnt part sees them beside the
measures; parts, weights and calibration are those of the product.

No subject's own outcome is in its columns. Where a fold is held out, its outcomes are in nobody's: a neighbour's
column would hand them over. Outcomes are those of the city's inspectors, or half of the guilty of every kind and as
many others. Prints average precision and precision at k, the guilty left, on subjects without an outcome, and the 95 %
interval of the gain by bootstrap over subjects; last the same with outcomes handed out by lot, where held-out
subjects must be ranked no better than by chance.
"""

import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
from ibis import _
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from claims.store import Store, scratch
from features.catalogue import spec
from features.measures import KEYS, of_subjects
from models.fusion import CHOSEN_REACH, DRAWN_REACH, calibrate, spreads, trusting, weigh
from models.learner import FOLDS, Learner, TrainingSet, training_set
from models.subject_model import SubjectModel
from pipelines.measure import Measured, Night, measure
from pipelines.train import outcomes

RANKED = ("patient", "visit", "prescriber")
TOLD = ("patient", "visit", "prescriber", "pharmacy", "hospital")
SETS = {"links": ("link", "fellow"), "links and visits": ("link", "fellow", "attended")}
TIES = ["tie", "subject_id", "other_type", "other_id", "share"]
# So many guilty visits are told at most, a twentieth of a city's inspections at its size.
MOST_VISITS, DRAWS, SHUFFLES = 60, 200, 20
_LINK = ("mdtrt_id", "psn_no", "dr_code", "fixmedins_code", "is_pharmacy")

Outcomes = dict[str, pd.Series]


@dataclass(frozen=True)
class City:
    """A city on its night.

    Attributes:
        subjects: as measured.
        own: outcomes of the city's inspectors: kind → 1 confirmed, 0 cleared, by subject_id.
        half: half of the guilty and as many others.
        ties: kind → TIES to whoever either tells of.
        guilty: kind → subject_ids.
        unjudged: visits of guilty patients that are neither hits nor misses.
    """

    subjects: dict[str, Measured]
    own: Outcomes
    half: Outcomes
    ties: dict[str, pd.DataFrame]
    guilty: dict[str, set[str]]
    unjudged: set[str]


def read(city: Path, store: Path, as_of: date) -> City:
    """Measure a city's night and gather the ties to whoever has an outcome."""
    truth = pd.read_parquet(city / "truth.parquet")
    guilty = {kind: set(truth.subject_id[truth.subject_type == kind]) for kind in TOLD}
    with scratch(store) as work:
        night = measure(Store(store), as_of, work)
        visits = night.facts.select("mdtrt_id", "psn_no").to_pandas()
        unjudged = set(visits.mdtrt_id[visits.psn_no.isin(guilty["patient"])]) - guilty["visit"]
        own = {kind: outcomes(night.known, kind) for kind in TOLD}
        half = {kind: _half(night.subjects[kind].differences.index, guilty, unjudged, kind) for kind in TOLD}
        known = {kind: own[kind].index.union(half[kind].index) for kind in TOLD}
        ties = {kind: ties_of(night, kind, known) for kind in RANKED}
        night.known.con.disconnect()
    return City(night.subjects, own, half, ties, guilty, unjudged)


def _half(ids: pd.Index, guilty: dict[str, set[str]], unjudged: set[str], kind: str) -> pd.Series:
    random = np.random.default_rng(0)
    found = ids[ids.isin(guilty[kind])]
    honest = ids[~ids.isin(guilty[kind]) & ~ids.isin(unjudged if kind == "visit" else ())]
    number = min(len(found) // 2, len(honest) // 3, MOST_VISITS)
    told = [*random.choice(found, number, replace=False), *random.choice(honest, number, replace=False)]
    return pd.Series(np.repeat([1, 0], number), told, dtype=int)


def ties_of(night: Night, subject: str, known: dict[str, pd.Index]) -> pd.DataFrame:
    """To whom, of those that an outcome may be known of, each subject of a kind is tied: columns of TIES.

    ``share``: which part of its visits, or of its links of the kind, the tie makes up.
    """
    frames = [_attended(night, subject, other, known[other]) for other in TOLD]
    edges = night.company.edges
    back = edges.rename(columns={"a": "b", "b": "a", "a_type": "b_type", "b_type": "a_type"})
    both = pd.concat([edges, back])
    both = both[both.a_type == subject].drop_duplicates(["a", "b_type", "b"])
    frames.append(_linked("link", both, known))
    if subject == "patient":
        members = night.company.members[["group_id", "psn_no"]]
        pairs = members.merge(members, on="group_id").set_axis(["group_id", "a", "b"], axis=1)
        pairs = pairs[pairs.a != pairs.b].drop_duplicates(["a", "b"]).assign(b_type="patient")
        frames.append(_linked("fellow", pairs, known))
    return pd.concat(frames, ignore_index=True)[TIES].astype({"share": float})


def _linked(tie: str, pairs: pd.DataFrame, known: dict[str, pd.Index]) -> pd.DataFrame:
    share = 1 / pairs.groupby(["a", "b_type"]).b.transform("size")
    found = pairs.assign(tie=tie, share=share).rename(
        columns={"a": "subject_id", "b_type": "other_type", "b": "other_id"}
    )
    told = pd.concat([pd.DataFrame({"other_type": kind, "other_id": ids}) for kind, ids in known.items()])
    return found.merge(told, on=["other_type", "other_id"])[TIES]


def _attended(night: Night, subject: str, other: str, ids: pd.Index) -> pd.DataFrame:
    """Ties through common visits; of two visits, through their patient."""
    told = ibis.memtable({"other_id": [*ids]}, schema=ibis.schema({"other_id": "string"}))
    rows = of_subjects(night.facts.select(*_LINK), subject)
    if subject == other == "visit":
        whose = night.facts.select("psn_no", other_id="mdtrt_id").semi_join(told, "other_id")
        rows = rows.select("subject_id", "psn_no")
        total = rows.group_by("psn_no").aggregate(total=_.count())
        pairs = rows.inner_join(whose, "psn_no").inner_join(total, "psn_no")
        found = pairs.filter(pairs.subject_id != pairs.other_id).mutate(share=1 / pairs.total)
    elif subject == other:
        return pd.DataFrame(columns=TIES)
    else:
        key = "mdtrt_id" if other == "visit" else KEYS[other][0]
        total = rows.group_by("subject_id").aggregate(total=_.count())
        common = rows.rename(other_id=key).semi_join(told, "other_id")
        common = common.group_by("subject_id", "other_id").aggregate(n=_.count())
        found = common.inner_join(total, "subject_id").mutate(share=_.n / _.total)
    frame = found.select("subject_id", "other_id", "share").to_pandas()
    return frame.assign(tie="attended", other_type=other)


def columns(ties: pd.DataFrame, told: Outcomes, subjects: pd.Index) -> pd.DataFrame:
    """What the outcomes of others say of each subject: by tie and kind of the other, how many were confirmed and how
    many cleared (log1p), and their share of the ties."""
    said = pd.concat(
        [
            pd.DataFrame({"other_type": kind, "other_id": known.index, "outcome": known.to_numpy()})
            for kind, known in told.items()
        ]
    )
    rows = ties.merge(said, on=["other_type", "other_id"])
    sums = rows.groupby(["subject_id", "tie", "other_type", "outcome"]).share.agg(["size", "sum"])
    sums["size"] = np.log1p(sums["size"])
    wide = sums.unstack(["tie", "other_type", "outcome"]).reindex(subjects).fillna(0.0)
    return wide.set_axis(["_".join(map(str, name)) for name in wide.columns], axis=1)


def rank(
    measured: Measured, parts: pd.DataFrame, told: Outcomes, subject: str, ties: pd.DataFrame | None
) -> tuple[pd.Series, pd.Series] | None:
    """Raw scores of all subjects, and of the inspected by a learner that has seen nothing of them; None where there are
    too few outcomes to learn from.

    Args:
        parts: of all subjects, without a learnt part.
        ties: to whom the learnt part's columns look; None for the measures alone.
    """
    differences, known = measured.differences[spec(subject).index], told[subject]
    data = training_set(differences, known)
    if data is None:
        return None

    def seen_with(said: Outcomes) -> pd.DataFrame:
        return differences if ties is None else differences.join(columns(ties, said, differences.index))

    rows, features = data.target.index, seen_with(told)
    learner = learnt(replace(data, features=features.loc[rows]))
    raw = pd.Series(np.nan, rows)
    strata = data.target + 2 * data.inspected
    strata = strata if strata.value_counts().min() >= FOLDS else data.target
    for seen, held in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(rows, strata):
        without = seen_with(told | {subject: known[~known.index.isin(rows[held])]}).loc[rows]
        raw.iloc[held] = learnt(replace(data, features=without).take(seen)).raw(without.iloc[held])
    parts = parts.assign(model=learner.raw(features))
    apart = parts.loc[rows].assign(model=raw)
    reach = DRAWN_REACH if data.drawn else CHOSEN_REACH
    start = trusting(int(data.target.sum()))
    fusion = weigh(start, apart[data.inspected], data.target[data.inspected], spreads(parts), reach)
    fusion = calibrate(fusion, apart, data.target, data.weight, float(fusion.raw(parts).max()))
    return fusion.raw(parts), raw[data.inspected]


def learnt(data: TrainingSet) -> Learner:
    """The product's learner, as it comes."""
    return Learner().fit(data.features, data.target, data.weight)


def unlearnt(measured: Measured, subject: str) -> pd.DataFrame:
    """The parts of the score that need no outcome."""
    model = SubjectModel(subject, spec(subject))
    model.fit(measured.differences, measured.peers, pd.Series(dtype=int), measured.graph, measured.rules)
    return model.parts(measured.differences, measured.peers, measured.graph, measured.rules)


def gain(target: np.ndarray, ours: np.ndarray, plain: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of how much the average precision rises; the guilty and the others are drawn apart, for there
    are few of the one."""
    random, found = np.random.default_rng(0), []
    guilty, honest = np.flatnonzero(target), np.flatnonzero(target == 0)
    for _draw in range(DRAWS):
        drawn = np.concatenate([random.choice(guilty, len(guilty)), random.choice(honest, len(honest))])
        a, b = (average_precision_score(target[drawn], score[drawn]) for score in (ours, plain))
        found.append(a - b)
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


def compare(name: str, city: City) -> None:
    """Print the rows of a city."""
    for label, told in (("own", city.own), ("half", city.half)):
        for subject in RANKED:
            measured, ties = city.subjects[subject], city.ties[subject]
            ids = measured.differences.index
            rest = ids[~ids.isin([*told[subject].index, *(city.unjudged if subject == "visit" else ())])]
            target = rest.isin([*city.guilty[subject]]).astype(int)
            parts = unlearnt(measured, subject)
            plain = rank(measured, parts, told, subject, None)
            if plain is None or not target.sum():
                continue
            for which, kinds in SETS.items():
                mine = ties[ties.tie.isin(kinds)]
                if mine.empty:
                    continue
                ours, _apart = rank(measured, parts, told, subject, mine)
                a, b = (score[rest].to_numpy() for score in (ours, plain[0]))
                low, high = gain(target, a, b)
                k = int(target.sum())
                with_, without = (
                    (average_precision_score(target, s), target[np.argsort(-s)[:k]].mean()) for s in (a, b)
                )
                print(
                    f"| {name} | {label} | {int(told[subject].sum())} | {subject} | {which} | {k} | {without[0]:.3f} | "
                    f"{with_[0]:.3f} | {with_[0] - without[0]:+.3f} [{low:+.3f}, {high:+.3f}] | {without[1]:.3f} | "
                    f"{with_[1]:.3f} |",
                    flush=True,
                )


def by_lot(city: City, subject: str = "patient") -> np.ndarray:
    """AUC of held-out subjects when the outcomes of all kinds are handed out by lot."""
    measured, ties = city.subjects[subject], city.ties[subject]
    parts, found = unlearnt(measured, subject), []
    for seed in range(SHUFFLES):
        random = np.random.default_rng(seed)
        told = {
            kind: pd.Series(random.permutation([*known]), known.index) for kind, known in city.half.items()
        }
        _score, apart = rank(measured, parts, told, subject, ties)
        found.append(roc_auc_score(told[subject][apart.index], apart))
    return np.array(found)


def main(arguments: list[str]) -> None:
    """Print the table and the check against chance."""
    print(
        "| city | outcomes | confirmed | kind | ties | guilty left | AP without | AP with | gain | P@k without | with |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for city, store, as_of in zip(arguments[::3], arguments[1::3], arguments[2::3], strict=True):
        found = read(Path(city), Path(store), date.fromisoformat(as_of))
        compare(Path(city).name, found)
    lot = by_lot(found)
    print(
        f"\nOutcomes by lot: mean AUC of held-out patients {lot.mean():.3f} ± {lot.std() / len(lot) ** 0.5:.3f}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
