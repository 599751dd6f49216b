"""Measures of a pharmacy, each against a loop over random purchases."""

import math
from statistics import fmean, stdev

import pytest

from claims.as_of import PHARMACY
from tests.features.measures import loops
from tests.features.measures.loops import (
    Loop,
    divided,
    mean_of,
    part,
    share,
    share_known,
    top,
    total,
    within,
)  # fmt: skip


def unevenness(vs):
    """Standard deviation of the fund payment for a customer ÷ its mean."""
    sums = loops.fund_by_person(vs)
    return stdev(sums) / fmean(sums)


def after_death(vs):
    """Paid by fund and account."""
    return sum(v["fund_pay_sumamt"] + (v["acct_pay"] or 0) for v in vs if loops.dead(v))


def unprescribed(vs: loops.Visits) -> loops.Visits:
    return [v for v in vs if v["dr_code"] is None]


PHARMACIES: dict[str, Loop] = {
    "visits": len,
    "persons": lambda vs: loops.different(vs, "psn_no"),
    "fund_pay": lambda vs: total(vs, "fund_pay_sumamt"),
    "fund_per_visit": lambda vs: mean_of(vs, "fund_pay_sumamt"),
    "visits_per_person": lambda vs: len(vs) / loops.different(vs, "psn_no"),
    "visits_per_day": lambda vs: len(vs) / loops.different(vs, "day"),
    "busiest_day_ratio": lambda vs: loops.busiest(vs),
    "december_share": lambda vs: part(
        [v | {"in_december": v["fund_pay_sumamt"] * (v["day"].month == 12)} for v in vs],
        "in_december",
        "fund_pay_sumamt",
    ),
    "night_share": lambda vs: mean_of(vs, "night"),
    "persons_with_known_supply": loops.persons_with_known_supply,
    "supply_days_per_person": lambda vs: total(vs, "supply_days") / loops.different(vs, "psn_no"),
    "supply_per_drug": lambda vs: part(vs, "supply_days", "n_drugs"),
    "days_on_hand": lambda vs: mean_of(vs, "days_on_hand"),
    "early_refill_share": lambda vs: share_known(vs, "days_on_hand", lambda days: days > 30),
    "oversupply_share": lambda vs: part(vs, "oversupply_amount", "drug_amount"),
    "price_per_day": lambda vs: divided(
        total([v for v in vs if v["supply_days"]], "drug_amount"), total(vs, "supply_days")
    ),
    "drugs_per_visit": lambda vs: mean_of(vs, "n_drugs"),
    "other_goods_share": lambda vs: 1 - part(vs, "drug_amount"),
    "unprescribed_purchases": lambda vs: len(unprescribed(vs)),
    "top_basket_share": lambda vs: top(unprescribed(vs), "template"),
    "over_ceiling_share": lambda vs: part(vs, "over_ceiling"),
    "price_excess": lambda vs: part(vs, "benchmarked_amount", "amount_at_median_price") - 1,
    "burst_share": lambda vs: share(vs, lambda v: v["burst"]),
    "same_predecessor_share": lambda vs: share(vs, lambda v: (v["same_predecessor_days"] or 0) >= 3),
    "co_visit_fund": lambda vs: total([v for v in vs if loops.met(v)], "fund_pay_sumamt"),
    "co_visit_share": lambda vs: share(vs, loops.met),
    "two_places_share": lambda vs: share(vs, lambda v: v["two_places"]),
    "round_share": lambda vs: mean_of(vs, "round_amount"),
    "amount_concentration": lambda vs: mean_of(vs, "same_amount_of_other_goods"),
    "zero_cash_share": lambda vs: share(vs, lambda v: v["cash_payamt"] <= 0),
    "pooled_share": lambda vs: part(vs, "hifp_pay", "medfee_sumamt"),
    "visits_after_death": lambda vs: sum(map(loops.dead, vs)),
    "fund_and_account_after_death": after_death,
    "off_price_share": lambda vs: part(vs, "off_price"),
    "top_amount_band_share": lambda vs: top(unprescribed(vs), "amount_band"),
    "boxes": lambda vs: total(vs, "boxes"),
    "repeat_codes_per_1000": lambda vs: 1000 * part(vs, "repeat_codes", "boxes"),
    "uncoded_share": lambda vs: part(vs, "uncoded", "boxes"),
    "boxless_share": lambda vs: share(vs, lambda v: v["boxes"] is None),
    "rx_overused_share": lambda vs: share(vs, lambda v: (v["rx_overused"] or 0) > 0),
    "sale_before_rx_share": lambda vs: share(vs, lambda v: v["sale_before_rx"]),
    "rapid_rx_share": lambda vs: share(vs, lambda v: v["rapid_rx"]),
    "prescribed_share": lambda vs: share(vs, lambda v: v["dr_code"] is not None),
    "ungrouped_prescriptions": lambda vs: len(loops.column(vs, "prescribing_dr")),
    "top_prescriber_share": lambda vs: top(vs, "prescribing_dr"),
    "top_prescriber_persons": lambda vs: loops.most_persons(vs, "prescribing_dr"),
    "steered_share": lambda vs: max(loops.column(vs, "prescription_steering")),
    "prescriber_concentration": lambda vs: loops.alike(vs, "prescribing_dr"),
    "top_person_share": lambda vs: max(loops.fund_by_person(vs)) / sum(loops.fund_by_person(vs)),
    "fund_per_person_cv": unevenness,
    "frequent_customers_share": lambda vs: loops.share_of_counts(vs, "psn_no", lambda n: n >= 24),
    "top_disease_share": lambda vs: top(vs, "dise_no"),
    "employed_customers": lambda vs: loops.different([v for v in vs if v["emp_no"] is not None], "psn_no"),
    "top_employer_share": lambda vs: top(vs, "emp_no"),
    "co_oversupplied_share": lambda vs: share_known(vs, "co_oversupplied", lambda people: people > 0),
    "clustered_fill_share": lambda vs: share(vs, lambda v: (v["co_fillers"] or 0) > 0),
    "findings": lambda vs: total(vs, "findings"),
    "findings_share": lambda vs: part(vs, "findings_amount", "fund_pay_sumamt"),
    "visits_with_findings_share": lambda vs: share(vs, lambda v: v["findings"] > 0),
    "out_of_scope_share": lambda vs: share(vs, lambda v: v["out_of_scope"] > 0),
}
# Over all of the past, whatever the window.
EVER: dict[str, Loop] = {
    "fund_growth": lambda vs: loops.growth(vs, "fund_pay_sumamt"),
    "chain_anomaly_share": lambda _vs: 0.25,
}
# Held by test_billing_and_flows.py.
BILLED = {"item_excess_drug", "steered_excess_share", "resold_later_elsewhere", "sold_before_elsewhere"}


def purchases(seed: int, n: int) -> loops.Visits:
    """Random purchases; one customer comes often enough to count as frequent."""
    visits = [v | {"kind": PHARMACY} for v in loops.random_visits(seed, n)]
    often = [v | {"mdtrt_id": f"{v['mdtrt_id']}x", "psn_no": "often", "days_ago": 5.0} for v in visits[:24]]
    return visits + often


pharmacy = loops.drawn("pharmacy", lambda seed: purchases(seed, 60))


@pytest.mark.parametrize("name", PHARMACIES)
def test_a_measure_equals_its_loop(pharmacy, name):
    assert pharmacy.agrees(name, PHARMACIES[name])


@pytest.mark.parametrize("name", EVER)
def test_what_has_no_window_equals_its_loop(pharmacy, name):
    assert pharmacy.agrees(name, EVER[name], math.inf)


def test_every_measure_of_pharmacies_has_a_loop(pharmacy):
    assert set(pharmacy.found) == set(PHARMACIES) | set(EVER) | BILLED


def test_a_pharmacy_that_sells_nothing_in_december_has_a_share_of_nothing():
    november = [v | {"begntime": v["begntime"].replace(month=11)} for v in purchases(3, 30)]
    assert loops.measured("pharmacy", november)["december_share"] == 0


def test_a_pharmacy_that_records_no_boxes_or_prescriptions_has_no_shares_of_them():
    visits = [v | {"boxes": None, "prescribing_dr": None} for v in purchases(3, 30)]
    found = loops.measured("pharmacy", visits)
    without = ("repeat_codes_per_1000", "uncoded_share", "top_prescriber_share", "prescriber_concentration")
    assert [found[name] for name in without] == [None] * len(without)
    assert (found["boxes"], found["boxless_share"], found["ungrouped_prescriptions"]) == (0, 1, 0)
    assert found["frequent_customers_share"] == pytest.approx(24 / len(within(visits)))
