"""Pseudonyms: one for an identifier within a run, another in the next, and nothing else changed."""

import pandas as pd
import pytest

from reports.masking import Mask

MASK = Mask({"H1", "p7", "V1-2"}, "run")
NOBODY = Mask((), "run")


def test_an_identifier_has_one_pseudonym_in_a_run_and_another_in_the_next():
    assert MASK.one("H1") == Mask({"H1"}, "run").one("H1") != Mask({"H1"}, "next").one("H1")
    assert MASK.one("H1") != MASK.one("p7") and MASK.one("H1").startswith("X") and len(MASK.one("H1")) == 9


@pytest.mark.parametrize("text", ["H1 saw p7.", "p7-H1", "(H1)", "参保人p7于H1就诊", "V1-2", "H1,p7"])
def test_no_identifier_is_left_in_a_text(text):
    shown = MASK(text)
    assert "X" in shown and not any(known in shown.split() for known in MASK.known)
    assert "p7" not in shown and NOBODY(text) == text


@pytest.mark.parametrize("word", ["R084", "2024-01-02", "12,345", "H10", "一"])
def test_other_words_stay(word):
    assert MASK(word) == word


@pytest.mark.parametrize("digits, hidden", [(17, False), (18, True), (20, True)])
def test_a_number_so_long_is_an_identifier(digits, hidden):
    assert (MASK.one("8" * digits) != "8" * digits) == hidden
    assert NOBODY.one("8" * digits) == "8" * digits


def test_columns_texts_and_names():
    frame = pd.DataFrame({"id": ["H1", None], "why": ["at H1", None], "n": [1, 2]})
    shown = MASK.texts(MASK.columns(frame, "id", "absent"), "why")
    assert shown["id"][0] == MASK.one("H1") and shown["why"][0] == f"at {MASK.one('H1')}"
    assert shown["id"].isna()[1] and shown["n"].tolist() == [1, 2]
    assert NOBODY.texts(frame, "why") is frame
    names = MASK.names(pd.Series({"H1": "二院", "H2": "三院"}))
    assert names["H1"] == names[MASK.one("H1")] == MASK.one("H1") and names["H2"] == "H2"
    assert NOBODY.names(pd.Series({"H1": "二院"}))["H1"] == "二院"
