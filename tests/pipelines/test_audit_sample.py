"""A few inspections are drawn at random, and from them it is told what the list misses."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.pipelines.test_morning import DAYS, PULLED, SEEN, snapshot, suspects

from pipelines.recall_estimate import recall_estimate
from pipelines.select.audit_sample import AUDIT_SAMPLE, draw, probability, sampling_frame
from pipelines.select.worklist import worklist
from pipelines.settings import Settings
from reports.evaluation import page
from reports.worklist_sheet import figures, sheet_rows

NIGHT = date(2025, 1, 1)
FRAME = {"pharmacy": [f"P{n}" for n in range(6)], "patient": [f"p{n:03}" for n in range(300)]}


def past_runs(count: int, last: date = NIGHT) -> list[date]:
    return [last - timedelta(days=n) for n in range(count)]


# Who is drawn


def test_a_night_drawn_twice_draws_the_same_in_whatever_order_they_come():
    settings = Settings(capacity=100, random_share=0.05, seed=3)
    shuffled = {kind: list(np.random.default_rng(0).permutation(ids)) for kind, ids in FRAME.items()}
    found = draw(FRAME, settings, NIGHT)
    assert len(found) == 5 and set(found.subject_type) == set(FRAME)
    pd.testing.assert_frame_equal(draw(shuffled, settings, NIGHT), found)
    others = [draw(FRAME, settings, day) for day in past_runs(4)[1:]]
    others.append(draw(FRAME, Settings(capacity=100, random_share=0.05, seed=4), NIGHT))
    assert not any(found.subject_id.equals(other.subject_id) for other in others)


def test_below_one_somebody_is_drawn_on_that_share_of_the_nights():
    """Capacity 20 at 3 % is 0.6 a night; each of six pharmacies is drawn on one night in twenty."""
    found = pd.concat([draw(FRAME, Settings(), day).assign(day=day) for day in past_runs(800)])
    assert found.day.nunique() == len(found) == pytest.approx(480, rel=0.1)
    told = found.groupby("subject_type").probability.first()
    assert told["pharmacy"] == pytest.approx(0.3 / 6) and told["patient"] == pytest.approx(0.3 / 300)
    often = found.subject_id.value_counts() / 800
    assert often[FRAME["pharmacy"]].between(0.025, 0.075).all()
    assert often.reindex(FRAME["patient"]).fillna(0).mean() == pytest.approx(0.3 / 300, rel=0.15)


@pytest.mark.parametrize("expected, kinds, size", [(0.6, 5, 40), (3.4, 2, 2), (7.5, 3, 50), (1.0, 1, 1)])
def test_probabilities_of_all_add_up_to_how_many_are_drawn(expected, kinds, size):
    settings = Settings(capacity=1000, random_share=expected / 1000)
    frame = {kind: [f"{kind}{n}" for n in range(size)] for kind in ("a", "b", "c", "d", "e")[:kinds]}
    counts = [len(draw(frame, settings, day)) for day in past_runs(400)]
    assert kinds * size * probability(expected, kinds, size) == pytest.approx(np.mean(counts), rel=0.1)


def test_nobody_is_drawn_who_is_listed_known_or_was_visited_lately(tmp_path):
    more = suspects(*[("patient", f"q{n}", n + 3, 0.1, 0.0) for n in range(6)])
    seen = pd.concat([SEEN, more.assign(reasons=[[]] * 6)], ignore_index=True)
    cases = [
        ("1", "patient", "q0", "3", "2024-12-01"),  # cleared lately
        ("2", "patient", "q1", "3", "2023-12-01"),  # cleared long ago
        ("3", "patient", "q2", "2", "2020-12-01"),
        ("4", "patient", "q3", "1", "2024-12-01"),  # being looked into
    ]
    told, before = snapshot(cases, DAYS), []
    for day, whom in (("2024-12-20", "q4"), ("2023-12-20", "q5")):
        (tmp_path / day).mkdir()
        rows = pd.DataFrame([("patient", whom, date.fromisoformat(day), 0.5)], columns=AUDIT_SAMPLE.names)
        pq.write_table(pa.Table.from_pandas(rows, AUDIT_SAMPLE), tmp_path / day / "audit_sample.parquet")
        before.append(tmp_path / day)
    listed = worklist(told, seen, PULLED, [], NIGHT, 180)
    settings = Settings(capacity=2)
    # Of the list H1 and H2 are visited; p1 and p2 come later or not at all.
    found = sampling_frame(told, seen, listed, before, settings, NIGHT)
    assert found == {"patient": ["p1", "p2", "q1", "q5"]}
    assert sampling_frame(told, seen, listed, before, Settings(random_share=0), NIGHT) == {}
    assert draw({}, Settings(random_share=0), NIGHT).empty


@pytest.mark.parametrize("language, words", [("zh", "随机抽查"), ("en", "drawn at random")])
def test_the_drawn_take_the_last_places_of_the_morning(language, words):
    listed = worklist(snapshot([], DAYS), SEEN, PULLED, [], NIGHT, 180)
    random_sample = SEEN[SEEN.subject_id == "p1"]
    rows = sheet_rows(listed, random_sample, pd.Series(dtype=object), 2, language)
    assert [row[2] for row in rows] == ["H1", "p1", "H2", "p2", "p1"]
    assert [words in row[8] for row in rows] == [False, True, False, False, False]
    told = dict(figures(listed, len(random_sample), 2, language))
    assert "900" in told.values()  # of one place that is left to the list
    assert [value for label, value in told.items() if words in label.lower()] == ["1"]


# What the list misses

GUILTY = {f"p{n:03}" for n in range(0, 300, 10)} | {f"l{n}" for n in range(14)}
LISTED = [f"l{n}" for n in range(20)]
AS_OF = date(2025, 12, 1)


def past(folder: Path, count: int, settings: Settings) -> pd.DataFrame:
    """Runs of so many nights whose list holds 14 guilty of twenty, and 30 of the other 300 are; returns who was
    drawn."""
    random_sample = []
    for day in past_runs(count):
        found = draw(FRAME, settings, day) if settings.random_share else draw({}, settings, day)
        run = folder / day.isoformat()
        run.mkdir()
        pq.write_table(
            pa.Table.from_pandas(found, AUDIT_SAMPLE, preserve_index=False), run / "audit_sample.parquet"
        )
        listed = pd.DataFrame({"subject_type": "patient", "subject_id": LISTED, "place": range(1, 21)})
        listed.to_parquet(run / "worklist.parquet")
        lot = {"share": settings.random_share, "capacity": 20, "frame": {k: len(v) for k, v in FRAME.items()}}
        (run / "run.json").write_text(json.dumps({"random_draw": lot}), encoding="utf-8")
        random_sample.append(found)
    return pd.concat(random_sample)


def closed(ids, day: date = NIGHT + timedelta(days=60)) -> pd.DataFrame:
    ids = sorted(set(ids))
    rows = {"subject_type": "patient", "subject_id": ids, "close_date": pd.Timestamp(day)}
    return pd.DataFrame(rows).assign(guilty=[int(subject_id in GUILTY) for subject_id in ids])


def row(found: pd.DataFrame, kind: str = "patient") -> pd.Series:
    return found.set_index("subject_type").loc[kind]


@pytest.fixture(scope="module")
def year(tmp_path_factory) -> tuple[list[Path], pd.DataFrame]:
    folder = tmp_path_factory.mktemp("year")
    random_sample = past(folder, 120, Settings(random_share=0.05))
    return sorted(folder.iterdir()), random_sample[random_sample.subject_type == "patient"]


def test_what_the_list_misses_is_told_from_the_drawn_and_not_from_the_listed(year):
    runs, random_sample = year
    cases = closed([*random_sample.subject_id, *LISTED])
    found = row(recall_estimate(runs, cases, AS_OF, 90))
    assert found.past_runs == 120 and found.random_sample == found.decided == len(random_sample)
    assert found.confirmed == random_sample.subject_id.isin(GUILTY).sum() > 0
    assert found.share_low < 30 / 300 < found.share_high
    assert found.recall_low < 14 / 44 < found.recall_high
    # The outcomes of the listed alone say that seven in ten are guilty and that the list has all of them.
    naive = cases[cases.subject_id.isin(LISTED)].guilty.mean()
    assert naive == 0.7 > found.share_high and found.recall_high < 1
    # Pharmacies were drawn as often, but nobody has reported back.
    other = row(recall_estimate(runs, cases, AS_OF, 90), "pharmacy")
    assert other.random_sample > 20 and other.decided == 0 and np.isnan(other.share)


def test_too_few_outcomes_too_young_nights_and_answers_by_choice_say_nothing(year):
    runs, random_sample = year
    few = row(recall_estimate(runs, closed([*random_sample.subject_id[:15], *LISTED]), AS_OF, 90))
    assert few.decided < 20 and np.isnan(few.share) and np.isnan(few.recall)
    chosen = row(recall_estimate(runs, closed([*random_sample.subject_id[:25], *LISTED]), AS_OF, 90))
    assert 20 <= chosen.decided < chosen.random_sample / 2 and np.isnan(chosen.recall)
    assert recall_estimate(runs, closed(random_sample.subject_id), NIGHT, 300).empty
    # What became known before the draw is no outcome of it.
    early = closed([*random_sample.subject_id, *LISTED], NIGHT - timedelta(days=300))
    assert row(recall_estimate(runs, early, AS_OF, 90)).decided == 0


@pytest.mark.parametrize("language, words", [("zh", "尚不可知"), ("en", "not yet known")])
def test_a_city_without_draws_says_that_it_does_not_know(tmp_path, year, language, words):
    past(tmp_path, 3, Settings(random_share=0))
    (tmp_path / "2024-01-01").mkdir()  # a run of before there were draws
    (tmp_path / "2024-01-01/run.json").write_text("{}", encoding="utf-8")
    nothing = recall_estimate(sorted(tmp_path.iterdir()), closed(LISTED), AS_OF, 90)
    runs, random_sample = year
    told = recall_estimate(runs, closed([*random_sample.subject_id, *LISTED]), AS_OF, 90)
    assert nothing.empty
    for found, message in (
        (nothing, True),
        (row_of(told, "pharmacy"), True),
        (row_of(told, "patient"), False),
    ):
        assert (
            words in page({}, pd.DataFrame({"subject_type": []}), {}, {}, found, AS_OF, language)
        ) == message


def row_of(found: pd.DataFrame, kind: str) -> pd.DataFrame:
    return found[found.subject_type == kind]
