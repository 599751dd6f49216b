"""Flows beyond what the neighbourhood explains, flows to what is near, and a slow twin."""

import ibis
import numpy as np
import pandas as pd
import pytest

from claims.as_of import PHARMACY, STAY
from features.graphs import referral_flows
from tests.features.graphs.visit_book import VisitBook
from tests.in_memory import engine
from tests.significance.slow_chance import slow_dispersion, slow_neg_log10_fdr


def test_a_doctor_who_feeds_a_shop_is_told_from_one_whose_patients_live_beside_it():
    book = VisitBook()
    for hospital in range(4):
        for number in range(120):
            who, doctor = f"patient-{hospital}-{number}", f"D{hospital}-{number % 4}"
            book.add(who, f"H{hospital}", 100, number, dr_code=doctor)
            # Most buy at the shop beside their hospital; those of one doctor at a shop across the town.
            near = number % 5 or doctor == "D2-1"
            shop = f"P{hospital}" if near else f"P{(hospital + 1 + number % 3) % 4}"
            shop = "P0" if doctor == "D2-1" and number % 3 else shop
            book.add(who, shop, 99, number, kind=PHARMACY, dr_code=doctor)
    found = referral_flows.edges(referral_flows.prescriptions(book.facts()))
    assert found[["a", "b"]].to_numpy().tolist() == [["D2-1", "P0"]]
    assert found.observed[0] == 20 > 4 * found.expected[0]


def test_a_village_whose_people_are_recruited_is_told_from_one_nearby():
    book = VisitBook()
    for village in range(12):
        for number in range(20):
            recruited = village == 5 and number < 12
            hospital = "far" if recruited or number == 19 else f"H{number % 3}"
            book.add(
                f"villager-{village}-{number}",
                hospital,
                10 * number,
                kind=STAY,
                village=f"420800{village:06}",
            )
    found = referral_flows.edges(referral_flows.origins(book.facts()))
    assert found[["a", "b", "observed"]].to_numpy().tolist() == [["420800000005", "far", 13]]


@pytest.mark.parametrize(
    "flows", [referral_flows.prescriptions, referral_flows.referrals, referral_flows.origins]
)
def test_no_visits_no_flows(flows):
    assert referral_flows.edges(flows(VisitBook().facts())).empty


def test_a_flow_is_of_visits_of_the_last_year_with_a_doctor_and_a_place_to_go():
    book = VisitBook()
    for person in range(3):
        book.add(f"p{person}", "H1", 100, dr_code="D1")
        book.add(f"p{person}", "H3", 100, dr_code="D2")
    bought = book.add("p0", "P1", 365, kind=PHARMACY, dr_code="D1")
    book.add("p0", "P1", 366, kind=PHARMACY, dr_code="D1")
    book.add("p0", "P1", 10, kind=PHARMACY)
    sent = book.add("p1", "H1", 365, dr_code="D1", referred_to="H2", referred_stay="M000099")
    book.add("p1", "H1", 366, dr_code="D1", referred_to="H2")
    book.add("p1", "H1", 10, referred_to="H2")
    stay = book.add("p2", "H2", 365, kind=STAY, village="420800001002")
    for days_ago, kind, more in (
        (366, STAY, {}), (10, STAY, dict(course=True)), (10, STAY, dict(village=None)),
        (10, "outpatient", {}),
    ):  # fmt: skip
        book.add("p2", "H2", days_ago, kind=kind, **(dict(village="420800001002") | more))
    facts = book.facts()
    columns = ["mdtrt_id", "a", "near", "b", "psn_no"]
    for flow, row in (
        (referral_flows.prescriptions, [bought, "D1", "H1", "P1", "p0"]),
        (referral_flows.referrals, [sent, "D1", "H1", "H2", "p1"]),
        (referral_flows.origins, [stay, "420800001002", "420800", "H2", "p2"]),
    ):
        assert flow(facts).to_pandas()[columns].to_numpy().tolist() == [row]
    assert referral_flows.referrals(facts).to_pandas().stay.tolist() == ["M000099"]


def moves(seed: int) -> list[tuple[str, str, str, str]]:
    """a, near, b, psn_no: twelve sources in three neighbourhoods, one of which sends most people to b9."""
    rng = np.random.default_rng(seed)
    rows = []
    for _number in range(900):
        source = int(rng.integers(12))
        near = source % 3
        target = (
            9 if source == 7 and rng.random() < 0.5 else int(rng.choice([near, near, near, rng.integers(10)]))
        )
        rows.append((f"a{source:02}", f"n{near}", f"b{target}", f"p{rng.integers(700)}"))
    return rows


def slow_edges(rows: list[tuple]) -> dict[tuple[str, str], tuple]:
    """(a, b) → observed, expected, neg_log10_fdr."""
    people = sorted(set(rows))
    flows = sorted({row[:3] for row in people})
    total, counts = len(people), []
    for a, near, b in flows:
        observed = sum(row[:3] == (a, near, b) for row in people)
        n = sum(row[0] == a for row in people)
        all_b = sum(row[2] == b for row in people)
        near_b = sum(row[1:3] == (near, b) for row in people)
        near_n = sum(row[1] == near for row in people)
        everybody = (all_b - observed) / max(total - n, 1)
        counts.append((observed, n * (near_b - observed + 10 * everybody) / (near_n - n + 10)))
    spread = slow_dispersion(*map(list, zip(*counts, strict=True)))
    often = [place for place, (observed, _mean) in enumerate(counts) if observed >= 5]
    rates = slow_neg_log10_fdr(
        [counts[place][0] for place in often], [counts[place][1] for place in often], len(counts), spread
    )
    return {
        (flows[place][0], flows[place][2]): (*counts[place], rate)
        for place, rate in zip(often, rates, strict=True)
        if rate > 2
    }


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_edges_equal_the_slow_twin(seed):
    rows = moves(seed)
    frame = pd.DataFrame(rows, columns=["a", "near", "b", "psn_no"])
    found = referral_flows.edges(engine().create_table("flows", ibis.memtable(frame)))
    expected = slow_edges(rows)
    assert ("a07", "b9") in expected
    assert list(found.columns) == ["a", "b", "observed", "expected", "neg_log10_fdr"]
    assert [tuple(row) for row in found[["a", "b"]].to_numpy()] == sorted(expected)
    assert list(found.index) == list(range(len(found)))
    for a, b, *row in found.to_numpy():
        assert row == pytest.approx(expected[a, b], rel=1e-6)


def test_edges_stand_by_source_and_target():
    rows = [
        (f"a{n}", "n", target, f"{n}-{target}-{m}")
        for n in range(12) for target in (f"b{n % 5}", f"c{n % 7}") for m in range(9)
    ]  # fmt: skip
    frame = pd.DataFrame(rows[::-1], columns=["a", "near", "b", "psn_no"])
    found = referral_flows.edges(engine().create_table("flows", ibis.memtable(frame)))
    assert len(found) > found.a.nunique() > 1
    assert [tuple(row) for row in found[["a", "b"]].to_numpy()] == sorted({(row[0], row[2]) for row in rows})


def test_a_person_who_goes_often_counts_once():
    rows = moves(0)
    frame = pd.DataFrame(rows + rows, columns=["a", "near", "b", "psn_no"])
    found = referral_flows.edges(engine().create_table("flows", ibis.memtable(frame)))
    assert found.observed.tolist() == [
        slow_edges(rows)[a, b][0] for a, b in zip(found.a, found.b, strict=True)
    ]


@pytest.mark.parametrize("people, linked", [(4, False), (5, True)])
def test_four_people_are_no_flow(people, linked):
    rows = [(f"a{n}", "n", "near", f"p{n}-{m}") for n in range(30) for m in range(10)]
    rows += [("a3", "n", "far", f"q{number}") for number in range(people)]
    frame = pd.DataFrame(rows, columns=["a", "near", "b", "psn_no"])
    found = referral_flows.edges(engine().create_table("flows", ibis.memtable(frame)))
    assert found[["a", "b"]].to_numpy().tolist() == ([["a3", "far"]] if linked else [])
