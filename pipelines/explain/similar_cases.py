"""Part of the step that explains: past cases that differ from their peers in the same way as a suspect."""

from typing import Any

import numpy as np
import pandas as pd

from pipelines.typed_frames import records

# So many cases are shown.
SIMILAR = 3
# Differences beyond this count as this, so that one extreme measure does not decide alone.
BOUND = 6.0
_LEAST_NORM = 1e-9
# A case less similar than this (an angle of 60 degrees) says nothing of a suspect.
LEAST_LIKENESS = 0.5


class SimilarCases:
    """Cosine similarity between the z-scores of suspects and those of inspected subjects of the same kind.

    Args:
        cases: columns of `insp_case_d`, by subject_id.
        z_scores: subjects × measures, of the suspects and the inspected.
    """

    def __init__(self, cases: pd.DataFrame, z_scores: pd.DataFrame):
        known = cases[cases.index.isin(z_scores.index)].rename_axis("subject_id").reset_index()
        self.ids = known.subject_id.to_numpy(dtype=object)
        self.cases = records(known.assign(close_date=known.close_date.astype(str).str[:10]))
        self.z_scores = z_scores
        self.directions = directions(z_scores.loc[self.ids])

    def of(self, subject_id: str) -> list[dict[str, Any]]:
        """The most similar cases of other subjects: subject_id, likeness (0 to 1), clue_stas, close_date,
        scheme; none below LEAST_LIKENESS."""
        if not len(self.ids):
            return []
        own = directions(self.z_scores.loc[[subject_id]])[0]
        likeness = np.where(self.ids == subject_id, 0.0, self.directions @ own)
        best = np.argsort(-likeness, kind="stable")[:SIMILAR]
        return [
            self.cases[n] | {"likeness": float(likeness[n])} for n in best if likeness[n] >= LEAST_LIKENESS
        ]


def directions(z_scores: pd.DataFrame) -> np.ndarray:
    """Differences as vectors of length 1; missing ones count as none."""
    bounded = np.clip(np.nan_to_num(z_scores.to_numpy(dtype=float)), -BOUND, BOUND)
    lengths = np.linalg.norm(bounded, axis=1, keepdims=True)
    return np.asarray(bounded / np.maximum(lengths, _LEAST_NORM))
