"""Who meets beyond chance: rings drawn by hand, strangers who meet as often, and a slow twin of the
edges."""

from collections import Counter, defaultdict
from itertools import groupby, pairwise
from statistics import median

import ibis
import numpy as np
import pandas as pd
import pytest

from claims.as_of import OUTPATIENT, STAY
from features.graphs.covisit import MEDICINE, NEXT_VISITS, edges, linking_visits, meetings, visits
from tests.features.graphs.visit_book import VisitBook, every_pair, pairs_of
from tests.significance.slow_chance import slow_neg_log10_fdr

RING = ["ring-1", "ring-2", "ring-3", "ring-4", "ring-5"]
SHIFT = ["shift-1", "shift-2", "shift-3"]
GYM = ["gym-1", "gym-2", "gym-3"]
BEDS = ["bed-1", "bed-2", "bed-3", "bed-4", "bed-5"]
WARD = ["ward-1", "ward-2", "ward-3", "ward-4", "ward-5"]
REGULARS = ["regular-1", "regular-2", "regular-3", "regular-4", "regular-5"]
HOUR, DAY = 3600, 86_400


def met(book: VisitBook) -> tuple[ibis.Table, ibis.Table]:
    """The events, and the meetings stored."""
    events = visits(book.facts())
    return events, events.get_backend().create_table("meetings", meetings(events))


def found_in(book: VisitBook) -> pd.DataFrame:
    return edges(*met(book))


@pytest.fixture(scope="module")
def town() -> VisitBook:
    book = VisitBook()
    for day in range(200):
        book.add(f"quiet-{day}", "quiet", day, 300)
        for number in range(30):
            book.add(f"busy-{day}-{number}", "busy", day, 20 * number)
        for number in range(4):
            book.add(f"ward-{day}-{number}", "ward", day, 120 * number, kind=STAY)
        book.add(f"patient-{day}", "hospital", day, 240, kind=STAY)
    # Five people, five days: where hardly anybody comes, and as regulars where everybody comes.
    book.add_together(RING, "quiet", [10, 40, 70, 100, 130])
    book.add_together(REGULARS, "busy", [10, 40, 70, 100, 130], minute=65)
    for number, person in enumerate(REGULARS):
        for day in range(5 + number, 200, 5):
            book.add(person, "busy", day, 300 + 50 * number)
    book.add_together(SHIFT, "quiet", list(range(1, 150, 3)), minute=200, course=True)
    book.add_together(GYM, "quiet", list(range(40, 50)), minute=400, rehab=2.0)
    # Five people, four stays: where hardly anybody is twice, and as regulars of a ward.
    book.add_together(BEDS, "hospital", [20, 70, 120, 170], kind=STAY)
    book.add_together(WARD, "ward", [20, 70, 120, 170], kind=STAY)
    for number, person in enumerate(WARD):
        for day in range(25 + 3 * number, 190, 20):
            book.add(person, "ward", day, kind=STAY)
    book.add_together(["long ago-1", "long ago-2"], "quiet", list(range(400, 430, 3)))
    return book


@pytest.fixture(scope="module")
def found(town) -> pd.DataFrame:
    return found_in(town)


def test_a_ring_at_a_quiet_clinic_is_found_whole(found):
    assert every_pair(RING) <= pairs_of(found)
    ring = found[found.a.isin(RING)]
    assert set(ring.days) == {5} and (ring.expected < 0.5).all() and (ring.neg_log10_fdr > 2).all()


def test_regulars_of_a_busy_clinic_meet_by_chance(town, found):
    frame = met(town)[1].to_pandas()
    often = frame[frame.a.isin(REGULARS) & frame.b.isin(REGULARS)].groupby(["a", "b"]).day.nunique()
    assert len(often) == 10 and (often >= 5).all()
    assert not pairs_of(found) & every_pair(REGULARS)


def test_a_dialysis_shift_meets_by_schedule(found):
    assert not pairs_of(found) & every_pair(SHIFT)


def test_a_course_of_physiotherapy_meets_by_schedule(found):
    assert not pairs_of(found) & every_pair(GYM)


def test_stays_together_count_where_chance_does_not_explain_them(found):
    assert every_pair(BEDS) <= pairs_of(found)
    assert not pairs_of(found) & every_pair(WARD)


def test_nobody_else_is_an_edge(found):
    assert pairs_of(found) == every_pair(RING) | every_pair(BEDS)


def test_every_visit_is_tied_to_the_people_met(town, found):
    events, stored = met(town)
    linked = events.get_backend().create_table("linked", ibis.memtable(found[["a", "b"]]))
    frame = linking_visits(stored, linked).to_pandas()
    count = frame.groupby("mdtrt_id").other.nunique()
    who = {row["mdtrt_id"]: row["psn_no"] for row in town.rows}
    of_ring = count[[who[mdtrt_id] in RING for mdtrt_id in count.index]]
    assert len(of_ring) == 5 * 5 and (of_ring == 4).all()
    assert {who[mdtrt_id] for mdtrt_id in count.index} == {*RING, *BEDS}
    assert list(frame.columns) == ["mdtrt_id", "a", "b", "other"] and (frame.a < frame.b).all()
    mine = frame.mdtrt_id.map(who)
    assert ((mine == frame.a) & (frame.other == frame.b) | (mine == frame.b) & (frame.other == frame.a)).all()


def test_two_days_are_no_habit_but_two_stays_are():
    book = VisitBook()
    for day in range(0, 200, 3):
        book.add(f"visitor-{day}", "clinic", day, 300)
        book.add(f"patient-{day}", "hospital", day, 240, kind=STAY)
    book.add_together(["two days-1", "two days-2"], "clinic", [20, 120])
    book.add_together(["one stay-1", "one stay-2"], "hospital", [61], kind=STAY)
    book.add_together(["two stays-1", "two stays-2"], "hospital", [20, 121], kind=STAY)
    assert pairs_of(found_in(book)) == every_pair(["two stays-1", "two stays-2"])


@pytest.mark.parametrize("days, linked", [([20, 70], False), ([20, 70, 120], True)])
def test_an_edge_of_visits_needs_three_days(days, linked):
    book = VisitBook()
    for day in range(0, 364, 2):
        book.add(f"visitor-{day}", "clinic", day, 300)
    book.add_together(["ada", "ben"], "clinic", days)
    assert pairs_of(found_in(book)) == (every_pair(["ada", "ben"]) if linked else set())


@pytest.mark.parametrize(
    "kind, seconds",
    [(OUTPATIENT, 2 * HOUR), ("purchase", 2 * HOUR), (STAY, 24 * HOUR), (MEDICINE, 10 * HOUR)],
)
def test_the_boundary_of_the_time_window(kind, seconds):
    """Two people exactly as far apart as is close meet; a second later they do not."""
    for later, together in ((0, True), (1, False)):
        book = VisitBook()
        book.add("ada", "place", 10, kind=kind)
        book.add("ben", "place", 10, (seconds + later) / 60, kind=kind)
        assert len(met(book)[1].to_pandas()) == together


@pytest.mark.parametrize("days_ago, counted", [(365, 1), (366, 0)])
def test_only_the_last_year_counts(days_ago, counted):
    book = VisitBook()
    book.add_together(["ada", "ben"], "place", [days_ago])
    assert len(met(book)[1].to_pandas()) == counted


def test_a_meeting_names_venue_kind_day_people_and_visits():
    book = VisitBook()
    later = book.add("ada", "place", 7, 30)
    earlier = book.add("ben", "place", 7, 0)
    row = met(book)[1].to_pandas().iloc[0]
    assert row.drop("day").to_dict() == {
        "venue": "place", "kind": "visit", "a": "ada", "b": "ben", "mdtrt_a": later, "mdtrt_b": earlier,
    }  # fmt: skip
    assert str(row.day)[:10] == "2024-12-24"


def test_visits_at_two_venues_and_of_two_kinds_are_no_meeting():
    book = VisitBook()
    book.add("ada", "place", 7)
    book.add("ben", "elsewhere", 7)
    book.add("cyd", "place", 7, kind=STAY)
    assert met(book)[1].to_pandas().empty


def test_paying_thrice_is_coming_once():
    book = VisitBook()
    for minute in (0, 5, 10):
        book.add_together(["ada", "ben"], "quiet", [7], minute)
    found = met(book)[1].to_pandas()
    assert found[["mdtrt_a", "mdtrt_b"]].to_numpy().tolist() == [["M000000", "M000001"]]


def test_a_crowded_day_makes_a_bounded_number_of_pairs():
    assert NEXT_VISITS == 20
    book = VisitBook()
    for number in range(300):
        book.add(f"visitor-{number}", "fair", 3, number / 6)
    count = met(book)[1].count().execute()
    assert count == 300 * NEXT_VISITS - NEXT_VISITS * (NEXT_VISITS + 1) / 2


def crowd(seed: int) -> VisitBook:
    """Eight people with visits of all kinds at three venues, few enough to be dense; three of them keep
    together."""
    rng = np.random.default_rng(seed)
    book = VisitBook()
    kinds = [OUTPATIENT, "purchase", STAY, MEDICINE]
    for number in range(240):
        kind = kinds[number % 4]
        book.add(
            f"p{rng.integers(8)}", f"{kind[:2]}-{rng.integers(3)}", int(rng.integers(0, 380)),
            int(rng.integers(0, 600)), kind=kind, course=bool(rng.random() < 0.1),
        )  # fmt: skip
    for number in range(400):
        book.add(
            f"q{number}",
            f"{kinds[number % 4][:2]}-{rng.integers(3)}",
            number % 365,
            300,
            kind=kinds[number % 4],
        )
    for kind in kinds:
        book.add_together(
            ["p1", "p5", "p6"], f"{kind[:2]}-1", [12, 30, 77, 101, 150, 177, 208, 245, 290, 340], kind=kind
        )
    # Two who refill every four weeks, on the same day each time.
    book.add_together(["r1", "r2"], f"{MEDICINE[:2]}-2", list(range(3, 364, 28)), kind=MEDICINE)
    return book


def counted(book: VisitBook) -> list[dict]:
    rows = [row for row in book.rows if row["days_ago"] <= 365 and not row["course"]]
    return [row | {"kind": row["kind"] if row["kind"] in (STAY, MEDICINE) else "visit"} for row in rows]


def slow_meetings(book: VisitBook) -> list[tuple]:
    """venue, kind, day, a, b, mdtrt_a, mdtrt_b."""
    limits, found = {"visit": 2 * HOUR, STAY: DAY, MEDICINE: 10 * HOUR}, []

    def queue(row):
        return row["fixmedins_code"], row["kind"]

    rows = sorted(counted(book), key=lambda row: (queue(row), row["second"], row["mdtrt_id"]))
    for (venue, kind), line in groupby(rows, key=queue):
        seen, waiting = set(), []
        for row in line:
            if (row["psn_no"], row["day"]) not in seen:
                waiting.append(row)
            seen.add((row["psn_no"], row["day"]))
        for turn, row in enumerate(waiting):
            for later in waiting[turn + 1 : turn + 21]:
                if later["second"] - row["second"] <= limits[kind] and later["psn_no"] != row["psn_no"]:
                    one, two = sorted((row, later), key=lambda r: r["psn_no"])
                    people, ids = (one["psn_no"], two["psn_no"]), (one["mdtrt_id"], two["mdtrt_id"])
                    found.append((venue, kind, row["day"], *people, *ids))
    return found


def slow_close_rates(book: VisitBook, meetings_: list[tuple]) -> dict[tuple[str, str], float]:
    """Probability by venue and kind that a random pair of visits is close, at most a few times the even
    spread."""
    even = {"visit": 3 * 2 * 2 / 10, STAY: 1 * 2 * 24 / 24, MEDICINE: 1.0}
    close = Counter((row[0], row[1]) for row in meetings_)
    open_days = defaultdict(set)
    for row in counted(book):
        open_days[row["fixmedins_code"], row["kind"]].add(row["day"])
    peers = median(len(days) for (_venue, kind), days in open_days.items() if kind == "visit")
    rates = {}
    for venue, kind in close:
        rows = [row for row in counted(book) if (row["fixmedins_code"], row["kind"]) == (venue, kind)]
        n = len({(row["psn_no"], row["day"]) for row in rows})
        own = len({row["day"] for row in rows})
        days = {"visit": max(own, peers), STAY: 365, MEDICINE: own}[kind]
        rates[venue, kind] = min(close[venue, kind] / (n * (n - 1) / 2), even[kind] / days)
    return rates


def slow_edges(book: VisitBook) -> dict[tuple[str, str], tuple]:
    """(a, b) → days, expected, neg_log10_fdr."""
    meetings_ = slow_meetings(book)
    rates, days_there, common = slow_close_rates(book, meetings_), defaultdict(set), defaultdict(set)
    for row in counted(book):
        days_there[row["psn_no"], row["fixmedins_code"], row["kind"]].add(row["day"])
    for _venue, kind, day, a, b, _mdtrt_a, _mdtrt_b in meetings_:
        common[a, b, kind].add(day)
    found = defaultdict(list)
    for kind, fewest in (("visit", 3), (STAY, 2), (MEDICINE, 3)):
        often = [key for key in common if key[2] == kind and len(common[key]) >= fewest]
        expected = []
        for a, b, _kind in often:
            total = 0.0
            for (venue, of_kind), q in rates.items():
                n, m = (len(days_there[who, venue, kind]) for who in (a, b))
                if of_kind == kind and n and m:
                    total += (
                        n * m * q
                        if kind != MEDICINE
                        else min(n * m * q * 28 / 5, n * m * q + min(n, m, 13) / 5)
                    )
            expected.append(round(total, 9))
        rate = slow_neg_log10_fdr(
            [len(common[key]) for key in often], expected, sum(key[2] == kind for key in common)
        )
        for key, mean, value in zip(often, expected, rate, strict=True):
            if value > 2:
                found[key[:2]].append((len(common[key]), mean, value))
    return {
        pair: (sum(row[0] for row in rows), sum(row[1] for row in rows), max(row[2] for row in rows))
        for pair, rows in found.items()
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_edges_equal_the_slow_twin(seed):
    book = crowd(seed)
    events, stored = met(book)
    frame = stored.to_pandas()
    frame["day"] = pd.to_datetime(frame.day).dt.date
    columns = ["venue", "kind", "day", "a", "b", "mdtrt_a", "mdtrt_b"]
    assert sorted(map(tuple, frame[columns].to_numpy())) == sorted(slow_meetings(book))
    found, expected = edges(events, stored), slow_edges(book)
    assert len(expected) >= 3
    rows = found[["days", "expected", "neg_log10_fdr"]].to_numpy()
    got = dict(zip(zip(found.a, found.b, strict=True), rows, strict=True))
    assert set(got) == set(expected)
    for pair, values in expected.items():
        assert got[pair] == pytest.approx(values, rel=1e-6)


def test_edges_stand_in_order_with_declared_columns():
    found = found_in(crowd(0))
    assert list(found.columns) == ["a", "b", "days", "expected", "neg_log10_fdr"]
    rows = list(zip(found.a, found.b, strict=True))
    assert all(one < two for one, two in pairwise(rows)) and list(found.index) == list(range(len(found)))


def test_names_of_people_do_not_matter():
    def named(label) -> pd.DataFrame:
        book = VisitBook()
        for day in range(20, 80):
            book.add(f"other-{day}", "place-9", day, 200)
        for day in range(20, 60, 5):
            for number in range(3):
                book.add(label(number), "place-9", day, number)
        return found_in(book)

    plain, renamed = named("p{}".format), named(lambda number: f"p{(2, 0, 1)[number]}")
    assert pairs_of(plain) == every_pair(["p0", "p1", "p2"]) == pairs_of(renamed)
    pd.testing.assert_frame_equal(plain.drop(columns=["a", "b"]), renamed.drop(columns=["a", "b"]))


# At most three times an even spread over opening hours (two before and after, of ten) on one of sixty days,
# as at other places, or of its own two hundred; an even spread of stays over the year; of a medicine one of
# its two hundred days, by the cycle of refills.
@pytest.mark.parametrize("kind, days, patients, expected", [
    (OUTPATIENT, 4, 0, 4 * 4 * 3 * (2 * 2 / 10) / 60), (OUTPATIENT, 6, 194, 6 * 6 * 3 * (2 * 2 / 10) / 200),
    (STAY, 4, 0, 4 * 4 * 2 / 365), (MEDICINE, 6, 194, 6 * 6 / 200 * 28 / 5),
])  # fmt: skip
def test_a_place_that_lives_on_a_ring_does_not_excuse_it(kind, days, patients, expected):
    book, ring = VisitBook(), [f"ring-{number}" for number in range(10)]
    for day in range(60):
        for place in ("clinic-1", "clinic-2"):
            book.add(f"{place}-{day}", place, 5 * day, 300, kind=kind)
    for day in range(patients):
        book.add(f"patient-{day}", "corner", 100 + day, 300, kind=kind)
    # Places of another kind that hardly anybody comes to say nothing about the days on which these are open.
    for number in range(9):
        other = OUTPATIENT if kind == STAY else STAY
        book.add(f"other-{number}", f"place-{number}", 3, 300, kind=other)
    book.add_together(ring, "corner", list(range(5, 95, 15))[:days], kind=kind)
    found = found_in(book)
    assert pairs_of(found) == every_pair(ring)
    assert found.expected.to_numpy() == pytest.approx(expected)


def test_who_comes_back_on_the_next_day_has_not_met_anybody():
    book = VisitBook()
    book.add("ada", "hospital", 10, 600, kind=STAY)
    book.add("ada", "hospital", 9, 0, kind=STAY)
    assert met(book)[1].to_pandas().empty
    book.add("ben", "hospital", 9, 60, kind=STAY)
    assert met(book)[1].to_pandas()[["a", "b"]].to_numpy().tolist() == [["ada", "ben"]] * 2


@pytest.mark.parametrize("seldom", ["ada", "zoe"])
def test_two_refill_together_at_most_as_often_as_the_one_who_does_so_seldom(seldom):
    """Six of six refills with one who has twenty: one in five of the six is in the same week by chance."""
    book = VisitBook()
    book.add_together([seldom, "ben"], "pill", list(range(10, 70, 10)), kind=MEDICINE)
    for day in range(14):
        book.add("ben", "pill", 100 + day, kind=MEDICINE)
    for day in range(46):
        book.add(f"patient-{day}", "pill", 200 + day, kind=MEDICINE)
    found = found_in(book)
    assert pairs_of(found) == every_pair([seldom, "ben"])
    chance = 6 * 20 * 6 / (72 * 71 / 2)
    assert chance * 28 / 5 > chance + 6 / 5 == pytest.approx(found.expected[0])


def test_a_year_holds_thirteen_refills_however_often_two_come():
    book = VisitBook()
    book.add_together(["ada", "ben"], "pill", list(range(10, 210, 10)), kind=MEDICINE)
    for day in range(86):
        book.add(f"patient-{day}", "pill", 211 + day, kind=MEDICINE)
    found = found_in(book)
    chance = 20 * 20 * 20 / (126 * 125 / 2)
    assert pairs_of(found) == every_pair(["ada", "ben"])
    assert chance * 28 / 5 > chance + 13 / 5 == pytest.approx(found.expected[0])
