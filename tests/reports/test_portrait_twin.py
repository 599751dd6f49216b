"""Points of institutions against a loop over a random town: medians, places among peers and bounds by
hand."""

import random
from statistics import median

import pandas as pd
import pytest

from features.comparison.peer_groups import PEER_WORDS
from reports.portrait import FEW_PEERS, FEW_VISITS, portraits

GROUPS = [key for key in PEER_WORDS if key.startswith("level")][:2]


def random_town(seed: int) -> list[dict]:
    """Institutions of two kinds; some groups are small, some institutions have no group, or no visits."""
    draw, rows = random.Random(seed), []
    for n in range(24):
        kind = "pharmacy" if n % 4 == 0 else "hospital"
        visits = draw.choice([0, 10, FEW_VISITS - 1, FEW_VISITS, 400])
        rows.append({
            "subject_type": kind, "code": f"{kind[0].upper()}{n:02}",
            "score": draw.choice([0.1, 0.5, 0.5, 0.9]),
            "peers": None if kind == "pharmacy" else draw.choice([*GROUPS, GROUPS[0], None]),
            "visits": visits, "visits_in_doubt": draw.randint(0, visits // 5) if visits else 0,
            "fund": visits * 10.0, "amount": draw.choice([0.0, 0.02, 0.3]) * visits * 10,
            "confirmed": draw.choice([0, 0, 1, 3]), "cleared": draw.choice([0, 0, 1, 3]),
        })  # fmt: skip
    return rows


def points_by_hand(rows: list[dict]) -> dict[str, float]:
    members: dict[str, list[dict]] = {}
    for row in rows:
        same = sum(other["peers"] == row["peers"] for other in rows if other["peers"])
        row["group"] = row["peers"] if row["peers"] and same >= FEW_PEERS else row["subject_type"]
        row["rate"] = 100 * row["visits_in_doubt"] / row["visits"] if row["visits"] else 0.0
        row["share"] = 100 * row["amount"] / row["fund"] if row["fund"] else 0.0
        members.setdefault(row["group"], []).append(row)
    found = {}
    for row in rows:
        peers = members[row["group"]]
        lost = min(2 * max(row["rate"] - median(p["rate"] for p in peers), 0), 30)
        lost = round(lost, 1) + round(
            min(2 * max(row["share"] - median(p["share"] for p in peers), 0), 20), 1
        )
        below = sum(p["score"] < row["score"] for p in peers)
        of_score = round(max(below / max(len(peers) - 1, 1) - 0.75, 0) / 0.25 * 20, 1)
        lost += of_score + min(15 * row["confirmed"], 30) - min(3 * row["cleared"], 6, of_score)
        found[row["code"]] = round(max(100 - lost, 0), 1)
    return found


def graded(rows: list[dict]) -> pd.DataFrame:
    frame = pd.DataFrame(rows).rename(columns={"code": "fixmedins_code"})
    suspects = frame.rename(columns={"fixmedins_code": "subject_id"})[["subject_type", "subject_id", "score"]]
    seen = frame[frame.visits > 0]
    inspected = frame[(frame.confirmed > 0) | (frame.cleared > 0)]
    peers = frame.set_index("fixmedins_code").peers.dropna()
    found = portraits(
        suspects,
        seen[["fixmedins_code", "visits", "fund", "visits_in_doubt", "amount"]],
        inspected[["fixmedins_code", "confirmed", "cleared"]],
        peers,
    )
    return found.set_index("fixmedins_code")


@pytest.mark.parametrize("seed", range(8))
def test_points_are_those_of_a_loop(seed):
    rows = random_town(seed)
    found, expected = graded(rows), points_by_hand(rows)
    assert found.points.to_dict() == pytest.approx(expected, abs=0.051)
    assert list(found.index) == sorted(found.index, key=lambda code: (found.points[code], code))
    assert found.points.min() < 60 < 90 < found.points.max()


@pytest.mark.parametrize("seed", range(4))
def test_a_grade_follows_from_the_points_but_for_those_of_few_visits(seed):
    rows = random_town(seed)
    visits = {row["code"]: row["visits"] for row in rows}
    for code, row in graded(rows).iterrows():
        least = {"优秀": 90, "良好": 75, "合格": 60, "不达标": 0}[row.grade]
        spared = row.points < 60 and visits[code] < FEW_VISITS
        assert (row.grade == "合格") if spared else (least <= row.points)
        assert ("依据不足" in row.arithmetic_zh) == spared


@pytest.mark.parametrize(
    "size, words",
    [(FEW_PEERS - 1, "合并比较的医疗机构(各自同类不足5家)"), (FEW_PEERS, PEER_WORDS["level3"][0])],
)
def test_a_group_of_so_many_is_compared_with_itself(size, words):
    given = {"subject_type": "hospital", "score": 0.1, "visits": 100, "visits_in_doubt": 1, "fund": 1000.0,
             "amount": 0.0, "confirmed": 0, "cleared": 0}  # fmt: skip
    rows = [given | {"code": f"H{n}", "peers": "level3" if n < size else None} for n in range(8)]
    assert words in graded(rows).arithmetic_zh["H0"]
