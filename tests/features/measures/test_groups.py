"""Measures of a group of co-visitors, each against a loop over random visits of its members."""

import pytest

from claims.as_of import PHARMACY, STAY
from tests.features.measures import loops
from tests.features.measures.loops import Loop, column, different, joint, part, share, total

GROUPS: dict[str, Loop] = {
    "members": lambda vs: different(vs, "psn_no"),
    "days_together": lambda vs: different(joint(vs), "day"),
    "joint_share": lambda vs: share(vs, lambda v: v["joint"]),
    "joint_fund": lambda vs: total(joint(vs), "fund_pay_sumamt"),
    "joint_stay_share": lambda vs: share(joint(vs), lambda v: v["kind"] == STAY),
    "joint_purchase_share": lambda vs: share(joint(vs), lambda v: v["kind"] == PHARMACY),
    "oversupply_amount": lambda vs: total(vs, "oversupply_amount"),
    "burst_share": lambda vs: share(joint(vs), lambda v: v["burst"]),
    "same_predecessor_days": lambda vs: max(column(vs, "same_predecessor_days")),
    "villages": lambda vs: different(vs, "village"),
    "joint_places": lambda vs: different(joint(vs), "fixmedins_code"),
    "cash_share": lambda vs: part(joint(vs), "cash_payamt", "medfee_sumamt"),
    "village_batch": lambda vs: max(column(vs, "village_batch")),
    "idle_days": lambda vs: total(vs, "idle_days"),
    "shared_oversupply_amount": lambda vs: total(
        [v for v in vs if (v["co_oversupplied"] or 0) > 0], "oversupply_amount"
    ),
    "clustered_fills": lambda vs: len([v for v in vs if (v["co_fillers"] or 0) > 0]),
    "findings": lambda vs: total(vs, "findings"),
    "findings_share": lambda vs: part(vs, "findings_amount", "fund_pay_sumamt"),
    "visits_with_findings_share": lambda vs: share(vs, lambda v: v["findings"] > 0),
}


group = loops.drawn("group")


@pytest.mark.parametrize("name", GROUPS)
def test_a_measure_equals_its_loop(group, name):
    assert group.agrees(name, GROUPS[name])


def test_every_measure_of_groups_has_a_loop(group):
    assert set(group.found) == set(GROUPS)


def test_members_who_did_nothing_together_have_no_shares_of_joint_visits():
    visits = [
        v | {"joint": False, "village_batch": None, "same_predecessor_days": None}
        for v in group_of_strangers()
    ]
    found = loops.measured("group", visits)
    assert found["joint_share"] == found["days_together"] == found["joint_fund"] == 0
    assert found["joint_stay_share"] is found["cash_share"] is None
    assert found["village_batch"] == found["same_predecessor_days"] == 0 and found["members"] > 1


def group_of_strangers() -> loops.Visits:
    return loops.random_visits(3, 20)
