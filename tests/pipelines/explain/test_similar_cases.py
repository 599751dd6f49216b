"""Past cases like a suspect: the same directions of difference count, not their size."""

import numpy as np
import pandas as pd
import pytest

from pipelines.explain.similar_cases import BOUND, LEAST_LIKENESS, SIMILAR, SimilarCases, directions

DIFFERENCES = pd.DataFrame(
    {"a": [4.0, 2.0, 0.0, -4.0, np.nan], "b": [0.0, 0.0, 3.0, 0.0, 1.0]},
    ["suspect", "alike", "other", "opposite", "unmeasured"],
)


def cases(*ids: str) -> pd.DataFrame:
    rows = {"clue_stas": "2", "scheme": "M05", "close_date": pd.Timestamp(2024, 5, 1)}
    return pd.DataFrame(rows, pd.Index(ids, name="subject_id"))


def test_the_most_alike_come_first_whatever_their_size():
    found = SimilarCases(cases("other", "alike", "opposite"), DIFFERENCES).of("suspect")
    assert [row["subject_id"] for row in found] == ["alike"]
    assert [row["likeness"] for row in found] == pytest.approx([1])
    assert found[0]["close_date"] == "2024-05-01" and found[0]["scheme"] == "M05"


def test_a_suspect_is_not_like_itself_and_the_unknown_are_left_out():
    assert SimilarCases(cases("suspect", "never measured"), DIFFERENCES).of("suspect") == []
    found = SimilarCases(cases("suspect", "alike"), DIFFERENCES).of("suspect")
    assert [row["subject_id"] for row in found] == ["alike"]


@pytest.mark.parametrize("b, shown", [(3.0**0.5 - 0.01, True), (3.0**0.5 + 0.01, False)])
def test_a_case_at_more_than_sixty_degrees_is_not_alike(b, shown):
    frame = pd.DataFrame({"a": [1.0, 1.0], "b": [0.0, b]}, ["suspect", "case"])
    assert bool(SimilarCases(cases("case"), frame).of("suspect")) is shown


def test_no_more_are_shown_than_can_be_read():
    many = pd.DataFrame({"a": 1.0}, [f"p{n}" for n in range(10)])
    assert len(SimilarCases(cases(*many.index[1:]), many).of("p0")) == SIMILAR == 3


def test_directions_have_length_one_and_extremes_are_bounded():
    found = directions(pd.DataFrame({"a": [1000.0, BOUND, np.nan], "b": [BOUND, BOUND, np.nan]}))
    assert list(found[0]) == list(found[1]) == pytest.approx([0.5**0.5, 0.5**0.5])
    assert (found[2] == 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_likeness_is_the_cosine(seed):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(6, 4)), [f"p{n}" for n in range(6)])
    found = {r["subject_id"]: r["likeness"] for r in SimilarCases(cases(*frame.index[1:]), frame).of("p0")}
    assert all(likeness >= LEAST_LIKENESS for likeness in found.values())
    for subject_id, likeness in found.items():
        a, b = frame.loc["p0"], frame.loc[subject_id]
        assert likeness == pytest.approx(max(0, sum(a * b) / (sum(a * a) * sum(b * b)) ** 0.5))
