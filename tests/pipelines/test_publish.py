"""What `run.json` says and how a table is written; the pages are tested with the run of a city."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date

import pandas as pd
import pytest

from claims.store import Report
from pipelines.ingest import Load
from pipelines.publish.result_tables import DIGITS, digest
from pipelines.publish.run_folder import Published, RunInfo
from pipelines.publish.run_summary import run_summary, write_summary
from pipelines.score import Scored, Scores
from pipelines.select.selection import Selection
from pipelines.settings import Settings

AS_OF = date(2025, 1, 1)
COUNTS = {"in": 3, "kept": 2, "quarantined": 1, "set_aside": 0, "identical": 0}
REPORT = Report({"setl_d": COUNTS}, {"no key: setl_d.setl_id": 1}, {"setl_d": ["colour"], "mdtrt_d": []})


@dataclass
class Claims:
    """Which tables there are."""

    tables: dict
    present: frozenset


@dataclass
class Rules:
    """What became of the rules."""

    run: list
    skipped: dict
    failed: dict


@dataclass
class Snapshot:
    """As much of a snapshot as the summary looks at."""

    claims: Claims
    rules: Rules


SNAPSHOT = Snapshot(
    Claims({"setl_d": 0, "rx_d": 0, "dr_info_b": 0}, frozenset({"setl_d"})),
    Rules(["R001"], {"R101": "no table psn_sign_d"}, {"R002": "KeyError"}),
)


def scores(**counts: int) -> Scores:
    kinds = {
        kind: Scored(None, f"fundguard-{kind}/2", pd.DataFrame(), pd.DataFrame(index=range(count)), "")
        for kind, count in counts.items()
    }
    return Scores(kinds, pd.DataFrame(), pd.DataFrame())


SELECTION = Selection(pd.DataFrame({"place": [1, 2, None]}), {"patient": ["p1", "p2"]}, pd.DataFrame())


def test_the_summary_says_what_the_run_was_made_from_and_how_far_it_reaches():
    settings = Settings(explained_depth=500, visit_list_depth=700, capacity=7, random_share=0.05)
    found = run_summary(SNAPSHOT, scores(visit=900, patient=20), SELECTION, settings, AS_OF, REPORT)
    assert found == {
        "as_of": "2025-01-01",
        "tables": {"setl_d": COUNTS},
        "quarantine": {"no key: setl_d.setl_id": 1},
        "extra_columns": {"setl_d": ["colour"]},
        "models": {
            "visit": "fundguard-visit/2",
            "patient": "fundguard-patient/2",
            "prescriber": None,
            "pharmacy": None,
            "hospital": None,
            "group": None,
        },
        "checks_run": ["R001"],
        "checks_skipped": {"R101": "no table psn_sign_d"},
        "checks_failed": {"R002": "KeyError"},
        "explained_depth": {"visit": 500, "patient": 20},
        "list_depth": {"visit": 700},
        "random_draw": {"share": 0.05, "capacity": 7, "frame": {"patient": 2}},
        "tables_absent": ["dr_info_b", "rx_d"],
    }


def test_seconds_are_written_to_the_hundredth_and_the_run_id_first(tmp_path):
    write_summary(tmp_path, "run-1", {"as_of": "2025-01-01"}, {"measure": 1.23456, "publish": 2})
    found = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert list(found) == ["run_id", "as_of", "seconds"]
    assert found["seconds"] == {"measure": 1.23, "publish": 2}


def test_every_page_states_run_date_and_generation():
    info = RunInfo("run-1", AS_OF, Load(REPORT, "claims-000003"), {})
    assert info.origin == {"run": "run-1", "as_of": "2025-01-01", "claims": "claims-000003"}
    assert info.load.counts() == COUNTS


@pytest.mark.parametrize("content", [b"", b"one", b"one more"])
def test_a_digest_is_the_head_of_the_sha_256(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    assert digest(tmp_path / "file") == hashlib.sha256(content).hexdigest()[:12] and DIGITS == 12


def test_what_the_log_says_of_selection_and_run(tmp_path):
    assert SELECTION.counts() == {"worklist": 2, "sampling_frame": 2, "audit_sample": 0}
    published = Published(tmp_path, {"suspects": "0a1b"}, {"R002": "KeyError"})
    assert published.counts() == {"suspects": "0a1b", "rules_failed": 1}
