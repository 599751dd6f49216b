"""Part of the step that explains: names and grades of institutions."""

import ibis
import pandas as pd

from pipelines.snapshot import Snapshot
from pipelines.typed_frames import fetch_by
from reports import portrait


def institution_names(snapshot: Snapshot) -> pd.Series:
    """Names of all institutions, by code; empty where none is known."""
    names = snapshot.claims["fixmedins_b"].select("fixmedins_code", "fixmedins_name")
    return fetch_by(names, "fixmedins_code")["fixmedins_name"].fillna("")


def name_and_code(names: pd.Series, code: str) -> str:
    """An institution as a page names it; the code alone where no name is known.

    Args:
        names: `institution_names`.
    """
    return f"{names.get(code, '')} {code}".strip()


def portrait_table(snapshot: Snapshot, suspects: pd.DataFrame, disputed: ibis.Table) -> pd.DataFrame:
    """The grade of every hospital and pharmacy (`reports.portrait.portraits`).

    Args:
        disputed: `reports.disputed_visits.disputed_table`.
    """
    kinds = [kind for kind in ("hospital", "pharmacy") if kind in snapshot.subjects]
    peers = pd.concat([snapshot.subjects[kind].peers for kind in kinds])
    findings = portrait.findings_of(snapshot.facts, disputed)
    return portrait.portraits(suspects, findings, portrait.outcomes_of(snapshot.claims["insp_case_d"]), peers)
