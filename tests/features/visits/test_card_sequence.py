"""Order and pace of cards: hand-made evenings at a till, and loops over random ones."""

import math
from collections import defaultdict
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.visits.card_sequence import (
    amounts_of_other_goods,
    bill_amounts,
    card_gaps,
    card_travel,
    doctor_travel,
    followers,
    payment_gaps,
    repeated_amounts,
)
from tests.features.visits.tables import AS_OF, sessions, stay, table, values, visits

NOON = datetime(2024, 5, 1, 12)


def seen(who: str, when: str, where: str = "H1", **more) -> dict:
    return {"psn_no": who, "begntime": when, "fixmedins_code": where} | more


# Three visits of an evening: at the first place, with the date alone (midnight), at the second place.
BARE_DATE_BETWEEN = [
    seen("anna", "2024-04-30 23:50", "H1", dr_code="D1"),
    seen("anna", "2024-05-01", "H2", dr_code="D1"),
    seen("anna", "2024-05-01 00:10", "H2", dr_code="D1"),
]
# The bare date is at the place of the first, so that the third seems to have moved from there only long
# after.
BARE_DATE_BEFORE = [
    seen("anna", "2024-05-01", "H2", dr_code="D1"),
    seen("anna", "2024-05-01 00:05", "H1", dr_code="D1"),
]


def test_a_bare_date_between_two_places_does_not_hide_the_trip():
    found = values(card_travel(visits(*BARE_DATE_BETWEEN)), "two_places", "moved_minutes", "moved_from")
    assert found == {"M01": (False, None, None), "M03": (True, 20.0, "H1")}


def test_a_bare_date_accuses_no_card_of_two_places():
    assert values(card_travel(visits(*BARE_DATE_BEFORE)), "two_places", "moved_from") == {
        "M02": (False, None)
    }


def test_a_bare_date_neither_hides_nor_accuses_a_doctor():
    assert values(doctor_travel(visits(*BARE_DATE_BETWEEN)), "dr_two_sites") == {"M01": False, "M03": True}
    assert values(doctor_travel(visits(*BARE_DATE_BEFORE)), "dr_two_sites") == {"M02": False}


@pytest.mark.parametrize(
    "minutes, seconds, near", [(30, 0, True), (30, 1, False), (0, 0, True), (29, 59, True)]
)
def test_two_places_within_half_an_hour(minutes, seconds, near):
    later = NOON + timedelta(minutes=minutes, seconds=seconds)
    trip = visits(
        seen("anna", NOON, "P1", kind=PHARMACY, dr_code="D1"), seen("anna", later, "H2", dr_code="D1")
    )
    found = values(card_travel(trip), "two_places", "moved_minutes", "moved_from", "moved_kind")
    assert found["M02"] == (near, pytest.approx(minutes + seconds / 60), "P1", PHARMACY)
    clinic = visits(seen("anna", NOON, "H1", dr_code="D1"), seen("bert", later, "H2", dr_code="D1"))
    assert values(doctor_travel(clinic), "dr_two_sites") == {"M01": False, "M02": near}
    before = values(doctor_travel(clinic), "dr_moved_minutes", "dr_moved_from")
    assert before == {"M01": (None, None), "M02": (pytest.approx(minutes + seconds / 60), "H1")}


def test_a_prescription_filled_next_door_is_no_card_at_two_places():
    rows = [
        seen("anna", NOON, "H1"),
        seen("anna", NOON + timedelta(minutes=9), "P1", kind=PHARMACY),
        seen("anna", NOON + timedelta(minutes=18), "P2", kind=PHARMACY),
    ]
    found = values(card_travel(visits(*rows)), "two_places", "moved_minutes")
    assert found == {"M01": (False, None), "M02": (False, 9), "M03": (True, 9)}


def test_a_card_at_the_same_place_has_not_moved_and_a_stay_is_no_use_of_it():
    rows = [
        seen("anna", NOON, "H1"),
        stay("2024-05-01 12:05", None, fixmedins_code="H2"),
        seen("anna", NOON + timedelta(minutes=9), "H1"),
        seen("bert", NOON + timedelta(minutes=9), "H2"),
    ]
    found = values(card_travel(visits(*rows)), "two_places", "moved_minutes")
    assert found == {name: (False, None) for name in ("M01", "M03", "M04")}


def test_a_purchase_says_nothing_of_where_the_doctor_is():
    rows = [
        seen("anna", NOON, "H1", dr_code="D1"),
        seen("anna", NOON + timedelta(minutes=5), "P1", kind=PHARMACY, dr_code="D1"),
        seen("bert", NOON + timedelta(minutes=6), "H1", dr_code="D1"),
        seen("bert", NOON + timedelta(minutes=7), "H2"),
    ]
    assert values(doctor_travel(visits(*rows)), "dr_two_sites") == {"M01": False, "M03": False}


@pytest.mark.parametrize("gap, burst", [(1, True), (60, True), (61, False)])
def test_a_burst_is_another_card_within_a_minute(gap, burst):
    rows = [seen("anna", NOON), seen("bert", NOON + timedelta(seconds=gap))]
    assert values(card_gaps(visits(*rows)), "card_gap", "burst") == {
        "M01": (None, False),
        "M02": (gap, burst),
    }


def test_the_same_card_twice_and_another_place_are_no_burst():
    rows = [seen("anna", NOON), seen("anna", NOON), seen("bert", NOON, "H2"), seen("carl", "2024-05-01")]
    assert values(card_gaps(visits(*rows)), "burst") == dict.fromkeys(("M01", "M02", "M03"), False)


@pytest.mark.parametrize(
    "others, hours, mean",
    # Four hours at least, however short the time between the first card and the last.
    [(1, 0, 60 / 14_400), (9, 1, 9 * 60 / 14_400), (9, 4, 9 * 60 / 14_400), (9, 8, 9 * 60 / 28_800)],
)
def test_a_burst_is_expected_from_the_trade_of_the_day(others, hours, mean):
    times = [NOON + timedelta(hours=hours * n / others) for n in range(others + 1)]
    rows = [seen(f"p{n}", str(when)) for n, when in enumerate(times)]
    rows += [seen("next day", str(NOON + timedelta(days=1))), seen("elsewhere", str(NOON), "H2")]
    found = list(values(card_gaps(visits(*rows)), "burst_expected").values())
    assert found == pytest.approx([1 - math.exp(-mean)] * (others + 1) + [0.0, 0.0])


def test_the_gap_between_payments_whoever_pays():
    def paid(when, where="P1", **more):
        return seen("anna", "2024-05-01", where, kind=PHARMACY, setl_time=when) | more

    rows = [
        paid("2024-05-01 12:00:00"),
        paid("2024-05-01 12:00:59"),
        paid("2024-05-02"),  # only the date is known
        paid("2024-05-02 00:00:10", kind=STAY),
        paid("2024-05-02 00:00:20", psn_no="bert"),
        paid("2024-05-02 00:00:21", "P2"),
    ]
    found = values(payment_gaps(visits(*rows)), "payment_gap_seconds")
    assert found == {"M01": None, "M02": 59, "M05": 43_161, "M06": None}


@pytest.mark.parametrize("seconds, days", [(1800, 2), (1801, None)])
def test_a_follower_comes_within_half_an_hour_again_and_again(seconds, days):
    rows = []
    for day in (1, 1, 2):
        first = datetime(2024, 5, day, 9) + timedelta(hours=len(rows))
        rows += [seen("anna", first), seen("bert", first + timedelta(seconds=seconds))]
    found = values(followers(visits(*rows), sessions()), "same_predecessor_days")
    assert found == ({} if days is None else {"M02": 2, "M04": 2, "M06": 2})


@pytest.mark.parametrize(
    "change, kept",
    [
        ({}, True),
        ({"dx3": "Z49"}, False),
        ({"dx3": "I10"}, True),
        ({"kind": STAY}, False),
        ({"psn_no": "anna"}, False),
    ],
)
def test_dialysis_shifts_stays_and_oneself_are_no_followers(change, kept):
    rows = [seen("anna", NOON), seen("bert", NOON + timedelta(minutes=1)) | change]
    assert bool(values(followers(visits(*rows), sessions()), "same_predecessor_days")) == kept


def test_dialysis_on_the_bill_makes_no_follower_whatever_the_diagnosis():
    rows = [seen("anna", NOON), seen("bert", NOON + timedelta(minutes=1)) | {"dx3": "N18"}]
    assert values(followers(visits(*rows), sessions("M02")), "same_predecessor_days") == {}
    assert values(followers(visits(*rows), sessions()), "same_predecessor_days") == {"M02": 1}


@pytest.mark.parametrize("seconds, kept", [(0, True), (-1, False)])
def test_followers_of_the_last_year_alone(seconds, kept):
    # So that the visit that follows is a second inside the year, or both are out; midday, since midnight is a
    # date.
    edge = AS_OF - timedelta(days=365)
    rows = [
        seen("anna", edge + timedelta(seconds=1 + seconds)),
        seen("bert", edge + timedelta(seconds=2 + seconds)),
    ]
    found = values(followers(visits(*rows), sessions()), "same_predecessor_days")
    assert bool(found) == kept


def test_followers_do_not_come_by_bare_dates():
    rows = [seen("anna", "2024-05-01"), seen("bert", "2024-05-01"), seen("carl", "2024-05-01 00:00:30")]
    assert values(followers(visits(*rows), sessions()), "same_predecessor_days") == {}


AMOUNTS = [
    (20.0, True),
    (19.99, False),
    (10.0, False),
    (30.0, True),
    (25.0, False),
    (1000.0, True),
    (30.01, False),
]


@pytest.mark.parametrize("amount, round_", AMOUNTS)
def test_a_round_amount_is_a_multiple_of_ten_from_twenty_on(amount, round_):
    assert values(bill_amounts(visits({"medfee_sumamt": amount})), "round_amount") == {"M01": round_}


def test_amounts_of_a_band_differ_by_a_tenth_at_most():
    amounts = [100.0, 104.0, 120.0, 0.0, -5.0]
    bands = list(
        values(bill_amounts(visits(*[{"medfee_sumamt": a} for a in amounts])), "amount_band").values()
    )
    assert bands[0] == bands[1] == math.floor(math.log(100) / math.log(1.1)) and bands[2] > bands[0]
    assert bands[3:] == [None, None]


def test_the_same_amount_counts_at_the_same_place_and_kind():
    rows = [
        {"medfee_sumamt": 88.8},
        {"medfee_sumamt": 88.8},
        {"medfee_sumamt": 88.8, "fixmedins_code": "H2"},
        {"medfee_sumamt": 88.8, "kind": STAY},
        {"medfee_sumamt": 88.9},
    ]
    assert list(values(bill_amounts(visits(*rows)), "same_amount").values()) == [1, 1, 0, 0, 0]


evenings = st.lists(
    st.tuples(
        st.sampled_from([0, 10, 60, 61, 1800, 1801, 43_200]),
        st.sampled_from("abc"),
        st.sampled_from(["H1", "H2"]),
        st.sampled_from([PHARMACY, OUTPATIENT, STAY]),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(evenings)
def test_gaps_and_trips_against_loops(evening):
    at, rows = datetime(2024, 5, 1, 23, 30), []
    for step, who, where, kind, bare in evening:
        at += timedelta(seconds=step)
        when = datetime(at.year, at.month, at.day) if bare else at
        rows.append(seen(who, when, where, kind=kind, dr_code="D1", setl_time=when))
    burst, trip, moved, gaps, last = {}, {}, {}, {}, defaultdict(dict)
    named = sorted(((row["begntime"], f"M{n:02}", row) for n, row in enumerate(rows, 1)), key=lambda r: r[:2])
    for when, name, row in named:
        if row["kind"] == STAY or when.time() == datetime.min.time():
            continue
        place, who = row["fixmedins_code"], row["psn_no"]
        before = last["place"].get(place)
        gaps[name] = before and int((when - before[0]).total_seconds())
        burst[name] = bool(before) and before[1] != who and when - before[0] <= timedelta(seconds=60)
        for key, found in (((who,), trip), (("doctor",), moved)):
            if key == ("doctor",) and row["kind"] != OUTPATIENT:
                continue
            former = last["trip"].get(key)
            away = former is not None and former[1] != place
            found[name] = away and when - former[0] <= timedelta(minutes=30)
            if key != ("doctor",) and away and (former[2], row["kind"]) == (OUTPATIENT, PHARMACY):
                found[name] = False
            last["trip"][key] = when, place, row["kind"]
        last["place"][place] = when, who
    base = visits(*rows)
    assert values(card_gaps(base), "burst") == burst
    assert values(payment_gaps(base), "payment_gap_seconds") == gaps
    assert values(card_travel(base), "two_places") == trip
    assert values(doctor_travel(base), "dr_two_sites") == moved


def test_one_amount_for_different_goods_is_money_and_for_one_medicine_a_course():
    """(who, where, yuan, set of items): the fifth costs less than anybody draws in cash."""
    sales = [
        ("cash", "P1", 200.0, 1), ("cash", "P1", 200.0, 2), ("cash", "P2", 200.0, 3),
        ("cash", "P1", 120.0, 4), ("cash", "P1", 99.0, 5), ("cash", "P1", 99.0, 6),
        ("ill", "P1", 200.0, 7), ("ill", "P1", 200.0, 7), ("other", "P2", 200.0, 1),
        ("other", "P2", 150.0, 1),
    ]  # fmt: skip
    rows = [
        seen(who, "2024-05-01 10:00", place, kind=PHARMACY, medfee_sumamt=yuan)
        for who, place, yuan, _goods in sales
    ]
    sets = [{"mdtrt_id": f"M{n:02}", "item_set": goods} for n, (*_sale, goods) in enumerate(sales, 1)]
    base, sets = visits(*rows), table({"mdtrt_id": "string", "item_set": "int64"}, sets)
    found = values(amounts_of_other_goods(base, sets), "amount_of_other_goods", "amount_expected")
    assert {name for name, (other, _expected) in found.items() if other} == {"M01", "M02"}
    # Of three bills elsewhere two have the amount, and there are two more purchases of the same person here.
    assert found["M01"][1] == pytest.approx(1 - math.exp(-2 * 2 / 3), abs=1e-6)
    assert found["M04"][1] == 0 and set(found) == {f"M{n:02}" for n in (1, 2, 3, 4, 7, 8, 9, 10)}


def test_goods_of_one_price_repeat_no_amount_and_one_amount_for_whatever_goods_does():
    """The shop of one tonic sells a set at a price; the till that pays out swipes 200 yuan for any goods."""
    tonic = [("P1", 58.0, 1)] * 8 + [("P1", 200.0, 2), ("P1", 31.0, 3)]
    till = [("P2", 200.0, goods) for goods in (1, 2, 3, 3)] + [("P2", 58.0, 1)]
    sales = [*tonic, *till, ("P3", 200.0, 9)]
    rows = [seen("anna", "2024-05-01", place, kind=PHARMACY, medfee_sumamt=yuan) for place, yuan, _g in sales]
    rows.append(seen("anna", "2024-05-01", "P2", medfee_sumamt=200.0))
    sets = [{"mdtrt_id": f"M{n:02}", "item_set": goods} for n, (*_sale, goods) in enumerate(sales, 1)]
    sets = table({"mdtrt_id": "string", "item_set": "int64"}, [*sets, {"mdtrt_id": "M17", "item_set": 7}])
    found = values(repeated_amounts(visits(*rows), sets), "same_amount_of_other_goods")
    assert [found[f"M{n:02}"] for n in range(1, 11)] == [0.0] * 10
    # Of the four others at the till three have the amount for other goods, or two where one is the same.
    assert [found[f"M{n:02}"] for n in range(11, 16)] == [3 / 4, 3 / 4, 2 / 4, 2 / 4, 0.0]
    # A single purchase has no others; a consultation is no purchase.
    assert found["M16"] is None and "M17" not in found
