"""What audit findings add to the measures of everybody whose visits they are about."""

import pytest

from features.measures.catalogue import ALL_WINDOWS, CATALOGUE, SUBJECTS
from tests.features.measures.tables import taken

VISITS = [
    {"findings": 2, "findings_amount": 30.0, "fund_pay_sumamt": 100.0},
    {"findings": 0, "findings_amount": 0.0, "fund_pay_sumamt": 50.0},
    {"findings": 9, "findings_amount": 90.0, "fund_pay_sumamt": 90.0, "days_ago": 366.0},
]


@pytest.mark.parametrize("subject", SUBJECTS[1:])
def test_findings_of_all_who_have_visits(subject):
    assert taken(subject, "findings", *VISITS) == 2
    assert taken(subject, "findings", *VISITS, window=1095) == 11
    assert taken(subject, "findings_share", *VISITS) == pytest.approx(0.2)
    assert taken(subject, "visits_with_findings_share", *VISITS) == 0.5
    assert CATALOGUE[subject, "findings"].windows == ALL_WINDOWS


def test_nothing_paid_has_no_share_and_no_finding_is_none():
    unpaid = {"findings": 1, "findings_amount": 0.0, "fund_pay_sumamt": 0.0}
    assert taken("patient", "findings_share", unpaid) is None
    assert taken("patient", "findings", unpaid | {"days_ago": 400.0}) == 0


def test_findings_of_a_visit():
    assert taken("visit", "findings_of_visit", VISITS[0]) == 2
    assert taken("visit", "findings_amount", VISITS[0]) == 30


def test_medicine_out_of_scope_is_nobody_elses_than_the_buyers_and_sellers():
    assert {kind for kind, name in CATALOGUE if name == "out_of_scope_share"} == {
        "patient", "prescriber", "pharmacy"
    }  # fmt: skip
