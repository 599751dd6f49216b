"""A small run made by hand: who is in it, where, and what is said of them is known."""

import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from claims.versions import replaced
from pipelines.explain.evidence_table import EVIDENCE
from pipelines.explain.explanation import RULE_HITS
from pipelines.explain.group_tables import GROUP_MEMBERS
from pipelines.explain.subject_directory import DIRECTORY
from pipelines.explain.suspect_reasons import SUSPECTS
from pipelines.publish.result_tables import DOSSIERS
from pipelines.select.audit_sample import AUDIT_SAMPLE
from pipelines.select.worklist import WORKLIST
from reports.dossier_content import to_json
from reports.monthly_findings import MONTHLY
from tests.reports.test_dossier import GIVEN

AS_OF, BEFORE = date(2025, 1, 2), date(2025, 1, 1)
NORTH, SOUTH = "420801", "420802"
# The first patient and the second live in different areas; ids as long as real ones.
FIRST, SECOND, DRAWN = "42080000000000001", "42080000000000002", "42080000000000090"
VISIT, SETTLEMENT, HOSPITAL, NAME = "420800100000000111", "S420800111", "H42080100001", "北区医院"
DOCTOR, PHARMACY, GROUP = "D4208010001", "P42080200001", "G0123456789ab"
MONEY = 52_000.0
# When a case of the second patient was cleared, by a workbook.
CLOSED = datetime(2024, 5, 6)
REASON = {
    "code": "HOARD.days_of_supply_365d",
    "text_zh": "剩余药量约4.2年",
    "text_en": "about 4.2 years of medicine left",
    "value": 1535.0,
    "peer_median": 30.0,
    "peer_percentile": 0.99,
    "contribution": 2.0,
}


def suspect(kind: str, subject_id: str, rank: int, **more: Any) -> dict[str, Any]:
    """A row of the suspects' table; the first are explained."""
    row: dict[str, Any] = {
        "subject_type": kind, "subject_id": subject_id, "rank": rank, "score": round(1 / (rank + 0.1), 4),
        "amount_at_risk": 500.0, "scheme": "M10", "model_score": 0.5, "anomaly_score": None,
        "rule_score": 0.25, "graph_score": None, "reasons": [REASON] if rank < 3 else [],
        "story_zh": f"{subject_id}多配了药。" if rank < 3 else None,
        "story_en": f"{subject_id} was given too much." if rank < 3 else None, "explained_by": None,
    }  # fmt: skip
    return row | more


SUSPECTED = [
    suspect("patient", FIRST, 1, amount_at_risk=MONEY),
    suspect("patient", SECOND, 2, scheme="M03"),
    *(suspect("patient", f"420800000000000{n:02}", n) for n in range(3, 91)),
    suspect("hospital", HOSPITAL, 1),
    suspect("pharmacy", PHARMACY, 1),
    # A story may name an institution without its code.
    suspect("prescriber", DOCTOR, 1, story_zh=f"{NAME}医师,多开了药。", story_en=f"Doctor at {NAME}."),
    suspect("group", GROUP, 1),
    suspect("visit", VISIT, 1),
]


def place(row: dict[str, Any]) -> dict[str, Any]:
    """Where a subject of the run lies: even patients in the south, like the shop."""
    kind, subject_id = row["subject_type"], row["subject_id"]
    south = kind == "pharmacy" or (kind == "patient" and row["rank"] % 2 == 0)
    area = SOUTH if south else NORTH
    institution = kind in ("hospital", "pharmacy")
    return {
        "subject_type": kind, "subject_id": subject_id, "name": NAME if kind == "hospital" else None,
        "area": area if institution else f"{area}100001", "level": "05" if kind == "hospital" else None,
    }  # fmt: skip


def write_run(store: Path, as_of: date = AS_OF, drawn: bool = True, run_id: str = "run-1") -> None:
    """Publish the run as a night does: written beside, then put in place in one step."""
    store.mkdir(exist_ok=True, mode=0o700)
    with replaced(store, store / "runs" / as_of.isoformat()) as folder:
        for name, (rows, schema) in _tables(as_of, drawn).items():
            pq.write_table(pa.Table.from_pylist(rows, schema), folder / f"{name}.parquet")
        grades = {
            "fixmedins_code": [HOSPITAL, PHARMACY], "grade": ["不达标", "优秀"], "points": [41.0, 95.0],
            "arithmetic_zh": ["满分 100 分\n合计 41.0 分", "满分 100 分"],
            "arithmetic_en": ["Out of 100", "Out of 100"],
        }  # fmt: skip
        pd.DataFrame(grades).to_parquet(folder / "portraits.parquet")
        info = {
            "run_id": run_id, "as_of": as_of.isoformat(), "models": {"patient": "patient v1"},
            "random_draw": {"share": 0.05, "capacity": 4, "frame": {}},
        }  # fmt: skip
        (folder / "run.json").write_text(json.dumps(info), encoding="utf-8")


def _tables(as_of: date, drawn: bool) -> dict[str, tuple[list[dict[str, Any]], pa.Schema]]:
    evidence = {
        "subject_type": "patient", "subject_id": FIRST, "scheme": "M10", "mdtrt_id": VISIT,
        "setl_id": SETTLEMENT, "bkkp_sn": "L4208001", "amount": 900.0, "disputed": 400.0,
        "why": "与上次间隔3天", "why_en": "3 days after the last",
    }  # fmt: skip
    hit = dict.fromkeys(RULE_HITS.names) | {
        "jr_id": "j1", "rule_id": "R084", "rule_name": "分解住院", "sev_deg": "高度可疑",
        "subject_type": "patient", "subject_id": SECOND, "psn_no": SECOND, "fixmedins_code": HOSPITAL,
        "mdtrt_id": VISIT, "vola_amt": 120.0, "vola_cont": "出院后3天", "vola_evid": "第三十八条(一)",
        "vola_cont_en": "3 days after discharge",
    }  # fmt: skip
    month = {
        "month": "2024-12", "fixmedins_code": HOSPITAL, "rule_id": "R084", "rule_name": "分解住院",
        "sev_deg": "高度可疑", "visits_in_doubt": 2, "lines": 3, "amount": 900.0,
    }  # fmt: skip
    members = [
        {"group_id": GROUP, "kind": "co_visit", "member_type": kind, "member_id": who, "weight": 0.9}
        for kind, who in (("patient", FIRST), ("patient", SECOND), ("hospital", HOSPITAL))
    ]
    listed = [
        dict.fromkeys(WORKLIST.names)
        | {
            name: row[name]
            for name in ("subject_type", "subject_id", "rank", "score", "amount_at_risk", "scheme")
        }
        | {"place": nth, "status": "new"}
        | ({"last_outcome": "3", "last_closed": CLOSED} if row["subject_id"] == SECOND else {})
        for nth, row in enumerate([row for row in SUSPECTED if row["rank"] < 3][:4], 1)
    ]
    sample = {"subject_type": "patient", "subject_id": DRAWN, "as_of": as_of, "probability": 0.01}
    return {
        "suspects": (SUSPECTED, SUSPECTS),
        "directory": ([place(row) for row in SUSPECTED], DIRECTORY),
        "evidence": ([evidence], EVIDENCE),
        "rule_hits": ([hit], RULE_HITS),
        "group_members": (members, GROUP_MEMBERS),
        "worklist": (listed, WORKLIST),
        "audit_sample": ([sample] if drawn else [], AUDIT_SAMPLE),
        "supervision": ([month, month | {"rule_id": "ALL"}], MONTHLY),
        "dossier_contents": (_contents(as_of), DOSSIERS),
    }


def _contents(as_of: date) -> list[dict[str, Any]]:
    """The dossiers of the first patient and of the drawn."""
    origin = {"run": "run-1", "as_of": as_of.isoformat()}
    record = {
        **GIVEN.supporting_records[1][0], "mdtrt_id": VISIT, "setl_id": SETTLEMENT, "person": FIRST,
        "place": f"{HOSPITAL} {NAME}", "lines": [{"bkkp_sn": "L4208001", "item": "二甲双胍", "amount": 77.0}],
    }  # fmt: skip
    first = replace(
        GIVEN, subject="patient", subject_id=FIRST, name="", rank=1, of=90, strips=[], profile={},
        reasons=[REASON], supporting_records={1: [record]}, evidence=[], origin=origin,
        similar=[GIVEN.similar[0] | {"subject_id": SECOND}],
    )  # fmt: skip
    drawn = replace(first, subject_id=DRAWN, rank=90, random_sample=True, supporting_records={}, similar=[])
    return [
        {"subject_type": "patient", "subject_id": found.subject_id, "content": to_json(found)}
        for found in (first, drawn)
    ]
