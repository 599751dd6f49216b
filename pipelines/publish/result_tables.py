"""Part of the step that publishes: the tables of a run as Parquet."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.explain.evidence_table import EVIDENCE
from pipelines.explain.explanation import Explanation
from pipelines.explain.group_tables import EDGES, GROUP_MEMBERS, GROUPS
from pipelines.explain.item_excess_table import ITEM_EXCESS
from pipelines.explain.subject_directory import DIRECTORY
from pipelines.explain.suspect_reasons import SUSPECTS
from pipelines.select.audit_sample import AUDIT_SAMPLE
from pipelines.select.selection import Selection
from pipelines.select.worklist import WORKLIST
from pipelines.step_log import Digest
from reports.dossier import Dossier
from reports.dossier_content import to_json

# So many hexadecimal digits of a digest are kept.
DIGITS = 12
DOSSIERS = pa.schema([("subject_type", pa.string()), ("subject_id", pa.string()), ("content", pa.string())])


def write_tables(folder: Path, selection: Selection, explanation: Explanation) -> dict[str, Digest]:
    """Write every table of a run as NAME.parquet; returns the digest of each file, by name."""
    tables = {
        "suspects": _table(explanation.suspects, SUSPECTS),
        "evidence": _table(explanation.evidence, EVIDENCE),
        "rule_hits": explanation.rule_hits,
        "group_members": _table(explanation.members, GROUP_MEMBERS),
        "groups": _table(explanation.groups, GROUPS),
        "edges": _table(explanation.edges, EDGES),
        "item_excess": _table(explanation.item_excess, ITEM_EXCESS),
        "portraits": _table(explanation.portraits, None),
        "worklist": _table(selection.worklist, WORKLIST),
        "audit_sample": _table(selection.audit_sample, AUDIT_SAMPLE),
        "directory": _table(explanation.directory, DIRECTORY),
        "dossier_contents": _contents(explanation.dossiers),
    }
    digests = {}
    for name, table in tables.items():
        file = folder / f"{name}.parquet"
        pq.write_table(table, file)
        digests[name] = digest(file)
    return digests


def digest(file: Path) -> Digest:
    """The first digits of the SHA-256 of a file."""
    with file.open("rb") as content:
        return Digest(hashlib.file_digest(content, "sha256").hexdigest()[:DIGITS])


def _contents(dossiers: Sequence[Dossier]) -> pa.Table:
    """What each dossier holds, for those who show it otherwise than as a file."""
    rows = [
        {"subject_type": found.subject, "subject_id": found.subject_id, "content": to_json(found)}
        for found in dossiers
    ]
    return pa.Table.from_pylist(rows, DOSSIERS)


def _table(frame: pd.DataFrame, schema: pa.Schema | None) -> pa.Table:
    return pa.Table.from_pandas(frame, schema, preserve_index=False)
