"""Prescriptions filled in batches: a runner with ever the same cards, a doctor who holds a weekly clinic, a
family, and a slow twin."""

from collections import defaultdict
from math import exp, log, log10, pi, sqrt

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, poisson

from claims.as_of import PHARMACY
from features.graphs import batch_filling, events, recurrent_sets
from features.graphs.batch_filling import BATCH
from features.graphs.communities import communities
from features.graphs.recurrent_sets import poisson_neg_log10_p
from features.windows import YEAR
from tests.features.graphs.visit_book import VisitBook, people_in
from tests.in_memory import engine
from tests.significance.slow_chance import slow_fdr

RING = [f"card-{number}" for number in range(8)]
# Days of a campaign before the as-of date: at no interval.
CAMPAIGNS = [9, 21, 50, 66, 103, 131, 140, 188, 226, 241, 290, 333]


def recurrent(facts: ibis.Table, days: int) -> pd.DataFrame:
    """The significant batches of so many days."""
    con = facts.get_backend()
    bought = con.create_table(f"filled_{days}", batch_filling.purchases(facts, days))
    return recurrent_sets.recurrent(con.create_table(f"seen_{days}", batch_filling.members(bought)), BATCH)


def steps(book: VisitBook) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Members, significant batches and edges."""
    facts = book.facts()
    con = facts.get_backend()
    found = recurrent(facts, YEAR)
    seen = con.table(f"seen_{YEAR}")
    schema = ibis.schema(
        dict(dr_code="string", place="string", batch="int64", shared="int64", expected="float64",
             neg_log10_fdr="float64")
    )  # fmt: skip
    kept = con.create_table("found", ibis.memtable(found, schema=schema))
    pairs = con.create_table("pairs", recurrent_sets.pairs(seen, kept, BATCH))
    return seen.to_pandas(), found, events.edges(pairs, BATCH, [])


def town(months: int = 12) -> VisitBook:
    """Nine doctors whose patients fill their prescriptions when they like, at two pharmacies."""
    book, rng = VisitBook(), np.random.default_rng(5)
    for number in range(450):
        for month in range(months):
            book.add(
                f"patient-{number}", f"P{number // 9 % 2}", 30 * month + int(rng.integers(0, 28)),
                rng.uniform(0, 600), kind=PHARMACY, dr_code=f"D{number % 9}",
            )  # fmt: skip
    for number in range(100):
        # What no doctor prescribed is no part of what is usual.
        book.add(f"patient-{number}", "P0", number, kind=PHARMACY)
    return book


def passers(book: VisitBook) -> VisitBook:
    """Patients of the runner's doctor who come to his pharmacy when they like."""
    rng = np.random.default_rng(3)
    for number in range(6):
        for days_ago in rng.choice([15, 33, 42, 58, 79, 90, 118, 160, 175, 205, 260, 275, 310], 4, False):
            book.add(f"passer-{number}", "P1", int(days_ago), kind=PHARMACY, dr_code="D99")
    return book


def runner(book: VisitBook, cards=RING, size: int = 6, hours: float = 2, days=CAMPAIGNS, **more) -> VisitBook:
    """On each day of a campaign most of the cards, hours apart."""
    rng = np.random.default_rng(7)
    for day in days:
        for place, card in enumerate(rng.permutation(cards)[:size]):
            visit = dict(kind=PHARMACY, dr_code="D99") | more
            book.add(str(card), "P1", day, 60 * hours * place, **visit)
    return book


def seldom() -> VisitBook:
    """A runner with three days a year, for two years."""
    days = [day + ago for ago in (0, YEAR) for day in (40, 130, 220)]
    return runner(town(25), days=days)


def clinic(book: VisitBook, patients: int = 60) -> VisitBook:
    """A doctor who sees a dozen of so many patients on one afternoon a week; they go next door at once."""
    rng = np.random.default_rng(11)
    for week in range(50):
        for number in rng.choice(patients, 12, replace=False):
            book.add(f"of-clinic-{number}", "P0", 7 * week + 2, rng.uniform(300, 540), kind=PHARMACY,
                     dr_code="D88")  # fmt: skip
    return book


def test_three_batches_are_chance_and_as_many_a_year_are_none():
    facts = seldom().facts()
    assert recurrent(facts, YEAR).empty
    found = recurrent(facts, 2 * YEAR)
    assert len(found) == 6 and set(found.dr_code) == {"D99"}


def test_where_all_is_filled_in_batches_as_many_are_expected_as_there_are_and_no_more():
    seen, found, _edges = steps(clinic(VisitBook()))
    assert len(seen) == 600 and found.empty
    assert seen.expected.to_numpy() == pytest.approx(seen.again.to_numpy(dtype=float))


def test_a_runner_is_told_from_a_weekly_clinic_and_from_who_comes_when_he_likes():
    _seen, found, edges = steps(clinic(runner(town())))
    assert set(found.dr_code) == {"D99"} and set(found.place) == {"P1"} and len(found) >= 10
    group = communities(edges)
    assert group.group.nunique() == 1 and set(group.psn_no) == set(RING)
    assert (edges.days > edges.expected).all() and edges.days.max() > 3


def test_nobody_is_linked_where_nobody_fetches_for_others():
    edges = steps(clinic(town()))[2]
    assert edges.empty and list(edges.columns) == ["a", "b", "days", "expected", "neg_log10_fdr"]


@pytest.mark.parametrize("size, linked", [(3, False), (4, True)])
def test_three_who_have_their_medicine_fetched_may_be_a_family(size, linked):
    assert bool(people_in(steps(runner(town(), RING[:size], size=size))[2])) == linked


@pytest.mark.parametrize("more", [dict(course=True), dict(kind="outpatient"), dict(dr_code=None)])
def test_courses_other_visits_and_purchases_without_a_prescription_make_no_batch(more):
    assert steps(runner(town(), **more))[1].empty


def first_two(hours: float, purchases: int) -> tuple[int, int]:
    """Batches of two purchases of a flow, so many hours apart, among so many in a year."""
    book = VisitBook()
    book.add("a", "P0", 364, 0, kind=PHARMACY, dr_code="D")
    book.add("b", "P0", 364, 60 * hours, kind=PHARMACY, dr_code="D")
    for number in range(purchases - 2):
        book.add("c", "P0", 300 - 2 * number, 0, kind=PHARMACY, dr_code="D")
    frame = batch_filling.purchases(book.facts()).to_pandas().set_index("psn_no")
    return frame.batch["a"], frame.batch["b"]


@pytest.mark.parametrize("hours, purchases, together", [
    # A night and a day, at most.
    (36, 10, True), (36.01, 10, False),
    # A quarter of the mean time between two of a hundred purchases a year: 21.9 hours.
    (21.89, 100, True), (21.91, 100, False),
])  # fmt: skip
def test_the_longest_gap_of_a_batch(hours, purchases, together):
    first, second = first_two(hours, purchases)
    assert (first == second) == together


def test_purchases_of_the_last_year_count_once_a_person_and_day():
    book = VisitBook()
    for days_ago, minute in ((365, 0), (366, 0), (10, 50), (10, 20)):
        book.add("ada", "P0", days_ago, minute, kind=PHARMACY, dr_code="D")
    kept = batch_filling.purchases(book.facts()).to_pandas()
    assert sorted(kept.mdtrt_id) == ["M000000", "M000003"]


def slow_runs(book: VisitBook) -> dict[tuple, list[set[str]]]:
    """Flow → people of each run of its purchases."""
    rows = defaultdict(dict)
    for row in sorted(book.rows, key=lambda row: (row["second"], row["mdtrt_id"]), reverse=True):
        if row["days_ago"] <= 365 and row["dr_code"]:
            rows[row["dr_code"], row["fixmedins_code"]][row["psn_no"], row["day"]] = row["second"]
    found = {}
    for flow, first in rows.items():
        longest, runs, last = min(36 * 3600, 365 * 86_400 / len(first) / 4), [], None
        for (person, _day), second in sorted(first.items(), key=lambda item: item[1]):
            if last is None or second - last > longest:
                runs.append(set())
            runs[-1].add(person)
            last = second
        found[flow] = runs
    return found


def slow_bound(count: float, mean: float) -> float:
    """-log10 of the bound of a Poisson tail, three at most."""
    mean = max(mean, 1e-6)
    if count <= mean:
        return 0.0
    itself = exp(-mean) * mean**count / (sqrt(2 * pi * count) * (count / exp(1)) ** count)
    return min(3.0, -log10(min(itself / (1 - mean / (count + 1)), mean / count)))


def slow_batches(book: VisitBook) -> dict[frozenset, tuple[int, float, float]]:
    """People of each batch → how often they are in others, how often by chance, neg_log10_fdr."""
    flows = slow_runs(book)
    every = [run for runs in flows.values() for run in runs]
    everywhere = min(3 * sum(len(r) for r in every if len(r) >= 4) / sum(map(len, every)), 1)
    people, p, shared, by_chance, sets = [], [], [], [], []
    for runs in flows.values():
        of_flow = set().union(*runs)
        for batch in (run for run in runs if len(run) >= 4):
            others = of_flow - batch
            there = sum(len(run & others) for run in runs)
            hits = sum(len(run & others) for run in runs if len(run) >= 4)
            q = (len(others) * (hits / there if there else 0) + 20 * everywhere) / (len(others) + 20)
            weight, again_all, usual, recurring = 0.0, 0, 0.0, 0
            for person in batch:
                mine = [run for run in runs if person in run]
                again = sum(len(run) >= 4 for run in mine) - 1
                expected = (len(mine) - 1) * q
                weight += slow_bound(again, expected)
                again_all, usual, recurring = again_all + again, usual + expected, recurring + (again > 0)
            people.append(frozenset(batch))
            shared.append(again_all)
            by_chance.append(usual)
            sets.append(recurring)
            p.append(float(chi2.sf(2 * log(10) * weight, 2 * len(batch))))
    kept = [k for k, recurring in enumerate(sets) if recurring >= 4]
    rates = slow_fdr([p[k] for k in kept], len(p))
    return {
        people[k]: (shared[k], by_chance[k], -log10(rate))
        for k, rate in zip(kept, rates, strict=True)
        if rate < 0.01
    }


@pytest.mark.parametrize(
    "book",
    [runner(town()), clinic(runner(town()), 14), passers(runner(town()))],
    ids=["town", "small clinic", "passers"],
)
def test_batches_equal_the_slow_twin(book):
    seen, found, _edges = steps(book)
    assert list(found.columns) == [*BATCH, "shared", "expected", "neg_log10_fdr"]
    who = {key: frozenset(rows.psn_no) for key, rows in seen.groupby(BATCH)}
    mine = {who[row[:3]]: row[3:] for row in found.itertuples(index=False, name=None)}
    expected = slow_batches(book)
    assert mine.keys() == expected.keys() and len(mine) >= 8
    for people, row in expected.items():
        assert mine[people] == pytest.approx(row, rel=1e-5)


def test_of_a_batch_those_are_linked_who_are_in_another_significant_one():
    book = runner(town())
    book.add("passer-by", "P1", CAMPAIGNS[3], 30, kind=PHARMACY, dr_code="D99")
    seen, found, edges = steps(book)
    assert "passer-by" in set(seen.merge(found[BATCH]).psn_no)
    assert people_in(edges) == set(RING)


@pytest.mark.parametrize("mean", [0.0, 0.01, 0.3, 0.9, 2.0, 6.5])
def test_the_bound_of_a_poisson_tail_is_one_and_close(mean):
    counts = pd.DataFrame({"count": range(16), "mean": mean})
    table = ibis.memtable(counts)
    found = table.select(p=poisson_neg_log10_p(table["count"], table["mean"])).to_pandas().p
    exact = np.minimum(-np.log10(poisson.sf(counts["count"] - 1, max(mean, 1e-6))), 3)
    above = counts["count"] > max(mean, 1e-6)
    assert (found[~above] == 0).all() and (found[above] <= exact[above] + 1e-9).all()
    # A factor of two at most.
    assert (found[above] >= exact[above] - log10(2)).all()
    assert found.to_list() == pytest.approx([slow_bound(count, mean) for count in range(16)])


def in_batches(*rows: tuple[str, str, int, str, int]) -> ibis.Table:
    """People of batches: doctor, pharmacy, batch, person, how often again (against no expectation)."""
    frame = pd.DataFrame(rows, columns=[*BATCH, "psn_no", "again"])
    frame = frame.assign(expected=0.01, neg_log10_p=3.0 * (frame.again > 0), second=range(len(frame)))
    frame["mdtrt_id"] = [f"M{number}" for number in range(len(frame))]
    return engine().create_table("seen", ibis.memtable(frame))


@pytest.mark.parametrize("again, found", [((1, 1, 1, 1), True), ((5, 5, 5, 0), False)])
def test_four_people_must_come_again(again, found):
    seen = in_batches(*(("D", "P", 1, f"p{place}", n) for place, n in enumerate(again)))
    assert bool(len(recurrent_sets.recurrent(seen, BATCH))) is found


def test_whoever_is_in_a_batch_at_each_of_two_pharmacies_is_in_no_second_one():
    rows = [("D", "P1", 1, "ann", 1), ("D", "P1", 1, "bob", 1), ("D", "P1", 2, "ann", 1)]
    rows += [("D", "P1", 2, "bob", 1), ("D", "P1", 1, "cyd", 1), ("D", "P2", 1, "cyd", 1)]
    seen = in_batches(*rows)
    found = seen.select(*BATCH, "expected").distinct().mutate(shared=2, neg_log10_fdr=9.0)
    linked = recurrent_sets.pairs(seen, found, BATCH).to_pandas()
    assert set(linked.a) | set(linked.b) == {"ann", "bob"}
