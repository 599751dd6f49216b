"""Measures of a prescriber, each against a loop over random visits."""

import pandas as pd
import pytest
from scipy.stats import norm

from claims.as_of import PHARMACY, STAY
from features.comparison.peers import fit_peers
from features.measures.catalogue import expected_column, measures_of
from tests.features.measures import loops
from tests.features.measures.loops import (
    Loop,
    bought,
    divided,
    mean_of,
    part,
    seen,
    share,
    share_known,
    top,
    total,
    within,
)  # fmt: skip
from tests.features.measures.loops_of_stays import OF_BOTH


def outside_hospital(vs):
    return [v for v in vs if v["kind"] != STAY]


def supply_days_per_person(vs):
    """Days of supply ÷ patients who got any, outside hospital."""
    dosed = [v for v in outside_hospital(vs) if v["supply_days"]]
    return total(dosed, "supply_days") / loops.different(dosed, "psn_no")


def price_excess(vs):
    return total(bought(vs), "benchmarked_amount") / total(bought(vs), "amount_at_median_price") - 1


def outpatients(vs):
    """Outpatient visits, those of courses of treatment too."""
    return [v for v in vs if v["kind"] == "outpatient"]


PRESCRIBERS: dict[str, Loop] = OF_BOTH | {
    "persons": lambda vs: loops.different(vs, "psn_no"),
    "purchases": lambda vs: len(bought(vs)),
    "drug_amount": lambda vs: total(outside_hospital(vs), "drug_amount"),
    "visits_per_day": lambda vs: divided(len(seen(vs)), loops.different(seen(vs), "day")),
    "busiest_day_visits": lambda vs: max(loops.counts_by(vs, "day").values()),
    "places": lambda vs: loops.different(seen(vs), "fixmedins_code"),
    "two_sites_share": lambda vs: share(seen(vs), lambda v: v["dr_two_sites"]),
    "night_share": lambda vs: mean_of(seen(vs), "night"),
    "weekend_share": lambda vs: share(seen(vs), lambda v: v["day"].weekday() >= 5),
    "persons_with_known_supply": loops.persons_with_known_supply,
    "buyers": lambda vs: loops.different(bought(vs), "psn_no"),
    "supply_days_per_person": supply_days_per_person,
    "supply_per_drug": lambda vs: part(vs, "supply_days", "n_drugs"),
    "days_on_hand": lambda vs: mean_of(vs, "days_on_hand"),
    "early_refill_share": lambda vs: share_known(vs, "days_on_hand", lambda days: days > 30),
    "oversupply_share": lambda vs: divided(
        total(vs, "oversupply_amount"), total(outside_hospital(vs), "drug_amount")
    ),
    "price_per_day": lambda vs: divided(
        total([v for v in vs if v["supply_days"]], "drug_amount"), total(vs, "supply_days")
    ),
    "drugs_per_visit": lambda vs: mean_of(vs, "n_drugs"),
    "amount_per_purchase": lambda vs: mean_of(bought(vs), "medfee_sumamt"),
    "top_basket_share": lambda vs: top(bought(vs), "template"),
    "top_diagnosis_share": lambda vs: top(outpatients(vs), "dx3"),
    "sale_before_rx_share": lambda vs: share(bought(vs), lambda v: v["sale_before_rx"]),
    "rapid_rx_share": lambda vs: share(bought(vs), lambda v: v["rapid_rx"]),
    "rx_overused_persons_share": lambda vs: divided(
        len({v["psn_no"] for v in vs if (v["rx_overused"] or 0) > 0}), len({v["psn_no"] for v in vs})
    ),
    "co_visit_share": lambda vs: share(bought(vs), loops.met),
    "burst_share": lambda vs: share(bought(vs), lambda v: v["burst"]),
    "top_pharmacy_share": lambda vs: top(bought(vs), "fixmedins_code"),
    "top_pharmacy_persons": lambda vs: loops.most_persons(bought(vs), "fixmedins_code"),
    "steered_share": lambda vs: max(loops.column(bought(vs), "prescription_steering")),
    "price_excess": price_excess,
    "pharmacy_concentration": lambda vs: loops.alike(bought(vs), "fixmedins_code"),
    "over_ceiling_share": lambda vs: part(bought(vs), "over_ceiling"),
    "top_person_share": lambda vs: max(loops.fund_by_person(vs)) / sum(loops.fund_by_person(vs)),
    "visits_per_person": lambda vs: len(vs) / loops.different(vs, "psn_no"),
    "onward_admissions": lambda vs: len(loops.column(seen(vs), "referred_to")),
    "onward_admission_share": lambda vs: share(seen(vs), lambda v: v["referred_to"] is not None),
    "top_onward_hospital_share": lambda vs: top(outpatients(vs), "referred_to"),
    "stay_rate": lambda vs: share(
        [v for v in vs if v["kind"] != PHARMACY and not v["course"]], lambda v: v["kind"] == STAY
    ),
    "imaging_share": lambda vs: share(seen(vs), lambda v: v["large_exams"] > 0),
    "rehab_per_day": lambda vs: divided(total(vs, "rehab"), total(vs, "rehab_days")),
    "co_oversupplied_share": lambda vs: share_known(bought(vs), "co_oversupplied", lambda people: people > 0),
    "clustered_fill_share": lambda vs: share(bought(vs), lambda v: (v["co_fillers"] or 0) > 0),
    "outgoing_referral_excess": lambda vs: mean_of(seen(vs), "referral_excess"),
    "out_of_scope_share": lambda vs: share(vs, lambda v: v["out_of_scope"] > 0),
}
# From here on a signature names a scheme (`models.scheme_naming`).
ONE_IN_FORTY = norm.isf(1 / 40)
# Held by test_billing_and_flows.py.
BILLED = {f"item_excess_{name}" for name in ("drug", "exam", "treatment", "material")} | {
    "steered_excess_share",
    "seldom_exams_share",
}


prescriber = loops.drawn("prescriber")


@pytest.mark.parametrize("name", PRESCRIBERS)
def test_a_measure_equals_its_loop(prescriber, name):
    assert prescriber.agrees(name, PRESCRIBERS[name])


def test_every_measure_of_prescribers_has_a_loop(prescriber):
    assert set(prescriber.found) == set(PRESCRIBERS) | BILLED


def test_who_only_prescribes_at_pharmacies_has_no_shares_of_consultations_or_stays():
    visits = [v | {"kind": PHARMACY} for v in loops.random_visits(3, 20)]
    found = loops.measured("prescriber", visits)
    without = (
        "stay_rate",
        "night_share",
        "onward_admission_share",
        "los",
        "split_share",
        "top_diagnosis_share",
    )
    assert [found[name] for name in without] == [None] * len(without)
    assert (
        found["purchases"] == len(within(visits))
        and found["outpatient_visits"] == found["onward_admissions"] == 0
    )


def _differences(doctors: dict[str, dict[str, float]]) -> pd.DataFrame:
    """z-values of doctors of one peer group, from some of their measures of the last year."""
    frame = pd.DataFrame.from_dict(doctors, orient="index").add_suffix("_365d")
    columns = [column for name in measures_of("prescriber") for column in (name, expected_column(name))]
    frame = frame.reindex(columns=columns).astype(float)
    peers = pd.Series("all", frame.index)
    return fit_peers("prescriber", frame, peers).z_scores(frame, peers)


@pytest.mark.parametrize(
    "share, rows",
    [("early_refill_share", "persons_with_known_supply"), ("oversupply_share", "persons_with_known_supply"),
     ("co_oversupplied_share", "buyers")],
)  # fmt: skip
def test_one_hoarder_says_nothing_of_a_doctor_of_many_patients(share, rows):
    """Of forty patients one buys medicine, and hoards it; at another doctor thirty of forty do."""
    honest = {f"D{number}": {"persons": 40, rows: 20, share: 0.05} for number in range(40)}
    doctors = honest | {
        "hoarder's": {"persons": 40, rows: 1, share: 1.0},
        "dealer's": {"persons": 40, rows: 30, share: 1.0},
    }
    z = _differences(doctors)[f"{share}_365d"]
    assert z["hoarder's"] < 1.5 and z["dealer's"] > 4


def test_one_patient_who_fell_ill_is_no_sale_of_patients():
    """Two thirds of the doctors have nobody admitted elsewhere; one admission is no habit, twelve are."""
    honest = {
        f"D{number}": {"outpatient_visits": 150, "onward_admissions": number % 3 // 2} for number in range(60)
    }
    few, many = ({"outpatient_visits": 15, "onward_admissions": n} for n in (1, 12))
    z = _differences(honest | {"fell ill": few, "sold": many})["onward_admissions_365d"]
    assert z["fell ill"] < ONE_IN_FORTY and z["sold"] > norm.isf(0.001)


def test_one_faithful_customer_says_nothing_of_a_doctor():
    """All of one patient's purchases lie at one pharmacy; at another doctor those of thirty do. Honest
    doctors of few patients lie far apart, those of many close together."""
    honest = {
        f"D{number}": {"buyers": buyers, "steered_share": 0.15 * (number % 5) / buyers**0.5}
        for number, buyers in enumerate([1, 2, 3, 20, 30, 40] * 10)
    }
    few, many = ({"buyers": buyers, "steered_share": 0.6} for buyers in (1, 30))
    z = _differences(honest | {"faithful": few, "steers": many})["steered_share_365d"]
    assert z["faithful"] < ONE_IN_FORTY < z["steers"]
