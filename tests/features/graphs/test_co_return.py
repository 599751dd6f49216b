"""Who returns together: patients brought back in groups, people who come when they like, and a slow
twin."""

from collections import Counter, defaultdict
from statistics import median

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from claims.as_of import STAY
from features.graphs import co_return
from features.graphs.communities import communities
from tests.features.graphs.visit_book import VisitBook, people_in
from tests.in_memory import engine
from tests.significance.slow_chance import slow_neg_log10_fdr


def steps(book: VisitBook) -> tuple[pd.DataFrame, ibis.Table]:
    """The pairs of windows, and the pairs of people stored."""
    seen = co_return.windows(book.facts())
    seen = seen.get_backend().create_table("windows", seen)
    found = co_return.returns(seen)
    con = seen.get_backend()
    kept = con.create_table("returns", ibis.memtable(found.assign(slot=found.slot.astype("int64"))))
    return found, con.create_table("pairs", co_return.pairs(co_return.members(seen, kept)))


def returned(book: VisitBook) -> pd.DataFrame:
    return co_return.edges(steps(book)[1])


def ward(people: int = 300, label=lambda name: name) -> VisitBook:
    """A hospital with people who come twice when they like; eight are brought in three times, on different
    days of a week; eight come back every three weeks for their course."""
    book, rng = VisitBook(), np.random.default_rng(1)
    for number in range(people):
        for days_ago in rng.choice(360, 2, replace=False):
            book.add(label(f"patient-{number}"), "hospital", int(days_ago), kind=STAY)
    for number in range(8):
        for round_, days_ago in enumerate((300, 190, 60)):
            if (number + round_) % 8:
                book.add(label(f"ring-{number}"), "hospital", days_ago - (3 * number + round_) % 4, kind=STAY)
        for days_ago in range(20, 200, 21):
            book.add(label(f"course-{number}"), "hospital", days_ago, kind=STAY, course=True)
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
    book, rng = VisitBook(), np.random.default_rng(2)
    for number in range(200):
        for week in rng.choice(50, 8, replace=False):
            book.add(f"villager-{number}", "clinic", 7 * int(week), rng.uniform(0, 150))
    # Six of a collector's cards, on four days of no particular weekday, an hour from the first to the last.
    for days_ago in (11, 79, 156, 263):
        for number in range(6):
            book.add(f"card-{number}", "clinic", days_ago, 10 * number)
    assert people_in(returned(book)) == {f"card-{number}" for number in range(6)}


@settings(max_examples=3, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(st.permutations(range(8)), st.integers(0, 40))
def test_names_and_unrelated_people_do_not_change_the_group(brought_back, names, others):
    def renamed(name: str) -> str:
        kind, number = name.split("-")
        return f"{kind}-{names[int(number)]}" if kind == "ring" else name

    ring = {renamed(name) for name in brought_back.psn_no}
    book = ward(label=renamed)
    for number in range(others):
        book.add(f"other-{number}", "another hospital", 5 * number, kind=STAY)
        book.add(f"other-{number}", "another hospital", 5 * number + 90, kind=STAY)
    assert len(ring) == 7 and set(communities(returned(book)).psn_no) == ring


HOUR, DAY = 3600, 86_400


def slow_windows(book: VisitBook) -> dict[tuple, dict[str, tuple]]:
    """(place, kind, grid, slot) → person → first second and smallest visit id."""
    found = defaultdict(dict)
    for row in book.rows:
        if row["days_ago"] > 365 or row["course"]:
            continue
        kind, width = (STAY, 5 * DAY) if row["kind"] == STAY else ("visit", 3 * HOUR)
        for grid in (0, 1):
            slot = int((row["second"] + grid * width / 2) // width)
            people = found[row["fixmedins_code"], kind, grid, slot]
            second, mdtrt_id = people.get(row["psn_no"], (row["second"], row["mdtrt_id"]))
            people[row["psn_no"]] = min(second, row["second"]), min(mdtrt_id, row["mdtrt_id"])
    return found


def slow_returns(book: VisitBook) -> dict[tuple, tuple]:
    """(place, kind, grid, slot, later) → shared, expected, neg_log10_fdr."""
    windows, found = slow_windows(book), {}
    weekly = 7 * DAY // (3 * HOUR)
    for kind, fewest in ((STAY, 4), ("visit", 5)):
        often, expected, tested = [], [], 0
        for place, grid in sorted({(key[0], key[2]) for key in windows if key[1] == kind}):
            mine = {key[3]: set(people) for key, people in windows.items() if key[:3] == (place, kind, grid)}
            shared, usual = {}, {}
            for slot in mine:
                for later in mine:
                    if later - slot >= 2 and mine[slot] & mine[later]:
                        shared[slot, later] = len(mine[slot] & mine[later])
                        usual[slot, later] = kind == STAY or slot % weekly == later % weekly
            if not shared:
                continue
            tested += len(mine) * (len(mine) - 1) // 2
            every = pairs_of_people([len(people) for people in mine.values()])
            phases = defaultdict(list)
            for slot, people in mine.items():
                phases[0 if kind == STAY else slot % weekly].append(len(people))
            same = sum(map(pairs_of_people, phases.values()))
            mostly = len(shared) * 2 > len(mine) * (len(mine) - 1) / 2
            limit = 1 + 2 * (median(shared.values()) if mostly else 0) if kind == STAY else float("inf")
            counted = {pair: min(count, limit) for pair, count in shared.items()}
            q = sum(counted.values()) / every
            met_same = sum(count for pair, count in counted.items() if usual[pair])
            q_habit = max(q, min(met_same / same if same else 0, 3 * q))
            for (slot, later), count in shared.items():
                if count >= fewest:
                    often.append((place, kind, grid, slot, later, count))
                    rate = q_habit if usual[slot, later] and kind != STAY else q
                    expected.append(rate * len(mine[slot]) * len(mine[later]))
        rates = slow_neg_log10_fdr([row[5] for row in often], expected, tested)
        for row, mean, rate in zip(often, expected, rates, strict=True):
            if rate > 2:
                found[row[:5]] = row[5], mean, rate
    return found


def pairs_of_people(sizes: list[int]) -> float:
    return (sum(sizes) ** 2 - sum(size * size for size in sizes)) / 2


def slow_edges(book: VisitBook) -> dict[tuple[str, str], tuple]:
    """(a, b) → windows, expected, neg_log10_fdr."""
    windows, cells = slow_windows(book), defaultdict(list)
    for (place, kind, grid, slot, later), (shared, expected, rate) in slow_returns(book).items():
        then, again = windows[place, kind, grid, slot], windows[place, kind, grid, later]
        queue = sorted((then[person][0], person) for person in then if person in again)
        for turn, (_second, one) in enumerate(queue):
            for _later, other in queue[turn + 1 : turn + 21]:
                cells[*sorted((one, other)), grid].append((slot, expected / shared, rate))
    found = defaultdict(list)
    for (a, b, _grid), rows in cells.items():
        count = len({slot for slot, _chance, _rate in rows}) + 1
        chance = sum(row[1] for row in rows) / len(rows)
        found[a, b].append((count, count * chance, sum(row[2] for row in rows)))
    return {pair: tuple(max(column) for column in zip(*rows, strict=True)) for pair, rows in found.items()}


def crowd(seed: int) -> VisitBook:
    """Two hospitals and two clinics, one with a market day; groups brought to each of them on several
    days."""
    rng = np.random.default_rng(seed)
    book = VisitBook()
    for number in range(120):
        for days_ago in rng.integers(0, 380, 2):
            book.add(f"p{number}", f"H{number % 2}", int(days_ago), rng.integers(0, 600), kind=STAY)
        for week in rng.choice(50, 5, replace=False):
            book.add(f"p{number}", "C0", 7 * int(week), rng.integers(0, 300), course=rng.random() < 0.1)
        for days_ago in rng.integers(0, 380, 3):
            book.add(f"p{number}", "C1", int(days_ago), rng.integers(0, 600))
    for days_ago in (31, 113, 202, 290):
        book.add_together([f"h{number}" for number in range(9)], "H0", [days_ago], kind=STAY)
        book.add_together([f"c{number}" for number in range(8)], "C1", [days_ago])
    book.add_together([f"m{number}" for number in range(26)], "C0", [12, 150])
    return book


@pytest.mark.parametrize("seed", [0, 1])
def test_returns_and_edges_equal_the_slow_twin(seed):
    book = crowd(seed)
    windows, pairs = steps(book)
    expected = slow_returns(book)
    assert {row[1] for row in expected} == {STAY, "visit"} and {row[2] for row in expected} == {0, 1}
    assert list(windows.columns) == [
        *("place", "kind", "grid", "slot", "later", "shared", "expected", "neg_log10_fdr")
    ]
    keys = [tuple(row) for row in windows[["place", "kind", "grid", "slot", "later"]].itertuples(index=False)]
    assert keys == sorted(expected)
    for key, row in zip(keys, windows[["shared", "expected", "neg_log10_fdr"]].to_numpy(), strict=True):
        assert row == pytest.approx(expected[key], rel=1e-6)
    found, edges = co_return.edges(pairs), slow_edges(book)
    assert list(zip(found.a, found.b, strict=True)) == sorted(edges)
    for a, b, *row in found[["a", "b", "days", "expected", "neg_log10_fdr"]].to_numpy():
        assert row == pytest.approx(edges[a, b], rel=1e-6)


def test_a_person_is_linked_to_a_bounded_number_of_the_others():
    """Twenty-six came twice: each with the next twenty makes 26·20 − 210 pairs."""
    found = returned(crowd(0))
    mine = found[found.a.str.startswith("m") & found.b.str.startswith("m")]
    assert len(mine) == 26 * 20 - 20 * 21 / 2


def test_linking_visits_are_the_visits_then_and_later_of_both():
    book = ward()
    _found, pairs = steps(book)
    frame, rows = pairs.to_pandas(), co_return.linking_visits(pairs).to_pandas()
    assert list(rows.columns) == ["mdtrt_id", "a", "b", "other"] and len(rows) == 4 * len(frame)
    who = {row["mdtrt_id"]: row["psn_no"] for row in book.rows}
    expected = Counter()
    for row in frame.itertuples():
        assert row.a < row.b
        assert (who[row.id_a], who[row.later_a], who[row.id_b], who[row.later_b]) == (
            row.a,
            row.a,
            row.b,
            row.b,
        )
        for mdtrt_id, other in (
            (row.id_a, row.b),
            (row.later_a, row.b),
            (row.id_b, row.a),
            (row.later_b, row.a),
        ):
            expected[mdtrt_id, row.a, row.b, other] += 1
    assert Counter(map(tuple, rows.to_numpy())) == expected


@pytest.mark.parametrize("days_ago, counted", [(365, 2), (366, 0)])
def test_only_the_last_year_is_looked_at(days_ago, counted):
    book = VisitBook()
    book.add("ada", "hospital", days_ago, kind=STAY)
    assert co_return.windows(book.facts()).count().execute() == counted


@pytest.mark.parametrize("people, linked", [(3, False), (4, True)])
def test_three_stays_together_may_be_a_family(people, linked):
    book = VisitBook()
    for day in range(0, 360, 2):
        book.add(f"patient-{day}", "hospital", day, kind=STAY)
    book.add_together([f"p{number}" for number in range(people)], "hospital", [100, 300], kind=STAY)
    for day in (120, 200):
        book.add("patient-0", "hospital", day, kind=STAY)
    assert (len(returned(book)) > 0) == linked


GRID = {"place": "A", "kind": "visit", "grid": 0}


def table(*rows: dict) -> ibis.Table:
    frame = pd.DataFrame([GRID | row for row in rows])
    return engine().create_table("rows", ibis.memtable(frame))


@pytest.mark.parametrize(
    ("kind", "tested", "shared", "counted"),
    [
        (STAY, 7, [2, 2, 4, 9], [2, 2, 4, 7]),  # usually three: seven at most
        (STAY, 8, [2, 2, 4, 9], [1, 1, 1, 1]),  # half of the windows share nobody: nobody is usual
        ("visit", 7, [2, 2, 4, 9], [2, 2, 4, 9]),
    ],
)
def test_two_windows_of_stays_count_with_little_more_than_what_is_usual(kind, tested, shared, counted):
    rows = [{"kind": kind, "slot": slot, "shared": n} for slot, n in enumerate(shared)]
    other = [{"kind": kind, "place": "B", "slot": slot, "shared": 50} for slot in range(4)]
    every = [{"kind": kind, "place": place, "tested": tested} for place in "AB"]
    con = engine()
    seen, pairs = (con.create_table(name, ibis.memtable(pd.DataFrame([GRID | row for row in given])))
                   for name, given in (("seen", rows + other), ("pairs", every)))  # fmt: skip
    found = co_return._winsorised(seen, pairs)
    assert set(found.columns) == {*GRID, "slot", "shared"}
    assert found.filter(found.place == "A").order_by("slot").shared.to_pandas().tolist() == counted


@pytest.mark.parametrize(
    ("same_hour", "other_hour", "habit"),
    [
        (5, 0, 3 * 5 / 625),  # all at the same hour: three times as often as anywhere, at most
        (0, 5, 5 / 625),  # none at the same hour: no less than anywhere
        (0.5, 4.5, 0.5 / 25),
    ],
)
def test_habits_explain_up_to_three_times_what_the_place_does(same_hour, other_hour, habit):
    sizes = {0: 5, 56: 5, 1: 10, 2: 10, 3: 10}
    volume = table(*({"slot": slot, "phase": slot % 56, "n": n} for slot, n in sizes.items()))
    rows = [{"slot": 0, "later": 56, "habit": True, "shared": same_hour}] * bool(same_hour)
    rows += [{"slot": 0, "later": 3, "habit": False, "shared": other_hour}] * bool(other_hour)
    rate = co_return._share_rate(volume, volume.get_backend().create_table(
        "shared", ibis.memtable(pd.DataFrame([GRID | row for row in rows]))
    )).to_pandas()  # fmt: skip
    assert rate.q.item() == pytest.approx(5 / 625) and rate.q_habit.item() == pytest.approx(habit)
    assert rate.tested.item() == 10


def test_where_no_two_windows_are_of_one_hour_there_is_no_habit():
    volume = table(*({"slot": slot, "phase": slot, "n": 10} for slot in range(3)))
    shared = table({"slot": 0, "later": 2, "habit": False, "shared": 6})
    con = volume.get_backend()
    shared = con.create_table("shared", ibis.memtable(shared.to_pandas()))
    rate = co_return._share_rate(volume, shared).to_pandas()
    assert rate.q.item() == rate.q_habit.item() == pytest.approx(6 / 300)
