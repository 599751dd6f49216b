"""Loops of the measures that hospitals and prescribers share, over stays and visits."""

import math
from statistics import median

from claims.as_of import STAY
from features.comparison.case_mix import PRIOR_COMPARABLE_VISITS
from tests.features.measures import loops
from tests.features.measures.loops import (
    Loop,
    mean,
    mean_of,
    part,
    seen,
    share,
    share_known,
    stays,
    top,
    total,
)


def middle(name: str) -> Loop:
    """The median over stays; unknown without any."""
    return lambda vs: median(loops.column(stays(vs), name) or [math.nan])


def all_stays(vs):
    """Stays, those of courses of treatment too: what they share is counted over all of them."""
    return [v for v in vs if v["kind"] == STAY]


def unoperated(vs):
    return [v for v in all_stays(vs) if not v["operated"]]


def compared_operations(vs):
    """Visits with an operation whose consumables are known elsewhere."""
    return [v for v in vs if v["usual_material"] is not None]


def beyond_operations(vs):
    """Share of their bills, a few of them counted for less."""
    beyond = total(vs, "material_amount") - total(vs, "usual_material")
    return beyond / total(vs, "billed") * len(vs) / (len(vs) + PRIOR_COMPARABLE_VISITS)


def dialysed(vs):
    return [v for v in vs if v["dialysis"] > 0]


def off_schedule_share(vs):
    """Patients with sessions added to their schedule, of those with any; none where there are none."""
    added = loops.different([v for v in vs if v["off_schedule"]], "psn_no")
    return added / loops.different(dialysed(vs), "psn_no") if dialysed(vs) else 0.0


OF_BOTH: dict[str, Loop] = {
    "visits": len,
    "stays": lambda vs: len(stays(vs)),
    "outpatient_visits": lambda vs: len(seen(vs)),
    "fund_pay": lambda vs: total(vs, "fund_pay_sumamt"),
    "outpatient_rate_of_admissions": lambda vs: mean_of(stays(vs), "outpatient_rate"),
    "admitted_from_outpatient_share": lambda vs: share(stays(vs), lambda v: v["converted"]),
    "stays_without_assistance": lambda vs: len([v for v in stays(vs) if not v["poor"] and not v["operated"]]),
    "non_surgical_zero_cash_share": lambda vs: share(
        [v for v in stays(vs) if not v["poor"] and not v["operated"]], lambda v: v["cash_payamt"] <= 0
    ),
    "village_concentration": lambda vs: loops.alike(all_stays(vs), "village"),
    "village_batch_share": lambda vs: share(stays(vs), lambda v: (v["village_batch"] or 0) >= 2),
    "co_visit_fund": lambda vs: total([v for v in vs if loops.met(v)], "fund_pay_sumamt"),
    "split_share": lambda vs: share(stays(vs), lambda v: v["split"]),
    "readmission_share": lambda vs: share(stays(vs), lambda v: v["readmitted_31d"]),
    "idle_share": lambda vs: part([v for v in stays(vs) if v["idle_days"] is not None], "idle_days", "los"),
    "outside_share": lambda vs: share(
        [v for v in stays(vs) if (v["los"] or 0) >= 2], lambda v: (v["outside_visits"] or 0) > 0
    ),
    "los": lambda vs: mean_of(stays(vs), "los"),
    "non_surgical_stays": lambda vs: len(unoperated(vs)),
    "template_share": lambda vs: loops.share_of_counts(unoperated(vs), "template", lambda n: n >= 3),
    "top_exam_set_share": lambda vs: top(unoperated(vs), "exam_set"),
    "checkup_share": lambda vs: share(stays(vs), lambda v: loops.checkup_like(v)),
    "exam_share": lambda vs: part(stays(vs), "exam_amount"),
    "outpatient_exam_share": lambda vs: part(seen(vs), "exam_amount"),
    "drug_share": lambda vs: part(stays(vs), "drug_amount"),
    "outpatient_drug_share": lambda vs: part(seen(vs), "drug_amount"),
    "consumables_per_stay": lambda vs: mean_of(stays(vs), "material_amount"),
    "operations": lambda vs: len(compared_operations(vs)),
    "operation_consumables_excess": lambda vs: beyond_operations(compared_operations(vs)),
    "cost_ratio": middle("cost_ratio"),
    "service_intensity_ratio": middle("service_intensity_ratio"),
    "charge_to_intensity_ratio": middle("charge_to_intensity_ratio"),
    "overcharged_stay_share": lambda vs: share_known(
        stays(vs), "charge_to_intensity_ratio", lambda ratio: ratio >= 1.5
    ),
    "drg_cost_excess": lambda vs: mean(weight - 1 for weight in loops.column(stays(vs), "drg_cost_ratio")),
    "unsupported_drg_share": lambda vs: mean_of(stays(vs), "unsupported_drg"),
    "top_disease_share": lambda vs: top(all_stays(vs), "dx3"),
    "dialysis_sessions": lambda vs: total(vs, "dialysis"),
    "no_sign_in_share": lambda vs: part(
        [v for v in vs if v["no_sign_in"] is not None], "no_sign_in", "dialysis"
    ),
    "weekly_dialysis_ratio": loops.days_a_week,
    "double_dialysis_share": lambda vs: share(dialysed(vs), lambda v: v["dialysis"] > v["dialysis_days"]),
    "dialysis_persons": lambda vs: loops.different(dialysed(vs), "psn_no"),
    "off_schedule_share": off_schedule_share,
    "visits_after_death": lambda vs: sum(map(loops.dead, vs)),
    "rehab_visits": lambda vs: len([v for v in vs if v["rehab"] > 0]),
    "no_sign_in_rehab_share": lambda vs: part(
        [v for v in vs if v["no_sign_in_rehab"] is not None], "no_sign_in_rehab", "rehab"
    ),
    "co_visit_consultation_share": lambda vs: share(seen(vs), loops.met),
    "findings": lambda vs: total(vs, "findings"),
    "findings_share": lambda vs: part(vs, "findings_amount", "fund_pay_sumamt"),
    "visits_with_findings_share": lambda vs: share(vs, lambda v: v["findings"] > 0),
}
