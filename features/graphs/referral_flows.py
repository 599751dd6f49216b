"""Who sends people to whom beyond what the neighbourhood explains: prescriptions to a shop (M40), patients to a hospital
(M31), a village to a hospital (M11).

People go where it is near. So what is usual for a doctor are the ways of other doctors' patients from the same
institution, for a village those of other villages of its county; where there are none, those of everybody. The people
(not visits) that went the same way are compared with that; ways differ for honest reasons, so the counts may vary as
much more than a Poisson variable as they are seen to.
"""

import ibis
import pandas as pd
from ibis import _

from claims.as_of import STAY
from features.graphs.chance import dispersion, neg_log10_fdr, significant
from features.visits.prescription_steering import workplaces
from features.windows import YEAR

# Fewer people are no habit.
LEAST_PERSONS = 5
# The share of everybody counts as so many people of the neighbourhood.
_PRIOR = 10


def prescriptions(facts: ibis.Table) -> ibis.Table:
    """Purchases on prescription: mdtrt_id, a (doctor), near (where he sees most people), b (pharmacy), psn_no."""
    bought = facts.filter(facts.days_ago <= YEAR, facts.is_pharmacy, facts.dr_code.notnull())
    rows = bought.inner_join(workplaces(facts), "dr_code")
    return rows.select("mdtrt_id", a=rows.dr_code, near=rows.work, b=rows.fixmedins_code, psn_no=rows.psn_no)


def referrals(facts: ibis.Table) -> ibis.Table:
    """Outpatients admitted elsewhere within days: mdtrt_id, a (doctor), near (where he sees most people), b (hospital), psn_no."""
    sent = facts.filter(facts.days_ago <= YEAR, facts.sent_to.notnull(), facts.dr_code.notnull())
    rows = sent.inner_join(workplaces(facts), "dr_code")
    return rows.select("mdtrt_id", a=rows.dr_code, near=rows.work, b=rows.sent_to, psn_no=rows.psn_no)


def origins(facts: ibis.Table) -> ibis.Table:
    """Admissions: mdtrt_id, a (village), near (its county), b (hospital), psn_no."""
    stays = facts.filter(facts.days_ago <= YEAR, facts.kind == STAY, facts.village.notnull(), ~facts.course)
    return stays.select(
        "mdtrt_id", "psn_no", a=stays.village, near=stays.village.left(6), b=stays.fixmedins_code
    )


def edges(ways: ibis.Table) -> pd.DataFrame:
    """Ways that more people took than the neighbourhood explains.

    Args:
        ways: `prescriptions`, `referrals` or `origins`.

    Returns:
        a, b, observed (people), expected, surprise.
    """
    people = ways.select("a", "near", "b", "psn_no").distinct()
    went = people.group_by("a", "near", "b").aggregate(observed=_.count())
    of_a = people.group_by("a").aggregate(n=_.count())
    of_b = people.group_by("b").aggregate(all_b=_.count())
    near_b = people.group_by("near", "b").aggregate(near_b=_.count())
    near = people.group_by("near").aggregate(near_n=_.count())
    rows = went.inner_join(of_a, "a").inner_join(of_b, "b").inner_join(near_b, ["near", "b"])
    found = rows.inner_join(near, "near").order_by("a", "b").to_pandas()
    if found.empty:
        return found.assign(expected=0.0, neg_log10_fdr=0.0)[
            ["a", "b", "observed", "expected", "neg_log10_fdr"]
        ]
    total = found["observed"].sum()
    # What the others did, so that nobody is his own norm.
    everybody = (found["all_b"] - found["observed"]) / (total - found["n"]).clip(lower=1)
    others = found["near_b"] - found["observed"]
    share = (others + _PRIOR * everybody) / (found["near_n"] - found["n"] + _PRIOR)
    found["expected"] = found["n"] * share
    habits = dispersion(found["observed"], found["expected"])
    often = found[found["observed"] >= LEAST_PERSONS]
    surprised = neg_log10_fdr(often["observed"], often["expected"], len(found), habits)
    return significant(often.assign(neg_log10_fdr=surprised))[
        ["a", "b", "observed", "expected", "neg_log10_fdr"]
    ].reset_index(drop=True)
