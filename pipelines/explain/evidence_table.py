"""Part of the step that explains: all visits to pull of each suspect, each once, with the money in
dispute."""

import pandas as pd
import pyarrow as pa

from features.rules.declaration import RULES
from pipelines.explain.other_places import other_place, other_places
from pipelines.explain.record_lines import finding_told, strongest_findings
from pipelines.explain.visit_signs import signs_of, visits_of
from pipelines.score import Scores
from pipelines.snapshot import SUBJECT, Snapshot
from reports.dossier import EVIDENCE_ROWS
from reports.record_texts import SupportingRecord, record_text

# So many visits with most money in dispute are pulled whatever else is in evidence: a page of them.
MOST_DISPUTED = EVIDENCE_ROWS
EVIDENCE = pa.schema(
    [
        ("subject_type", pa.string()), ("subject_id", pa.string()), ("scheme", pa.string()),
        ("mdtrt_id", pa.string()), ("setl_id", pa.string()), ("bkkp_sn", pa.string()),
        ("amount", pa.float64()), ("disputed", pa.float64()), ("why", pa.string()),
        ("why_en", pa.string()), ("nth", pa.int64()), ("reason", pa.string()),
    ]
)  # fmt: skip


def evidence_table(
    snapshot: Snapshot,
    scores: Scores,
    suspicious: pd.DataFrame,
    records: pd.DataFrame,
    disputes: pd.DataFrame,
    names: pd.Series,
) -> pd.DataFrame:
    """All that is to be pulled of each suspect, every visit once: the supporting records of its reasons in
    their order, then the other visits that are suspicious by themselves or among those with most money in
    dispute, the largest sums first.

    A record that merely shows what a reason counts has nothing in dispute.

    Args:
        suspicious, disputes: as `pipelines.score.Scores`.
        records: `pipelines.explain.supporting_records.supporting_records`.
        names: of institutions, by code.

    Returns:
        subject_type, subject_id, scheme, mdtrt_id, setl_id, bkkp_sn (its first line, where lines are named),
        amount (yuan paid by the fund), disputed (yuan of it in dispute), why, why_en, nth and reason (the
        first that the visit serves; null where it stands by itself).
    """
    first_lines = [lines[0]["bkkp_sn"] if lines else None for lines in records.lines]
    first = records.assign(bkkp_sn=pd.Series(first_lines, records.index, dtype=object))
    rest = _with_texts(snapshot, scores, _most_disputed_first(suspicious, disputes), names)
    rows = pd.concat([first.drop(columns="lines"), rest.drop(columns="visit_score")], ignore_index=True)
    rows = rows.drop_duplicates([*SUBJECT, "mdtrt_id"]).astype({"nth": "Int64"})
    key = [*SUBJECT, "mdtrt_id"]
    disputed = disputes[[*key, "disputed", "scheme"]].rename(columns={"scheme": "disputed_for"})
    rows = rows.merge(disputed, how="left", on=key)
    # What the money is in dispute for, as it is added up; else what the visit looks like by itself.
    rows["scheme"] = rows.disputed_for.fillna(rows.scheme)
    rows["amount"] = rows.amount.astype(float).fillna(0.0).clip(lower=0.0)
    rows["disputed"] = rows.disputed.astype(float).fillna(0.0).clip(upper=rows.amount)
    order = {kind: place for place, kind in enumerate(scores.subjects)}
    rows = rows.assign(_kind=rows.subject_type.map(order)).sort_values(["_kind", "subject_id"], kind="stable")
    return rows.drop(columns=["_kind", "disputed_for"]).reset_index(drop=True)


def _most_disputed_first(suspicious: pd.DataFrame, disputes: pd.DataFrame) -> pd.DataFrame:
    """Suspicious visits and those with most money in dispute of each subject, the largest sums first, among
    equals the most suspicious."""
    key = [*SUBJECT, "mdtrt_id"]
    most_disputed = disputes.sort_values("disputed", ascending=False, kind="stable").groupby(SUBJECT)
    more = most_disputed.head(MOST_DISPUTED)[[*key, "scheme", "amount"]].assign(visit_score=0.0)
    rows = pd.concat([suspicious, more], ignore_index=True).drop_duplicates(key)
    rows = rows.merge(disputes[[*key, "disputed"]].drop_duplicates(key), how="left", on=key)
    rows = rows.assign(disputed=rows.disputed.fillna(0.0))
    order = ["disputed", "visit_score"]
    return rows.sort_values(order, ascending=False, kind="stable").drop(columns="disputed")


def _with_texts(
    snapshot: Snapshot, scores: Scores, suspicious: pd.DataFrame, names: pd.Series
) -> pd.DataFrame:
    """Visits with their last settlement and what is unusual about them in words: of those that are not
    suspicious by themselves, what a rule found or what they are disputed for."""
    visits = visits_of(snapshot, suspicious.mdtrt_id)
    signs = signs_of(snapshot, scores.subjects["visit"], list(visits))
    disputed = suspicious[suspicious.visit_score == 0]
    findings = strongest_findings(snapshot, disputed.mdtrt_id, tuple(RULES))
    places = other_places(snapshot, suspicious.mdtrt_id, names)
    conduct = disputed.set_index("mdtrt_id")["scheme"].to_dict()
    text = {
        key: record_text(
            SupportingRecord(
                visit["kind"], finding=finding_told(findings.get(key)),
                conduct=None if key in findings else conduct.get(key), signs=tuple(signs[key]),
                judged=visit["judged"],
                elsewhere=None if key in findings else other_place(places, key, None, signs[key]),
            )
        )
        for key, visit in visits.items()
    }  # fmt: skip
    return suspicious.assign(
        setl_id=[visits[key]["setl_id"] for key in suspicious.mdtrt_id],
        why=[text[key][0] for key in suspicious.mdtrt_id],
        why_en=[text[key][1] for key in suspicious.mdtrt_id],
    )
