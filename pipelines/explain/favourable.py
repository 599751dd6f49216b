"""Part of the step that explains: what a subject's measures say in its favour."""

from typing import Any

import pandas as pd

from features.disputed_amounts import ON_RECORD
from features.measures.catalogue import HINT, Measure, measures_of
from pipelines.snapshot import Measured
from reports.reason_texts import Reason, expected_of, measure_reason
from reports.reasons import exceeds_median, is_unusual, telling_first
from reports.scheme_conduct import shown_as

# A difference this far on the honest side of the peers is in a subject's favour; so many are shown.
FAVOURABLE, MOST_FAVOURABLE = -1.0, 3


def favourable(
    measured: Measured, subject: str, subject_id: str, scheme: str | None, days_of_claims: int | None
) -> list[Reason]:
    """The measures farthest on the honest side, one a family: signs of a scheme, for what it would show is
    not there; none where a register or another record is the proof.

    Args:
        subject: kind of subject.
        scheme: the named one, else that with most money in dispute; None where there is neither.
    """
    if scheme in ON_RECORD:
        return []
    measures, peers = measures_of(subject), measured.peers[subject_id]
    z_scores: Any = measured.z_scores.loc[subject_id]
    away = z_scores.dropna().sort_values(kind="stable")
    columns = [c for c in away[away < FAVOURABLE].index if measures[c][0].evidence_weight >= HINT]
    columns = [c for c in columns if speaks_of(measures[c][0], subject, scheme)]
    values: Any = measured.values.loc[subject_id]
    usual: Any = measured.reference.median.loc[peers]
    # What reads as usual among the peers supports nobody.
    columns = [c for c in columns if exceeds_median(measures[c][0], values[c], usual[c], side=-1)]
    families = pd.Series({c: measures[c][0].family for c in columns}, dtype=object)
    found = [
        (
            measures[c][0].direction,
            measure_reason(
                c,
                measures[c],
                values[c],
                usual[c],
                measured.reference.percentile_rank,
                peers,
                float(away[c]),
                expected_of(values, c),
                days_of_claims,
            ),
        )
        for c in families.drop_duplicates().index
    ]
    unusual = [reason for direction, reason in found if is_unusual(reason, -direction)]
    return telling_first(unusual, scheme, measures)[:MOST_FAVOURABLE]


def speaks_of(measure: Measure, subject: str, scheme: str | None) -> bool:
    """Is a measure a sign of a scheme, or of one that is told with it? Every measure where there is none."""
    told = (scheme, *shown_as(subject, scheme))
    return scheme is None or not set(told).isdisjoint(measure.schemes)
