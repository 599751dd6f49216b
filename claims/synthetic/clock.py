"""Time in the city: seconds since the first midnight, and the rhythm of the year, week and day."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.random import Generator

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# Spring Festival dip, March peak (magnitudes 8, "months"); pharmacies fill up in December (x1.5-2).
CARE_MONTHS = (0.88, 0.80, 1.22, 1.06, 1.02, 1.00, 0.98, 0.98, 1.00, 1.00, 1.02, 1.06)
SHOP_MONTHS = (0.90, 0.78, 1.08, 1.00, 0.96, 0.95, 0.94, 0.95, 0.97, 0.98, 1.05, 1.65)
CARE_WEEK = (1.18, 1.10, 1.05, 1.04, 1.02, 0.75, 0.55)
SHOP_WEEK = (1.00, 0.96, 0.96, 0.97, 1.02, 1.08, 1.02)
RHYTHMS = {"care": (CARE_MONTHS, CARE_WEEK), "shop": (SHOP_MONTHS, SHOP_WEEK)}

# Share of arrivals in each hour of the day.
CLINIC_HOURS = (0, 0, 0, 0, 0, 0, 0, 3, 14, 17, 14, 8, 2, 3, 11, 12, 9, 5, 1, 0.5, 0.3, 0.1, 0, 0)
SHOP_HOURS = (0, 0, 0, 0, 0, 0, 0, 2, 8, 11, 10, 7, 5, 5, 7, 8, 8, 8, 8, 8, 6, 2, 0, 0)
NIGHT_HOURS = (3, 2, 2, 2, 2, 2, 3, 3, 4, 5, 5, 5, 4, 4, 5, 5, 5, 5, 6, 7, 7, 6, 5, 4)
HOURS = {"clinic": CLINIC_HOURS, "shop": SHOP_HOURS, "emergency": NIGHT_HOURS}


@dataclass(frozen=True)
class Clock:
    """The simulated period: `days` days from `start`."""

    start: date
    days: int

    @property
    def horizon(self) -> int:
        """Seconds from the first midnight to the end of the period."""
        return self.days * DAY

    @property
    def years(self) -> float:
        """Length of the period in years."""
        return self.days / 365.25

    @cached_property
    def _dates(self) -> np.ndarray:
        return np.datetime64(self.start, "D") + np.arange(self.days)

    @cached_property
    def weekday(self) -> np.ndarray:
        """Weekday of every day of the period, Monday 0."""
        return (self._dates.astype("int64") + 3) % 7

    def day_weights(self, rhythm: str) -> np.ndarray:
        """Relative number of arrivals on every day of the period."""
        months, week = RHYTHMS[rhythm]
        month = self._dates.astype("datetime64[M]").astype("int64") % 12
        return np.asarray(np.asarray(months)[month] * np.asarray(week)[self.weekday])

    def draw_days(self, rng: Generator, size: int, rhythm: str) -> np.ndarray:
        """Random days of the period, by the season and the week."""
        weights = np.cumsum(self.day_weights(rhythm))
        return np.asarray(np.searchsorted(weights, rng.random(size) * weights[-1], side="right"))

    def draw(self, rng: Generator, size: int, rhythm: str, hours: str) -> np.ndarray:
        """Arrival times in seconds, following the season, the week and the opening hours."""
        return np.asarray(self.draw_days(rng, size, rhythm) * DAY + time_of_day(rng, size, hours))


def time_of_day(rng: Generator, size: int, hours: str) -> np.ndarray:
    """Seconds after midnight."""
    weights = np.cumsum(np.asarray(HOURS[hours], dtype=float))
    hour = np.searchsorted(weights, rng.random(size) * weights[-1], side="right")
    return np.asarray(hour * HOUR + rng.integers(0, HOUR, size))
