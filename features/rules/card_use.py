"""Use of cards: one after another, in several places, from far apart, by people of one telephone (R112, R113,
R129, R130)."""

import ibis
from ibis import _

from claims.as_of import PHARMACY, STAY
from features.rules.declaration import SUSPECT, Parameter, rule
from features.rules.finding_text import minutes_before, place_name, sentence, whole_number
from features.rules.rule_context import RuleContext
from features.visits.card_sequence import filled_after_visit
from features.visits.timestamps import has_time_of_day


@rule(
    "R112", "同卡短时多店", "One card many shops", "patient", SUSPECT, "40(一)/41(一)", schemes="M15",
    maximum_minutes=Parameter(30, "minutes", "bureau scripts: card in different institutions <=30 min"),
)  # fmt: skip
def one_card_many_places(context: RuleContext, maximum_minutes: float) -> ibis.Table:
    """Cards used at two institutions within minutes, but for prescriptions being filled."""
    facts = context.facts
    near = facts.filter(facts.moved_minutes <= maximum_minutes, ~filled_after_visit(facts))
    message = sentence(
        "同一医保卡{ago}在{place}就诊或购药",
        "the same card was used {ago} at {place}",
        ago=minutes_before(near.moved_minutes), place=place_name(near.moved_from),
    )  # fmt: skip
    return near.select("mdtrt_id", amount_in_question=near.medfee_sumamt, message=message)


@rule(
    "R113", "连续刷卡", "Back-to-back cards", "place", SUSPECT, "40(一)/41(一)", schemes="M15 M16",
    minimum_persons=Parameter(10, "persons", "bureau scripts: >=10 different persons in <60 s gaps"),
    maximum_seconds=Parameter(60, "seconds", "bureau scripts: >=10 different persons in <60 s gaps"),
)  # fmt: skip
def back_to_back_cards(context: RuleContext, minimum_persons: float, maximum_seconds: float) -> ibis.Table:
    """Pharmacy purchases in a row of many cards in quick succession."""
    runs = _payment_runs(context.facts, maximum_seconds)
    persons = runs.group_by("fixmedins_code", "_run").aggregate(run_persons=_.psn_no.nunique())
    persons = persons.filter(persons.run_persons >= minimum_persons)
    fast = runs.inner_join(persons, ["fixmedins_code", "_run"])
    # A hospital has many tills, so that its cards follow one another fast by nature.
    fast = fast.filter(fast.kind == PHARMACY)
    message = sentence(
        "与前后共{persons}人的医保卡连续结算,相邻间隔不足{seconds}秒",
        "one of {persons} people's cards settled in a row, each less than {seconds} seconds after the last",
        persons=whole_number(fast.run_persons), seconds=f"{maximum_seconds:g}",
    )  # fmt: skip
    return fast.select("mdtrt_id", amount_in_question=fast.medfee_sumamt, message=message)


def _payment_runs(facts: ibis.Table, maximum_seconds: float) -> ibis.Table:
    """Payments with the number of their run, ``_run``: a gap of so many seconds or more at the institution
    begins the next. Payments that carry only their date say nothing of seconds."""
    paid = facts.filter(facts.kind != STAY, has_time_of_day(facts.setl_time))
    paid = paid.select(
        "mdtrt_id",
        "psn_no",
        "fixmedins_code",
        "kind",
        "medfee_sumamt",
        "payment_gap_seconds",
        _second=_.setl_time.epoch_seconds(),
    )
    first = (paid.payment_gap_seconds < maximum_seconds).fill_null(False).ifelse(0, 1)
    return paid.mutate(_run=first.cumsum(group_by="fixmedins_code", order_by=["_second", "mdtrt_id"]))


@rule(
    "R129", "同机多人/同电话", "Shared phone", "patient", SUSPECT, "41(一)", schemes="M15",
    filled="psn_info_b.tel",
    maximum_persons=Parameter(2, "persons on one phone", "bureau scripts: phone >2 persons"),
    maximum_gap_days=Parameter(1, "days between their visits", "own starting value: bought together"),
)  # fmt: skip
def shared_phone(context: RuleContext, maximum_persons: float, maximum_gap_days: float) -> ibis.Table:
    """Purchases one after another by persons of different villages who share a telephone."""
    # Families share a phone and a village; the unrelated come from several.
    people = context.claims["psn_info_b"].filter(_.tel.notnull()).select("psn_no", "tel", "live_admdvs")
    shared = people.group_by("tel").aggregate(n=_.psn_no.nunique(), villages=_.live_admdvs.nunique())
    shared = shared.filter(shared.n > maximum_persons, shared.villages > 1)
    visits = context.facts.filter(context.facts.kind == PHARMACY).select(
        "mdtrt_id", "psn_no", "fixmedins_code", "second", "medfee_sumamt"
    )
    visits = visits.inner_join(people, "psn_no").inner_join(shared, "tel")
    order = ibis.window(group_by=["tel", "fixmedins_code"], order_by=["second", "mdtrt_id"])
    visits = visits.mutate(
        gap=(visits.second - visits.second.lag().over(order)) / 86400, last=visits.psn_no.lag().over(order)
    )
    bad = visits.filter(visits["last"] != visits.psn_no, visits.gap <= maximum_gap_days)
    message = sentence(
        "与另一参保人共用电话(共{persons}人,来自{villages}个村社)并在同店相继购药",
        "bought right after another at the same pharmacy who has the same telephone ({persons} people of "
        "{villages} villages)",
        persons=whole_number(bad.n), villages=whole_number(bad.villages),
    )  # fmt: skip
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)


@rule(
    "R130", "医保凭证异地瞬移", "Impossible travel", "patient", SUSPECT, "41(一)", schemes="M15",
    filled="fixmedins_b.admdvs",
    maximum_minutes=Parameter(60, "minutes", "own starting value: no two cities are closer"),
)  # fmt: skip
def impossible_travel(context: RuleContext, maximum_minutes: float) -> ibis.Table:
    """Cards used in two cities within minutes."""
    # The first four digits of a region code are the city.
    cities = context.claims["fixmedins_b"].select("fixmedins_code", city=_.admdvs.left(4))
    near = context.facts.filter(context.facts.moved_minutes <= maximum_minutes).inner_join(
        cities, "fixmedins_code"
    )
    near = near.inner_join(cities.rename(moved_from="fixmedins_code", last_city="city"), "moved_from")
    near = near.filter(near.city != near.last_city)
    message = sentence(
        "同一医保卡{ago}在另一市的{place}就医",
        "the same card was used {ago} in another city, at {place}",
        ago=minutes_before(near.moved_minutes), place=place_name(near.moved_from),
    )  # fmt: skip
    return near.select("mdtrt_id", amount_in_question=near.medfee_sumamt, message=message)
