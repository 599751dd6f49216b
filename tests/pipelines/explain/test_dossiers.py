"""What a dossier says of all visits of a subject, whatever the evidence has room for."""

import pandas as pd

from features.measures.catalogue import measures_of
from pipelines.explain.dossiers import counts_beside_reasons, speaks_of


def test_visits_beside_the_reasons_are_counted_of_all_in_dispute():
    """Of a group with 758 disputed visits the evidence has the dearest; all of them count, each once, and
    not what a reason lists."""
    disputed = [("G1", f"v{n}") for n in range(758)] + [("G2", "w0")]
    listed = [("G1", "v0", 1), ("G1", "v1", 2), ("G1", "v2", None), ("G1", "odd", None), ("G2", "w0", 1)]
    evidence = pd.DataFrame(listed, columns=["subject_id", "mdtrt_id", "nth"]).astype({"nth": "Int64"})
    disputes = pd.DataFrame(disputed, columns=["subject_id", "mdtrt_id"])
    # Not v0 and v1, but the visit that is suspicious by itself though nothing of it is in dispute.
    assert counts_beside_reasons(evidence, disputes) == {"G1": 758 - 2 + 1}


def test_only_signs_of_the_named_scheme_speak_in_favour():
    """That a card is never at two places says nothing against invented stays."""
    measures = measures_of("patient")
    twins, moves = measures["twin_stays_365d"][0], measures["two_places_365d"][0]
    assert speaks_of(twins, "patient", "M01") and not speaks_of(moves, "patient", "M01")
    # Who is admitted together is told with the invented stays; of who has no scheme everything counts.
    assert speaks_of(twins, "patient", "M02") and speaks_of(moves, "patient", None)
