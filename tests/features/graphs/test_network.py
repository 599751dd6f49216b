"""All edges in one table, and what each visit has to do with them: rows in, rows out."""

from types import SimpleNamespace

import ibis
import numpy as np
import pandas as pd
import pytest

from claims.as_of import PHARMACY, STAY
from features.graphs import network as graph
from features.graphs.network import (
    COLUMNS,
    Network,
    _whole_years,
    build_network,
    inside_of,
    kinds_of,
    links,
    outer_joined,
    stored,
)
from features.windows import YEAR
from tests.features.graphs.test_batch_filling import RING, runner, seldom, town
from tests.features.graphs.test_card_sessions import street
from tests.features.graphs.test_shared_suppliers import RING as ROUNDS
from tests.features.graphs.test_shared_suppliers import province
from tests.features.graphs.visit_book import VisitBook, every_pair, pairs_of, people_in
from tests.in_memory import engine


def city() -> VisitBook:
    """A quiet clinic with a ring, a busy doctor who sends people far, and villages of which one is
    recruited."""
    book = VisitBook()
    for day in range(200):
        book.add(f"quiet-{day}", "quiet", day, 300)
    book.add_together(["ring-1", "ring-2", "ring-3"], "quiet", [10, 40, 70, 100, 130, 150, 170, 190])
    for number in range(400):
        over = number % 19 == 0 or (number % 10 == 3 and number < 80)
        for month in range(1, 6):
            book.add(
                f"buyer-{number}", f"P{number // 10 % 10}", 30 * month, number, kind=PHARMACY,
                dr_code=f"D{number % 10}", supply_days=30.0, days_on_hand=31.0 if over else 30.0,
            )  # fmt: skip
    for village in range(12):
        for number in range(20):
            hospital = "far" if (village == 5 and number < 12) or number == 19 else f"H{number % 3}"
            book.add(
                f"villager-{village}-{number}", hospital, 10 * number, village % 5, kind=STAY,
                village=f"420800{village:06}",
            )  # fmt: skip
    for hospital in range(4):
        for number in range(120):
            doctor = f"E{hospital}-{number % 4}"
            far = doctor == "E2-1" and number % 3
            book.add(
                f"patient-{hospital}-{number}", f"H{hospital}", 100, number, dr_code=doctor,
                referred_to="far" if far else f"H{(hospital + 1) % 4}" if number % 5 == 0 else None,
                referred_stay=f"stay-{hospital}-{number}",
            )  # fmt: skip
    return book


def claims_of(book: VisitBook, dear: frozenset[str] | set[str] = frozenset()) -> SimpleNamespace:
    """Purchases of an expensive medicine at the quiet clinic and in some visits, and boxes of one pharmacy
    sold again by another."""
    facts = book.facts()
    con = facts.get_backend()
    lines = [(row["mdtrt_id"], "cheap", 10.0) for row in book.rows]
    bought = [row for row in book.rows if row["fixmedins_code"] == "quiet" or row["mdtrt_id"] in dear]
    lines += [(row["mdtrt_id"], "pill", 400.0) for row in bought]
    frame = pd.DataFrame(lines, columns=["mdtrt_id", "hilist_code", "amount"]).assign(charge="09")
    con.create_table("item_days", ibis.memtable(frame))
    boxes = [(f"box{n}", f"u{n}", f"P{n % 5}", n, 1.0) for n in range(60)]
    boxes += [(f"box{n}", f"v{n}", "P2", 1000 + n, 1.0) for n in range(1, 60, 5)]
    names = ["drug_trac_codg", "psn_no", "fixmedins_code", "sel_retn_time", "sel_retn_cnt"]
    sold = pd.DataFrame(boxes, columns=names).assign(trdn_flag="0")
    sold["medins_prod_sel_no"] = [f"N{number:03}" for number in range(len(sold))]
    sold["setl_id"] = [f"S{number:03}" for number in range(len(sold))]
    settled = sold[["setl_id"]].assign(mdtrt_id=[f"sale-{number}" for number in range(len(sold))])
    tables = {"sales": sold, "settlements": settled}
    stored_ = {name: con.create_table(name, ibis.memtable(rows)) for name, rows in tables.items()}
    return SimpleNamespace(con=con, facts=facts, **stored_)


@pytest.fixture(scope="module")
def built() -> tuple[VisitBook, SimpleNamespace, Network]:
    book = city()
    claims = claims_of(book)
    return book, claims, build_network(claims, claims.facts)


def test_every_kind_of_edge_is_in_one_table(built):
    _book, _claims, network = built
    edges = network.edges
    assert list(edges.columns) == COLUMNS and list(edges.index) == list(range(len(edges)))
    assert {str(kind) for kind in edges.dtypes[["observed", "expected", "neg_log10_fdr"]]} == {"float64"}
    kinds = edges.groupby("kind")[["a_type", "b_type"]].agg(lambda values: sorted(set(values)))
    assert kinds.T.to_dict() == {
        "co_admission": {"a_type": ["patient"], "b_type": ["patient"]},
        "co_visit": {"a_type": ["patient"], "b_type": ["patient"]},
        "co_purchase": {"a_type": ["patient"], "b_type": ["patient"]},
        "co_oversupply": {"a_type": ["patient"], "b_type": ["patient"]},
        "oversupply": {"a_type": ["patient"], "b_type": ["prescriber"]},
        "trace_flow": {"a_type": ["pharmacy"], "b_type": ["pharmacy"]},
        "referral": {"a_type": ["prescriber"], "b_type": ["hospital"]},
        "origin": {"a_type": ["village"], "b_type": ["hospital"]},
    }
    ring = every_pair(["ring-1", "ring-2", "ring-3"])
    for kind in ("co_visit", "co_purchase"):
        assert pairs_of(edges[edges.kind == kind]) == ring
    assert edges[edges.kind == "referral"][["a", "b"]].to_numpy().tolist() == [["E2-1", "far"]]
    assert edges[edges.kind == "origin"][["a", "b"]].to_numpy().tolist() == [["420800000005", "far"]]
    assert edges[edges.kind == "trace_flow"][["a", "b", "observed"]].to_numpy().tolist() == [["P1", "P2", 12]]


def test_a_pair_of_patients_has_the_evidence_of_all_kinds(built):
    _book, _claims, network = built
    edges, people = network.edges, network.people
    assert list(people.columns) == ["a", "b", "neg_log10_fdr"]
    mine = edges[edges.a_type.eq("patient") & edges.b_type.eq("patient")]
    assert set(map(tuple, people[["a", "b"]].to_numpy())) == set(map(tuple, mine[["a", "b"]].to_numpy()))
    ring = people[people.a.eq("ring-1") & people.b.eq("ring-2")].neg_log10_fdr.item()
    assert ring == mine[mine.a.eq("ring-1") & mine.b.eq("ring-2")].neg_log10_fdr.sum()
    assert len(mine[mine.a.eq("ring-1") & mine.b.eq("ring-2")]) == 2


def test_visits_know_their_co_visitors_and_their_flows(built):
    book, claims, network = built
    found = links(claims.con, network, network.people, "counted").to_pandas().set_index("mdtrt_id")
    assert set(found.columns) == {
        *("co_visitors", "co_oversupplied", "co_fillers"),
        *("referral_excess", "received_referral_excess", "village_recruitment_excess"),
        *("prescription_flow", "resold", "sold_before"),
    }
    assert found.index.is_unique
    who = pd.Series({row["mdtrt_id"]: row["psn_no"] for row in book.rows}).reindex(found.index).fillna("")
    ring = found[who.str.startswith("ring")]
    assert len(ring) == 24 and (ring.co_visitors == 2).all() and ring.co_oversupplied.isna().all()
    # Ten buyers of D3 are oversupplied; those of other doctors are not linked.
    buyers = found[who.str.startswith("buyer")]
    assert set(buyers.co_oversupplied) == {9} and buyers.co_visitors.isna().all() and len(buyers) == 50
    edge = network.edges[network.edges.kind == "referral"].iloc[0]
    for end in ("referral_excess", "received_referral_excess"):
        excess = found[end].dropna()
        assert len(excess) == edge.observed and set(excess) == {1 - edge.expected / edge.observed}
    received = found.index[found.received_referral_excess.notna()]
    assert set(received) == {f"stay-2-{number}" for number in range(120) if number % 4 == 1 and number % 3}
    # Boxes of P1 that P2 sold again: both sales are named, and P2's own second sales are not.
    first, second = (set(found.index[found[end].eq(1)]) for end in ("resold", "sold_before"))
    assert first == {f"sale-{number}" for number in range(1, 60, 5)}
    assert second == {f"sale-{number}" for number in range(60, 72)}
    recruited = found.village_recruitment_excess.dropna()
    edge = network.edges[network.edges.kind == "origin"].iloc[0]
    assert len(recruited) == edge.observed and set(recruited) == {1 - edge.expected / edge.observed}


def test_purchases_filled_in_batches_link_the_people_of_a_runner():
    book = runner(town())
    claims = claims_of(book)
    network = build_network(claims, claims.facts)
    edges = network.edges[network.edges.kind == "co_filling"]
    assert set(edges.a) | set(edges.b) == set(RING) and edges.observed.min() >= 2
    found = links(claims.con, network, network.people, "counted").to_pandas().set_index("mdtrt_id")
    who = pd.Series({row["mdtrt_id"]: row["psn_no"] for row in book.rows}).reindex(found.index)
    fetched = found.co_fillers > 0
    assert set(who[fetched]) == set(RING) and found.co_fillers.max() == 5
    members = pd.DataFrame({"group_id": "ring", "psn_no": RING})
    assert kinds_of(inside_of(network.edges, members)).to_dict() == {"ring": "drug_resale"}


def linked_by(visits: ibis.Table, book: VisitBook) -> tuple[set[frozenset], set[str]]:
    """The pairs that some visits link, and the people whose visits they are."""
    rows = visits.to_pandas()
    who = {row["mdtrt_id"]: row["psn_no"] for row in book.rows}
    return pairs_of(rows), set(map(who.get, rows.mdtrt_id))


def test_visits_of_sessions_link_the_cards_of_a_drawer():
    book = street()
    claims = claims_of(book)
    network = build_network(claims, claims.facts)
    edges = network.edges[network.edges.kind == "co_session"]
    pairs, people = linked_by(network.co_attendance, book)
    assert len(edges) > 20 and pairs_of(edges) <= pairs and people_in(edges) <= people
    assert not any(person.startswith("buyer") for person in people)


def test_purchases_at_shared_suppliers_link_a_ring_on_its_rounds():
    book, dear = province()
    claims = claims_of(book, dear)
    network = build_network(claims, claims.facts)
    edges = network.edges[network.edges.kind == "co_supplier"]
    pairs, people = linked_by(network.co_oversupply, book)
    assert pairs_of(edges) == every_pair(ROUNDS) <= pairs and people == set(ROUNDS)


def test_three_batches_a_year_show_over_two_years():
    claims = claims_of(seldom())
    edges = build_network(claims, claims.facts).edges
    filling = edges[edges.kind == "co_filling"]
    assert set(filling.a) | set(filling.b) == set(RING)


def test_only_pairs_that_count_are_counted(built):
    _book, claims, network = built
    people = network.people[network.people.a.eq("ring-1") & network.people.b.eq("ring-2")]
    found = links(claims.con, network, people, "one_pair").to_pandas()
    assert found.co_visitors.dropna().tolist() == [1] * 16 and found.co_oversupplied.isna().all()


def test_without_visits_there_is_a_network_without_edges():
    book = VisitBook()
    facts = book.facts()
    con = facts.get_backend()
    days = ibis.schema(dict(mdtrt_id="string", hilist_code="string", amount="float64", charge="string"))
    con.create_table("item_days", schema=days)
    names = ["drug_trac_codg", "psn_no", "fixmedins_code", "trdn_flag", "medins_prod_sel_no", "setl_id"]
    sales = ibis.schema(dict.fromkeys(names, "string") | dict(sel_retn_time="int64", sel_retn_cnt="float64"))
    settled = con.create_table("settlements", schema=dict(setl_id="string", mdtrt_id="string"))
    claims = SimpleNamespace(con=con, sales=con.create_table("sales", schema=sales), settlements=settled)
    network = build_network(claims, facts)
    assert network.edges.empty and list(network.edges.columns) == COLUMNS and network.people.empty
    assert links(con, network, network.people, "none").to_pandas().empty


def test_each_whole_year_of_the_claims_is_tested_by_itself():
    """A ring met two years ago, another in both years, and strangers come every day."""
    book = VisitBook()
    for day in range(2, 2 * YEAR + 1):
        book.add(f"stranger-{day % 90}", "quiet", day, 300)
    days = [10, 40, 70, 100, 130, 150, 170, 190]
    book.add_together(["past-1", "past-2", "past-3"], "quiet", [400 + day for day in days])
    # The last day of a year and the first of the one before it count once each.
    days = [10, 40, 70, 100, 130, 150, 170, YEAR]
    before = [day + 375 for day in days[:-1]] + [YEAR + 1]
    book.add_together(["ever-1", "ever-2"], "quiet", days + before, 120)
    claims = claims_of(book)
    edges = build_network(claims, claims.facts).edges
    found = edges[(edges.a_type == "patient") & (edges.kind == "co_visit")]
    ever, past = every_pair(["ever-1", "ever-2"]), every_pair(["past-1", "past-2", "past-3"])
    assert pairs_of(found) == ever | past and len(found) == len(ever | past)
    observed = {frozenset((row.a, row.b)): row.observed for row in found.itertuples()}
    assert {observed[pair] for pair in ever} == {16} and {observed[pair] for pair in past} == {8}


@pytest.mark.parametrize(
    "first, years", [(None, 1), (5, 1), (2 * YEAR - 1, 1), (2 * YEAR, 2), (3 * YEAR, 3), (9 * YEAR, 3)]
)
def test_a_year_that_the_claims_cover_in_part_is_not_tested(first, years):
    """Chance would be that of a year's visits, of which most are missing."""
    book = VisitBook()
    if first is not None:
        book.add("first", "quiet", first)
        book.add("last", "quiet", 1)
    assert _whole_years(book.facts()) == years


def inside(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["group_id", "kind", "neg_log10_fdr"])


def test_a_group_is_of_resale_when_oversupply_is_more_than_half_of_its_evidence():
    frame = inside(
        ("half", "co_oversupply", 5.0), ("half", "co_visit", 2.0), ("half", "co_return", 3.0),
        ("more", "co_oversupply", 5.1), ("more", "co_visit", 5.0), ("none", "co_visit", 9.0),
    )  # fmt: skip
    assert kinds_of(frame).to_dict() == {"half": "co_visit", "more": "drug_resale", "none": "co_visit"}


def test_edges_inside_a_group_join_two_of_its_members():
    edges = pd.DataFrame(
        [
            ("co_visit", "patient", "a", "patient", "b"), ("co_visit", "patient", "b", "patient", "x"),
            ("oversupply", "patient", "a", "prescriber", "b"),
            ("trace_flow", "pharmacy", "a", "patient", "b"),
            ("co_visit", "patient", "x", "patient", "y"), ("co_visit", "patient", "a", "patient", "z"),
        ],
        columns=COLUMNS[:5],
    )  # fmt: skip
    members = pd.DataFrame({"group_id": ["G1", "G1", "G2", "G2"], "psn_no": list("abxy"), "weight": 1.0})
    found = inside_of(edges, members)
    assert found[["a", "b", "group_id"]].to_numpy().tolist() == [["a", "b", "G1"], ["x", "y", "G2"]]


def test_a_stored_frame_keeps_its_types_without_rows():
    con = engine()
    frame = pd.DataFrame({"text": ["x"], "whole": [1], "part": [0.5]})
    for name, rows in (("full", frame), ("empty", frame.head(0))):
        table = stored(con, name, rows)
        assert dict(table.schema()) == {
            "text": ibis.dtype("string"), "whole": ibis.dtype("int64"), "part": ibis.dtype("float64"),
        }  # fmt: skip
        assert con.table(name).to_pandas().to_numpy().tolist() == rows.to_numpy().tolist()


def test_counts_side_by_side_keep_visits_of_either_side():
    con = engine()
    one = stored(con, "one", pd.DataFrame({"mdtrt_id": ["m1", "m2"], "x": [1, 2]}))
    other = stored(con, "other", pd.DataFrame({"mdtrt_id": ["m2", "m3"], "y": [3.0, 4.0]}))
    found = outer_joined(one, other).order_by("mdtrt_id").to_pandas()
    assert list(found.columns) == ["mdtrt_id", "x", "y"] and found.mdtrt_id.tolist() == ["m1", "m2", "m3"]
    np.testing.assert_array_equal(found[["x", "y"]].to_numpy(), [[1, np.nan], [2, 3], [np.nan, 4]])


def test_flows_that_are_facts_of_visits_are_flows():
    assert set(graph.FLOW_COLUMNS) == set(graph.FLOWS)
