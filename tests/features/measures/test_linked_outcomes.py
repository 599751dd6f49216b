"""Shares of visits that had to do with somebody confirmed before one's own outcome was known."""

import pytest

from features.measures.catalogue import CATALOGUE, CONTEXT
from tests.features.measures.tables import taken

# Subject → (its own end of the visit, another end).
ENDS = {
    "patient": ("patient", "place"), "prescriber": ("doctor", "patient"), "pharmacy": ("place", "linked"),
    "hospital": ("place", "visit"), "visit": ("visit", "doctor"),
}  # fmt: skip


@pytest.mark.parametrize("subject", ENDS)
@pytest.mark.parametrize(
    "confirmed,own,expected", [(0, 0, 0), (7, 0, 1), (7, 8, 1), (7, 7, 0), (8, 7, 0), (0, 7, 0)]
)
def test_only_what_was_known_before_ones_own_outcome_counts(subject, confirmed, own, expected):
    end, other = ENDS[subject]
    name = f"{other}_confirmed" if subject == "visit" else f"{other}_confirmed_share"
    row = {f"confirmed_{other}": float(confirmed), f"closed_{end}": float(own)}
    assert taken(subject, name, row) == expected


def test_a_share_is_of_all_visits_of_the_year():
    rows = [{"confirmed_place": time, "closed_patient": 0.0} for time in (5.0, 0.0, 0.0, 9.0)]
    assert taken("patient", "place_confirmed_share", *rows) == 0.5
    assert taken("patient", "place_confirmed_share", *rows, rows[0] | {"days_ago": 366.0}) == 0.5


def test_a_group_has_no_outcome_of_its_own():
    assert taken("group", "doctor_confirmed_share", {"confirmed_doctor": 3.0}) == 1


def test_outcomes_of_others_are_no_evidence_by_themselves():
    entries = [entry for entry in CATALOGUE.values() if entry.family == "outcomes"]
    assert len(entries) == 23 and {entry.evidence_weight for entry in entries} == {CONTEXT}
    # Nobody's own outcome counts.
    own = {
        "patient": "patient",
        "prescriber": "doctor",
        "pharmacy": "place",
        "hospital": "place",
        "visit": "visit",
    }
    assert not {(kind, f"{end}_confirmed_share") for kind, end in own.items()} & set(CATALOGUE)
    assert ("visit", "visit_confirmed") not in CATALOGUE
