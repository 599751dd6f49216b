"""How lines are written: at the price of the place, within the visit, nothing the patient may not have.

Honest care and schemes use the same builders, so that a guilty bill is written like an honest one.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.random import Generator

from claims.synthetic import drafts
from claims.synthetic.clock import DAY
from claims.synthetic.drafts import Drafts
from claims.synthetic.world import City

ENHANCED = ("X线计算机体层(CT)增强扫描", "磁共振增强扫描")
EPO_SHARE = 0.4  # of dialysis sessions, about once or twice a week

ByRow = Callable[[np.ndarray], np.ndarray]  # from visit positions to times or counts


def price_lines(
    city: City,
    visits: pd.DataFrame,
    row: np.ndarray,
    item: np.ndarray,
    time: np.ndarray,
    count: np.ndarray | float = 1.0,
) -> pd.DataFrame:
    """Lines at the price of their place, inside their visit, no item the patient may not have."""
    item = _allowed(city, visits.person.to_numpy()[row], np.array(item))
    price = city.places.prices[visits.place.to_numpy()[row], item]
    time = np.clip(time, visits.begin.to_numpy()[row], visits.end.to_numpy()[row])
    return drafts.lines(visit=row, item=item, time=time, count=count, price=price)


def _allowed(city: City, person: np.ndarray, item: np.ndarray) -> np.ndarray:
    """Replaces items limited to another sex or age by another item of the same use."""
    limits, people = city.catalogue.limits, city.people
    limited = np.flatnonzero(limits.any[item])
    what, who = item[limited], person[limited]
    sex, age = people.sex.to_numpy(dtype=object)[who], people.age.to_numpy()[who]
    wrong = (limits.sex[what] != "") & (limits.sex[what] != sex)
    # A birthday within the year must not turn an honest line into a fault.
    wrong |= (age - 1 < limits.age_low[what]) | (age + 1 > limits.age_high[what])
    item[limited[wrong]] = limits.substitute[what[wrong]]
    return item


def poisson_lines(
    city: City,
    rng: Generator,
    visits: pd.DataFrame,
    mean: np.ndarray | float,
    uses: tuple[str, ...],
    time_of: ByRow,
    count: ByRow | None = None,
) -> pd.DataFrame:
    """A Poisson number of different items of these uses for every visit."""
    row = np.repeat(np.arange(len(visits)), rng.poisson(mean, len(visits)))
    pool = city.catalogue.of(*uses)
    # The first items of a use are the common ones.
    item = pool[(rng.random(len(row)) ** 1.4 * len(pool)).astype(int)]
    first = np.unique(row * 10_000 + item, return_index=True)[1]
    row, item = row[first], item[first]
    return price_lines(city, visits, row, item, time_of(row), 1.0 if count is None else count(row))


def daily_lines(
    city: City,
    rng: Generator,
    visits: pd.DataFrame,
    mean: np.ndarray,
    uses: tuple[str, ...],
    time_of: ByRow,
    count: ByRow | None = None,
) -> pd.DataFrame:
    """Lines that may come again on another day, but not twice on one."""
    row = np.repeat(np.arange(len(visits)), rng.poisson(mean))
    pool = city.catalogue.of(*uses)
    item, time = rng.choice(pool, len(row)), time_of(row)
    first = np.unique((row * 1_000 + (time // DAY) % 1_000) * 10_000 + item, return_index=True)[1]
    row = row[first]
    return price_lines(city, visits, row, item[first], time[first], 1.0 if count is None else count(row))


def with_lines(visits: pd.DataFrame, parts: list[pd.DataFrame]) -> Drafts:
    """Visits with the fee lines of all parts."""
    return Drafts(visits, pd.concat(parts, ignore_index=True))


def companions(city: City, rng: Generator, draft: Drafts) -> Drafts:
    """Add contrast to enhanced scans; EPO and a fortnightly blood count to dialysis."""
    lines, items = draft.lines, city.catalogue.items
    enhanced = lines[lines.item.isin(items.index[items.name.isin(ENHANCED)])]
    sessions = lines[lines.item == city.catalogue.one("dialysis")]
    person = draft.visits.person.to_numpy()[sessions.visit]
    fortnight = pd.DataFrame({"person": person, "fortnight": sessions.time.to_numpy() // (14 * DAY)})
    counted = sessions[~fortnight.duplicated().to_numpy()]
    dosed = sessions[rng.random(len(sessions)) < EPO_SHARE]
    more = [
        price_lines(city, draft.visits, rows.visit.to_numpy(), np.full(len(rows), item), rows.time.to_numpy())
        for rows, item in (
            (enhanced, city.catalogue.one("contrast")),
            (counted, city.catalogue.one("haemoglobin")),
            (dosed, city.catalogue.one("epo")),
        )
    ]
    return Drafts(draft.visits, pd.concat([lines, *more], ignore_index=True))
