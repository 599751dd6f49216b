"""The status of each subject of the worklist and why it has no place: boundaries, and against a loop."""

import random
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from pipelines.select.worklist import FLOOR, RISEN_PLACES, RISEN_SHARE, worklist
from tests.pipelines.test_worklist import AS_OF, disputes, snapshot, suspects

COOL_DOWN = 180


def night_before(folder: Path, ranks: dict[str, int]) -> list[Path]:
    """The run of the night before, with these patients."""
    (folder / "2024-12-31").mkdir()
    rows = [("patient", who, rank, 0.9, 0.0) for who, rank in ranks.items()]
    suspects(*rows).to_parquet(folder / "2024-12-31" / "suspects.parquet")
    return [folder / "2024-12-31"]


def money_of(days: dict[str, str]) -> pd.DataFrame:
    """A visit in dispute of each patient, on a day."""
    rows = [("patient", who, f"v-{who}", 100.0) for who in days]
    frame = pd.DataFrame(rows, columns=["subject_type", "subject_id", "mdtrt_id", "disputed"])
    return frame.assign(day=pd.to_datetime(list(days.values())), fixmedins_code="H9", scheme="M10")


@pytest.mark.parametrize(
    "before, now, status",
    [
        (20, 15, "risen"),  # five places, a quarter of the rank
        (21, 16, "known"),  # five places, less than a quarter
        (19, 15, "known"),  # four places
        (6, 2, "known"),
        (6, 1, "risen"),
        (400, 301, "known"),
        (400, 300, "risen"),
        (15, 20, "known"),
        (15, 15, "known"),
        (None, 15, "new"),
    ],
)
def test_who_has_risen_climbed_far_enough(tmp_path, before, now, status):
    assert (RISEN_SHARE, RISEN_PLACES) == (0.25, 5)
    runs = night_before(tmp_path, {"another": 7} | ({"p": before} if before else {}))
    seen, money = suspects(("patient", "p", now, 0.9, 0.0)), money_of({"p": "2024-03-01"})
    listed = worklist(snapshot([], {}), seen, money, runs, AS_OF, COOL_DOWN)
    assert listed.status.tolist() == [status]


@pytest.mark.parametrize(
    "outcome, closed_ago, conduct_ago, status, why_not",
    [
        ("3", COOL_DOWN, 200, "cleared", "cleared"),  # the last day of the cool-down
        ("3", COOL_DOWN + 1, 200, "new", None),
        ("3", 10, 9, "again", None),
        ("3", 10, 10, "cleared", "cleared"),  # conduct of the day on which it closed was judged
        ("2", 10, 20, "confirmed", "confirmed"),
        ("2", 900, 1000, "confirmed", "confirmed"),  # however long ago
        ("4", 10, 9, "relapsed", None),
        ("1", 900, 9, "inspected", "inspected"),
        (None, 0, 9, "new", None),
    ],
)
def test_what_the_last_case_says(outcome, closed_ago, conduct_ago, status, why_not):
    closed, conduct = (str(AS_OF - timedelta(ago)) for ago in (closed_ago, conduct_ago))
    cases = [("c", "patient", "p", outcome, closed)] if outcome else []
    seen = suspects(("patient", "p", 1, 0.9, 0.0), ("patient", "other", 2, 0.9, 0.0))
    money = money_of({"p": conduct, "other": "2024-03-01"})
    listed = worklist(snapshot(cases, {}), seen, money, [], AS_OF, COOL_DOWN).set_index("subject_id")
    assert listed.status["p"] == status and listed.status["other"] == "new"
    assert (listed.why_not["p"] == why_not) if why_not else pd.notna(listed.place["p"])
    until = [date.fromisoformat(closed) + timedelta(COOL_DOWN)] if why_not == "cleared" else []
    assert listed.until.dropna().tolist() == until


def test_visits_and_other_kinds_that_nobody_is_sent_to_are_not_listed():
    kinds = ("hospital", "pharmacy", "prescriber", "patient", "group", "visit")
    seen = suspects(*[(kind, f"the {kind}", 1, 0.9, 0.0) for kind in kinds])
    money = disputes(*[(kind, f"the {kind}", f"v-{kind}", 10.0) for kind in kinds])
    money = money.assign(day=pd.NaT, fixmedins_code="H9", scheme="M10")
    listed = worklist(snapshot([], {}), seen, money, [], AS_OF, COOL_DOWN)
    assert set(listed.subject_type) == set(kinds) - {"visit"} and listed.place.notna().all()


def by_hand(row: dict, cases: dict, conduct: dict) -> tuple[str, str | None]:
    """Status and why it has no place of one patient, rule by rule, the strongest first."""
    outcome, closed = cases.get(row["id"], (None, None))
    since = closed is not None and conduct[row["id"]] > closed
    before = row["before"]
    status = "known"
    if outcome == "1":
        status = "inspected"
    elif outcome == "3" and since:
        status = "again"
    elif outcome == "3" and (AS_OF - closed).days <= COOL_DOWN:
        status = "cleared"
    elif outcome in ("2", "4"):
        status = "relapsed" if since else "confirmed"
    elif before is not None and before - row["rank"] >= max(5, before / 4):
        status = "risen"
    elif before is None:
        status = "new"
    if status in ("inspected", "cleared", "confirmed"):
        return status, status
    return status, "below" if row["score"] < FLOOR else None


@pytest.mark.parametrize("seed", range(5))
def test_statuses_are_those_of_a_loop_over_the_subjects(tmp_path, seed):
    draw = random.Random(seed)
    ids = [f"p{n:02}" for n in range(40)]
    rows = [
        {"id": who, "rank": n + 1, "score": draw.choice([0.9, 0.5, 0.49]),
         "before": draw.choice([None, n + 1, n + 6, n + 60])}
        for n, who in enumerate(ids)
    ]  # fmt: skip
    days = [AS_OF - timedelta(ago) for ago in (5, 179, 180, 181, 400)]
    cases = {who: (draw.choice("1234"), draw.choice(days)) for who in draw.sample(ids, 25)}
    conduct = {who: draw.choice(days) for who in ids}
    money = money_of({who: str(day) for who, day in conduct.items()})
    known = [(f"c-{who}", "patient", who, outcome, str(day)) for who, (outcome, day) in cases.items()]
    runs = night_before(tmp_path, {row["id"]: row["before"] for row in rows if row["before"]})
    seen = suspects(*[("patient", row["id"], row["rank"], row["score"], 0.0) for row in rows])
    listed = worklist(snapshot(known, {}), seen, money, runs, AS_OF, COOL_DOWN).set_index("subject_id")
    expected = {row["id"]: by_hand(row, cases, conduct) for row in rows}
    found = {who: (listed.status[who], listed.why_not[who] or None) for who in ids}
    assert {who: (s, None if pd.isna(why) else why) for who, (s, why) in found.items()} == expected
    assert set(listed.index[listed.place.notna()]) == {who for who in ids if not expected[who][1]}
    assert len({status for status, _why in expected.values()}) >= 6
