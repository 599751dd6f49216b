"""The audit sample: a few inspections drawn at random, from which a bureau learns what its list misses.

Outcomes of listed subjects say nothing of those whom nobody visits (selective labels: Lakkaraju et al. 2017,
doi 10.1145/3097983.3098066). Each drawn subject stands for one over its inclusion probability (Horvitz and
Thompson 1952), so the probability is kept with the run.
"""

from datetime import date, timedelta
from math import floor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from claims.as_of import CLEARED, last_cases
from pipelines.select.worklist import VISITED
from pipelines.settings import Settings
from pipelines.snapshot import SUBJECT, Snapshot

AUDIT_SAMPLE = pa.schema(
    [
        ("subject_type", pa.string()), ("subject_id", pa.string()), ("as_of", pa.date32()),
        ("probability", pa.float64()),
    ]
)  # fmt: skip


def draw(frame: dict[str, list[str]], settings: Settings, as_of: date) -> pd.DataFrame:
    """Draw a stratified random sample: capacity × random_share subjects, the same number from every kind on
    average, because there are a hundred patients to a pharmacy.

    Capacity × share is seldom whole: 0.6 means that one subject is drawn on six days of ten. The draw depends
    on the seed, the date and the sampling frame, not on the order of the frame.

    Args:
        frame: `sampling_frame`.

    Returns:
        Columns of AUDIT_SAMPLE; ``probability`` is the inclusion probability of this subject on this date.
    """
    expected = settings.capacity * settings.random_share
    random = np.random.default_rng([settings.seed, as_of.toordinal()])
    number = floor(expected) + int(random.random() < expected % 1)
    rows: list[tuple[str, str, date, float]] = []
    for kind, count in _allocation(number, list(frame), random).items():
        chance = inclusion_probability(expected, len(frame), len(frame[kind]))
        drawn = random.choice(sorted(frame[kind]), min(count, len(frame[kind])), replace=False)
        rows += [(kind, str(subject_id), as_of, chance) for subject_id in sorted(drawn)]
    return pd.DataFrame(rows, columns=AUDIT_SAMPLE.names)


def sampling_frame(
    snapshot: Snapshot,
    ranked: pd.DataFrame,
    listed: pd.DataFrame,
    past_runs: list[Path],
    settings: Settings,
    as_of: date,
) -> dict[str, list[str]]:
    """Who can be drawn, by kind: not listed, not known to be guilty, not visited lately. Nobody where the
    share is 0.

    Args:
        ranked: all lists (`pipelines.score.ranked_lists`).
        listed: `pipelines.select.worklist.worklist`; its first places, as many as the capacity, count as
            listed.
        past_runs: folders of earlier runs, oldest first.
    """
    if not settings.random_share:
        return {}
    since = as_of - timedelta(days=settings.cool_down)
    cases = last_cases(snapshot.claims)
    expired = cases.clue_stas.isin(CLEARED) & (pd.to_datetime(cases.close_date) < pd.Timestamp(since))
    first = listed.loc[listed.place <= settings.capacity, SUBJECT]
    excluded = pd.concat([first, cases.loc[~expired, SUBJECT], _drawn_since(past_runs, since)])
    left = ~pd.MultiIndex.from_frame(ranked[SUBJECT]).isin(pd.MultiIndex.from_frame(excluded))
    ids = ranked[left].groupby("subject_type").subject_id
    return {kind: list(ids.get_group(kind)) for kind in VISITED if kind in ids.groups}


def inclusion_probability(expected: float, kinds: int, size: int) -> float:
    """Probability that a subject is drawn.

    Args:
        expected: subjects drawn on average, shared out evenly over the kinds.
        kinds: number of kinds.
        size: subjects of its own kind.
    """
    whole, part = floor(expected), expected % 1

    def chance(number: int) -> float:
        each, over = divmod(number, kinds)
        return ((kinds - over) * min(each, size) + over * min(each + 1, size)) / kinds / size

    return (1 - part) * chance(whole) + part * chance(whole + 1)


def _allocation(number: int, kinds: list[str], random: np.random.Generator) -> dict[str, int]:
    """How many to draw of each kind; the remainder of an even share goes to kinds chosen at random."""
    if not kinds:
        return {}
    each, over = divmod(number, len(kinds))
    extra = set(random.permutation(len(kinds))[:over])
    return {kind: each + (place in extra) for place, kind in enumerate(kinds)}


def _drawn_since(past_runs: list[Path], since: date) -> pd.DataFrame:
    """Whom the runs since a day have drawn: their inspection is under way though no case says so yet."""
    found = [
        pd.read_parquet(folder / "audit_sample.parquet", columns=SUBJECT)
        for folder in past_runs
        if folder.name >= since.isoformat() and (folder / "audit_sample.parquet").exists()
    ]
    return pd.concat(found) if found else pd.DataFrame(columns=SUBJECT)
