"""What reasons about findings and company add: which rules, how many people."""

import pandas as pd

from pipelines.explain.reason_details import companions, explained_company
from reports.reason_texts import most_found

EDGES = pd.DataFrame(
    [
        ("co_visit", "patient", "anna", "patient", "bert", 9.0, 0.4),
        ("co_visit", "patient", "carl", "patient", "anna", 5.0, 2.6),
        ("oversupply", "patient", "anna", "pharmacy", "P1", 30.0, 1.0),  # nobody met
    ],
    columns=["kind", "a_type", "a", "b_type", "b", "observed", "expected"],
)


def test_companions_are_counted_from_both_ends_and_the_most_met_is_told():
    found = companions(EDGES)
    assert found["anna"][0] == ";共2人,与其中一人同去9次(按客流估计不足1次)"
    assert found["anna"][1] == "; 2 people, one of them 9 times where chance explains less than one"
    assert found["carl"][0] == ";与1人同去5次(按客流估计3次)"
    assert found["carl"][1] == "; 1 person 5 times where chance explains 3"
    assert set(found) == {"anna", "bert", "carl"}


def test_rules_are_named_with_their_number_or_alone():
    rules = [("频繁购药", "Frequent purchase", 1267), ("超量", "Too much", 2)]
    assert most_found(rules, counted=True) == (
        ";一年来最多的是“频繁购药”1,267条、“超量”2条",
        "; most in the last year: Frequent purchase (1,267), Too much (2)",
    )
    assert most_found(rules, counted=False) == (":“频繁购药”、“超量”", " (Frequent purchase, Too much)")


def test_the_company_of_an_explained_group_is_told_with_its_explanation():
    excused = pd.Series({"g1": "household", "g2": None}, dtype=object)
    found = explained_company(excused)
    assert set(found) == {"g1"}
    assert found["g1"] == (";正常解释成立:同住家庭", "; an honest explanation fits: a household")
