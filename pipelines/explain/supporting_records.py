"""The step that says which visits, settlements and lines to pull for each reason of a suspect, and why each is there."""

from collections import defaultdict

import ibis
import pandas as pd
from ibis import _

from features.measures.aggregation import subject_facts
from features.measures.catalogue import measures_of
from features.rules.declaration import CLEAR, RULES
from features.visit_attribution import counts_visits, lines_of, visit_attribution
from features.visits.facts import LINES
from pipelines.measure import Snapshot
from pipelines.score import MARKS, Scored
from reports.reasons import MOST_REASONS, RULE_REASON, SUM_REASON, is_material
from reports.record_texts import SupportingRecord, record_text

# So many visits a reason, lines a visit, and signs of its own a visit.
VISITS, LINES_SHOWN, SIGNS = 3, 3, 2
# Reasons of these families are what a rule found, or what these rules (trace codes, prescriptions) find line by line.
FOUND = {"rules": tuple(RULES), "trace": ("R105", "R106", "R107", "R108", "R110", "R111", "R117")}
# Evidence below this is no sign worth a word.
SIGN = 0.5
SUBJECT = ["subject_type", "subject_id"]


def supporting_records(snapshot: Snapshot, scored: dict[str, Scored], suspects: pd.DataFrame) -> pd.DataFrame:
    """A few visits for each reason of each explained suspect, those that carry it most first.

    Args:
        suspects: as the contract's table, with reasons.

    Returns:
        subject_type, subject_id, nth (of the reason, from 1), reason (its code), mdtrt_id, setl_id, amount (yuan that
        the fund paid for the visit), scheme, lines (bkkp_sn, item, amount in yuan of each), why, why_en.
    """
    found = pd.concat([_carried(snapshot, subject, suspects) for subject in scored], ignore_index=True)
    visits = visits_of(snapshot, found.mdtrt_id)
    signs = signs_of(snapshot, scored, visits)
    lines = _lines(snapshot, found)
    findings = {
        family: _findings(snapshot, found[found.family == family].mdtrt_id, FOUND[family]) for family in FOUND
    }
    rows = []
    for row in found.itertuples():
        visit, said = visits[row.mdtrt_id], findings.get(row.family, {}).get(row.mdtrt_id)
        text = record_text(_paper(row, visit, said, signs[row.mdtrt_id]))
        scheme = visit["scheme"] or (row.suspected if row.suspected in row.schemes else None)
        # A finding names its own line and settlement.
        told = [said] if said and said["bkkp_sn"] else lines.get((row.mdtrt_id, row.lines), [])
        settled = (said and said["setl_id"]) or visit["setl_id"]
        key = row.subject_type, row.subject_id, row.nth, row.reason, row.mdtrt_id
        rows.append((*key, settled, visit["fund_pay_sumamt"], scheme, told, *text))
    names = [*SUBJECT, "nth", "reason", "mdtrt_id", "setl_id", "amount", "scheme", "lines", "why", "why_en"]
    return pd.DataFrame(rows, columns=names)


def evidence_of(
    snapshot: Snapshot, scored: dict[str, Scored], flagged: pd.DataFrame, pulled: pd.DataFrame
) -> pd.DataFrame:
    """All that is to be pulled of each suspect, every visit once: the papers of its reasons in their order, then the
    other visits that are suspicious by themselves. Money is at stake only in the latter, wherever they stand: a paper
    that merely shows what a reason counts has nothing at stake.

    Args:
        flagged: `pipelines.score.score`'s evidence.
        pulled: `supporting_records`.

    Returns:
        subject_type, subject_id, scheme, mdtrt_id, setl_id, bkkp_sn (its first line, where lines are named), amount
        (yuan of the fund at stake), at_stake, why, why_en, nth and reason (the first that the visit serves; null
        where it stands by itself).
    """
    visits = visits_of(snapshot, flagged.mdtrt_id)
    signs = signs_of(snapshot, scored, visits)
    text = {
        key: record_text(SupportingRecord(visit["kind"], signs=signs[key])) for key, visit in visits.items()
    }
    rest = flagged.assign(
        setl_id=[visits[key]["setl_id"] for key in flagged.mdtrt_id],
        why=[text[key][0] for key in flagged.mdtrt_id],
        why_en=[text[key][1] for key in flagged.mdtrt_id],
    )
    first = pulled.assign(bkkp_sn=[lines[0]["bkkp_sn"] if lines else None for lines in pulled.lines])
    rows = pd.concat([first.drop(columns="lines"), rest.drop(columns="visit_score")], ignore_index=True)
    rows = rows.drop_duplicates([*SUBJECT, "mdtrt_id"]).astype({"nth": "Int64"})
    staked = pd.MultiIndex.from_frame(flagged[[*SUBJECT, "mdtrt_id"]])
    rows["at_stake"] = pd.MultiIndex.from_frame(rows[[*SUBJECT, "mdtrt_id"]]).isin(staked)
    rows["amount"] = rows.amount.where(rows.at_stake, 0.0).astype(float)
    order = {kind: place for place, kind in enumerate(scored)}
    rows = rows.assign(_kind=rows.subject_type.map(order)).sort_values(["_kind", "subject_id"], kind="stable")
    return rows.drop(columns="_kind").reset_index(drop=True)


def _carried(snapshot: Snapshot, subject: str, suspects: pd.DataFrame) -> pd.DataFrame:
    """The visits of the reasons of one kind of subject: subject_type, subject_id, nth, reason, mdtrt_id, alone, n,
    suspected (scheme of the subject), and what is said of the reason: measure, counts, lines, family, schemes."""
    listed = suspects[suspects.subject_type == subject]
    asked = [
        (subject, row.subject_id, nth, reason["code"], reason["code"].partition(".")[2], row.scheme)
        for row in listed.itertuples()
        for nth, reason in enumerate(row.reasons, 1)
        # No single visit makes up a sum of slight differences; findings have a table of their own.
        if reason["code"] not in (RULE_REASON, SUM_REASON)
    ]
    wanted = pd.DataFrame(asked, columns=[*SUBJECT, "nth", "reason", "column", "suspected"])
    if subject == "visit" or wanted.empty:
        # A visit is its own paper, whatever the reason.
        facts, found = snapshot.facts, wanted.assign(mdtrt_id=wanted.subject_id, alone=None, n=None)
    else:
        facts = subject_facts(snapshot.claims.con, subject)
        # As many as the reasons before may have taken, and some.
        found = visit_attribution(wanted, subject, snapshot.claims.con.table(MARKS), VISITS * MOST_REASONS)
        found = _each_once(found).merge(wanted, on=["subject_id", "nth"])
    measures = measures_of(subject)
    said = {column: _said(measures.get(column), facts) for column in wanted["column"].unique()}
    told = pd.DataFrame([said[column] for column in found["column"]], index=found.index)
    columns = [*SUBJECT, "nth", "reason", "mdtrt_id", "alone", "n", "suspected"]
    return pd.concat([found[columns].astype(object), told], axis=1)


def _each_once(found: pd.DataFrame) -> pd.DataFrame:
    """The first visits of each reason that no earlier reason of the subject has; a reason left with none keeps its first."""
    kept, taken = [], set()
    for key, part in found.groupby(["subject_id", "nth"], sort=True):
        fresh = [row for row in part.itertuples() if (key[0], row.mdtrt_id) not in taken][:VISITS]
        taken.update((key[0], row.mdtrt_id) for row in fresh)
        kept += [row.Index for row in fresh] or [part.index[0]]
    return found.loc[kept]


def _said(measure: tuple | None, facts: ibis.Table) -> dict:
    """What a reason's papers have to know of its measure; None is company."""
    if measure is None:
        return {"measure": None, "counts": False, "lines": None, "family": "company", "schemes": ()}
    entry = measure[0]
    plain = entry.base == "visits"
    return {
        "measure": measure,
        "counts": plain and counts_visits(entry, facts),
        "lines": lines_of(entry, facts),
        "family": entry.family,
        "schemes": entry.schemes,
    }


def _paper(row, visit: dict, finding: dict | None, signs: tuple) -> SupportingRecord:
    if finding:
        rule = RULES[finding["rule_id"]]
        found = (rule.rule_id, rule.zh, rule.en, finding["vola_cont"], finding["vola_amt"])
        return SupportingRecord(visit["kind"], row.measure, finding=found, signs=signs)
    if row.subject_type == "visit":
        return SupportingRecord(visit["kind"], signs=signs)
    if row.measure is None:
        # Of a group that never meets, the shop or doctor its members share is what links them.
        linked = "companions" if visit["companions"] or not visit["co_oversupplied"] else "co_oversupplied"
        return SupportingRecord(visit["kind"], **{linked: int(visit[linked])}, signs=signs)
    alone, n = (None if pd.isna(value) else value for value in (row.alone, row.n))
    return SupportingRecord(visit["kind"], row.measure, alone, row.counts, n, signs=signs)


def visits_of(snapshot: Snapshot, ids: pd.Series) -> dict[str, dict]:
    """What papers say of visits: mdtrt_id → kind, fund_pay_sumamt (yuan), companions, fellows, scheme,
    setl_id (the last)."""
    wanted = _ids(snapshot, ids, "papers_asked")
    told = ["mdtrt_id", "kind", "fund_pay_sumamt", "companions", "co_oversupplied"]
    facts = snapshot.facts.select(*told).semi_join(wanted, "mdtrt_id")
    marks = snapshot.claims.con.table(MARKS).select("mdtrt_id", "scheme")
    settled = snapshot.claims.settlements.group_by("mdtrt_id").aggregate(setl_id=_.setl_id.max())
    rows = facts.left_join(marks, "mdtrt_id").drop("mdtrt_id_right")
    rows = rows.left_join(settled, "mdtrt_id").drop("mdtrt_id_right").to_pandas().set_index("mdtrt_id")
    return rows.astype(object).where(rows.notna(), None).to_dict("index")


def _ids(snapshot: Snapshot, ids: pd.Series, name: str) -> ibis.Table:
    frame = pd.DataFrame({"mdtrt_id": list(dict.fromkeys(ids))})
    schema = ibis.schema({"mdtrt_id": "string"})
    return snapshot.claims.con.create_table(name, ibis.memtable(frame, schema=schema), overwrite=True)


def signs_of(snapshot: Snapshot, scored: dict[str, Scored], visits: dict) -> dict[str, tuple]:
    """What each visit shows by itself, the most telling first: mdtrt_id → (measure, value, median of its peers)."""
    measured, measures = snapshot.subjects["visit"], measures_of("visit")
    wanted = list(visits)
    peers = measured.peers.loc[wanted]
    evidence_weight = (
        scored["visit"].model.evidence.by_column(measured.differences.loc[wanted], peers).to_numpy()
    )
    columns = list(scored["visit"].model.spec.index)
    values = measured.values.loc[wanted, columns].to_numpy()
    usual = measured.usual.usual.loc[peers, columns].to_numpy()
    found = {}
    for row, key in enumerate(wanted):
        first = evidence_weight[row].argsort(kind="stable")[::-1][: 2 * SIGNS]
        found[key] = tuple(
            (measures[columns[c]][0], float(values[row, c]), float(usual[row, c]))
            for c in first
            if evidence_weight[row, c] > SIGN
            and is_material(measures[columns[c]][0], values[row, c], usual[row, c])
        )[:SIGNS]
    return found


def _lines(snapshot: Snapshot, found: pd.DataFrame) -> dict[tuple[str, str], list[dict]]:
    """The dearest of the lines that a measure points at: (mdtrt_id, key of LINES) → bkkp_sn, item, amount (yuan)."""
    asked = found[["mdtrt_id", "lines"]].dropna().drop_duplicates()
    schema = ibis.schema({"mdtrt_id": "string", "lines": "string"})
    rows = snapshot.claims.con.table("item_days").inner_join(ibis.memtable(asked, schema=schema), "mdtrt_id")
    rows = rows.filter(
        ibis.cases(*[(rows.lines == key, test(rows)) for key, test in LINES.items()], else_=False)
    )
    order = ibis.window(group_by=["mdtrt_id", "lines"], order_by=[ibis.desc("amount"), "bkkp_sn"])
    first = rows.mutate(place=ibis.row_number().over(order)).filter(_.place < LINES_SHOWN)
    items = snapshot.claims["hilist_b"].select("hilist_code", item=_.hilist_name)
    named = first.left_join(items, "hilist_code").order_by("mdtrt_id", "lines", "place")
    lines: dict[tuple[str, str], list[dict]] = defaultdict(list)
    for row in named.select("mdtrt_id", "lines", "bkkp_sn", "item", "amount").to_pandas().itertuples():
        lines[row.mdtrt_id, row.lines].append(
            {"bkkp_sn": row.bkkp_sn, "item": row.item, "amount": row.amount}
        )
    return lines


def _findings(snapshot: Snapshot, visits: pd.Series, rules: tuple[str, ...]) -> dict[str, dict]:
    """The finding of some rules that weighs most in each visit: mdtrt_id → rule_id, setl_id, bkkp_sn, vola_cont, vola_amt and amount
    (both the fund's yuan), item."""
    hits = snapshot.rules.hits.semi_join(_ids(snapshot, visits, "papers_found"), "mdtrt_id")
    hits = hits.filter(hits.rule_id.isin(rules))
    weight = [ibis.desc(hits.sev_deg == CLEAR), ibis.desc("vola_amt"), "jr_id"]
    order = ibis.window(group_by="mdtrt_id", order_by=weight)
    first = hits.mutate(place=ibis.row_number().over(order)).filter(_.place == 0)
    lines = (
        snapshot.claims.con.table("item_days").group_by("bkkp_sn").aggregate(hilist_code=_.hilist_code.min())
    )
    items = snapshot.claims["hilist_b"].select("hilist_code", item=_.hilist_name)
    named = first.left_join(lines, "bkkp_sn").drop("bkkp_sn_right").left_join(items, "hilist_code")
    rows = named.select(
        "mdtrt_id", "rule_id", "setl_id", "bkkp_sn", "vola_cont", "vola_amt", "item"
    ).to_pandas()
    rows = rows.assign(amount=rows.vola_amt).set_index("mdtrt_id").astype(object)
    return rows.where(rows.notna(), None).to_dict("index")
