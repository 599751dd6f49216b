"""Trace codes: packs sold twice, elsewhere, mismatched or without a code; a loop over random sales."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from tests.features.rules.planting import Planted, assert_told_in_both_languages, findings, found_by

RULES = ["R105", "R106", "R107", "R108"]


def packs(p: Planted) -> None:
    p.sell("2024-03-01 09:00:00", "A")
    p.sell("2024-03-01 09:30:00", "A", "R105")
    p.sell("2024-04-01 09:00:00", "A", "R105", "R106", where="P2")
    first = p.sell("2024-03-01 09:00:00", "B")
    p.world.sell(first, "pill", "2024-03-02 09:00:00", "B", -1)  # brought back in between
    p.sell("2024-03-03 09:00:00", "B")
    for code, split in [("C", "1"), ("D", "0")]:  # a split pack shows its code again
        p.sell("2024-03-01 09:00:00", code, sale={"trdn_flag": split})
        p.sell("2024-03-03 09:00:00", code, sale={"trdn_flag": "1"})
    refunded = p.sell("2024-03-01 09:00:00", "E")
    p.world.settle(refunded, "2024-03-02 09:00:00", -40.0)
    p.sell("2024-03-03 09:00:00", "E")
    p.sell("2024-03-01 09:00:00", "F", sale={"setl_id": None})  # a cash sale is none of the fund
    p.sell("2024-03-03 09:00:00", "F")
    p.sell("2024-03-01 09:00:00", None)
    p.sell("2024-03-03 09:00:00", None)
    two = p.buy("2024-03-01 09:00:00", lines=[("pill", 2, 40.0)])
    for code in ("G1", "G2"):
        p.world.sell(two, "pill", "2024-03-01 09:00:00", code)
    again = p.buy("2024-03-05 09:00:00", "R105", lines=[("pill", 3, 40.0)])
    for code in ("G1", "G2", "G3"):
        p.world.sell(again, "pill", "2024-03-05 09:00:00", code)
    p.drug("coded", limits={"trac_prfx": "8100001"})
    for code, broken in [("81000012345", False), ("81000023456", True)]:
        visit = p.buy("2024-03-01 09:00:00", *(["R107"] if broken else []), lines=[("coded", 1, 40.0)])
        p.world.sell(visit, "coded", "2024-03-01 09:00:00", code)


def scans(p: Planted) -> None:
    for month, uncoded, rules in [("2024-10", 3, ["R108"]), ("2024-11", 2, []), ("2024-06", 20, [])]:
        for n in range(20):
            without = n < uncoded
            code, named = (None, rules) if without else (f"{month}{n}", [])
            p.sell(f"{month}-{n + 1:02} 10:00:00", code, *named, item="dear", where="P5")
    p.sell("2024-10-25 10:00:00", None, item="dear", where="P5", sale={"trac_scan_stas": "2"})


def _sold_twice(sales: list[tuple]) -> dict[str, bool]:
    """Visits that sold a pack which had been sold and not come back, sale by sale; had it been elsewhere?"""
    out, twice = {}, {}
    for _when, _number, visit, code, count, where in sorted(sales):
        if count > 0 and code in out:
            twice[visit] = twice.get(visit, False) or out[code] != where
        if count > 0:
            out[code] = where
        else:
            out.pop(code, None)
    return twice


def random_sales(p: Planted) -> None:
    """Any sales and returns, against the loop."""
    rng, sales = np.random.default_rng(5), []
    for _person in range(25):
        who = p.someone()
        for _buy in range(rng.integers(1, 25)):
            when = datetime(2024, 3, 1, 8) + timedelta(minutes=int(rng.integers(0, 90 * 1440)))
            code, where = f"T{rng.integers(0, 120)}", str(rng.choice(["P1", "P2"]))
            visit = p.buy(str(when), who=who, where=where)
            sales.append((when, p.world.sell(visit, "pill", str(when), code), visit, code, 1, where))
            if rng.random() < 0.3:
                later = when + timedelta(minutes=int(rng.integers(1, 20 * 1440)))
                number = p.world.sell(visit, "pill", str(later), code, -1)
                sales.append((later, number, visit, code, -1, where))
    twice = _sold_twice(sales)
    p.guilty["R105"] |= set(twice)
    p.guilty["R106"] |= {visit for visit, moved in twice.items() if moved}


@pytest.fixture(scope="module")
def town() -> Planted:
    p = Planted("H1", "P1 P2 P5")
    for plant in (
        packs,
        scans,
        random_sales,
    ):
        plant(p)
    return p


@pytest.fixture(scope="module")
def hits(town) -> pd.DataFrame:
    return findings(town.world, RULES, R108={"mandatory_from": "2024-07-01"})


@pytest.mark.parametrize("rule", RULES)
def test_finds_what_was_planted_and_nothing_else(town, hits, rule):
    assert rule in hits.attrs["run"] and not hits.attrs["failed"]
    assert town.guilty[rule] and found_by(hits, rule) == town.guilty[rule]


def test_sentences_are_whole(hits):
    assert_told_in_both_languages(hits)
