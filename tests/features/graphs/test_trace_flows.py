"""Boxes sold twice, and boxes that were returned in between."""

from types import SimpleNamespace

import ibis
import pandas as pd
import pytest

from features.graphs import trace_flows
from tests.features.graphs.visit_book import AS_OF
from tests.in_memory import engine
from tests.significance.slow_chance import slow_neg_log10_fdr
from tests.tiny import World


def test_boxes_sold_twice_name_both_sellers_and_a_box_that_came_back_names_nobody(claims_of):
    world = World()
    shops = [world.pharmacy(f"P{number}") for number in range(8)]
    for number in range(160):
        who, shop = world.person(f"buyer-{number}"), shops[number % 8]
        bought = world.purchase(who, shop, f"2024-03-{1 + number % 28:02} 10:00:00", lines=[("pill", 1, 20)])
        world.sell(bought, "pill", f"2024-03-{1 + number % 28:02} 10:05:00", f"box-{number}")
        if number % 8 == 1 and number < 80:
            # Bought at P1, sold again at P2.
            again = world.purchase(
                f"buyer-{number - 1}", "P2", f"2024-06-{1 + number // 8:02} 10:00:00", lines=[("pill", 1, 20)]
            )
            world.sell(again, "pill", f"2024-06-{1 + number // 8:02} 10:05:00", f"box-{number}")
        if number % 8 == 5 and number < 80:
            # Bought at P5 and returned, sold again at P6 by right.
            world.sell(bought, "pill", "2024-04-01 09:00:00", f"box-{number}", count=-1)
            again = world.purchase(
                f"buyer-{number - 1}", "P6", f"2024-06-{1 + number // 8:02} 11:00:00", lines=[("pill", 1, 20)]
            )
            world.sell(again, "pill", f"2024-06-{1 + number // 8:02} 11:05:00", f"box-{number}")
    found = trace_flows.edges(claims_of(world, AS_OF))
    assert found[["a_type", "a", "b", "observed"]].to_numpy().tolist() == [["pharmacy", "P1", "P2", 10]]


def claims_with(rows: list[tuple]) -> SimpleNamespace:
    """Sales: box, buyer, pharmacy, time, count, and whether part of the box was sold."""
    columns = ["drug_trac_codg", "psn_no", "fixmedins_code", "sel_retn_time", "sel_retn_cnt", "trdn_flag"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["medins_prod_sel_no"] = [f"N{number:04}" for number in range(len(frame))]
    frame["setl_id"] = [f"S{number:04}" for number in range(len(frame))]
    schema = ibis.schema(
        dict.fromkeys(frame.columns, "string") | dict(sel_retn_time="int64", sel_retn_cnt="float64")
    )
    con = engine()
    # The last sale first, for no table promises an order.
    sales = con.create_table("sales", ibis.memtable(frame.iloc[::-1], schema=schema))
    return SimpleNamespace(con=con, sales=sales, settlements=sales.select("setl_id", mdtrt_id="setl_id"))


def trade(boxes: int = 60) -> list[tuple]:
    """Every box is sold once; at P1 the boxes of one buyer are sold again by P2, at other places single
    ones."""
    rows = []
    for number in range(boxes):
        place, buyer = f"P{number % 5}", "u1" if number % 5 == 1 else f"u{number}"
        rows.append((f"box{number}", buyer, place, number, 1.0, "0"))
        if number % 5 == 1:
            rows.append((f"box{number}", f"v{number}", "P2", 1000 + number, 1.0, None))
        if number % 17 == 3:
            rows.append((f"box{number}", f"v{number}", "P4", 1000 + number, 2.0, "0"))
    return rows


def slow_edges(rows: list[tuple]) -> dict[tuple, tuple]:
    """(a_type, a, b) → observed, expected, neg_log10_fdr."""
    rows = [row for row in rows if row[0] is not None and row[1] is not None and row[5] != "1"]
    sold, found = [row for row in rows if row[4] > 0], {}
    for kind, place in (("patient", 1), ("pharmacy", 2)):
        counts, last = {}, {}
        for row in sorted(rows, key=lambda row: (row[0], row[3])):
            before = last.get(row[0])
            if before is not None and before[4] > 0 and row[4] > 0:
                counts[before[place], row[2]] = counts.get((before[place], row[2]), 0) + 1
            last[row[0]] = row
        owners, sellers = {row[place] for row in sold}, {row[2] for row in sold}
        expected = [
            sum(counts.values())
            * sum(row[place] == a for row in sold)
            * sum(row[2] == b for row in sold)
            / len(sold) ** 2
            for a, b in counts
        ]
        rates = slow_neg_log10_fdr(list(counts.values()), expected, len(owners) * len(sellers))
        for (a, b), mean, rate in zip(counts, expected, rates, strict=True):
            if rate > 2:
                found[kind, a, b] = counts[a, b], mean, rate
    return found


@pytest.mark.parametrize("more", [[], [("box7", "w", "P9", 2000, 1.0, "0")] * 1])
def test_flows_equal_the_slow_twin(more):
    rows = trade() + more
    found, expected = trace_flows.edges(claims_with(rows)), slow_edges(rows)
    assert list(found.columns) == ["a", "b", "observed", "expected", "neg_log10_fdr", "a_type"]
    assert [tuple(row) for row in found[["a_type", "a", "b"]].to_numpy()] == sorted(expected)
    assert {("patient", "u1", "P2"), ("pharmacy", "P1", "P2")} <= set(expected)
    assert list(found.index) == list(range(len(found)))
    for row in found.itertuples():
        values = row.observed, row.expected, row.neg_log10_fdr
        assert values == pytest.approx(expected[row.a_type, row.a, row.b], rel=1e-6)


def innocent(kind: str) -> list[tuple]:
    """The same trade, but each box was returned before it was sold again, or sold in parts, or has no code
    or buyer."""
    rows = []
    for row in trade():
        again = row[3] >= 1000
        if again and kind == "returned":
            rows.append((row[0], row[1], row[2], row[3] - 500, -1.0, "0"))
        elif again and kind == "sold in parts":
            row = (*row[:5], "1")
        elif kind == "no code":
            row = (None, *row[1:])
        elif again and kind == "no buyer":
            row = (row[0], None, *row[2:])
        rows.append(row)
    return rows


@pytest.mark.parametrize("kind", ["returned", "sold in parts", "no code", "no buyer"])
def test_innocent_boxes_name_nobody(kind):
    assert len(innocent(kind)) >= len(trade())
    assert trace_flows.edges(claims_with(innocent(kind))).empty


def test_visits_at_both_ends_of_a_flow_know_their_boxes():
    rows = trade()
    claims = claims_with(rows)
    flows = claims.con.create_table("flows", ibis.memtable(trace_flows.edges(claims)[["a_type", "a", "b"]]))
    found = trace_flows.boxes(claims, flows).to_pandas().set_index("mdtrt_id")
    before = {row[0]: number for number, row in enumerate(rows) if row[3] < 1000}
    again = {row[0]: number for number, row in enumerate(rows) if row[3] >= 1000 and row[2] == "P2"}
    assert set(found.index[found.resold.notna()]) == {f"S{before[box]:04}" for box in again}
    assert set(found.index[found.sold_before.notna()]) == {f"S{number:04}" for number in again.values()}
    # P4's single boxes are no flow, and nobody is named where none is.
    assert len(again) == 12 and found.fillna(0).sum().tolist() == [12, 12]
    assert trace_flows.boxes(claims, flows.filter(flows.b == "P4")).count().execute() == 0


def test_no_sales_no_flows():
    assert trace_flows.edges(claims_with([])).empty


def test_sales_at_one_time_follow_their_number():
    """The return has the later number, so the second sale is right; with numbers exchanged it is not."""
    sold, back = [(f"box{n}", "u", "P1", 5, 1.0, "0") for n in range(9)], []
    back = [(f"box{n}", "u", "P1", 6, -1.0, "0") for n in range(9)]
    again = [(f"box{n}", "v", "P2", 6, 1.0, "0") for n in range(9)]
    other = [(f"z{n}", f"w{n}", f"Q{n}", 1, 1.0, "0") for n in range(200)]
    assert trace_flows.edges(claims_with(sold + back + again + other)).empty
    assert len(trace_flows.edges(claims_with(sold + again + back + other))) == 2
