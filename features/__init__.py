"""From claims to measures, graphs and findings as of a date.

The modules of the subjects enter their measures into the catalogue when they are imported, so whoever imports
anything from here finds it complete. The order of the imports is the order of the columns, on which models
that sample columns depend.
"""

from features.measures import (
    billing_and_flows,
    deaths,
    findings,
    groups,
    hospitals,
    linked_outcomes,
    patients,
    pharmacies,
    prescribers,
    visit_bills,
    visit_hospital_days,
    visit_records,
)

__all__ = [
    "billing_and_flows", "deaths", "findings", "groups", "hospitals", "linked_outcomes", "patients",
    "pharmacies", "prescribers", "visit_bills", "visit_hospital_days", "visit_records",
]  # fmt: skip
