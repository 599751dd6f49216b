"""The engine of the audit rules: runs every rule whose data is there and collects the findings.

A rule looks at a `RuleContext` and returns the visits, settlements or lines in question with the amount in
question and a sentence; `features.rules.findings_table` adds who is concerned, the fund's share, a lasting id
and the legal basis.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import ibis
from ibis import _

from claims.as_of import ClaimsAsOf
from features.rules.declaration import RULES, Rule
from features.rules.failure_log import log_failure
from features.rules.findings_table import FINDING, FOUND, rule_hits
from features.rules.rule_context import RuleContext
from features.rules.rule_settings import RuleSettings

# Ids run, id → why skipped, id → why failed.
Outcome = tuple[list[str], dict[str, str], dict[str, str]]


@dataclass(frozen=True)
class RuleRun:
    """What became of the rules: ids run, id → why skipped, id → why failed, and the findings (columns
    HITS)."""

    hits: ibis.Table
    run: list[str]
    skipped: dict[str, str]
    failed: dict[str, str]


def run_rules(
    context: RuleContext, settings: RuleSettings | None = None, rules: Mapping[str, Rule] | None = None
) -> RuleRun:
    """Run every rule whose data is there; one that fails leaves the others alone and is logged.

    Args:
        settings: thresholds that differ from the defaults.
        rules: those to run, by id; all that are declared unless given.

    Returns:
        The findings as table ``rule_hits`` of the scratch database, one row a finding.
    """
    settings, rules, con = settings or RuleSettings(), RULES if rules is None else rules, context.claims.con
    con.create_table("rule_found", schema=ibis.schema(FOUND), overwrite=True)
    outcome = _run_each(context, settings, rules)
    hits = con.create_table("rule_hits", rule_hits(context, con.table("rule_found"), rules), overwrite=True)
    return RuleRun(hits, *outcome)


def _run_each(context: RuleContext, settings: RuleSettings, rules: Mapping[str, Rule]) -> Outcome:
    """Run rules in the order of their ids and append what they find to table ``rule_found``."""
    run: list[str] = []
    skipped: dict[str, str] = {}
    failed: dict[str, str] = {}
    # Many rules ask for the same column.
    has_values = functools.cache(functools.partial(_has_values, context.claims))
    with unfused_selects():
        for rule_id, entry in sorted(rules.items()):
            reason = _missing_data(context, entry, has_values)
            if reason:
                skipped[rule_id] = reason
                continue
            try:
                _insert(context.claims.con, rule_id, entry.find(context, **settings.of(entry)))
                run.append(rule_id)
            # A rule must not take the run with it.
            except Exception as error:
                failed[rule_id] = type(error).__name__
                log_failure(rule_id, error)
    return run, skipped, failed


@contextlib.contextmanager
def unfused_selects() -> Iterator[None]:
    """Compile nested selects as they were written: merging them is a third of compiling a query, and the
    engine merges them anyway."""
    fused = ibis.options.sql.fuse_selects
    ibis.options.sql.fuse_selects = False
    try:
        yield
    finally:
        ibis.options.sql.fuse_selects = fused


def _insert(con: ibis.BaseBackend, rule_id: str, found: ibis.Table) -> None:
    """Append what a rule found to the table of all, whole or not at all."""
    for name in ("setl_id", "bkkp_sn"):
        if name not in found.columns:
            found = found.mutate(**{name: ibis.null("string")})
    con.append("rule_found", found.select(ibis.literal(rule_id).name("rule_id"), *FINDING))


def _missing_data(context: RuleContext, entry: Rule, has_values: Callable[[str, str], bool]) -> str | None:
    """Why a rule cannot run: the tables or columns that hold nothing."""
    absent = [name for name in entry.needs if name not in context.claims.present]
    if absent:
        return f"no table {', '.join(absent)}"
    for places in entry.filled:
        found = [place.split(".") for place in places.split("|")]
        present = [place for place in found if place[0] in context.claims.present]
        if not present:
            return f"no table {', '.join(table for table, _column in found)}"
        if not any(has_values(*place) for place in present):
            return f"no values in {' or '.join(places.split('|'))}"
    return None


def _has_values(claims: ClaimsAsOf, table: str, column: str) -> bool:
    """Is there a value (``column``), or that value (``column=value``), in a table?"""
    column, _sep, value = column.partition("=")
    rows = claims[table].filter(_[column] == value if value else _[column].notnull())
    return bool(rows.limit(1).count().execute())
