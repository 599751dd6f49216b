"""Orders and prescriptions: reused, out of time, missing or reviewed in seconds; and near misses."""

import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R065", "R109", "R110", "R111", "R117"]


def chains(p: Planted) -> None:
    """Two pharmacies of one chain, and a prescription drug."""
    for code in ("P6", "P7"):
        p.world.pharmacy(code, prnt_medins_code="P50")
    p.item("rx", "09", rx_flag="1")


def reused(p: Planted) -> None:
    for number, repeats in [("A1", 0), ("A2", 1), ("A3", None), ("A4", 0), ("A5", 0)]:
        p.world.add(
            "rx_d", hi_rxno=number, psn_no="p1", dr_code="D1", fixmedins_code="H1",
            prsc_time="2024-05-01 09:00:00", valid_days=30, max_rept_cnt=repeats,
        )  # fmt: skip
    p.sell("2024-05-01 10:00:00", "r1", sale={"rxno": "A1"})
    p.sell("2024-05-02 10:00:00", "r2", "R109", sale={"rxno": "A1"}, where="P2")
    for day in (1, 2, 3):
        p.sell(f"2024-05-0{day} 10:00:00", f"r3{day}", *(["R109"] if day == 3 else []), sale={"rxno": "A2"})
    p.sell("2024-05-01 10:00:00", "r4", sale={"rxno": "A3"})
    p.sell("2024-05-02 10:00:00", "r5", "R109", sale={"rxno": "A3"})
    p.sell("2024-05-01 10:00:00", "r6", sale={"rxno": "A4"})
    other = p.buy("2024-05-02 10:00:00", lines=[("dear", 1, 90.0)])  # its other drug, elsewhere
    p.world.sell(other, "dear", "2024-05-02 10:00:00", "r7", rxno="A4")
    back = p.sell("2024-05-01 10:00:00", "r8", sale={"rxno": "A5"})
    p.world.sell(back, "pill", "2024-05-01 11:00:00", "r8", -1, rxno="A5")
    p.sell("2024-05-02 10:00:00", "r9", sale={"rxno": "A5"})
    for _ in range(2):
        p.sell(
            "2024-05-02 10:00:00", None, sale={"rxno": "on paper"}
        )  # not on record: numbers may meet by chance


def times_and_reviews(p: Planted) -> None:
    def rx(number, written, days, repeats=0, **more):
        p.world.add("rx_d", hi_rxno=number, psn_no="p1", dr_code="D1", fixmedins_code="H1", prsc_time=written,
                    valid_days=days, max_rept_cnt=repeats, **more)  # fmt: skip

    written = "2024-05-01 09:00:00"
    for n, (sold, rules, days, repeats) in enumerate([
        ("2024-05-01 08:31:00", [], 3, 0),  # clocks differ
        ("2024-05-01 08:29:00", ["R110"], 3, 0),
        ("2024-05-01", [], 3, 0),  # a bare date: some hour of that day
        ("2024-04-30", ["R110"], 3, 0),
        ("2024-05-04 20:00:00", [], 3, 0),
        ("2024-05-05 08:00:00", ["R110"], 3, 0),
        ("2024-07-24 08:00:00", [], 28, 2),  # a long prescription: twelve weeks
        ("2024-07-25 08:00:00", ["R110"], 28, 2),
        ("2024-12-01 08:00:00", [], None, 0),
    ]):  # fmt: skip
        rx(f"X{n}", written, days, repeats)
        p.sell(sold, f"x{n}", *rules, item="pill", where=f"P{n + 1}", sale={"rxno": f"X{n}"})
    shop = {"where": "P5"}
    p.sell("2024-06-01 10:00:00", "y1", "R111", item="rx", **shop)
    p.sell("2024-06-01 11:00:00", "y2", item="rx", **shop, sale={"rxno": "on paper"})
    p.sell("2024-06-01 12:00:00", "y3", item="rx", **shop, chfpdr_code="D1")  # a doctor stands for it
    p.sell("2024-06-01 13:00:00", "y4", item="pill", **shop)
    p.sell("2024-06-01 14:00:00", "y5", "R111", item="pill", **shop, sale={"rx_flag": "1"})
    p.sell("2024-06-01 15:00:00", "y6", item="rx", **shop, sale={"rx_flag": "0"})
    p.sell("2024-06-01 16:00:00", "y7", item="rx", **shop, sale={"setl_id": None})  # nothing of the fund's
    for n, (checked, where, rules) in enumerate([
        ("2024-06-10 10:00:04", "P1", ["R117"]),  # four seconds after it was written
        ("2024-06-11 10:00:05", "P1", []),
        ("2024-06-12 11:00:00", "P1", []),
        ("2024-06-12 11:29:59", "P2", ["R117"]),  # another shop within half an hour
        ("2024-06-12 11:59:59", "P3", []),
        ("2024-06-13 11:00:00", "P6", []),
        ("2024-06-13 11:10:00", "P7", []),  # of the same chain
        ("2024-06-14", "P1", []),
    ]):  # fmt: skip
        rx(f"Z{n}", checked[:10] + " 10:00:00", 3, phar_code="PH1", phar_chk_time=checked)
        p.sell(checked[:10] + " 15:00:00", f"z{n}", *rules, item="pill", where=where, sale={"rxno": f"Z{n}"})


def orders(p: Planted) -> None:
    """H1 sends order numbers for nearly all, H2 for nothing."""
    for number, ordered in enumerate([True] * 19 + [False]):
        visit = p.world.stay(p.someone(), "H1", "2024-10-01", 3, lines=[("bed", 3, 30.0), ("treat", 1, 60.0)])
        p.world.rows["fee_list_d"][-1]["rx_drord_no"] = f"O{number}" if ordered else None
        if not ordered:
            p.mark(visit, "R065")
    p.world.stay(p.someone(), "H2", "2024-10-01", 3, lines=[("treat", 1, 60.0)])  # sends no order numbers


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1 H2", "P1 P2 P3 P4 P5 P8 P9")
    for plant in (
        chains,
        reused,
        times_and_reviews,
        orders,
    ):
        plant(p)
    return p


@pytest.fixture(scope="module")
def hits(town) -> pd.DataFrame:
    return findings(town.world, RULES)


@pytest.mark.parametrize("rule", RULES)
def test_finds_what_was_planted_and_nothing_else(town, hits, rule):
    assert rule in hits.attrs["run"] and not hits.attrs["failed"]
    assert town.guilty[rule] and found_by(hits, rule) == town.guilty[rule]


def test_sentences_are_whole(hits):
    assert_told_in_both_languages(hits)
