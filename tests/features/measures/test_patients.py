"""Measures of patients, each against a loop over random visits; those who are brought to hospital together,
and those whom chance puts into one ward."""

import pandas as pd
import pytest

from claims.as_of import OUTPATIENT, STAY
from features.comparison.peers import fit_peers
from features.measures.aggregation import measure_subjects
from features.measures.catalogue import measures_of, spec
from features.visits.facts import visit_facts
from models.anomaly import PeerEvidence
from tests.features.measures import loops
from tests.features.measures.loops import Loop, bought, column, different, mean_of, seen, stays, top, total
from tests.features.town import AS_OF
from tests.tiny import World

RING = ["ring-1", "ring-2", "ring-3"]
COURSE = ["course-1", "course-2", "course-3"]
BILL = [("bed", 3, 50.0)]


@pytest.fixture(scope="module")
def patients(claims_of):
    """The measures of the patients of a small world."""
    world = World()
    world.hospital("H1")
    rounds = ["2024-03-01", "2024-06-01", "2024-09-01"]
    for who in [*RING, *COURSE, "once", "ill"]:
        world.person(who)
    for day in rounds:
        for number, who in enumerate(RING):
            world.stay(who, "H1", f"{day[:-1]}{1 + number % 2}", 6, lines=BILL)
        for who in COURSE:
            world.stay(who, "H1", day, 3, lines=BILL, dscg_maindiag_code="Z51.1")
        # As often, on the same days, for the same disease, but not for the same time.
        world.stay("ill", "H1", day, 9, lines=BILL)
    world.stay("once", "H1", rounds[0], 6, lines=BILL)
    return measure_subjects(visit_facts(claims_of(world, AS_OF)), "patient")


def test_stays_like_those_of_others_are_counted_but_courses_are_not(patients):
    found = patients["twin_stays_365d"]
    assert (found[RING] == 3).all() and found["once"] == 1
    assert (found[[*COURSE, "ill"]] == 0).all()


def test_one_readmission_among_many_stays_is_less_evidence_than_one_in_two():
    """What is usual is a rate by stay: who is in hospital often comes back by chance sooner or later."""
    ids = [f"p{number}" for number in range(400)]
    people = pd.DataFrame(0.0, ids, list(measures_of("patient")))
    people["stays_365d"] = [1.0, 2.0, 3.0, 2.0] * 100
    people.loc[ids[3::40], "split_stays_365d"] = 1.0
    people.loc["often"], people.loc["seldom"], people.loc["split"] = people.loc["p3"], people.loc["p3"], 0.0
    people.loc["often", "stays_365d"] = 12.0
    people.loc["split", ["stays_365d", "split_stays_365d"]] = [4.0, 3.0]
    peers = pd.Series("all", people.index)
    z = fit_peers("patient", people, peers).z_scores(people, peers).split_stays_365d
    assert z["often"] < z["seldom"] - 0.5 < z["split"] - 2


def evidence_of_splitting(away: dict[str, dict[str, float]]) -> pd.Series:
    """Evidence of M03 by subject, given z-values by subject and column."""
    known = spec("patient")
    evidence = PeerEvidence(known)
    rows = pd.DataFrame(away).T.reindex(columns=known.index).fillna(0.0)
    return evidence.by_scheme(evidence.by_column(rows)).M03


def test_a_readmission_under_the_same_doctor_is_no_second_sign():
    split, doctor = {"split_stays_in_excess_365d": 4.0}, {"same_doctor_readmission_365d": 4.0}
    found = evidence_of_splitting({"other doctor": split, "same doctor": split | doctor})
    assert found["same doctor"] == found["other doctor"] > 3
    # Alone it is a sign: another diagnosis for what goes on.
    found = evidence_of_splitting({"other doctor": {}, "same doctor": doctor})
    assert found["same doctor"] > 1 > found["other doctor"]


def test_a_return_to_a_hospital_that_splits_stays_is_more_evidence_than_one_to_any_other():
    split = {"split_stays_365d": 4.0}
    found = evidence_of_splitting({"any": split, "splits": split | {"split_stays_in_excess_365d": 4.0}})
    assert found["splits"] > 2 * found["any"] > 0


def test_one_errand_from_a_hospital_whose_patients_go_out_is_more_evidence_than_from_any_other():
    known = spec("patient")
    away = {"any": {"outside_visits_365d": 4.0}}
    away["goes out"] = away["any"] | {"outside_visits_in_excess_365d": 4.0}
    evidence = PeerEvidence(known)
    rows = pd.DataFrame(away).T.reindex(columns=known.index).fillna(0.0)
    found = evidence.by_scheme(evidence.by_column(rows)).M10
    assert found["goes out"] > 2 * found["any"] > 0


def dosed(vs):
    return [v for v in vs if v["supply_days"]]


def medication_possession_ratio(vs):
    """Days of supply ÷ most drugs of a visit ÷ days since the first purchase of any and 30."""
    days = max((v["days_ago"] for v in dosed(vs)), default=0) + 30
    return total(vs, "supply_days") / max(column(vs, "n_drugs")) / days


def examined(v):
    """A short stay that is mostly examinations."""
    return v["kind"] == STAY and not v["course"] and loops.checkup_like(v)


def at_two_clinics(v):
    return v["two_places"] and v["kind"] == v["moved_kind"] == OUTPATIENT


def fund_of(vs, counts):
    return total([v for v in vs if counts(v)], "fund_pay_sumamt")


PATIENTS: dict[str, Loop] = {
    "visits": len,
    "purchases": lambda vs: len(bought(vs)),
    "purchase_days": lambda vs: different(bought(vs), "day"),
    "stays": lambda vs: len(stays(vs)),
    "stay_days": lambda vs: total([v for v in vs if not v["course"]], "los"),
    "fund_pay": lambda vs: total(vs, "fund_pay_sumamt"),
    "pharmacy_fund_pay": lambda vs: total(bought(vs), "fund_pay_sumamt"),
    "drug_amount": lambda vs: total([v for v in vs if v["kind"] != STAY], "drug_amount"),
    "medication_possession_ratio": medication_possession_ratio,
    "max_days_on_hand": lambda vs: max(column(vs, "days_on_hand")),
    "oversupply_amount": lambda vs: total(vs, "oversupply_amount"),
    "pharmacies": lambda vs: different(bought(vs), "fixmedins_code"),
    "places": lambda vs: different(vs, "fixmedins_code"),
    "prescribers": lambda vs: different(vs, "dr_code"),
    "split_stays": lambda vs: sum(v["split"] or False for v in vs),
    "split_stays_in_excess": lambda vs: sum(
        (v["split"] or False) and (v["split_excess"] or 0) > 0.5 for v in vs
    ),
    "excess_readmissions": lambda vs: sum(
        v["readmitted_31d"] - v["readmission_expected"] for v in vs if v["readmitted_31d"] is not None
    ),
    "same_doctor_readmission": lambda vs: sum(v["same_doctor_readmission"] or False for v in vs),
    "idle_days": lambda vs: total(vs, "idle_days"),
    "outside_visits": lambda vs: total(vs, "outside_visits"),
    "outside_visits_in_excess": lambda vs: total(
        [v for v in vs if (v["outside_excess"] or 0) > 0.5], "outside_visits"
    ),
    "twin_stays": lambda vs: sum((v["twins"] or 0) > 0 and not v["interim"] for v in vs),
    "checkup_stays": lambda vs: sum(map(examined, vs)),
    "cash_share": lambda vs: loops.part(vs, "cash_payamt", "medfee_sumamt"),
    "village_batch": lambda vs: max(v["village_batch"] or 0 for v in vs if not v["course"]),
    "co_visits": lambda vs: sum(map(loops.met, vs)),
    "co_visit_stays": lambda vs: sum(map(loops.met, stays(vs))),
    "co_visit_consultations": lambda vs: sum(map(loops.met, seen(vs))),
    "co_visit_purchases": lambda vs: sum(map(loops.met, bought(vs))),
    "co_visit_share": lambda vs: loops.share(vs, loops.met),
    "co_visit_fund": lambda vs: fund_of(vs, loops.met),
    "same_predecessor_days": lambda vs: max(column(vs, "same_predecessor_days")),
    "most_co_visitors": lambda vs: max(column(vs, "co_visitors")),
    "bursts": lambda vs: sum(v["burst"] or False for v in bought(vs)),
    "expected_bursts": lambda vs: total(bought(vs), "burst_expected"),
    "two_places": lambda vs: sum(v["two_places"] or False for v in vs),
    "two_clinics": lambda vs: sum(at_two_clinics(v) or False for v in vs),
    "impossible_diagnoses": lambda vs: total(vs, "impossible"),
    "round_amounts": lambda vs: sum(v["round_amount"] or v["same_amount"] >= 5 for v in bought(vs)),
    "amounts_of_other_goods": lambda vs: max(
        sum(v["amount_of_other_goods"] or False for v in bought(vs)) - total(bought(vs), "amount_expected"), 0
    ),
    "further_pharmacies": lambda vs: (
        len({(v["day"], v["fixmedins_code"]) for v in bought(vs)}) - different(bought(vs), "day")
    ),
    "mild_stays_on_assistance": lambda vs: sum(
        bool(v["poor"]) and (v["outpatient_rate"] or 0) >= 0.5 for v in stays(vs)
    ),
    "uses_after_death": lambda vs: sum(map(loops.unseen_dead, vs)),
    "fund_after_death": lambda vs: fund_of(vs, loops.unseen_dead),
    "repeat_codes": lambda vs: total(vs, "repeat_codes"),
    "uncoded_boxes": lambda vs: total(vs, "uncoded"),
    "rx_overused": lambda vs: total(vs, "rx_overused"),
    "no_sign_in_dialysis": lambda vs: total(vs, "no_sign_in"),
    "busiest_dialysis_week": lambda vs: max(
        loops.counts_by([v for v in vs if v["dialysis"]], "week").values()
    ),
    "dialysis_sessions": lambda vs: total(vs, "dialysis"),
    "charge_to_intensity_ratio": lambda vs: max(column(vs, "charge_to_intensity_ratio")),
    "cost_ratio": lambda vs: mean_of(vs, "cost_ratio"),
    "los_ratio": lambda vs: mean_of(vs, "los_ratio"),
    "long_term_care_days": lambda vs: total(vs, "long_term_care_days"),
    "undeclared_accidents": lambda vs: total(vs, "undeclared_accident"),
    "outpatient_visits": lambda vs: len(seen(vs)),
    "top_place_share": lambda vs: top(vs, "fixmedins_code"),
    "top_pharmacy_share": lambda vs: top(bought(vs), "fixmedins_code"),
    "co_oversupplied": lambda vs: max(column(vs, "co_oversupplied")),
    "resold_boxes": lambda vs: total(vs, "resold"),
    "clustered_fills": lambda vs: len([v for v in vs if (v["co_fillers"] or 0) > 0]),
    "findings": lambda vs: total(vs, "findings"),
    "findings_share": lambda vs: loops.part(vs, "findings_amount", "fund_pay_sumamt"),
    "visits_with_findings_share": lambda vs: loops.share(vs, lambda v: v["findings"] > 0),
    "out_of_scope_share": lambda vs: loops.share(vs, lambda v: v["out_of_scope"] > 0),
}


patient = loops.drawn("patient")


@pytest.mark.parametrize("name", PATIENTS)
def test_a_measure_equals_its_loop(patient, name):
    assert patient.agrees(name, PATIENTS[name])


def test_every_measure_of_patients_has_a_loop(patient):
    assert set(patient.found) == set(PATIENTS)


def test_of_one_who_came_once_without_anything_odd_nothing_is_missing_that_is_known():
    """Sums and largest values of nothing are zero, shares of nothing unknown."""
    nothing = dict.fromkeys(loops.VALUES) | {"psn_no": "a", "kind": OUTPATIENT, "course": False}
    nothing |= {"days_ago": 5.0, "fund_pay_sumamt": 0.0, "medfee_sumamt": 0.0, "round_amount": False}
    visits = [nothing | {"mdtrt_id": "M1", "subject_id": "s", "day": loops.FIRST_DAY}]
    typed = [v | {"days_ago": 999.0} for v in loops.random_visits(3, 80)]
    found = loops.measured("patient", visits + typed)
    zero = (
        "max_days_on_hand",
        "split_stays",
        "village_batch",
        "same_predecessor_days",
        "most_co_visitors",
        "co_oversupplied",
    )
    assert [found[name] for name in zero] == [0] * len(zero)
    assert found["charge_to_intensity_ratio"] == 1 and found["medication_possession_ratio"] == 0
    assert found["cash_share"] is found["cost_ratio"] is found["top_pharmacy_share"] is None
