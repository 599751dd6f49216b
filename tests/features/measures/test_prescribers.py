"""Measures of a prescriber, each against a loop over random visits."""

from statistics import median

import pytest

from claims.as_of import PHARMACY, STAY
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


def outside_hospital(vs):
    return [v for v in vs if v["kind"] != STAY]


def supply_each(vs):
    """Days of supply ÷ patients who got any, outside hospital."""
    dosed = [v for v in outside_hospital(vs) if v["supply_days"]]
    return total(dosed, "supply_days") / loops.different(dosed, "psn_no")


def price_surplus(vs):
    return total(bought(vs), "priced") / total(bought(vs), "usual_price") - 1


def outpatients(vs):
    """Outpatient visits, those of courses of treatment too."""
    return [v for v in vs if v["kind"] == "outpatient"]


PRESCRIBERS: dict[str, Loop] = {
    "visits": len,
    "persons": lambda vs: loops.different(vs, "psn_no"),
    "stays": lambda vs: len(stays(vs)),
    "purchases": lambda vs: len(bought(vs)),
    "outpatient_visits": lambda vs: len(seen(vs)),
    "fund_pay": lambda vs: total(vs, "fund_pay_sumamt"),
    "drug_amount": lambda vs: total(outside_hospital(vs), "drug_amount"),
    "visits_per_day": lambda vs: divided(len(seen(vs)), loops.different(seen(vs), "day")),
    "busiest_day": lambda vs: max(loops.counts_by(vs, "day").values()),
    "places": lambda vs: loops.different(seen(vs), "fixmedins_code"),
    "moved_share": lambda vs: share(seen(vs), lambda v: v["dr_moved"]),
    "night_share": lambda vs: mean_of(seen(vs), "night"),
    "weekend_share": lambda vs: share(seen(vs), lambda v: v["day"].weekday() >= 5),
    "after_death": lambda vs: sum(map(loops.dead, vs)),
    "supply_each": supply_each,
    "supply_per_drug": lambda vs: part(vs, "supply_days", "n_drugs"),
    "stock_days": lambda vs: mean_of(vs, "stock_days"),
    "stocked_share": lambda vs: share_known(vs, "stock_days", lambda days: days > 30),
    "surplus_share": lambda vs: divided(
        total(vs, "surplus_spent"), total(outside_hospital(vs), "drug_amount")
    ),
    "price_per_day": lambda vs: divided(
        total([v for v in vs if v["supply_days"]], "drug_amount"), total(vs, "supply_days")
    ),
    "drugs_per_visit": lambda vs: mean_of(vs, "n_drugs"),
    "spent_per_purchase": lambda vs: mean_of(bought(vs), "medfee_sumamt"),
    "top_basket_share": lambda vs: top(bought(vs), "template"),
    "top_diagnosis_share": lambda vs: top(outpatients(vs), "dx3"),
    "rx_late_share": lambda vs: share(bought(vs), lambda v: v["rx_late"]),
    "rx_rushed_share": lambda vs: share(bought(vs), lambda v: v["rx_rushed"]),
    "rx_overused_persons_share": lambda vs: divided(
        len({v["psn_no"] for v in vs if (v["rx_overused"] or 0) > 0}), len({v["psn_no"] for v in vs})
    ),
    "co_visit_share": lambda vs: share(bought(vs), loops.met),
    "co_visit_fund": lambda vs: total([v for v in vs if loops.met(v)], "fund_pay_sumamt"),
    "burst_share": lambda vs: share(bought(vs), lambda v: v["burst"]),
    "top_pharmacy_share": lambda vs: top(bought(vs), "fixmedins_code"),
    "top_pharmacy_persons": lambda vs: loops.most_persons(bought(vs), "fixmedins_code"),
    "steered_share": lambda vs: max(loops.column(bought(vs), "prescription_steering")),
    "price_surplus": price_surplus,
    "pharmacy_concentration": lambda vs: loops.alike(bought(vs), "fixmedins_code"),
    "over_ceiling_share": lambda vs: part(bought(vs), "over_ceiling"),
    "top_person_share": lambda vs: max(loops.fund_by_person(vs)) / sum(loops.fund_by_person(vs)),
    "visits_each": lambda vs: len(vs) / loops.different(vs, "psn_no"),
    "sent": lambda vs: len(loops.column(seen(vs), "sent_to")),
    "sent_share": lambda vs: share(seen(vs), lambda v: v["sent_to"] is not None),
    "top_sent_share": lambda vs: top(outpatients(vs), "sent_to"),
    "stay_rate": lambda vs: share(
        [v for v in vs if v["kind"] != PHARMACY and not v["course"]], lambda v: v["kind"] == STAY
    ),
    "outpatient_rate_of_admissions": lambda vs: mean_of(stays(vs), "outpatient_rate"),
    "converted_share": lambda vs: share(stays(vs), lambda v: v["converted"]),
    "split_share": lambda vs: share(stays(vs), lambda v: v["split"]),
    "readmission_share": lambda vs: share(stays(vs), lambda v: v["readmitted_31d"]),
    "idle_share": lambda vs: part([v for v in stays(vs) if v["idle_days"] is not None], "idle_days", "los"),
    "outside_share": lambda vs: share(
        [v for v in stays(vs) if (v["los"] or 0) >= 2], lambda v: (v["outside_visits"] or 0) > 0
    ),
    "zero_cash_share": lambda vs: share(
        [v for v in stays(vs) if not v["poor"]], lambda v: v["cash_payamt"] <= 0
    ),
    "village_concentration": lambda vs: loops.alike(all_stays(vs), "village"),
    "batch_share": lambda vs: share(stays(vs), lambda v: (v["village_batch"] or 0) >= 2),
    "template_share": lambda vs: loops.share_of_counts(all_stays(vs), "template", lambda n: n >= 3),
    "top_exam_set_share": lambda vs: top(all_stays(vs), "exam_set"),
    "checkup_share": lambda vs: share(
        stays(vs), lambda v: v["exam_amount"] >= 0.6 * v["billed"] and (v["los"] or 99) <= 5
    ),
    "exam_share": lambda vs: part(stays(vs), "exam_amount"),
    "outpatient_exam_share": lambda vs: part(seen(vs), "exam_amount"),
    "scan_share": lambda vs: share(seen(vs), lambda v: v["large_exams"] > 0),
    "material_per_stay": lambda vs: mean_of(stays(vs), "material_amount"),
    "cost_ratio": middle("cost_ratio"),
    "content_ratio": middle("content_ratio"),
    "paid_per_content": middle("paid_per_content"),
    "upcoded_share": lambda vs: share_known(stays(vs), "paid_per_content", lambda ratio: ratio >= 1.5),
    "group_surplus": lambda vs: mean(weight - 1 for weight in loops.column(stays(vs), "group_weight")),
    "overgrouped_share": lambda vs: mean_of(stays(vs), "overgrouped"),
    "top_disease_share": lambda vs: top(all_stays(vs), "dx3"),
    "los": lambda vs: mean_of(stays(vs), "los"),
    "dialysis": lambda vs: total(vs, "dialysis"),
    "unsigned_share": lambda vs: part([v for v in vs if v["unsigned"] is not None], "unsigned", "dialysis"),
    "dialysis_week": loops.days_a_week,
    "double_dialysis_share": lambda vs: share(
        [v for v in vs if v["dialysis"] > 0], lambda v: v["dialysis"] > v["dialysis_days"]
    ),
    "rehab_sessions": lambda vs: total(vs, "rehab"),
    "unsigned_rehab_share": lambda vs: part(
        [v for v in vs if v["unsigned_rehab"] is not None], "unsigned_rehab", "rehab"
    ),
    "rehab_per_day": lambda vs: divided(
        total(vs, "rehab"), loops.different([v for v in vs if v["rehab"] > 0], "day")
    ),
    "co_visit_consultation_share": lambda vs: share(seen(vs), loops.met),
    "co_oversupplied_share": lambda vs: share_known(bought(vs), "co_oversupplied", lambda people: people > 0),
    "referred_share": lambda vs: mean_of(seen(vs), "referred"),
    "findings": lambda vs: total(vs, "findings"),
    "findings_share": lambda vs: part(vs, "findings_amount", "fund_pay_sumamt"),
    "visits_with_findings": lambda vs: share(vs, lambda v: v["findings"] > 0),
    "out_of_scope_share": lambda vs: share(vs, lambda v: v["out_of_scope"] > 0),
}
# Held by test_billing_and_flows.py.
BILLED = {f"item_excess_{name}" for name in ("drug", "exam", "treatment", "material")} | {"dear_flow_share"}


@pytest.fixture(scope="module", params=[1, 2])
def prescriber(request) -> tuple[loops.Visits, dict[str, float | None]]:
    visits = loops.random_visits(request.param)
    return visits, loops.measured("prescriber", visits)


@pytest.mark.parametrize("name", PRESCRIBERS)
def test_a_measure_equals_its_loop(prescriber, name):
    visits, found = prescriber
    assert loops.same(found[name], PRESCRIBERS[name](within(visits)))


def test_every_measure_of_prescribers_has_a_loop(prescriber):
    assert set(prescriber[1]) == set(PRESCRIBERS) | BILLED


def test_who_only_prescribes_at_pharmacies_has_no_shares_of_consultations_or_stays():
    visits = [v | {"kind": PHARMACY} for v in loops.random_visits(3, 20)]
    found = loops.measured("prescriber", visits)
    without = ("stay_rate", "night_share", "sent_share", "los", "split_share", "top_diagnosis_share")
    assert [found[name] for name in without] == [None] * len(without)
    assert found["purchases"] == len(within(visits)) and found["outpatient_visits"] == found["sent"] == 0
