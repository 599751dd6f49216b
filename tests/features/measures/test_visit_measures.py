"""Measures of single visits, each against the same in Python."""

from collections.abc import Callable

import pytest

from claims.as_of import STAY
from tests.features.measures import loops
from tests.features.measures.loops import Visit, divided

Of = Callable[[Visit], float | bool | None]


def held(name: str) -> Of:
    """The fact itself."""
    return lambda v: v[name]


def of_stay(value: Of) -> Of:
    """Known of stays alone."""
    return lambda v: value(v) if v["kind"] == STAY else None


def share_of(names: str, whole: str = "billed") -> Of:
    def found(v: Visit) -> float | None:
        parts = [v[name] for name in names.split()]
        return None if None in (*parts, v[whole]) else divided(sum(parts), v[whole])

    return found


def if_dear(name: str) -> Of:
    return lambda v: v[name] if v["high_cost_drg"] else None


def checkup_stay(v: Visit) -> bool:
    return loops.checkup_like(v) and not v["course"]


def days_since_death(v: Visit) -> float:
    return v["days_since_death"] if loops.dead(v) else 0


def unexpected_readmission(v: Visit) -> float | None:
    back = v["readmitted_31d"]
    return None if back is None else (1 - v["readmission_expected"]) * back


VISITS: dict[str, Of] = {
    "bill": held("medfee_sumamt"),
    "fund_pay": held("fund_pay_sumamt"),
    "findings_of_visit": held("findings"),
    "no_sign_in_dialysis": held("no_sign_in"),
    "split_stay": held("split"),
    "exam_share": of_stay(share_of("exam_amount")),
    "treatment_share": of_stay(share_of("treat_amount drug_amount material_amount")),
    "bed_care_share": of_stay(share_of("bed_care_amount")),
    "consumables_share": share_of("material_amount"),
    "idle_share": share_of("idle_days", "los"),
    "uncoded_share": share_of("uncoded", "boxes"),
    "high_cost_drg_intensity_ratio": if_dear("service_intensity_ratio"),
    "high_cost_drg_los_ratio": if_dear("los_ratio"),
    "outside_visits": of_stay(lambda v: v["outside_visits"] or 0),
    "outside_visits_in_excess": of_stay(
        lambda v: (v["outside_visits"] or 0) if (v["outside_excess"] or 0) > 0.5 else 0
    ),
    "undeclared_accident": of_stay(lambda v: v["undeclared_accident"] or 0),
    "long_term_care_days": of_stay(lambda v: v["long_term_care_days"] or 0),
    "twin_stays": of_stay(lambda v: v["twins"] or 0),
    "copied_bills": of_stay(lambda v: v["copies"] or 0),
    "overlapping_stay": of_stay(held("overlap")),
    "village_batch": of_stay(lambda v: 0 if v["course"] else v["village_batch"] or 0),
    "checkup_stay": of_stay(checkup_stay),
    "days_since_discharge": lambda v: None if v["course"] else v["days_since_discharge"],
    "card_gap": lambda v: v["card_gap"] if v["burst"] else None,
    "co_visitors": lambda v: None if v["kind"] == STAY else v["co_visitors"] or 0,
    "co_admitted": of_stay(lambda v: v["co_visitors"] or 0),
    "co_oversupplied": lambda v: v["co_oversupplied"] or 0,
    "co_fillers": lambda v: v["co_fillers"] or 0,
    "extra_dialysis_sessions": lambda v: v["dialysis"] - v["dialysis_days"] if v["dialysis"] else None,
    "days_since_death": days_since_death,
    "unexpected_readmission": unexpected_readmission,
} | {
    name: held(name)
    for name in (
        "fund_share", "cash_share", "same_amount", "los_ratio", "cost_ratio", "service_intensity_ratio",
        "charge_to_intensity_ratio", "items_ratio", "idle_days", "same_doctor_readmission",
        "same_predecessor_days", "two_places", "supply_days", "days_on_hand", "repeat_codes", "rx_overused",
        "over_ceiling", "weekly_dialysis_sessions", "usual_weekday_share", "findings_amount",
    )
}  # fmt: skip


@pytest.fixture(scope="module")
def measured() -> tuple[loops.Visits, dict[str, list[float | None]]]:
    visits = [
        v | {"days_since_discharge": [3.0, 40.0, None][n % 3]}
        for n, v in enumerate(loops.random_visits(1, 150))
    ]
    return visits, loops.measured_visits(visits)


@pytest.mark.parametrize("name", VISITS)
def test_a_measure_equals_the_same_in_python(measured, name):
    visits, found = measured
    wrong = [
        (value, VISITS[name](visit))
        for visit, value in zip(visits, found[name], strict=True)
        if not loops.same(value, VISITS[name](visit))
    ]
    assert wrong == []


def test_every_measure_of_visits_is_held(measured):
    assert set(measured[1]) == set(VISITS)


@pytest.mark.parametrize("name", VISITS)
def test_the_visits_show_a_measure_in_more_than_one_value(measured, name):
    """A comparison proves little where nothing varies."""
    assert len(set(measured[1][name])) > 1
