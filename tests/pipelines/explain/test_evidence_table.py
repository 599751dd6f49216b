"""What an investigator pulls first: the money in dispute leads, whatever else is suspicious."""

import pandas as pd

from pipelines.explain.evidence_table import MOST_DISPUTED, _most_disputed_first


def suspicious(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Suspicious visits: subject, visit, evidence against it."""
    frame = pd.DataFrame(rows, columns=["subject_id", "mdtrt_id", "visit_score"])
    return frame.assign(subject_type="hospital", scheme="M09", amount=5.0)


def disputed(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Visits in dispute: subject, visit, yuan."""
    frame = pd.DataFrame(rows, columns=["subject_id", "mdtrt_id", "disputed"])
    return frame.assign(subject_type="hospital", scheme="M03", amount=frame.disputed)


def test_a_large_stay_that_rules_dispute_goes_before_small_visits_after_death():
    """The hospital whose only reason is rules: its stays are no evidence by themselves, but its money."""
    pulled = _most_disputed_first(
        suspicious(("H1", "dead", 9.0), ("H1", "dead2", 8.0)),
        disputed(("H1", "stay", 6906.0), ("H1", "dead", 5.0), ("H2", "other", 1.0)),
    )
    mine = pulled[pulled.subject_id == "H1"]
    assert list(mine.mdtrt_id) == ["stay", "dead", "dead2"]
    assert list(mine.scheme) == ["M03", "M09", "M09"] and list(mine.visit_score) == [0.0, 9.0, 8.0]
    assert list(pulled[pulled.subject_id == "H2"].mdtrt_id) == ["other"]


def test_what_costs_nothing_is_ordered_by_the_evidence_against_it():
    pulled = _most_disputed_first(suspicious(("H1", "a", 3.0), ("H1", "b", 7.0)), disputed())
    assert list(pulled.mdtrt_id) == ["b", "a"]


def test_a_page_of_the_dearest_visits_is_pulled():
    many = disputed(*[("H1", f"v{n:02}", 100.0 + n) for n in range(MOST_DISPUTED + 5)])
    pulled = _most_disputed_first(suspicious(), many)
    assert list(pulled.mdtrt_id) == [f"v{n:02}" for n in range(MOST_DISPUTED + 4, 4, -1)]
