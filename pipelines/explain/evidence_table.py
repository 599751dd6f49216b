"""Part of the step that explains: all visits to pull of each suspect, each once, with the money in
dispute."""

import pandas as pd
import pyarrow as pa

from pipelines.explain.visit_signs import signs_of, visits_of
from pipelines.score import Scores
from pipelines.snapshot import SUBJECT, Snapshot
from reports.record_texts import SupportingRecord, record_text

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
) -> pd.DataFrame:
    """All that is to be pulled of each suspect, every visit once: the supporting records of its reasons in
    their order, then the other visits that are suspicious by themselves.

    A record that merely shows what a reason counts has nothing in dispute.

    Args:
        suspicious, disputes: as `pipelines.score.Scores`.
        records: `pipelines.explain.supporting_records.supporting_records`.

    Returns:
        subject_type, subject_id, scheme, mdtrt_id, setl_id, bkkp_sn (its first line, where lines are named),
        amount (yuan paid by the fund), disputed (yuan of it in dispute), why, why_en, nth and reason (the
        first that the visit serves; null where it stands by itself).
    """
    first_lines = [lines[0]["bkkp_sn"] if lines else None for lines in records.lines]
    first = records.assign(bkkp_sn=pd.Series(first_lines, records.index, dtype=object))
    rest = _with_texts(snapshot, scores, suspicious)
    rows = pd.concat([first.drop(columns="lines"), rest.drop(columns="visit_score")], ignore_index=True)
    rows = rows.drop_duplicates([*SUBJECT, "mdtrt_id"]).astype({"nth": "Int64"})
    rows = rows.merge(disputes[[*SUBJECT, "mdtrt_id", "disputed"]], how="left", on=[*SUBJECT, "mdtrt_id"])
    rows["amount"] = rows.amount.astype(float).fillna(0.0).clip(lower=0.0)
    rows["disputed"] = rows.disputed.astype(float).fillna(0.0).clip(upper=rows.amount)
    order = {kind: place for place, kind in enumerate(scores.subjects)}
    rows = rows.assign(_kind=rows.subject_type.map(order)).sort_values(["_kind", "subject_id"], kind="stable")
    return rows.drop(columns="_kind").reset_index(drop=True)


def _with_texts(snapshot: Snapshot, scores: Scores, suspicious: pd.DataFrame) -> pd.DataFrame:
    """Suspicious visits with their last settlement and what is unusual about them in words."""
    visits = visits_of(snapshot, suspicious.mdtrt_id)
    signs = signs_of(snapshot, scores.subjects["visit"], list(visits))
    text = {
        key: record_text(SupportingRecord(visit["kind"], signs=signs[key])) for key, visit in visits.items()
    }
    return suspicious.assign(
        setl_id=[visits[key]["setl_id"] for key in suspicious.mdtrt_id],
        why=[text[key][0] for key in suspicious.mdtrt_id],
        why_en=[text[key][1] for key in suspicious.mdtrt_id],
    )
