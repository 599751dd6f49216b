"""The institution portrait: grades, the arithmetic behind them, and who is spared."""

import re

import ibis
import pandas as pd
import pytest

from reports.disputed_visits import disputed_table, largest_by_visit
from reports.portrait import (
    COLUMNS,
    FAILED,
    FEW_VISITS,
    FULL,
    GRADES,
    findings_of,
    outcomes_of,
    portraits,
    sheet_rows,
)

PEERS = 11
WORDS = [grade[0] for grade in GRADES] + [FAILED[0]]


def town(**changes: dict) -> pd.DataFrame:
    """Portraits of eleven alike hospitals, H00 to H10 by rising score, with changes to some."""
    codes = [f"H{n:02}" for n in range(PEERS)]
    rows = {
        code: {
            "score": n / 100,
            "visits": 1000,
            "fund": 10_000.0,
            "visits_in_doubt": 10,
            "amount": 100.0,
            "confirmed": 0,
            "cleared": 0,
        }
        | changes.get(code, {})
        for n, code in enumerate(codes)
    }
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("fixmedins_code").reset_index()
    suspects = pd.DataFrame({"subject_type": "hospital", "subject_id": codes, "score": frame.score})
    suspects.loc[len(suspects)] = ["patient", "somebody", 1.0]
    findings = frame[["fixmedins_code", "visits", "fund", "visits_in_doubt", "amount"]]
    outcomes = frame.loc[frame.confirmed + frame.cleared > 0, ["fixmedins_code", "confirmed", "cleared"]]
    found = portraits(suspects, findings, outcomes, pd.Series("level2", index=codes))
    assert tuple(found.columns) == COLUMNS and len(found) == PEERS
    return found.set_index("fixmedins_code")


PLANTED = {"score": 0.9, "visits_in_doubt": 150, "amount": 1500.0}


@pytest.mark.parametrize(
    "change, points",
    [
        ({}, 100),
        ({"visits_in_doubt": 15}, 99),  # 1.5 a hundred, usual 1.0, two points for each above
        ({"visits_in_doubt": 900}, 70),  # never more than 30
        ({"amount": 350.0}, 95),  # 3.5 %, usual 1 %
        ({"amount": 9000.0}, 80),
        ({"score": 0.9}, 80),  # above all peers
        ({"score": 0.9, "cleared": 1}, 83),
        ({"score": 0.9, "cleared": 5}, 86),
        ({"cleared": 5}, 100),  # nothing to give back
        ({"confirmed": 1}, 85),
        ({"confirmed": 9}, 70),
        ({"score": 0.9, "visits_in_doubt": 900, "amount": 9000.0, "confirmed": 9}, 0),
    ],
)
def test_points(change, points):
    assert town(H00=change).loc["H00", "points"] == points


def test_planted_stand_below_the_clean():
    found = town(H03=PLANTED | {"confirmed": 1})
    assert found.index[0] == "H03" and found.grade["H03"] == "不达标"
    assert found.grade["H00"] == "优秀"
    order = found.grade.map(WORDS.index)
    assert order["H03"] > order.drop("H03").max()


@pytest.mark.parametrize("points, grade", [(85, "良好"), (70, "合格"), (50, "不达标")])
def test_grades(points, grade):
    change = {85: {"confirmed": 1}, 70: {"confirmed": 2}, 50: {"visits_in_doubt": 900, "amount": 9000.0}}[
        points
    ]
    row = town(H00=change).loc["H00"]
    assert (row.points, row.grade) == (points, grade)


def test_the_arithmetic_adds_up_and_names_the_figures():
    for row in town(H03=PLANTED | {"confirmed": 1, "cleared": 1}, H04={"visits_in_doubt": 23}).itertuples():
        zh, en = row.arithmetic_zh.split("\n"), row.arithmetic_en.split("\n")
        assert len(zh) == len(en) == 6
        lost = [float(re.search(r"扣 ([\d.]+) 分$", line)[1]) for line in zh[1:5]]
        assert [float(re.search(r" −?([\d.]+)$", line)[1]) for line in en[1:5]] == lost
        assert FULL - sum(lost) == pytest.approx(row.points)
        assert zh[-1] == f"合计 {row.points:.1f} 分,{row.grade}"
        assert "二级医院" in zh[1] and "level-2 hospitals" in en[1]


@pytest.mark.parametrize("visits, grade", [(FEW_VISITS - 1, "合格"), (FEW_VISITS, "不达标")])
def test_few_visits_are_no_ground_to_fail(visits, grade):
    row = town(H03=PLANTED | {"visits": visits, "visits_in_doubt": visits, "confirmed": 1}).loc["H03"]
    assert row.points < 60 and row.grade == grade
    assert ("依据不足" in row.arithmetic_zh) == ("too few" in row.arithmetic_en) == (grade == "合格")


def test_small_or_unknown_peer_groups_meet_all_of_their_kind():
    codes = ["H1", "H2", "H3", "P1"]
    suspects = pd.DataFrame(
        {"subject_type": ["hospital"] * 3 + ["pharmacy"], "subject_id": codes, "score": 0.1}
    )
    nothing = pd.DataFrame({"fixmedins_code": [], "confirmed": [], "cleared": []}).astype(
        {"fixmedins_code": str}
    )
    findings = pd.DataFrame(
        {"fixmedins_code": codes[:2], "visits": 100, "fund": 5.0, "visits_in_doubt": 0, "amount": 0.0}
    )
    found = portraits(suspects, findings, nothing, pd.Series({"H1": "level3", "H2": "level2"}))
    assert found.grade.tolist() == ["优秀"] * 4
    words = found.set_index("fixmedins_code").arithmetic_en
    assert (
        "of 2 others (hospitals of small peer groups)" in words["H1"]
        and "0 others (pharmacies of small peer groups)" in words["P1"]
    )


def test_each_visit_costs_what_rules_or_conduct_dispute_once_within_the_year():
    facts = ibis.memtable(
        pd.DataFrame(
            [
                ("v1", "H1", 3.0, 100.0, 2, 60.0),
                ("v2", "H1", 400.0, 500.0, 1, 500.0),
                ("v3", "H1", 9.0, 50.0, 1, 50.0),
                ("v4", "P1", 9.0, 50.0, 0, 0.0),
                ("v5", "H1", 9.0, 200.0, 0, 0.0),
            ],
            columns=[
                "mdtrt_id",
                "fixmedins_code",
                "days_ago",
                "fund_pay_sumamt",
                "findings",
                "findings_amount",
            ],
        )
    )
    disputes = pd.DataFrame(
        [("v1", "H1", "M01", 90.0, 100.0), ("v1", "H1", "M01", 90.0, 100.0),  # of hospital and patient
         ("v3", "H1", "M03", 20.0, 50.0), ("v5", "H1", "M01", 200.0, 200.0)],
        columns=["mdtrt_id", "fixmedins_code", "scheme", "disputed", "amount"],
    )  # fmt: skip
    found = findings_of(facts, disputed_table(largest_by_visit(disputes)))
    assert found.values.tolist() == [["H1", 3, 350.0, 3, 340.0], ["P1", 1, 50.0, 0, 0.0]]


def test_outcomes():
    rows = [("hospital", "H1", "2"), ("hospital", "H1", "4"), ("hospital", "H1", "3"), ("patient", "H1", "2")]
    cases = ibis.memtable(pd.DataFrame(rows, columns=["subject_type", "subject_id", "clue_stas"]))
    assert outcomes_of(cases).values.tolist() == [["H1", 2, 1]]


def test_a_sheet_names_grades_in_its_language():
    graded = town(H03=PLANTED)
    graded = graded.assign(fixmedins_code=graded.index)
    for language, worst, best in (("zh", "不达标", "优秀"), ("en", "failing", "excellent")):
        rows = {row[0]: row for row in sheet_rows(graded, pd.Series({"H03": "三院"}), language)}
        assert rows["H03"][1:3] == ("三院", worst) and rows["H00"][1:3] == ("", best)
