"""Compared with their own mix of cases: an honest specialist is like everybody else, a guilty generalist is
not."""

from collections import defaultdict

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.comparison.case_mix import AGE_BANDS, PRIOR_COMPARABLE_VISITS, PRIOR_VISITS, expected, fraction
from features.comparison.peer_groups import peer_groups
from features.comparison.peers import fit_peers
from features.measures.aggregation import measure_subjects
from features.measures.catalogue import CATALOGUE, expected_column, measure
from features.visits.facts import visit_facts
from tests.features.town import AS_OF
from tests.in_memory import engine
from tests.tiny import World

PROBE = "mix probe"


@pytest.fixture(scope="module")
def probe():
    """A kind of subject with a mean over some visits and a ratio of sums, both compared by the mix."""

    def odd_share(v, w):
        return v.odd.mean(where=w & (v.paid > 1))

    def part_paid(v, w):
        return v.part.sum(where=w) / v.paid.sum(where=w).nullif(0)

    more = {"materiality": 0.05, "case_mix": True}
    measure(PROBE, "一", "one", "share", "content", "M01", windows=(365,), **more)(odd_share)
    measure(PROBE, "二", "two", "share", "content", "M01", windows=(), **more)(part_paid)
    yield
    for key in [key for key in CATALOGUE if key[0] == PROBE]:
        del CATALOGUE[key]


VISITS = st.lists(
    st.fixed_dictionaries(
        {
            "subject_id": st.sampled_from("ABC"),
            "med_type": st.sampled_from(["21", "2101", "52"]),
            "dx_group": st.sampled_from(["C1", "C2", "J1", "R1", None]),
            "age": st.sampled_from([0.5, 20.0, 70.0, 99.0]),
            "days_ago": st.sampled_from([10.0, 400.0]),
            "odd": st.sampled_from([True, False, None]),
            "part": st.none() | st.integers(0, 5),
            "paid": st.integers(0, 9),
        }
    ),
    min_size=1,
    max_size=40,
)
TYPES = {
    "subject_id": "string", "med_type": "string", "dx_group": "string", "dx3": "string", "age": "float64",
    "days_ago": "float64", "odd": "boolean", "part": "float64", "paid": "int64",
}  # fmt: skip


def by_hand(visits: list[dict], counted, numerator, denominator) -> dict[str, float]:
    """Indirect standardisation, visit by visit and class by class."""
    kept = [v for v in visits if counted(v)]
    place = {id(v): (v["med_type"][:2], (v["dx_group"] or "")[:1], v["dx_group"] or "") for v in kept}
    band = {id(v): sum(v["age"] >= end for end in AGE_BANDS) for v in kept}

    def keys(v):
        care, chapter, group = place[id(v)]
        return [care], [care, chapter], [care, group], [care, group, band[id(v)]]

    found = {}
    for who in {v["subject_id"] for v in kept}:
        others = [v for v in kept if v["subject_id"] != who]
        cells = defaultdict(list)
        for v in kept:
            if v["subject_id"] == who:
                cells[(*place[id(v)], band[id(v)])].append(v)
        usual = whole = 0.0
        for mine in cells.values():
            part_here, whole_here = sum(map(numerator, mine)), sum(map(denominator, mine))
            rate = None
            for level in range(4):
                like = [v for v in others if keys(v)[level] == keys(mine[0])[level]]
                total = sum(map(denominator, like))
                if total > 0:
                    own, weight = sum(map(numerator, like)) / total, len(like) / (len(like) + PRIOR_VISITS)
                    rate = own if rate is None else weight * own + (1 - weight) * rate
            care, chapter, _group = place[id(mine[0])]
            near = [
                v
                for v in others
                if place[id(v)][0] == care
                and (chapter == "R" or place[id(v)][1] == chapter)
                and band[id(v)] == band[id(mine[0])]
            ]
            known = len(near) / (len(near) + PRIOR_COMPARABLE_VISITS)
            usual += part_here if rate is None else known * whole_here * rate + (1 - known) * part_here
            whole += whole_here
        if whole:
            found[who] = usual / whole
    return found


@given(VISITS)
@settings(max_examples=12, deadline=None)
def test_what_a_mix_leads_one_to_expect_is_what_loops_over_visits_find(probe, visits):
    rows = [v | {"dx3": v["dx_group"] and v["dx_group"][0] + "00"} for v in visits]
    con = engine()
    table = con.create_table("v", ibis.memtable(pd.DataFrame(rows)[list(TYPES)], schema=ibis.schema(TYPES)))
    found = expected(table, PROBE)
    year = by_hand(
        visits,
        lambda v: v["days_ago"] <= 365 and v["paid"] > 1 and v["odd"] is not None,
        lambda v: float(v["odd"]),
        lambda _v: 1.0,
    )
    ever = by_hand(visits, lambda _v: True, lambda v: v["part"] or 0, lambda v: v["paid"])
    for column, slow in (("odd_share_365d", year), ("part_paid", ever)):
        quick = found[expected_column(column)].dropna().to_dict()
        assert quick == pytest.approx(slow, abs=2e-6)


USUAL = {
    "subject_id": "B", "med_type": "21", "dx_group": "C1", "dx3": "C34", "age": 20.0, "days_ago": 10.0,
    "odd": False, "part": 0, "paid": 2,
}  # fmt: skip


def expected_of_a(*visits: dict, column: str = "odd_share_365d") -> float:
    """What is expected of subject A, given its visits and others'."""
    frame = pd.DataFrame([USUAL | visit for visit in visits])[list(TYPES)]
    table = engine().create_table("v", ibis.memtable(frame, schema=ibis.schema(TYPES)))
    return float(expected(table, PROBE)[expected_column(column)]["A"])


ODD = {"subject_id": "A", "odd": True}


def test_three_comparable_visits_elsewhere_know_half_of_what_is_usual(probe):
    assert expected_of_a(ODD, *[{}] * 3) == 0.5
    assert expected_of_a(ODD, *[{}] * 9) == 0.25
    # Rounded, so that the order in which an engine adds up does not show.
    assert expected_of_a(ODD, *[{}] * 6) == 0.333333
    # What nobody else has is expected as it was observed.
    assert expected_of_a(ODD) == expected_of_a(ODD, {"med_type": "52"}) == 1


def test_a_class_without_a_visit_in_the_window_adds_nothing_to_wider_ones(probe):
    long_ago = {"age": 70.0, "days_ago": 400.0, "odd": True}
    assert expected_of_a(ODD, *[{}] * 3, long_ago) == 0.5
    assert expected_of_a(ODD, *[{}] * 3, long_ago | {"days_ago": 300.0}) > 0.5


def test_ten_visits_elsewhere_weigh_as_much_as_the_wider_class(probe):
    cancers = [{"odd": True}] * 10
    lungs = [{"dx_group": "J1", "dx3": "J18"}] * 10
    # In all of the city half, in the chapter half of the way from that to all, so on to the stratum.
    rate = 1 - 0.5**4
    found = expected_of_a({"subject_id": "A"}, *cancers, *lungs)
    assert found == pytest.approx(10 / 13 * rate, abs=1e-6)


@pytest.mark.parametrize("end", [1, 15, 45, 65, 80])
def test_bands_of_age_end_below_their_upper_end(probe, end):
    at_end = ODD | {"age": float(end)}
    assert expected_of_a(at_end, *[{"age": float(end)}] * 3) == 0.5
    assert expected_of_a(at_end, *[{"age": end - 0.01}] * 3) == 1


@pytest.mark.parametrize(
    "differing,comparable",
    [
        ({"med_type": "2101"}, True),
        ({"med_type": "52"}, False),
        ({"dx3": "C50", "dx_group": "C9"}, True),
        ({"dx3": "J18", "dx_group": "C1"}, False),
        ({"dx3": None, "dx_group": None}, False),
        ({"age": 16.0}, True),
        ({"days_ago": 365.0}, True),
        ({"days_ago": 365.5}, False),
        ({"paid": 1}, False),
        ({"odd": None}, False),
    ],
)
def test_what_is_comparable(probe, differing, comparable):
    assert expected_of_a(ODD, *[differing] * 3) == (0.5 if comparable else 1)


def test_a_symptom_is_no_specialty(probe):
    """Who admits for headaches is compared with admissions for whatever disease; nobody with headaches."""
    headache = {"dx3": "R51", "dx_group": "R5"}
    assert expected_of_a(ODD | headache, *[{}] * 3) == 0.5
    assert expected_of_a(ODD | headache, *[{"med_type": "52"}] * 3) == 1
    assert expected_of_a(ODD, *[headache] * 3) == 1


def test_visits_without_a_disease_are_compared_with_their_like(probe):
    nothing = {"dx3": None, "dx_group": None}
    assert expected_of_a(ODD | nothing, *[nothing] * 3) == 0.5


def test_a_ratio_of_sums_is_weighted_by_its_denominator(probe):
    mine = {"subject_id": "A", "part": 4, "paid": 4}
    # Others pay 2 of 25, three visits know half: half of that share of 4 is expected, and half of 4.
    assert expected_of_a(mine, *[{"part": n, "paid": 5 * n + 5} for n in (0, 1, 1)], column="part_paid") == (
        pytest.approx((0.5 * 4 * 2 / 25 + 0.5 * 4) / 4)
    )
    # One visit elsewhere, of one yuan: a quarter is known.
    found = expected_of_a(mine | {"part": 0}, {"part": 1, "paid": 1}, column="part_paid")
    assert found == 0.25
    with_nothing_paid = expected_of_a({"subject_id": "A", "part": 1, "paid": 0}, {}, column="part_paid")
    assert pd.isna(with_nothing_paid)


def test_a_kind_of_subject_without_a_measure_by_mix_has_no_expectation():
    table = ibis.memtable(pd.DataFrame([USUAL])[list(TYPES)], schema=ibis.schema(TYPES))
    found = expected(table, "pharmacy")
    assert found.empty and found.index.name == "subject_id"


def test_several_kinds_of_subject_are_measured_in_one_database(probe):
    table = engine().create_table(
        "v", ibis.memtable(pd.DataFrame([USUAL, USUAL | ODD])[list(TYPES)], schema=ibis.schema(TYPES))
    )
    pd.testing.assert_frame_equal(expected(table, PROBE), expected(table, PROBE))


def test_parts_of_means_and_ratios():
    frame = pd.DataFrame({"a": [1.0, 2.0, None], "b": [4.0, None, 8.0], "c": [True, True, False]})
    table = engine().create_table("t", ibis.memtable(frame))

    def parts(value: ibis.Value) -> tuple[float, ...]:
        return tuple(float(table.aggregate(x=part).to_pandas()["x"].iloc[0]) for part in fraction(value))

    assert parts(table.a.mean(where=table.c)) == (3, 2, 2)
    assert parts(table.b.mean(where=table.c)) == (4, 1, 1)
    for whole in (table.b.sum(where=~table.c), table.b.sum(where=~table.c).nullif(0)):
        assert parts(table.a.sum(where=table.c) / whole) == (3, 8, 1)


def test_only_means_and_ratios_of_sums_have_an_expectation():
    table = ibis.table({"a": "float64", "b": "float64", "c": "boolean"}, name="t")
    for value in (
        table.a.median(where=table.c),
        table.a.sum() / table.count(),
        table.a.max(),
        table.a.max() / table.b.sum(),
        table.a.sum() * table.b.sum(),
    ):
        with pytest.raises(TypeError, match="mean or a ratio"):
            fraction(value)


def bill(world: World, who: str, where: str, day: str, dx: str, exam: float) -> None:
    """Four days in hospital for a thousand yuan, of which so many for a scan."""
    lines = [("scan", 1, exam), ("treat", 1, 1000 - exam)]
    world.stay(who, where, day, 4, lines=lines, dscg_maindiag_code=dx)


@pytest.fixture(scope="module")
def hospitals(claims_of):
    """Eight general hospitals with a few cancers and children each; a cancer hospital, a children's hospital,
    a town hospital that treats most pneumonias, all honest; one that scans everybody."""
    world, number = World(), 0
    for code in [*(f"H{n}" for n in range(8)), "cancer", "children", "guilty"]:
        world.hospital(code)

    def admit(where: str, dx: str, exam: float, times: int, born: str = "1960-01-01") -> None:
        nonlocal number
        for n in range(times):
            number += 1
            who = world.person(f"p{number}", brdy=born)
            bill(world, who, where, f"2024-{number % 11 + 1:02}-{number % 27 + 1:02}", dx, exam + n % 3 * 10)

    for n in range(8):
        # Cancers need scans, children with pneumonia a few more than adults.
        admit(f"H{n}", "C34", 600, 4)
        admit(f"H{n}", "J18", 350, 3, born="2019-06-01")
        admit(f"H{n}", "J18", 150 + 4 * n, 13)
    admit("cancer", "C34", 600, 30)
    admit("children", "J18", 350, 30, born="2019-06-01")
    admit("guilty", "J18", 600, 30)
    facts = visit_facts(claims_of(world, AS_OF))
    values = measure_subjects(facts, "hospital")
    peers = peer_groups(facts, "hospital", "fixmedins_code").reindex(values.index)
    return values, fit_peers("hospital", values, peers), peers


def test_a_specialist_is_not_odd_for_being_one_and_a_generalist_with_the_same_share_is(hospitals):
    values, usual, peers = hospitals
    share = values.exam_share_365d
    assert (
        share["cancer"] == pytest.approx(share["guilty"], abs=0.02) and share["children"] > 1.2 * share["H0"]
    )
    away = usual.z_scores(values, peers)[["exam_share_365d", "treatment_share_365d"]]
    assert away.loc["guilty"].min() > 3
    assert away.drop("guilty").max().max() < 1


def test_expectations_are_leave_one_out_for_who_treats_much_of_a_disease(hospitals):
    values, _usual, _peers = hospitals
    # Of 134 pneumonias of adults the guilty hospital has 30, scanned for 610 of 1000 yuan; the others' are
    # for 174.
    assert values[expected_column("exam_share_365d")]["guilty"] == pytest.approx(0.175, abs=0.02)


def test_the_standing_of_a_value_is_that_of_its_distance_from_the_expectation(hospitals):
    values, usual, _peers = hospitals
    column = "exam_share_365d"
    for name, first in (("guilty", True), ("cancer", False)):
        row = values.loc[name]
        found = usual.percentile_rank(column, row[column], "level2", row[expected_column(column)])
        assert found.highest == first and found.of == 11
