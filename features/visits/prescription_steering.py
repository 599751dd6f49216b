"""Where prescriptions are filled, against what patients' habits and the doctor's colleagues explain (M40)."""

import ibis
from ibis import _

from claims.as_of import PHARMACY
from features.windows import YEAR

# The wider habit (of the village, or the city) counts as much as so many purchases (own starting value).
PRIOR_PURCHASES = 2
# A doctor's excess is shrunk toward none by so many prescriptions filled as expected (own starting value).
PRIOR_PRESCRIPTIONS = 10


def prescription_steering(base: ibis.Table) -> ibis.Table:
    """How much more of a doctor's prescriptions is filled at the pharmacy than is explained otherwise (M40):
    mdtrt_id (of the purchase), prescription_steering (share of the doctor's prescriptions of the last year).

    Two things explain a pharmacy: where the same patients, or else their neighbours, buy what others
    prescribed; and where the patients of the doctor's colleagues go, for there is a pharmacy at every
    hospital's gate. The excess over the larger of both is shrunk toward none.
    """
    bought = base.get_backend().create_table("purchases_of_year", _purchases(base))
    written = bought.filter(bought.dr_code.notnull())
    pairs = written.group_by("dr_code", "shop").aggregate(n=_.count())
    pairs = _city_shares(bought).inner_join(pairs, "shop")
    by_patients = _expected_by_patients(bought, written, pairs)
    by_colleagues = _expected_by_colleagues(base, written, pairs)
    found = pairs.left_join(by_patients, ["dr_code", "shop"]).drop("dr_code_right", "shop_right")
    found = found.left_join(by_colleagues, ["dr_code", "shop"]).drop("dr_code_right", "shop_right")
    total = found.n.sum().over(group_by="dr_code")
    explained = ibis.greatest(found.of_patients, found.of_colleagues.fill_null(0.0))
    excess = (found.n - total * explained) / (total + PRIOR_PRESCRIPTIONS)
    # Rounded, so that the order in which an engine adds up does not show.
    steered = found.select("dr_code", "shop", prescription_steering=excess.round(6))
    return written.inner_join(steered, ["dr_code", "shop"]).select("mdtrt_id", "prescription_steering")


def _purchases(base: ibis.Table) -> ibis.Table:
    bought = base.filter(base.kind == PHARMACY, base.days_ago <= YEAR)
    return bought.select(
        "mdtrt_id", "psn_no", "dr_code", village=_.village.fill_null(""), shop=_.fixmedins_code
    )


def _city_shares(bought: ibis.Table) -> ibis.Table:
    """Share of all purchases by pharmacy: shop, city."""
    shops = bought.group_by("shop").aggregate(sold=_.count())
    return shops.select("shop", city=shops.sold / shops.sold.sum().over(ibis.window()))


def _expected_by_patients(bought: ibis.Table, written: ibis.Table, pairs: ibis.Table) -> ibis.Table:
    """The share of a doctor's prescriptions that the patients' habits would bring to a pharmacy: dr_code,
    shop, of_patients. Habits are purchases on any other doctor's prescription or on none, shrunk toward the
    village's."""
    patients = written.group_by("dr_code", "psn_no", "village").aggregate(here=_.count())
    patients = patients.inner_join(bought.group_by("psn_no").aggregate(all=_.count()), "psn_no")
    patients = patients.mutate(weight=_.here / (_["all"] - _.here + PRIOR_PURCHASES))
    total = patients.group_by("dr_code").aggregate(total=_.here.sum())
    own = _patients_habits(bought, written, patients)
    local = _village_habits(bought, written, patients, pairs)
    keys = ["dr_code", "shop"]
    found = pairs.select(*keys).left_join(own, keys).drop("dr_code_right", "shop_right")
    found = found.left_join(local, keys).drop("dr_code_right", "shop_right").inner_join(total, "dr_code")
    of_patients = (found.habit.fill_null(0.0) + found.neighbours.fill_null(0.0)) / found.total
    return found.select(*keys, of_patients=of_patients)


def _patients_habits(bought: ibis.Table, written: ibis.Table, patients: ibis.Table) -> ibis.Table:
    """Prescriptions of a doctor that the patients' other purchases would bring to a pharmacy: dr_code, shop,
    habit."""
    times = bought.group_by("psn_no", "shop").aggregate(times=_.count())
    mine = written.group_by("dr_code", "psn_no", "shop").aggregate(own=_.count())
    joined = patients.inner_join(times, "psn_no").left_join(mine, ["dr_code", "psn_no", "shop"])
    others = joined.times - joined.own.fill_null(0)
    return joined.group_by("dr_code", "shop").aggregate(habit=(joined.weight * others).sum())


def _village_habits(
    bought: ibis.Table, written: ibis.Table, patients: ibis.Table, pairs: ibis.Table
) -> ibis.Table:
    """Prescriptions of a doctor that the habits of the patients' villages would bring to a pharmacy, as the
    prior of the patients' own: dr_code, shop, neighbours. A village's habits are shrunk toward the city's."""
    villages = patients.group_by("dr_code", "village").aggregate(weight=_.weight.sum(), here=_.here.sum())
    local = villages.inner_join(bought.group_by("village").aggregate(all=_.count()), "village")
    local = local.inner_join(pairs.select("dr_code", "shop", "city"), "dr_code")
    times = bought.group_by("village", "shop").aggregate(times=_.count())
    local = local.left_join(times, ["village", "shop"]).drop("village_right", "shop_right")
    mine = written.group_by("dr_code", "village", "shop").aggregate(own=_.count())
    local = local.left_join(mine, ["dr_code", "village", "shop"])
    others = local.times.fill_null(0) - local.own.fill_null(0) + PRIOR_PURCHASES * local.city
    share = others / (local["all"] - local.here + PRIOR_PURCHASES)
    return local.group_by("dr_code", "shop").aggregate(
        neighbours=(PRIOR_PURCHASES * local.weight * share).sum()
    )


def _expected_by_colleagues(base: ibis.Table, written: ibis.Table, pairs: ibis.Table) -> ibis.Table:
    """The share of prescriptions of the other doctors of the doctor's workplace that a pharmacy fills:
    dr_code, shop, of_colleagues; shrunk toward the pharmacy's share of the city."""
    work = workplaces(base)
    filled = written.inner_join(work, "dr_code")
    at_work = filled.group_by("work").aggregate(all=_.count())
    at_shop = filled.group_by("work", "shop").aggregate(times=_.count())
    mine = written.group_by("dr_code").aggregate(own=_.count())
    found = pairs.inner_join(work, "dr_code").inner_join(at_work, "work")
    found = found.inner_join(at_shop, ["work", "shop"]).inner_join(mine, "dr_code")
    times = found.times - found.n + PRIOR_PURCHASES * found.city
    of_colleagues = times / (found["all"] - found.own + PRIOR_PURCHASES)
    return found.select("dr_code", "shop", of_colleagues=of_colleagues)


def workplaces(visits: ibis.Table) -> ibis.Table:
    """The institution where each doctor sees most patients: dr_code, work (of several with as many, the first
    code).
    Purchases do not count: a prescription is filled where its author is not."""
    seen = visits.filter(visits.kind != PHARMACY, visits.dr_code.notnull())
    counts = seen.group_by("dr_code", work="fixmedins_code").aggregate(n=_.count())
    order = ibis.window(group_by="dr_code", order_by=[ibis.desc("n"), "work"])
    return counts.mutate(rank=ibis.row_number().over(order)).filter(_["rank"] == 0).select("dr_code", "work")
