"""Measures of a hospital, each against a loop over random visits."""

from statistics import median, stdev

import pytest

from claims.as_of import STAY
from tests.features.measures import loops
from tests.features.measures.loops import (
    Loop,
    bought,
    divided,
    mean,
    mean_of,
    part,
    seen,
    share,
    share_known,
    stays,
    top,
    total,
    within,
)  # fmt: skip


def middle(name: str) -> Loop:
    """The median over stays."""
    return lambda vs: median(loops.column(stays(vs), name))


def all_stays(vs):
    """Stays, those of courses of treatment too: what they share is counted over all of them."""
    return [v for v in vs if v["kind"] == STAY]


def spread(ratios):
    """Standard deviation; unknown of a single one."""
    return stdev(ratios) if len(ratios) > 1 else None


def days_filled(vs):
    """Days of stays ÷ beds × days from the first visit on."""
    return total(vs, "los") / (10 * max(30, *(v["days_ago"] for v in vs)))


HOSPITALS: dict[str, Loop] = {
    "visits": len,
    "stays": lambda vs: len(stays(vs)),
    "outpatient_visits": lambda vs: len(seen(vs)),
    "fund_pay": lambda vs: total(vs, "fund_pay_sumamt"),
    "fund_per_stay": lambda vs: mean_of(stays(vs), "fund_pay_sumamt"),
    "stay_rate": lambda vs: share([v for v in vs if not v["course"]], lambda v: v["kind"] == STAY),
    "stays_each": lambda vs: len(stays(vs)) / loops.different(stays(vs), "psn_no"),
    "frequent_share": lambda vs: loops.share_of_counts(all_stays(vs), "psn_no", lambda n: n >= 3),
    "outpatient_rate_of_admissions": lambda vs: mean_of(stays(vs), "outpatient_rate"),
    "converted_share": lambda vs: share(stays(vs), lambda v: v["converted"]),
    "one_time_share": lambda vs: loops.share_of_counts(vs, "psn_no", lambda n: n == 1),
    "poor_share": lambda vs: share(stays(vs), lambda v: v["poor"]),
    "old_share": lambda vs: share_known(stays(vs), "age", lambda age: age >= 80),
    "zero_cash_share": lambda vs: share(
        [v for v in stays(vs) if not v["poor"]], lambda v: v["cash_payamt"] <= 0
    ),
    "cash_share": lambda vs: part(stays(vs), "cash_payamt", "medfee_sumamt"),
    "village_concentration": lambda vs: loops.alike(all_stays(vs), "village"),
    "top_village_share": lambda vs: top(all_stays(vs), "village"),
    "batch_share": lambda vs: share(stays(vs), lambda v: (v["village_batch"] or 0) >= 2),
    "co_visit_share": lambda vs: share(stays(vs), loops.met),
    "co_visit_fund": lambda vs: total([v for v in vs if loops.met(v)], "fund_pay_sumamt"),
    "busiest_day": lambda vs: loops.busiest(all_stays(vs)),
    "weekend_share": lambda vs: share(stays(vs), lambda v: v["day"].weekday() >= 5),
    "night_share": lambda vs: mean_of(stays(vs), "night"),
    "top_doctor_share": lambda vs: top(all_stays(vs), "dr_code"),
    "split_share": lambda vs: share(stays(vs), lambda v: v["split"]),
    "readmission_share": lambda vs: share(stays(vs), lambda v: v["readmitted_31d"]),
    "idle_share": lambda vs: part([v for v in stays(vs) if v["idle_days"] is not None], "idle_days", "los"),
    "idle_stays_share": lambda vs: share_known(stays(vs), "idle_days", lambda days: days >= 3),
    "outside_share": lambda vs: share(
        [v for v in stays(vs) if (v["los"] or 0) >= 2], lambda v: (v["outside_visits"] or 0) > 0
    ),
    "overlap_share": lambda vs: share(stays(vs), lambda v: v["overlap"]),
    "bed_use": days_filled,
    "los": lambda vs: mean_of(stays(vs), "los"),
    "los_ratio": middle("los_ratio"),
    "long_share": lambda vs: share_known(stays(vs), "los", lambda days: days >= 30),
    "short_share": lambda vs: share_known(stays(vs), "los", lambda days: days <= 2),
    "same_los_share": lambda vs: top(all_stays(vs), "los"),
    "template_share": lambda vs: loops.share_of_counts(all_stays(vs), "template", lambda n: n >= 3),
    "top_template_share": lambda vs: top(all_stays(vs), "template"),
    "top_exam_set_share": lambda vs: top(all_stays(vs), "exam_set"),
    "checkup_share": lambda vs: share(
        stays(vs), lambda v: v["exam_amount"] >= 0.6 * v["billed"] and (v["los"] or 99) <= 5
    ),
    "exam_share": lambda vs: part(stays(vs), "exam_amount"),
    "outpatient_exam_share": lambda vs: part(seen(vs), "exam_amount"),
    "scan_share": lambda vs: share(stays(vs), lambda v: v["large_exams"] > 0),
    "treatment_share": lambda vs: part(stays(vs), "treat_amount drug_amount material_amount"),
    "keeping_share": lambda vs: part(stays(vs), "keeping_amount"),
    "material_share": lambda vs: part(stays(vs), "material_amount"),
    "material_per_stay": lambda vs: mean_of(stays(vs), "material_amount"),
    "material_stays_share": lambda vs: share(stays(vs), lambda v: v["material_amount"] >= v["billed"] / 2),
    "cost_ratio": middle("cost_ratio"),
    "cheap_share": lambda vs: share_known(stays(vs), "cost_ratio", lambda ratio: ratio < 0.5),
    "dear_share": lambda vs: share_known(stays(vs), "cost_ratio", lambda ratio: ratio > 2),
    "cost_spread": lambda vs: spread(loops.column(stays(vs), "cost_ratio")),
    "content_ratio": middle("content_ratio"),
    "paid_per_content": middle("paid_per_content"),
    "upcoded_share": lambda vs: share_known(stays(vs), "paid_per_content", lambda ratio: ratio >= 1.5),
    "group_surplus": lambda vs: mean(weight - 1 for weight in loops.column(stays(vs), "group_weight")),
    "overgrouped_share": lambda vs: mean_of(stays(vs), "overgrouped"),
    "top_disease_share": lambda vs: top(all_stays(vs), "dx3"),
    "over_ceiling_share": lambda vs: part(vs, "over_ceiling"),
    "dialysis": lambda vs: total(vs, "dialysis"),
    "unsigned_share": lambda vs: part([v for v in vs if v["unsigned"] is not None], "unsigned", "dialysis"),
    "dialysis_week": loops.days_a_week,
    "double_dialysis_share": lambda vs: share(
        [v for v in vs if v["dialysis"] > 0], lambda v: v["dialysis"] > v["dialysis_days"]
    ),
    "after_death": lambda vs: sum(map(loops.dead, vs)),
    "rehab_sessions": lambda vs: total(vs, "rehab"),
    "unsigned_rehab_share": lambda vs: part(
        [v for v in vs if v["unsigned_rehab"] is not None], "unsigned_rehab", "rehab"
    ),
    "co_visit_consultation_share": lambda vs: share(seen(vs), loops.met),
    "village_recruitment_excess_mean": lambda vs: mean_of(stays(vs), "village_recruitment_excess"),
    "findings": lambda vs: total(vs, "findings"),
    "findings_share": lambda vs: part(vs, "findings_amount", "fund_pay_sumamt"),
    "visits_with_findings": lambda vs: share(vs, lambda v: v["findings"] > 0),
}
# Over all of the past, whatever the window.
EVER: dict[str, Loop] = {
    "fund_growth": lambda vs: loops.growth(vs, "fund_pay_sumamt"),
    "exam_growth": lambda vs: loops.growth(vs, "exam_amount"),
}
# Held by test_billing_and_flows.py.
BILLED = {f"item_excess_{name}" for name in ("drug", "exam", "treatment", "material")} | {"received_share"}


@pytest.fixture(scope="module", params=[1, 2])
def hospital(request) -> tuple[loops.Visits, dict[str, float | None]]:
    visits = loops.random_visits(request.param)
    return visits, loops.measured("hospital", visits)


@pytest.mark.parametrize("name", HOSPITALS)
def test_a_measure_equals_its_loop(hospital, name):
    visits, found = hospital
    assert loops.same(found[name], HOSPITALS[name](within(visits)))


@pytest.mark.parametrize("name", EVER)
def test_growth_equals_its_loop(hospital, name):
    visits, found = hospital
    assert loops.same(found[name], EVER[name](visits))


def test_every_measure_of_hospitals_has_a_loop(hospital):
    assert set(hospital[1]) == set(HOSPITALS) | set(EVER) | BILLED


def test_a_hospital_without_stays_has_no_shares_of_stays():
    visits = [v | {"kind": "outpatient"} for v in loops.random_visits(3, 20)]
    found = loops.measured("hospital", visits)
    of_stays = ("los", "split_share", "cost_ratio", "template_share", "cash_share", "checkup_share")
    assert [found[name] for name in of_stays] == [None] * len(of_stays)
    assert found["stays"] == 0 and found["stay_rate"] == 0 and divided(1, 0) is None and not bought(visits)
