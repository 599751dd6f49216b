"""Waves of admissions: a hospital that lives on them, honest hospitals, and a slow twin."""

from collections import Counter, defaultdict
from datetime import date
from statistics import median

import ibis
import numpy as np
import pandas as pd
import pytest

from claims.as_of import STAY
from features.graphs import admission_waves, events
from tests.features.graphs.visit_book import VisitBook, every_pair, pairs_of, people_in
from tests.significance.slow_chance import slow_neg_log10_fdr

RINGS = [[f"ring-{ring}-{number}" for number in range(size)] for ring, size in enumerate((6, 9, 14))]


def steps(book: VisitBook) -> tuple[pd.DataFrame, ibis.Table]:
    """The waves, and the pairs of their people stored."""
    admitted = admission_waves.admissions(book.facts())
    con = admitted.get_backend()
    admitted = con.create_table("admitted", admitted)
    found = admission_waves.waves(admitted)
    schema = ibis.schema(
        dict(hospital="string", shared_by="string", value="string", grid="int8", slot="int64", shared="int64",
             expected="float64", neg_log10_fdr="float64")
    )  # fmt: skip
    kept = con.create_table("waves", ibis.memtable(found, schema=schema))
    inside = con.create_table("inside", admission_waves.members(admitted, kept))
    window = ibis.schema(
        dict(hospital="string", shared_by="string", value="string", grid="int8", slot="int64")
    )
    crowded = ibis.memtable(admission_waves.with_bystanders(inside), schema=window)
    people = admission_waves.without_bystanders(inside, con.create_table("crowded", crowded))
    return found, con.create_table("pairs", admission_waves.pairs(people))


def town(epidemic: bool = True) -> VisitBook:
    """Two honest hospitals with an epidemic, and a house that lives on three rings admitted three times."""
    book, rng = VisitBook(), np.random.default_rng(1)
    for number in range(700):
        book.add(
            f"patient-{number}", f"H{number % 2}", int(rng.integers(0, 365)), rng.integers(0, 600), kind=STAY,
            village=f"42080{number % 40:07}", dx3=f"J{number // 2 % 30:02}",
        )  # fmt: skip
    for number in range(60 * epidemic):
        book.add(f"flu-{number}", f"H{number % 2}", 50 + number // 2 % 3, number, kind=STAY, dx3="J10")
    for number in range(10):
        book.add(f"guest-{number}", "house", 11 + 33 * number, 400, kind=STAY, village="420800000099")
    for ring, people in enumerate(RINGS):
        for turn in range(3):
            for number, person in enumerate(people):
                book.add(
                    person, "house", 20 + 100 * turn + 33 * ring + number % 2, number, kind=STAY,
                    village=f"42080{ring:07}", dx3=f"M{number:02}",
                )  # fmt: skip
    return book


@pytest.fixture(scope="module")
def found() -> tuple[pd.DataFrame, ibis.Table]:
    return steps(town())


def test_a_house_that_lives_on_its_waves_does_not_explain_them(found):
    waves, pairs = found
    assert set(waves.hospital) == {"house"} and {"village", "anything"} <= set(waves.shared_by)
    edges = admission_waves.edges(pairs)
    people = {person for ring in RINGS for person in ring}
    assert people <= people_in(edges) and len(people_in(edges) - people) <= 2
    assert every_pair(RINGS[0]) <= pairs_of(edges) and every_pair(RINGS[2]) <= pairs_of(edges)
    ring = edges[edges.a.isin(RINGS[1]) & edges.b.isin(RINGS[1])]
    assert (ring.days == 3).all() and (ring.expected < 0.5).all() and (ring.neg_log10_fdr > 6).all()
    assert list(edges.columns) == ["a", "b", "days", "expected", "neg_log10_fdr"]
    key = ["hospital", "shared_by", "value", "grid", "slot"]
    assert list(waves.columns) == [*key, "shared", "expected", "neg_log10_fdr"]


def test_an_epidemic_is_no_wave_for_it_fills_other_hospitals_too():
    """Of one hospital alone the same admissions are a wave."""
    book = town()
    assert not steps(book)[0].hospital.isin(["H0", "H1"]).any()
    book.rows = [row | {"fixmedins_code": "H0"} if row["dx3"] == "J10" else row for row in book.rows]
    waves = steps(book)[0]
    assert set(waves[waves.hospital == "H0"].value) == {"J10"}


@pytest.mark.parametrize("people, linked", [(14, False), (90, True)])
def test_who_brings_more_than_the_epidemic_explains_is_a_wave(people, linked):
    """Thirty at each of two other hospitals: the disease is a thousand times as frequent as in the year."""
    book = VisitBook()
    for place, number in (("house", people), ("H0", 30), ("H1", 30)):
        for person in range(number):
            book.add(f"{place}-{person}", place, 100, person, kind=STAY, dx3="J10")
    waves, usual = steps(book)[0], slow_usual(book)
    mine = waves[(waves.hospital == "house") & (waves.shared_by == "disease")]
    assert (set(waves.hospital) >= {"house"}) == linked == bool(len(mine))
    for row in mine.itertuples():
        expected = usual["house", "disease", "J10", row.grid, row.slot]
        assert (row.shared, row.expected) == (people, pytest.approx(expected[1])) and row.expected > 14


@pytest.mark.parametrize("bystanders, linked", [(1, False), (2, True), (4, True)])
def test_who_shares_nothing_but_the_week_is_a_bystander_unless_chance_brings_fewer(bystanders, linked):
    """A house with one guest a month: one more in the week of a ring is chance (.13), two are not (.009)."""
    book = VisitBook()
    for number in range(10):
        book.add(f"guest-{number}", "house", 11 + 33 * number, 400, kind=STAY, village=f"42081{number:07}")
    for number in range(8):
        book.add(
            f"ring-{number}", "house", 100, number, kind=STAY, village="420800000001", dx3=f"M{number:02}"
        )
    for number in range(bystanders):
        book.add(
            f"stranger-{number}", "house", 100, 50 + number, kind=STAY,
            village=f"42082{number:07}", dx3=f"K{number:02}",
        )  # fmt: skip
    waves, pairs = steps(book)
    assert {"village", "anything"} <= set(waves.shared_by)
    people = people_in(admission_waves.edges(pairs))
    assert {f"ring-{number}" for number in range(8)} <= people
    assert {f"stranger-{number}" in people for number in range(bystanders)} == {linked}
    assert not any(person.startswith("guest") for person in people)


def quiet(people: int, days_ago: int = 100, **changed) -> VisitBook:
    """A house with some admitted once, two days after each other, and as many other hospitals."""
    book = VisitBook()
    for day in range(0, 360, 12):
        for place in ("house", "H1", "H2"):
            book.add(f"{place}-{day}", place, day, 100, kind=STAY, village=f"42080{day:07}", dx3="I10")
    for number in range(people):
        more = dict(kind=STAY, village="420800999999", dx3=f"K{number:02}") | changed
        book.add(f"p{number}", "house", days_ago + number % 2, number, **more)
    return book


@pytest.mark.parametrize("people, linked", [(3, False), (4, True)])
def test_once_is_enough_but_three_may_be_a_family(people, linked):
    assert bool(people_in(admission_waves.edges(steps(quiet(people))[1]))) == linked


@pytest.mark.parametrize("changed", [dict(course=True), dict(kind="outpatient"), dict(days_ago=366)])
def test_courses_other_visits_and_earlier_years_do_not_count(changed):
    assert steps(quiet(8))[0].shape[0] > 0
    assert steps(quiet(8, **changed))[0].empty


def test_the_year_holds_its_365th_day_and_not_the_next():
    """Every other one of eight came a day earlier."""
    assert set(steps(quiet(8, days_ago=365))[0].shared) == {4}


@pytest.mark.parametrize("items, linked", [(5, False), (6, True)])
def test_a_bill_is_a_trait_from_six_items_on(items, linked):
    book = quiet(8, village=None, template=7, n_items=items)
    assert ("bill" in set(steps(book)[0].shared_by)) == linked


def elsewhere(place: str, trait: str, value: str, grid: int, cells: dict) -> float:
    """People of the year at the other hospitals; windows of hospitals mostly empty count once."""
    found = 0.0
    for (other, *key), cell in cells.items():
        if other != place and key == [trait, value, grid]:
            usual = median(cell) if len(cell) * 2 > 73 else 0
            found += sum(min(count, 1 + 2 * usual) for count in cell)
    return found


def slow_usual(book: VisitBook) -> dict[tuple, tuple[int, float]]:
    """(hospital, shared_by, value, grid, slot) → people, expected."""
    people = defaultdict(set)
    for row in book.rows:
        if row["days_ago"] <= 365 and row["kind"] == STAY and not row["course"]:
            traits = {"village": row["village"], "disease": row["dx3"], "anything": ""}
            for grid in (0, 1):
                slot = int(((row["day"] - date(1970, 1, 1)).days + grid * 2.5) // 5)
                for trait, value in traits.items():
                    if value is not None:
                        people[row["fixmedins_code"], trait, value, grid, slot].add(row["psn_no"])
    n = {key: len(who) for key, who in people.items()}
    cells, in_slot = defaultdict(list), Counter()
    for (place, trait, value, grid, slot), count in n.items():
        cells[place, trait, value, grid].append(count)
        in_slot[trait, value, grid, slot] += count
    found = {}
    for (place, trait, value, grid, slot), count in n.items():
        cell = cells[place, trait, value, grid]
        usual = median(cell) if len(cell) * 2 > 73 else 0
        if trait != "anything":
            others = sum(min(other, 1 + 2 * usual) for other in cell) - min(count, 1 + 2 * usual)
            now = in_slot[trait, value, grid, slot] - count
            season = max(1, (now - 2 * now**0.5) / ((elsewhere(place, trait, value, grid, cells) + 1) / 73))
            found[place, trait, value, grid, slot] = count, (others + 1) / 73 * season
    return found


def test_people_and_expected_equal_the_slow_twin():
    book = town()
    usual = slow_usual(book)
    waves = steps(book)[0]
    assert len(waves) > 20
    for row in waves[waves.shared_by != "anything"].itertuples():
        count, expected = usual[row.hospital, row.shared_by, row.value, row.grid, row.slot]
        assert (row.shared, row.expected) == (count, pytest.approx(expected))
    rows = {key: both for key, both in usual.items() if key[1] == "village" and both[0] >= 4}
    villages = {key[2] for key in usual if key[1] == "village"}
    rates = slow_neg_log10_fdr(
        [count for count, _mean in rows.values()],
        [mean for _count, mean in rows.values()],
        3 * len(villages) * 73,
    )
    expected = {key: rate for key, rate in zip(rows, rates, strict=True) if rate > 2}
    mine = waves[waves.shared_by == "village"]
    keys = [tuple(row) for row in mine[["hospital", "shared_by", "value", "grid", "slot"]].to_numpy()]
    assert dict(zip(keys, mine.neg_log10_fdr, strict=True)) == pytest.approx(expected)


def test_the_linking_visits_are_the_stays_of_both(found):
    _waves, pairs = found
    frame, linking = pairs.to_pandas(), events.linking_visits(pairs).to_pandas()
    who = {row["mdtrt_id"]: row["psn_no"] for row in town().rows}
    assert len(linking) == 2 * len(frame) and (frame.a < frame.b).all()
    of_a = (linking.mdtrt_id.map(who) == linking.a) & (linking.other == linking.b)
    of_b = (linking.mdtrt_id.map(who) == linking.b) & (linking.other == linking.a)
    assert (of_a | of_b).all()


def test_who_is_admitted_twice_in_a_wave_is_linked_by_the_first_stay():
    book = quiet(5)
    later = book.add("p0", "house", 100, 500, kind=STAY, village="420800999999", dx3="K00")
    # As if it had come first.
    book.rows.insert(0, book.rows.pop())
    linking = set(events.linking_visits(steps(book)[1]).mdtrt_id.to_pandas())
    first = {row["mdtrt_id"] for row in book.rows if row["psn_no"].startswith("p")} - {later}
    assert linking == first and len(first) == 5


def steady(windows: int) -> VisitBook:
    """A hospital that admits two of a village in so many windows of the year, nine in the first and fourteen
    in the last; another admits one in each."""
    book = VisitBook()
    for window in range(73):
        book.add(f"n{window}", "H9", 3 + 5 * window, 300, kind=STAY, village="420800000009", dx3="I10")
    for window in range(windows):
        for number in range({0: 9, windows - 1: 14}.get(window, 2)):
            book.add(
                f"w{window}-{number}", "H0", 3 + 5 * window, number, kind=STAY, village="420800000001",
                dx3=f"K{window:02}",
            )  # fmt: skip
    return book


@pytest.mark.parametrize("windows, often", [(36, False), (37, True)])
def test_a_place_that_admits_in_more_than_half_of_the_windows_is_compared_with_its_usual_number(
    windows, often
):
    """Of others each window counts once, however many came, and an empty hospital is odd to fill at all."""
    book = steady(windows)
    waves, usual = steps(book)[0], slow_usual(book)
    of_village = waves[(waves.shared_by == "village") & (waves.shared == 14)]
    assert len(of_village) and ("anything" in set(waves.shared_by)) != often
    # Another wave counts with at most one person and twice the usual number.
    each, most = (2, 1 + 2 * 2) if often else (1, 1)
    for row in of_village.itertuples():
        assert row.shared == 14 and row.expected == pytest.approx((each * (windows - 2) + most + 1) / 73)
        assert row.expected == pytest.approx(usual["H0", "village", row.value, row.grid, row.slot][1])


@pytest.mark.parametrize("operated,village,seen", [
    (None, None, {"disease", "bill", "anything"}), (True, None, set()), (True, "42080000009", {"village"}),
])  # fmt: skip
def test_a_series_of_operations_is_no_wave_unless_one_village_comes(operated, village, seen):
    book = VisitBook()
    for number in range(400):
        book.add(
            f"patient-{number}", f"H{number % 2}", number % 365, number, kind=STAY, dx3=f"J{number % 30:02}"
        )
    for number in range(12):
        book.add(
            f"eye-{number}", "camp", 100, number, kind=STAY, dx3="H25", template=7, n_items=9,
            operated=operated, village=village,
        )  # fmt: skip
    waves = steps(book)[0]
    assert set(waves.shared_by) == seen and set(waves.hospital) <= {"camp"}
