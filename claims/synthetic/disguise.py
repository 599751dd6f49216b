"""How fraud hides: one setting of the city that every scheme honours through `planting.SchemeContext`.

In an open city each number leaves a scheme as it is. A hidden one costs its rings money and effort: they see
doctors and shops like anybody else, meet less often and less closely, and stay below what a rule looks at.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from claims.synthetic import drafts, honest_care, stays, visits
from claims.synthetic.clock import DAY, MINUTE
from claims.synthetic.drafts import Drafts
from claims.synthetic.world import City

APART = 30 * MINUTE  # a stranger comes so long before or after a visit of a ring, at most


@dataclass(frozen=True)
class Disguise:
    """How far the schemes of a city hide; without arguments not at all."""

    reach: float = 0.85  # of the strengths, above the faintest
    villages: int = 1  # times as many villages as a broker would need to recruit from
    shops: int = 0  # more than a ring would need
    late: int = 0  # days over which one round of a ring is spread
    slow: float = 1.0  # times as long from one member to the next at a till
    absent: float = 0.0  # share of members who stay away from a round, or of patients who disobey
    honest: float = 0.0  # share of honest cases among the dressed up ones
    marks: float = 1.0  # share left of what gives a scheme away at sight: free stays, copies, round sums
    bill: float = 0.0  # log standard deviation between the bills of a ring, at least
    capped: bool = False  # nothing above a ceiling, a day's most, a prescription or the cap of a purchase
    mixed: bool = False  # members may be look-alikes too
    visits: float = 0.0  # honest visits that a member makes beside his own, on average
    strangers: float = 0.0  # visits of innocent regulars at the same place and time, for each of a ring


OPEN = Disguise()
# Bills of honest stays differ as much as this (`stays.Content.spread`); the other values are ours.
HARD = Disguise(
    reach=0.55,
    villages=3,
    shops=3,
    late=4,
    slow=2.0,  # the longest queue of cards still ends before midnight
    absent=0.3,
    honest=0.3,
    marks=0.5,
    bill=0.5,
    capped=True,
    mixed=True,
    visits=4.0,
    strangers=0.5,
)


def cover(city: City, disguise: Disguise, rings: list[Drafts], members: np.ndarray) -> list[Drafts]:
    """Honest visits to hide among: of the members at their usual places, and of strangers beside the rings.

    `members` are all persons with a part in a scheme. Nothing where the disguise has none, or nobody to hide.
    """
    parts = []
    if disguise.visits and len(members):
        parts.append(_at_usual_places(city, disguise.visits, np.unique(members)))
    if disguise.strangers and rings:
        parts += _strangers(city, disguise.strangers, drafts.together(rings).visits, members)
    return parts


def _at_usual_places(city: City, mean: float, members: np.ndarray) -> Drafts:
    rng = city.rng("cover")
    person = np.repeat(members, rng.poisson(mean, len(members)))
    buys = rng.random(len(person)) < 0.6
    shop = drafts.visits(
        person=person[buys],
        place=city.people["shop"].to_numpy()[person[buys]],
        med=41,
        begin=city.clock.draw(rng, buys.sum(), "shop", "shop"),
    )
    seen = drafts.visits(
        person=person[~buys],
        place=city.people.usual.to_numpy()[person[~buys]],
        doctor=city.people.doctor.to_numpy()[person[~buys]],
        med=11,
        begin=city.clock.draw(rng, (~buys).sum(), "care", "clinic"),
    )
    return drafts.together([visits.purchase(city, rng, shop), visits.outpatient(city, rng, seen)])


def _strangers(city: City, share: float, ring: pd.DataFrame, members: np.ndarray) -> list[Drafts]:
    """Regulars of a place who buy, see the same doctor or are admitted when a ring is there."""
    rng = city.rng("strangers")
    ring = ring[rng.random(len(ring)) < share]
    parts = []
    for med, habit in ((41, "shop"), (11, "usual"), (21, "hospital")):
        beside = ring[ring.med == med]
        person = _regulars(city, rng, beside.place.to_numpy(), habit, members)
        beside, person = beside[person >= 0], person[person >= 0]
        if beside.empty:
            continue
        begin = beside.begin.to_numpy() + rng.integers(-APART, APART, len(beside))
        frame = drafts.visits(
            person=person,
            place=beside.place.to_numpy(),
            doctor=beside.doctor.to_numpy(),
            med=med,
            begin=begin,
        )
        parts.append(_honest(city, rng, frame, med))
    return parts


def _honest(city: City, rng: np.random.Generator, frame: pd.DataFrame, med: int) -> Drafts:
    if med == 41:
        return visits.purchase(city, rng, frame)
    if med == 11:
        return visits.outpatient(city, rng, frame)
    severity = honest_care.draw_severity(rng, len(frame))
    frame = frame.assign(begin=frame.begin + rng.integers(-1, 2, len(frame)) * DAY)
    return stays.stay(
        city, rng, frame, honest_care.draw_nights(city, rng, frame.place.to_numpy(), severity), severity
    )


def _regulars(
    city: City, rng: np.random.Generator, place: np.ndarray, habit: str, barred: np.ndarray
) -> np.ndarray:
    """One regular of each place, nobody barred; -1 where a place has none."""
    usual = city.people[habit].to_numpy().copy()
    usual[barred] = -1
    order = np.argsort(usual, kind="stable")
    first = np.searchsorted(usual[order], place, side="left")
    count = np.searchsorted(usual[order], place, side="right") - first
    pick = first + (rng.random(len(place)) * count).astype(np.int64)
    return np.where(count > 0, order[np.minimum(pick, len(order) - 1)], -1)
