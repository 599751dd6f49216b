"""The step that says what the morning needs: what is new, what is settled, and whom to visit first."""

import heapq
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa

from claims.as_of import CLEARED, CONFIRMED, last_cases
from pipelines.measure import Snapshot

# Kinds of subject that somebody can be sent to.
VISITED = ("hospital", "pharmacy", "prescriber", "patient", "group")
# Worse by a quarter of the places and at least so many counts as risen.
RISEN_SHARE, RISEN_PLACES = 0.25, 5
# Who is not to be visited now, and of whom only conduct after the last case counts.
LEFT_ALONE, JUDGED = ("inspected", "cleared", "confirmed"), ("again", "relapsed")
WORKLIST = pa.schema(
    [
        ("place", pa.int64()), ("subject_type", pa.string()), ("subject_id", pa.string()), ("rank", pa.int64()),
        ("score", pa.float64()), ("amount_at_risk", pa.float64()), ("expected", pa.float64()),
        ("scheme", pa.string()), ("status", pa.string()), ("rank_before", pa.int64()),
        ("last_outcome", pa.string()), ("last_closed", pa.timestamp("us")),
    ]
)  # fmt: skip


def worklist(
    snapshot: Snapshot,
    suspects: pd.DataFrame,
    evidence: pd.DataFrame,
    past_runs: list[Path],
    as_of: date,
    cool_down: int,
) -> pd.DataFrame:
    """The explained suspects with their standing, those to visit first in front.

    Args:
        suspects, evidence: as the contract's tables.
        nights: folders of earlier runs, oldest first.
        cool_down: so many days a cleared subject is left alone unless it did something new.

    Returns:
        Columns of MORNING. ``expected``: score × fund payment (yuan) of the evidence that no subject before it in the
        list has, so that the column adds up; ``place`` is null for who is not to be visited now. ``status``: new,
        risen, known, inspected (a case is open), cleared or confirmed (and left alone), again or relapsed (cleared
        or confirmed before, with conduct since; only that conduct is expected back).
    """
    rows = suspects[suspects.subject_type.isin(VISITED) & (suspects.reasons.str.len() > 0)]
    rows = rows.drop(columns=["reasons", "model_score", "anomaly_score", "rule_score", "graph_score"])
    rows = rows.merge(_before(past_runs), how="left", on=["subject_type", "subject_id"])
    rows = rows.merge(_outcomes(snapshot), how="left", on=["subject_type", "subject_id"])
    later = _since(snapshot, evidence, rows)
    since = later.groupby(["subject_type", "subject_id"], as_index=False).agg(since=("amount", "sum"))
    rows = rows.merge(since, how="left", on=["subject_type", "subject_id"])
    rows["status"] = _status(rows, as_of, cool_down)
    judged = rows.status.isin(JUDGED)
    # What a closed case has judged is not expected back a second time.
    counted = evidence.merge(rows.loc[~judged, ["subject_type", "subject_id"]])
    wanted = rows[~rows.status.isin(LEFT_ALONE)]
    order = _greedy(
        wanted, pd.concat([counted, later.merge(rows.loc[judged, ["subject_type", "subject_id"]])])
    )
    rows = rows.merge(order, how="left", on=["subject_type", "subject_id"])
    return rows.sort_values(["place", "subject_type", "rank"], ignore_index=True)[WORKLIST.names]


def _before(past_runs: list[Path]) -> pd.DataFrame:
    """Ranks on the last night before this one: subject_type, subject_id, rank_before."""
    columns = ["subject_type", "subject_id", "rank"]
    frame = (
        pd.read_parquet(past_runs[-1] / "suspects.parquet", columns=columns)
        if past_runs
        else pd.DataFrame(columns=columns)
    )
    return frame.rename(columns={"rank": "rank_before"}).astype({"rank_before": "Int64"})


def _outcomes(snapshot: Snapshot) -> pd.DataFrame:
    """The last case of each subject: subject_type, subject_id, last_outcome (clue_stas), last_closed."""
    names = {"clue_stas": "last_outcome", "close_date": "last_closed"}
    return last_cases(snapshot.claims)[["subject_type", "subject_id", *names]].rename(columns=names)


def _since(snapshot: Snapshot, evidence: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Evidence of visits begun after the subject's last case closed: subject_type, subject_id, mdtrt_id, amount (yuan)."""
    closed = rows.dropna(subset=["last_closed"])[["subject_type", "subject_id", "last_closed"]]
    mine = evidence[["subject_type", "subject_id", "mdtrt_id", "amount"]].merge(closed)
    facts = snapshot.facts.select("mdtrt_id", "day")
    days = (
        facts.filter(facts.mdtrt_id.isin(list(mine.mdtrt_id))).to_pandas()
        if len(mine)
        else pd.DataFrame(columns=["mdtrt_id", "day"])
    )
    mine = mine.merge(days, on="mdtrt_id")
    later = mine[pd.to_datetime(mine.day) > pd.to_datetime(mine.last_closed)]
    return later.drop(columns=["last_closed", "day"])


def _status(rows: pd.DataFrame, as_of: date, cool_down: int) -> pd.Series:
    recent = pd.to_datetime(rows.last_closed) >= pd.Timestamp(as_of - timedelta(days=cool_down))
    cleared, confirmed = rows.last_outcome.isin(CLEARED), rows.last_outcome.isin(CONFIRMED)
    anew = rows.since.fillna(0) > 0
    climbed = (rows.rank_before - rows["rank"]).astype("Float64")
    risen = (climbed >= RISEN_PLACES) & (climbed >= RISEN_SHARE * rows.rank_before.astype("Float64"))
    status = pd.Series("known", rows.index)
    status[rows.rank_before.isna()] = "new"
    status[risen.fillna(False).astype(bool)] = "risen"
    status[confirmed] = "confirmed"
    status[confirmed & anew] = "relapsed"
    status[cleared & recent] = "cleared"
    status[cleared & anew] = "again"
    status[rows.last_outcome.notna() & ~cleared & ~confirmed] = "inspected"
    return status


def _greedy(rows: pd.DataFrame, evidence: pd.DataFrame) -> pd.DataFrame:
    """Order by expected money, evidence that was counted before counting no more: subject_type, subject_id, place
    (from 1), expected (yuan).

    Greedy cover; what a subject adds can only shrink, so an old figure that still leads is right (Minoux 1978,
    doi 10.1007/BFb0006528).
    """
    keys = ["subject_type", "subject_id"]
    mine = evidence[[*keys, "mdtrt_id", "amount"]].merge(rows[[*keys, "score"]], on=keys)
    money = {
        key: list(zip(part.mdtrt_id, part.score * part.amount, strict=True))
        for key, part in mine.groupby(keys)
    }
    heap = [(-sum(yuan for _visit, yuan in visits), key) for key, visits in money.items()]
    heapq.heapify(heap)
    taken, found = set(), []
    while heap:
        _bound, key = heapq.heappop(heap)
        adds = sum(yuan for visit, yuan in money[key] if visit not in taken)
        if heap and adds < -heap[0][0]:
            heapq.heappush(heap, (-adds, key))
        elif adds > 0:
            taken.update(visit for visit, _yuan in money[key])
            found.append((*key, len(found) + 1, round(adds, 2)))
    return pd.DataFrame(found, columns=[*keys, "place", "expected"]).astype({"place": "Int64"})
