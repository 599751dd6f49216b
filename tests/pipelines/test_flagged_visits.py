"""How far a visit is in doubt: by its evidence, its company at the till, and what chance explains."""

import ibis
import pytest

from claims.as_of import OUTPATIENT, PHARMACY
from pipelines.flagged_visits import FLAGGED, STANDS_ALONE, doubt_of

SCHEMA = {
    "evidence": "float64",
    "scheme": "string",
    "kind": "string",
    "co_visitors": "float64",
    "in_ring": "boolean",
    "excess": "float64",
}
# A card swiped at a pharmacy with nine others beyond chance, of little evidence by itself.
SWIPED = {
    "evidence": 1.5,
    "scheme": "M15",
    "kind": PHARMACY,
    "co_visitors": 9.0,
    "in_ring": False,
    "excess": None,
}


def doubt(**change: object) -> float:
    rows = ibis.memtable([SWIPED | change], schema=ibis.schema(SCHEMA))
    return float(rows.select(doubt=doubt_of(rows)).to_pandas()["doubt"].iloc[0])


@pytest.mark.parametrize(
    "change, expected",
    [
        ({}, 1.0),
        ({"co_visitors": 0.0}, 0.0),  # alone
        ({"co_visitors": None}, 0.0),
        ({"in_ring": True}, 0.0),  # oversupplied together: the surplus is in dispute
        ({"in_ring": None}, 1.0),
        ({"kind": OUTPATIENT}, 0.0),  # a market day at the clinic
        ({"scheme": "M26"}, 0.0),
        ({"scheme": None}, 0.0),
    ],
)
def test_a_card_swiped_in_company_beyond_chance_is_in_doubt_at_a_pharmacy_alone(change, expected):
    assert doubt(**change) == expected


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"evidence": FLAGGED - 0.01, "excess": 0.7}, 0.0),
        ({"evidence": FLAGGED, "excess": 0.7}, 0.7),
        ({"evidence": FLAGGED, "excess": None}, 0.0),
        ({"evidence": STANDS_ALONE, "excess": 0.0}, 1.0),
        ({"evidence": FLAGGED, "scheme": "M05"}, 1.0),  # what is at hand adds up
        ({"evidence": FLAGGED - 0.01, "scheme": "M05"}, 0.0),
    ],
)
def test_other_visits_are_in_doubt_by_their_evidence_and_beyond_chance(change, expected):
    assert doubt(**({"scheme": "M01", "co_visitors": 0.0} | change)) == expected
