"""Audit rules: what bureaus check on every bill, one function a rule, in modules by theme.

A new rule is one function under `features.rules.declaration.rule` in the module of its theme; nothing else
has to list it. Ids are those of `docs/rules.md`.
"""

from features.rules import (
    attendance_records,
    bed_occupancy,
    card_use,
    catalogue_mapping,
    course_limits,
    diagnosis_limits,
    dialysis_sessions,
    drug_quantity,
    eligibility,
    exclusive_items,
    frequency_limits,
    indication_limits,
    item_relations,
    long_term_care,
    payment_caps,
    payment_scope,
    practice_scope,
    prescriptions,
    prices,
    readmissions,
    repeat_services,
    setting_limits,
    sex_age_limits,
    stay_course,
    stock_reconciliation,
    timed_services,
    trace_codes,
)

__all__ = [
    "attendance_records", "bed_occupancy", "card_use", "catalogue_mapping", "course_limits",
    "diagnosis_limits", "dialysis_sessions", "drug_quantity", "eligibility", "exclusive_items",
    "frequency_limits", "indication_limits", "item_relations", "long_term_care", "payment_caps",
    "payment_scope", "practice_scope", "prescriptions", "prices", "readmissions", "repeat_services",
    "setting_limits", "sex_age_limits", "stay_course", "stock_reconciliation", "timed_services",
    "trace_codes",
]  # fmt: skip
