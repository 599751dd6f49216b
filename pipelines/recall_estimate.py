"""The step that says what the list misses, from those whom past nights drew at random (`pipelines.select.audit_sample`)."""

import json
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from claims.as_of import CLEARED, CONFIRMED, ClaimsAsOf
from models.evaluation import MIN_INSPECTED
from models.sampling_estimators import CONFIDENCE, list_recall, share
from pipelines.select.audit_sample import KEYS
from pipelines.select.worklist import VISITED

# Where fewer of those drawn came to an outcome, somebody chose among them, and they stand for nobody.
LEAST_ANSWERED = 0.5
RECALL_ESTIMATE = [
    "subject_type", "nights", "random_sample", "decided", "confirmed", "share", "share_low", "share_high", "recall",
    "recall_low", "recall_high",
]  # fmt: skip


def recall_estimate(past_runs: list[Path], closed: pd.DataFrame, as_of: date, window: int) -> pd.DataFrame:
    """What share of the guilty the list reaches, by kind of subject.

    A listed subject is one of the first of its night's `worklist`, as many as could be visited. Of the others some were
    drawn; each stands for one over its probability. Nights younger than a window are left out, for outcomes that
    come early may differ from those that come late.

    Args:
        nights: folders of earlier runs.
        closed: decided cases known on the night, as `closed_cases` gives them.
        window: days within which outcomes usually become known.

    Returns:
        Columns of RECALL_ESTIMATE, a row for each kind that could have been drawn on a night that drew: ``share`` of guilty
        among those not listed and not yet known, ``recall`` of the list on an average night, each with the ends of its
        interval; missing while too few of the drawn were decided.
    """
    last = (as_of - timedelta(days=window)).isoformat()
    told = {folder: _random_draw(folder) for folder in past_runs if folder.name <= last}
    told = {folder: lot for folder, lot in told.items() if lot.get("share")}
    if not told:
        return pd.DataFrame(columns=RECALL_ESTIMATE)
    random_sample = _decided(
        pd.concat([_read(folder, "audit_sample", "probability") for folder in told]), closed
    )
    listed = [_read(folder, "worklist", "place") for folder in told]
    places = [lot["capacity"] for lot in told.values()]
    first = [rows[rows.place <= most] for rows, most in zip(listed, places, strict=True)]
    listed = _decided(pd.concat(first), closed)
    frames = pd.DataFrame([lot["frame"] for lot in told.values()])
    rows = [
        _row(
            kind,
            frames[kind].dropna(),
            *(rows[rows.subject_type == kind] for rows in (random_sample, listed)),
        )
        for kind in VISITED
        if kind in frames
    ]
    return pd.DataFrame(rows, columns=RECALL_ESTIMATE)


def closed_cases(claims: ClaimsAsOf) -> pd.DataFrame:
    """Every decided case: subject_type, subject_id, close_date, guilty (1 confirmed or partly, 0 cleared); oldest
    first."""
    cases = claims["insp_case_d"]
    cases = cases.filter(cases.clue_stas.isin(CONFIRMED + CLEARED)).order_by("close_date", "case_id")
    rows = cases.select(*KEYS, "close_date", "clue_stas").to_pandas()
    return rows.assign(guilty=rows.clue_stas.isin(CONFIRMED).astype(int)).drop(columns="clue_stas")


def _random_draw(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text(encoding="utf-8")).get("random_draw", {})


def _read(folder: Path, table: str, column: str) -> pd.DataFrame:
    rows = pd.read_parquet(folder / f"{table}.parquet", columns=[*KEYS, column])
    return rows.assign(snapshot=pd.Timestamp(folder.name))


def _decided(rows: pd.DataFrame, closed: pd.DataFrame) -> pd.DataFrame:
    """Subjects of a night with ``guilty`` of their first outcome since; missing where there is none."""
    rows = rows.reset_index(drop=True).rename_axis("row").reset_index()
    later = rows[["row", *KEYS, "night"]].merge(closed, on=KEYS)
    later = later[pd.to_datetime(later.close_date) >= later.snapshot].drop_duplicates("row")
    return rows.merge(later[["row", "guilty"]], how="left", on="row")


def _row(kind: str, frame: pd.Series, random_sample: pd.DataFrame, listed: pd.DataFrame) -> tuple:
    known = random_sample[random_sample.guilty.notna()]
    counts = kind, len(frame), len(random_sample), len(known), int(known.guilty.sum())
    if len(known) < MIN_INSPECTED or len(known) < LEAST_ANSWERED * len(random_sample):
        return *counts, *6 * [float("nan")]
    target, weight = known.guilty.to_numpy(), 1 / known.probability.to_numpy()
    found = share(target, weight)
    # Two intervals make that of the recall: each has half of the risk.
    wider = share(target, weight, 1 - (1 - CONFIDENCE) / 2)
    nights = listed[listed.guilty.notna()].groupby("subject_id").agg(
        guilty=("guilty", "last"), nights=("night", "nunique")
    )  # fmt: skip
    recall = list_recall(
        *(nights.nights[nights.guilty == outcome].to_numpy() for outcome in (1, 0)),
        int(listed.guilty.isna().sum()),
        tuple(float(frame.sum()) * part for part in wider),
    )
    return *counts, *found, *recall
