"""Words for kinds of subject, verdicts, severities and links, in both languages."""

import pytest

from claims.as_of import CLEARED, CONFIRMED
from features.measures.catalogue import SUBJECTS
from reports.languages import LANGUAGES, text_in
from reports.subject_words import (
    LINK_WORDS,
    PENDING,
    SUBJECT_WORDS,
    VERDICTS,
    link_word,
    severity_word,
    subject_word,
)
from tests.reports.forbidden import offences


def test_every_kind_of_subject_has_words():
    assert set(SUBJECT_WORDS) == set(SUBJECTS)
    assert subject_word("pharmacy", "zh") == "药店" and subject_word("pharmacy", "en") == "Pharmacy"


def test_every_outcome_has_words():
    assert set(VERDICTS) == {*CONFIRMED, *CLEARED, PENDING}


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_stand_in_words(language):
    assert all(offences(link_word(kind, language)) == [] for kind in LINK_WORDS)


def test_severities_are_translated_where_they_are_known():
    assert severity_word("明确违规", "en") == "clear breach" and severity_word("明确违规", "zh") == "明确违规"
    assert severity_word("待定", "en") == "待定"


def test_a_pair_has_two_languages():
    assert (text_in("zh", ("一", "one")), text_in("en", ("一", "one"))) == ("一", "one")
