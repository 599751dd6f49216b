"""Steered prescriptions: a partner pharmacy, the one at the gate, and a loop over random towns."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.visits.prescription_steering import (
    PRIOR_PRESCRIPTIONS,
    PRIOR_PURCHASES,
    prescription_steering,
    workplaces,
)
from tests.features.visits.tables import AS_OF, values, visits
from tests.in_memory import engine


def buy(who: str, shop: str, doctor: str | None = None, village: str | None = "v1", **more) -> dict:
    return {
        "psn_no": who,
        "fixmedins_code": shop,
        "dr_code": doctor,
        "kind": PHARMACY,
        "village": village,
    } | more


def see(doctor: str, where: str, kind: str = OUTPATIENT) -> dict:
    return {"dr_code": doctor, "fixmedins_code": where, "kind": kind}


def steering(rows: list[dict]) -> dict:
    con = engine()
    return values(prescription_steering(con.create_table("base", visits(*rows))), "prescription_steering")


def test_a_partner_pharmacy_is_told_from_the_one_at_the_gate():
    rows = [
        see(doctor, where)
        for doctor, where in (("honest", "H1"), ("colleague", "H1"), ("bent", "H2"), ("peer", "H2"))
    ]
    for doctor, shop in (("honest", "gate"), ("colleague", "gate"), ("bent", "partner"), ("peer", None)):
        for n in range(15):
            who = f"{doctor}-{n}"
            rows += [buy(who, f"corner-{n % 3}")] * 2 + [buy(who, shop or f"corner-{n % 3}", doctor)]
    found = steering(rows)
    of = {doctor: set() for doctor in ("honest", "colleague", "bent", "peer")}
    for n, row in enumerate(rows, 1):
        if row["kind"] == PHARMACY and row["dr_code"]:
            of[row["dr_code"]].add(found[f"M{n:02}"])
    assert min(of["bent"]) > 0.45 and max(of["honest"] | of["colleague"] | of["peer"]) < 0.2
    # Purchases on no prescription are nobody's.
    assert len(found) == 60


def test_few_prescriptions_say_little():
    """One patient and a doctor without workplace: all prescriptions at P1, but half of the city buys there
    anyway."""
    for n in (1, 40):
        rows = [buy("anna", "P1", "D1", None)] * n + [buy("bert", "P2", None, "v2")] * n
        # No other purchase of the patient or her village: two of what is usual of the city, one half at P1.
        share = (PRIOR_PURCHASES * n / PRIOR_PURCHASES) * (PRIOR_PURCHASES * 0.5 / PRIOR_PURCHASES) / n
        assert steering(rows)["M01"] == pytest.approx((n - n * share) / (n + PRIOR_PRESCRIPTIONS), abs=1e-6)


@pytest.mark.parametrize("seconds, counted", [(0, True), (1, False)])
def test_purchases_of_the_last_year(seconds, counted):
    old = AS_OF - timedelta(days=365, seconds=seconds)
    assert ("M01" in steering([buy("anna", "P1", "D1", begntime=old), buy("bert", "P1", "D1")])) == counted


def test_a_doctor_works_where_most_patients_are_seen():
    rows = [see("D1", "H2"), see("D1", "H1"), see("D1", "H1", STAY), see("D2", "H2"), see("D2", "H1")]
    rows += [see("D1", "P1", PHARMACY)] * 9 + [see(None, "H1")] + [see("D3", "P1", PHARMACY)]
    found = {row["dr_code"]: row["work"] for row in workplaces(visits(*rows)).to_pyarrow().to_pylist()}
    assert found == {"D1": "H1", "D2": "H1"}


def expected_steering(rows: list[tuple], works: dict[str, str]) -> dict:
    """The definition by loops: rows are (patient, shop, doctor), the village is the patient's first
    letter."""
    shops, people = Counter(s for _p, s, _d in rows), {p for p, _s, _d in rows}
    found = {}
    for n, (_who, shop, doctor) in enumerate(rows, 1):
        if doctor is None:
            continue
        mine = [row for row in rows if row[2] == doctor]
        at_shop = sum(row[1] == shop for row in mine)
        city = shops[shop] / len(rows)
        expected = 0.0
        for who in people:
            here = sum(row[0] == who for row in mine)
            others = [row for row in rows if row[0] == who and row[2] != doctor]
            village = [row for row in rows if row[0][0] == who[0] and row[2] != doctor]
            local = (sum(row[1] == shop for row in village) + PRIOR_PURCHASES * city) / (
                len(village) + PRIOR_PURCHASES
            )
            habit = sum(row[1] == shop for row in others) + PRIOR_PURCHASES * local
            expected += here * habit / (len(others) + PRIOR_PURCHASES)
        of_patients = expected / len(mine)
        colleagues = [
            row for row in rows if row[2] not in (None, doctor) and works.get(row[2]) == works.get(doctor)
        ]
        times = sum(row[1] == shop for row in colleagues) + PRIOR_PURCHASES * city
        of_colleagues = times / (len(colleagues) + PRIOR_PURCHASES) if doctor in works else 0.0
        excess = at_shop - len(mine) * max(of_patients, of_colleagues)
        found[f"M{n:02}"] = pytest.approx(excess / (len(mine) + PRIOR_PRESCRIPTIONS), abs=2e-6)
    return found


towns = st.lists(
    st.tuples(st.sampled_from(["a1", "a2", "b1"]), st.sampled_from(["P1", "P2", "P3"]),
              st.sampled_from(["D1", "D2", "D3", "D4", None])),
    min_size=1, max_size=25,
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(towns)
def test_steering_against_loops(rows):
    works = {"D1": "H1", "D2": "H1", "D3": "H2"}
    bought = [buy(who, shop, doctor, who[0]) for who, shop, doctor in rows]
    assert steering(bought + [see(*pair) for pair in works.items()]) == expected_steering(rows, works)
