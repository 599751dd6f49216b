"""Part of the step that explains: every identifier that a page may show, for masking."""

import pandas as pd

from pipelines.snapshot import Snapshot

# A shorter name of an institution is a common word.
_SHORTEST_NAME = 4


def identifiers(
    snapshot: Snapshot,
    suspects: pd.DataFrame,
    evidence: pd.DataFrame,
    records: pd.DataFrame,
    disputes: pd.DataFrame,
) -> frozenset[str]:
    """Identifiers of persons, doctors, institutions (and their names), visits, settlements and lines.

    Args:
        records: `pipelines.explain.supporting_records.supporting_records`.
        disputes: `pipelines.score.Scores.disputes`.
    """
    claims, facts, hits = snapshot.claims, snapshot.facts, snapshot.rules.hits
    persons, doctors = claims["psn_info_b"], claims["dr_info_b"]
    columns = [persons.psn_no, persons.certno, persons.tel, doctors.dr_code, doctors.certno, facts.dr_code]
    columns += [claims["fixmedins_b"].fixmedins_code, hits.mdtrt_id, hits.setl_id, hits.bkkp_sn]
    found = {value for column in columns for value in column.to_pandas().dropna()}
    found.update(line["bkkp_sn"] for lines in records.lines for line in lines)
    names = claims["fixmedins_b"].fixmedins_name.to_pandas().dropna()
    found.update(name for name in names if len(name) >= _SHORTEST_NAME)
    visits = suspects.subject_id[suspects.subject_type == "visit"]
    return frozenset(found.union(visits, evidence.mdtrt_id, evidence.setl_id.dropna(), disputes.mdtrt_id))
