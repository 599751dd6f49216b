"""Sessions of cards at a pharmacy: a drawer of cards, people who come when they like, and a slow twin."""

from collections import defaultdict
from itertools import pairwise
from math import log, log10

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from claims.as_of import PHARMACY
from features.graphs import card_sessions, events, recurrent_sets
from features.graphs.card_sessions import SESSION
from features.graphs.communities import communities
from features.graphs.recurrent_sets import recurrent
from tests.features.graphs.test_batch_filling import slow_bound
from tests.features.graphs.visit_book import VisitBook, people_in
from tests.significance.slow_chance import slow_fdr

CARDS = [f"card-{number:02}" for number in range(24)]


def steps(book: VisitBook) -> tuple[ibis.Table, ibis.Table, pd.DataFrame, ibis.Table]:
    """Purchases, members, significant sessions and pairs; all but the sessions stored."""
    bought = card_sessions.purchases(book.facts())
    con = bought.get_backend()
    bought = con.create_table("bought", bought)
    seen = con.create_table("seen", card_sessions.members(bought))
    found = recurrent(seen, SESSION)
    schema = ibis.schema(
        dict(place="string", session="int64", shared="int64", expected="float64", neg_log10_fdr="float64")
    )
    kept = con.create_table("found", ibis.memtable(found, schema=schema))
    return bought, seen, found, con.create_table("pairs", recurrent_sets.pairs(seen, kept, SESSION))


def edges_of(pairs: ibis.Table) -> pd.DataFrame:
    return events.edges(pairs, SESSION, [])


def street(sessions: int = 16, size: int = 7, seconds: float = 80, **more) -> VisitBook:
    """Three pharmacies; at one of them the cards of a drawer are swiped in sessions, each card in few; at
    another two friends come together; at the third a crowd comes once, after a lecture."""
    book, rng = VisitBook(), np.random.default_rng(3)
    for number in range(900):
        for days_ago in rng.integers(0, 365, 4):
            minute = rng.uniform(0, 600)
            book.add(f"buyer-{number}", f"P{number % 3}", int(days_ago), minute, kind=PHARMACY)
    for turn in range(sessions):
        for place, card in enumerate(rng.permutation(CARDS)[:size]):
            minute = 240 + place * seconds / 60
            book.add(str(card), "P0", 5 + 22 * turn, minute, **(dict(kind=PHARMACY) | more))
    for turn in range(12):
        book.add("friend-1", "P1", 8 + 25 * turn, 100, kind=PHARMACY)
        book.add("friend-2", "P1", 8 + 25 * turn, 101, kind=PHARMACY)
    for number in range(30):
        book.add(f"buyer-{3 * number + 2}", "P2", 77, 300 + number, kind=PHARMACY)
    return book


def test_a_drawer_of_cards_is_found_though_two_of_them_seldom_meet():
    _bought, _seen, found, pairs = steps(street())
    edges = edges_of(pairs)
    assert edges.days.median() <= 2 and set(found.place) == {"P0"} and len(found) >= 15
    group = communities(edges)
    assert group.group.nunique() == 1
    assert set(CARDS) >= set(group.psn_no) and len(group) >= 22


def test_friends_and_a_crowd_that_comes_once_are_no_drawer():
    edges = edges_of(steps(street(sessions=0))[3])
    assert edges.empty and list(edges.columns) == ["a", "b", "days", "expected", "neg_log10_fdr"]


@pytest.mark.parametrize("size, linked", [(3, False), (4, True)])
def test_three_cards_in_a_row_may_be_a_family(size, linked):
    assert bool(people_in(edges_of(steps(street(size=size, sessions=16))[3]))) == linked


@pytest.mark.parametrize("seconds, linked", [(180, True), (181, False)])
def test_the_longest_gap_of_a_session(seconds, linked):
    assert bool(people_in(edges_of(steps(street(seconds=seconds))[3]))) == linked


@pytest.mark.parametrize("more", [dict(course=True), dict(kind="outpatient")])
def test_courses_and_other_visits_are_no_sessions(more):
    assert steps(street(**more))[2].empty


def test_purchases_of_the_last_year_with_a_time_of_day_count():
    book = VisitBook()
    for days_ago in (365, 366):
        book.add("ada", "P0", days_ago, 5, kind=PHARMACY)
    midnight = book.add("ben", "P0", 7, -480, kind=PHARMACY)
    kept = card_sessions.purchases(book.facts()).to_pandas()
    assert kept.psn_no.tolist() == ["ada"] and midnight not in set(kept.mdtrt_id)


def slow_sessions(book: VisitBook) -> dict[str, list[list[dict]]]:
    """Place → runs of purchases faster than the place's rhythm."""
    rows = defaultdict(list)
    for row in book.rows:
        if row["kind"] == PHARMACY and row["days_ago"] <= 365:
            rows[row["fixmedins_code"]].append(row)
    found = {}
    for place, mine in rows.items():
        mine.sort(key=lambda row: (row["second"], row["mdtrt_id"]))
        open_days, hours, days = len({row["day"] for row in mine}), defaultdict(int), defaultdict(int)
        for row in mine:
            hours[row["second"] // 3600 % 24] += 1
            days[row["day"]] += 1
        runs, last = [], None
        for row in mine:
            hour = row["second"] // 3600 % 24
            limit = min(180, min(3600 * open_days / hours[hour], 36_000 / days[row["day"]]) / 4)
            if last is None or row["second"] - last > limit:
                runs.append([])
            runs[-1].append(row)
            last = row["second"]
        found[place] = runs
    return found


def slow_found(book: VisitBook) -> dict[frozenset, tuple[int, float, float]]:
    """People of each session → how often they are in others, how often by chance, neg_log10_fdr."""
    runs = slow_sessions(book)
    large = {
        place: [run for run in mine if len({r["psn_no"] for r in run}) >= 4] for place, mine in runs.items()
    }
    inside = {place: sum(map(len, mine)) for place, mine in large.items()}
    every = {place: sum(map(len, mine)) for place, mine in runs.items()}
    everywhere = sum(inside.values()) / sum(every.values())
    people, p, shared, by_chance, sets = [], [], [], [], []
    for place, mine in large.items():
        q = min(inside[place] / every[place], 3 * everywhere)
        for run in mine:
            neg_log10_p, again, usual, recurring = 0.0, 0, 0.0, 0
            who = {row["psn_no"] for row in run}
            for person in who:
                days = {r["day"] for other in runs[place] for r in other if r["psn_no"] == person}
                hits = {r["day"] for other in mine for r in other if r["psn_no"] == person}
                count, mean = len(hits) - 1, (len(days) - 1) * q
                again, usual, recurring = again + count, usual + mean, recurring + (count > 0)
                neg_log10_p += slow_bound(count, mean)
            people.append(frozenset(who))
            shared.append(again)
            by_chance.append(usual)
            sets.append(recurring)
            p.append(float(chi2.sf(2 * log(10) * neg_log10_p, 2 * len(who))))
    tested, kept = len(p), [k for k, recurring in enumerate(sets) if recurring >= 4]
    rates = slow_fdr([p[k] for k in kept], tested)
    found = {k: -log10(rate) for k, rate in zip(kept, rates, strict=True) if rate < 0.01}
    return {people[k]: (shared[k], by_chance[k], weight) for k, weight in found.items()}


def drawer_alone() -> VisitBook:
    """A pharmacy that sells to nobody but the cards of its drawer: its own rate would explain them."""
    book = street()
    book.rows = [
        row for row in book.rows if row["fixmedins_code"] != "P0" or row["psn_no"].startswith("card-")
    ]
    return book


@pytest.mark.parametrize("book", [street(), drawer_alone()], ids=["street", "drawer alone"])
def test_sessions_equal_the_slow_twin(book):
    _bought, seen, found, _pairs = steps(book)
    frame = seen.to_pandas()
    who = {key: frozenset(rows.psn_no) for key, rows in frame.groupby(["place", "session"])}
    mine = {who[row[:2]]: row[2:] for row in found.itertuples(index=False, name=None)}
    assert list(found.columns) == ["place", "session", "shared", "expected", "neg_log10_fdr"]
    expected = slow_found(book)
    assert mine.keys() == expected.keys() and len(mine) >= 15
    for people, row in expected.items():
        assert mine[people] == pytest.approx(row, rel=1e-6)


def busy(seed: int) -> VisitBook:
    """Two pharmacies, one with a rush between ten and eleven, on three days; people come at any second."""
    book, rng = VisitBook(), np.random.default_rng(seed)
    for day in range(3):
        rush = 7200 + rng.integers(0, 3600, 150) if day < 2 else []
        for number, second in enumerate([*rng.integers(0, 36_000, 120), *rush]):
            book.add(f"buyer-{number}", "P0", 20 * day, int(second) / 60, kind=PHARMACY)
        for number, second in enumerate(rng.integers(0, 36_000, 40)):
            book.add(f"buyer-{number}", "P1", 20 * day, int(second) / 60, kind=PHARMACY)
    return book


@pytest.mark.parametrize("seed", [1, 2])
def test_sessions_follow_the_rhythm_of_the_hour_and_of_the_day(seed):
    book = busy(seed)
    frame = card_sessions.purchases(book.facts()).to_pandas()
    found = {frozenset(rows.mdtrt_id) for _key, rows in frame.groupby(["place", "session"])}
    slow = slow_sessions(book)
    runs = {frozenset(row["mdtrt_id"] for row in run) for mine in slow.values() for run in mine}
    assert found == runs and max(map(len, runs)) > 3
    # In the rush people follow one another fast by themselves: half a minute apart they are no session.
    mine = sorted(slow["P0"], key=lambda run: run[0]["second"])
    assert min(after[0]["second"] - before[-1]["second"] for before, after in pairwise(mine)) < 30


@pytest.mark.parametrize("first, second, one_session", [(0, 45, True), (0, 46, False)])
def test_a_quarter_of_the_mean_time_between_two_purchases_of_the_hour_is_a_short_gap(
    first, second, one_session
):
    """Twenty purchases between eight and nine on one day are one in 180 seconds."""
    book = VisitBook()
    for number, at in enumerate([first, second, *range(400, 3600, 178)]):
        book.add(f"buyer-{number}", "P0", 5, at / 60, kind=PHARMACY)
    # Those of the next hour change nothing.
    for number in range(40):
        book.add(f"later-{number}", "P0", 5, 60 + number, kind=PHARMACY)
    assert sum(row["second"] % 86_400 // 3600 == 8 for row in book.rows) == 20
    frame = card_sessions.purchases(book.facts()).to_pandas().set_index("psn_no")
    assert (frame.session["buyer-0"] == frame.session["buyer-1"]) == one_session


def test_of_a_session_those_are_linked_who_are_in_another_significant_one_of_the_place():
    book = street()
    for turn in (0, 1):
        book.add("passer-by", "P0", 5 + 22 * turn, 239 + 600 * turn, kind=PHARMACY)
    _bought, seen, found, pairs = steps(book)
    frame = seen.to_pandas().merge(found[["place", "session"]])
    times = frame.groupby(["place", "psn_no"]).size()
    assert times[("P0", "passer-by")] == 1
    assert people_in(edges_of(pairs)) == set(times[times >= 2].reset_index().psn_no)
