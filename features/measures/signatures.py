"""What must be seen of a subject before a scheme is named: the scheme's own signature.

Many measures are evidence of several schemes, so the scheme with most measures would win every name. A scheme
is named by the few measures that its own conduct moves and that others leave alone (`docs/schemes.md`, field
Logic of the public descriptions): readmission for M03, bills of examinations for M04, idle days for M10.
"""

# Scheme → kind of subject → measures; one that stands out is enough.
SIGNATURES: dict[str, dict[str, str]] = {
    "M01": {
        "hospital": "template_share top_template_share overlap_share bed_occupancy_rate",
        "prescriber": "template_share non_surgical_zero_cash_share village_batch_share",
        "patient": "twin_stays",
        "visit": "twin_stays overlapping_stay",
    },
    "M02": {
        "hospital": "village_batch_share co_visit_share stays_per_person frequent_inpatients_share",
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
        "patient": "checkup_stays",
        "visit": "checkup_stay",
    },
    # Many oversupplied at one doctor or pharmacy are a network (M19); one who hoards is a person.
    "M05": {"patient": "max_days_on_hand oversupply_amount", "visit": "days_on_hand"},
    "M06": {
        "patient": "further_pharmacies",
        "pharmacy": "visits_per_person frequent_customers_share",
    },
    "M07": {
        "patient": "out_of_scope_share",
        "prescriber": "out_of_scope_share",
        "pharmacy": "out_of_scope_share",
    },
    "M08": {"patient": "long_term_care_days", "visit": "long_term_care_days"},
    "M09": {
        "patient": "uses_after_death fund_after_death",
        "pharmacy": "visits_after_death",
        "hospital": "visits_after_death",
        "visit": "days_since_death",
    },
    "M10": {
        "hospital": "idle_share idle_stays_share outside_share",
        "patient": "idle_days outside_visits outside_visits_in_excess",
        "visit": "idle_days idle_share outside_visits outside_visits_in_excess",
    },
    "M11": {"hospital": "non_surgical_zero_cash_share village_recruitment_excess_mean"},
    "M12": {
        "hospital": "outpatient_rate_of_admissions",
        "prescriber": "outpatient_rate_of_admissions",
    },
    "M13": {"hospital": "admitted_from_outpatient_share"},
    "M14": {"patient": "two_clinics impossible_diagnoses"},
    "M15": {
        "pharmacy": "co_visit_share co_visit_fund burst_share same_predecessor_share",
        "patient": "co_visit_purchases bursts",
        "visit": "card_gap same_predecessor_days co_visitors",
        "group": "burst_share same_predecessor_days",
    },
    "M16": {
        "pharmacy": "amount_concentration round_share uncoded_share boxless_share top_amount_band_share",
        "patient": "round_amounts",
    },
    "M17": {"patient": "two_places amounts_of_other_goods", "visit": "two_places"},
    "M18": {"pharmacy": "other_goods_share top_basket_share off_price_share"},
    "M19": {
        "pharmacy": "co_oversupplied_share clustered_fill_share days_on_hand early_refill_share "
        "oversupply_share",
        "prescriber": "co_oversupplied_share clustered_fill_share days_on_hand early_refill_share "
        "oversupply_share",
        "patient": "co_oversupplied resold_boxes clustered_fills",
        "group": "shared_oversupply_amount oversupply_amount clustered_fills",
    },
    "M20": {
        "pharmacy": "repeat_codes_per_1000 sold_before_elsewhere",
        "patient": "repeat_codes",
        "visit": "repeat_codes",
    },
    "M21": {
        "pharmacy": "rx_overused_share",
        "patient": "rx_overused",
        "visit": "rx_overused",
    },
    "M22": {
        "pharmacy": "sale_before_rx_share rapid_rx_share",
        "prescriber": "sale_before_rx_share rapid_rx_share",
    },
    "M24": {
        "hospital": "charge_to_intensity_ratio overcharged_stay_share unsupported_drg_share drg_cost_excess "
        "unsupported_drg_excess low_cost_share",
        "prescriber": "charge_to_intensity_ratio overcharged_stay_share unsupported_drg_share",
        "patient": "charge_to_intensity_ratio",
        "visit": "charge_to_intensity_ratio high_cost_drg_intensity_ratio",
    },
    "M25": {
        "hospital": "cost_ratio high_cost_share over_ceiling_share item_excess_treatment",
        "prescriber": "item_excess_treatment",
    },
    "M26": {
        "hospital": "co_visit_consultation_share",
        "prescriber": "co_visit_consultation_share",
        "patient": "co_visit_consultations",
    },
    "M27": {"patient": "undeclared_accidents", "visit": "undeclared_accident"},
    "M28": {
        "hospital": "no_sign_in_excess no_sign_in_share weekly_dialysis_ratio double_dialysis_share "
        "off_schedule_share",
        "prescriber": "no_sign_in_share weekly_dialysis_ratio double_dialysis_share off_schedule_share",
        "patient": "no_sign_in_dialysis busiest_dialysis_week",
        "visit": "no_sign_in_dialysis weekly_dialysis_sessions",
    },
    "M29": {
        "hospital": "operation_consumables_excess consumables_stays_share consumables_per_stay "
        "item_excess_material",
        "prescriber": "operation_consumables_excess consumables_per_stay item_excess_material",
    },
    "M30": {"patient": "mild_stays_on_assistance"},
    "M31": {
        "hospital": "incoming_referral_excess",
        "prescriber": "outgoing_referral_excess onward_admissions",
    },
    "M33": {
        "hospital": "item_excess_exam outpatient_exam_share seldom_exams_share",
        "prescriber": "item_excess_exam seldom_exams_share",
    },
    "M34": {"hospital": "village_concentration top_village_share"},
    "M40": {
        "pharmacy": "steered_excess_share steered_share price_excess",
        "prescriber": "steered_excess_share steered_share price_excess",
    },
    "M43": {"pharmacy": "item_excess_drug"},
    "M44": {"hospital": "long_share los_ratio"},
    "M45": {
        "hospital": "no_sign_in_rehab_share",
        "prescriber": "no_sign_in_rehab_share rehab_per_day",
    },
    "M47": {"pharmacy": "december_share"},
    "M48": {"prescriber": "two_sites_share"},
    "M50": {
        "hospital": "item_excess_drug drug_share outpatient_drug_share",
        "prescriber": "item_excess_drug drug_share outpatient_drug_share",
    },
}


def signature_schemes(subject: str, measure: str) -> tuple[str, ...]:
    """Schemes whose signature a measure of a kind of subject belongs to, in order."""
    return tuple(s for s, kinds in SIGNATURES.items() if measure in kinds.get(subject, "").split())
