"""Part of the step that explains: which visits, settlements and lines to pull for each reason of a suspect,
and why."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ibis
import pandas as pd

from features.measures.aggregation import subject_facts
from features.measures.catalogue import Measure, measures_of
from features.rules.declaration import RULES
from features.visit_attribution import counts_visits, lines_of, visit_attribution
from pipelines.explain.record_lines import dearest_lines, strongest_findings
from pipelines.explain.visit_signs import Sign, signs_of, visits_of
from pipelines.flagged_visits import MARKS
from pipelines.score import Scores
from pipelines.snapshot import SUBJECT, Snapshot
from pipelines.typed_frames import tuples
from reports.reasons import MOST_REASONS, RULE_REASON, SUM_REASON
from reports.record_texts import LINKS, FindingTold, SupportingRecord, record_text

# So many visits a reason.
VISITS = 3
# Reasons of these families are what a rule found, or what these rules (trace codes, prescriptions) find line
# by line.
FOUND = {"rules": tuple(RULES), "trace": ("R105", "R106", "R107", "R108", "R110", "R111", "R117")}
# Columns of groups that say who the members are: no visit shows that, the sheet of members does.
_OF_MEMBERS = ("members_365d", "villages_365d")
_COLUMNS = [*SUBJECT, "nth", "reason", "mdtrt_id", "setl_id", "amount", "scheme", "lines", "why", "why_en"]
# What the reason of a visit measures (`_described`).
_OF_REASON = ["measure", "counts", "lines", "family", "schemes"]
# A row of visits with what its reason measures.
Row = Any


def supporting_records(snapshot: Snapshot, scores: Scores, suspects: pd.DataFrame) -> pd.DataFrame:
    """A few visits for each reason of each explained suspect, those that contribute most to it first.

    Args:
        suspects: as the contract's table, with reasons.

    Returns:
        subject_type, subject_id, nth (of the reason, from 1), reason (its code), mdtrt_id, setl_id, amount
        (yuan that the fund paid for the visit), scheme, lines (bkkp_sn, item, amount in yuan of each), why,
        why_en.
    """
    found = pd.concat(
        [_visits_by_reason(snapshot, subject, suspects) for subject in scores.subjects], ignore_index=True
    )
    visits = visits_of(snapshot, found.mdtrt_id)
    signs = signs_of(snapshot, scores.subjects["visit"], list(visits))
    lines = dearest_lines(snapshot, found)
    findings = {
        family: strongest_findings(snapshot, found[found.family == family].mdtrt_id, rules)
        for family, rules in FOUND.items()
    }
    rows = []
    for row in tuples(found):
        visit, finding = visits[row.mdtrt_id], findings.get(row.family, {}).get(row.mdtrt_id)
        paper = replace(
            _paper(row, visit, finding, signs[row.mdtrt_id]), days_of_claims=snapshot.days_of_claims
        )
        rows.append(_record(row, visit, finding, lines, paper))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _record(
    row: Row,
    visit: dict[str, Any],
    finding: dict[str, Any] | None,
    lines: dict[tuple[str, str], list[dict[str, Any]]],
    paper: SupportingRecord,
) -> tuple[Any, ...]:
    """A row of the supporting records; a finding names its own line and settlement."""
    text = record_text(paper)
    scheme = visit["scheme"] or (row.suspected if row.suspected in row.schemes else None)
    shown = [finding] if finding and finding["bkkp_sn"] else lines.get((row.mdtrt_id, row.lines), [])
    settled = (finding and finding["setl_id"]) or visit["setl_id"]
    key = row.subject_type, row.subject_id, row.nth, row.reason, row.mdtrt_id
    return (*key, settled, visit["fund_pay_sumamt"], scheme, shown, *text)


def _visits_by_reason(snapshot: Snapshot, subject: str, suspects: pd.DataFrame) -> pd.DataFrame:
    """The visits of the reasons of one kind of subject: subject_type, subject_id, nth, reason, mdtrt_id,
    alone, n, suspected (scheme of the subject), and what the reason measures: measure, counts, lines, family,
    schemes."""
    wanted = _reasons_of(suspects[suspects.subject_type == subject])
    if subject == "visit" or wanted.empty:
        # A visit is its own record, whatever the reason.
        facts, found = snapshot.facts, wanted.assign(mdtrt_id=wanted.subject_id, alone=None, n=None)
    else:
        con = snapshot.claims.con
        facts = subject_facts(con, subject)
        # As many as the reasons before may have taken, and some.
        found = visit_attribution(wanted, subject, con.table(MARKS), VISITS * MOST_REASONS)
        found = assigned_to_first_reason(without_small_counts(found)).merge(wanted, on=["subject_id", "nth"])
    measures = measures_of(subject)
    described = {column: _described(measures.get(column), facts) for column in wanted["column"].unique()}
    # Named, so that a night without a single reason has the columns too.
    of_reason = pd.DataFrame([described[c] for c in found["column"]], found.index, _OF_REASON)
    columns = [*SUBJECT, "nth", "reason", "mdtrt_id", "alone", "n", "suspected"]
    return pd.concat([found[columns].astype(object), of_reason], axis=1)


def _reasons_of(listed: pd.DataFrame) -> pd.DataFrame:
    """A row a reason: subject_type, subject_id, nth, reason, column (of the catalogue), suspected."""
    rows = [
        (row.subject_type, row.subject_id, nth, reason["code"], reason["code"].partition(".")[2], row.scheme)
        for row in tuples(listed)
        for nth, reason in enumerate(row.reasons, 1)
        # No single visit makes up a sum of slight differences; findings have a table of their own.
        if reason["code"] not in (RULE_REASON, SUM_REASON)
        and not (row.subject_type == "group" and reason["code"].partition(".")[2] in _OF_MEMBERS)
    ]
    return pd.DataFrame(rows, columns=[*SUBJECT, "nth", "reason", "column", "suspected"])


def without_small_counts(found: pd.DataFrame) -> pd.DataFrame:
    """Without visits of counts that carry little of a reason: the pharmacy used once says nothing about how
    many of the purchases are at the one used most.

    Args:
        found: subject_id, nth, n (visits of the count; missing where a reason has none).
    """
    n = found.n.astype("float64")
    largest = n.groupby([found.subject_id, found.nth]).transform("max")
    return found[~(n < largest / 2)]


def assigned_to_first_reason(found: pd.DataFrame) -> pd.DataFrame:
    """The first VISITS of each reason that no earlier reason of the subject has; a reason left with none
    keeps its first.

    Args:
        found: subject_id, nth, mdtrt_id; of each reason those that contribute most first.
    """
    kept: dict[tuple[str, int], list[Any]] = {}
    first: dict[tuple[str, int], Any] = {}
    taken: set[tuple[str, str]] = set()
    for row in tuples(found.sort_values(["subject_id", "nth"], kind="stable")):
        reason, visit = (row.subject_id, row.nth), (row.subject_id, row.mdtrt_id)
        first.setdefault(reason, row.Index)
        if visit not in taken and len(kept.setdefault(reason, [])) < VISITS:
            kept[reason].append(row.Index)
            taken.add(visit)
    return found.loc[[row for reason in first for row in kept.get(reason) or [first[reason]]]]


def _described(measure: tuple[Measure, int | None] | None, facts: ibis.Table) -> dict[str, Any]:
    """What the records of a reason have to know of its measure; None is the graph part."""
    if measure is None:
        return {"measure": None, "counts": False, "lines": None, "family": "co_visit", "schemes": ()}
    entry = measure[0]
    return {
        "measure": measure,
        "counts": entry.base == "visits" and counts_visits(entry, facts),
        "lines": lines_of(entry, facts),
        "family": entry.family,
        "schemes": entry.schemes,
    }


def _paper(
    row: Row, visit: dict[str, Any], finding: dict[str, Any] | None, signs: Sequence[Sign]
) -> SupportingRecord:
    kind, signs = visit["kind"], tuple(signs)
    if finding:
        rule = RULES[finding["rule_id"]]
        found = FindingTold(rule.rule_id, (rule.zh, rule.en), (finding["vola_cont"], finding["vola_cont_en"]))
        return SupportingRecord(kind, row.measure, finding=found, signs=signs)
    if row.subject_type == "visit":
        return SupportingRecord(kind, signs=signs)
    if row.measure is None:
        # What links a group that never meets is the pharmacy or doctor its members share.
        link = next((name for name in LINKS if visit[name]), "co_visitors")
        return SupportingRecord(kind, link=(link, int(visit[link] or 0)), signs=signs)
    alone, n = (None if pd.isna(value) else value for value in (row.alone, row.n))
    return SupportingRecord(kind, row.measure, alone, row.counts, n, signs=signs)
