"""The graph part on hand-made co-visitors and groups."""

import pandas as pd
import pytest

from models.graph_part import group_graph_part, patient_graph_part, visit_graph_part


def test_a_visit_without_co_visitors_has_none_and_three_co_visitors_are_one_half():
    found = visit_graph_part(pd.Series([0.0, 1.0, 2.0, 3.0, 27.0], index=list("abcde")))
    assert found.to_dict() == pytest.approx({"a": 0.0, "b": 0.25, "c": 0.4, "d": 0.5, "e": 0.9})


def test_a_patient_who_once_came_with_others_has_less_than_one_who_did_so_thrice():
    found = patient_graph_part(pd.Series([0, 1, 3, 9], index=list("abcd")))
    assert found.to_dict() == pytest.approx({"a": 0.0, "b": 0.25, "c": 0.5, "d": 0.75})


def edges(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["group_id", "a", "b", "neg_log10_fdr"])


def test_a_group_has_the_strength_of_its_median_pair_over_all_kinds_of_edges():
    inside = edges(
        ("G1", "x", "y", 4.0), ("G1", "x", "y", 6.0), ("G1", "x", "z", 3.0), ("G1", "y", "z", 30.0),
        ("G2", "x", "y", 2.0), ("G2", "u", "v", 8.0),
    )  # fmt: skip
    found = group_graph_part(inside, pd.Series({"G1": None, "G2": None}))
    # G1: pairs of 3, 10 and 30; G2: 2 and 8.
    assert found.to_dict() == pytest.approx({"G1": 10 / 20, "G2": 5 / 15})


def test_an_honest_reason_leaves_a_tenth():
    inside = edges(*[(group, "x", "y", 10.0) for group in ("family", "guilty", "unknown")])
    found = group_graph_part(inside, pd.Series({"family": "household", "guilty": None}))
    assert found.to_dict() == pytest.approx({"family": 0.05, "guilty": 0.5, "unknown": 0.5})
