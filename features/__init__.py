"""From claims to measures, graphs and findings as of a night.

The modules of the subjects fill the catalogue when they are imported, so whoever imports anything from here finds
it complete.
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
