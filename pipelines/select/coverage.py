"""The order of the worklist: greedy maximum coverage of the money in dispute."""

import heapq
from math import sqrt
from typing import Any

import pandas as pd

from pipelines.snapshot import SUBJECT

# A subject of whose disputed money others before it have so much is covered by them. Own starting value.
COVERED = 0.8
Key = tuple[str, str]


def greedy_cover(
    rows: pd.DataFrame, disputes: pd.DataFrame, seen: pd.DataFrame, cost: float = 0.0
) -> pd.DataFrame:
    """Order by score × shrunk money, where visits that are seen with a subject placed before count no more.

    Claims say how much is disputed, but not how much an inspection will confirm: the amount of a subject is
    shrunk half-way (on a logarithmic scale) toward the median of those who may get a place, so that size
    alone never leads. Lazy greedy maximum coverage: the gain of a subject, concave in the money left, can
    only shrink, so an outdated gain that still leads is right (Minoux 1978, doi 10.1007/BFb0006528). A
    doctor is replaced by the hospital whose own disputes hold COVERED of his: who visits it sees him, too.

    Args:
        rows: subject_type, subject_id, score, disputed (yuan).
        disputes: subject_type, subject_id, mdtrt_id, disputed (yuan).
        seen: subject_type, subject_id, mdtrt_id: what an inspection of the subject looks at; beside its
            disputes those from before its last case, of which patients and doctors are still suspected.
        cost: of a visit, in yuan: whoever is seen with others in part, and of whom less than this is expected
            beyond them, is covered as well.

    Returns:
        subject_type, subject_id, place (from 1; missing where covered), expected (score × yuan that no
        subject before it has), covered_type and covered_id (who has most of it, of the covered).
    """
    scores = dict(zip(zip(rows.subject_type, rows.subject_id, strict=True), rows.score, strict=True))
    money = _money(disputes.merge(rows[SUBJECT], on=SUBJECT))
    together = seen.groupby(SUBJECT).mdtrt_id.agg(list).to_dict()
    usual = float(rows.disputed.median()) if len(rows) else 0.0
    heap = [(-scores[key] * _shrunk(sum(visits.values()), usual), key) for key, visits in money.items()]
    heapq.heapify(heap)
    hospitals = _hospitals(money)
    owner: dict[str, Key] = {}
    found: dict[Key, tuple[Any, ...]] = {}
    placed = 0
    while heap:
        _bound, key = heapq.heappop(heap)
        if key in found:
            continue
        left = _left(money[key], owner)
        gain = scores[key] * _shrunk(left, usual)
        if heap and gain < -heap[0][0]:
            heapq.heappush(heap, (-gain, key))
            continue
        seen_in_part = not money[key].keys().isdisjoint(owner)
        if _covered(money[key], owner) or (seen_in_part and scores[key] * left < cost):
            found[key] = (*key, pd.NA, None, *_most(money[key], owner))
            continue
        hospital = hospitals.get(key)
        if hospital and hospital not in found and not _covered(money[hospital], owner):
            # The doctor comes again, and is covered by then.
            heapq.heappush(heap, (-gain, key))
            key = hospital
        placed += 1
        found[key] = (*key, placed, round(scores[key] * _left(money[key], owner), 2), None, None)
        owner |= {visit: key for visit in together[key] if visit not in owner}
    columns = [*SUBJECT, "place", "expected", "covered_type", "covered_id"]
    return pd.DataFrame(list(found.values()), columns=columns).astype(
        {"place": "Int64", "expected": "float64"}
    )


def _money(disputes: pd.DataFrame) -> dict[Key, dict[str, float]]:
    """Yuan in dispute by visit, of each subject."""
    return {
        (str(kind), str(subject_id)): dict(zip(part.mdtrt_id, part.disputed, strict=True))
        for (kind, subject_id), part in disputes[disputes.disputed > 0].groupby(SUBJECT)
    }


def _hospitals(money: dict[Key, dict[str, float]]) -> dict[Key, Key]:
    """The hospital of each doctor, where it disputes nearly all that is disputed of him."""
    billed = {visit: key for key, visits in money.items() if key[0] == "hospital" for visit in visits}
    found = {}
    for key, visits in money.items():
        if key[0] == "prescriber" and visits.keys() & billed.keys():
            hospital = _most(visits, billed)
            if _covered(visits, dict.fromkeys(money[hospital], hospital)):
                found[key] = hospital
    return found


def _left(visits: dict[str, float], owner: dict[str, Key]) -> float:
    """Yuan of the visits that nobody owns."""
    return sum(yuan for visit, yuan in visits.items() if visit not in owner)


def _covered(visits: dict[str, float], owner: dict[str, Key]) -> bool:
    """Whether others have COVERED of the money of some visits."""
    whole = sum(visits.values())
    return whole - _left(visits, owner) >= COVERED * whole


def _shrunk(amount: float, usual: float) -> float:
    return sqrt(max(amount, 0.0) * usual)


def _most(visits: dict[str, float], owner: dict[str, Key]) -> Key:
    """Who has most of the money of some visits."""
    held: dict[Key, float] = {}
    for visit, yuan in visits.items():
        if visit in owner:
            held[owner[visit]] = held.get(owner[visit], 0.0) + yuan
    return max(sorted(held), key=lambda key: held[key])
