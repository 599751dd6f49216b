"""From claims to facts, measures, graphs and rule findings as of a date.

The modules of measures enter the catalogue when they are imported, so whoever imports anything from here
finds it complete.
"""

from features.measures import (
    findings,
    groups,
    hospitals,
    neighbour_outcomes,
    patients,
    pharmacies,
    prescribers,
    visits,
)

__all__ = [
    "findings", "groups", "hospitals", "neighbour_outcomes", "patients", "pharmacies", "prescribers", "visits"
]  # fmt: skip
