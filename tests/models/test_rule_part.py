"""The rule part on hand-made findings: rarity of rules, several rules of a visit, subjects with few and
many visits."""

import numpy as np
import pandas as pd
import pytest

from models.rule_part import rule_weights, subject_rule_part, visit_rule_part


def test_the_rarer_a_rule_is_broken_the_more_it_weighs():
    visits = pd.Series({"always": 10**6, "tenth": 10**5, "rare": 100, "rarer": 99, "once": 1})
    found = rule_weights(visits, 10**6)
    assert found[["always", "tenth", "rare", "rarer", "once"]].to_list() == pytest.approx(
        [0, 0.2, 0.8, 0.8, 0.8]
    )
    assert rule_weights(pd.Series({"r": 101}), 10**6)["r"] < 0.8


def broken(*pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["mdtrt_id", "rule_id"])


def test_rules_of_a_visit_add_up_as_independent_causes():
    """Of a hundred visits ten break R1 (weight 0.2) and one R2 (0.4)."""
    found = visit_rule_part(broken(*[(f"m{n}", "R1") for n in range(10)], ("m0", "R2")), 100)
    assert list(found.columns) == ["mdtrt_id", "rule_part"] and found.mdtrt_id.is_unique
    part = found.set_index("mdtrt_id").rule_part
    assert part["m0"] == round(1 - 0.8 * 0.6, 9) and part["m1"] == 0.2 and len(part) == 10


def test_parts_are_rounded_to_nine_decimals():
    part = visit_rule_part(broken(("m0", "R1"), ("m1", "R1"), ("m1", "R2")), 7).rule_part
    assert (part == part.round(9)).all() and (part != part.round(8)).any()


def test_without_findings_there_is_no_part():
    found = visit_rule_part(broken(), 100)
    assert found.empty and list(found.columns) == ["mdtrt_id", "rule_part"]


def test_the_order_of_findings_does_not_matter():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {"mdtrt_id": rng.integers(0, 30, 200).astype(str), "rule_id": rng.integers(0, 9, 200).astype(str)}
    )
    rows = rows.drop_duplicates()
    pd.testing.assert_frame_equal(visit_rule_part(rows, 500), visit_rule_part(rows[::-1], 500))


def test_a_subject_is_half_at_a_mean_of_a_tenth_shrunk_by_ten_visits():
    found = subject_rule_part(pd.Series([0.0, 2.0, 1.0, 1.0]), pd.Series([50, 10, 0, 990]))
    # Means 0, 2/20 = 0.1, 1/10 = 0.1 and 1/1000.
    assert found.to_list() == pytest.approx([0.0, 0.5, 0.5, 0.001 / 0.101])


def test_one_finding_on_one_visit_weighs_less_than_one_on_every_visit():
    guilty, unlucky = subject_rule_part(pd.Series([40 * 0.8, 0.8]), pd.Series([40, 1]))
    assert guilty > 0.85 > 0.45 > unlucky
