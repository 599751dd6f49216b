"""What cannot both be: nobody lies in two beds, shops while he is in hospital, visits after death, or sees
patients at two places at once."""

import numpy as np
import pandas as pd
from numpy.random import Generator

from claims.synthetic.clock import DAY, HOUR
from claims.synthetic.drafts import Drafts
from claims.synthetic.world import City

FETCHED_BY_FAMILY = 0.02  # purchases during a stay that stand: somebody else held the card, honestly
BETWEEN_POSTS = HOUR  # a doctor needs to be at another institution
PURCHASE = 41
STAYS = (21, 22, 23, 24, 25, 26, 27, 28, 52)


def is_stay(med: pd.Series) -> np.ndarray:
    """Whether each `med_type` is a stay."""
    return med.isin(STAYS).to_numpy()


def is_purchase(med: pd.Series) -> np.ndarray:
    """Whether each `med_type` is a purchase at a pharmacy."""
    return (med == PURCHASE).to_numpy()


def possible(city: City, rng: Generator, draft: Drafts) -> Drafts:
    """Without honest visits that collide with a stay or come after death; `fixed` visits always stay."""
    visits = draft.visits
    kept = (visits.begin >= 0).to_numpy() & (visits.begin < city.clock.horizon).to_numpy()
    death = city.people.death.to_numpy()[visits.person]
    kept &= visits.fixed.to_numpy() | (death < 0) | (visits.end.to_numpy() <= death)
    kept &= ~_collides_with_fixed(visits, kept)
    kept &= ~_second_bed(visits, kept)
    bought = is_purchase(visits.med) & (rng.random(len(visits)) < FETCHED_BY_FAMILY)
    kept &= visits.fixed.to_numpy() | bought | ~_inside_stay(visits, kept)
    return draft.take(np.flatnonzero(kept))


def one_place_at_a_time(city: City, draft: Drafts) -> Drafts:
    """Honest visits for which their doctor would have to be elsewhere within BETWEEN_POSTS are a colleague's:
    of the doctor's second place, who works nowhere else, always the same of a patient."""
    visits, posts = draft.visits, city.places.posts
    home = city.places.doctors.home.to_numpy()
    alone = posts[~posts.doctor.duplicated(keep=False)].sort_values(["place", "doctor"])
    rows = visits.index[_elsewhere_soon(visits) & (visits.plant == 0)]
    place = visits.place.to_numpy()[rows]
    first, last = (np.searchsorted(alone.place.to_numpy(), place, side=side) for side in ("left", "right"))
    moved = (home[visits.doctor.to_numpy()[rows]] != place) & (last > first)
    rows, first, count = rows[moved], first[moved], (last - first)[moved]
    doctor = visits.doctor.to_numpy().copy()
    doctor[rows] = alone.doctor.to_numpy()[first + visits.person.to_numpy()[rows] % count]
    return draft.marked(doctor=doctor)


def _elsewhere_soon(visits: pd.DataFrame) -> np.ndarray:
    """Outpatient visits within BETWEEN_POSTS of one of their doctor at another institution."""
    seen = visits[(visits.doctor >= 0) & ~is_stay(visits.med) & ~is_purchase(visits.med)]
    seen = seen.sort_values(["doctor", "begin"])
    result = np.zeros(len(visits), dtype=bool)
    for step in (1, -1):
        other = seen[["doctor", "place", "begin"]].shift(step)
        soon = (other.begin - seen.begin).abs() < BETWEEN_POSTS
        result[seen.index[(other.doctor == seen.doctor) & (other.place != seen.place) & soon]] = True
    return result


def _key(person: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """One number that sorts by person, then time."""
    return np.asarray(person.astype(np.int64) * (10_000 * DAY) + seconds)


def _collides_with_fixed(visits: pd.DataFrame, kept: np.ndarray) -> np.ndarray:
    """Stays that give way: they overlap a fixed stay of the same person."""
    stay = is_stay(visits.med) & kept
    fixed = visits[stay & visits.fixed.to_numpy()].sort_values(["person", "begin"])
    loose = np.flatnonzero(stay & ~visits.fixed.to_numpy())
    result = np.zeros(len(visits), dtype=bool)
    result[loose] = _hits(fixed, visits.iloc[loose])
    return result


def _hits(stays: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """Whether each of `others` overlaps the last of `stays` (sorted) begun before its end, same person."""
    if stays.empty:
        return np.zeros(len(others), dtype=bool)
    begins = _key(stays.person.to_numpy(), stays.begin.to_numpy())
    person = others.person.to_numpy()
    last = np.searchsorted(begins, _key(person, others.end.to_numpy()), side="right") - 1
    same = (last >= 0) & (stays.person.to_numpy()[last] == person)
    return np.asarray(same & (stays.end.to_numpy()[last] > others.begin.to_numpy()))


def _second_bed(visits: pd.DataFrame, kept: np.ndarray) -> np.ndarray:
    """Later stays of the same person that begin before an earlier one has ended."""
    stays = visits[is_stay(visits.med) & kept].sort_values(["person", "begin"])
    latest = stays.groupby("person").end.cummax().groupby(stays.person).shift().fillna(-1)
    result = np.zeros(len(visits), dtype=bool)
    late = (stays.begin < latest) & ~stays.fixed
    result[stays.index[late]] = True
    return result


def _inside_stay(visits: pd.DataFrame, kept: np.ndarray) -> np.ndarray:
    """Outpatient visits and purchases during a stay of the same person."""
    stay = is_stay(visits.med)
    stays = visits[stay & kept].sort_values(["person", "begin"])
    others = np.flatnonzero(~stay & kept)
    result = np.zeros(len(visits), dtype=bool)
    result[others] = _hits(stays, visits.iloc[others])
    return result
