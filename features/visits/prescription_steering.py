"""Where prescriptions are filled, against what patients' habits and the doctor's colleagues explain (M40)."""

import ibis
from ibis import _

from claims.as_of import PHARMACY

# So many purchases count as much as what is usual where a patient lives, or in the city, when his shop is foreseen.
PRIOR_PURCHASES = 2
# So many prescriptions that are filled as foreseen stand beside a doctor's own.
PRIOR_PRESCRIPTIONS = 10


def prescription_steering(base: ibis.Table) -> ibis.Table:
    """How much more of a doctor's prescriptions is filled at the pharmacy than its patients explain (M40).

    Two things explain a pharmacy: where the same patients, or else their neighbours, buy what others prescribed; and
    where the patients of the doctor's colleagues go, for there is a pharmacy at every hospital's gate. What is beyond
    both, as a share of the doctor's prescriptions filled in the last year, is ``prescription_steering``; few are drawn to none.
    """
    bought = base.filter(base.kind == PHARMACY, base.days_ago <= 365)
    bought = bought.select(
        "mdtrt_id", "psn_no", "dr_code", village=_.village.fill_null(""), shop=_.fixmedins_code
    )
    bought = base.get_backend().create_table("purchases_of_year", bought)
    written = bought.filter(bought.dr_code.notnull())
    pairs = written.group_by("dr_code", "shop").aggregate(n=_.count())
    usual = _city_shops(bought).inner_join(pairs, "shop")
    by_patients = _shops_of_patients(bought, written, usual)
    by_colleagues = _shops_of_colleagues(base, written, usual)
    found = usual.left_join(by_patients, ["dr_code", "shop"]).drop("dr_code_right", "shop_right")
    found = found.left_join(by_colleagues, ["dr_code", "shop"]).drop("dr_code_right", "shop_right")
    every = found.n.sum().over(group_by="dr_code")
    explained = ibis.greatest(found.of_patients, found.of_colleagues.fill_null(0.0))
    beyond = (found.n - every * explained) / (every + PRIOR_PRESCRIPTIONS)
    # Rounded, so that the order in which an engine adds up does not show.
    prescription_steering = found.select("dr_code", "shop", prescription_steering=beyond.round(6))
    return written.inner_join(prescription_steering, ["dr_code", "shop"]).select(
        "mdtrt_id", "prescription_steering"
    )


def _city_shops(bought: ibis.Table) -> ibis.Table:
    """Share of all purchases by pharmacy: shop, city."""
    shops = bought.group_by("shop").aggregate(sold=_.count())
    return shops.select("shop", city=shops.sold / shops.sold.sum().over(ibis.window()))


def _shops_of_patients(bought: ibis.Table, written: ibis.Table, pairs: ibis.Table) -> ibis.Table:
    """The share of a doctor's prescriptions that the patients' habits would bring to a pharmacy: dr_code, shop,
    of_patients. Habits are purchases on anybody else's prescription or on none; of few, those of the village count."""
    seen = written.group_by("dr_code", "psn_no", "village").aggregate(here=_.count())
    seen = seen.inner_join(bought.group_by("psn_no").aggregate(all=_.count()), "psn_no")
    seen = seen.mutate(weight=seen.here / (seen["all"] - seen.here + PRIOR_PURCHASES))
    habits = bought.group_by("psn_no", "shop").aggregate(times=_.count())
    mine = written.group_by("dr_code", "psn_no", "shop").aggregate(own=_.count())
    own = seen.inner_join(habits, "psn_no").left_join(mine, ["dr_code", "psn_no", "shop"])
    own = own.group_by("dr_code", "shop").aggregate(habit=(_.weight * (_.times - _.own.fill_null(0))).sum())
    villages = seen.group_by("dr_code", "village").aggregate(weight=_.weight.sum(), here=_.here.sum())
    local = villages.inner_join(bought.group_by("village").aggregate(all=_.count()), "village")
    local = local.inner_join(pairs.select("dr_code", "shop", "city"), "dr_code")
    local = local.left_join(
        bought.group_by("village", "shop").aggregate(times=_.count()), ["village", "shop"]
    )
    local = local.drop("village_right", "shop_right")
    mine = written.group_by("dr_code", "village", "shop").aggregate(own=_.count())
    local = local.left_join(mine, ["dr_code", "village", "shop"])
    times = local.times.fill_null(0) - local.own.fill_null(0) + PRIOR_PURCHASES * local.city
    share = times / (local["all"] - local.here + PRIOR_PURCHASES)
    local = local.group_by("dr_code", "shop").aggregate(
        neighbours=(PRIOR_PURCHASES * local.weight * share).sum()
    )
    every = seen.group_by("dr_code").aggregate(every=_.here.sum())
    found = (
        pairs.select("dr_code", "shop")
        .left_join(own, ["dr_code", "shop"])
        .drop("dr_code_right", "shop_right")
    )
    found = (
        found.left_join(local, ["dr_code", "shop"])
        .drop("dr_code_right", "shop_right")
        .inner_join(every, "dr_code")
    )
    of_patients = (found.habit.fill_null(0.0) + found.neighbours.fill_null(0.0)) / found.every
    return found.select("dr_code", "shop", of_patients=of_patients)


def _shops_of_colleagues(base: ibis.Table, written: ibis.Table, pairs: ibis.Table) -> ibis.Table:
    """The share of prescriptions of the other doctors where the doctor mostly works that a pharmacy fills: dr_code,
    shop, of_colleagues."""
    works = workplaces(base)
    filled = written.inner_join(works, "dr_code")
    every = filled.group_by("work").aggregate(all=_.count())
    at_shop = filled.group_by("work", "shop").aggregate(times=_.count())
    mine = written.group_by("dr_code").aggregate(own=_.count())
    found = pairs.inner_join(works, "dr_code").inner_join(every, "work")
    found = found.inner_join(at_shop, ["work", "shop"]).inner_join(mine, "dr_code")
    times = found.times - found.n + PRIOR_PURCHASES * found.city
    of_colleagues = times / (found["all"] - found.own + PRIOR_PURCHASES)
    return found.select("dr_code", "shop", of_colleagues=of_colleagues)


def workplaces(visits: ibis.Table) -> ibis.Table:
    """Where each doctor sees most patients; a prescription is filled where its author is not: dr_code, work."""
    seen = visits.filter(visits.kind != PHARMACY, visits.dr_code.notnull())
    counts = seen.group_by("dr_code", work="fixmedins_code").aggregate(n=_.count())
    order = ibis.window(group_by="dr_code", order_by=[ibis.desc("n"), "work"])
    return counts.mutate(place=ibis.row_number().over(order)).filter(_.place == 0).select("dr_code", "work")
