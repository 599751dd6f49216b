"""The order of the worklist: most money that nobody before has, size alone never first."""

from math import sqrt

import pandas as pd
import pytest

from pipelines.select.coverage import COVERED, greedy_cover


def suspects(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["subject_type", "subject_id", "score", "disputed"])


def disputes(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["subject_type", "subject_id", "mdtrt_id", "disputed"])


def order(rows: pd.DataFrame, money: pd.DataFrame) -> list[str]:
    found = greedy_cover(rows, money, money).dropna(subset=["place"])
    return list(found.sort_values("place").subject_id)


def test_ten_times_the_money_does_not_lead_a_fourfold_score():
    rows = suspects(("hospital", "H", 0.25, 10_000.0), ("patient", "p", 1.0, 1000.0))
    money = disputes(("hospital", "H", "a", 10_000.0), ("patient", "p", "b", 1000.0))
    assert order(rows, money) == ["p", "H"]
    more = rows.assign(disputed=[20_000.0, 1000.0]), money.assign(disputed=[20_000.0, 1000.0])
    assert order(*more) == ["H", "p"]


@pytest.mark.parametrize("cost, placed", [(270.0, True), (270.01, False)])
def test_what_others_have_left_of_somebody_must_be_worth_the_visit(cost, placed):
    """Of p's 900 yuan 600 are seen at H; .9 of the rest is expected back. Nobody else sees anything of q."""
    rows = suspects(
        ("hospital", "H", 1.0, 2000.0), ("patient", "p", 0.9, 900.0), ("patient", "q", 0.9, 300.0)
    )
    money = disputes(
        ("hospital", "H", "a", 600.0), ("hospital", "H", "b", 1400.0), ("patient", "p", "a", 600.0),
        ("patient", "p", "c", 300.0), ("patient", "q", "d", 300.0),
    )  # fmt: skip
    found = greedy_cover(rows, money, money, cost).set_index("subject_id")
    assert pd.notna(found.place["p"]) == placed and pd.notna(found.place[["H", "q"]]).all()
    assert (found.covered_id["p"] == "H") != placed


@pytest.mark.parametrize("left, placed", [(200.0, False), (201.0, True)])
def test_who_is_covered_by_others_has_no_place_and_is_told_by_whom(left, placed):
    assert COVERED == 0.8
    rows = suspects(("hospital", "H", 1.0, 900.0), ("patient", "p", 0.9, 800.0 + left))
    money = disputes(("hospital", "H", "a", 800.0), ("patient", "p", "a", 800.0), ("patient", "p", "b", left),
                     ("hospital", "H", "c", 1000.0))  # fmt: skip
    found = greedy_cover(rows, money, money).set_index("subject_id").loc["p"]
    assert pd.notna(found.place) == placed
    if placed:
        assert found.expected == round(0.9 * left, 2)
    else:
        assert (found.covered_type, found.covered_id) == ("hospital", "H")


def test_what_was_judged_before_is_seen_again_where_its_place_is_visited():
    """Sessions of a dialysis centre from before its last case are no debt of the centre, but the inspector
    who goes there sees them: their patients need no visits of their own."""
    rows = suspects(
        ("hospital", "H", 0.8, 5000.0), ("patient", "p", 0.9, 900.0), ("patient", "q", 0.9, 900.0)
    )
    money = disputes(("hospital", "H", "new", 5000.0), ("patient", "p", "old", 900.0),
                     ("patient", "q", "elsewhere", 900.0))  # fmt: skip
    judged = disputes(("hospital", "H", "old", 900.0))
    found = greedy_cover(rows, money, pd.concat([money, judged])).set_index("subject_id")
    assert (found.covered_type["p"], found.covered_id["p"]) == ("hospital", "H")
    assert found.place.dropna().to_dict() == {"H": 1, "q": 2}


@pytest.mark.parametrize("elsewhere, places", [(200.0, {"H": 1}), (300.0, {"D": 1, "H": 2})])
def test_one_goes_to_the_hospital_of_a_doctor_whose_money_it_disputes(elsewhere, places):
    """The doctor has the higher score; what he did elsewhere is a fifth of his money at most, or more."""
    rows = suspects(("hospital", "H", 0.8, 1200.0), ("prescriber", "D", 0.9, 800.0 + elsewhere))
    money = disputes(("hospital", "H", "a", 800.0), ("hospital", "H", "b", 400.0),
                     ("prescriber", "D", "a", 800.0), ("prescriber", "D", "c", elsewhere))  # fmt: skip
    found = greedy_cover(rows, money, money).set_index("subject_id")
    assert found.place.dropna().to_dict() == places
    if "D" not in places:
        assert (found.covered_type["D"], found.covered_id["D"]) == ("hospital", "H")


def test_two_hospitals_are_not_the_one_of_a_doctor():
    """Half of his money lies in each; neither sees nearly all of it."""
    rows = suspects(
        ("hospital", "H", 0.8, 900.0), ("hospital", "I", 0.7, 900.0), ("prescriber", "D", 0.9, 1000.0)
    )
    money = disputes(("hospital", "H", "a", 500.0), ("hospital", "H", "c", 400.0),
                     ("hospital", "I", "b", 500.0),
                     ("hospital", "I", "d", 400.0), ("prescriber", "D", "a", 500.0),
                     ("prescriber", "D", "b", 500.0))  # fmt: skip
    assert order(rows, money) == ["D", "H", "I"]


def test_a_doctor_goes_first_where_his_hospital_has_no_place_of_its_own():
    """Its score is below the floor, so that it is no candidate."""
    money = disputes(("hospital", "H", "a", 800.0), ("prescriber", "D", "a", 800.0))
    assert order(suspects(("prescriber", "D", 0.9, 800.0)), money) == ["D"]


@pytest.mark.parametrize("seed", range(20))
def test_lazy_order_is_that_of_looking_at_everybody_each_time(seed):
    rng = pd.Series(range(60)).sample(60, random_state=seed)
    money = disputes(*[("patient", f"p{n % 9}", f"v{n * 7 % 23}", 0.0) for n in rng])
    money = money.drop_duplicates(["subject_id", "mdtrt_id"])
    money["disputed"] = money.mdtrt_id.str[1:].astype(float) + 1
    rows = suspects(*[("patient", f"p{n}", 1 - n / 10, 0.0) for n in range(9)])
    rows["disputed"] = rows.subject_id.map(money.groupby("subject_id").disputed.sum())
    whole, usual = rows.set_index("subject_id").disputed, rows.disputed.median()
    left, waiting, slow = money, rows.set_index("subject_id").score, []
    while len(waiting):
        sums = left.groupby("subject_id").disputed.sum().reindex(waiting.index).fillna(0.0)
        first = (waiting * sums.map(lambda yuan: sqrt(yuan * usual))).idxmax()
        if whole[first] - sums[first] < COVERED * whole[first]:
            slow.append(first)
            left = left[~left.mdtrt_id.isin(left[left.subject_id == first].mdtrt_id)]
        waiting = waiting.drop(first)
    assert order(rows, money) == slow
