"""When things happen: seasons, weekdays, market days, hours."""

import numpy as np

from benchmarks.blind.plan import DAY, Plan

# Attendance by month: Spring Festival empties January and February, March and December are full.
MONTHS = np.array([0.86, 0.80, 1.16, 1.04, 1.02, 0.98, 0.98, 0.96, 1.0, 0.98, 1.06, 1.16])
WEEK = {
    "clinic": [1.25, 1.1, 1.05, 1.0, 1.0, 0.8, 0.6],
    "shop": [1, 0.95, 0.95, 0.95, 1.05, 1.1, 1.0],
    "ward": [1.4, 1.15, 1.1, 1.0, 0.95, 0.75, 0.65],
}
# Mean and spread of the hours of two peaks, and the share of the first.
HOURS = {
    "clinic": (9.4, 1.0, 14.8, 0.9, 0.68),
    "shop": (10.0, 1.3, 18.4, 1.4, 0.5),
    "ward": (10.2, 1.3, 15.2, 1.2, 0.7),
}
FESTIVAL = np.arange(np.datetime64("2025-01-28"), np.datetime64("2025-02-05"))


def day_weights(plan: Plan, kind: str) -> np.ndarray:
    """Probability of each day of the data."""
    days = plan.start.astype("datetime64[D]") + np.arange(plan.days)
    month = days.astype("datetime64[M]").astype(int) % 12
    weekday = (days.astype(int) + 3) % 7
    weight = MONTHS[month] * np.array(WEEK[kind])[weekday] * np.where(np.isin(days, FESTIVAL), 0.35, 1)
    return weight / weight.sum()


def hours(rng: np.random.Generator, n: int, kind: str) -> np.ndarray:
    """Seconds of the day."""
    first, spread, second, spread2, share = HOURS[kind]
    early = rng.random(n) < share
    hour = np.where(early, rng.normal(first, spread, n), rng.normal(second, spread2, n))
    return (np.clip(hour, 7, 21.5) * 3600).astype("timedelta64[s]")


def moments(rng: np.random.Generator, plan: Plan, n: int, kind: str, margin: int = 0) -> np.ndarray:
    """n times of the data's period, as people of the kind of place come.

    Args:
        margin: Days kept free at both ends, for events that others must follow or go before within the data.
    """
    weight = day_weights(plan, kind)[margin : plan.days - margin]
    day = margin + rng.choice(len(weight), n, p=weight / weight.sum())
    return plan.start + day * DAY + hours(rng, n, kind)


def on_day(rng: np.random.Generator, day: np.ndarray, kind: str) -> np.ndarray:
    """A time on each of the days given (datetime64)."""
    return day.astype("datetime64[D]").astype("datetime64[s]") + hours(rng, len(day), kind)


def to_market(
    rng: np.random.Generator, time: np.ndarray, market: np.ndarray, share: np.ndarray | float
) -> np.ndarray:
    """A share of the times moved to the next market day (every fifth day) of the village."""
    day = time.astype("datetime64[D]").astype(int)
    wait = (market - day) % 5
    moved = time + np.where(rng.random(len(time)) < share, wait, 0) * DAY
    return moved


def chain(
    rng: np.random.Generator, plan: Plan, gap: np.ndarray, spread: float
) -> tuple[np.ndarray, np.ndarray]:
    """Times of renewals: for each member a first day and then about every `gap` days until the end.

    Returns:
        The number of the member and the time (at midnight) of each renewal.
    """
    many = (plan.days / gap).astype(int) + 2
    who = np.repeat(np.arange(len(gap)), many)
    step = np.maximum(2, gap[who] + rng.normal(0, spread, len(who)))
    first = np.cumsum(many) - many
    step[first] = rng.uniform(0, gap)
    total = np.cumsum(step)
    day = total - (total[first] - step[first])[who]
    inside = day < plan.days
    return who[inside], plan.start + day[inside].astype(int) * DAY
