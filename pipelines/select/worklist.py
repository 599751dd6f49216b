"""The worklist: which suspects are new, which were inspected before, whom to visit first, and why not the
others."""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa

from claims.as_of import CLEARED, CONFIRMED, institutions_closed, judged_visits, last_cases
from features.disputed_amounts import OF_PROVIDERS
from pipelines.select.coverage import greedy_cover
from pipelines.snapshot import SUBJECT, Snapshot

# Kinds of subject that somebody can be sent to.
VISITED = ("hospital", "pharmacy", "prescriber", "patient", "group")
# A score is a calibrated probability, of each kind by its own outcomes: below this it is more likely than not
# that a visit would be in vain.
FLOOR = 0.5
# A subject has risen when its rank improved by this share of its rank before and by so many places at least.
RISEN_SHARE, RISEN_PLACES = 0.25, 5
# Statuses of subjects that are not to be visited now, and of those of whom only conduct after the last case
# counts.
LEFT_ALONE, JUDGED = ("inspected", "cleared", "confirmed"), ("again", "relapsed")
WORKLIST = pa.schema(
    [
        ("place", pa.int64()), ("subject_type", pa.string()), ("subject_id", pa.string()),
        ("rank", pa.int64()), ("score", pa.float64()), ("amount_at_risk", pa.float64()),
        ("disputed", pa.float64()), ("expected", pa.float64()), ("scheme", pa.string()),
        ("status", pa.string()), ("rank_before", pa.int64()), ("last_outcome", pa.string()),
        ("last_closed", pa.timestamp("us")), ("why_not", pa.string()), ("covered_type", pa.string()),
        ("covered_id", pa.string()), ("until", pa.date32()),
    ]
)  # fmt: skip
# subject_type, subject_id → mdtrt_id of the disputed visits that a decided case has judged.
Judged = dict[tuple[str, str], frozenset[str]]
_RANKED = [*SUBJECT, "rank", "score", "amount_at_risk", "scheme", "explained_by"]


def worklist(
    snapshot: Snapshot,
    explained: pd.DataFrame,
    disputes: pd.DataFrame,
    past_runs: list[Path],
    as_of: date,
    cool_down: int,
    cost: float = 0.0,
) -> pd.DataFrame:
    """The explained subjects with their status, those to visit first in front.

    Args:
        explained: the lists down to the explained depth (`pipelines.score.ranked_lists`).
        disputes: `pipelines.score.Scores.disputes`.
        past_runs: folders of earlier runs, oldest first.
        cool_down: so many days a cleared subject is left alone unless it did something new.
        cost: of a visit, in yuan; nobody is sent where less is expected back.

    Returns:
        Columns of WORKLIST. ``disputed``: yuan in dispute that no closed case has judged; ``expected``: score
        × what of it is not seen with a subject before in the list, so that no yuan counts twice; ``place`` is
        null for who is not to be visited now, and ``why_not`` says why: a status of LEFT_ALONE (``until`` the
        end of its cool-down), ``below`` (the floor), ``nothing`` (in dispute), ``little`` (less expected back
        than the visit costs), ``explained``
        (by the conduct of ``covered_type`` and ``covered_id``, which reaches the floor itself) or ``covered``
        (by them, who have a place). ``status``: new, risen, known, inspected (a case is open), cleared or
        confirmed (and left alone), again or relapsed (cleared or confirmed before, with conduct since).
    """
    rows = explained.loc[explained.subject_type.isin(VISITED), _RANKED]
    rows = rows.merge(_ranks_before(past_runs), how="left", on=SUBJECT)
    cases = last_cases(snapshot.claims)
    rows = rows.merge(_last_outcomes(cases), how="left", on=SUBJECT)
    open_disputes = unjudged(disputes, last_cases(snapshot.claims, decided=True))
    later = disputes_since(open_disputes, rows)
    rows = rows.merge(_sums(later, "since"), how="left", on=SUBJECT)
    rows["status"] = _status(rows, as_of, cool_down)
    judged = rows.status.isin(JUDGED)
    counted = pd.concat(
        [open_disputes.merge(rows.loc[~judged, SUBJECT]), later.merge(rows.loc[judged, SUBJECT])]
    )
    rows = rows.merge(_sums(counted, "disputed"), how="left", on=SUBJECT)
    rows["why_not"] = _why_not(rows, cost)
    order = greedy_cover(rows[rows.why_not.isna()], counted, disputes, cost)
    rows = rows.merge(order, how="left", on=SUBJECT)
    rows.loc[rows.why_not.isna() & rows.place.isna(), "why_not"] = "covered"
    folded = rows.why_not == "explained"
    rows.loc[folded, "covered_id"] = rows.explained_by[folded]
    rows.loc[folded, "covered_type"] = rows.explained_by[folded].map(_kinds(explained))
    rows["until"] = _until(rows, cool_down)
    # Of whoever has no place those with most money first, whatever they are.
    order = rows.assign(least=-rows.disputed.fillna(0.0)).sort_values(
        ["place", "least", "subject_type", "rank"]
    )
    return order[list(WORKLIST.names)].reset_index(drop=True)


def _kinds(explained: pd.DataFrame) -> dict[str, str]:
    """Kind of each institution, by its id."""
    rows = explained[explained.subject_type.isin(["hospital", "pharmacy"])]
    return dict(zip(rows.subject_id, rows.subject_type, strict=True))


def _sums(disputes: pd.DataFrame, name: str) -> pd.DataFrame:
    """Yuan in dispute by subject."""
    return disputes.groupby(SUBJECT, as_index=False).agg(**{name: ("disputed", "sum")}).round({name: 2})


def unjudged(disputes: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """Disputed visits that no decided case has judged: neither one of their own nor one of the institution
    that billed them, which judges what its doctors signed and what is no deed of the patient
    (`features.disputed_amounts.OF_PROVIDERS`), and, where it was confirmed, what groups did there: that money
    is demanded back from the institution. A clearing of the institution says nothing of a group.

    Args:
        disputes: `pipelines.score.Scores.disputes`.
        cases: of `claims.as_of.last_cases`, decided.
    """
    return disputes[~_judged(disputes, cases)]


def judged_of(disputes: pd.DataFrame, cases: pd.DataFrame) -> Judged:
    """The disputed visits of each subject that a decided case has judged, its own too, also while another
    case is open (arguments as of `unjudged`)."""
    closed = cases.set_index(SUBJECT).close_date.reindex(pd.MultiIndex.from_frame(disputes[SUBJECT]))
    own = pd.to_datetime(disputes.day) <= pd.to_datetime(closed).to_numpy()
    visits = disputes[own | _judged(disputes, cases)].groupby(SUBJECT).mdtrt_id
    return {(str(kind), str(one)): frozenset(ids) for (kind, one), ids in visits}


def still_open(disputes: pd.DataFrame, judged: Judged) -> pd.DataFrame:
    """Disputed visits that no case has judged.

    Args:
        judged: `judged_of`.
    """
    keys = zip(disputes.subject_type, disputes.subject_id, disputes.mdtrt_id, strict=True)
    return disputes[[visit not in judged.get((kind, one), ()) for kind, one, visit in keys]]


def _judged(disputes: pd.DataFrame, cases: pd.DataFrame) -> "pd.Series[bool]":
    """Which disputed visits a case of their own or of their institution has judged."""
    kind, day = disputes.subject_type, pd.to_datetime(disputes.day)
    closed, confirmed = (
        institutions_closed(cases, outcomes).reindex(disputes.fixmedins_code).to_numpy()
        for outcomes in (CONFIRMED + CLEARED, CONFIRMED)
    )
    of_provider = (kind == "prescriber") | ((kind == "patient") & disputes.scheme.isin(OF_PROVIDERS))
    settled = ((day <= closed) & of_provider) | ((day <= confirmed) & (kind == "group"))
    judged: pd.Series[bool] = settled | disputes.mdtrt_id.isin(judged_visits(cases).index)
    return judged


def _ranks_before(past_runs: list[Path]) -> pd.DataFrame:
    """Ranks in the last run before this one: subject_type, subject_id, rank_before."""
    columns = [*SUBJECT, "rank"]
    frame = (
        pd.read_parquet(past_runs[-1] / "suspects.parquet", columns=columns)
        if past_runs
        else pd.DataFrame(columns=columns)
    )
    return frame.rename(columns={"rank": "rank_before"}).astype({"rank_before": "Int64"})


def _last_outcomes(cases: pd.DataFrame) -> pd.DataFrame:
    """The last case of each subject: subject_type, subject_id, last_outcome (clue_stas), last_closed."""
    names = {"clue_stas": "last_outcome", "close_date": "last_closed"}
    return cases[[*SUBJECT, *names]].rename(columns=names)


def disputes_since(disputes: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """The disputed visits begun after the subject's last case closed.

    Args:
        disputes: subject_type, subject_id, day of each visit.
        cases: subject_type, subject_id, last_closed; missing where there is no case.
    """
    closed = cases.dropna(subset=["last_closed"])[[*SUBJECT, "last_closed"]]
    mine = disputes.merge(closed, on=SUBJECT)
    return mine[pd.to_datetime(mine.day) > pd.to_datetime(mine.last_closed)].drop(columns="last_closed")


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


def _why_not(rows: pd.DataFrame, cost: float) -> pd.Series:
    """Why a subject gets no place whatever the others do; missing where it may get one."""
    why = pd.Series(None, rows.index, dtype=object)
    why[rows.score * rows.disputed.fillna(0.0) < cost] = "little"
    why[rows.disputed.fillna(0.0) <= 0] = "nothing"
    suspected = rows.subject_id[rows.score >= FLOOR]
    why[rows.explained_by.isin(suspected)] = "explained"
    why[rows.score < FLOOR] = "below"
    left_alone = rows.status.isin(LEFT_ALONE)
    why[left_alone] = rows.status[left_alone]
    return why


def _until(rows: pd.DataFrame, cool_down: int) -> pd.Series:
    """The last day on which a cleared subject is left alone."""
    ends = (pd.to_datetime(rows.last_closed) + timedelta(days=cool_down)).dt.date
    return ends.where(rows.why_not == "cleared", None)
