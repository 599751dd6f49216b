"""Honest reasons to meet, each at the boundary where it stops to excuse; hubs and totals worked out by
hand."""

from datetime import timedelta

import ibis
import pandas as pd
import pytest

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.graphs.group_profiles import described, group_facts, honest_reasons, hubs, linked
from features.windows import YEARS
from tests.features.graphs.group_visits import (
    FAMILY,
    MONDAY,
    VISIT,
    WIDE,
    at_two_places,
    by_accident,
    group_of,
    reason,
    shoppers,
    strangers,
)
from tests.features.measures.tables import facts


@pytest.mark.parametrize(
    "ages,more,expected",
    [
        (FAMILY, {}, "household"),
        ([*FAMILY, 42.0], {}, None),
        ([59.0, 41.0], {}, "household"),
        ([58.9, 41.0], {}, None),
    ],
)
def test_a_household_is_small_and_of_several_generations(ages, more, expected):
    assert reason(at_two_places(group_of(ages, 3, **more))) == expected


def test_a_household_is_of_one_village():
    rows = at_two_places(group_of(FAMILY, 3))
    assert reason([row | {"village": "w"} if n == 0 else row for n, row in enumerate(rows)]) is None


@pytest.mark.parametrize(
    "part,of,differing,expected",
    [
        # Two of ten visits are a fifth already.
        (1, 10, {"kind": STAY}, "household"),
        (2, 10, {"kind": STAY}, None),
        (1, 10, {"kind": PHARMACY, "burst": True}, "household"),
        (2, 10, {"kind": PHARMACY, "burst": True}, None),
        # A family that registers at a desk does so at once.
        (10, 10, {"burst": True}, "household"),
        # Two hundred yuan a member.
        (1, 10, {"oversupply_amount": 399.0}, "household"),
        (1, 10, {"oversupply_amount": 400.0}, None),
        # Or less than a quarter of the bills: of 1,600 yuan, and of 1,800.
        (1, 16, {"oversupply_amount": 400.0}, None),
        (1, 18, {"oversupply_amount": 400.0}, "household"),
    ],
)
def test_honest_groups_are_calm(part, of, differing, expected):
    rows = at_two_places(group_of([60.0, 30.0], of // 2))
    assert reason([row | differing if n < part else row for n, row in enumerate(rows)]) == expected


@pytest.mark.parametrize("ages,elsewhere,expected", [
    ([75.0] * 8, 1, "residents"), ([74.9] * 8, 1, None), ([75.0] * 8, 2, None),
    # The median counts: carers are younger.
    ([80.0] * 5 + [30.0] * 3, 0, "residents"),
])  # fmt: skip
def test_residents_are_old_and_have_one_place(ages, elsewhere, expected):
    rows = [row | {"village": row["psn_no"]} for row in group_of(ages, 10, every=2)][:10]
    rows = [row | {"fixmedins_code": "H2"} if n < elsewhere else row for n, row in enumerate(rows)]
    rows = rows if len(ages) > 1 else rows[:10]
    assert reason(rows) == expected


@pytest.mark.parametrize("days,every,expected", [(4, 7, "weekday"), (3, 7, None), (4, 2, None)])
def test_a_market_day_is_always_the_same(days, every, expected):
    assert reason(strangers(days, every)) == expected


def test_a_market_day_may_be_missed_once_in_ten():
    rows = strangers(10, 7)
    off = [row | {"day": row["day"] + timedelta(days=1)} for row in rows]
    assert reason(off[:6] + rows[6:]) == "weekday"
    assert reason(off[:7] + rows[7:]) is None


@pytest.mark.parametrize(
    "steps,more,expected",
    [
        ([5] * 5, {}, "market"),
        ([4] * 5, {}, None),  # every few days is no market
        ([5] * 4, {}, None),
        ([15, 15, 30, 15, 15], {}, "market"),  # one was missed
        ([31, 29, 31, 61, 30], {}, "market"),  # by the calendar's months, and one was missed
        ([10, 11, 10, 9, 10], {}, None),  # a day off is too much of ten days
        ([7] * 5, {"pace": 119.0}, None),  # one hand holds the cards
        ([12, 31, 3, 26, 29], {}, None),  # whenever the owner of the cards needs money
        ([7] * 5, {"oversupply_amount": 60.0}, None),
        ([7] * 5, {"kind": STAY}, None),
    ],
)
def test_a_market_comes_every_so_many_days(steps, more, expected):
    assert reason(shoppers(steps, **more)) == expected


def test_a_market_may_be_off_its_interval_once_in_ten():
    assert reason(shoppers([5] * 4 + [6] + [5] * 5)) == "market"
    assert reason(shoppers([5] * 4 + [6, 6] + [5] * 5)) is None


@pytest.mark.parametrize(
    "others,accidents,expected",
    [
        # Ten meetings of six; up to a tenth of the visits are somewhere else, on days between.
        (1, 6, "market"),
        (1, 7, None),
        # A third of the group is a meeting by itself.
        (2, 3, None),
    ],
)
def test_accidents_do_not_change_the_rhythm_of_a_group(others, accidents, expected):
    between = [row for n in range(accidents) for row in by_accident(others, 29 * n + 3 + n)]
    assert reason(shoppers([29] * 9, pace=150.0) + between) == expected


@pytest.mark.parametrize(
    "steps,more,expected",
    [
        ([29] * 5, {"supply_days": 30.0}, "fetched"),  # a carer's round: one hand, and everybody's medicine
        ([29] * 5, {}, None),  # goods of no dose, by one hand
        ([28] * 5, {"supply_days": 42.0, "n_drugs": 2}, "fetched"),
        ([28] * 5, {"supply_days": 41.0, "n_drugs": 2}, None),  # lasts three weeks of four
        ([31, 29, 31, 30, 31], {"supply_days": 30.0}, "fetched"),  # on the tenth of each month
        ([31, 27, 31, 34, 31], {"supply_days": 30.0}, None),
        ([29] * 4, {"supply_days": 30.0}, None),
        ([12, 31, 3, 26, 29], {"supply_days": 30.0}, None),
        ([29] * 5, {"supply_days": 30.0, "oversupply_amount": 45.0}, "fetched"),  # ahead of time
        ([29] * 5, {"supply_days": 30.0, "oversupply_amount": 60.0}, None),  # each has his own as well
        ([29] * 5, {"supply_days": 45.0}, None),  # piles up
        ([29] * 5, {"supply_days": 30.0, "kind": OUTPATIENT, "fixmedins_code": None}, None),
    ],
)
def test_a_carer_fetches_the_medicine_of_all(steps, more, expected):
    assert reason(shoppers(steps, pace=20.0, **more)) == expected


@pytest.mark.parametrize("own, expected", [(9.0, "fetched"), (8.0, None), (None, None)])
def test_what_a_carer_fetches_may_be_a_part_of_what_everybody_takes(own, expected):
    """Two weeks of four; of the rest each has some from his own doctor in between. Who takes nothing else has
    his card used."""
    rounds = shoppers([28] * 5, pace=20.0, supply_days=14.0)
    alone = {"joint": False, "linked": False, "kind": OUTPATIENT, "supply_days": own}
    between = [row | alone | {"day": row["day"] + timedelta(days=3)} for row in rounds[:-6]]
    assert reason(rounds + (between if own else [])) == expected


@pytest.mark.parametrize("supply", [None, 0.0])
@pytest.mark.parametrize("undosed,expected", [(6, "fetched"), (7, None)])
def test_what_a_carer_fetches_has_a_dose_nine_times_in_ten(supply, undosed, expected):
    rows = shoppers([29] * 9, pace=20.0, supply_days=30.0)
    assert (
        reason([row | {"supply_days": supply} if n < undosed else row for n, row in enumerate(rows)])
        == expected
    )


@pytest.mark.parametrize("ill,expected", [(8, "fetched"), (9, None)])
def test_residents_in_hospital_beds_do_not_change_what_a_carer_fetches(ill, expected):
    """Of 36 purchases and nine stays a fifth are stays, which no carer explains."""
    bought = shoppers([29] * 5, pace=20.0, supply_days=30.0)
    stays = [
        VISIT | {"kind": STAY, "psn_no": "p0", "day": MONDAY + timedelta(days=3 + n)} for n in range(ill)
    ]
    assert reason(bought + stays) == expected


@pytest.mark.parametrize("kind,amount,employed,expected", [
    (OUTPATIENT, 50.0, 12, "examined"), (OUTPATIENT, 49.0, 12, None), (PHARMACY, 50.0, 12, None),
    (OUTPATIENT, 50.0, 11, "examined"), (OUTPATIENT, 50.0, 10, None),
])  # fmt: skip
def test_colleagues_are_examined(kind, amount, employed, expected):
    rows = strangers(2, 2, kind=kind, exam_amount=amount)
    assert reason([r | {"emp_no": "E1"} if n < employed else r for n, r in enumerate(rows)]) == expected


def test_nobodys_employer_is_no_employer():
    assert reason(strangers(2, 2, exam_amount=100.0)) is None
    assert reason(group_of([30.0], 1, exam_amount=100.0)) == "villagers"


@pytest.mark.parametrize("bought,expected", [(1, "villagers"), (2, None)])
def test_villagers_are_seen_at_their_clinic(bought, expected):
    rows = group_of([30.0] * 10, 1)
    assert reason([r | {"kind": PHARMACY} if n < bought else r for n, r in enumerate(rows)]) == expected


def test_villagers_are_of_one_village():
    rows = group_of([30.0] * 10, 1)
    assert reason([row | {"village": "w"} if n == 0 else row for n, row in enumerate(rows)]) is None


def test_a_purchase_without_a_time_is_not_swiped_in_a_row():
    rows = at_two_places(group_of([60.0, 30.0], 5, kind=PHARMACY))
    assert reason([row | {"burst": None} if n < 5 else row for n, row in enumerate(rows)]) == "household"
    # One of ten is, and not one of the two with a time.
    rows[9] |= {"burst": True}
    assert reason([row | {"burst": None} if n < 8 else row for n, row in enumerate(rows)]) == "household"


@pytest.mark.parametrize("elsewhere,expected", [(1, "villagers"), (2, None)])
def test_villagers_have_one_place_for_nine_visits_of_ten(elsewhere, expected):
    rows = group_of([30.0] * 10, 1)
    rows = [row | {"fixmedins_code": "H2"} if n < elsewhere else row for n, row in enumerate(rows)]
    assert reason(rows) == expected


@pytest.mark.parametrize("employed,expected", [(9, "examined"), (8, None)])
def test_colleagues_are_nine_of_ten(employed, expected):
    rows = [row | {"village": row["psn_no"]} for row in group_of([30.0] * 10, 1, exam_amount=60.0)]
    rows = [row | {"emp_no": "E1"} if n < employed else row for n, row in enumerate(rows)]
    assert reason(rows) == expected


def test_what_they_do_alone_does_not_count():
    alone = group_of([30.0] * 5, 3, joint=False, kind=STAY)
    assert reason(group_of(FAMILY, 3) + alone) == "household"
    assert honest_reasons(
        facts(alone + [alone[0] | {"group_id": "other", "joint": True}]), WIDE
    ).index.tolist() == ["other"]


def test_what_some_do_together_does_not_excuse_the_others():
    stranger = group_of([30.0] * 6, 3, joint=False)[-1]
    assert stranger["psn_no"] == "p5"
    assert reason(group_of(FAMILY, 3) + [stranger]) is None


def test_facts_of_groups_reach_as_far_back_as_links():
    nobody = {"days_ago": 1.0, "co_visitors": 0, "co_oversupplied": 0, "co_fillers": 0}
    rows = [
        nobody | {"mdtrt_id": "with others", "psn_no": "a", "days_ago": float(YEARS), "co_visitors": 1},
        nobody | {"mdtrt_id": "long ago", "psn_no": "a", "days_ago": YEARS + 0.5, "co_visitors": 1},
        nobody | {"mdtrt_id": "fetched", "psn_no": "a", "co_fillers": 1},
        nobody | {"mdtrt_id": "oversupplied", "psn_no": "b", "co_oversupplied": 1},
        nobody | {"mdtrt_id": "by himself", "psn_no": "b"},
        nobody | {"mdtrt_id": "stranger", "psn_no": "c", "co_visitors": 5, "co_oversupplied": 5},
    ]
    table = facts(rows)
    members = pd.DataFrame({"group_id": ["g", "g", "h"], "psn_no": ["a", "b", "b"]})
    found = group_facts(table, table.get_backend().create_table("m", ibis.memtable(members), overwrite=True))
    seen = {(r.group_id, r.mdtrt_id): (r.joint, r.linked) for r in found.to_pandas().itertuples()}
    assert seen == {
        ("g", "with others"): (True, True),
        ("g", "fetched"): (True, True),
        ("g", "oversupplied"): (False, True),
        ("h", "oversupplied"): (False, True),
        ("g", "by himself"): (False, False),
        ("h", "by himself"): (False, False),
    }
    assert table.filter(linked(table)).count().execute() == 5


def test_hubs_take_three_tenths_of_the_linked_visits():
    rows = [VISIT | {"dr_code": "D1" if n < 3 else f"D{n}", "fixmedins_code": "P1"} for n in range(10)]
    rows = [
        row | {"is_pharmacy": True, "dr_code": None if n > 7 else row["dr_code"]}
        for n, row in enumerate(rows)
    ]
    rows += [VISIT | {"linked": False, "dr_code": "D9"}] * 9
    rows += [VISIT | {"group_id": "h", "dr_code": None, "fixmedins_code": f"H{n % 4}"} for n in range(4)]
    assert hubs(facts(rows)).to_dict("split")["data"] == [
        ["g", "pharmacy", "P1", 1.0],
        ["g", "prescriber", "D1", 0.3],
    ]


def test_hubs_come_by_group_and_kind_and_an_institution_is_a_pharmacy_or_a_hospital():
    rows = [
        VISIT | {"group_id": group, "fixmedins_code": place, "is_pharmacy": place < "Q", "dr_code": doctor}
        for group, place, doctor in (
            ("k", "R2", "D2"), ("k", "R1", "D1"), ("g", "P2", None), ("g", "R1", None), ("g", "P1", "D7"),
        )
    ]  # fmt: skip
    third = pytest.approx(1 / 3)
    assert hubs(facts(rows)).to_dict("split")["data"] == [
        ["g", "hospital", "R1", third], ["g", "pharmacy", "P1", third], ["g", "pharmacy", "P2", third],
        ["g", "prescriber", "D7", third],
        ["k", "hospital", "R1", 0.5], ["k", "hospital", "R2", 0.5],
        ["k", "prescriber", "D1", 0.5], ["k", "prescriber", "D2", 0.5],
    ]  # fmt: skip


def test_totals_are_of_linked_visits():
    day = {"day": MONDAY}
    rows = [
        VISIT | day | {"psn_no": "a", "oversupply_amount": 10.004, "fund_pay_sumamt": 60.004},
        VISIT | {"day": MONDAY + timedelta(days=2), "psn_no": "b", "village": "w", "fixmedins_code": "H2"},
        VISIT | day | {"psn_no": "b", "village": "w"},
        VISIT | day | {"psn_no": "c", "linked": False, "fund_pay_sumamt": 1e6},
        VISIT | day | {"psn_no": "d", "group_id": "h"},
    ]
    assert described(facts(rows)).to_dict("records") == [
        {"group_id": "g", "members": 2, "villages": 2, "places": 2, "visits": 3, "days": 2,
         "first_day": "2024-06-03", "last_day": "2024-06-05", "fund": 180.0, "oversupply": 10.0},
        {"group_id": "h", "members": 1, "villages": 1, "places": 1, "visits": 1, "days": 1,
         "first_day": "2024-06-03", "last_day": "2024-06-03", "fund": 60.0, "oversupply": 0.0},
    ]  # fmt: skip
