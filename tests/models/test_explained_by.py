"""Whose conduct is that of the place: boundaries of the evidence and of the share that remains."""

import numpy as np
import pandas as pd
import pytest

from models.explained_by import MIN_EVIDENCE, OWN_SHARE, explained_by


def of_one(against_peers: float, own: float, place: object = "H1") -> object:
    """The place that explains one subject; None where none does."""
    frames = (pd.Series([value], ["ada"]) for value in (against_peers, own, place))
    (found,) = explained_by(*frames)
    return None if pd.isna(found) else found


def test_half_of_strong_evidence_is_ones_own():
    assert of_one(8.0, 3.9) == "H1" and of_one(8.0, 4.0) is None
    assert OWN_SHARE == 0.5 and MIN_EVIDENCE == 4.0


@pytest.mark.parametrize("against_peers, found", [(4.0, "H1"), (3.99, None), (0.0, None)])
def test_weak_evidence_needs_no_explanation(against_peers, found):
    assert of_one(against_peers, 0.0) == found


def test_who_belongs_nowhere_is_explained_by_nobody():
    assert of_one(9.0, 0.0, None) is None and of_one(9.0, 0.0, np.nan) is None


def test_more_against_the_place_than_against_the_peers_is_ones_own():
    assert of_one(5.0, 9.0) is None


def test_subjects_are_matched_by_name_and_places_of_others_are_left_out():
    names = ["ada", "ben", "cyd"]
    against, own = pd.Series([9.0, 9.0, 1.0], names), pd.Series([1.0, 8.0, 0.0], names)
    places = pd.Series({"dan": "H4", "cyd": "H3", "ben": "H2", "ada": "H1"})
    found = explained_by(against, own, places)
    assert list(found.index) == names and found.dtype == object
    assert found.dropna().to_dict() == {"ada": "H1"}
    assert explained_by(against, own, pd.Series(dtype=object)).isna().all()
