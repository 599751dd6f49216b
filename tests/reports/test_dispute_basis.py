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
def test_the_scheme_is_named_before_the_words(language):
    whole, part, nothing = (dispute_basis(scheme, language) for scheme in ("M03", "M10", None))
    assert whole.startswith("M03 ") and whole.endswith(text_in(language, WHOLE))
    assert part.startswith("M10 ") and part.endswith(text_in(language, BASIS["M10"]))
    assert nothing.endswith(text_in(language, FINDINGS))
