"""What a rule may look at."""

from collections.abc import Callable
from dataclasses import dataclass, field

import ibis

from claims.as_of import ClaimsAsOf


@dataclass(frozen=True)
class RuleContext:
    """The claims as of a date, facts of the visits, and bill lines summed to visit, item and day.

    Attributes:
        claims: tables as of the date.
        facts: one row a visit (`features.visits.facts.visit_facts`).
        item_days: visit × item × day (`features.visits.bill_lines.item_days`); rules take lines from here, so
            that the fee lines are read once for all of them.
        cache: tables that several rules look at, by name (`cached_table`).
    """

    claims: ClaimsAsOf
    facts: ibis.Table
    item_days: ibis.Table
    cache: dict[str, ibis.Table] = field(default_factory=dict, compare=False)


def cached_table(context: RuleContext, name: str, build: Callable[[], ibis.Table]) -> ibis.Table:
    """A table that several rules look at, computed for the first of them and stored under its name."""
    if name not in context.cache:
        context.cache[name] = context.claims.con.create_table(name, build(), overwrite=True)
    return context.cache[name]
