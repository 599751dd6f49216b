"""What the list misses, estimated from audit samples: near the truth where all answer, missing where too few
do."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.recall_estimate import recall_estimate
from pipelines.select.audit_sample import AUDIT_SAMPLE, draw
from pipelines.settings import Settings
from reports.evaluation_page import page
from tests.pipelines.test_audit_sample import AS_OF as DRAWN_ON
from tests.pipelines.test_audit_sample import FRAME, days

GUILTY = {f"p{n:03}" for n in range(0, 300, 10)} | {f"l{n}" for n in range(14)}
LISTED = [f"l{n}" for n in range(20)]
AS_OF = date(2025, 12, 1)


def past(folder: Path, count: int, settings: Settings) -> pd.DataFrame:
    """Runs of so many nights whose list holds 14 guilty of twenty, and 30 of the other 300 are; returns who
    was drawn."""
    sample = []
    for day in days(count):
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
        sample.append(found)
    return pd.concat(sample)


def closed(ids, day: date = DRAWN_ON + timedelta(days=60)) -> pd.DataFrame:
    ids = sorted(set(ids))
    rows = {"subject_type": "patient", "subject_id": ids, "close_date": pd.Timestamp(day)}
    return pd.DataFrame(rows).assign(guilty=[int(subject_id in GUILTY) for subject_id in ids])


def row(found: pd.DataFrame, kind: str = "patient") -> pd.Series:
    return found.set_index("subject_type").loc[kind]


@pytest.fixture(scope="module")
def year(tmp_path_factory) -> tuple[list[Path], pd.DataFrame]:
    folder = tmp_path_factory.mktemp("year")
    sample = past(folder, 120, Settings(random_share=0.05))
    return sorted(folder.iterdir()), sample[sample.subject_type == "patient"]


def test_what_the_list_misses_is_told_from_the_drawn_and_not_from_the_listed(year):
    runs, sample = year
    cases = closed([*sample.subject_id, *LISTED])
    found = row(recall_estimate(runs, cases, AS_OF, 90))
    assert found.runs == 120 and found.sampled == found.decided == len(sample)
    assert found.confirmed == sample.subject_id.isin(GUILTY).sum() > 0
    assert found.share_low < 30 / 300 < found.share_high
    assert found.recall_low < 14 / 44 < found.recall_high
    # The outcomes of the listed alone say that seven in ten are guilty and that the list has all of them.
    naive = cases[cases.subject_id.isin(LISTED)].guilty.mean()
    assert naive == 0.7 > found.share_high and found.recall_high < 1
    # Pharmacies were drawn as often, but nobody has reported back.
    other = row(recall_estimate(runs, cases, AS_OF, 90), "pharmacy")
    assert other.sampled > 20 and other.decided == 0 and np.isnan(other.share)


def test_too_few_outcomes_too_young_nights_and_answers_by_choice_say_nothing(year):
    runs, sample = year
    few = row(recall_estimate(runs, closed([*sample.subject_id[:15], *LISTED]), AS_OF, 90))
    assert few.decided < 20 and np.isnan(few.share) and np.isnan(few.recall)
    chosen = row(recall_estimate(runs, closed([*sample.subject_id[:25], *LISTED]), AS_OF, 90))
    assert 20 <= chosen.decided < chosen.sampled / 2 and np.isnan(chosen.recall)
    assert recall_estimate(runs, closed(sample.subject_id), DRAWN_ON, 300).empty
    # What became known before the draw is no outcome of it.
    early = closed([*sample.subject_id, *LISTED], DRAWN_ON - timedelta(days=300))
    assert row(recall_estimate(runs, early, AS_OF, 90)).decided == 0


@pytest.mark.parametrize("language, words", [("zh", "尚不可知"), ("en", "not yet known")])
def test_a_city_without_draws_says_that_it_does_not_know(tmp_path, year, language, words):
    past(tmp_path, 3, Settings(random_share=0))
    (tmp_path / "2024-01-01").mkdir()  # a run of before there were draws
    (tmp_path / "2024-01-01/run.json").write_text("{}", encoding="utf-8")
    nothing = recall_estimate(sorted(tmp_path.iterdir()), closed(LISTED), AS_OF, 90)
    runs, sample = year
    estimate = recall_estimate(runs, closed([*sample.subject_id, *LISTED]), AS_OF, 90)
    assert nothing.empty
    for found, message in (
        (nothing, True),
        (row_of(estimate, "pharmacy"), True),
        (row_of(estimate, "patient"), False),
    ):
        assert (
            words in page({}, pd.DataFrame({"subject_type": []}), {}, {}, found, AS_OF, language)
        ) == message


def row_of(found: pd.DataFrame, kind: str) -> pd.DataFrame:
    return found[found.subject_type == kind]
