"""What a dossier says of all visits of a subject, whatever the evidence has room for."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from features.measures.catalogue import expected_column
from pipelines.explain.dossiers import _Kind, counts_beside_reasons


def test_visits_beside_the_reasons_are_counted_of_all_in_dispute():
    """Of a group with 758 disputed visits the evidence has the dearest; all of them count, each once, and
    not what a reason lists."""
    disputed = [("G1", f"v{n}") for n in range(758)] + [("G2", "w0")]
    listed = [("G1", "v0", 1), ("G1", "v1", 2), ("G1", "v2", None), ("G1", "odd", None), ("G2", "w0", 1)]
    evidence = pd.DataFrame(listed, columns=["subject_id", "mdtrt_id", "nth"]).astype({"nth": "Int64"})
    disputes = pd.DataFrame(disputed, columns=["subject_id", "mdtrt_id"])
    # Not v0 and v1, but the visit that is suspicious by itself though nothing of it is in dispute.
    assert counts_beside_reasons(evidence, disputes) == {"G1": 758 - 2 + 1}


@pytest.mark.parametrize("expected, drawn", [(None, ["exam_share", "cash_share"]), (0.5, ["cash_share"])])
def test_no_strip_shows_a_place_among_peers_who_are_not_what_a_reason_compares_with(expected, drawn):
    """Within the middle half of the peers, but far from what the subject's own mix explains."""
    columns = ["exam_share_365d", "cash_share_365d"]
    kind = object.__new__(_Kind)
    kind.subject, kind.days_of_claims = "hospital", 400
    keys = [("level2", column) for column in columns]
    kind.measured = SimpleNamespace(
        values=pd.DataFrame([{expected_column("exam_share_365d"): expected}], ["H1"], dtype=float),
        reference=SimpleNamespace(
            quantiles=dict.fromkeys(keys, np.linspace(0, 1, 401)), known=dict.fromkeys(keys, 30)
        ),
    )
    reasons = [{"code": f"X.{column}", "value": 0.61, "peer_median": 0.6} for column in columns]
    assert [strip.measure[0].name for strip in kind._strips("H1", reasons, "level2")] == drawn
