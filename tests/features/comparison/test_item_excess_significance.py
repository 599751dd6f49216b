"""Which items in excess are beyond chance and material: a slow twin, biller by biller, and the boundaries."""

from collections import defaultdict
from math import log10, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from features.comparison.funnel import CONTAMINATION_OF_FEW, proportion_z
from features.comparison.item_excess import COLUMNS, _between, _beyond_chance
from tests.features.comparison.test_funnel import one
from tests.features.comparison.test_spread_twins import slow_quantile
from tests.significance.slow_chance import slow_fdr

KEY = ["kind", "class", "item"]
# Of honest billers one in a thousand is farther above the expectation.
ONE_IN_A_THOUSAND = float(norm.isf(0.001))


def billers(seed: int) -> pd.DataFrame:
    """Twenty billers of four items, one of them expected of everybody, and six of a fifth, in two kinds of
    visit; some bill far too often, some for little money, some have few patients."""
    random, rows = np.random.default_rng(seed), []
    for kind in ("outpatient", "stay"):
        for number, item in enumerate(("scan", "pill", "plate", "rare", "always")):
            for biller in range(6 if item == "rare" else 20):
                votes = float(np.round(random.uniform(5, 150), 3))
                n = int(votes) + int(random.integers(0, 40))
                usual = min((0.002, 0.08, 0.3, 0.3, 1.2)[number] * random.uniform(0.5, 1.5), 1.0)
                guilty = biller % 10 == 3
                share = min(random.beta(30 * usual + 0.1, 30 * (1 - usual) + 0.1) + 0.4 * guilty, 1.0)
                observed = min(round(share * n), n)
                money = round(observed * (1.0 if biller == 13 else 90.0), 2)
                rows.append(
                    {"subject_id": f"B{biller:02}", "kind": kind, "class": "exam", "item": item,
                     "observed": observed, "k": share * votes, "money": money, "n": n, "weight": votes,
                     "billed": money + 60.0 * n, "usual": usual * votes}
                )  # fmt: skip
    return pd.DataFrame(rows).sample(frac=1, random_state=seed, ignore_index=True)


def parts(row: dict) -> tuple[float, float]:
    """Share of the patients with the item, and the share expected."""
    return row["k"] / row["weight"], min(max(row["usual"] / row["weight"], 1e-4), 1 - 1e-4)


def slow_correlations(rows: list[dict]) -> dict[tuple, float]:
    """Intra-class correlation by item, of items that eight billers are expected to bill once at least; of
    others the median of those."""
    items, found = defaultdict(list), {}
    for row in rows:
        items[tuple(row[name] for name in KEY)].append(row)
    for key, some in items.items():
        some = [row for row in some if row["usual"] >= 1]
        if len(some) < 8:
            continue
        z = []
        for row in some:
            share, usual = parts(row)
            z.append((share - usual) / sqrt(usual * (1 - usual)) * sqrt(row["weight"]))
        upper = slow_quantile(z, 1 - CONTAMINATION_OF_FEW) - slow_quantile(z, 0.5)
        scale, votes = (upper / norm.isf(CONTAMINATION_OF_FEW)) ** 2, [row["weight"] for row in some]
        weight = sum(votes) - sum(v * v for v in votes) / sum(votes)
        found[key] = min(max((len(some) * scale - (len(some) - 1)) / weight, 0.0), 1.0)
    middle = slow_quantile(list(found.values()), 0.5) if found else 0.0
    return {key: found.get(key, middle) for key in items}


def slow_beyond_chance(frame: pd.DataFrame) -> dict[tuple, tuple[float, ...]]:
    """(subject_id, kind, item) → expected, upper_limit, money, neg_log10_fdr."""
    rows = [row for row in frame.to_dict("records") if row["weight"] >= 10]
    correlation = slow_correlations(rows)
    p, spreads = [], []
    for row in rows:
        share, usual = parts(row)
        spread = correlation[tuple(row[name] for name in KEY)] * usual * (1 - usual)
        spreads.append(spread)
        p.append(float(norm.sf(one(proportion_z, share, row["weight"], usual, spread))))
    found = {}
    for row, spread, rate in zip(rows, spreads, slow_fdr(p, len(rows)), strict=True):
        _share, usual = parts(row)
        upper_limit = (
            min(usual + ONE_IN_A_THOUSAND * sqrt(usual * (1 - usual) / row["weight"] + spread), 1.0)
            * row["n"]
        )
        money, beyond = (
            round(row["money"] * (1 - bound / row["observed"]), 2) if row["observed"] else 0.0
            for bound in (usual * row["n"], upper_limit)
        )
        if rate < 0.01 and beyond > 0 and row["observed"] >= 10:
            values = (usual * row["n"], upper_limit, money, -log10(rate))
            found[row["subject_id"], row["kind"], row["item"]] = (values, row["billed"])
    return {
        key: values
        for key, (values, billed) in found.items()
        # What costs little counts together with the biller's other items of the class.
        if sum(other[2] for of, (other, _billed) in found.items() if of[:2] == key[:2]) >= 0.01 * billed
    }


@pytest.mark.parametrize("seed", range(6))
def test_the_items_beyond_chance_equal_the_slow_twin(seed):
    rows = billers(seed)
    found, slow = _beyond_chance(rows), slow_beyond_chance(rows)
    assert list(found.columns) == COLUMNS and list(found.index) == list(range(len(found)))
    values = found[["expected", "upper_limit", "money", "neg_log10_fdr"]].to_numpy()
    mine = dict(zip(map(tuple, found[["subject_id", "kind", "item"]].to_numpy()), values, strict=True))
    assert set(mine) == set(slow) and 1 < len(slow) < 20
    for key, expected in slow.items():
        assert mine[key] == pytest.approx(expected, rel=1e-5, abs=0.011)


@pytest.mark.parametrize("seed", range(3))
def test_the_intra_class_correlation_equals_the_slow_twin(seed):
    rows = billers(seed)
    distance = pd.Series(
        [(share - usual) / sqrt(usual * (1 - usual)) for share, usual in map(parts, rows.to_dict("records"))]
    )
    slow = slow_correlations(rows.to_dict("records"))
    assert _between(rows, distance).to_list() == pytest.approx(
        [slow[tuple(key)] for key in rows[KEY].to_numpy()]
    )
    assert len(set(slow.values())) > 3 and max(slow.values()) > 0.01
    # Of too few billers nothing is known.
    few = rows[rows["item"] == "rare"]
    assert (_between(few, distance[few.index]) == 0).all()


@pytest.mark.parametrize("size, usual, known", [(8, 1.0, True), (7, 1.0, False), (8, 0.99, False)])
def test_eight_of_whom_one_bill_is_expected_tell_the_spread_of_an_item(size, usual, known):
    """Three bill it to all of twenty patients, the others to nobody: no variance of a share is larger."""
    bills = [1.0] * 3 + [0.0] * (size - 3)
    rows = pd.DataFrame(
        {"weight": 20.0, "usual": usual, "kind": "stay", "class": "exam", "item": "scan", "x": bills}
    )
    share = usual / 20
    distance = (rows["x"] - share) / sqrt(share * (1 - share))
    assert (_between(rows, distance) == float(known)).all()


def guilty(**changed) -> pd.DataFrame:
    """One biller far beyond the expectation, for money that matters."""
    row = {"subject_id": "B", "kind": "stay", "class": "exam", "item": "scan", "observed": 40, "k": 40.0,
           "money": 400.0, "n": 50, "weight": 50.0, "billed": 1000.0, "usual": 5.0}  # fmt: skip
    return pd.DataFrame([row | changed])


@pytest.mark.parametrize("changed, found", [
    ({}, True),
    # Patients, and visits with the item: ten.
    ({"weight": 10.0, "k": 10.0, "usual": 1.0}, True), ({"weight": 9.999, "k": 9.999, "usual": 1.0}, False),
    ({"observed": 10, "n": 12}, True), ({"observed": 9, "n": 11}, False),
    # Of 400 yuan 35 of 40 are in excess: 350, a hundredth of 35,000.
    ({"billed": 35_000.0}, True), ({"billed": 35_001.0}, False),
    # Visits that honest billers reach: 5 and 3.09 × √(50 × 0.1 × 0.9), 11.6; half a yuan is money, too.
    ({"observed": 12}, True), ({"observed": 11}, False),
    ({"observed": 12, "money": 20.0, "billed": 50.0}, True),
])  # fmt: skip
def test_the_boundaries_of_what_is_held_against_a_biller(changed, found):
    assert len(_beyond_chance(guilty(**changed))) == found


def test_nobody_bills_more_than_always_and_nothing_is_expected_never():
    assert _beyond_chance(guilty(usual=49.0, k=50.0, observed=50)).empty
    assert _beyond_chance(guilty(usual=0.0)).expected.to_list() == pytest.approx([50 * 1e-4])
