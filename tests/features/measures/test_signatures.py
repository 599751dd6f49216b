"""Signatures of schemes: measures that exist and are evidence of the scheme, and a signature for each."""

import numpy as np
import pandas as pd
import pytest

from features.comparison.peers import fit_peers
from features.measures.catalogue import CATALOGUE, STRONG, SUBJECTS, measures_of, spec
from features.measures.signatures import SIGNATURES, signature_schemes
from models.anomaly import PeerEvidence
from models.scheme_naming import MIN_NEG_LOG10_P
from reports.scheme_texts import SCHEMES
from significance.normal_tail import neg_log10_p

# Schemes with strong evidence and no signature, and why.
UNSIGNED = {
    "M46": "examinations beyond the mix sign M33; their growth alone is no evidence",
}
NAMED = [
    (scheme, subject, name)
    for scheme, kinds in SIGNATURES.items()
    for subject, names in kinds.items()
    for name in names.split()
]


@pytest.mark.parametrize("scheme, subject, name", NAMED)
def test_a_signature_is_a_measure_that_is_evidence_of_its_scheme(scheme, subject, name):
    assert scheme in CATALOGUE[subject, name].schemes


def test_signatures_are_of_schemes_and_kinds_of_subject_that_exist_and_none_twice():
    assert set(SIGNATURES) <= set(SCHEMES)
    assert {subject for _scheme, subject, _name in NAMED} <= set(SUBJECTS)
    assert len(NAMED) == len(set(NAMED))


def test_every_scheme_with_strong_evidence_has_a_signature_or_a_reason():
    strong = {scheme for e in CATALOGUE.values() if e.evidence_weight >= STRONG for scheme in e.schemes}
    assert strong - set(SIGNATURES) == set(UNSIGNED)


def test_the_columns_of_a_model_know_what_they_sign():
    assert signature_schemes("hospital", "checkup_share") == ("M04",)
    assert signature_schemes("visit", "twin_stays") == ("M01",) and signature_schemes("visit", "bill") == ()
    # Of another kind of subject the same measure may sign nothing.
    assert (
        signature_schemes("hospital", "idle_share") == ("M10",)
        and signature_schemes("prescriber", "idle_share") == ()
    )
    columns = spec("hospital")
    assert columns.signature["checkup_share_365d"] == columns.signature["checkup_share_1095d"] == ("M04",)
    assert columns.signature["los_365d"] == ()


def test_one_event_at_a_visit_that_few_visits_have_is_enough_to_name_a_scheme():
    """A card at two places, a repeated trace code: one in five hundred purchases is significant in itself,
    and one in five is not."""
    visits = pd.DataFrame(0.0, [f"v{n}" for n in range(2_000)], list(measures_of("visit")))
    visits.loc[visits.index[:4], ["two_places", "repeat_codes", "rx_overused", "split_stay"]] = 1.0
    visits.loc[visits.index[:400], "checkup_stay"] = 1.0
    peers = pd.Series("purchase", visits.index)
    significance = neg_log10_p(fit_peers("visit", visits, peers).z_scores(visits, peers).loc["v0"])
    significance = pd.Series(significance, list(measures_of("visit"))) - np.log10(2)
    assert significance[["two_places", "repeat_codes", "rx_overused", "split_stay"]].min() > MIN_NEG_LOG10_P
    assert significance["checkup_stay"] < MIN_NEG_LOG10_P


def test_a_specialty_is_no_evidence_against_a_doctor_and_prescriptions_after_the_sale_are():
    """Who treats one disease has one diagnosis and one set of medicines; a forger signs after the sale."""
    conduct = {
        "specialist": {"top_diagnosis_share_365d": 7.0, "top_basket_share_365d": 7.0},
        "forger": {"sale_before_rx_share_365d": 7.0},
    }
    columns = spec("prescriber")
    z = pd.DataFrame.from_dict(conduct, orient="index").reindex(columns=columns.index).fillna(0.0)
    found = PeerEvidence(columns).total(z)
    assert found["specialist"] == 0 < 10 < found["forger"]
