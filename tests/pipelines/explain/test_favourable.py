"""What speaks in favour of a subject has to do with what it is accused of."""

from types import SimpleNamespace

import pandas as pd
import pytest

from features.comparison.peers import PercentileRank
from features.measures.catalogue import measures_of
from pipelines.explain.favourable import favourable, speaks_of


def test_only_signs_of_the_named_scheme_speak_in_favour():
    """That a card is never at two places says nothing against invented stays."""
    measures = measures_of("patient")
    twins, moves = measures["twin_stays_365d"][0], measures["two_places_365d"][0]
    assert speaks_of(twins, "patient", "M01") and not speaks_of(moves, "patient", "M01")
    # Who is admitted together is told with the invented stays; of who has no scheme everything counts.
    assert speaks_of(twins, "patient", "M02") and speaks_of(moves, "patient", None)


@pytest.mark.parametrize(
    "scheme, told",
    [
        ("M01", ["STAY.twin_stays_365d"]),
        ("M17", ["CARD_TIMING.two_places_365d"]),
        (None, ["STAY.twin_stays_365d", "CARD_TIMING.two_places_365d"]),
        ("M05", []),  # none of it is about hoarding
        ("M09", []),  # the register is the proof
    ],
)
def test_what_speaks_in_favour_is_what_the_scheme_would_show(scheme, told):
    columns = ["twin_stays_365d", "two_places_365d", "co_visits_365d"]
    measured = SimpleNamespace(
        peers={"anna": "older"},
        values=pd.DataFrame([[0.0, 0.0, 5.0]], ["anna"], columns),
        z_scores=pd.DataFrame([[-4.0, -3.0, 2.0]], ["anna"], columns),
        reference=SimpleNamespace(
            median=pd.DataFrame([[3.0, 3.0, 3.0]], ["older"], columns),
            percentile_rank=lambda *_given: PercentileRank(0.02, 900, False, False),
        ),
    )
    found = favourable(measured, "patient", "anna", scheme, 400)
    assert [reason["code"] for reason in found] == told
