"""Referral flows beyond what those of the same origin explain.

Prescriptions to a pharmacy (M40), patients to a hospital (M31), a village to a hospital (M11).

People go where it is near. So the expected flow of a doctor is that of the other doctors' patients at the
same institution, that of a village the flow of the other villages of its county (leave-one-out), shrunk
toward that of everybody. Counted are people, not visits. Flows differ for honest reasons, so their dispersion
is estimated (`significance.chance.dispersion`).
"""

from typing import cast

import ibis
import pandas as pd
from ibis import _

from claims.as_of import STAY
from features.visits.prescription_steering import workplaces
from features.windows import YEAR
from significance.chance import dispersion, neg_log10_fdr, significant

# Fewest people of a flow. Own starting value.
MIN_PERSONS = 5
# The share of everybody counts as so many people of the same origin. Own starting value.
_PRIOR_PERSONS = 10


def prescriptions(facts: ibis.Table) -> ibis.Table:
    """Purchases on prescription: mdtrt_id, a (doctor), near (where the doctor sees most people), b
    (pharmacy), psn_no."""
    bought = facts.filter(facts.days_ago <= YEAR, facts.is_pharmacy)
    rows = bought.inner_join(workplaces(facts), "dr_code")
    return rows.select("mdtrt_id", a=rows.dr_code, near=rows.work, b=rows.fixmedins_code, psn_no=rows.psn_no)


def referrals(facts: ibis.Table) -> ibis.Table:
    """Outpatients admitted elsewhere within days: mdtrt_id, a (doctor), near (where the doctor sees most
    people), b (hospital), psn_no, stay (mdtrt_id of the admission)."""
    sent = facts.filter(facts.days_ago <= YEAR, facts.referred_to.notnull())
    rows = sent.inner_join(workplaces(facts), "dr_code")
    return rows.select(
        "mdtrt_id",
        a=rows.dr_code,
        near=rows.work,
        b=rows.referred_to,
        psn_no=rows.psn_no,
        stay=rows.referred_stay,
    )


def origins(facts: ibis.Table) -> ibis.Table:
    """Admissions: mdtrt_id, a (village), near (its county), b (hospital), psn_no."""
    stays = facts.filter(facts.days_ago <= YEAR, facts.kind == STAY, facts.village.notnull(), ~facts.course)
    return stays.select(
        "mdtrt_id", "psn_no", a=stays.village, near=stays.village.left(6), b=stays.fixmedins_code
    )


def edges(flows: ibis.Table) -> pd.DataFrame:
    """Flows of more people than those of the same origin explain.

    Args:
        flows: `prescriptions`, `referrals` or `origins`.

    Returns:
        a, b, observed (people), expected, neg_log10_fdr.
    """
    found = _counts(flows)
    found["expected"] = found["n"] * _usual_share(found)
    habits = dispersion(found["observed"], found["expected"])
    often = found[found["observed"] >= MIN_PERSONS]
    fdr = neg_log10_fdr(often["observed"], often["expected"], len(found), habits)
    columns = ["a", "b", "observed", "expected", "neg_log10_fdr"]
    return significant(often.assign(neg_log10_fdr=fdr))[columns].reset_index(drop=True)


def _counts(flows: ibis.Table) -> pd.DataFrame:
    """People by flow and in all: a, near, b, observed, n (of a), all_b (to b), near_b (from near to b),
    near_n (of near)."""
    people = flows.select("a", "near", "b", "psn_no").distinct()
    of_flow = people.group_by("a", "near", "b").aggregate(observed=_.count())
    rows = (
        of_flow.inner_join(people.group_by("a").aggregate(n=_.count()), "a")
        .inner_join(people.group_by("b").aggregate(all_b=_.count()), "b")
        .inner_join(people.group_by("near", "b").aggregate(near_b=_.count()), ["near", "b"])
        .inner_join(people.group_by("near").aggregate(near_n=_.count()), "near")
    )
    return cast(pd.DataFrame, rows.order_by("a", "b").to_pandas())


def _usual_share(found: pd.DataFrame) -> pd.Series:
    """Share of the others' people of the same origin that go to b, shrunk toward that of everybody."""
    total = found["observed"].sum()
    everybody = (found["all_b"] - found["observed"]) / (total - found["n"]).clip(lower=1)
    others = found["near_b"] - found["observed"]
    return (others + _PRIOR_PERSONS * everybody) / (found["near_n"] - found["n"] + _PRIOR_PERSONS)
