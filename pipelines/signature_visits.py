"""Part of the step that scores: the visits that a subject's named scheme is seen in, and how far they are
beyond what the subject's peers lead one to expect.

A doctor whose stays are copies of each other is named for their share, though no stay stands out alone where
many are so. What of that share is beyond the peers' is in dispute.
"""

from typing import Any

import ibis
import pandas as pd

from features.comparison.affiliation import PLACES
from features.disputed_amounts import signature_excess
from features.measures.catalogue import HIGH, expected_column, measures_of
from features.measures.signatures import signature_schemes
from features.visit_attribution import contributing_visits
from models.anomaly import neg_log10_two_sided_p
from models.scheme_naming import MIN_NEG_LOG10_P
from pipelines.snapshot import Measured, Snapshot

# Kinds of subject whose conduct is a share of many visits of other people.
KINDS = ("hospital", *PLACES)


def signature_visits(snapshot: Snapshot, subject: str, schemes: pd.Series) -> ibis.Table | None:
    """The visits that make up the signatures that some subjects are named for.

    Args:
        schemes: the named scheme by subject_id, missing where none is.

    Returns:
        subject_id, mdtrt_id, excess_share (how much of the visit is beyond what the peers lead one to
        expect, 0 to 1); None where no subject has any.
    """
    named = schemes.dropna()
    if subject not in KINDS or named.empty:
        return None
    excess = excess_of_signatures(snapshot.subjects[subject], subject, named)
    if excess.empty:
        return None
    con = snapshot.claims.con
    schema = ibis.schema({"subject_id": "string", "excess": "float64"})
    shares = con.create_table(
        f"excess_of_{subject}",
        ibis.memtable(excess[["subject_id", "excess"]], schema=schema),
        overwrite=True,
    )
    rows = contributing_visits(con, excess, subject).inner_join(shares, "subject_id")
    found = rows.select("subject_id", "mdtrt_id", excess_share=rows.visit_value.clip(0.0, 1.0) * rows.excess)
    return con.create_table(f"signature_visits_of_{subject}", found, overwrite=True)


def excess_of_signatures(measured: Measured, subject: str, named: pd.Series) -> pd.DataFrame:
    """Of each named subject the share of visits that is its scheme's most significant signature: subject_id,
    column, excess (0 to 1; none of those without excess)."""
    parts = [
        _excess(measured, subject, _share_columns(subject, str(scheme)), pd.Index(ids))
        for scheme, ids in named.groupby(named).groups.items()
    ]
    found = pd.concat([pd.DataFrame({"subject_id": [], "column": [], "excess": []}), *parts])
    return found[found.excess > 0].reset_index(drop=True)


def _share_columns(subject: str, scheme: str) -> list[str]:
    """Signatures of a scheme that are a share of the subject's visits."""
    return [
        column
        for column, (entry, _days) in measures_of(subject).items()
        if scheme in signature_schemes(subject, entry.name)
        and (entry.statistic, entry.unit, entry.direction) == ("proportion", "share", HIGH)
    ]


def _excess(measured: Measured, subject: str, columns: list[str], ids: pd.Index) -> pd.DataFrame:
    strength = neg_log10_two_sided_p(measured.z_scores.loc[ids, columns])
    strength = strength[strength.ge(MIN_NEG_LOG10_P).any(axis=1)]
    rows = [
        (subject_id, column, *_compared(measured, subject, str(subject_id), str(column)))
        for subject_id, column in strength.idxmax(axis=1).items()
    ]
    frame = pd.DataFrame(rows, columns=["subject_id", "column", "observed", "expected", "n"])
    excess = signature_excess(frame.observed, frame.expected, frame.n)
    return frame[["subject_id", "column"]].assign(excess=excess)


def _compared(measured: Measured, subject: str, subject_id: str, column: str) -> tuple[Any, ...]:
    """A share, what the subject's mix of cases or its peers lead one to expect, and of how many rows."""
    entry, days = measures_of(subject)[column]
    values, usual = measured.values.loc[subject_id], measured.reference.median
    expected = (
        values[expected_column(column)] if entry.case_mix else usual.at[measured.peers[subject_id], column]
    )
    # Every proportion counts its rows.
    return values[column], expected, values[entry.support_column(days) or column]
