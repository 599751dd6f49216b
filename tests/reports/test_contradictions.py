"""Records that contradict themselves are stated in a sentence, by where the visit took place."""

import pytest

from features.comparison.peer_groups import PEER_WORDS
from features.measures.catalogue import CATALOGUE
from reports.contradictions import contradiction
from reports.record_texts import KINDS
from tests.reports.forbidden import offences

DEAD = CATALOGUE["visit", "days_since_death"]


@pytest.mark.parametrize(
    "visit, verb",
    [
        ("purchase", "购药"),
        ("pharmacy", "购药"),
        ("stay2", "住院"),
        ("stay", "住院"),
        ("outpatient", "就医"),
        ("course_visit", "就医"),
    ],
)
def test_care_after_death(visit, verb):
    zh, en = contradiction(DEAD, 1102.4, visit)
    assert zh == f"死亡登记后第1,102天仍{verb}" and "on day 1,102 after the registered death" in en


def test_no_sentence_is_forbidden_wherever_the_visit_was():
    for visit in [*PEER_WORDS, *KINDS]:
        assert [o for text in contradiction(DEAD, 500.0, visit) for o in offences(text)] == []


def test_other_measures_are_compared():
    others = [entry for entry in CATALOGUE.values() if entry.name != "days_since_death"]
    assert {contradiction(entry, 1.0, "stay") for entry in others} == {None}
