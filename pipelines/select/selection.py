"""The step that selects: the worklist of the day, and the audit sample from those who are not on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from pipelines.score import Scores, ranked_lists
from pipelines.select.audit_sample import draw, sampling_frame
from pipelines.select.worklist import worklist
from pipelines.settings import Settings
from pipelines.snapshot import Snapshot
from pipelines.step_log import Figure, logged_step


@dataclass(frozen=True)
class Selection:
    """Whom to visit.

    Attributes:
        worklist: the explained subjects with their status, those to visit first in front (columns of
            WORKLIST).
        sampling_frame: kind of subject → ids from which the audit sample was drawn.
        audit_sample: those drawn at random (columns of AUDIT_SAMPLE).
    """

    worklist: pd.DataFrame
    sampling_frame: dict[str, list[str]]
    audit_sample: pd.DataFrame

    def counts(self) -> Mapping[str, Figure]:
        """Subjects on the worklist with a place, in the sampling frame and in the audit sample."""
        return {
            "worklist": int(self.worklist.place.notna().sum()),
            "sampling_frame": sum(map(len, self.sampling_frame.values())),
            "audit_sample": len(self.audit_sample),
        }


@logged_step("select")
def select(
    snapshot: Snapshot, scores: Scores, past_runs: list[Path], settings: Settings, as_of: date
) -> Selection:
    """Order the worklist and draw the audit sample.

    Args:
        past_runs: folders of earlier runs, oldest first.
    """
    ranked = ranked_lists(scores, settings)
    explained = ranked[ranked["rank"] <= settings.explained_depth]
    listed = worklist(
        snapshot,
        explained,
        scores.disputes,
        past_runs,
        as_of,
        settings.cool_down,
        settings.visit_cost,
    )
    frame = sampling_frame(snapshot, ranked, listed, past_runs, settings, as_of)
    return Selection(listed, frame, draw(frame, settings, as_of))
