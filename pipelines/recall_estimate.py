"""What share of the guilty the worklist reaches, estimated from the audit samples of past runs
(Horvitz-Thompson)."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from claims.as_of import CLEARED, CONFIRMED, ClaimsAsOf
from models.evaluation import MIN_INSPECTED
from models.sampling_estimators import CONFIDENCE, list_recall, share
from pipelines.select.worklist import VISITED
from pipelines.snapshot import SUBJECT
from pipelines.typed_frames import fetch

# Where fewer of the sample were decided, somebody chose among them, and the decided are no random sample any
# more.
LEAST_ANSWERED = 0.5
RECALL_ESTIMATE = [
    "subject_type", "runs", "sampled", "decided", "confirmed", "share", "share_low", "share_high", "recall",
    "recall_low", "recall_high",
]  # fmt: skip
_MISSING = float("nan")


def recall_estimate(past_runs: list[Path], closed: pd.DataFrame, as_of: date, window: int) -> pd.DataFrame:
    """What share of the guilty the worklist reaches, by kind of subject.

    A listed subject is one of the first of its run's worklist, as many as could be visited. Of the others
    some were drawn at random; each stands for one over its inclusion probability. Runs younger than a window
    are left out, because outcomes that come early may differ from those that come late.

    Args:
        past_runs: folders of earlier runs.
        closed: decided cases known by now, as `closed_cases` gives them.
        window: days within which outcomes usually become known.

    Returns:
        Columns of RECALL_ESTIMATE, a row for each kind that was in the sampling frame of a run: ``share`` of
        guilty among those neither listed nor known already, ``recall`` of the list in an average run, each
        with the ends of its interval; missing while too few of the sample were decided.
    """
    last = (as_of - timedelta(days=window)).isoformat()
    draws = {folder: _random_draw(folder) for folder in past_runs if folder.name <= last}
    draws = {folder: draw for folder, draw in draws.items() if draw.get("share")}
    if not draws:
        return pd.DataFrame(columns=RECALL_ESTIMATE)
    sampled = pd.concat([_read(folder, "audit_sample", "probability") for folder in draws])
    listed = pd.concat([_listed(folder, draw["capacity"]) for folder, draw in draws.items()])
    frames = pd.DataFrame([draw["frame"] for draw in draws.values()])
    tables = [_with_outcome(rows, closed) for rows in (sampled, listed)]
    rows = [
        _row(kind, frames[kind].dropna(), *(table[table.subject_type == kind] for table in tables))
        for kind in VISITED
        if kind in frames
    ]
    return pd.DataFrame(rows, columns=RECALL_ESTIMATE)


def closed_cases(claims: ClaimsAsOf) -> pd.DataFrame:
    """Every decided case: subject_type, subject_id, close_date, guilty (1 confirmed or partly, 0 cleared);
    oldest first."""
    cases = claims["insp_case_d"]
    cases = cases.filter(cases.clue_stas.isin(CONFIRMED + CLEARED)).order_by("close_date", "case_id")
    rows = fetch(cases.select(*SUBJECT, "close_date", "clue_stas"))
    return rows.assign(guilty=rows.clue_stas.isin(CONFIRMED).astype(int)).drop(columns="clue_stas")


def _random_draw(folder: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return summary.get("random_draw") or {}


def _read(folder: Path, table: str, column: str) -> pd.DataFrame:
    rows = pd.read_parquet(folder / f"{table}.parquet", columns=[*SUBJECT, column])
    return rows.assign(as_of=pd.Timestamp(folder.name))


def _listed(folder: Path, capacity: int) -> pd.DataFrame:
    rows = _read(folder, "worklist", "place")
    return rows[rows.place <= capacity]


def _with_outcome(rows: pd.DataFrame, closed: pd.DataFrame) -> pd.DataFrame:
    """Subjects of a run with ``guilty`` of their first outcome since; missing where there is none."""
    rows = rows.reset_index(drop=True).rename_axis("row").reset_index()
    later = rows[["row", *SUBJECT, "as_of"]].merge(closed, on=SUBJECT)
    later = later[pd.to_datetime(later.close_date) >= later.as_of].drop_duplicates("row")
    return rows.merge(later[["row", "guilty"]], how="left", on="row")


def _row(kind: str, frame: pd.Series, sampled: pd.DataFrame, listed: pd.DataFrame) -> tuple[Any, ...]:
    decided = sampled[sampled.guilty.notna()]
    counts = kind, len(frame), len(sampled), len(decided), int(decided.guilty.sum())
    if len(decided) < MIN_INSPECTED or len(decided) < LEAST_ANSWERED * len(sampled):
        return *counts, *6 * [_MISSING]
    target, weight = decided.guilty.to_numpy(), 1 / decided.probability.to_numpy()
    # Two intervals make that of the recall: each has half of the risk.
    wider = share(target, weight, 1 - (1 - CONFIDENCE) / 2)
    by_subject = listed[listed.guilty.notna()].groupby("subject_id")
    outcomes = by_subject.agg(guilty=("guilty", "last"), runs=("as_of", "nunique"))
    confirmed, cleared = (outcomes.runs[outcomes.guilty == guilty].to_numpy() for guilty in (1, 0))
    size = float(frame.sum())
    unlisted = size * wider[0], size * wider[1], size * wider[2]
    recall = list_recall(confirmed, cleared, int(listed.guilty.isna().sum()), unlisted)
    return *counts, *share(target, weight), *recall
