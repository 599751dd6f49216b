"""From claims to measures, graphs and findings as of a night.

The modules of the subjects fill the catalogue when they are imported, so whoever imports anything from here finds
it complete.
"""

from features import findings, groups, hospitals, outcomes, patients, pharmacies, prescribers, visits

__all__ = ["findings", "groups", "hospitals", "outcomes", "patients", "pharmacies", "prescribers", "visits"]
