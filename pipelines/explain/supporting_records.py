"""Part of the step that explains: which visits, settlements and lines to pull for each reason of a suspect,
and why."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ibis
import pandas as pd
from ibis import _

from features.measures.aggregation import subject_facts
from features.measures.billing_and_flows import EXCESS_COLUMNS
from features.measures.catalogue import Measure, measures_of
from features.rules.declaration import RULES
from features.visit_attribution import counts_visits, lines_of, visit_attribution
from features.windows import YEAR
from pipelines.explain.item_excess_table import leading_items
from pipelines.explain.other_places import OtherPlaces, other_place, other_places
from pipelines.explain.record_lines import LinesShown, costliest_lines, finding_told, strongest_findings
from pipelines.explain.suspect_reasons import Named
from pipelines.explain.visit_signs import Sign, id_table, signs_of, visits_of
from pipelines.flagged_visits import MARKS, visits_by_subject
from pipelines.score import Scores
from pipelines.select.worklist import Judged, still_open
from pipelines.snapshot import SUBJECT, Snapshot
from pipelines.typed_frames import fetch, tuples
from reports.languages import Texts
from reports.reasons import GRAPH_REASON, MOST_REASONS, RULE_REASON, SUM_REASON
from reports.record_texts import LINKS, SupportingRecord, record_text

# So many visits a reason.
VISITS = 3
# As many as the reasons before may have taken, and some.
CANDIDATES = VISITS * MOST_REASONS
# The column of a reason that rests on findings alone.
RULE_COLUMN = RULE_REASON.partition(".")[2]
# Measures of which a single visit may lie on either side of the peers' median.
_AVERAGED = ("proportion", "mean")
# Reasons of these families are what a rule found, or what these rules (trace codes, prescriptions) find line
# by line.
FOUND = {"rules": tuple(RULES), "trace": ("R105", "R106", "R107", "R108", "R110", "R111", "R117")}
# Columns of groups that say who the members are: no visit shows that, the sheet of members does.
_OF_MEMBERS = ("members_365d", "villages_365d")
_COLUMNS = [*SUBJECT, "nth", "reason", "mdtrt_id", "setl_id", "amount", "scheme", "lines", "why", "why_en"]
_ITEMS = ibis.schema(dict.fromkeys(("subject_id", "kind", "item"), "string"))
# What the reason of a visit measures (`_described`).
_OF_REASON = ["measure", "counts", "lines", "family", "schemes"]
# A row of visits with what its reason measures.
Row = Any


def supporting_records(
    snapshot: Snapshot,
    scores: Scores,
    suspects: pd.DataFrame,
    disputes: pd.DataFrame,
    named: Named,
    judged: Judged,
) -> pd.DataFrame:
    """A few visits for each reason of each explained suspect: of those that contribute most to it, those with
    most money in dispute first.

    Args:
        suspects: as the contract's table, with reasons.
        disputes: `pipelines.score.Scores.disputes`, of the suspects.
        named: names of institutions and items.
        judged: `pipelines.select.worklist.judged_of`.

    Returns:
        subject_type, subject_id, nth (of the reason, from 1), reason (its code), mdtrt_id, setl_id, amount
        (yuan that the fund paid for the visit), scheme, lines (bkkp_sn, item, amount in yuan of each), why,
        why_en.
    """
    found = pd.concat(
        [
            _visits_by_reason(snapshot, subject, suspects, disputes, named.items, judged)
            for subject in scores.subjects
        ],
        ignore_index=True,
    )
    visits = visits_of(snapshot, found.mdtrt_id)
    signs = signs_of(snapshot, scores.subjects["visit"], list(visits))
    lines = costliest_lines(snapshot, found)
    places = other_places(snapshot, found.mdtrt_id, named.places)
    findings = {
        family: strongest_findings(snapshot, found[found.family == family].mdtrt_id, rules)
        for family, rules in FOUND.items()
    }
    rows = []
    for row in tuples(found):
        visit, finding = visits[row.mdtrt_id], findings.get(row.family, {}).get(row.mdtrt_id)
        paper = replace(
            _paper(row, visit, finding, signs[row.mdtrt_id]),
            judged=visit["judged"],
            days_of_claims=snapshot.days_of_claims,
            elsewhere=_elsewhere(places, row, finding, signs[row.mdtrt_id]),
        )
        rows.append(_record(row, visit, finding, lines, paper))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _elsewhere(
    places: OtherPlaces, row: Row, finding: dict[str, Any] | None, signs: Sequence[Sign]
) -> Texts | None:
    """The other place that a record names; a finding says itself where that was."""
    if finding:
        return None
    return other_place(places, row.mdtrt_id, row.measure[0] if row.measure else None, signs)


def _record(
    row: Row,
    visit: dict[str, Any],
    finding: dict[str, Any] | None,
    lines: LinesShown,
    paper: SupportingRecord,
) -> tuple[Any, ...]:
    """A row of the supporting records; a finding names its own line and settlement."""
    text = record_text(paper)
    scheme = visit["scheme"] or (row.suspected if row.suspected in row.schemes else None)
    asked = row.mdtrt_id, row.lines, row.item if isinstance(row.item, str) else None
    shown = [finding] if finding and finding["bkkp_sn"] else lines.get(asked, [])
    settled = (finding and finding["setl_id"]) or visit["setl_id"]
    key = row.subject_type, row.subject_id, row.nth, row.reason, row.mdtrt_id
    return (*key, settled, visit["fund_pay_sumamt"], scheme, shown, *text)


def _visits_by_reason(
    snapshot: Snapshot,
    subject: str,
    suspects: pd.DataFrame,
    disputes: pd.DataFrame,
    items: pd.DataFrame,
    judged: Judged,
) -> pd.DataFrame:
    """The visits of the reasons of one kind of subject: subject_type, subject_id, nth, reason, mdtrt_id,
    visit_value, n, disputed (yuan), disputed_for (scheme), item (code of the item that the reason names; else
    null), suspected (scheme of the subject), and what the reason measures: measure, counts, lines, family,
    schemes."""
    wanted = _reasons_of(suspects[suspects.subject_type == subject])
    if subject == "group":
        # What an honest reason explains is no record of company.
        excused = wanted.subject_id.map(snapshot.network.excused).notna()
        wanted = wanted[~(excused & (wanted.reason == GRAPH_REASON))]
    disputes = disputes[disputes.subject_type == subject]
    measures = measures_of(subject)
    if subject == "visit" or wanted.empty:
        # A visit is its own record, whatever the reason.
        facts, found = snapshot.facts, wanted.assign(mdtrt_id=wanted.subject_id)
    else:
        con = snapshot.claims.con
        facts = subject_facts(con, subject)
        by_rule = wanted["column"] == RULE_COLUMN
        with_item = _with_item(snapshot, subject, wanted, items)
        parts = [_with_findings(snapshot, wanted[by_rule], disputes), with_item]
        rest = wanted[~by_rule & ~_keys(wanted).isin(_keys(with_item))]
        if len(rest):
            attributed = visit_attribution(rest, subject, con.table(MARKS), CANDIDATES)
            parts.append(without_contrary(without_small_counts(attributed).merge(wanted), measures))
        candidates = pd.concat(parts, ignore_index=True)
        found = assigned_to_first_reason(most_disputed_first(candidates, still_open(disputes, judged)))
    described = {
        column: _described(column, measures.get(column), facts) for column in wanted["column"].unique()
    }
    # Named, so that a night without a single reason has the columns too.
    of_reason = pd.DataFrame([described[c] for c in found["column"]], found.index, _OF_REASON)
    columns = [*SUBJECT, "nth", "reason", "mdtrt_id", "visit_value", "n", "item", "suspected"]
    rows = pd.concat([found.reindex(columns=columns).astype(object), of_reason], axis=1)
    money = disputes.drop_duplicates(["subject_id", "mdtrt_id"])
    money = money[["subject_id", "mdtrt_id", "disputed", "scheme"]].rename(columns={"scheme": "disputed_for"})
    return rows.merge(money, how="left", on=["subject_id", "mdtrt_id"])


def _keys(reasons: pd.DataFrame) -> pd.MultiIndex:
    """The subject and the number of each reason."""
    return pd.MultiIndex.from_frame(reasons[["subject_id", "nth"]])


def _with_item(snapshot: Snapshot, subject: str, wanted: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """The visits that bill the item which a reason about items in excess names, those with most of it first:
    columns of ``wanted``, mdtrt_id, item."""
    named = leading_items(items, subject)
    named = named.loc[~named["together"], ["subject_id", "kind", "class", "item"]]
    named = named.assign(column=named["class"].map(EXCESS_COLUMNS)).merge(wanted, on=["subject_id", "column"])
    if named.empty:
        return named.reindex(columns=[*wanted.columns, "item", "mdtrt_id"])
    con = snapshot.claims.con
    asked = con.create_table(
        f"items_named_{subject}",
        ibis.memtable(named[["subject_id", "kind", "item"]], schema=_ITEMS),
        overwrite=True,
    )
    visits = visits_by_subject(con.table(MARKS).filter(_.days_ago <= YEAR), subject)
    mine = visits.select("subject_id", "kind", "mdtrt_id").inner_join(asked, ["subject_id", "kind"])
    lines = con.table("item_days").select("mdtrt_id", "amount", item="hilist_code")
    billed = mine.inner_join(lines, ["mdtrt_id", "item"]).group_by("subject_id", "mdtrt_id", "item")
    rows = billed.aggregate(yuan=_.amount.sum())
    order = ibis.window(group_by=["subject_id", "item"], order_by=[ibis.desc("yuan"), "mdtrt_id"])
    first = fetch(rows.mutate(place=ibis.row_number().over(order)).filter(_.place < CANDIDATES))
    first = first.sort_values(["subject_id", "item", "place"])[["subject_id", "mdtrt_id", "item"]]
    return named[[*wanted.columns, "item"]].merge(first, on=["subject_id", "item"])


def _reasons_of(listed: pd.DataFrame) -> pd.DataFrame:
    """A row a reason: subject_type, subject_id, nth, reason, column (of the catalogue, GRAPH or RULE_COLUMN),
    suspected, median (of the peers)."""
    rows = [
        (
            *(row.subject_type, row.subject_id, nth, reason["code"], reason["code"].partition(".")[2]),
            *(row.scheme, reason["peer_median"]),
        )
        for row in tuples(listed)
        for nth, reason in enumerate(row.reasons, 1)
        # No single visit makes up a sum of slight differences.
        if reason["code"] != SUM_REASON
        and not (row.subject_type == "group" and reason["code"].partition(".")[2] in _OF_MEMBERS)
    ]
    return pd.DataFrame(rows, columns=[*SUBJECT, "nth", "reason", "column", "suspected", "median"])


def _with_findings(snapshot: Snapshot, wanted: pd.DataFrame, disputes: pd.DataFrame) -> pd.DataFrame:
    """The visits with findings that a reason about findings alone rests on, those with most in dispute first:
    columns of ``wanted``, mdtrt_id."""
    mine = disputes[disputes.subject_id.isin(wanted.subject_id)]
    hits = snapshot.rules.hits.semi_join(id_table(snapshot, mine.mdtrt_id, "visits_disputed"), "mdtrt_id")
    with_finding = mine[mine.mdtrt_id.isin(fetch(hits.select("mdtrt_id").distinct()).mdtrt_id)]
    most_disputed = with_finding.sort_values("disputed", ascending=False, kind="stable")
    first = most_disputed.groupby("subject_id").head(CANDIDATES)[["subject_id", "mdtrt_id"]]
    return wanted.merge(first, on="subject_id")


def without_contrary(found: pd.DataFrame, measures: dict[str, tuple[Measure, int | None]]) -> pd.DataFrame:
    """Without visits that speak against their reason (their own share or mean lies on the honest side of the
    peers' median), where the reason has others.

    Args:
        found: subject_id, nth, column, visit_value (missing where no single visit makes the measure up),
            median (of the peers).
    """
    averaged = {c: entry.direction for c, (entry, _d) in measures.items() if entry.statistic in _AVERAGED}
    away = (found.visit_value.astype("float64") - found["median"].astype("float64")) * found["column"].map(
        averaged
    )
    speaks_for = ~(away <= 0)
    has_others = speaks_for.groupby([found.subject_id, found.nth]).transform("any")
    return found[speaks_for | ~has_others]


def most_disputed_first(found: pd.DataFrame, disputes: pd.DataFrame) -> pd.DataFrame:
    """The visits of each reason with most money in dispute first, the others in the order they have.

    Args:
        found: subject_id, nth, mdtrt_id; of each reason those that contribute most first.
        disputes: subject_id, mdtrt_id, disputed (yuan), of one kind of subject, that no case has judged.
    """
    money = disputes.drop_duplicates(["subject_id", "mdtrt_id"])[["subject_id", "mdtrt_id", "disputed"]]
    rows = found.merge(money, how="left", on=["subject_id", "mdtrt_id"])
    rows = rows.assign(disputed=-rows.disputed.fillna(0.0))
    return rows.sort_values(["subject_id", "nth", "disputed"], kind="stable").drop(columns="disputed")


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


def _described(column: str, measure: tuple[Measure, int | None] | None, facts: ibis.Table) -> dict[str, Any]:
    """What the records of a reason have to know of its measure; None is the graph part or findings alone."""
    if measure is None:
        family = "rules" if column == RULE_COLUMN else "co_visit"
        return {"measure": None, "counts": False, "lines": None, "family": family, "schemes": ()}
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
        # Where the finding is not what most of the money is in dispute for, that is told too.
        schemes = RULES[finding["rule_id"]].schemes
        more = row.disputed_for if finding["vola_amt"] < row.disputed / 2 else None
        conduct = more if isinstance(more, str) and more not in schemes else None
        return SupportingRecord(
            kind, row.measure, finding=finding_told(finding), conduct=conduct, signs=signs
        )
    if row.subject_type == "visit":
        return SupportingRecord(kind, signs=signs)
    if row.measure is None:
        # What links a group that never meets is the pharmacy or doctor its members share.
        link = next((name for name in LINKS if visit[name]), "co_visitors")
        return SupportingRecord(kind, link=(link, int(visit[link] or 0)), signs=signs)
    if isinstance(row.item, str):
        # A visit with the item is one of those that the reason counts.
        return SupportingRecord(kind, row.measure, 1.0, counts=True, signs=signs)
    visit_value, n = (None if pd.isna(value) else value for value in (row.visit_value, row.n))
    return SupportingRecord(kind, row.measure, visit_value, row.counts, n, signs=signs)
