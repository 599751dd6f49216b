"""How money in dispute is reckoned, in words: what the text says is what the amounts do."""

import pytest

from features.disputed_amounts import WHOLE_VISIT
from reports.dispute_basis import BASIS, FINDINGS, WHOLE, dispute_basis
from reports.languages import LANGUAGES, text_in
from reports.scheme_texts import SCHEMES
from tests.features.test_disputed_amounts import disputed


@pytest.mark.parametrize("scheme", [*SCHEMES, None])
def test_the_words_say_whether_all_a_part_or_nothing_of_a_visit_is_in_dispute(scheme):
    yuan = disputed(scheme, place_excess_drug=100.0, doctor_excess_drug=100.0)
    kind = "all" if yuan == 800 else "part" if yuan else "findings"
    said = "all" if scheme in WHOLE_VISIT else "part" if scheme in BASIS else "findings"
    assert said == kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_part_has_words_of_its_own(language):
    assert dispute_basis("M03", language) == text_in(language, WHOLE)
    assert dispute_basis("M10", language) == text_in(language, BASIS["M10"])
    assert dispute_basis(None, language) == dispute_basis("M31", language) == text_in(language, FINDINGS)
