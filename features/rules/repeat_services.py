"""The same done again too soon or too often: tests, visits, purchases, stays (R078, R086-R088)."""

import ibis
from ibis import _

from claims.as_of import OUTPATIENT, PHARMACY, STAY
from features.rules.billed_lines import charged_lines, purchased_drugs
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.dictionary_values import DAY_SURGERY, PACKED, REFERRED
from features.rules.finding_text import (
    Pair,
    days_before,
    duration,
    elapsed,
    item_name,
    place_name,
    sentence,
    whole_number,
)
from features.rules.rule_context import RuleContext
from features.rules.stay_days import stays_with_days
from features.visits.codelists import LARGE_EXAM
from features.windows import YEAR


def _visits_within_window(visits: ibis.Table, minimum: float, window_days: float, noun: Pair) -> ibis.Table:
    """Visits that are at least the so-manieth of their person within so many days."""
    order = ibis.window(group_by="psn_no", order_by=["second", "mdtrt_id"])
    # The visit (most - 1) places before: were it within the days, this one is one too many.
    before = visits.mutate(_first=visits.second.lag(int(minimum) - 1).over(order))
    over = before.filter(before.second - before._first < window_days * 86400)
    return over.select(
        "mdtrt_id",
        amount_in_question=over.medfee_sumamt,
        message=sentence(
            "{span}内至少第{nth}次{noun},首次距本次{elapsed}",
            "at least no. {nth} of {noun} within {span}; the first was {elapsed} before",
            span=duration(window_days), nth=str(int(minimum)), noun=noun,
            elapsed=elapsed((over.second - over._first) / 86400),
        ),
    )  # fmt: skip


@rule(
    "R078", "重复检查", "Repeat test", "place", SUSPECT, "38(二)", schemes="M04 M33",
    needs="fee_list_d hilist_b", filled="hilist_b.serv_type",
    repeat_days=Parameter(7, "days", "own starting value: same test <7 d (CT/MRI)"),
)  # fmt: skip
def repeat_test(context: RuleContext, repeat_days: float) -> ibis.Table:
    """Large examinations repeated within days on another visit."""
    visits = context.facts.select(
        "mdtrt_id", "psn_no", "fixmedins_code", "level", "med_type", "course", "second"
    )
    scans = charged_lines(context).filter(_.serv_type == LARGE_EXAM).inner_join(visits, "mdtrt_id")
    order = ibis.window(group_by=["psn_no", "hilist_code"], order_by=["day", "second", "mdtrt_id"])
    lagged = {
        f"last_{name}": scans[name].lag().over(order)
        for name in ("mdtrt_id", "day", "fixmedins_code", "level")
    }
    scans = scans.mutate(**lagged)
    scans = scans.mutate(gap=(scans.day.epoch_seconds() - scans.last_day.epoch_seconds()) / 86400)
    # Follow-up in one stay, emergencies, courses and what a higher hospital looks at again are left alone.
    bad = scans.filter(
        scans.gap < repeat_days, scans.mdtrt_id != scans.last_mdtrt_id, ~scans.course,
        scans.med_type.left(2) != "13",
        ~((scans.level > scans.last_level) & (scans.fixmedins_code != scans.last_fixmedins_code)),
    )  # fmt: skip
    message = sentence(
        "项目{item}{ago}已在{place}做过", "{item} had been done {ago} at {place}",
        item=item_name(bad.hilist_code), ago=days_before(bad.gap),
        place=place_name(bad.last_fixmedins_code),
    )  # fmt: skip
    return bad.mutate(amount_in_question=bad.amount, message=message)


@rule(
    "R086", "频繁门诊", "Frequent outpatient", "patient", SUSPECT, "38(二)/41", schemes="M06",
    official="GZ10000204002000",
    minimum_visits=Parameter(15, "visits", "own starting value: >=15 in 30 days"),
    window_days=Parameter(30, "days", "own starting value"),
)  # fmt: skip
def frequent_outpatient(context: RuleContext, minimum_visits: float, window_days: float) -> ibis.Table:
    """Outpatient visits from a person's so-many-th within a rolling window on."""
    # Dialysis, chemotherapy and daily rehabilitation come often by plan.
    seen = context.facts.filter(_.kind == OUTPATIENT, ~_.course, _.rehab.fill_null(0) == 0)
    return _visits_within_window(seen, minimum_visits, window_days, ("门诊", "the outpatient visits"))


def _same_drug_in_month(context: RuleContext, maximum_purchases: float) -> ibis.Table:
    """Purchases of one drug beyond so many of a person in a calendar month."""
    bought = purchased_drugs(context).filter(_.charge.isin(PACKED))
    visits = context.facts.filter(_.kind != STAY, ~_.course)
    same = bought.inner_join(visits.select("mdtrt_id", "psn_no", "month", "second"), "mdtrt_id")
    month = ["psn_no", "hilist_code", "month"]
    # The order within a month matters only where there were more purchases than are allowed.
    same = same.semi_join(same.group_by(month).aggregate(n=_.count()).filter(_.n > maximum_purchases), month)
    order = ibis.window(group_by=month, order_by=["second", "mdtrt_id"])
    same = same.mutate(nth=ibis.row_number().over(order) + 1).filter(_.nth > maximum_purchases)
    return same.select(
        "mdtrt_id", "setl_id", "bkkp_sn", amount_in_question="amount",
        message=sentence(
            "当月第{nth}次购买同一药品{item}", "purchase no. {nth} of {item} in the month",
            nth=whole_number(same.nth), item=item_name(same.hilist_code),
        ),
    )  # fmt: skip


def _many_pharmacy_days(context: RuleContext, minimum_pharmacy_days: float) -> ibis.Table:
    """Purchases on at least the so-many-th day in a pharmacy within thirty days."""
    shops = context.facts.filter(_.kind == PHARMACY)
    order = ibis.window(group_by=["psn_no", "day"], order_by=["second", "mdtrt_id"])
    first_that_day = (ibis.row_number().over(order) == 0).cast("int64")
    shops = shops.mutate(_first=first_that_day, _at=shops.day.epoch_seconds())
    month = ibis.range_window(group_by="psn_no", order_by="_at", preceding=29 * 86400, following=0)
    many = shops.mutate(_days=shops._first.sum().over(month)).filter(_._days >= minimum_pharmacy_days)
    return many.select(
        "mdtrt_id", setl_id=ibis.null("string"), bkkp_sn=ibis.null("string"),
        amount_in_question="medfee_sumamt",
        message=sentence(
            "30天内第{nth}个购药日",
            "day no. {nth} with a purchase within 30 days", nth=whole_number(many._days)
        ),
    )  # fmt: skip


@rule(
    "R087", "频繁购药", "Frequent purchase", "patient", SUSPECT, "38(二)/41", schemes="M06",
    official="GZ10000204003000", needs="fee_list_d",
    maximum_purchases=Parameter(4, "purchases of one drug a month", "bureau scripts: >4 of one drug a month"),
    minimum_pharmacy_days=Parameter(8, "pharmacy days in 30 days", "own starting value: >=8 shop days"),
)  # fmt: skip
def frequent_purchase(
    context: RuleContext, maximum_purchases: float, minimum_pharmacy_days: float
) -> ibis.Table:
    """Purchases of one drug too often in a month, and purchases on too many pharmacy days."""
    return ibis.union(
        _same_drug_in_month(context, maximum_purchases), _many_pharmacy_days(context, minimum_pharmacy_days)
    )


@rule(
    "R088", "频繁住院", "Frequent admission", "patient", SUSPECT, "38(二)/41", schemes="M12",
    official="GZ10000204004000",
    minimum_stays=Parameter(6, "stays", "own starting value: >=6 a year (peer P99)"),
    window_days=Parameter(YEAR, "days", "own starting value: a year"),
)  # fmt: skip
def frequent_stays(context: RuleContext, minimum_stays: float, window_days: float) -> ibis.Table:
    """Stays from a person's so-many-th within a rolling window on."""
    taken = stays_with_days(context).filter(
        ~_.course,
        ~_.bed_days,
        _.refl_old_mdtrt_id.isnull(),
        ~_.med_type.left(2).isin([REFERRED, DAY_SURGERY]),
    )
    return _visits_within_window(taken, minimum_stays, window_days, ("住院", "the stays"))
