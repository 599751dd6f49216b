"""Doctors and pharmacies with too many oversupplied buyers, careless buyers everywhere, and a slow
twin."""

from collections import defaultdict

import ibis
import numpy as np
import pandas as pd
import pytest

from claims.as_of import PHARMACY
from features.graphs import oversupply
from tests.features.graphs.visit_book import VisitBook, people_in
from tests.in_memory import engine
from tests.significance.slow_chance import slow_dispersion, slow_neg_log10_fdr


def shops(guilty: bool) -> VisitBook:
    """Ten doctors and ten shops with forty buyers each; one buyer in nineteen hoards; one doctor has eight
    more who do, from several shops."""
    book = VisitBook()
    for number in range(400):
        over = number % 19 == 0 or (guilty and number % 10 == 3 and number < 80)
        for month in range(1, 11):
            book.add(
                f"buyer-{number}", f"P{number // 10 % 10}", 30 * month, number, kind=PHARMACY,
                dr_code=f"D{number % 10}",
                supply_days=30.0, days_on_hand=31.0 if over else 30.0,
            )  # fmt: skip
    return book


def steps(book: VisitBook) -> tuple[pd.DataFrame, ibis.Table, ibis.Table]:
    """The hubs, their oversupplied buyers and the pairs of these, the last two stored."""
    bought = oversupply.buyers(book.facts())
    con = bought.get_backend()
    bought = con.create_table("buyers", bought)
    hubs = oversupply.hubs(bought)
    schema = ibis.schema(dict(hub_type="string", hub="string", neg_log10_fdr="float64", most="boolean"))
    found = con.create_table("hubs", ibis.memtable(hubs[list(schema.names)], schema=schema))
    over = con.create_table("over", oversupply.oversupplied(bought, found))
    return hubs, over, con.create_table("co_oversupplied", oversupply.pairs(over))


def linked(book: VisitBook) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The hubs and the edges between their buyers."""
    hubs, _over, pairs = steps(book)
    return hubs, oversupply.edges(pairs)


def test_a_doctor_with_too_many_oversupplied_buyers_links_them_and_hoarders_elsewhere_stay_alone():
    hubs, found = linked(shops(guilty=True))
    assert hubs.hub.tolist() == ["D3"] and hubs.observed[0] >= 8 > 3 * hubs.expected[0]
    # The two of his who hoard by themselves look the same.
    assert people_in(found) - {"buyer-133", "buyer-323"} == {f"buyer-{number}" for number in range(3, 80, 10)}


def test_hoarders_by_chance_make_no_hub():
    hubs, found = linked(shops(guilty=False))
    assert hubs.empty and found.empty


def market(seed: int) -> VisitBook:
    """Buyers at doctors and pharmacies of all sizes; two doctors and a pharmacy with many oversupplied
    ones."""
    rng = np.random.default_rng(seed)
    book = VisitBook()
    for number in range(220):
        place = rng.integers(6)
        hoards = rng.random() < (0.95 if place == 5 else 0.08)
        for _time in range(rng.integers(2, 6)):
            book.add(
                f"b{number:03}", f"P{place}", int(rng.integers(0, 380)), rng.integers(0, 600),
                kind=PHARMACY if rng.random() < 0.9 else "outpatient",
                dr_code=f"D{place}" if rng.random() < 0.9 else None,
                supply_days=float(rng.choice([0, 30], p=[0.05, 0.95])),
                days_on_hand=float(rng.choice([30, 31], p=[0.1, 0.9])) if hoards else 0.0,
                course=bool(rng.random() < 0.03),
            )  # fmt: skip
    return book


def slow_buyers(book: VisitBook) -> dict[tuple[str, str], dict[str, tuple[int, int]]]:
    """(hub_type, hub) → buyer → days bought, days bought while oversupplied."""
    days = defaultdict(lambda: defaultdict(lambda: (set(), set())))
    for row in book.rows:
        if row["days_ago"] <= 365 and row["supply_days"] > 0 and not row["course"]:
            hubs = [("prescriber", row["dr_code"])] if row["dr_code"] else []
            hubs += [("pharmacy", row["fixmedins_code"])] if row["is_pharmacy"] else []
            for hub in hubs:
                bought, surplus = days[hub][row["psn_no"]]
                bought.add(row["day"])
                if row["days_on_hand"] > 30:
                    surplus.add(row["day"])
    return {
        hub: {buyer: (len(bought), len(surplus)) for buyer, (bought, surplus) in buyers.items()}
        for hub, buyers in days.items()
    }


def slow_levels(book: VisitBook) -> dict[str, float]:
    """hub_type → days of oversupply that one in fifty of the regular buyers exceeds."""
    days = defaultdict(list)
    for (kind, _hub), buyers in slow_buyers(book).items():
        days[kind] += [surplus for bought, surplus in buyers.values() if bought >= 3]
    return {kind: float(np.quantile(values, 0.98)) for kind, values in days.items()}


def slow_hubs(book: VisitBook) -> dict[tuple[str, str, bool], tuple]:
    """(hub_type, hub, most) → buyers, observed, expected, neg_log10_fdr."""
    levels = slow_levels(book)
    return slow_tests(book, False, levels) | slow_tests(book, True, levels)


def slow_tests(book: VisitBook, most: bool, levels: dict[str, float]) -> dict[tuple[str, str, bool], tuple]:
    """`slow_hubs` of one test: of all oversupplied buyers, or of those oversupplied most."""
    counts, found = {}, {}
    for hub, buyers in slow_buyers(book).items():
        regular = [surplus for bought, surplus in buyers.values() if bought >= 3]
        if regular:
            over = [surplus >= 3 and (not most or surplus > levels[hub[0]]) for surplus in regular]
            counts[hub] = len(regular), sum(over)
    for kind in ("prescriber", "pharmacy"):
        hubs = [hub for hub in counts if hub[0] == kind]
        everybody, over = (sum(counts[hub][place] for hub in hubs) for place in (0, 1))
        expected = [counts[h][0] * (over - counts[h][1] + 1) / (everybody - counts[h][0] + 2) for h in hubs]
        observed = [counts[hub][1] for hub in hubs]
        spread = slow_dispersion(observed, expected)
        rates = slow_neg_log10_fdr(observed, expected, len(hubs), spread)
        for hub, mean, rate in zip(hubs, expected, rates, strict=True):
            if counts[hub][1] >= 3 and rate > 2:
                found[*hub, most] = *counts[hub], mean, rate
    return found


@pytest.mark.parametrize("seed", [0, 1])
def test_hubs_buyers_and_pairs_equal_the_slow_twin(seed):
    book = market(seed)
    hubs, over, pairs = steps(book)
    expected, buyers, levels = slow_hubs(book), slow_buyers(book), slow_levels(book)
    assert {kind for kind, _hub, _most in expected} == {"prescriber", "pharmacy"}
    assert list(hubs.index) == list(range(len(hubs)))
    assert sorted(tuple(row) for row in hubs[["hub_type", "hub", "most"]].to_numpy()) == sorted(expected)
    for row in hubs.itertuples():
        found = row.buyers, row.observed, row.expected, row.neg_log10_fdr
        assert found == pytest.approx(expected[row.hub_type, row.hub, row.most], rel=1e-6)
    strength = defaultdict(dict)
    for kind, hub, most in expected:
        for buyer, days in buyers[kind, hub].items():
            if days[1] >= 3 and (not most or days[1] > levels[kind]):
                known = strength[kind, hub].get(buyer, 0)
                strength[kind, hub][buyer] = max(known, expected[kind, hub, most][3])
    named = {hub: sorted(people) for hub, people in strength.items()}
    frame = over.to_pandas()
    assert {hub: sorted(rows.psn_no) for hub, rows in frame.groupby(["hub_type", "hub"])} == named
    slow = {}
    for hub, people in named.items():
        queue = sorted(people, key=lambda b: (-buyers[hub][b][1], b))
        for turn, one in enumerate(queue):
            for other in queue[turn + 1 : turn + 21]:
                days = min(buyers[hub][one][1], buyers[hub][other][1])
                slow[*hub, *sorted((one, other))] = (
                    pytest.approx(min(strength[hub][one], strength[hub][other])),
                    days,
                )
    columns = ["hub_type", "hub", "a", "b", "neg_log10_fdr", "days"]
    assert {tuple(row[:4]): tuple(row[4:]) for row in pairs.to_pandas()[columns].to_numpy()} == slow


def test_edges_sum_the_evidence_of_the_doctors_and_pharmacies_that_two_share():
    frame = pd.DataFrame(
        {
            "hub_type": ["prescriber", "pharmacy", "pharmacy"], "hub": ["D", "P", "P"], "a": ["x", "x", "v"],
            "b": ["y", "y", "w"], "days": [4, 7, 3], "neg_log10_fdr": [2.5, 3.0, 3.0],
        }
    )  # fmt: skip
    found = oversupply.edges(engine().create_table("pairs", ibis.memtable(frame)))
    assert list(found.columns) == ["a", "b", "days", "neg_log10_fdr", "expected"]
    assert found.drop(columns="expected").to_numpy().tolist() == [["v", "w", 3, 3.0], ["x", "y", 7, 5.5]]
    assert found.expected.isna().all()


def test_edges_to_hubs_have_the_days_and_the_evidence_of_the_hub():
    hubs, over, _pairs = steps(shops(guilty=True))
    found = oversupply.hub_edges(over)
    assert list(found.columns) == ["a", "b_type", "b", "observed", "neg_log10_fdr", "expected"]
    assert found.a.is_monotonic_increasing and len(found) == hubs.observed.sum()
    assert set(found.b_type) == {"prescriber"} and set(found.b) == {"D3"} and set(found.observed) == {10}
    assert set(found.neg_log10_fdr) == {hubs.neg_log10_fdr[0]} and found.expected.isna().all()


def test_ties_are_the_oversupplied_purchases_at_the_shared_doctor_or_pharmacy():
    book = VisitBook()
    more = dict(kind=PHARMACY, supply_days=30.0)
    mine = book.add("ada", "P1", 10, dr_code="D1", days_on_hand=31.0, **more)
    theirs = book.add("ben", "P2", 365, dr_code="D1", days_on_hand=31.0, **more)
    for person, place, days_ago, changed in (
        ("ada", "P1", 20, dict(days_on_hand=30.0)), ("ada", "P1", 20, dict(dr_code="D2")),
        ("ada", "P1", 366, {}), ("ada", "P1", 20, dict(course=True)), ("cyd", "P1", 20, {}),
    ):  # fmt: skip
        book.add(person, place, days_ago, **(dict(dr_code="D1", days_on_hand=31.0) | more | changed))
    facts = book.facts()
    frame = pd.DataFrame({"hub_type": ["prescriber"], "hub": ["D1"], "a": ["ada"], "b": ["ben"]})
    pairs = facts.get_backend().create_table("pairs", ibis.memtable(frame))
    found = oversupply.linking_visits(facts, pairs).order_by("mdtrt_id").to_pandas()
    assert list(found.columns) == ["mdtrt_id", "a", "b", "other"]
    assert found.to_numpy().tolist() == [[mine, "ada", "ben", "ben"], [theirs, "ada", "ben", "ada"]]
    # A pharmacy of the same pair: its own purchases.
    at_pharmacy = pairs.mutate(hub_type=ibis.literal("pharmacy"), hub=ibis.literal("P2"))
    assert oversupply.linking_visits(facts, at_pharmacy).mdtrt_id.to_pandas().tolist() == [theirs]


def test_a_pair_has_the_weaker_evidence_and_the_fewer_days_of_the_two():
    """Of one hub that stands out by those oversupplied most and by all, each buyer has what counts him; only
    the next so many of the queue are paired."""
    count = oversupply.NEXT_BUYERS + 2
    frame = pd.DataFrame(
        {
            "hub_type": "prescriber", "hub": "D", "psn_no": [f"p{n:02}" for n in range(count)],
            "surplus": [200 - n for n in range(count)], "neg_log10_fdr": [9.0] + [3.0] * (count - 1),
        }
    )  # fmt: skip
    over = engine().create_table("over", ibis.memtable(frame.iloc[::-1]))
    found = oversupply.pairs(over).to_pandas().set_index(["a", "b"])
    assert found.neg_log10_fdr["p00", "p01"] == 3.0 and found.days["p00", "p01"] == 199
    assert ("p00", f"p{count - 2:02}") in found.index and ("p00", f"p{count - 1:02}") not in found.index


def test_hubs_stand_in_order_and_have_their_columns_where_there_are_none():
    columns = {"hub_type", "hub", "buyers", "observed", "most", "expected", "neg_log10_fdr"}
    hubs = steps(market(0))[0]
    assert set(hubs.columns) == columns == set(steps(VisitBook())[0].columns)
    of_one_test = hubs[~hubs.most.astype(bool)]
    keys = list(zip(of_one_test.hub_type, of_one_test.hub, strict=True))
    assert len(set(of_one_test.hub_type)) == 2 and keys == sorted(keys)


def test_hubs_that_differ_anyhow_are_judged_by_how_much_they_differ():
    """Thirty oversupplied buyers of a hundred are many where the others have one to three, and nothing where
    others have none or twenty-five."""
    alike = pd.DataFrame({"hub_type": "pharmacy", "hub": [f"P{n:02}" for n in range(40)], "buyers": 100})
    alike = alike.assign(observed=[30, *[1, 2, 3] * 13], most=False)
    unlike = alike.assign(observed=[30, *[0, 0, 25] * 13])
    assert list(oversupply._tested(alike).hub) == ["P00"]
    assert oversupply._tested(unlike).empty
