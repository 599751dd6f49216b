"""Groups side by side, what they do apart, and programmes of treatment."""

from datetime import timedelta

import pandas as pd
import pytest

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.graphs.group_profiles import honest_reasons
from tests.features.graphs.group_visits import (
    MONDAY,
    VISIT,
    WIDE,
    at_two_places,
    by_accident,
    group_of,
    living_in,
    reason,
    shoppers,
    strangers,
)
from tests.features.measures.tables import facts


def test_only_linked_visits_tell_what_a_group_uses():
    """Medicine that somebody hoards alone, and bills that he has alone."""
    alone = VISIT | {"psn_no": "p0", "age": 60.0, "day": MONDAY, "joint": False, "linked": False}
    family = at_two_places(group_of([60.0, 30.0], 5))
    assert reason([*family, alone | {"oversupply_amount": 4000.0}]) == "household"
    family[0] |= {"oversupply_amount": 400.0}
    assert reason([*family, alone | {"medfee_sumamt": 4000.0}]) is None


@pytest.mark.parametrize("alone,expected", [(1, "villagers"), (2, None)])
def test_nine_of_ten_members_do_together_what_excuses_them(alone, expected):
    rows = group_of([30.0] * 10, 1)
    assert reason([row | {"joint": n >= alone} for n, row in enumerate(rows)]) == expected


def test_groups_have_each_their_own_reason():
    """Each by itself and all together: one goes to markets, a larger one comes in between whenever its owner
    needs money, one is a carer's round on other days."""
    market = shoppers([15, 15, 30, 15, 15])
    between = [
        row | {"psn_no": f"q{row['psn_no']}{n}", "day": row["day"] + timedelta(days=2), "group_id": "money"}
        for row in shoppers([12, 31, 3, 26, 29], pace=20.0)
        for n in range(4)
    ]
    carer = shoppers([29] * 5, pace=20.0, supply_days=30.0, group_id="carer")
    carer = [row | {"psn_no": f"c{row['psn_no']}", "day": row["day"] + timedelta(days=4)} for row in carer]
    alone = {}
    for rows in (market, between, carer):
        alone |= honest_reasons(facts(rows), WIDE).to_dict()
    together = honest_reasons(facts(market + between + carer), WIDE).to_dict()
    assert together == alone and together["g"] == "market" and together["carer"] == "fetched"
    assert pd.isna(together["money"])


@pytest.mark.parametrize("pace,expected", [(120.0, "market"), (60.0, None)])
def test_people_follow_each_other_at_one_place(pace, expected):
    """Three go to the first shop and three to the second, hours later."""
    rows = shoppers([15] * 5, pace=pace)
    second = {"fixmedins_code": "H2", "second": 20_000.0}
    parted = [
        row | second | {"second": second["second"] + row["second"]} if row["psn_no"] > "p2" else row
        for row in rows
    ]
    assert reason(parted) == expected


def test_where_nobody_meets_nobody_follows():
    rows = shoppers([15] * 5)
    assert reason([row | {"fixmedins_code": row["psn_no"]} for row in rows]) is None


def test_nobody_is_examined_without_an_examination():
    rows = strangers(2, 2, exam_amount=None, medfee_sumamt=0.1)
    assert reason([row | {"emp_no": "E1"} for row in rows]) is None


def test_nine_of_ten_visits_are_meetings():
    assert (
        reason(shoppers([29] * 8) + [row for n in range(6) for row in by_accident(1, 30 * n + 3)]) == "market"
    )
    assert reason(shoppers([29] * 8) + [row for n in range(7) for row in by_accident(1, 30 * n + 3)]) is None


@pytest.mark.parametrize(
    "part,differing,expected",
    [
        (0, {}, "programme"),
        # Twenty stays in all: two may differ.
        (2, {"dx3": "M54"}, "programme"),
        (3, {"dx3": "M54"}, None),
        (3, {"dx3": None}, None),
        (2, {"fixmedins_code": "H2"}, "programme"),
        (3, {"fixmedins_code": "H2"}, None),
        (2, {"kind": PHARMACY}, "programme"),
        (3, {"kind": PHARMACY}, None),
        # Half of the visits are controls before and after.
        (10, {"kind": OUTPATIENT}, "programme"),
        (11, {"kind": OUTPATIENT}, None),
        (20, {"oversupply_amount": 100.0}, None),
    ],
)
def test_a_programme_treats_one_disease_in_one_hospital(part, differing, expected):
    rows = group_of([50.0] * 10, 2, every=30, kind=STAY, dx3="J60")
    rows = [row | {"village": row["psn_no"]} for row in rows]
    assert reason([row | differing if n < part else row for n, row in enumerate(rows)]) == expected


@pytest.mark.parametrize(
    "members,villages,expected",
    [
        (20, 18, "programme"),
        (20, 17, None),
        (10, 9, "programme"),
        (10, 8, None),
        (9, 8, "programme"),
        (9, 7, None),
        (6, 5, "programme"),
        (6, 4, None),
        (5, 5, None),
    ],
)
def test_the_patients_of_a_programme_share_no_village_but_by_accident(members, villages, expected):
    rows = group_of([50.0] * members, 2, every=30, kind=STAY, dx3="J60")
    assert reason([row | {"village": f"v{int(row['psn_no'][1:]) % villages}"} for row in rows]) == expected


@pytest.mark.parametrize("villages, expected", [(8, "programme"), (7, "programme"), (6, None), (2, None)])
def test_in_a_city_of_few_villages_some_patients_of_a_programme_are_neighbours(villages, expected):
    """Nine people drawn from a city of 25 villages live in 7.7 of them on average; those whom a broker
    fetched are of two."""
    rows = group_of([50.0] * 9, 2, every=30, kind=STAY, dx3="J60")
    rows = [row | {"village": f"v{int(row['psn_no'][1:]) % villages}"} for row in rows]
    assert reason(rows, living_in(25)) == expected
