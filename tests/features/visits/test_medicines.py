"""Medicine bought: ledgers, prices, trace codes, prescriptions and chains, by hand and against loops."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import zip_longest
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.as_of import PHARMACY, STAY
from features.visits.medicines import (
    MIN_SALES,
    chain_branches,
    drug_ledger,
    off_price_sales,
    prescription_use,
    trace_codes,
    usual_prices,
)
from tests.features.visits.tables import AS_OF, lines, stay, table, values, visits
from tests.tiny import World

LEDGER = ("supply_days", "days_on_hand", "oversupply_amount")


def bought(day: float, who: str = "anna", where: str = "P1") -> dict:
    begin = datetime(2024, 5, 1, 10) + timedelta(days=day)
    return {"psn_no": who, "kind": PHARMACY, "begntime": begin, "fixmedins_code": where}


def dose(visit: int, supply: float, drug: str = "pill", **more) -> dict:
    """Packs of ten days' supply for fifty yuan altogether."""
    row = {"mdtrt_id": f"M{visit:02}", "hilist_code": drug, "charge": "09", "days_per_unit": 10.0}
    return row | {"cnt": supply / 10, "amount": 50.0} | more


@pytest.mark.parametrize(
    "day, stock, spent",
    [
        (90, 0.0, 0.0),
        (60, 30.0, 0.0),
        (59, 31.0, 50 / 30),
        (45, 45.0, 25.0),
        (30, 60.0, 50.0),
        (29, 61.0, 50.0),
    ],
)
def test_surplus_is_how_far_the_stock_grew_beyond_a_month(day, stock, spent):
    found = values(drug_ledger(visits(bought(0), bought(day)), lines(dose(1, 90), dose(2, 30))), *LEDGER)
    assert found == {"M01": (90.0, 0.0, 0.0), "M02": (30.0, pytest.approx(stock), round(spent, 2))}


def test_a_reserve_of_constant_size_is_paid_for_once_and_a_growing_one_each_time():
    # Ninety days at first; then thirty every thirty days, or every ten.
    honest = [bought(0), *(bought(15 + 30 * n) for n in range(6))]
    hoarder = [bought(0), *(bought(15 + 10 * n) for n in range(6))]
    packs = lines(dose(1, 90), *(dose(n, 30) for n in range(2, 8)))
    assert sum(values(drug_ledger(visits(*honest), packs), "oversupply_amount").values()) == 50.0
    assert sum(values(drug_ledger(visits(*hoarder), packs), "oversupply_amount").values()) == pytest.approx(
        50.0 + 5 * 50 * 20 / 30, abs=0.05
    )


@pytest.mark.parametrize(
    "second",
    [
        dose(2, 30, "other"),
        dose(2, 30, charge="08"),
        dose(2, 30, days_per_unit=None),
        dose(2, -30),  # a refund
    ],
)
def test_another_drug_and_what_has_no_dose_is_no_surplus(second):
    found = values(drug_ledger(visits(bought(0), bought(1)), lines(dose(1, 90), second)), "oversupply_amount")
    assert found.get("M02", 0) == 0


def test_medicine_of_another_person_and_of_a_stay_does_not_count():
    rows = [bought(0), bought(1, "bert"), stay("2024-05-03 09:00", "2024-05-05 09:00")]
    found = drug_ledger(visits(*rows), lines(*[dose(n, 90) for n in (1, 2, 3)]))
    assert values(found, "days_on_hand") == {"M01": 0.0, "M02": 0.0}


def test_several_drugs_count_the_one_with_most_at_hand():
    rows = [dose(1, 90), dose(1, 40, "dear"), dose(2, 10), dose(2, 10, "dear")]
    found = values(drug_ledger(visits(bought(0), bought(10)), lines(*rows)), *LEDGER, "n_drugs")
    assert found["M02"] == (20.0, pytest.approx(80.0), 50.0, 2)


purchases = st.lists(
    st.tuples(
        st.integers(0, 90), st.sampled_from("ab"), st.sampled_from(["pill", "dear"]), st.integers(1, 5)
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=20, deadline=None)
@given(purchases)
def test_stock_against_a_running_ledger(purchases):
    rows = [
        (f"M{n:02}", day, who, drug, count * 10) for n, (day, who, drug, count) in enumerate(purchases, 1)
    ]
    expected, spent, left, last, beyond = {}, {}, defaultdict(float), {}, defaultdict(float)
    for visit, day, who, drug, supply in sorted(rows, key=lambda row: (row[1], row[0])):
        gone = day - last.get((who, drug), day)
        expected[visit] = left[who, drug] = max(left[who, drug] - gone, 0)
        over = max(expected[visit] - 30, 0)
        spent[visit] = pytest.approx(50 * min(max(over - beyond[who, drug], 0) / supply, 1), abs=0.01)
        beyond[who, drug] = over
        left[who, drug] += supply
        last[who, drug] = day
    base = visits(*[bought(day, who) for _visit, day, who, _drug, _supply in rows])
    days = lines(*[dose(n, supply, drug) for n, (_v, _d, _w, drug, supply) in enumerate(rows, 1)])
    found = drug_ledger(base, days)
    assert values(found, "days_on_hand") == pytest.approx(expected, abs=1e-6)
    assert values(found, "oversupply_amount") == spent


@pytest.mark.parametrize("pharmacies, known", [(3, True), (2, False)])
def test_a_usual_price_is_known_from_three_pharmacies(pharmacies, known):
    shops = [10.0, 30.0, 11.0][:pharmacies]
    base = visits(*[bought(0, where=f"P{n}") for n in range(pharmacies)])
    rows = [{"mdtrt_id": f"M{n:02}", "cnt": 2.0, "amount": 2 * price} for n, price in enumerate(shops, 1)]
    found = values(usual_prices(base, lines(*rows)), "benchmarked_amount", "amount_at_median_price")
    assert found == ({f"M{n:02}": (2 * price, 22.0) for n, price in enumerate(shops, 1)} if known else {})


def test_each_pharmacy_has_one_vote_and_hospitals_refunds_and_gifts_none():
    base = visits(*[bought(0, where=code) for code in ("P1", "P1", "P1", "P2", "P3", "P4", "P5")], {})
    prices = [30.0, 30.0, 31.0, 10.0, 12.0]
    rows = [{"mdtrt_id": f"M{n:02}", "amount": price} for n, price in enumerate(prices, 1)]
    rows += [{"mdtrt_id": "M06", "cnt": -1.0, "amount": -1.0}, {"mdtrt_id": "M07", "amount": 0.0}]
    rows += [{"mdtrt_id": "M08", "amount": 1.0}]
    found = values(usual_prices(base, lines(*rows)), "amount_at_median_price")
    assert found == dict.fromkeys([f"M{n:02}" for n in range(1, 6)], median([30.0, 10.0, 12.0]))


@pytest.mark.parametrize("price, off", [(11.01, True), (11.0, False), (8.99, True), (9.0, False)])
def test_a_sale_off_the_pharmacys_own_price_of_the_quarter(price, off):
    prices = [10.0] * (MIN_SALES - 1) + [price]
    # Another quarter has another price, another pharmacy its own, and of few sales nothing is known.
    later, elsewhere, seldom = [20.0] * MIN_SALES, [30.0] * MIN_SALES, [10.0, 50.0]
    places = ["P1"] * len(prices + later) + ["P2"] * MIN_SALES + ["P3"] * 2
    days = [0] * len(prices) + [95] * MIN_SALES + [0] * (MIN_SALES + 2)
    base = visits(*[bought(day, where=place) for day, place in zip(days, places, strict=True)])
    sold = enumerate(prices + later + elsewhere + seldom, 1)
    found = values(
        off_price_sales(base, lines(*[{"mdtrt_id": f"M{n:02}", "amount": x} for n, x in sold])), "off_price"
    )
    odd = {visit: amount for visit, amount in found.items() if amount}
    assert odd == ({f"M{MIN_SALES:02}": price} if off else {})
    assert len(found) == 3 * MIN_SALES


def box(world: World, visit: str, when: str, code: str | None, item: str = "pill", **more) -> None:
    world.sell(visit, item, when, code, **more)


def test_a_box_sold_again_without_a_return(claims_of):
    world = World()
    ids = {}
    for name, day in [("first", 1), ("again", 2), ("part", 3), ("clean", 4), ("returned", 8), ("third", 9)]:
        ids[name] = world.purchase("anna", "P1", f"2024-05-0{day} 10:00", lines=[("pill", 1, 20.0)])
    box(world, ids["first"], "2024-05-01 10:00", "A")
    box(world, ids["again"], "2024-05-02 10:00", "A")
    box(world, ids["part"], "2024-05-03 10:00", "A", trdn_flag="1")  # part of a box
    box(world, ids["clean"], "2024-05-04 10:00", "B")
    box(world, ids["clean"], "2024-05-04 10:00", None)
    box(world, ids["clean"], "2024-05-05 10:00", "B", count=-1, setl_id=None)
    box(world, ids["returned"], "2024-05-08 10:00", "B")
    box(world, ids["third"], "2024-05-09 10:00", "B")
    found = values(trace_codes(claims_of(world, date(2025, 1, 1))), "repeat_codes", "boxes", "uncoded")
    assert {name: found[visit] for name, visit in ids.items()} == {
        "first": (0, 1, 0), "again": (1, 1, 0), "part": (0, 1, 0), "clean": (0, 2, 1), "returned": (0, 1, 0),
        "third": (1, 1, 0),
    }  # fmt: skip


def test_a_cash_sale_counts_for_the_code_and_belongs_to_no_visit(claims_of):
    world = World()
    cash = world.purchase("anna", "P1", "2024-05-01 10:00", lines=[("pill", 1, 20.0)])
    paid = world.purchase("anna", "P1", "2024-05-02 10:00", lines=[("pill", 1, 20.0)])
    box(world, cash, "2024-05-01 10:00", "A", setl_id=None)
    box(world, paid, "2024-05-02 10:00", "A")
    assert values(trace_codes(claims_of(world, date(2025, 1, 1))), "repeat_codes") == {paid: 1}


def prescribed(
    claims_of, sold: list[tuple[str, str | None]], written: list[tuple], items: Sequence[str] = ()
) -> list[tuple]:
    """What is said of sales (time, number of the prescription) of items (pills unless given), given
    prescriptions (number, time, repeats)."""
    world = World()
    ids = []
    for (when, number), item in zip_longest(sold, items, fillvalue="pill"):
        visit = world.purchase("anna", "P1", when, lines=[(item, 1, 20.0)])
        box(world, visit, when, None, item, rxno=number)
        ids.append(visit)
    for number, when, repeats, doctor in written:
        world.add("rx_d", hi_rxno=number, dr_code=doctor, prsc_time=when, max_rept_cnt=repeats)
    found = values(
        prescription_use(claims_of(world, date(2025, 1, 1))), "rx_overused", "sale_before_rx", "rapid_rx"
    )
    return [found.get(visit) for visit in ids]


@pytest.mark.parametrize("repeats, over", [(None, 2), (0, 2), (1, 1), (2, 0), (5, 0)])
def test_a_prescription_used_more_often_than_it_allows(claims_of, repeats, over):
    sold = [(f"2024-05-0{n} 10:00", "R1") for n in (1, 2, 3)]
    found = prescribed(claims_of, sold, [("R1", "2024-04-30 09:00", repeats, "D1")])
    assert found == [(over, False, False)] * 3


def test_the_items_of_a_prescription_may_be_fetched_one_by_one(claims_of):
    # Two items at two visits are one prescription; one item twice is two.
    sold = [("2024-05-01 10:00", "R1"), ("2024-05-01 18:00", "R1"), ("2024-05-02 10:00", "R2")]
    sold += [("2024-05-02 18:00", "R2")]
    written = [(number, "2024-04-30 09:00", 0, "D1") for number in ("R1", "R2")]
    found = prescribed(claims_of, sold, written, items=["pill", "cream", "pill", "pill"])
    assert [row[0] for row in found] == [0, 0, 1, 1]


def test_a_prescription_that_nobody_wrote_allows_one_use(claims_of):
    sold = [
        ("2024-05-01 10:00", "X"),
        ("2024-05-02 10:00", "X"),
        ("2024-05-02 10:00", "Y"),
        ("2024-05-03", None),
    ]
    assert prescribed(claims_of, sold, []) == [(1, False, False), (1, False, False), (0, False, False), None]


@pytest.mark.parametrize(
    "sold, when, late",
    [
        # An evening's prescriptions for the sales of the day; clocks differ by half an hour.
        ("2024-05-01 10:00", "2024-05-01 22:00", True),
        ("2024-05-01 10:00", "2024-05-01 10:30", False),
        ("2024-05-01 10:00", "2024-05-01 10:31", True),
        ("2024-05-01 23:50", "2024-05-02 00:10", False),
        # A bare date says nothing of the order within the day.
        ("2024-05-01 10:00", "2024-05-01", False),
        ("2024-05-01 10:00", "2024-05-02", True),
        ("2024-05-01", "2024-05-01 22:00", False),
        ("2024-05-01", "2024-05-02 08:00", True),
    ],
)
def test_a_prescription_written_after_the_sale(claims_of, sold, when, late):
    found = prescribed(claims_of, [(sold, "R1")], [("R1", when, 0, "D1")])
    assert found == [(0, late, False)]


@pytest.mark.parametrize(
    "first, second, doctor, rushed",
    [
        ("09:00:00", "09:00:10", "D1", True),
        ("09:00:00", "09:00:11", "D1", False),
        ("09:00:00", "09:00:10", "D2", False),
    ],
)
def test_prescriptions_signed_in_a_rush(claims_of, first, second, doctor, rushed):
    sold = [("2024-05-01 10:00", "R1"), ("2024-05-01 10:00", "R2")]
    written = [("R1", f"2024-05-01 {first}", 0, "D1"), ("R2", f"2024-05-01 {second}", 0, doctor)]
    assert [row[2] for row in prescribed(claims_of, sold, written)] == [False, rushed]


def test_prescriptions_that_carry_only_their_date_are_not_rushed(claims_of):
    sold = [("2024-05-01 10:00", number) for number in ("R1", "R2", "R3", "R4")]
    written = [(number, "2024-05-01", 0, "D1") for number in ("R1", "R2")]
    # A bare date between two others does not hide how fast they followed one another either.
    written += [("R3", "2024-04-30 23:59:58", 0, "D1"), ("R4", "2024-05-01 00:00:05", 0, "D1")]
    assert [row[2] for row in prescribed(claims_of, sold, written)] == [False, False, False, True]


CHAIN = dict.fromkeys(("mdtrt_id", "fixmedins_code", "chain", "kind"), "string")
CHAIN |= {"days_ago": "float64", "burst": "boolean", "days_on_hand": "float64"}
CHAIN |= {"repeat_codes": "int64", "rx_overused": "int64"}


def branch(code: str, *odd: dict, chain: str | None = "C") -> list[dict]:
    usual = {"fixmedins_code": code, "chain": chain, "kind": PHARMACY, "days_ago": 5.0}
    return [usual | row for row in odd]


def chains(*rows: dict) -> dict:
    found = chain_branches(table(CHAIN, list(rows))).to_pyarrow().to_pylist()
    return {row["fixmedins_code"]: row["chain_anomalies"] for row in found}


def test_a_branch_is_told_of_the_other_branches():
    odd = [{"burst": True}, {"days_on_hand": 31.0}, {"repeat_codes": 1}, {"rx_overused": 1}]
    rows = branch("P1", *odd) + branch("P2", {}, {"burst": False}, {"days_on_hand": 30.0}, {"burst": True})
    rows += branch("alone", {"burst": True}, chain=None) + branch("single", {"burst": True}, chain="S")
    assert chains(*rows) == {"P1": 0.25, "P2": 1.0, "single": None}


@pytest.mark.parametrize(
    "change, share", [({"days_ago": 365.0}, 0.5), ({"days_ago": 365.001}, 0.0), ({"kind": STAY}, 0.0)]
)
def test_purchases_of_the_last_year_count(change, share):
    rows = branch("P1", {}) + branch("P2", {"burst": False}, {"burst": True} | change)
    assert chains(*rows)["P1"] == share


def test_the_as_of_date_of_hand_made_visits():
    assert values(visits({"begntime": AS_OF - timedelta(days=2)}), "days_ago") == {"M01": 2.0}
