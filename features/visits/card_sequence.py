"""The order and pace of cards: at one institution, of one card between institutions, of one doctor (M15-M17,
M48).

A visit that carries only its date says nothing of the order within the day. Such visits are left out before
any visit is compared with the one before it, so that they neither get anybody suspected nor hide the visit
before.
"""

import math

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.leave_one_out import sum_elsewhere
from features.rounding import rounded
from features.visits.timestamps import has_time_of_day
from features.visits.visit_base import outside_courses
from features.windows import YEAR

# Cards of different persons that follow one another this fast come from one hand (M15; R113: gaps under a
# minute).
BURST_SECONDS = 60
# A place of claims is open for so many seconds of a day at least (own starting value: half a day of work).
LEAST_OPEN_SECONDS = 14_400
# Who comes to a place within so many seconds of another may come with him (own starting value: half an hour).
FOLLOW_SECONDS = 1_800
# The same card, or doctor, is not in two institutions within this time (M15, M48; R112).
TRAVEL_MINUTES = 30
# A bill of at least so many yuan that is a multiple of so many yuan is round (M16; own starting values).
ROUND_FROM, ROUND_TO = 20, 10
# Nobody turns an account into money by fewer yuan at a time (M17; own starting value); the prices of single
# boxes coincide below it.
CASH_FROM = 100
# Amounts of one band differ by so much of themselves at most (M16; own starting value).
AMOUNT_BAND = 0.1


def card_gaps(base: ibis.Table) -> ibis.Table:
    """How fast a card follows another person's at the same institution (M15): mdtrt_id, card_gap (seconds;
    null after the same person or none), burst (at most BURST_SECONDS), burst_expected (how likely one is if
    the cards of that day came independently of each other: Poisson arrivals over the hours between the first
    and the last, at least LEAST_OPEN_SECONDS)."""
    order = ibis.window(group_by="fixmedins_code", order_by=["second", "mdtrt_id"])
    day = ibis.window(group_by=["fixmedins_code", "day"])
    visits = base.filter(base.kind != STAY, has_time_of_day(base.begntime))
    second = visits.second
    visits = visits.mutate(
        _gap=second - second.lag().over(order),
        _other=visits.psn_no != visits.psn_no.lag().over(order),
        _open=ibis.greatest(second.max().over(day) - second.min().over(day), LEAST_OPEN_SECONDS),
        _others=visits.count().over(day) - 1,
    )
    gap = visits._other.ifelse(visits._gap, None)
    return visits.select(
        "mdtrt_id",
        card_gap=gap,
        burst=(gap <= BURST_SECONDS).fill_null(False),
        burst_expected=1 - (-BURST_SECONDS * visits._others / visits._open).exp(),
    )


def payment_gaps(base: ibis.Table) -> ibis.Table:
    """Seconds since the payment before at the same institution, whoever made it (M15, R113): mdtrt_id,
    payment_gap_seconds (null for the first)."""
    order = ibis.window(group_by="fixmedins_code", order_by=["_paid", "mdtrt_id"])
    visits = base.filter(base.kind != STAY, has_time_of_day(base.setl_time))
    visits = visits.select("mdtrt_id", "fixmedins_code", _paid=_.setl_time.epoch_seconds())
    return visits.select("mdtrt_id", payment_gap_seconds=visits._paid - visits._paid.lag().over(order))


def followers(base: ibis.Table, content: ibis.Table) -> ibis.Table:
    """On how many days of the last year the same person came within FOLLOW_SECONDS of the same other person
    at the same place (M15, M26): mdtrt_id, same_predecessor_days.

    Visits of a course (dialysis shifts) do not count: such patients follow one another by schedule.
    """
    order = ibis.window(group_by="fixmedins_code", order_by=["second", "mdtrt_id"])
    visits = outside_courses(base.filter(base.kind != STAY, base.days_ago <= YEAR), content)
    visits = visits.filter(has_time_of_day(visits.begntime))
    visits = visits.select("mdtrt_id", "fixmedins_code", "psn_no", "day", "second").mutate(
        before=_.psn_no.lag().over(order), gap=_.second - _.second.lag().over(order)
    )
    near = visits.filter(visits.before != visits.psn_no, visits.gap <= FOLLOW_SECONDS)
    pairs = near.group_by("fixmedins_code", "before", "psn_no").aggregate(
        same_predecessor_days=_.day.nunique()
    )
    return near.inner_join(pairs, ["fixmedins_code", "before", "psn_no"]).select(
        "mdtrt_id", "same_predecessor_days"
    )


def bill_amounts(base: ibis.Table) -> ibis.Table:
    """How common the exact amount is among bills of the kind at the institution, whether it is round, and its
    band (M16, M18): mdtrt_id, same_amount (other visits), round_amount, amount_band (number of the band, each
    AMOUNT_BAND wider than the one below; null for no amount)."""
    keys = ["fixmedins_code", "kind", "medfee_sumamt"]
    joined = base.inner_join(base.group_by(*keys).aggregate(_n=_.count()), keys)
    amount = joined.medfee_sumamt
    return joined.select(
        "mdtrt_id",
        same_amount=joined._n - 1,
        round_amount=(amount % ROUND_TO == 0) & (amount >= ROUND_FROM),
        amount_band=((amount > 0).ifelse(amount, None).ln() / math.log(1 + AMOUNT_BAND)).floor(),
    )


def amounts_of_other_goods(base: ibis.Table, sets: ibis.Table) -> ibis.Table:
    """Purchases of an amount that the same person paid at the same pharmacy for other goods as well, as where
    money is what is bought (M17): mdtrt_id, amount_of_other_goods, and amount_expected, how likely one of the
    person's other purchases there has the amount if each has it as often as bills of other pharmacies do.
    What lasts a month costs the same every month, but it is the same medicine.

    Args:
        sets: `features.visits.bill_lines.bill_templates`, stored.
    """
    bought = base.filter(base.kind == PHARMACY, base.medfee_sumamt >= CASH_FROM)
    bought = bought.select("mdtrt_id", "psn_no", "fixmedins_code", "medfee_sumamt")
    bought = bought.inner_join(sets.select("mdtrt_id", "item_set"), "mdtrt_id")
    own = ibis.window(group_by=["psn_no", "fixmedins_code"])
    alike = ibis.window(group_by=["psn_no", "fixmedins_code", "medfee_sumamt"])
    one = bought.mutate(_one=1)
    often = sum_elsewhere(one._one, "fixmedins_code", "medfee_sumamt") / ibis.greatest(
        sum_elsewhere(one._one, "fixmedins_code"), 1
    )
    return one.select(
        "mdtrt_id",
        amount_of_other_goods=one.item_set.max().over(alike) != one.item_set.min().over(alike),
        amount_expected=rounded(1 - (-(one.count().over(own) - 1) * often).exp(), 6),
    )


def repeated_amounts(base: ibis.Table, sets: ibis.Table) -> ibis.Table:
    """Purchases that cost exactly the same for other goods, as where money is what is bought (M16): mdtrt_id,
    same_amount_of_other_goods (share of the pharmacy's other purchases; null where there are none).

    The same goods cost the same every time: the amounts of a shop for one product, or of chronic medicine in
    a fixed dose, repeat for that reason.

    Args:
        sets: `features.visits.bill_lines.bill_templates`, stored.
    """
    bought = base.filter(base.kind == PHARMACY).select("mdtrt_id", "fixmedins_code", "medfee_sumamt")
    bought = bought.inner_join(sets.select("mdtrt_id", "item_set"), "mdtrt_id")
    alike = ["fixmedins_code", "medfee_sumamt"]
    goods = bought.group_by(*alike, "item_set").aggregate(n=_.count())
    others = sum_elsewhere(goods.n, "item_set", *alike)
    purchases = goods.n.sum().over(group_by="fixmedins_code")
    goods = goods.mutate(same_amount_of_other_goods=others / (purchases - 1).nullif(0))
    joined = bought.inner_join(goods, [*alike, "item_set"])
    return joined.select("mdtrt_id", "same_amount_of_other_goods")


def card_travel(base: ibis.Table) -> ibis.Table:
    """Whether and when the same card was used at another institution before (M15, R112): mdtrt_id, two_places
    (within TRAVEL_MINUTES), moved_minutes, moved_from (institution), moved_kind (of the visit before).

    A purchase right after a consultation is a prescription being filled, not a card at two places.
    """
    moved = _moves(base.filter(base.kind != STAY), "psn_no")
    near = (moved.moved_minutes <= TRAVEL_MINUTES).fill_null(False) & ~filled_after_visit(moved)
    return moved.select("mdtrt_id", "moved_minutes", "moved_from", "moved_kind", two_places=near)


def filled_after_visit(moved: ibis.Table) -> ibis.Value:
    """Is a visit a purchase after a consultation elsewhere?

    Args:
        moved: kind (of the visit), moved_kind (of the visit before).
    """
    return ((moved.moved_kind == OUTPATIENT) & (moved.kind == PHARMACY)).fill_null(False)


def doctor_travel(base: ibis.Table) -> ibis.Table:
    """Whether and when the doctor had a patient of another institution before (M48): mdtrt_id, dr_two_sites
    (within TRAVEL_MINUTES), dr_moved_minutes, dr_moved_from (institution).

    A prescription is filled where its author is not, so purchases say nothing of the doctor's place.
    """
    moved = _moves(base.filter(base.kind == OUTPATIENT, base.dr_code.notnull()), "dr_code")
    return moved.select(
        "mdtrt_id",
        dr_two_sites=(moved.moved_minutes <= TRAVEL_MINUTES).fill_null(False),
        dr_moved_minutes=moved.moved_minutes,
        dr_moved_from=moved.moved_from,
    )


def _moves(visits: ibis.Table, by: str) -> ibis.Table:
    """Visits that carry a time of day against the one before of the same card or doctor: mdtrt_id, kind,
    moved_minutes, moved_from, moved_kind; null where that was at the same institution."""
    order = ibis.window(group_by=by, order_by=["second", "mdtrt_id"])
    timed = visits.filter(has_time_of_day(visits.begntime))
    timed = timed.select(
        "mdtrt_id",
        "kind",
        "fixmedins_code",
        _minutes=(timed.second - timed.second.lag().over(order)) / 60,
        _from=timed.fixmedins_code.lag().over(order),
        _kind=timed.kind.lag().over(order),
    )
    moved = timed.fixmedins_code != timed._from
    return timed.select(
        "mdtrt_id",
        "kind",
        moved_minutes=moved.ifelse(timed._minutes, None),
        moved_from=moved.ifelse(timed._from, None),
        moved_kind=moved.ifelse(timed._kind, None),
    )
