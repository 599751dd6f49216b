"""Consumables of an operation against the same operation elsewhere: a padded theatre and an honest one, and a
loop over hospitals."""

from typing import Any

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.comparison.case_mix import PRIOR_COMPARABLE_VISITS, PRIOR_VISITS
from features.visits.bill_lines import bill_content
from features.visits.operations import operation_materials
from tests.features.visits.tables import lines, values, visits
from tests.in_memory import engine

# Hospital, disease group, operations with their charge, yuan for consumables.
Operated = tuple[str, str | None, dict[str, float], float]


def usual(rows: list[Operated]) -> dict[str, float]:
    """Usual consumables by visit, numbered M01, M02, …"""
    base = [{"fixmedins_code": where, "dx3": group} for where, group, _charged, _material in rows]
    bill: list[dict[str, Any]] = []
    for n, (_where, _group, charged, material) in enumerate(rows, 1):
        charges = [(code, "06", yuan) for code, yuan in charged.items()]
        for code, charge, yuan in [*charges, ("plate", "08", material), ("bed", "01", 40.0)]:
            bill.append({"mdtrt_id": f"M{n:02}", "hilist_code": code, "charge": charge, "amount": yuan})
    con = engine()
    days = con.create_table("days", lines(*bill))
    found = operation_materials(con.create_table("base", visits(*base)), days, bill_content(days))
    return values(found, "usual_material")


def theatre(where: str, material: float, n: int, group: str = "S82", of: str = "hip") -> list[Operated]:
    """The same operation so many times."""
    return [(where, group, {of: 3000.0}, material)] * n


def test_padded_consumables_are_held_against_the_same_operation_and_honest_ones_are_not():
    rows = theatre("padded", 9000, 20) + theatre("honest", 4000, 20) + theatre("other", 4200, 20)
    found = list(usual(rows).values())
    observed = PRIOR_COMPARABLE_VISITS / (40 + PRIOR_COMPARABLE_VISITS)
    assert found[0] == pytest.approx((1 - observed) * 4100 + observed * 9000, abs=0.01)
    # The padded ones are part of what is usual of the honest: nothing speaks against them.
    assert found[20] > 4000


def test_another_operation_is_no_norm():
    knees, nails = (
        [*theatre("H1", yuan, 20, of=of), *theatre("H2", yuan, 20, of=of)]
        for yuan, of in ((9000, "knee"), (400, "nail"))
    )
    assert set(usual([*knees, *nails]).values()) == {9000, 400}


def test_of_several_operations_the_dearest_counts():
    both = [("H1", "S82", {"dressing": 90.0, "hip": 3000.0}, 4000.0)]
    found = usual(both + theatre("H2", 4000, 5) + theatre("H2", 10, 5, of="dressing"))
    assert found["M01"] == pytest.approx(4000)


def test_what_nobody_else_does_has_no_norm():
    found = usual(theatre("H1", 9000, 3, of="robot") + theatre("H1", 4000, 2) + theatre("H2", 4000, 2))
    assert set(found) == {"M04", "M05", "M06", "M07"}


def test_visits_without_an_operation_have_no_norm():
    assert usual([("H1", "S82", {}, 300.0), *theatre("H2", 300, 2)]) == {}


def test_a_disease_group_of_its_own_is_shrunk_toward_the_operation():
    rows = [*theatre("H1", 0, 1, "spine"), *theatre("H2", 8000, PRIOR_VISITS, "spine")]
    found = usual(rows + theatre("H2", 2000, PRIOR_VISITS, "wrist"))
    others = 2 * PRIOR_VISITS
    assert found["M01"] == pytest.approx(
        others / (others + PRIOR_COMPARABLE_VISITS) * (8000 + 5000) / 2, abs=0.01
    )


OPERATED = st.tuples(
    st.sampled_from(["H1", "H2", "H3"]),
    st.sampled_from(["S82", "M17", None]),
    st.dictionaries(st.sampled_from(["hip", "knee"]), st.sampled_from([500.0, 800.0]), max_size=2),
    st.integers(0, 5000).map(float),
)


def looped(rows: list[Operated]) -> dict[str, float]:
    """The same, one visit at a time."""

    def costliest(charged: dict[str, float]) -> str | None:
        return min(charged, key=lambda code: (-charged[code], code), default=None)

    known = [(f"M{n:02}", w, g, costliest(charged), m) for n, (w, g, charged, m) in enumerate(rows, 1)]
    found = {}
    for visit, where, group, operation, material in known:
        others = [row for row in known if operation and row[3] == operation and row[1] != where]
        if not others:
            continue
        alike = [row[4] for row in others if row[2] == group]
        weight = len(alike) / (len(alike) + PRIOR_VISITS)
        elsewhere = (1 - weight) * sum(row[4] for row in others) / len(others)
        elsewhere += weight * sum(alike) / len(alike) if alike else 0
        trusted = len(others) / (len(others) + PRIOR_COMPARABLE_VISITS)
        found[visit] = trusted * elsewhere + (1 - trusted) * material
    return found


@settings(max_examples=25, deadline=None)
@given(st.lists(OPERATED, min_size=1, max_size=25))
def test_usual_consumables_agree_with_a_loop_over_visits(rows):
    assert usual(rows) == pytest.approx(looped(rows), abs=0.006)


def test_the_facts_are_keyed_by_visit():
    con = engine()
    days = con.create_table("days", lines())
    found = operation_materials(con.create_table("base", visits()), days, bill_content(days))
    assert found.schema() == ibis.schema({"mdtrt_id": "string", "usual_material": "float64"})
