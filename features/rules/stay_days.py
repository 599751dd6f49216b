"""Stays with their days as numbers, for the rules about stays."""

import ibis
from ibis import _

from claims.as_of import STAY
from features.rules.dictionary_values import BED_DAYS
from features.rules.rule_context import RuleContext


def stays_with_days(context: RuleContext) -> ibis.Table:
    """Stays with their first and last day as numbers (days since 1970) and whether they settle by
    bed-days."""
    facts = context.facts.filter(_.kind == STAY)
    return facts.mutate(
        first=facts.day.epoch_days(),
        last=facts.endtime.date().epoch_days(),
        # Psychiatric and rehabilitation wards that settle by bed-days.
        bed_days=facts.med_type.startswith(BED_DAYS).fill_null(False),
    )
