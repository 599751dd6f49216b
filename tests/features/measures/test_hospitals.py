"""Measures of a hospital, each against a loop over random visits."""

import math
from statistics import stdev

import pytest

from claims.as_of import STAY
from tests.features.measures import loops
from tests.features.measures.loops import (
    Loop,
    bought,
    divided,
    mean_of,
    part,
    share,
    share_known,
    stays,
    top,
    total,
)  # fmt: skip
from tests.features.measures.loops_of_stays import OF_BOTH, all_stays, middle, unoperated
from tests.features.measures.test_distribution_shape import SHAPE_LOOPS


def spread(ratios):
    """Standard deviation; unknown of a single one."""
    return stdev(ratios) if len(ratios) > 1 else None


def days_filled(vs):
    """Days of stays ÷ beds × days from the first visit on."""
    return total(vs, "los") / (10 * max(30, *(v["days_ago"] for v in vs)))


def discharged(vs):
    """Stays that are not settled by the month."""
    return [v for v in vs if (v["los"] or 0) < 25 and not v["interim"]]


def by_cost_of_group(vs):
    """Stays in a disease group costlier than the diagnosis, and the others; without those that have none."""
    return tuple([v for v in stays(vs) if v["high_cost_drg"] is high] for high in (True, False))


def comparison_size(high, other):
    return high * other / (high + other) if high + other else None


def unsupported_excess(high, other):
    """Share with little done among the first, less that among the others; of too few of either unknown."""
    if (comparison_size(len(high), len(other)) or 0) < 5:
        return None
    little = [
        loops.mean(v < 0.6 for v in loops.column(rows, "service_intensity_ratio")) for rows in (high, other)
    ]
    return little[0] - little[1]


HOSPITALS: dict[str, Loop] = OF_BOTH | {
    "drg_comparison_size": lambda vs: comparison_size(*map(len, by_cost_of_group(vs))),
    "unsupported_drg_excess": lambda vs: unsupported_excess(*by_cost_of_group(vs)),
    "fund_per_stay": lambda vs: mean_of(stays(vs), "fund_pay_sumamt"),
    "stay_rate": lambda vs: share([v for v in vs if not v["course"]], lambda v: v["kind"] == STAY),
    "discharges": lambda vs: len(discharged(all_stays(vs))),
    "stays_per_person": lambda vs: (
        len(discharged(stays(vs))) / (loops.different(discharged(stays(vs)), "psn_no") or math.nan)
    ),
    "frequent_inpatients_share": lambda vs: loops.share_of_counts(
        discharged(all_stays(vs)), "psn_no", lambda n: n >= 3
    ),
    "no_sign_in_excess": lambda vs: (
        part([v for v in vs if v["no_sign_in"] is not None], "no_sign_in_excess", "dialysis") or 0.0
    ),
    "one_time_share": lambda vs: loops.share_of_counts(vs, "psn_no", lambda n: n == 1),
    "assistance_share": lambda vs: share(stays(vs), lambda v: v["poor"]),
    "over_80_share": lambda vs: share_known(stays(vs), "age", lambda age: age >= 80),
    "cash_share": lambda vs: part(stays(vs), "cash_payamt", "medfee_sumamt"),
    "top_village_share": lambda vs: top(all_stays(vs), "village"),
    "co_visit_share": lambda vs: share(stays(vs), loops.met),
    "busiest_day_ratio": lambda vs: loops.busiest(all_stays(vs)),
    "weekend_share": lambda vs: share(stays(vs), lambda v: v["day"].weekday() >= 5),
    "night_share": lambda vs: mean_of(stays(vs), "night"),
    "top_doctor_share": lambda vs: top(all_stays(vs), "dr_code"),
    "idle_stays_share": lambda vs: share_known(stays(vs), "idle_days", lambda days: days >= 3),
    "overlap_share": lambda vs: share(stays(vs), lambda v: v["overlap"]),
    "bed_occupancy_rate": days_filled,
    "los_ratio": middle("los_ratio"),
    "long_share": lambda vs: share_known(stays(vs), "los", lambda days: days >= 30),
    "short_share": lambda vs: share_known(stays(vs), "los", lambda days: days <= 2),
    "same_los_share": lambda vs: top(discharged(all_stays(vs)), "los"),
    "top_template_share": lambda vs: top(unoperated(vs), "template"),
    "imaging_share": lambda vs: share(stays(vs), lambda v: v["large_exams"] > 0),
    "treatment_share": lambda vs: part(stays(vs), "treat_amount drug_amount material_amount"),
    "bed_care_share": lambda vs: part(stays(vs), "bed_care_amount"),
    "consumables_share": lambda vs: part(stays(vs), "material_amount"),
    "consumables_stays_share": lambda vs: share(stays(vs), lambda v: v["material_amount"] >= v["billed"] / 2),
    "low_cost_share": lambda vs: share_known(stays(vs), "cost_ratio", lambda ratio: ratio < 0.5),
    "high_cost_share": lambda vs: share_known(stays(vs), "cost_ratio", lambda ratio: ratio > 2),
    "cost_dispersion": lambda vs: spread(loops.column(stays(vs), "cost_ratio")),
    "over_ceiling_share": lambda vs: part(vs, "over_ceiling"),
    "village_recruitment_excess_mean": lambda vs: mean_of(stays(vs), "village_recruitment_excess"),
    **SHAPE_LOOPS,
}
# Over all of the past, whatever the window.
EVER: dict[str, Loop] = {
    "fund_growth": lambda vs: loops.growth(vs, "fund_pay_sumamt"),
    "exam_growth": lambda vs: loops.growth(vs, "exam_amount"),
}
# Held by test_billing_and_flows.py.
BILLED = {f"item_excess_{name}" for name in ("drug", "exam", "treatment", "material")} | {
    "incoming_referral_excess",
    "seldom_exams_share",
}


hospital = loops.drawn("hospital")


@pytest.mark.parametrize("name", HOSPITALS)
def test_a_measure_equals_its_loop(hospital, name):
    assert hospital.agrees(name, HOSPITALS[name])


@pytest.mark.parametrize("name", EVER)
def test_growth_equals_its_loop(hospital, name):
    assert hospital.agrees(name, EVER[name], math.inf)


def test_every_measure_of_hospitals_has_a_loop(hospital):
    assert set(hospital.found) == set(HOSPITALS) | set(EVER) | BILLED


def test_a_hospital_without_stays_has_no_shares_of_stays():
    visits = [v | {"kind": "outpatient"} for v in loops.random_visits(3, 20)]
    found = loops.measured("hospital", visits)
    of_stays = ("los", "split_share", "cost_ratio", "template_share", "cash_share", "checkup_share")
    assert [found[name] for name in of_stays] == [None] * len(of_stays)
    assert found["stays"] == 0 and found["stay_rate"] == 0 and divided(1, 0) is None and not bought(visits)
