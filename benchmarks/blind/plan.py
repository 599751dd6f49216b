"""What differs from city to city: its size, its habits, and how much guilt there is of each kind."""

from dataclasses import dataclass

import numpy as np

# All cities are read on this morning; nothing of it or later is in the data.
AS_OF = np.datetime64("2026-01-01", "s")
DAY = np.timedelta64(86_400, "s")
# People in a city for whom the numbers of guilty people below are meant.
USUAL_PERSONS = 24_000


@dataclass(frozen=True)
class Plan:
    """Sizes and proportions of one city, all drawn by its seed."""

    seed: int
    hard: bool
    persons: int
    start: np.datetime64
    districts: int
    hospitals: int
    pharmacies: int
    admissions: float
    """Stays for each insured person and year."""
    illness: float
    """Factor on how common chronic diseases are."""
    labelled: float
    """Share of the guilty of each scheme that inspectors already know."""
    refunds: float
    """Share of settlements that are taken back and settled anew."""

    @property
    def days(self) -> int:
        """Length of the data in days."""
        return int((AS_OF - self.start) / DAY)

    @property
    def scale(self) -> float:
        """How large the city is beside the usual one; counts of guilty people follow it."""
        return self.persons / USUAL_PERSONS


def draw_plan(seed: int, hard: bool = False, persons: int | None = None) -> Plan:
    """The plan of the city with this seed.

    Args:
        seed: Of everything that is random.
        hard: Guilt is diluted: smaller doses, honest activity between, amounts under the limits.
        persons: Insured people; drawn between 16,000 and 30,000 if not given.
    """
    rng = np.random.default_rng([seed, 1])
    drawn = int(rng.integers(16_000, 30_001))
    return Plan(
        seed=seed,
        hard=hard,
        persons=persons or drawn,
        start=np.datetime64("2025-01-01" if rng.random() < 0.6 else "2024-11-01", "s"),
        districts=int(rng.integers(4, 10)),
        hospitals=int(rng.integers(62, 121)),
        pharmacies=int(rng.integers(80, 201)),
        admissions=float(rng.uniform(0.16, 0.23)),
        illness=float(rng.uniform(0.8, 1.25)),
        labelled=float(rng.uniform(0.2, 0.3)),
        refunds=float(rng.uniform(0.02, 0.05)),
    )
