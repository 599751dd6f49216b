"""Links that no single meeting shows: who returns together, who is oversupplied through whom, who sends people where."""

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.graphs import co_return, copurchase, covisit, oversupply, referral_flows, trace_flows
from features.graphs.chance import neg_log10_fdr, significant
from features.graphs.communities import communities
from tests.tiny import World

NIGHT = date(2024, 12, 31)
SCHEMA = ibis.schema(
    dict(fixmedins_code="string", kind="string", psn_no="string", day="date", second="int64", mdtrt_id="string",
         course="boolean", days_ago="float64", dr_code="string", is_pharmacy="boolean", supply_days="float64",
         surplus_spent="float64", sent_to="string", village="string")
)  # fmt: skip


class Book:
    """Visits as the graphs see them: whatever is not said is unsuspicious."""

    def __init__(self):
        self.rows = []

    def came(self, who: str, where: str, days_ago: int, minute: float = 0, kind=OUTPATIENT, **more) -> None:
        """A visit so many days before the night, so many minutes after eight."""
        day = NIGHT - timedelta(days=days_ago)
        row = dict.fromkeys(SCHEMA.names) | {
            "fixmedins_code": where, "kind": kind, "psn_no": who, "day": day, "days_ago": float(days_ago),
            "second": (day - date(1970, 1, 1)).days * 86400 + 8 * 3600 + int(60 * minute),
            "mdtrt_id": f"M{len(self.rows):06}", "course": False, "is_pharmacy": kind == PHARMACY,
        }  # fmt: skip
        self.rows.append(row | more)

    def facts(self) -> ibis.Table:
        frame = pd.DataFrame(self.rows, columns=SCHEMA.names)
        return ibis.duckdb.connect().create_table("facts", ibis.memtable(frame, schema=SCHEMA))


# Chance


def test_of_counts_that_chance_made_hardly_any_is_significant():
    rng = np.random.default_rng(0)
    expected = pd.Series(rng.gamma(1.0, 0.5, 20_000))
    observed = pd.Series(rng.poisson(expected))
    guilty = pd.Series(rng.poisson(expected[:50]) + 12)
    found = pd.DataFrame(
        {"neg_log10_fdr": neg_log10_fdr(pd.concat([guilty, observed[50:]]), expected, 20_000)}
    )
    named = significant(found)
    assert (named.index < 50).sum() >= 45 and (named.index >= 50).sum() <= 3


def test_habits_make_the_same_count_less_surprising():
    observed, expected = pd.Series([30, 10]), pd.Series([10.0, 10.0])
    poisson, habits = (
        neg_log10_fdr(observed, expected, 100),
        neg_log10_fdr(observed, expected, 100, dispersion=4.0),
    )
    assert poisson[0] > habits[0] > habits[1]


# Cohorts


def returned(book: Book) -> pd.DataFrame:
    seen = co_return.windows(book.facts())
    seen = seen.get_backend().create_table("windows", seen)
    found = co_return.returns(seen)
    con = seen.get_backend()
    kept = con.create_table("returns", ibis.memtable(found.assign(slot=found.slot.astype("int64"))))
    return co_return.edges(con.create_table("pairs", co_return.pairs(co_return.members(seen, kept))))


def ward(people: int = 300, label=lambda name: name) -> Book:
    """A hospital with people who come twice when they like; eight are brought in three times, on different days of a week;
    eight come back every three weeks for their course."""
    book, rng = Book(), np.random.default_rng(1)
    for number in range(people):
        for days_ago in rng.choice(360, 2, replace=False):
            book.came(label(f"patient-{number}"), "hospital", int(days_ago), kind=STAY)
    for number in range(8):
        for round_, days_ago in enumerate((300, 190, 60)):
            if (number + round_) % 8:
                book.came(
                    label(f"ring-{number}"), "hospital", days_ago - (3 * number + round_) % 4, kind=STAY
                )
        for days_ago in range(20, 200, 21):
            book.came(label(f"course-{number}"), "hospital", days_ago, kind=STAY, course=True)
    return book


def together(found: pd.DataFrame) -> set[str]:
    return set(found.a) | set(found.b)


@pytest.fixture(scope="module")
def brought_back() -> pd.DataFrame:
    return communities(returned(ward()))


def test_who_is_brought_back_in_the_same_weeks_is_a_group_though_no_pair_often_meets(brought_back):
    found = brought_back
    assert found.group.nunique() == 1
    # One of them happens to lie beyond the window.
    assert set(found.psn_no) < {f"ring-{number}" for number in range(8)} and len(found) == 7


def test_people_of_a_market_day_come_back_on_it_and_are_no_cohort():
    book, rng = Book(), np.random.default_rng(2)
    for number in range(200):
        for week in rng.choice(50, 8, replace=False):
            book.came(f"villager-{number}", "clinic", 7 * int(week), rng.uniform(0, 150))
    # Six of a collector's cards, on four days of no particular weekday, an hour from the first to the last.
    for days_ago in (11, 79, 156, 263):
        for number in range(6):
            book.came(f"card-{number}", "clinic", days_ago, 10 * number)
    assert together(returned(book)) == {f"card-{number}" for number in range(6)}


@settings(max_examples=3, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(st.permutations(range(8)), st.integers(0, 40))
def test_names_and_unrelated_people_do_not_change_the_group(brought_back, names, others):
    def renamed(name: str) -> str:
        kind, number = name.split("-")
        return f"{kind}-{names[int(number)]}" if kind == "ring" else name

    ring = {renamed(name) for name in brought_back.psn_no}
    book = ward(label=renamed)
    for number in range(others):
        book.came(f"other-{number}", "another hospital", 5 * number, kind=STAY)
        book.came(f"other-{number}", "another hospital", 5 * number + 90, kind=STAY)
    assert len(ring) == 7 and set(communities(returned(book)).psn_no) == ring


# Resale


def shops(guilty: bool) -> Book:
    """Ten doctors and ten shops with forty buyers each; one buyer in nineteen hoards; one doctor has eight more who do, from
    several shops."""
    book = Book()
    for number in range(400):
        over = number % 19 == 0 or (guilty and number % 10 == 3 and number < 80)
        for month in range(1, 11):
            book.came(
                f"buyer-{number}", f"P{number // 10 % 10}", 30 * month, number, kind=PHARMACY, dr_code=f"D{number % 10}",
                supply_days=30.0, surplus_spent=200.0 if over else 0.0,
            )  # fmt: skip
    return book


def dealt(book: Book) -> tuple[pd.DataFrame, pd.DataFrame]:
    bought = oversupply.buyers(book.facts())
    con = bought.get_backend()
    bought = con.create_table("buyers", bought)
    hubs = oversupply.hubs(bought)
    schema = ibis.schema(dict(hub_type="string", hub="string", neg_log10_fdr="float64"))
    found = con.create_table("hubs", ibis.memtable(hubs[list(schema.names)], schema=schema))
    over = con.create_table("over", oversupply.oversupplied(bought, found))
    return hubs, oversupply.edges(con.create_table("co_oversupplied", oversupply.pairs(over)))


def test_a_doctor_with_too_many_oversupplied_buyers_links_them_and_hoarders_elsewhere_stay_alone():
    hubs, found = dealt(shops(guilty=True))
    assert hubs.hub.tolist() == ["D3"] and hubs.observed[0] >= 8 > 3 * hubs.expected[0]
    # The two of his who hoard by themselves cannot be told from them.
    assert together(found) - {"buyer-133", "buyer-323"} == {f"buyer-{number}" for number in range(3, 80, 10)}


def test_hoarders_by_chance_make_no_hub():
    hubs, found = dealt(shops(guilty=False))
    assert hubs.empty and found.empty


def test_boxes_sold_twice_name_both_sellers_and_a_box_that_came_back_names_nobody(claims_of):
    world = World()
    shops = [world.pharmacy(f"P{number}") for number in range(8)]
    for number in range(160):
        who, shop = world.person(f"buyer-{number}"), shops[number % 8]
        bought = world.purchase(who, shop, f"2024-03-{1 + number % 28:02} 10:00:00", lines=[("pill", 1, 20)])
        world.sell(bought, "pill", f"2024-03-{1 + number % 28:02} 10:05:00", f"box-{number}")
        if number % 8 == 1 and number < 80:
            # Bought at P1, sold again at P2.
            again = world.purchase(
                f"buyer-{number - 1}", "P2", f"2024-06-{1 + number // 8:02} 10:00:00", lines=[("pill", 1, 20)]
            )
            world.sell(again, "pill", f"2024-06-{1 + number // 8:02} 10:05:00", f"box-{number}")
        if number % 8 == 5 and number < 80:
            # Bought at P5 and returned, sold again at P6 by right.
            world.sell(bought, "pill", "2024-04-01 09:00:00", f"box-{number}", count=-1)
            again = world.purchase(
                f"buyer-{number - 1}", "P6", f"2024-06-{1 + number // 8:02} 11:00:00", lines=[("pill", 1, 20)]
            )
            world.sell(again, "pill", f"2024-06-{1 + number // 8:02} 11:05:00", f"box-{number}")
    found = trace_flows.edges(claims_of(world, NIGHT))
    assert found[["a_type", "a", "b", "observed"]].to_numpy().tolist() == [["pharmacy", "P1", "P2", 10]]


# Purchases of the same medicine


def medicines(book: Book, dear: dict[str, str]) -> pd.DataFrame:
    """Edges of those who buy the same dear medicine.

    Args:
        dear: buyer → the dear medicine in every purchase, beside a cheap one that everybody buys.
    """
    facts = book.facts()
    rows = [(row["mdtrt_id"], "cheap", 20.0) for row in book.rows]
    rows += [(row["mdtrt_id"], dear[row["psn_no"]], 400.0) for row in book.rows if row["psn_no"] in dear]
    frame = pd.DataFrame(rows, columns=["mdtrt_id", "hilist_code", "amount"]).assign(charge="11")
    rows = copurchase.purchases(facts, facts.get_backend().create_table("item_days", ibis.memtable(frame)))
    met = facts.get_backend().create_table("purchases", covisit.meetings(rows))
    return covisit.edges(rows, met)


def test_who_fetches_the_same_dear_medicine_from_other_shops_on_the_same_days_is_linked():
    book, rng = Book(), np.random.default_rng(3)
    errands = [13, 41, 77, 118, 150, 203, 260, 301]
    for number in range(6):
        for days_ago in errands:
            book.came(f"ring-{number}", f"P{(number + days_ago) % 6}", days_ago, 60 * number, kind=PHARMACY)
            # As many errands on the same days for the cheap medicine alone.
            book.came(f"poor-{number}", f"P{(number + days_ago) % 6}", days_ago, 60 * number, kind=PHARMACY)
    for number in range(60):
        # Patients on the same medicine refill every four weeks, give or take a few days.
        for month in range(12):
            days_ago = int(number % 28 + 28 * month + rng.integers(0, 5))
            book.came(f"patient-{number}", f"P{number % 6}", days_ago, 30, kind=PHARMACY)
    dear = {f"{kind}-{number}": "dear" for kind in ("ring", "patient") for number in range(60)}
    found = medicines(book, dear)
    assert together(found) == {f"ring-{number}" for number in range(6)}
    assert (found.days == len(errands)).all() and (found.expected < 2).all()


# Partners


def test_a_doctor_who_feeds_a_shop_is_told_from_one_whose_patients_live_beside_it():
    book = Book()
    for hospital in range(4):
        for number in range(120):
            who, doctor = f"patient-{hospital}-{number}", f"D{hospital}-{number % 4}"
            book.came(who, f"H{hospital}", 100, number, dr_code=doctor)
            # Most buy at the shop beside their hospital; those of one doctor at a shop across the town.
            near = number % 5 or doctor == "D2-1"
            shop = f"P{hospital}" if near else f"P{(hospital + 1 + number % 3) % 4}"
            shop = "P0" if doctor == "D2-1" and number % 3 else shop
            book.came(who, shop, 99, number, kind=PHARMACY, dr_code=doctor)
    found = referral_flows.edges(referral_flows.prescriptions(book.facts()))
    assert found[["a", "b"]].to_numpy().tolist() == [["D2-1", "P0"]]
    assert found.observed[0] == 20 > 4 * found.expected[0]


def test_a_village_that_is_fetched_is_told_from_one_that_lives_nearby():
    book = Book()
    for village in range(12):
        for number in range(20):
            village_recruitment_excess = village == 5 and number < 12
            hospital = "far" if village_recruitment_excess or number == 19 else f"H{number % 3}"
            book.came(
                f"villager-{village}-{number}",
                hospital,
                10 * number,
                kind=STAY,
                village=f"420800{village:06}",
            )
    found = referral_flows.edges(referral_flows.origins(book.facts()))
    assert found[["a", "b", "observed"]].to_numpy().tolist() == [["420800000005", "far", 13]]


@pytest.mark.parametrize(
    "ways", [referral_flows.prescriptions, referral_flows.referrals, referral_flows.origins]
)
def test_nobody_goes_anywhere(ways):
    assert referral_flows.edges(ways(Book().facts())).empty
