"""What must be seen of a subject before a scheme is named: the scheme's own signature.

Many measures are evidence of several schemes, so the scheme with most measures would win every name. A scheme
is named by the few measures that its own conduct moves and that others leave alone (`docs/schemes.md`, field
Logic of the public descriptions): readmission for M03, bills of examinations for M04, idle days for M10.
"""

# Scheme → kind of subject → measures; one that stands out is enough.
SIGNATURES: dict[str, dict[str, str]] = {
    "M01": {
        "hospital": "template_share top_template_share overlap_share bed_use",
        "prescriber": "template_share zero_cash_share batch_share",
        "patient": "twin_stays",
        "visit": "twin_stays overlapping_stay",
    },
    "M02": {
        "hospital": "batch_share co_visit_share stays_each frequent_share",
        "patient": "village_batch co_visit_stays",
        "visit": "village_batch co_admitted",
        "group": "joint_stay_share village_batch",
    },
    "M03": {
        "hospital": "split_share",
        "prescriber": "split_share",
        "patient": "split_stays split_stays_in_excess same_doctor_readmission",
        "visit": "split_stay same_doctor_readmission",
    },
    "M04": {
        "hospital": "checkup_share",
        "prescriber": "checkup_share",
        "patient": "exam_stays",
        "visit": "exam_stay",
    },
    # Many oversupplied at one doctor or pharmacy are a network (M19); one who hoards is a person.
    "M05": {"patient": "most_stock surplus_spent", "visit": "stock_days"},
    "M06": {"pharmacy": "visits_each frequent_share"},
    "M07": {
        "patient": "out_of_scope_share",
        "prescriber": "out_of_scope_share",
        "pharmacy": "out_of_scope_share",
    },
    "M08": {"patient": "care_days", "visit": "care_days"},
    "M09": {
        "patient": "after_death fund_after_death",
        "pharmacy": "after_death",
        "hospital": "after_death",
        "visit": "days_dead",
    },
    "M10": {
        "hospital": "idle_share idle_stays_share outside_share",
        "patient": "idle_days outside_visits",
        "visit": "idle_days idle_share outside_visits",
    },
    "M11": {"hospital": "zero_cash_share village_recruitment_excess_mean"},
    "M12": {
        "hospital": "outpatient_rate_of_admissions",
        "prescriber": "outpatient_rate_of_admissions",
    },
    "M13": {"hospital": "converted_share"},
    "M14": {"patient": "two_clinics impossible_diagnoses"},
    "M15": {
        "pharmacy": "co_visit_share co_visit_fund burst_share follow_share",
        "patient": "co_visit_purchases bursts",
        "visit": "card_gap follow_days co_visitors",
        "group": "burst_share follow_days",
    },
    "M16": {
        "pharmacy": "top_amount_share same_amount_chance round_share uncoded_share boxless_share "
        "top_band_share",
        "patient": "round_amounts",
    },
    "M17": {"patient": "two_places", "visit": "two_places"},
    "M18": {"pharmacy": "other_goods_share top_basket_share off_price_share"},
    "M19": {
        "pharmacy": "co_oversupplied_share batch_filled_share stock_days stocked_share surplus_share",
        "prescriber": "co_oversupplied_share batch_filled_share stock_days stocked_share surplus_share",
        "patient": "co_oversupplied resold_boxes batch_fillings",
        "group": "shared_surplus surplus_spent batch_fillings",
    },
    "M20": {"pharmacy": "repeat_codes came_back", "patient": "repeat_codes", "visit": "repeat_codes"},
    "M21": {
        "pharmacy": "rx_overused_share",
        "patient": "rx_overused",
        "visit": "rx_overused",
    },
    "M22": {
        "pharmacy": "rx_late_share rx_rushed_share",
        "prescriber": "rx_late_share rx_rushed_share",
    },
    "M24": {
        "hospital": "paid_per_content upcoded_share overgrouped_share group_surplus cheap_share",
        "prescriber": "paid_per_content upcoded_share overgrouped_share",
        "patient": "paid_per_content",
        "visit": "paid_per_content dear_group_content",
    },
    "M25": {
        "hospital": "cost_ratio dear_share over_ceiling_share item_excess_treatment",
        "prescriber": "item_excess_treatment",
    },
    "M26": {
        "hospital": "co_visit_consultation_share",
        "prescriber": "co_visit_consultation_share",
        "patient": "co_visit_consultations",
    },
    "M27": {"patient": "hidden_accidents", "visit": "hidden_accident"},
    "M28": {
        "hospital": "unsigned_excess unsigned_share dialysis_week double_dialysis_share off_schedule_share",
        "prescriber": "unsigned_share dialysis_week double_dialysis_share off_schedule_share",
        "patient": "unsigned_dialysis dialysis_week",
        "visit": "unsigned_dialysis week_sessions",
    },
    "M29": {
        "hospital": "operation_excess material_stays_share material_per_stay item_excess_material",
        "prescriber": "operation_excess material_per_stay item_excess_material",
    },
    "M31": {"hospital": "received_share", "prescriber": "referred_share sent"},
    "M33": {
        "hospital": "item_excess_exam outpatient_exam_share",
        "prescriber": "item_excess_exam",
    },
    "M34": {"hospital": "village_concentration top_village_share"},
    "M40": {
        "pharmacy": "dear_flow_share steered_share price_surplus",
        "prescriber": "dear_flow_share steered_share price_surplus",
    },
    "M43": {"pharmacy": "item_excess_drug"},
    "M44": {"hospital": "long_share los_ratio"},
    "M45": {
        "hospital": "unsigned_rehab_share",
        "prescriber": "unsigned_rehab_share rehab_per_day",
    },
    "M47": {"pharmacy": "december_share"},
    "M48": {"prescriber": "moved_share"},
    "M50": {"hospital": "item_excess_drug", "prescriber": "item_excess_drug"},
}


def signed_by(subject: str, measure: str) -> tuple[str, ...]:
    """Schemes whose signature a measure of a kind of subject belongs to, in order."""
    return tuple(s for s, kinds in SIGNATURES.items() if measure in kinds.get(subject, "").split())
