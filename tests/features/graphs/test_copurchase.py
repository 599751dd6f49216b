"""Who buys the same expensive medicine on the same days, at whatever pharmacy."""

import ibis
import numpy as np
import pandas as pd
import pytest

from claims.as_of import PHARMACY, STAY
from features.graphs import copurchase, covisit
from tests.features.graphs.visit_book import VisitBook, people_in


def medicines(book: VisitBook, expensive: dict[str, str]) -> pd.DataFrame:
    """Edges of those who buy the same expensive medicine.

    Args:
        expensive: buyer → the expensive medicine in every purchase, with a cheap one that everybody buys.
    """
    facts = book.facts()
    rows = [(row["mdtrt_id"], "cheap", 20.0) for row in book.rows]
    rows += [
        (row["mdtrt_id"], expensive[row["psn_no"]], 400.0) for row in book.rows if row["psn_no"] in expensive
    ]
    frame = pd.DataFrame(rows, columns=["mdtrt_id", "hilist_code", "amount"]).assign(charge="11")
    rows = copurchase.purchases(facts, facts.get_backend().create_table("item_days", ibis.memtable(frame)))
    met = facts.get_backend().create_table("purchases", covisit.meetings(rows))
    return covisit.edges(rows, met)


def test_who_fetches_the_same_expensive_medicine_from_other_shops_on_the_same_days_is_linked():
    book, rng = VisitBook(), np.random.default_rng(3)
    errands = [13, 41, 77, 118, 150, 203, 260, 301]
    for number in range(6):
        for days_ago in errands:
            book.add(f"ring-{number}", f"P{(number + days_ago) % 6}", days_ago, 60 * number, kind=PHARMACY)
            # As many errands on the same days for the cheap medicine alone.
            book.add(f"poor-{number}", f"P{(number + days_ago) % 6}", days_ago, 60 * number, kind=PHARMACY)
    for number in range(60):
        # Patients on the same medicine refill every four weeks, give or take a few days.
        for month in range(12):
            days_ago = int(number % 28 + 28 * month + rng.integers(0, 5))
            book.add(f"patient-{number}", f"P{number % 6}", days_ago, 30, kind=PHARMACY)
    expensive = {f"{kind}-{number}": "dear" for kind in ("ring", "patient") for number in range(60)}
    found = medicines(book, expensive)
    assert people_in(found) == {f"ring-{number}" for number in range(6)}
    assert (found.days == len(errands)).all() and (found.expected < 2).all()


def bought(facts: ibis.Table, lines: list[tuple]) -> pd.DataFrame:
    """Purchases of lines: mdtrt_id, hilist_code, amount, charge."""
    frame = pd.DataFrame(lines, columns=["mdtrt_id", "hilist_code", "amount", "charge"])
    days = facts.get_backend().create_table("item_days", ibis.memtable(frame))
    return copurchase.purchases(facts, days).order_by("mdtrt_id", "venue").to_pandas()


def test_a_purchase_is_an_event_whose_venue_is_the_medicine():
    book = VisitBook()
    visit = book.add("ada", "P1", 7, kind=PHARMACY)
    lines = [(visit, "pill", 300.0, "09"), (visit, "pill", 100.0, "09"), (visit, "salve", 1.0, "10")]
    others = [(book.add(f"p{n}", "P1", 7, kind=PHARMACY), "salve", 1.0, "11") for n in range(4)]
    row = bought(book.facts(), lines + others)
    assert row.drop(columns="day").to_dict("records") == [
        {
            "mdtrt_id": visit, "venue": "pill", "psn_no": "ada", "second": book.rows[0]["second"],
            "course": False, "days_ago": 7.0, "kind": covisit.MEDICINE,
        }
    ]  # fmt: skip
    assert str(row.day[0])[:10] == "2024-12-24"


def test_stays_other_charges_and_returned_medicine_are_no_purchases():
    book = VisitBook()
    visits = [book.add(f"p{n}", "P1", 7, kind=PHARMACY) for n in range(6)]
    stay = book.add("ada", "H1", 7, kind=STAY)
    lines = [(visit, "salve", 1.0, "11") for visit in visits]
    lines += [(stay, "pill", 400.0, "09"), (visits[0], "scan", 400.0, "03")]
    lines += [(visits[1], "pill", 400.0, "09"), (visits[1], "pill", -400.0, "09")]
    assert bought(book.facts(), lines).empty


@pytest.mark.parametrize("price, expensive", [(19.99, False), (20.0, True)])
def test_expensive_is_twice_the_median_of_all_purchases(price, expensive):
    book = VisitBook()
    visits = [book.add(f"p{n}", "P1", 7, kind=PHARMACY) for n in range(6)]
    lines = [(visit, "usual", 10.0, "09") for visit in visits]
    lines += [
        (visits[0], "pill", price, "09"),
        (visits[1], "pill", price, "09"),
        (visits[2], "pill", 500.0, "09"),
    ]
    found = bought(book.facts(), lines)
    # The median of the medicine counts, not the most expensive purchase of it.
    assert found.venue.tolist() == (["pill"] * 3 if expensive else [])
