"""The step that draws a few inspections at random, so that a bureau learns what its list misses.

Outcomes of listed subjects say nothing of those whom nobody visits (selective labels: Lakkaraju et al. 2017, doi
10.1145/3097983.3098066). Whoever is drawn stands for as many as one over the probability of the draw (Horvitz and
Thompson 1952), so the probability is kept with the run.
"""

from datetime import date, timedelta
from math import floor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from claims.as_of import CLEARED, last_cases
from pipelines.measure import Snapshot
from pipelines.select.worklist import VISITED
from pipelines.settings import Settings

KEYS = ["subject_type", "subject_id"]
AUDIT_SAMPLE = pa.schema(
    [
        ("subject_type", pa.string()), ("subject_id", pa.string()), ("night", pa.date32()),
        ("probability", pa.float64()),
    ]
)  # fmt: skip


def draw(frame: dict[str, list[str]], settings: Settings, as_of: date) -> pd.DataFrame:
    """Draw the share of the capacity that is set; every kind of subject has the same share of it, for there are a
    hundred patients to a pharmacy.

    Capacity × share is seldom whole: 0.6 means that somebody is drawn on six nights of ten. The draw hangs on the
    seed, the night and who can be drawn, not on the order in which they come.

    Args:
        frame: `sampling_frame`.

    Returns:
        Columns of DRAWS; ``probability`` is that of this subject being drawn on this night.
    """
    expected = settings.capacity * settings.random_share
    random = np.random.default_rng([settings.seed, as_of.toordinal()])
    number = floor(expected) + int(random.random() < expected % 1)
    rows = []
    for kind, count in _shares(number, list(frame), random).items():
        chance = probability(expected, len(frame), len(frame[kind]))
        random_sample = random.choice(sorted(frame[kind]), min(count, len(frame[kind])), replace=False)
        rows += [(kind, str(subject_id), as_of, chance) for subject_id in sorted(random_sample)]
    return pd.DataFrame(rows, columns=AUDIT_SAMPLE.names)


def sampling_frame(
    snapshot: Snapshot,
    suspects: pd.DataFrame,
    listed: pd.DataFrame,
    past_runs: list[Path],
    settings: Settings,
    as_of: date,
) -> dict[str, list[str]]:
    """Who can be drawn, by kind: not listed, not known to be guilty, not visited lately. Nobody where the share is 0.

    Args:
        suspects: as the contract's table.
        listed: `pipelines.select.worklist.worklist`; the first of it, as many as the capacity, are the list.
        nights: folders of earlier runs, oldest first.
    """
    if not settings.random_share:
        return {}
    since = as_of - timedelta(days=settings.cool_down)
    cases = last_cases(snapshot.claims)
    forgotten = cases.clue_stas.isin(CLEARED) & (pd.to_datetime(cases.close_date) < pd.Timestamp(since))
    first = listed.loc[listed.place <= settings.capacity, KEYS]
    out = pd.concat([first, cases.loc[~forgotten, KEYS], _lately(past_runs, since)])
    left = ~pd.MultiIndex.from_frame(suspects[KEYS]).isin(pd.MultiIndex.from_frame(out))
    ids = suspects[left].groupby("subject_type").subject_id
    return {kind: list(ids.get_group(kind)) for kind in VISITED if kind in ids.groups}


def probability(expected: float, kinds: int, size: int) -> float:
    """Probability that a subject is drawn, where so many are drawn on average (`expected`), shared out evenly over so
    many kinds, and its own kind has `size` subjects."""
    whole, part = floor(expected), expected % 1

    def chance(number: int) -> float:
        each, over = divmod(number, kinds)
        return ((kinds - over) * min(each, size) + over * min(each + 1, size)) / kinds / size

    return (1 - part) * chance(whole) + part * chance(whole + 1)


def _shares(number: int, kinds: list[str], random: np.random.Generator) -> dict[str, int]:
    """How many of each kind; what cannot be shared out evenly goes to kinds drawn by lot."""
    if not kinds:
        return {}
    each, over = divmod(number, len(kinds))
    lucky = set(random.permutation(len(kinds))[:over])
    return {kind: each + (place in lucky) for place, kind in enumerate(kinds)}


def _lately(past_runs: list[Path], since: date) -> pd.DataFrame:
    """Whom the nights since a day have drawn: somebody is on the way to them, though no case says so yet."""
    found = [
        pd.read_parquet(folder / "audit_sample.parquet", columns=KEYS)
        for folder in past_runs
        if folder.name >= since.isoformat() and (folder / "audit_sample.parquet").exists()
    ]
    return pd.concat(found) if found else pd.DataFrame(columns=KEYS)
