"""The audit sample: who can be drawn, with which probability, and the same whatever order they come in."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.select.audit_sample import AUDIT_SAMPLE, draw, inclusion_probability, sampling_frame
from pipelines.select.worklist import worklist
from pipelines.settings import Settings
from reports.worklist_sheet import figures, sheet_rows
from tests.pipelines.test_worklist import DAYS, PULLED, SEEN, snapshot, suspects

AS_OF = date(2025, 1, 1)
FRAME = {"pharmacy": [f"P{n}" for n in range(6)], "patient": [f"p{n:03}" for n in range(300)]}


def days(count: int, last: date = AS_OF) -> list[date]:
    return [last - timedelta(days=n) for n in range(count)]


def test_a_night_drawn_twice_draws_the_same_in_whatever_order_they_come():
    settings = Settings(capacity=100, random_share=0.05, seed=3)
    shuffled = {kind: list(np.random.default_rng(0).permutation(ids)) for kind, ids in FRAME.items()}
    found = draw(FRAME, settings, AS_OF)
    assert len(found) == 5 and set(found.subject_type) == set(FRAME)
    pd.testing.assert_frame_equal(draw(shuffled, settings, AS_OF), found)
    others = [draw(FRAME, settings, day) for day in days(4)[1:]]
    others.append(draw(FRAME, Settings(capacity=100, random_share=0.05, seed=4), AS_OF))
    assert not any(found.subject_id.equals(other.subject_id) for other in others)


def test_below_one_somebody_is_drawn_on_that_share_of_the_nights():
    """Capacity 20 at 3 % is 0.6 a night; each of six pharmacies is drawn on one night in twenty."""
    found = pd.concat([draw(FRAME, Settings(), day).assign(day=day) for day in days(800)])
    assert found.day.nunique() == len(found) == pytest.approx(480, rel=0.1)
    chances = found.groupby("subject_type").probability.first()
    assert chances["pharmacy"] == pytest.approx(0.3 / 6) and chances["patient"] == pytest.approx(0.3 / 300)
    often = found.subject_id.value_counts() / 800
    assert often[FRAME["pharmacy"]].between(0.025, 0.075).all()
    assert often.reindex(FRAME["patient"]).fillna(0).mean() == pytest.approx(0.3 / 300, rel=0.15)


@pytest.mark.parametrize("expected, kinds, size", [(0.6, 5, 40), (3.4, 2, 2), (7.5, 3, 50), (1.0, 1, 1)])
def test_probabilities_of_all_add_up_to_how_many_are_drawn(expected, kinds, size):
    settings = Settings(capacity=1000, random_share=expected / 1000)
    frame = {kind: [f"{kind}{n}" for n in range(size)] for kind in ("a", "b", "c", "d", "e")[:kinds]}
    counts = [len(draw(frame, settings, day)) for day in days(400)]
    assert kinds * size * inclusion_probability(expected, kinds, size) == pytest.approx(
        np.mean(counts), rel=0.1
    )


def test_nobody_is_drawn_who_is_listed_known_or_was_visited_lately(tmp_path):
    more = suspects(*[("patient", f"q{n}", n + 3, 0.1, 0.0) for n in range(6)])
    seen = pd.concat([SEEN, more], ignore_index=True)
    cases = [
        ("1", "patient", "q0", "3", "2024-12-01"),  # cleared lately
        ("2", "patient", "q1", "3", "2023-12-01"),  # cleared long ago
        ("3", "patient", "q2", "2", "2020-12-01"),
        ("4", "patient", "q3", "1", "2024-12-01"),  # being looked into
    ]
    seen_now, before = snapshot(cases, DAYS), []
    for day, whom in (("2024-12-20", "q4"), ("2023-12-20", "q5")):
        (tmp_path / day).mkdir()
        rows = pd.DataFrame([("patient", whom, date.fromisoformat(day), 0.5)], columns=AUDIT_SAMPLE.names)
        pq.write_table(pa.Table.from_pandas(rows, AUDIT_SAMPLE), tmp_path / day / "audit_sample.parquet")
        before.append(tmp_path / day)
    listed = worklist(seen_now, SEEN, PULLED, [], AS_OF, 180)
    settings = Settings(capacity=2)
    # Of the list H1 and H2 are visited; p1 and p2 come later or not at all.
    found = sampling_frame(seen_now, seen, listed, before, settings, AS_OF)
    assert found == {"patient": ["p1", "p2", "q1", "q5"]}
    assert sampling_frame(seen_now, seen, listed, before, Settings(random_share=0), AS_OF) == {}
    assert draw({}, Settings(random_share=0), AS_OF).empty


@pytest.mark.parametrize("language, words", [("zh", "随机抽查"), ("en", "drawn at random")])
def test_the_drawn_take_the_last_places_of_the_morning(language, words):
    listed = worklist(snapshot([], DAYS), SEEN, PULLED, [], AS_OF, 180)
    sample = SEEN[SEEN.subject_id == "p1"]
    rows = sheet_rows(listed, sample, pd.Series(dtype=object), 2, language, {}, {})
    assert [row[2] for row in rows] == ["H1", "p1", "H2", "p2", "p1"]
    assert [words in row[10] for row in rows] == [False, True, False, False, False]
    stated = dict(figures(listed, len(sample), 2, language))
    assert "900" in stated.values()  # of one place that is left to the list
    assert [value for label, value in stated.items() if words in label.lower()] == ["1"]
