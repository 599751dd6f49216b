"""What cannot have happened is taken out of the plans: the dead and those in a ward go nowhere else."""

import numpy as np
import pandas as pd

from benchmarks.blind.city import City
from benchmarks.blind.plan import AS_OF, DAY

# Nothing planned for the last hours: it would be settled after the data end.
MARGIN = np.timedelta64(12 * 3600, "s")


def cleanse(city: City) -> None:
    """Remove honest events after death or during stays, overlapping stays, and what lies outside the data."""
    city.stays = _possible_stays(city)
    for name in ("visits", "buys", "care"):
        setattr(city, name, _possible(city, getattr(city, name)))
    city.accidents = city.accidents[_inside(city, city.accidents.time)]


def _inside(city: City, time: pd.Series) -> np.ndarray:
    return ((time >= city.plan.start) & (time < AS_OF - MARGIN)).to_numpy()


def _possible_stays(city: City) -> pd.DataFrame:
    """Stays within the data and the life; an honest one gives way to another at the same time."""
    stays = city.stays.sort_values(["psn", "begin"], kind="stable").reset_index(drop=True)
    dies = city.people.dies.to_numpy()[stays.psn]
    day = stays.begin.to_numpy().astype("datetime64[D]")
    left = (dies.astype("datetime64[D]") - day).astype(float)
    fatal = ~np.isnat(dies) & ~stays.free.astype(bool).to_numpy() & (left < stays.los.to_numpy())
    stays["los"] = np.where(fatal, np.maximum(left, 0), stays.los).astype(int)
    stays = stays[(stays.los > 0) & ~(fatal & (left < 1))]
    stays = stays[
        _inside(city, stays.begin) & _inside(city, stays.begin + pd.to_timedelta(stays.los + 4, unit="D"))
    ]
    end = (stays.begin + pd.to_timedelta(stays.los, unit="D")).dt.normalize() + pd.Timedelta(hours=12)
    honest, there = ~stays.free.astype(bool), ~stays.absent.astype(bool)
    earlier = end.where(there).groupby(stays.psn).transform(lambda ends: ends.shift().cummax().ffill())
    later = (
        stays.begin.where(there & ~honest)
        .groupby(stays.psn)
        .transform(lambda begins: begins.shift(-1).bfill())
    )
    clash = (stays.begin < earlier) | (end > later)
    return stays[~(honest & clash)].reset_index(drop=True)


def _possible(city: City, events: pd.DataFrame) -> pd.DataFrame:
    """Events within the data that are free, or of people alive and at home."""
    events = events[_inside(city, events.time)].reset_index(drop=True)
    dies = city.people.dies.to_numpy()[events.psn]
    dead = ~np.isnat(dies) & (events.time.to_numpy() > dies)
    return events[events.free.astype(bool) | ~(dead | _in_ward(city, events))].reset_index(drop=True)


def _in_ward(city: City, events: pd.DataFrame) -> np.ndarray:
    """Whether each event falls on an inner day of a stay at which the person is really there."""
    honest = city.stays[~city.stays.absent.astype(bool)]
    stays = honest[["psn", "begin", "los"]].assign(since=honest.begin).sort_values("begin")
    order = events.time.sort_values(kind="stable").index
    left = pd.DataFrame({"psn": events.psn, "time": events.time.astype("datetime64[s]")}).loc[order]
    last = pd.merge_asof(left, stays, left_on="time", right_on="begin", by="psn")
    since = last.since.to_numpy().astype("datetime64[D]").astype("datetime64[s]")
    inner = (last.time.to_numpy() >= since + DAY) & (
        last.time.to_numpy() < since + last.los.fillna(0).to_numpy().astype(int) * DAY
    )
    out = np.zeros(len(events), bool)
    out[order] = inner & last.since.notna().to_numpy()
    return out
