"""Visits of groups that meet for honest reasons, and what `honest_reasons` says of one group."""

from datetime import date, timedelta

import ibis
import pandas as pd

from claims.as_of import OUTPATIENT, PHARMACY
from features.graphs.group_profiles import LEGITIMATE_REASONS, honest_reasons
from tests.features.measures.tables import facts

MONDAY = date(2024, 6, 3)
VISIT = {
    "group_id": "g", "joint": True, "linked": True, "is_pharmacy": False, "kind": OUTPATIENT,
    "fixmedins_code": "H1", "dr_code": "D1", "village": "v", "age": 40.0, "emp_no": None, "dx3": None,
    "burst": False,
    "oversupply_amount": None, "supply_days": None, "n_drugs": 1, "exam_amount": 0.0, "medfee_sumamt": 100.0,
    "fund_pay_sumamt": 60.0, "second": 0.0,
}  # fmt: skip


def group_of(ages: list[float], days: int, *, every: int = 1, **more) -> list[dict]:
    """Each member comes on each of the days."""
    return [
        VISIT | {"psn_no": f"p{n}", "age": age, "day": MONDAY + timedelta(days=every * day)} | more
        for day in range(days)
        for n, age in enumerate(ages)
    ]


def living_in(villages: int) -> ibis.Table:
    """A city of so many villages, all of a size."""
    return ibis.memtable({"village": [f"v{n}" for n in range(villages)], "share": [1 / villages] * villages})


# So many villages that no two people live in one by accident.
WIDE = living_in(1000)


def reason(rows: list[dict], living: ibis.Table = WIDE) -> str | None:
    found = honest_reasons(facts(rows), living).to_dict()
    assert list(found) == ["g"]
    assert found["g"] is None or pd.isna(found["g"]) or found["g"] in LEGITIMATE_REASONS
    return None if pd.isna(found["g"]) else found["g"]


FAMILY = [60.0, 41.0, 42.0, 42.0, 42.0]
# Of many places, so that nothing else excuses them.
TWO_PLACES = [{"fixmedins_code": "H1"}, {"fixmedins_code": "H2"}]


def at_two_places(rows: list[dict]) -> list[dict]:
    return [row | TWO_PLACES[n % 2] for n, row in enumerate(rows)]


def strangers(days: int, every: int, **more) -> list[dict]:
    """Six of six villages."""
    rows = group_of([30.0] * 6, days, every=every, **more)
    return [row | {"village": row["psn_no"]} for row in rows]


def shoppers(steps: list[int], pace: float = 120.0, **more) -> list[dict]:
    """Six of six villages buy medicine, one after the other, on days so many days apart."""
    begin = {"kind": PHARMACY, "burst": True} | more
    days = [MONDAY + timedelta(days=sum(steps[:n])) for n in range(len(steps) + 1)]
    return [
        VISIT | begin | {"psn_no": f"p{n}", "village": f"v{n}", "day": day, "second": pace * n}
        for day in days
        for n in range(6)
    ]


def by_accident(n: int, day: int, **more) -> list[dict]:
    """So many of the group at one hospital's desk on a day between two meetings."""
    met = VISIT | {"fixmedins_code": "H2", "second": 0.0, "day": MONDAY + timedelta(days=day)} | more
    return [met | {"psn_no": f"p{member}", "village": f"v{member}"} for member in range(n)]
