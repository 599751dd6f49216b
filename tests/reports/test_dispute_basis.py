"""How money in dispute is reckoned, in words: what the text says is what the amounts do."""

import ibis
import pandas as pd
import pytest

from features.disputed_amounts import WHOLE_VISIT, disputed_amount, with_shares
from reports.dispute_basis import BASIS, FINDINGS, WHOLE, WHOLE_IN_PART, dispute_basis
from reports.languages import LANGUAGES, text_in
from reports.scheme_texts import SCHEMES
from tests.features.test_disputed_amounts import FACTS


def test_the_words_say_whether_all_a_part_or_nothing_of_a_visit_is_in_dispute():
    beyond = {"place_excess_drug": 100.0, "doctor_excess_drug": 100.0}
    rows = pd.DataFrame([FACTS | beyond | {"scheme": scheme, "doubt": 1.0} for scheme in SCHEMES])
    types = dict.fromkeys(rows, "float64") | {"scheme": "string"}
    table = with_shares(ibis.memtable(rows, schema=ibis.schema(types)))
    amounts = table.select("scheme", yuan=disputed_amount(table, table.scheme, table.doubt)).to_pandas()
    kinds = {
        row.scheme: "all" if row.yuan == 800 else "part" if row.yuan else "findings"
        for row in amounts.itertuples()
    }
    said = {
        scheme: "all" if scheme in WHOLE_VISIT else "part" if scheme in BASIS else "findings"
        for scheme in SCHEMES
    }
    assert said == kinds and set(kinds.values()) == {"all", "part", "findings"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_part_has_words_of_its_own(language):
    assert dispute_basis("M03", language) == text_in(language, WHOLE)
    # "All that the fund paid" never stands beside less than that.
    assert dispute_basis("M03", language, partly=True) == text_in(language, WHOLE_IN_PART)
    assert dispute_basis("M10", language, partly=True) == text_in(language, BASIS["M10"])
    assert dispute_basis("M10", language) == text_in(language, BASIS["M10"])
    assert dispute_basis(None, language) == dispute_basis("M31", language) == text_in(language, FINDINGS)
