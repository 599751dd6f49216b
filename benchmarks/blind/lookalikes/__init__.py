"""Honest people and institutions that look like each of the schemes."""

from collections.abc import Callable

from benchmarks.blind.city import City
from benchmarks.blind.lookalikes import bills, drugs, persons, sessions, tills, wards

LOOKALIKES: tuple[Callable[[City], None], ...] = (
    *wards.ALL,
    *bills.ALL,
    *sessions.ALL,
    *drugs.ALL,
    *tills.ALL,
    *persons.ALL,
)


def pretend(city: City) -> None:
    """Plan all look-alikes."""
    for lookalike in LOOKALIKES:
        lookalike(city)
