"""Part of the step that scores: suspicious visits, the evidence they are against others, and the money in
them."""

import ibis
import pandas as pd
from ibis import _

from features.graphs.group_profiles import linked
from features.measures.aggregation import of_subjects
from pipelines.settings import Settings
from pipelines.snapshot import Snapshot
from pipelines.typed_frames import fetch, fetch_by

# A visit with this much evidence against it is evidence against whoever took part: one strong family of
# measures at one in a hundred, or a proof.
FLAGGED = 3.0
# Where none of a subject's visits is flagged, its strongest ones are shown: so many.
STRONGEST = 3
# The scratch database's table of the evidence against each visit: mdtrt_id, evidence, scheme.
MARKS = "visit_marks"
_FACTS = (
    "mdtrt_id", "psn_no", "dr_code", "fixmedins_code", "is_pharmacy", "fund_pay_sumamt", "companions",
    "co_oversupplied",
)  # fmt: skip


def mark_visits(snapshot: Snapshot, parts: pd.DataFrame) -> None:
    """Store the evidence against each visit and its scheme in the scratch database.

    Args:
        parts: of the visits (`SubjectModel.parts`).
    """
    frame = parts[["evidence", "scheme"]].reset_index(names="mdtrt_id")
    schema = ibis.schema({"mdtrt_id": "string", "evidence": "float64", "scheme": "string"})
    snapshot.claims.con.create_table(MARKS, ibis.memtable(frame, schema=schema))


def amounts_at_risk(snapshot: Snapshot, subject: str, settings: Settings) -> pd.Series:
    """Fund payment (yuan) in each subject's evidence, each visit once, never below 0."""
    rows = _evidence_rows(snapshot, subject, settings)
    sums = rows.group_by("subject_id").aggregate(amount=_.fund_pay_sumamt.sum().round(2))
    return fetch_by(sums, "subject_id")["amount"].clip(lower=0)


def evidence_against(snapshot: Snapshot, subject: str, ids: pd.Index, settings: Settings) -> pd.DataFrame:
    """The suspicious visits of chosen subjects, strongest first.

    Returns:
        subject_type, subject_id, scheme, mdtrt_id, amount (yuan), visit_score.
    """
    frame = pd.DataFrame({"subject_id": ids})
    schema = ibis.schema({"subject_id": "string"})
    wanted = snapshot.claims.con.create_table(
        f"listed_{subject}", ibis.memtable(frame, schema=schema), overwrite=True
    )
    rows = _evidence_rows(snapshot, subject, settings).semi_join(wanted, "subject_id")
    rows = rows.select(
        subject_type=ibis.literal(subject),
        subject_id=rows.subject_id,
        scheme=rows.scheme,
        mdtrt_id=rows.mdtrt_id,
        amount=rows.fund_pay_sumamt,
        visit_score=rows.evidence,
    )
    return fetch(rows.order_by("subject_id", ibis.desc("visit_score"), "mdtrt_id"))


def _marked(snapshot: Snapshot) -> ibis.Table:
    """Visits with evidence against them: facts, evidence and scheme."""
    marks = snapshot.claims.con.table(MARKS)
    return snapshot.facts.select(*_FACTS).inner_join(marks, "mdtrt_id").filter(_.evidence > 0)


def _evidence_rows(snapshot: Snapshot, subject: str, settings: Settings) -> ibis.Table:
    """The visits that are a subject's evidence: those flagged, and the strongest where fewer are."""
    marked = _marked(snapshot)
    # Of a group only what its members did together.
    rows = of_subjects(marked.filter(linked(marked)) if subject == "group" else marked, subject)
    order = ibis.window(group_by="subject_id", order_by=[ibis.desc("evidence"), "mdtrt_id"])
    rows = rows.mutate(place=ibis.row_number().over(order))
    flagged = (rows.evidence >= FLAGGED) & (rows.place < settings.evidence_rows)
    return rows.filter(flagged | (rows.place < STRONGEST))
