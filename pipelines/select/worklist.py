"""The worklist: which suspects are new, which were inspected before, and whom to visit first."""

import heapq
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa

from claims.as_of import CLEARED, CONFIRMED, last_cases
from pipelines.snapshot import SUBJECT, Snapshot
from pipelines.typed_frames import fetch

# Kinds of subject that somebody can be sent to.
VISITED = ("hospital", "pharmacy", "prescriber", "patient", "group")
# A subject has risen when its rank improved by this share of its rank before and by so many places at least.
RISEN_SHARE, RISEN_PLACES = 0.25, 5
# Statuses of subjects that are not to be visited now, and of those of whom only conduct after the last case
# counts.
LEFT_ALONE, JUDGED = ("inspected", "cleared", "confirmed"), ("again", "relapsed")
WORKLIST = pa.schema(
    [
        ("place", pa.int64()), ("subject_type", pa.string()), ("subject_id", pa.string()),
        ("rank", pa.int64()), ("score", pa.float64()), ("amount_at_risk", pa.float64()),
        ("expected", pa.float64()), ("scheme", pa.string()), ("status", pa.string()),
        ("rank_before", pa.int64()), ("last_outcome", pa.string()), ("last_closed", pa.timestamp("us")),
    ]
)  # fmt: skip
_RANKED = [*SUBJECT, "rank", "score", "amount_at_risk", "scheme"]


def worklist(
    snapshot: Snapshot,
    explained: pd.DataFrame,
    evidence: pd.DataFrame,
    past_runs: list[Path],
    as_of: date,
    cool_down: int,
) -> pd.DataFrame:
    """The explained subjects with their status, those to visit first in front.

    Args:
        explained: the lists down to the explained depth (`pipelines.score.ranked_lists`).
        evidence: `pipelines.score.Scores.evidence`.
        past_runs: folders of earlier runs, oldest first.
        cool_down: so many days a cleared subject is left alone unless it did something new.

    Returns:
        Columns of WORKLIST. ``expected``: score × fund payment (yuan) of the evidence that no subject before
        it in the list has, so that the column adds up; ``place`` is null for who is not to be visited now.
        ``status``: new, risen, known, inspected (a case is open), cleared or confirmed (and left alone),
        again or relapsed (cleared or confirmed before, with conduct since; only that conduct is expected
        back).
    """
    rows = explained.loc[explained.subject_type.isin(VISITED), _RANKED]
    rows = rows.merge(_ranks_before(past_runs), how="left", on=SUBJECT)
    rows = rows.merge(_last_outcomes(snapshot), how="left", on=SUBJECT)
    later = _evidence_since(snapshot, evidence, rows)
    since = later.groupby(SUBJECT, as_index=False).agg(since=("amount", "sum"))
    rows = rows.merge(since, how="left", on=SUBJECT)
    rows["status"] = _status(rows, as_of, cool_down)
    order = _order(rows, evidence, later)
    rows = rows.merge(order, how="left", on=SUBJECT)
    return rows.sort_values(["place", "subject_type", "rank"], ignore_index=True)[list(WORKLIST.names)]


def _ranks_before(past_runs: list[Path]) -> pd.DataFrame:
    """Ranks in the last run before this one: subject_type, subject_id, rank_before."""
    columns = [*SUBJECT, "rank"]
    frame = (
        pd.read_parquet(past_runs[-1] / "suspects.parquet", columns=columns)
        if past_runs
        else pd.DataFrame(columns=columns)
    )
    return frame.rename(columns={"rank": "rank_before"}).astype({"rank_before": "Int64"})


def _last_outcomes(snapshot: Snapshot) -> pd.DataFrame:
    """The last case of each subject: subject_type, subject_id, last_outcome (clue_stas), last_closed."""
    names = {"clue_stas": "last_outcome", "close_date": "last_closed"}
    return last_cases(snapshot.claims)[[*SUBJECT, *names]].rename(columns=names)


def _evidence_since(snapshot: Snapshot, evidence: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Evidence of visits begun after the subject's last case closed: subject_type, subject_id, mdtrt_id,
    amount (yuan)."""
    closed = rows.dropna(subset=["last_closed"])[[*SUBJECT, "last_closed"]]
    mine = evidence[[*SUBJECT, "mdtrt_id", "amount"]].merge(closed)
    days = pd.DataFrame(columns=["mdtrt_id", "day"])
    if len(mine):
        facts = snapshot.facts.select("mdtrt_id", "day")
        days = fetch(facts.filter(facts.mdtrt_id.isin(list(mine.mdtrt_id))))
    mine = mine.merge(days, on="mdtrt_id")
    later = mine[pd.to_datetime(mine.day) > pd.to_datetime(mine.last_closed)]
    return later.drop(columns=["last_closed", "day"])


def _status(rows: pd.DataFrame, as_of: date, cool_down: int) -> pd.Series:
    """The status of each row; what is assigned later takes precedence."""
    recent = pd.to_datetime(rows.last_closed) >= pd.Timestamp(as_of - timedelta(days=cool_down))
    cleared, confirmed = rows.last_outcome.isin(CLEARED), rows.last_outcome.isin(CONFIRMED)
    conduct_since = rows.since.fillna(0) > 0
    status = pd.Series("known", rows.index)
    status[rows.rank_before.isna()] = "new"
    status[_risen(rows)] = "risen"
    status[confirmed] = "confirmed"
    status[confirmed & conduct_since] = "relapsed"
    status[cleared & recent] = "cleared"
    status[cleared & conduct_since] = "again"
    status[rows.last_outcome.notna() & ~cleared & ~confirmed] = "inspected"
    return status


def _risen(rows: pd.DataFrame) -> pd.Series:
    before = rows.rank_before.astype("Float64")
    climbed = before - rows["rank"]
    risen = (climbed >= RISEN_PLACES) & (climbed >= RISEN_SHARE * before)
    return risen.fillna(False).astype(bool)


def _order(rows: pd.DataFrame, evidence: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """Place and expected money of those to visit; evidence that a closed case has judged is not expected back
    again."""
    judged = rows.status.isin(JUDGED)
    open_evidence = evidence.merge(rows.loc[~judged, SUBJECT])
    counted = pd.concat([open_evidence, later.merge(rows.loc[judged, SUBJECT])])
    return greedy_cover(rows[~rows.status.isin(LEFT_ALONE)], counted)


def greedy_cover(rows: pd.DataFrame, evidence: pd.DataFrame) -> pd.DataFrame:
    """Order by expected money, where evidence of a subject placed before counts no more.

    Lazy greedy maximum coverage: the gain of a subject can only shrink, so an outdated gain that still leads
    is right (Minoux 1978, doi 10.1007/BFb0006528).

    Args:
        rows: subject_type, subject_id, score.
        evidence: subject_type, subject_id, mdtrt_id, amount (yuan).

    Returns:
        subject_type, subject_id, place (from 1), expected (yuan); subjects that add nothing are left out.
    """
    mine = evidence[[*SUBJECT, "mdtrt_id", "amount"]].merge(rows[[*SUBJECT, "score"]], on=SUBJECT)
    money: dict[tuple[str, str], list[tuple[str, float]]] = {
        (str(kind), str(subject_id)): list(zip(part.mdtrt_id, part.score * part.amount, strict=True))
        for (kind, subject_id), part in mine.groupby(SUBJECT)
    }
    heap = [(-sum(yuan for _visit, yuan in visits), key) for key, visits in money.items()]
    heapq.heapify(heap)
    covered: set[str] = set()
    found: list[tuple[str, str, int, float]] = []
    while heap:
        _bound, key = heapq.heappop(heap)
        gain = sum(yuan for visit, yuan in money[key] if visit not in covered)
        if heap and gain < -heap[0][0]:
            heapq.heappush(heap, (-gain, key))
        elif gain > 0:
            covered.update(visit for visit, _yuan in money[key])
            found.append((key[0], key[1], len(found) + 1, round(gain, 2)))
    return pd.DataFrame(found, columns=[*SUBJECT, "place", "expected"]).astype({"place": "Int64"})
