"""Honest explanations on a dossier: which fit, which do not, and where none is asked."""

from dataclasses import replace

import pytest

from reports.dossier import page
from tests.reports.test_dossier import GIVEN


def test_explanations_are_judged_by_how_many_visits_they_fit():
    text = page(GIVEN, "en")
    results = [text.index(word) for word in ("fits in part", ">fits<", "does not fit: an emergency")]
    assert results == sorted(results)


@pytest.mark.parametrize(
    "n, of, word",
    [
        (0, 103, "does not fit: an emergency"),
        (10, 103, "does not fit: an emergency"),
        (11, 103, "in part"),
        (51, 103, "in part"),
        (52, 103, "fits<"),
    ],
)
def test_an_explanation_fits_from_half_of_the_visits(n, of, word):
    assert word in page(replace(GIVEN, innocent=[("急诊", "an emergency", n, of)]), "en")


@pytest.mark.parametrize(
    "n, of, zh, en",
    [(1, 0, "成立", "fits"), (2, 3, "成立", "fits"), (1, 3, "部分成立", "fits in part"), (0, 0, "", "")],
)
def test_an_explanation_that_fits_speaks_for_the_subject(n, of, zh, en):
    given = replace(GIVEN, favourable=[], innocent=[("同住家庭", "a household", n, of)])
    english, chinese = page(given, "en"), page(given, "zh")
    assert (f"An honest explanation {en}: a household" in english) is bool(en)
    assert (f"正常解释{zh}:同住家庭" in chinese) is bool(zh)
    assert ("Nothing stands out in its favour." in english) is not bool(en)


def test_where_a_record_is_the_proof_no_explanation_is_offered():
    text = page(replace(GIVEN, scheme="M09", favourable=[], innocent=[]), "en")
    assert "which no kind of visit explains" in text and "does not fit" not in text
    assert "which no kind of visit explains" not in page(replace(GIVEN, scheme="M09"), "en")
