"""Shared pharmacies of expensive medicine: a ring that makes its rounds, neighbours; a slow twin."""

from collections import defaultdict
from itertools import combinations

import ibis
import numpy as np
import pandas as pd
import pytest

from claims.as_of import PHARMACY
from features.graphs import shared_suppliers
from tests.features.graphs.visit_book import VisitBook, every_pair, pairs_of
from tests.significance.slow_chance import slow_neg_log10_fdr

RING = [f"ring-{number}" for number in range(8)]
SHOPS = ["P3", "P11", "P19", "P27"]


def village(county: int, number: int) -> str | None:
    """One of three villages of a county; none where it is not known."""
    return None if county == 7 else f"{420800 + county}{1 + number % 3:03}001"


def province(ring_days: int = 3, shops: int = 4) -> tuple[VisitBook, set[str]]:
    """Ten counties with four pharmacies each, whose people buy dear medicine near home; eight people of eight
    counties buy it at the same pharmacies. Of one county no village is known. The book, and the visits with
    dear medicine."""
    book, rng, dear = VisitBook(), np.random.default_rng(4), set()
    for number in range(600):
        home = number % 10
        # Neither a doctor's visit nor a purchase of the year before is a choice of a pharmacy.
        book.add(f"buyer-{number}", "H1", 50, number, village=village(home, number))
        book.add(f"buyer-{number}", "P39", 366, number, kind=PHARMACY, village=village(home, number))
        for days_ago in rng.integers(0, 360, 8):
            place = home * 4 + rng.integers(4) if rng.random() < 0.95 else rng.integers(40)
            visit = book.add(
                f"buyer-{number}", f"P{place}", int(days_ago), rng.uniform(0, 600), kind=PHARMACY,
                village=village(home, number),
            )  # fmt: skip
            if number < 60:
                dear.add(visit)
    for number, person in enumerate(RING):
        for shop in SHOPS[:shops]:
            for turn in range(ring_days):
                dear.add(
                    book.add(
                        person, shop, 11 + 30 * turn + 3 * number, 7 * number, kind=PHARMACY,
                        village=village(number, number),
                    )
                )  # fmt: skip
    return book, dear


def steps(book: VisitBook, dear: set[str]) -> tuple[ibis.Table, ibis.Table, pd.DataFrame]:
    """The facts, the regular pharmacies (stored) and the edges."""
    facts = book.facts()
    con = facts.get_backend()
    rows = [(row["mdtrt_id"], row["days_ago"], row["course"]) for row in book.rows if row["mdtrt_id"] in dear]
    frame = pd.DataFrame(rows, columns=["mdtrt_id", "days_ago", "course"])
    expensive = con.create_table("expensive", ibis.memtable(frame))
    regular = con.create_table("regular", shared_suppliers.regulars(facts, expensive))
    return facts, regular, shared_suppliers.edges(facts, regular)


def test_a_ring_on_its_rounds_is_found_and_neighbours_are_not():
    found = steps(*province())[2]
    assert pairs_of(found) == every_pair(RING)
    assert list(found.columns) == ["a", "b", "days", "expected", "neg_log10_fdr"] and set(found.days) == {4}


@pytest.mark.parametrize(
    "changed, linked",
    [(dict(ring_days=1), False), (dict(ring_days=2), True), (dict(shops=2), False), (dict(shops=3), True)],
)
def test_two_days_at_three_pharmacies_are_the_least(changed, linked):
    assert bool(len(steps(*province(**changed))[2])) == linked


@pytest.mark.parametrize("others, linked", [(192, True), (193, False)])
def test_a_pharmacy_with_more_than_two_hundred_regular_buyers_is_everybodys(others, linked):
    """Without two of its four pharmacies the ring shares too few."""
    book, dear = province()
    for number in range(others):
        for shop in SHOPS[:2]:
            for turn in range(2):
                day = 13 + 40 * turn + number % 30
                dear.add(book.add(f"many-{number}", shop, day, kind=PHARMACY, village="420809001001"))
    # Days of expensive medicine at one of these by chance would be regular, too.
    dear -= {row["mdtrt_id"] for row in book.rows if row["psn_no"].startswith("buyer-")}
    assert (pairs_of(steps(book, dear)[2]) == every_pair(RING)) == linked


def test_earlier_years_and_courses_do_not_count():
    book, dear = province()
    last_day = VisitBook()
    last_day.rows = [
        row | dict(days_ago=365.0) if row["psn_no"] in RING and row["days_ago"] > 40 else row
        for row in book.rows
    ]
    assert pairs_of(steps(last_day, dear)[2]) == every_pair(RING)
    for changed in (dict(days_ago=366.0), dict(course=True)):
        other = VisitBook()
        other.rows = [row | changed if row["psn_no"] in RING else row for row in book.rows]
        assert steps(other, dear)[2].empty


def slow_edges(book: VisitBook, dear: set[str]) -> dict[tuple[str, str], tuple]:
    """(a, b) → shared, expected, neg_log10_fdr."""
    days, people, county = defaultdict(set), defaultdict(set), {}
    for row in book.rows:
        if row["kind"] != PHARMACY or row["days_ago"] > 365:
            continue
        home = county[row["psn_no"]] = (row["village"] or "")[:6]
        people[home, row["fixmedins_code"]].add(row["psn_no"])
        if row["mdtrt_id"] in dear:
            days[row["psn_no"], row["fixmedins_code"]].add(row["day"])
    shops = defaultdict(set)
    for (person, shop), seen in days.items():
        if len(seen) >= 2:
            shops[person].add(shop)
    shops = {person: mine for person, mine in shops.items() if len(mine) >= 3}
    total = defaultdict(int)
    for (home, _shop), who in people.items():
        total[home] += len(who)
    share = {
        key: len(who) / total[key[0]] for key, who in people.items() if len(who) >= 0.001 * total[key[0]]
    }
    rows = {}
    for a, b in combinations(sorted(shops), 2):
        if len(shops[a] & shops[b]) >= 3:
            same = sum(
                value * share.get((county[b], shop), 0)
                for (home, shop), value in share.items()
                if home == county[a]
            )
            rows[a, b] = len(shops[a] & shops[b]), len(shops[a]) * len(shops[b]) * same
    rates = slow_neg_log10_fdr(
        [n for n, _mean in rows.values()],
        [mean for _n, mean in rows.values()],
        len(shops) * (len(shops) - 1) // 2,
    )
    return {pair: (*rows[pair], rate) for pair, rate in zip(rows, rates, strict=True) if rate > 2}


def test_edges_equal_the_slow_twin():
    book, dear = province()
    found, expected = steps(book, dear)[2], slow_edges(book, dear)
    assert list(zip(found.a, found.b, strict=True)) == sorted(expected) and len(expected) == 28
    for a, b, *row in found.to_numpy():
        assert row == pytest.approx(expected[a, b], rel=1e-6)


def test_linking_visits_are_the_purchases_at_the_shared_pharmacies():
    book, dear = province()
    facts, regular, found = steps(book, dear)
    linked = facts.get_backend().create_table("linked", ibis.memtable(found[["a", "b"]].head(1)))
    frame = shared_suppliers.linking_visits(facts, regular, linked).to_pandas()
    a, b = found.a[0], found.b[0]
    assert list(frame.columns) == ["mdtrt_id", "a", "b", "other"]
    assert set(frame.a) == {a} and set(frame.b) == {b}
    mine = {row["mdtrt_id"]: row["psn_no"] for row in book.rows if row["psn_no"] in (a, b)}
    assert set(frame.mdtrt_id) == set(mine) and len(frame) == len(mine) == 2 * 4 * 3
    assert (frame.other == frame.mdtrt_id.map(mine).map({a: b, b: a})).all()
